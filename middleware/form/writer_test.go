package form

import (
	"bytes"
	"io"
	"mime/multipart"
	"strings"
	"testing"

	"github.com/casegate/casegate/middleware/lane"
)

// written is a form as the gate writes it, in one piece or around its file, and its boundary.
func written(t testing.TB, f form) (boundary string, body []byte) {
	t.Helper()
	w := &Writing{Filename: f.filename, Title: f.title, Titled: f.hasTitle, MIME: "application/pdf", File: []byte(f.file)}
	write := func() {
		once := lane.Once()
		Write(once, w)
		lane.Result(once)
	}
	w.Apart = true
	write()
	around := string(w.Head) + f.file + string(w.Closing)
	apart := w.Boundary
	w.Apart = false
	write()
	if again := strings.ReplaceAll(around, apart, w.Boundary); again != string(w.Body) {
		t.Errorf("around its file the form is %q, in one piece %q", again, w.Body)
	}
	return w.Boundary, w.Body
}

// readByGo is what mime/multipart makes of a form.
func readByGo(t *testing.T, body []byte, boundary string) form {
	t.Helper()
	reader := multipart.NewReader(bytes.NewReader(body), boundary)
	var result form
	for {
		part, err := reader.NextRawPart()
		if err == io.EOF {
			return result
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		switch part.FormName() {
		case "file":
			result.filename = part.FileName()
			result.file = string(data)
			if mime := part.Header.Get("Content-Type"); mime != "application/pdf" {
				t.Fatalf("type %q", mime)
			}
		case "filename":
			result.hasTitle = true
			result.title = string(data)
		default:
			t.Fatalf("part %q", part.FormName())
		}
	}
}

func TestWrittenBytes(t *testing.T) {
	boundary, body := written(t, form{filename: "a.pdf", file: "data", title: "Title", hasTitle: true})
	got := strings.ReplaceAll(string(body), boundary, "B")
	want := "--B\r\nContent-Disposition: form-data; name=\"filename\"\r\n\r\nTitle\r\n" +
		"--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\nContent-Type: application/pdf\r\n\r\ndata\r\n--B--\r\n"
	if got != want {
		t.Fatalf("got %q", got)
	}
}

func TestOthersReadWhatWasWritten(t *testing.T) {
	for name, want := range map[string]form{
		"plain":          {filename: "report.pdf", file: fileBytes},
		"title":          {filename: "report.pdf", file: fileBytes, title: "Quarterly report", hasTitle: true},
		"empty file":     {filename: "report.txt"},
		"not ASCII":      {filename: "Übersicht 報告 👩‍💻.pdf", file: "x", title: "Übersicht", hasTitle: true},
		"percent, quote": {filename: "so-called %22final%22 'report'.pdf", file: "\r\n--", title: "--", hasTitle: true},
	} {
		t.Run(name, func(t *testing.T) {
			boundary, body := written(t, want)
			if got := readByGo(t, body, boundary); got != want {
				t.Errorf("mime/multipart: %+v", got)
			}
			again, no := Boundary(contentType("multipart/form-data; boundary=" + boundary))
			wantPass(t, no)
			got, no := readForm(bytes.NewReader(body), again)
			wantPass(t, no)
			if got != want {
				t.Errorf("form: %+v", got)
			}
		})
	}
}

func TestBoundariesDiffer(t *testing.T) {
	seen := map[string]bool{}
	for round := 0; round < 1000; round++ {
		boundary, _ := written(t, form{filename: "a.pdf"})
		if seen[boundary] || len(boundary) > maxBoundary {
			t.Fatalf("boundary %q", boundary)
		}
		seen[boundary] = true
	}
}
