package form

import (
	"net/http"
	"strings"
	"testing"
)

func TestBoundaryForms(t *testing.T) {
	longest := strings.Repeat("a", 70)
	for name, row := range map[string]struct{ value, want string }{
		"plain":                        {"multipart/form-data; boundary=abc", "abc"},
		"type in capitals":             {"Multipart/Form-Data; boundary=abc", "abc"},
		"parameter in capitals":        {"multipart/form-data; BOUNDARY=abc", "abc"},
		"no blank":                     {"multipart/form-data;boundary=abc", "abc"},
		"quoted":                       {`multipart/form-data; boundary="abc"`, "abc"},
		"70 characters":                {"multipart/form-data; boundary=" + longest, longest},
		"70 characters in quotes":      {`multipart/form-data; boundary="` + longest + `"`, longest},
		"every plain character":        {"multipart/form-data; boundary='+_-.09azAZ", "'+_-.09azAZ"},
		"every quoted character":       {`multipart/form-data; boundary="'()+_,-./:=? 09azAZ"`, "'()+_,-./:=? 09azAZ"},
		"hyphens alone":                {"multipart/form-data; boundary=--", "--"},
		"version after the boundary":   {"multipart/form-data; boundary=abc; Elastic-Api-Version=2023-10-31", "abc"},
		"version in quotes":            {`multipart/form-data; elastic-api-version="2023-10-31"; boundary=abc`, "abc"},
		"charset":                      {"multipart/form-data; charset=UTF-8; boundary=abc", "abc"},
		"charset after a quoted value": {`multipart/form-data; boundary="abc"; charset="utf-8"`, "abc"},
	} {
		t.Run(name, func(t *testing.T) {
			got, no := Boundary(contentType(row.value))
			wantPass(t, no)
			if got != row.want {
				t.Fatalf("got %q", got)
			}
		})
	}
}

func TestBoundaryOfOtherHeaders(t *testing.T) {
	const plain = "multipart/form-data; boundary=abc"
	for name, row := range map[string]struct {
		header        http.Header
		code, message string
	}{
		"no Content-Type":         {http.Header{}, "content_type", "has no Content-Type"},
		"Content-Type twice":      {http.Header{"Content-Type": {plain, plain}}, "content_type", "more than once"},
		"gzip":                    {http.Header{"Content-Type": {plain}, "Content-Encoding": {"gzip"}}, "content_encoding", "not compressed"},
		"unknown encoding":        {http.Header{"Content-Type": {plain}, "Content-Encoding": {"aes128gcm"}}, "content_encoding", "not compressed"},
		"empty encoding":          {http.Header{"Content-Type": {plain}, "Content-Encoding": {""}}, "content_encoding", "not compressed"},
		"identity and gzip":       {http.Header{"Content-Type": {plain}, "Content-Encoding": {"identity, gzip"}}, "content_encoding", "not compressed"},
		"identity twice":          {http.Header{"Content-Type": {plain}, "Content-Encoding": {"identity", "identity"}}, "content_encoding", "not compressed"},
		"identity":                {http.Header{"Content-Type": {plain}, "Content-Encoding": {"Identity"}}, "", ""},
		"version":                 {http.Header{"Content-Type": {plain}, "Elastic-Api-Version": {"2023-10-31"}}, "", ""},
		"another version":         {http.Header{"Content-Type": {plain}, "Elastic-Api-Version": {"1"}}, "version_unsupported", "send 2023-10-31"},
		"empty version":           {http.Header{"Content-Type": {plain}, "Elastic-Api-Version": {""}}, "version_unsupported", "send 2023-10-31"},
		"version twice":           {http.Header{"Content-Type": {plain}, "Elastic-Api-Version": {"2023-10-31", "2023-10-31"}}, "version_unsupported", "more than once"},
		"version here and there":  {http.Header{"Content-Type": {plain + "; Elastic-Api-Version=2023-10-31"}, "Elastic-Api-Version": {"2023-10-31"}}, "", ""},
		"versions that differ":    {http.Header{"Content-Type": {plain + "; Elastic-Api-Version=1"}, "Elastic-Api-Version": {"2023-10-31"}}, "version_unsupported", "send 2023-10-31"},
		"a message says no input": {http.Header{"Content-Type": {"secret/thing"}}, "content_type", "Content-Type is not multipart/form-data: send"},
	} {
		t.Run(name, func(t *testing.T) {
			boundary, no := Boundary(row.header)
			if row.code == "" {
				wantPass(t, no)
				if boundary != "abc" {
					t.Fatalf("boundary %q", boundary)
				}
				return
			}
			wantRefusal(t, no, row.code, row.message)
		})
	}
}
