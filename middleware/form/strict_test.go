package form

import (
	"strings"
	"testing"
)

// TestStrictConditions has one case for every condition that ModSecurity's MULTIPART_STRICT_ERROR is made of. A quoted
// boundary is the one that passes: .NET quotes all of its own.
func TestStrictConditions(t *testing.T) {
	const plain = "multipart/form-data; boundary=abc"
	whole := good + end
	for _, row := range []struct {
		condition, contentType, body, code, message string
	}{
		{"REQBODY_PROCESSOR_ERROR", plain, "not a form", "form_malformed", "does not begin with the boundary"},
		{"MULTIPART_BOUNDARY_QUOTED, well", `multipart/form-data; boundary="abc"`, whole, "", ""},
		{"MULTIPART_BOUNDARY_QUOTED, half", `multipart/form-data; boundary="abc`, whole, "content_type", "never closed"},
		{"MULTIPART_BOUNDARY_WHITESPACE", "multipart/form-data; boundary =abc", whole, "content_type", "blank after a parameter's name"},
		{"MULTIPART_DATA_BEFORE", plain, "x\r\n" + whole, "form_malformed", "before its first boundary"},
		{"MULTIPART_DATA_AFTER", plain, whole + "x", "form_malformed", "after its closing boundary"},
		{"MULTIPART_HEADER_FOLDING", plain, strings.Replace(whole, "; filename", ";\r\n filename", 1), "form_malformed", "folded header"},
		{"MULTIPART_INVALID_HEADER_FOLDING", plain, strings.Replace(whole, "; filename", ";\r\n\xa0filename", 1), "form_malformed", "without a colon"},
		{"MULTIPART_LF_LINE", plain, strings.ReplaceAll(whole, "\r\n", "\n"), "form_malformed", "LF without CR"},
		{"MULTIPART_CRLF_LF_LINES", plain, strings.Replace(whole, "\r\n--abc--", "\n--abc--", 1), "form_malformed", "LF without CR"},
		{"MULTIPART_MISSING_SEMICOLON", plain, strings.Replace(whole, "form-data; name", "form-data name", 1), "form_malformed", "lacks a semicolon"},
		{"MULTIPART_INVALID_QUOTING", plain, strings.Replace(whole, `"a.pdf"`, `'a.pdf"`, 1), "form_malformed", "wrong quoting"},
		{"MULTIPART_INVALID_PART", plain, strings.Replace(whole, "Content-Disposition", "X", 1), "form_malformed", "header other than"},
		{"MULTIPART_FILE_LIMIT_EXCEEDED", plain, good + "\r\n" + whole, "form_part_unexpected", "more than one part file"},
		{"MULTIPART_UNMATCHED_BOUNDARY", plain, good + "\r\n--abcd\r\n" + end, "form_malformed", "begins with the boundary and goes on"},
	} {
		t.Run(row.condition, func(t *testing.T) {
			boundary, no := Boundary(contentType(row.contentType))
			if no == nil {
				_, no = readForm(strings.NewReader(row.body), boundary)
			}
			if row.code == "" {
				wantPass(t, no)
				return
			}
			wantRefusal(t, no, row.code, row.message)
		})
	}
}
