package attacks

import (
	"fmt"
	"strings"
	"testing"

	"github.com/casegate/casegate/e2e/harness"
)

func headerAttacks() []attack {
	const goStops = "Go's server, which reads the request for Traefik, refuses it"
	const boundary = "boundary=" + harness.Boundary
	return []attack{
		{"length-twice", "two Content-Lengths that differ", goStops, "", "400", with(program, "Content-Length: 5"), nil},
		{"length-and-chunked", "Content-Length and Transfer-Encoding: chunked together", "the chunks are the body, and the gate writes a length of its own", "", "executable_content", lengthAndChunks, nil},
		{"length-too-short", "a Content-Length that ends in the middle of the form", "a form must end with its body; the rest is a request of its own, and no good one", "", "form_malformed", shortened(60), nil},
		{"length-too-long", "a Content-Length longer than the body", "a body that ends early is refused before anything is forwarded", "", "form_malformed", shortened(-60), nil},
		{"length-of-gigabytes", "a declared length of 8 GiB, to fill memory or disk", "refused by the header, before a byte is read", "", "body_too_large", with(notes, "-Content-Length", "Content-Length: 8589934592"), nil},
		{"chunked-obscured", "`Transfer-Encoding: xchunked`", goStops, "", "501", with(program, "Transfer-Encoding: xchunked"), nil},
		{"chunked-blank-colon", "`Transfer-Encoding : chunked`", goStops, "", "400", with(program, "Transfer-Encoding : chunked"), nil},
		{"chunked-bad-size", "a chunk whose size is no number", "a body that breaks off is refused before anything is forwarded", "", "form_malformed", badChunk, nil},
		{"chunked-over-limit", "a body in chunks, without a length, larger than the limit", "the bytes are counted as they come", "small", "file_too_large", overLimit, nil},
		{"connection-names-user", "`Connection: X-Casegate-User, Content-Length`, so that the proxy strips what the gate writes", "Connection ends at the gate", "", "200", with(notes, "Connection: X-Casegate-User, Content-Length"), stored(nil)},
		{"connection-names-token", "`Connection: Authorization`, so that Kibana gets an upload without it", "Traefik strips it before the gate: there is no token", "", "token_missing", with(notes, "Connection: Authorization"), nil},
		{"user-forged", "a client's own X-Casegate-User", "removed from every request; the verified name takes its place", "", "200", with(notes, "X-Casegate-User: "+forged, "x-casegate-user: "+forged), stored(nil)},
		{"user-forged-elsewhere", "X-Casegate-User on a request that is no upload", "removed from every request", "", "200", forgedElsewhere, nil},
		{"user-forged-underscores", "X_Casegate_User, which some servers read as the same name", "it stays another header: the gate's own is there once, with the verified name", "", "200", with(notes, "X_Casegate_User: "+forged), stored(nil)},
		{"user-forged-trailer", "X-Casegate-User in a trailer", "trailers are dropped", "", "200", inTrailer, stored(without("Trailer"))},
		{"upgrade", "an upload that asks for `Upgrade: websocket`, to get a tunnel", "Upgrade ends at the gate", "", "200", with(notes, "Connection: Upgrade", "Upgrade: websocket"), stored(without("Upgrade"))},
		{"expect-continue", "100 Continue asked for with a program behind it", "100 Continue is sent when the headers have passed; the file is read all the same", "", "executable_content", with(program, "Expect: 100-continue"), nil},
		{"headers-huge", "2 MiB of headers", goStops, "", "431", with(notes, "X-Large: "+strings.Repeat("a", 2<<20)), nil},
		{"xsrf-underscore", "`kbn_xsrf` for kbn-xsrf", "it is another header", "", "xsrf_missing", with(notes, "-kbn-xsrf", "kbn_xsrf: true"), nil},
		{"content-type-twice", "two Content-Types, of which readers take one or the other", "exactly one is accepted", "", "content_type", with(program, "Content-Type: text/plain"), nil},
		{"content-type-joined", "two Content-Types in one line, with a comma", "a strict grammar", "", "content_type", with(program, "-Content-Type", "Content-Type: text/plain, multipart/form-data; "+boundary), nil},
		{"content-type-two-boundaries", "two boundaries, of which readers take the first or the last", "no parameter may stand twice", "", "content_type", with(program, "-Content-Type", "Content-Type: multipart/form-data; boundary=x; "+boundary), nil},
		{"content-type-continued-boundary", "`boundary*0=…` (RFC 2231)", "continuations are refused", "", "content_type", with(program, "-Content-Type", "Content-Type: multipart/form-data; boundary*0=----harness; boundary*1=7d1f0c2b9e"), nil},
		{"content-type-folded", "Content-Type on two lines (obsolete folding)", "Go's server joins them: it is one plain header", "", "executable_content", with(program, "-Content-Type", "Content-Type: multipart/form-data;\r\n "+boundary), nil},
		{"content-type-other", "multipart/mixed", "only form-data is a form", "", "content_type", with(program, "-Content-Type", "Content-Type: multipart/mixed; "+boundary), nil},
		{"content-encoding", "a body compressed with gzip, which hapi unpacks", "no Content-Encoding passes", "", "content_encoding", with(program, "Content-Encoding: gzip"), nil},
		{"content-encoding-list", "`Content-Encoding: identity, gzip`", "no Content-Encoding passes", "", "content_encoding", with(program, "Content-Encoding: identity, gzip"), nil},
		{"digest-forged", "Content-MD5 and Digest of another body", "headers that describe the client's body end at the gate", "", "200", with(notes, "Content-MD5: AAAA", "Digest: sha-256=AAAA"), stored(without("Content-Md5", "Digest"))},
	}
}

func lengthAndChunks(t *testing.T, at place) *harness.Answer {
	body := chunked(harness.Form(program, ""), 50)
	return raw(t, upload(at, harness.CasePath("9"), body, "Transfer-Encoding: chunked"))
}

// shortened declares fewer bytes than it sends.
func shortened(by int) sender {
	return func(t *testing.T, at place) *harness.Answer {
		body := harness.Form(notes, "")
		return sent(t, upload(at, harness.CasePath("9"), body, "-Content-Length", fmt.Sprintf("Content-Length: %d", len(body)-by)), true)
	}
}

func badChunk(t *testing.T, at place) *harness.Answer {
	body := chunked(harness.Form(notes, ""), 50)
	copy(body[strings.Index(string(body), "\r\n32\r\n")+2:], "zz")
	return raw(t, upload(at, harness.CasePath("9"), body, "-Content-Length", "Transfer-Encoding: chunked"))
}

func overLimit(t *testing.T, at place) *harness.Answer {
	large := harness.File{Name: "log.txt", Type: "text/plain", Bytes: []byte(strings.Repeat("a line of a log\n", 130<<10))}
	return raw(t, upload(at, harness.CasePath("9"), chunked(harness.Form(large, ""), 64<<10), "-Content-Length", "Transfer-Encoding: chunked"))
}

func inTrailer(t *testing.T, at place) *harness.Answer {
	body := chunked(harness.Form(notes, ""), 1000, "X-Casegate-User: "+forged)
	return raw(t, upload(at, harness.CasePath("9"), body, "-Content-Length", "Transfer-Encoding: chunked", "Trailer: X-Casegate-User"))
}

// forgedElsewhere asks for a page: the stacks answer with the headers that arrived.
func forgedElsewhere(t *testing.T, at place) *harness.Answer {
	answer := raw(t, message(at, "GET /app/home", nil, "X-Casegate-User: "+forged, "-Content-Length"))
	if answer != nil && strings.Contains(string(answer.Body), forged) {
		t.Errorf("the upstream got it: %s", answer.Body)
	}
	return answer
}
