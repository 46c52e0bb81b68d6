package privilege

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/casegate/casegate/middleware/refusal"
)

const (
	// maxAnswer bounds what is read of Kibana's answer to a look-up.
	maxAnswer = 1 << 20
	// maxMembers bounds the members of the case that are read one by one. Kibana's cases have about 30.
	maxMembers = 1000
	// maxMessage bounds the bytes of Kibana's message that go to the client.
	maxMessage = 500
	codeFailed = "case_lookup_failed"
)

// unprintable are control and format characters, and line ends of every kind.
var unprintable = regexp.MustCompile(`[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+`)

// tooLarge is the cut of an answer that is larger than maxAnswer.
const tooLarge = "it is larger than 1 MiB"

// errTooLarge stops whoever writes an answer that is larger than maxAnswer.
var errTooLarge = errors.New("the answer to the look-up is too large")

// answer records what next answers to a look-up, up to maxAnswer.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
	// cut says why the answer is not whole; empty when it is.
	cut string
}

// Header returns the headers of the answer.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader keeps the first final status.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 && (status < 100 || status > 199) {
		a.status = status
	}
}

// Write keeps the body, and fails when it grows too large.
func (a *answer) Write(chunk []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	if a.body.Len()+len(chunk) > maxAnswer {
		a.cut = tooLarge
		return 0, errTooLarge
	}
	return a.body.Write(chunk)
}

// send hands the look-up to next and records its answer. A panic of next is a cut answer: Go's reverse proxy panics with
// http.ErrAbortHandler when Kibana breaks off.
func send(ask *http.Request, next http.Handler) (reply *answer) {
	reply = &answer{header: http.Header{}}
	defer func() {
		if recover() != nil && reply.cut == "" {
			reply.cut = "it broke off"
		}
	}()
	next.ServeHTTP(reply, ask)
	if err := ask.Context().Err(); err != nil {
		reply.cut = "it did not come in time or the client left"
	}
	if reply.status == 0 {
		// A handler that writes nothing answers 200 with an empty body.
		reply.status = http.StatusOK
	}
	return reply
}

// judge reads the owner out of the answer, or the refusal that it stands for.
func (a *answer) judge() (string, *refusal.Refusal) {
	var no *refusal.Refusal
	if a.cut != "" {
		return "", lookupFailed("Kibana's answer is not whole: " + a.cut)
	}
	because := "Kibana answered the look-up of the case with " + strconv.Itoa(a.status)
	switch a.status {
	case http.StatusOK:
		owner, trouble := readOwner(a.body.Bytes())
		if trouble != "" {
			return "", lookupFailed(trouble)
		}
		return owner, nil
	case http.StatusUnauthorized:
		no = refusal.New("token_refused", a.message("Kibana did not accept the credentials: sign in again and send a new token"))
		no.Challenge = `Bearer error="invalid_token", error_description="Kibana did not accept the credentials"`
	case http.StatusForbidden:
		no = refusal.New("privilege_missing", a.message("Kibana does not let this caller see the case: ask for all privileges on Cases"))
	case http.StatusNotFound:
		no = refusal.New("case_not_found", a.message("Kibana knows no such case in this space: check the case id and the space"))
	default:
		return "", lookupFailed(because)
	}
	return "", no.Because(because)
}

// message returns Kibana's own message where it sent one, and ours where it did not.
func (a *answer) message(ours string) string {
	var fields struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(a.body.Bytes(), &fields) != nil {
		return ours
	}
	text := fields.Message
	if len(text) > maxMessage {
		text = strings.ToValidUTF8(text[:maxMessage], "")
	}
	text = strings.TrimSpace(unprintable.ReplaceAllString(text, " "))
	if text == "" {
		return ours
	}
	return text
}

// readOwner reads the one owner out of a case; the second result says why there is none. Members are read one by one,
// since decoding into a struct takes names in any case and the last of several.
func readOwner(body []byte) (string, string) {
	owner := ""
	decoder := json.NewDecoder(bytes.NewReader(body))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return "", "Kibana's answer is no JSON object"
	}
	owners := 0
	for members := 0; decoder.More(); members++ {
		token, err := decoder.Token()
		if err != nil || members >= maxMembers {
			return "", "Kibana's answer is no sane JSON object"
		}
		var value json.RawMessage
		if decoder.Decode(&value) != nil {
			return "", "Kibana's answer is no sane JSON object"
		}
		name, ok := token.(string)
		if !ok || name != "owner" {
			continue
		}
		owners++
		if json.Unmarshal(value, &owner) != nil {
			return "", "the owner in Kibana's answer is no string"
		}
	}
	if _, err := decoder.Token(); err != nil {
		return "", "Kibana's answer is cut"
	}
	if _, err := decoder.Token(); err != io.EOF {
		return "", "something follows the case in Kibana's answer"
	}
	if owners != 1 || ownerBits[owner] == 0 {
		return "", "Kibana's answer names no known owner, or more than one"
	}
	return owner, ""
}

// lookupFailed is the refusal for an answer that says nothing about the case.
func lookupFailed(detail string) *refusal.Refusal {
	return refusal.New(codeFailed, "Kibana could not be asked whom this case belongs to: try again, and tell the operator of the gateway when it lasts").Because(detail)
}
