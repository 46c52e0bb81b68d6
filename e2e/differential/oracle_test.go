package differential

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/casegate/casegate/e2e/harness"
)

// reading is what a request says in its one reading.
type reading struct {
	filename string
	title    string
	titled   bool
	content  []byte
}

// name is what Kibana stores as the file's name.
func (r *reading) name() string {
	if r.titled {
		return r.title
	}
	return strings.TrimSuffix(r.filename, path.Ext(r.filename))
}

var (
	boundaryMention   = regexp.MustCompile(`(?i)boundary[*0-9 \t]*=`)
	boundaryParameter = regexp.MustCompile(`(?i);[ \t]*boundary=(?:"([0-9A-Za-z'()+_,\-./:=? ]{1,70})"|([0-9A-Za-z'+_\-.]{1,70}))[ \t]*(?:;|$)`)
	folding           = regexp.MustCompile(`\r?\n[ \t]+`)
	parameter         = regexp.MustCompile(`(?i)^[ \t]*;[ \t]*(name|filename|filename\*)=(?:"([^"\\]*)"|([^\s";\\]+))`)
)

// read is a reader that knows one form of every thing and nothing else. What the gate lets pass and this does not read is
// a finding. It is written apart from the gate's reader, and for clearness alone.
func read(contentType string, body []byte) (*reading, error) {
	// net/http unfolds headers and trims them.
	contentType = strings.Trim(folding.ReplaceAllString(contentType, " "), " \t")
	if !strings.HasPrefix(strings.ToLower(contentType), "multipart/form-data") || len(boundaryMention.FindAllString(contentType, -1)) != 1 {
		return nil, fmt.Errorf("content type %q", contentType)
	}
	found := boundaryParameter.FindStringSubmatch(contentType)
	if found == nil {
		return nil, fmt.Errorf("no boundary in %q", contentType)
	}
	segments := bytes.Split(append([]byte("\r\n"), body...), []byte("\r\n--"+found[1]+found[2]))
	if len(segments) < 3 || len(segments[0]) != 0 {
		return nil, fmt.Errorf("%d segments, %d bytes before the first", len(segments), len(segments[0]))
	}
	end := string(segments[len(segments)-1])
	if !slices.Contains([]string{"--", "--\r\n", "--\r\n\r\n"}, end) {
		return nil, fmt.Errorf("the end is %q", end)
	}
	var r reading
	files := 0
	for _, segment := range segments[1 : len(segments)-1] {
		head, content, ok := bytes.Cut(segment, []byte("\r\n\r\n"))
		if !ok || !bytes.HasPrefix(head, []byte("\r\n")) {
			return nil, fmt.Errorf("a part without a plain head: %.100q", segment)
		}
		parameters, err := readHead(string(head[2:]), len(content))
		if err != nil {
			return nil, err
		}
		filename, isFile := parameters["filename"]
		switch {
		case parameters["name"] == "filename" && !isFile && !r.titled:
			r.titled, r.title = true, string(content)
		case parameters["name"] == "file" && isFile:
			files++
			r.filename, r.content = filename, content
		default:
			return nil, fmt.Errorf("a part with %q", parameters)
		}
	}
	if files != 1 {
		return nil, fmt.Errorf("%d files", files)
	}
	return &r, nil
}

// readHead gives the parameters of the one Content-Disposition of a part's head.
func readHead(head string, length int) (map[string]string, error) {
	var parameters map[string]string
	seen := map[string]bool{}
	for _, line := range strings.Split(head, "\r\n") {
		name, value, ok := strings.Cut(line, ":")
		name, value = strings.ToLower(name), strings.Trim(value, " \t")
		if !ok || seen[name] || strings.ContainsAny(line, "\r\n\x00") {
			return nil, fmt.Errorf("header %q", line)
		}
		seen[name] = true
		var err error
		switch name {
		case "content-disposition":
			parameters, err = readDisposition(value)
		case "content-type":
		case "content-length":
			ok = value == strconv.Itoa(length)
		case "content-transfer-encoding":
			ok = slices.Contains([]string{"binary", "7bit", "8bit"}, strings.ToLower(value))
		default:
			ok = false
		}
		if err != nil || !ok {
			return nil, fmt.Errorf("header %q on %d bytes: %w", line, length, err)
		}
	}
	return parameters, nil
}

func readDisposition(value string) (map[string]string, error) {
	rest, ok := strings.CutPrefix(strings.ToLower(value), "form-data")
	if !ok {
		return nil, fmt.Errorf("disposition %q", value)
	}
	rest = value[len(value)-len(rest):]
	parameters := map[string]string{}
	for rest != "" && rest != ";" {
		found := parameter.FindStringSubmatch(rest)
		if found == nil {
			return nil, fmt.Errorf("disposition %q from %q on", value, rest)
		}
		name := strings.ToLower(found[1])
		if _, twice := parameters[name]; twice {
			return nil, fmt.Errorf("disposition %q with %s twice", value, name)
		}
		parameters[name] = found[2] + found[3]
		rest = rest[len(found[0]):]
	}
	if extended, ok := parameters["filename*"]; ok {
		encoded, isUTF8 := strings.CutPrefix(strings.ToLower(extended), "utf-8''")
		decoded, err := url.PathUnescape(extended[len(extended)-len(encoded):])
		if err != nil || !isUTF8 || decoded != parameters["filename"] {
			return nil, fmt.Errorf("disposition %q of two names", value)
		}
	}
	return parameters, nil
}

// types is Kibana's table, by extension.
var types = func() map[string]string {
	text, err := os.ReadFile(harness.Folder("upstreams", "mime-types.json"))
	if err != nil {
		panic(err)
	}
	var extensions map[string][]string
	if err := json.Unmarshal(text, &extensions); err != nil {
		panic(err)
	}
	byExtension := map[string]string{}
	for mime, list := range extensions {
		for _, extension := range list {
			byExtension[extension] = mime
		}
	}
	return byExtension
}()

// forbidden are the beginnings of what runs.
var forbidden = []string{"\x7fELF", "MZ", "#!", "\xca\xfe\xba\xbe", "\xcf\xfa\xed\xfe", "\xfe\xed\xfa\xcf", "\x00asm", "dex\n", "L\x00\x00\x00\x01\x14\x02\x00", "\xd0\xcf\x11\xe0", "!<arch>"}

// signatures are the beginnings of the types that the tests send.
var signatures = map[string]string{
	"image/png": "\x89PNG\r\n\x1a\n", "image/jpeg": "\xff\xd8\xff", "application/pdf": "%PDF-", "application/zip": "PK", "application/gzip": "\x1f\x8b",
}

// allowed says why the policy of these tests does not allow a reading, or nil.
func allowed(r *reading) error {
	mime, known := types[strings.ToLower(strings.TrimPrefix(path.Ext(r.filename), "."))]
	if !known {
		return fmt.Errorf("%q has no allowed type", r.filename)
	}
	for _, name := range []string{r.filename, r.name()} {
		// Kibana counts UTF-16 units, the design characters: for the names of these tests they are the same.
		if count := utf8.RuneCountInString(name); count < 1 || count > 160 || !utf8.ValidString(name) || strings.ContainsAny(name, "/\\\"\x00\r\n") {
			return fmt.Errorf("the name %q", name)
		}
	}
	for _, start := range forbidden {
		if bytes.HasPrefix(r.content, []byte(start)) {
			return fmt.Errorf("%s begins with %q", r.filename, start)
		}
	}
	if start := signatures[mime]; !bytes.HasPrefix(r.content, []byte(start)) {
		return fmt.Errorf("%s does not begin with %q", r.filename, start)
	}
	if strings.HasPrefix(mime, "text/") && (!utf8.Valid(r.content) || bytes.ContainsRune(r.content, 0)) {
		return fmt.Errorf("%s is no text", r.filename)
	}
	return nil
}
