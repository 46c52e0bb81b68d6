package exchange

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

// scene is what the templates of one exchange can refer to during a run.
type scene struct {
	exchange *Exchange
	dir      string // for the exchange's files
	provider string // base address of the stub identity provider
	scanner  string // address of the stub malware scanner
}

// expand executes a template. Line feeds of the source become CRLF when crlf is set; what actions print stays as it is.
func (s *scene) expand(source string, crlf bool) (string, error) {
	if crlf {
		source = strings.ReplaceAll(source, "\n", "\r\n")
	}
	if !strings.Contains(source, "{{") {
		return source, nil
	}
	parsed, err := template.New(s.exchange.Name).Funcs(s.functions()).Parse(source)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	if err := parsed.Execute(&text, nil); err != nil {
		return "", err
	}
	return text.String(), nil
}

func (s *scene) functions() template.FuncMap {
	return template.FuncMap{
		"lf":    func() string { return "\n" },
		"cr":    func() string { return "\r" },
		"bytes": func(text string) string { return text },
		"repeat": func(text string, count int) string {
			return strings.Repeat(text, count)
		},
		"head":      func(count int, text string) string { return text[:count] },
		"base64":    func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) },
		"base64url": func(text string) string { return segment([]byte(text)) },
		"json":      quote,
		"file":      sample,
		"zip":       zipOf,
		"tar":       tarOf,
		"manyTexts": manyTexts,
		"encrypted": encrypted,
		"crowded":   crowded,
		"gzip":      gzipOf,
		"upload":    upload,
		"forwarded": forwarded,
		"token":     token,
		"claims":    claims,
		"jwt":       jwt,
		"jwtAs":     jwtAs,
		"tokenKeys": tokenKeys,
		"publicKey": publicKey,
		"secret":    secret,
		"jwk":       jwk,
		"jwks":      jwks,
		"path":      s.path,
		"host":      s.exchange.Host,
		"provider":  func() string { return s.provider },
		"clamd":     func() string { return s.scanner },
	}
}

// path writes a section "file NAME" of the exchange to disk and returns its path. A name without a section gives the
// path of a file that does not exist yet.
func (s *scene) path(name string) (string, error) {
	target := filepath.Join(s.dir, name)
	source, written := s.exchange.files[name]
	if !written {
		return target, nil
	}
	text, err := s.expand(source, false)
	if err != nil {
		return "", fmt.Errorf("file %s: %w", name, err)
	}
	return target, os.WriteFile(target, []byte(text), 0o600)
}

// upload is the rest of an ordinary upload, after the Authorization header: the other headers and a form of one file.
func upload(filename, content string) string {
	return "kbn-xsrf: true\r\nContent-Type: multipart/form-data; boundary=b\r\n\r\n" +
		"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + filename + "\"\r\n\r\n" +
		content + "\r\n--b--"
}

// forwarded is the form that the gate writes for an upload of one file.
func forwarded(filename, mimeType, content string) string {
	return "--BOUNDARY\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + filename + "\"\r\n" +
		"Content-Type: " + mimeType + "\r\n\r\n" + content + "\r\n--BOUNDARY--"
}
