package middleware

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/casegate/casegate/middleware/content"
	"github.com/casegate/casegate/middleware/form"
	"github.com/casegate/casegate/middleware/refusal"
)

// Kibana's own pages upload a case's files through its files API: a call that creates the file's record out of JSON, and
// one that puts its bytes. Gates share nothing, so each call is judged by itself.
const (
	createCall = "case_file_create"
	blobCall   = "case_file_blob"
)

// blobEnd finds either call in a path that has been read as loosely as any reader might.
var blobEnd = regexp.MustCompile(`(?i)/api/files/files/(?:cases|observability|securitySolution)FilesCases(?:/[^/]*/blob)?/?$`)

// plainBlob is either call's path in the one reading that passes; the second group is that of the blob's call.
var plainBlob = regexp.MustCompile(`^(?:/s/[a-z0-9_-]{1,255})?/api/files/files/(cases|observability|securitySolution)FilesCases(/[^/]+/blob)?/?$`)

// blobBuffer is how many bytes of a blob are read at once.
const blobBuffer = 256 << 10

// maxCreate is how many bytes the create call may have.
const maxCreate = 256 << 10

// otherDoor answers a request to Kibana's files API for case files, and says whether it was one.
func otherDoor(g *Gate, rw http.ResponseWriter, req *http.Request) bool {
	if req.Method != http.MethodPost && req.Method != http.MethodPut {
		return false
	}
	escaped := req.URL.EscapedPath()
	if !mayEnd(escaped, blobEnd) {
		return false
	}
	u := &upload{gate: g, rw: rw, req: req, blob: true, done: make(chan bool, 1), started: time.Now()}
	admissions <- u
	<-u.done
	if u.no == nil {
		u.no = guarded(g, u, checkBlob)
	}
	if u.no == nil && u.action == "" {
		// The other methods of these paths are none of ours.
		return false
	}
	u.decided = true
	endLate(g, u)
	return true
}

// checkBlob finds out which call it is and judges it.
func checkBlob(g *Gate, u *upload) *refusal.Refusal {
	escaped := decodeUnreserved(u.req.URL.EscapedPath())
	if ambiguous.MatchString(escaped) || !strings.HasPrefix(escaped, g.policy.BasePath) {
		return refusal.New("path_ambiguous", "the path could be read in more than one way, or stands outside the gate's basePath: send it plain")
	}
	match := plainBlob.FindStringSubmatch(escaped[len(g.policy.BasePath):])
	switch {
	case match == nil:
		return refusal.New("path_ambiguous", "the path could be read in more than one way, or stands outside the gate's basePath: send it plain")
	case match[2] == "" && u.req.Method == http.MethodPost:
		u.action = createCall
	case match[2] != "" && u.req.Method == http.MethodPut:
		u.action = blobCall
	default:
		return nil
	}
	u.owner = match[1]
	if g.policy.BlobUploads == "refuse" {
		return refusal.New("blob_upload_refused",
			"files are attached to cases through POST /api/cases/{id}/files here: uploads through the files API are closed")
	}
	if encodings := u.req.Header["Content-Encoding"]; len(encodings) > 0 {
		return refusal.New("content_encoding", "the body has a Content-Encoding: send it as it is")
	}
	if u.action == createCall {
		return checkCreate(g, u)
	}
	return checkBytes(g, u)
}

// mediaType is the request's Content-Type without parameters, in lower case; "" when there is not exactly one.
func mediaType(header http.Header) string {
	types := header["Content-Type"]
	if len(types) != 1 {
		return ""
	}
	media, _, _ := strings.Cut(types[0], ";")
	return strings.ToLower(strings.TrimSpace(media))
}

// checkCreate judges the JSON that announces a file, and writes it anew, so that Kibana can't read a member twice.
func checkCreate(g *Gate, u *upload) *refusal.Refusal {
	if mediaType(u.req.Header) != "application/json" {
		return refusal.New("content_type", "the request's Content-Type is not application/json")
	}
	text, err := io.ReadAll(io.LimitReader(bodyOf(g, u), maxCreate+1))
	if err != nil {
		return refusal.New("form_malformed", "the body ended before its declared length").Because(err.Error())
	}
	if len(text) > maxCreate {
		return refusal.New("body_too_large", "the request is larger than "+refusal.Size(maxCreate)+": send the JSON that announces one file").
			With("limit", strconv.Itoa(maxCreate))
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var announced map[string]any
	if err := decoder.Decode(&announced); err != nil || decoder.More() {
		return refusal.New("form_malformed", "the body is not one JSON object")
	}
	name, ok := announced["name"].(string)
	if !ok {
		return refusal.New("filename_invalid", "the JSON has no name that is a text")
	}
	u.filename = name
	if no := form.CheckTitle(name); no != nil {
		return no
	}
	mime, ok := announced["mimeType"].(string)
	if !ok {
		return refusal.New("type_not_allowed", "the JSON has no mimeType that is a text")
	}
	kind, no := g.files.ByType(mime)
	if no != nil {
		return no
	}
	u.kind = kind
	written, err := json.Marshal(announced)
	if err != nil {
		return refusal.New("form_malformed", "the body is not one JSON object").Because(err.Error())
	}
	u.held = hold(g)
	return holdMore(u.held, written)
}

// checkBytes judges a file's bytes by the type that the request declares.
func checkBytes(g *Gate, u *upload) *refusal.Refusal {
	types := u.req.Header["Content-Type"]
	if len(types) != 1 {
		return refusal.New("content_type", "the request must have one Content-Type: the type of the file")
	}
	kind, no := g.files.ByType(types[0])
	if no != nil {
		return no
	}
	u.kind = kind
	if u.req.ContentLength > kind.Limit {
		return refusal.New("file_too_large", "the file is larger than "+refusal.Size(kind.Limit)+", the limit for "+kind.MIME+": attach a smaller file").
			With("limit", strconv.FormatInt(kind.Limit, 10))
	}
	u.inspection = g.files.Open(kind, "the file")
	u.held = hold(g)
	body := bodyOf(g, u)
	buffer := bytes.NewBuffer(make([]byte, 0, blobBuffer+bytes.MinRead))
	for {
		// io.ReadFull would not tell the body's end from one that was cut short.
		buffer.Reset()
		_, err := io.CopyN(buffer, body, blobBuffer)
		if buffer.Len() > 0 {
			if no := takeBytes(u, buffer.Bytes()); no != nil {
				return no
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return refusal.New("form_malformed", "the body ended before its declared length").Because(err.Error())
		}
	}
	return finish(g, u)
}

// takeBytes judges bytes and holds them: one after the other, or at the same time once they go to disk.
func takeBytes(u *upload, chunk []byte) *refusal.Refusal {
	if u.held.file != nil {
		if u.workers == nil {
			startWorkers(u)
		}
		submit(u.workers, chunk)
		return waitWorkers(u.workers)
	}
	no := content.Write(u.inspection, chunk)
	if no != nil {
		return no
	}
	return holdMore(u.held, chunk)
}

// deliverBlob hands next the bytes that were checked.
func deliverBlob(g *Gate, u *upload) {
	endHops(u.req)
	u.req.ContentLength = u.held.size
	u.req.Body = bodyAround(u.held, nil, nil)
	pass(g, u)
}
