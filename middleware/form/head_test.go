package form

import (
	"strings"
	"testing"
)

func TestHeadForms(t *testing.T) {
	for name, row := range map[string]struct{ head, filename string }{
		"common":                       {goodHead, "a.pdf"},
		"lower case":                   {strings.ToLower(goodHead), "a.pdf"},
		"form-data in capitals":        {strings.Replace(goodHead, "form-data", "Form-Data", 1), "a.pdf"},
		"no blank after the colon":     {strings.Replace(goodHead, ": ", ":", 1), "a.pdf"},
		"no blanks at all":             {strings.ReplaceAll(goodHead, " ", ""), "a.pdf"},
		"filename first":               {"Content-Disposition: form-data; filename=\"a.pdf\"; name=\"file\"", "a.pdf"},
		"unquoted":                     {"Content-Disposition: form-data; name=file; filename=a.pdf", "a.pdf"},
		"filename* first":              {"Content-Disposition: form-data; filename*=UTF-8'en'%61.pdf; name=file; filename=a.pdf", "a.pdf"},
		"filename* in quotes":          {goodHead + "; filename*=\"utf-8''a.pdf\"", "a.pdf"},
		"question marks":               {"Content-Disposition: form-data; name=\"file\"; filename=\"why?=?.pdf\"", "why?=?.pdf"},
		"equals sign":                  {"Content-Disposition: form-data; name=\"file\"; filename=\"a=b.pdf\"", "a=b.pdf"},
		"semicolon":                    {"Content-Disposition: form-data; name=\"file\"; filename=\"a; b.pdf\"", "a; b.pdf"},
		"name within a word":           {"Content-Disposition: form-data; name=\"file\"; filename=\"surname=x.pdf\"", "surname=x.pdf"},
		"replacement character":        {"Content-Disposition: form-data; name=\"file\"; filename=\"a\ufffd.pdf\"", "a\ufffd.pdf"},
		"bytes left to CheckFilename":  {"Content-Disposition: form-data; name=\"file\"; filename=\"a\xff.pdf\"", "a\xff.pdf"},
		"empty, left to CheckFilename": {"Content-Disposition: form-data; name=\"file\"; filename=\"\"", ""},
		"type with a quoted charset":   {goodHead + "\r\nContent-Type: text/plain; charset=\"utf-8\"; format=flowed", "a.pdf"},
		"type of no known family":      {goodHead + "\r\nContent-Type: x-world/x-3dmf", "a.pdf"},
		"every header":                 {"content-length: 4\r\nContent-Transfer-Encoding: BINARY\r\nContent-Type: a/b\r\n" + goodHead, "a.pdf"},
		"8 KiB":                        {goodHead + "\r\nContent-Type: a/" + strings.Repeat("b", maxHead-len(goodHead)-18), "a.pdf"},
	} {
		t.Run(name, func(t *testing.T) {
			got, no := readForm(strings.NewReader(begin+row.head+"\r\n\r\ndata"+end), "abc")
			wantPass(t, no)
			if want := (form{filename: row.filename, file: "data"}); got != want {
				t.Fatalf("got %+v", got)
			}
		})
	}
}

// TestHeadsOfCommonClientsTakeTheShortWay keeps the expression from quietly matching nothing.
func TestHeadsOfCommonClientsTakeTheShortWay(t *testing.T) {
	short := 0
	for _, shape := range shapes {
		head, _, _ := strings.Cut(strings.TrimPrefix(shape.wire(), "--"+shape.Boundary+"\r\n"), "\r\n\r\n")
		if commonHead.MatchString(head) {
			short++
		}
	}
	if short < 30 {
		t.Errorf("only %d of %d", short, len(shapes))
	}
}
