package exchange

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"reflect"
	"sort"
	"strconv"
	"strings"
)

// CompareFaults tells how the faults that a host found in the exchange's policy differ from those that it lists. It
// returns nothing when they are the same, in any order.
func (e *Exchange) CompareFaults(got []string) string {
	wanted := append([]string(nil), e.Faults...)
	got = append([]string(nil), got...)
	sort.Strings(wanted)
	sort.Strings(got)
	same := len(wanted) == len(got)
	for i := 0; same && i < len(got); i++ {
		prefix, cut := strings.CutSuffix(wanted[i], "…")
		same = got[i] == wanted[i] || cut && strings.HasPrefix(got[i], prefix)
	}
	if same {
		return ""
	}
	return fmt.Sprintf("%s: the policy's faults are\n\t%s\nnot\n\t%s", e.Name, strings.Join(got, "\n\t"), strings.Join(wanted, "\n\t"))
}

// compareAnswer lists how an answer differs from an answer section: the status, headers (-Name: must be absent, Name: *:
// any value), a blank line, and the body. A body is compared as JSON where it is JSON; one that ends with … is a prefix;
// none at all is not compared. The line !continued asks for a 100 Continue before the answer, -!continued for none.
func compareAnswer(wanted string, got *reply) []string {
	head, body, _ := strings.Cut(wanted, "\n\n")
	lines := strings.Split(strings.TrimSpace(head), "\n")
	var differences []string
	if status, _ := strconv.Atoi(lines[0]); status != got.status {
		differences = append(differences, fmt.Sprintf("the answer's status is %d, not %s: %s", got.status, lines[0], got.body))
	}
	for _, line := range lines[1:] {
		if strings.HasSuffix(line, "!continued") {
			if got.continued != (line == "!continued") {
				differences = append(differences, fmt.Sprintf("100 Continue was sent: %t", got.continued))
			}
			continue
		}
		differences = append(differences, compareHeader("the answer", line, got.header)...)
	}
	differences = append(differences, compareBody(strings.TrimSpace(body), string(got.body))...)
	if code := got.header.Get("X-Casegate-Code"); code != "" {
		differences = append(differences, oddRefusal(code, got)...)
	}
	return differences
}

// compareHeader compares one line of a section with a header.
func compareHeader(where, line string, header http.Header) []string {
	if name, absent := strings.CutPrefix(line, "-"); absent {
		if values := header.Values(name); len(values) > 0 {
			return []string{fmt.Sprintf("%s carries %s: %q", where, name, values)}
		}
		return nil
	}
	name, value, _ := strings.Cut(line, ":")
	value = strings.TrimSpace(value)
	values := header.Values(name)
	if len(values) == 0 {
		return []string{fmt.Sprintf("%s has no %s", where, name)}
	}
	if got := strings.Join(values, ", "); value != "*" && got != value {
		return []string{fmt.Sprintf("%s: %s is\n\t%s\nnot\n\t%s", where, name, got, value)}
	}
	return nil
}

func compareBody(wanted, got string) []string {
	if wanted == "" {
		return nil
	}
	if prefix, cut := strings.CutSuffix(wanted, "…"); cut {
		if strings.HasPrefix(got, prefix) {
			return nil
		}
		return []string{fmt.Sprintf("the answer's body is\n\t%s\nand does not begin with\n\t%s", got, prefix)}
	}
	var wantedJSON, gotJSON any
	if json.Unmarshal([]byte(wanted), &wantedJSON) == nil && json.Unmarshal([]byte(got), &gotJSON) == nil {
		if reflect.DeepEqual(wantedJSON, gotJSON) {
			return nil
		}
	} else if wanted == strings.TrimSpace(got) {
		return nil
	}
	return []string{fmt.Sprintf("the answer's body is\n\t%s\nnot\n\t%s", got, wanted)}
}

// oddRefusal lists what is wrong with a refusal, whatever its code: every refusal has the same shape.
func oddRefusal(code string, got *reply) []string {
	var differences []string
	for _, line := range []string{"Content-Type: application/json; charset=utf-8", "Cache-Control: no-store"} {
		differences = append(differences, compareHeader("the refusal", line, got.header)...)
	}
	if challenge := got.header.Get("WWW-Authenticate"); (got.status == http.StatusUnauthorized) != strings.HasPrefix(challenge, "Bearer") {
		differences = append(differences, fmt.Sprintf("a refusal with status %d carries WWW-Authenticate: %q", got.status, challenge))
	}
	var body struct {
		StatusCode int
		Error      string
		Message    string
		Attributes map[string]any
	}
	if err := json.Unmarshal(got.body, &body); err != nil {
		return append(differences, fmt.Sprintf("the refusal's body is no JSON: %s", got.body))
	}
	if body.StatusCode != got.status || body.Error != http.StatusText(got.status) || body.Message == "" || body.Attributes["code"] != code {
		differences = append(differences, fmt.Sprintf("the refusal's body does not fit status %d and code %s: %s", got.status, code, got.body))
	}
	return differences
}

// compareUpstream lists how what Kibana received differs from the upstream sections: each a request line, headers, and
// after a blank line the body, byte by byte. Without a blank line the body is not compared. The line !broken asks for a
// request that ended before its body was complete.
func compareUpstream(wanted []string, got []record, request string) []string {
	if len(wanted) != len(got) {
		lines := make([]string, 0, len(got))
		for _, r := range got {
			lines = append(lines, r.method+" "+r.target)
		}
		return []string{fmt.Sprintf("Kibana received %d requests, not %d: %s", len(got), len(wanted), strings.Join(lines, ", "))}
	}
	var differences []string
	for i, r := range got {
		where := fmt.Sprintf("Kibana's request %d", i+1)
		boundary := ownBoundary(r, request)
		head, body, compared := strings.Cut(wanted[i], "\r\n\r\n")
		lines := strings.Split(strings.TrimSpace(head), "\r\n")
		if line := r.method + " " + r.target; line != lines[0] {
			differences = append(differences, fmt.Sprintf("%s is %q, not %q", where, line, lines[0]))
		}
		header := r.header.Clone()
		header.Set("Content-Length", strconv.FormatInt(r.length, 10))
		if boundary != "" {
			header.Set("Content-Type", strings.ReplaceAll(header.Get("Content-Type"), boundary, "BOUNDARY"))
		}
		incomplete := false
		for _, line := range lines[1:] {
			if line == "!broken" {
				incomplete = true
				continue
			}
			differences = append(differences, compareHeader(where, line, header)...)
		}
		if incomplete != r.broken {
			differences = append(differences, fmt.Sprintf("%s ended before its body was complete: %t", where, r.broken))
		}
		if compared {
			differences = append(differences, compareBytes(where, body, normalise(r.body, boundary))...)
		}
	}
	return differences
}

// ownBoundary returns the boundary of a form if it is not the client's.
func ownBoundary(r record, request string) string {
	_, parameters, err := mime.ParseMediaType(r.header.Get("Content-Type"))
	if err != nil || parameters["boundary"] == "" || strings.Contains(request, parameters["boundary"]) {
		return ""
	}
	return parameters["boundary"]
}

func normalise(body, boundary string) string {
	if boundary == "" {
		return body
	}
	return strings.ReplaceAll(body, "--"+boundary, "--BOUNDARY")
}

func compareBytes(where, wanted, got string) []string {
	if wanted == got {
		return nil
	}
	at := 0
	for at < len(wanted) && at < len(got) && wanted[at] == got[at] {
		at++
	}
	return []string{fmt.Sprintf("%s: its body (%d bytes, not %d) differs from byte %d on; it is\n\t…%q\nnot\n\t…%q",
		where, len(got), len(wanted), at, around(got, at), around(wanted, at))}
}

// around cuts out the place of a difference.
func around(text string, at int) string {
	from, to := at-40, at+160
	if from < 0 {
		from = 0
	}
	if to > len(text) {
		to = len(text)
	}
	return text[from:to]
}

// broken lists what is wrong with an upload that passed the gate, whatever was in it.
func broken(r record, request string, measured bool) []string {
	var differences []string
	if measured && r.length != int64(len(r.body)) {
		differences = append(differences, fmt.Sprintf("Content-Length is %d for a body of %d bytes", r.length, len(r.body)))
	}
	if measured && len(r.encoding) > 0 {
		differences = append(differences, fmt.Sprintf("the upload came with Transfer-Encoding %q", r.encoding))
	}
	if len(r.trailer) > 0 {
		differences = append(differences, fmt.Sprintf("the upload came with trailers: %v", r.trailer))
	}
	boundary := ownBoundary(r, request)
	if boundary == "" {
		return append(differences, "the gate has not written the form itself: its boundary is the client's")
	}
	if want := "multipart/form-data; boundary=" + boundary; r.header.Get("Content-Type") != want {
		differences = append(differences, fmt.Sprintf("Content-Type is %q, not the boundary alone", r.header.Get("Content-Type")))
	}
	reader := multipart.NewReader(strings.NewReader(r.body), boundary)
	names := []string{}
	for {
		part, err := reader.NextRawPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return append(differences, fmt.Sprintf("the form that the gate wrote can't be read: %v", err))
		}
		names = append(names, part.FormName())
	}
	if last := len(names) - 1; last < 0 || last > 1 || strings.Count(strings.Join(names, " "), "file") != len(names) {
		differences = append(differences, fmt.Sprintf("the form has the parts %q", names))
	}
	return differences
}
