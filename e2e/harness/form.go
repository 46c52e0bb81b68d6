package harness

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"testing"
)

// Boundary is the boundary of the forms that the harness writes itself.
const Boundary = "----harness7d1f0c2b9e"

// Form writes a plain form with one file, and before it the filename part when title is not empty.
func Form(file File, title string) []byte {
	var form bytes.Buffer
	if title != "" {
		fmt.Fprintf(&form, "--%s\r\nContent-Disposition: form-data; name=\"filename\"\r\n\r\n%s\r\n", Boundary, title)
	}
	fmt.Fprintf(&form, "--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"%s\"\r\nContent-Type: %s\r\n\r\n", Boundary, file.Name, file.Type)
	form.Write(file.Bytes)
	fmt.Fprintf(&form, "\r\n--%s--\r\n", Boundary)
	return form.Bytes()
}

// CasePath is the route for a case of the default space.
func CasePath(id string) string { return "/api/cases/" + id + "/files" }

// Upload is a request that passes the default policy, with this body.
func Upload(t testing.TB, address, path, token string, body io.Reader) *http.Request {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, "http://"+address+path, body)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	request.Header.Set("kbn-xsrf", "true")
	request.Header.Set("Content-Type", "multipart/form-data; boundary="+Boundary)
	return request
}

// Send uploads a file with the default form and gives the answer.
func Send(t testing.TB, address, path, token string, file File) *Answer {
	t.Helper()
	answer, err := Do(Upload(t, address, path, token, bytes.NewReader(Form(file, ""))))
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// CheckRefused fails the test when the answer is not a refusal with this code, in the gate's shape.
func CheckRefused(t testing.TB, answer *Answer, code string) {
	t.Helper()
	if answer.Code() != code {
		t.Fatalf("status %d, code %q, want the refusal %s: %s", answer.Status, answer.Code(), code, answer.Body)
	}
	if _, err := answer.Refusal(); err != nil {
		t.Fatal(err)
	}
}

// CheckStored fails the test when the upstream does not hold exactly this one file, under the name.
func CheckStored(t testing.TB, records []Record, name string, file File) {
	t.Helper()
	if len(records) != 1 {
		t.Fatalf("the upstream saw %d uploads, want 1: %+v", len(records), records)
	}
	record := records[0]
	if record.Stored == nil || !record.Complete {
		t.Fatalf("the upstream stored nothing: status %d, complete %v, parts %+v", record.Status, record.Complete, record.Parts)
	}
	stored := *record.Stored
	if stored.Name != name || stored.Type != file.Type || stored.Size != int64(len(file.Bytes)) || stored.SHA256 != file.SHA256() {
		t.Fatalf("stored %+v, want name %q, type %s, %d bytes, SHA-256 %s", stored, name, file.Type, len(file.Bytes), file.SHA256())
	}
	for _, part := range record.Parts {
		switch {
		case part.Name == "file" && part.Filename == file.Name && part.Type == file.Type && part.SHA256 == file.SHA256():
		case part.Name == "filename" && part.Text == name:
		default:
			t.Fatalf("the upstream read a part %+v", part)
		}
	}
}
