package attacks

import (
	"bytes"
	"testing"

	"github.com/casegate/casegate/e2e/harness"
)

func doorAttacks() []attack {
	const closed = "both calls of the files API are closed"
	const checked = "the blob's bytes must be what its Content-Type says"
	const raws = "the plugin takes every shape, and a faulty gate refuses every upload: Traefik has no reason to drop the router"
	const blob = "PUT /api/files/files/casesFilesCases/1/blob"
	put := func(mime string, content []byte) sender {
		return func(t *testing.T, at place) *harness.Answer {
			return raw(t, message(at, blob, content, "-Content-Type", "Content-Type: "+mime))
		}
	}
	create := func(json string) sender {
		return func(t *testing.T, at place) *harness.Answer {
			return raw(t, message(at, "POST /api/files/files/casesFilesCases", []byte(json), "-Content-Type", "Content-Type: application/json"))
		}
	}
	all := []attack{
		{"blob-refused", "the files API's PUT, around the route that the gate guards", closed, "refuse", "blob_upload_refused", put("text/plain", notes.Bytes), nil},
		{"blob-refused-space", "the same in a space, for Security", closed, "refuse", "blob_upload_refused", line("PUT /s/sales/api/files/files/securitySolutionFilesCases/1/blob"), nil},
		{"blob-refused-create", "its create call", closed, "refuse", "blob_upload_refused", create(`{"name":"a","mimeType":"text/plain"}`), nil},
		{"blob-refused-encoded", "the same with letters encoded", closed, "refuse", "blob_upload_refused", line("PUT /api/files/files/%63asesFilesCases/1/blo%62"), nil},
		{"blob-refused-dots", "the same with dot segments", "only the one plain path", "refuse", "path_ambiguous", line("PUT /api/files/files/casesFilesCases/1/x/../blob"), nil},
		{"blob-program", "a program as image/png", checked, "check", "executable_content", put("image/png", harness.PE()), nil},
		{"blob-mismatch", "a PDF as image/png", checked, "check", "content_mismatch", put("image/png", harness.PDF("x")), nil},
		{"blob-html", "text/html", "allowed types alone", "check", "type_not_allowed", put("text/html", []byte(page)), nil},
		{"blob-type-parameter", "`image/png; x=text/html`", "allowed types alone, as they are written", "check", "type_not_allowed", put("image/png; x=text/html", harness.PNG(4, 4)), nil},
		{"blob-two-types", "two Content-Types", "exactly one", "check", "content_type", put("image/png\r\nContent-Type: text/html", harness.PNG(4, 4)), nil},
		{"blob-compressed", "a compressed blob", "no Content-Encoding passes", "check", "content_encoding", put("image/png\r\nContent-Encoding: gzip", harness.PNG(4, 4)), nil},
		{"blob-archive", "an archive with a program", "archives are inspected here too", "check", "executable_content", put("application/zip", zipped("a", string(harness.ELF()))), nil},
		{"blob-create-name", "a create call for tool.exe", "the name is judged as a title", "check", "filename_invalid", create(`{"name":"tool.exe","mimeType":"text/plain"}`), nil},
		{"blob-create-type", "a create call for text/html", "allowed types alone", "check", "type_not_allowed", create(`{"name":"a","mimeType":"text/html"}`), nil},
		{"blob-create-twice", "mimeType twice, the bad one last", "the JSON is read once and written anew", "check", "type_not_allowed", create(`{"name":"a","mimeType":"text/plain","mimeType":"text/html"}`), nil},
		{"blob-create-two", "a second JSON value behind the first", "one object", "check", "form_malformed", create(`{"name":"a","mimeType":"text/plain"}{"name":"tool.exe"}`), nil},
		{"blob-create-deep", "JSON nested 100,000 deep", "Go's reader has a limit", "check", "form_malformed", create(`{"name":` + string(bytes.Repeat([]byte("["), 100_000))), nil},
		{"metrics-post", "POST of the metrics' path", "the gate answers it, and only GET and HEAD", "metrics", "405", line("POST /-/casegate/metrics"), nil},
		{"metrics-spelled", "the metrics' path with a slash behind it", "only the exact path is the gate's", "metrics", "200", line("GET /-/casegate/metrics/"), nil},
	}
	for _, shape := range []struct{ name, what string }{
		{"list", "a list where a section should be"},
		{"empty", "no source of keys at all"},
		{"section", "a text where a section should be"},
		{"nested", "a section where a text should be"},
		{"grants", "a section where a list should be"},
		{"unknown", "a misspelled key"},
		{"size", "a negative size"},
	} {
		all = append(all, attack{"config-" + shape.name, "a mistake in the configuration, with an open router behind the gate's: " + shape.what, raws, "faulty-" + shape.name, "misconfigured", with(notes), nil})
	}
	return all
}
