package form

import (
	"strings"
	"testing"
)

// fault is something that must be refused, and what the refusal says.
type fault struct {
	Name    string
	Text    string
	Code    string
	Message string
}

// contentTypeFaults are values of Content-Type.
var contentTypeFaults = []fault{
	{"empty", "", "content_type", "not multipart/form-data"},
	{"another type", "application/json", "content_type", "not multipart/form-data"},
	{"another multipart", "multipart/mixed; boundary=abc", "content_type", "not multipart/form-data"},
	{"multipart alone", "multipart; boundary=abc", "content_type", "not multipart/form-data"},
	{"longer name of a type", "multipart/form-data-x; boundary=abc", "content_type", "not multipart/form-data"},
	{"blank at the beginning", " multipart/form-data; boundary=abc", "content_type", "not multipart/form-data"},
	{"no boundary", "multipart/form-data", "content_type", "no boundary"},
	{"only a version", "multipart/form-data; Elastic-Api-Version=2023-10-31", "content_type", "no boundary"},
	{"empty boundary", "multipart/form-data; boundary=", "content_type", "empty value"},
	{"empty boundary before another parameter", "multipart/form-data; boundary=; charset=utf-8", "content_type", "empty value"},
	{"empty quoted boundary", `multipart/form-data; boundary=""`, "content_type", "is empty"},
	{"boundary without a value", "multipart/form-data; boundary", "content_type", "without a value"},
	{"boundary of 71 characters", "multipart/form-data; boundary=" + strings.Repeat("a", 71), "content_type", "longer than 70"},
	{"quoted boundary of 71 characters", `multipart/form-data; boundary="` + strings.Repeat("a", 71) + `"`, "content_type", "longer than 70"},
	{"boundary ends in a blank", `multipart/form-data; boundary="abc "`, "content_type", "ends in a blank"},
	{"boundary of a blank", `multipart/form-data; boundary=" "`, "content_type", "ends in a blank"},
	{"boundary with a character of tokens alone", "multipart/form-data; boundary=a*b", "content_type", "RFC 2046"},
	{"boundary with a percent sign", "multipart/form-data; boundary=a%20b", "content_type", "RFC 2046"},
	{"boundary that is not ASCII", `multipart/form-data; boundary="ä"`, "content_type", "RFC 2046"},
	{"semicolon in a quoted boundary", `multipart/form-data; boundary="a;b"`, "content_type", "RFC 2046"},
	{"boundary in a boundary", `multipart/form-data; boundary="boundary=x"`, "content_type", "another boundary"},
	{"boundary that needs quotes", "multipart/form-data; boundary=a/b", "content_type", "double quotes"},
	{"boundary that begins like a quoted one", "multipart/form-data; boundary=(a)", "content_type", "must stand in double quotes"},
	{"two boundaries", "multipart/form-data; boundary=a; boundary=b", "content_type", "boundary twice"},
	{"the same boundary twice", "multipart/form-data; boundary=a; BOUNDARY=a", "content_type", "boundary twice"},
	{"RFC 2231 boundary", "multipart/form-data; boundary*=utf-8''abc", "content_type", "RFC 2231"},
	{"RFC 2231 continuation", "multipart/form-data; boundary*0=ab; boundary*1=c", "content_type", "RFC 2231"},
	{"RFC 2231 beside a plain one", "multipart/form-data; boundary=abc; boundary*0=x", "content_type", "RFC 2231"},
	{"quote not closed", `multipart/form-data; boundary="abc`, "content_type", "never closed"},
	{"quote closed only", `multipart/form-data; boundary=abc"`, "content_type", "wrong quoting"},
	{"quote half-way", `multipart/form-data; boundary=a"b"`, "content_type", "wrong quoting"},
	{"text after the quote", `multipart/form-data; boundary="abc"d`, "content_type", "wrong quoting"},
	{"escape in quotes", `multipart/form-data; boundary="a\bc"`, "content_type", "backslash"},
	{"single quotes are part of the boundary but commas are not", "multipart/form-data; boundary='a',b", "content_type", "wrong quoting"},
	{"missing semicolon before the boundary", "multipart/form-data boundary=abc", "content_type", "lacks a semicolon"},
	{"missing semicolon after the boundary", "multipart/form-data; boundary=abc charset=utf-8", "content_type", "lacks a semicolon"},
	{"comma instead of a semicolon", "multipart/form-data, boundary=abc", "content_type", "do not belong"},
	{"two types in one line", "multipart/form-data; boundary=abc, multipart/form-data; boundary=def", "content_type", "wrong quoting"},
	{"semicolon at the end", "multipart/form-data; boundary=abc;", "content_type", "ends in a semicolon"},
	{"semicolon and blank at the end", "multipart/form-data; boundary=abc; ", "content_type", "ends in a semicolon"},
	{"empty parameter", "multipart/form-data;; boundary=abc", "content_type", "empty parameter"},
	{"empty parameter with a blank", "multipart/form-data; ; boundary=abc", "content_type", "empty parameter"},
	{"blank at the end", "multipart/form-data; boundary=abc ", "content_type", "ends in blanks"},
	{"blank before a semicolon", "multipart/form-data ; boundary=abc", "content_type", "blank before a semicolon"},
	{"two blanks", "multipart/form-data;  boundary=abc", "content_type", "more than one blank"},
	{"blank before the equals sign", "multipart/form-data; boundary =abc", "content_type", "blank after a parameter's name"},
	{"blank after the equals sign", "multipart/form-data; boundary= abc", "content_type", "blank after an equals sign"},
	{"parameter without a name", "multipart/form-data; =abc", "content_type", "without a proper name"},
	{"parameter in quotes", `multipart/form-data; "boundary"=abc`, "content_type", "without a proper name"},
	{"tab", "multipart/form-data;\tboundary=abc", "content_type", "control character"},
	{"NUL", "multipart/form-data; boundary=abc\x00", "content_type", "control character"},
	{"line end", "multipart/form-data;\r\n boundary=abc", "content_type", "control character"},
	{"another charset", "multipart/form-data; boundary=abc; charset=utf-16", "content_type", "charset other than utf-8"},
	{"another parameter", "multipart/form-data; boundary=abc; x=y", "content_type", "parameter other than"},
	{"a boundary in another parameter", `multipart/form-data; x="; boundary=def"; boundary=abc`, "content_type", "parameter other than"},
	{"longer than any", "multipart/form-data; boundary=abc; x=" + strings.Repeat("y", 300), "content_type", "too long"},
	{"many parameters", "multipart/form-data; a=1; b=1; c=1; d=1; e=1; f=1; g=1; h=1; i=1", "content_type", "too many"},
	{"another version", "multipart/form-data; Elastic-Api-Version=2024-01-01; boundary=abc", "version_unsupported", "send 2023-10-31"},
	{"version twice", "multipart/form-data; elastic-api-version=2023-10-31; Elastic-Api-Version=2023-10-31; boundary=abc", "content_type", "twice"},
}

const (
	goodHead = "Content-Disposition: form-data; name=\"file\"; filename=\"a.pdf\""
	begin    = "--abc\r\n"
	end      = "\r\n--abc--\r\n"
	good     = begin + goodHead + "\r\n\r\ndata"
)

// headFaults are heads of a form's only part, which holds four bytes. LF stands for CR LF.
var headFaults = []fault{
	{"no headers", "", "form_malformed", "has no headers"},
	{"no disposition", "Content-Type: application/pdf", "form_malformed", "has no Content-Disposition"},
	{"folded", "Content-Disposition: form-data;\n name=\"file\"; filename=\"a.pdf\"", "form_malformed", "folded"},
	{"folded with a tab", "Content-Disposition: form-data;\n\tname=\"file\"; filename=\"a.pdf\"", "form_malformed", "folded"},
	{"folded many times", "Content-Disposition: form-data;\n name=\"file\";\n filename=\"a.pdf\"\n \n ", "form_malformed", "folded"},
	{"folded before the first header", " " + goodHead, "form_malformed", "folded"},
	{"LF in a head", goodHead + "\rContent-Type: application/pdf", "form_malformed", "CR without LF"},
	{"blank before the colon", "Content-Disposition : form-data; name=\"file\"; filename=\"a.pdf\"", "form_malformed", "blank before a header's colon"},
	{"blank in a header's name", "Content Disposition: form-data; name=\"file\"; filename=\"a.pdf\"", "form_malformed", "name holds characters"},
	{"no colon", goodHead + "\nContent-Type", "form_malformed", "without a colon"},
	{"no name", goodHead + "\n: x", "form_malformed", "without a name"},
	{"no value", goodHead + "\nContent-Type:", "form_malformed", "header without a value"},
	{"blanks for a value", goodHead + "\nContent-Type:  ", "form_malformed", "header without a value"},
	{"two blanks after the colon", "Content-Disposition:  form-data; name=\"file\"; filename=\"a.pdf\"", "form_malformed", "more than one blank after"},
	{"blank at the end", goodHead + " ", "form_malformed", "ends in a blank"},
	{"control character in a header's name", "Content-\x0eDisposition: form-data; name=\"file\"; filename=\"a.pdf\"", "form_malformed", "control character"},
	{"NUL in a name", "Content-Disposition: form-data; name=\"file\"; filename=\"a.pdf\x00.exe\"", "form_malformed", "control character"},
	{"tab after the colon", "Content-Disposition:\tform-data; name=\"file\"; filename=\"a.pdf\"", "form_malformed", "control character"},
	{"unknown header", goodHead + "\nContent-Disposition-X: a", "form_malformed", "header other than"},
	{"MIME-Version", goodHead + "\nMIME-Version: 1.0", "form_malformed", "header other than"},
	{"Content-Encoding", goodHead + "\nContent-Encoding: gzip", "form_malformed", "header other than"},
	{"five headers", goodHead + "\nContent-Type: a/b\nContent-Length: 4\nContent-Transfer-Encoding: binary\nX: y", "form_malformed", "more than four headers"},
	{"disposition twice", goodHead + "\n" + goodHead, "form_malformed", "header content-disposition twice"},
	{"type twice", goodHead + "\nContent-Type: a/b\ncontent-type: a/b", "form_malformed", "header content-type twice"},
	{"8 KiB and a byte", goodHead + "\nContent-Type: a/" + strings.Repeat("b", 8<<10-len(goodHead)-17), "form_malformed", "more than 8 KiB"},

	{"attachment", "Content-Disposition: attachment; name=\"file\"; filename=\"a.pdf\"", "form_malformed", "other than form-data"},
	{"form-data with a tail", "Content-Disposition: form-data-x; name=\"file\"; filename=\"a.pdf\"", "form_malformed", "do not belong"},
	{"short disposition", "Content-Disposition: form", "form_malformed", "other than form-data"},
	{"no semicolon after form-data", "Content-Disposition: form-data name=\"file\"; filename=\"a.pdf\"", "form_malformed", "lacks a semicolon"},
	{"no semicolon between parameters", "Content-Disposition: form-data; name=\"file\" filename=\"a.pdf\"", "form_malformed", "lacks a semicolon"},
	{"semicolon at the end", goodHead + ";", "form_malformed", "ends in a semicolon"},
	{"blank before a semicolon", "Content-Disposition: form-data; name=\"file\" ; filename=\"a.pdf\"", "form_malformed", "blank before a semicolon"},
	{"quote not closed", "Content-Disposition: form-data; name=\"file\"; filename=\"a.pdf", "form_malformed", "never closed"},
	{"quote in a quoted name", "Content-Disposition: form-data; name=\"file\"; filename=\"a\"b.pdf\"", "form_malformed", "wrong quoting"},
	{"escaped quote", "Content-Disposition: form-data; name=\"file\"; filename=\"a\\\".pdf\"", "form_malformed", "backslash"},
	{"path with backslashes", "Content-Disposition: form-data; name=\"file\"; filename=\"C:\\\\a.pdf\"", "form_malformed", "backslash"},
	{"single quotes do not quote", "Content-Disposition: form-data; name='file'; filename=\"a.pdf\"", "form_part_unexpected", "part other than"},
	{"blank in an unquoted name", "Content-Disposition: form-data; name=file; filename=my a.pdf", "form_malformed", "lacks a semicolon"},
	{"brackets in an unquoted name", "Content-Disposition: form-data; name=file; filename=a(1).pdf", "form_malformed", "wrong quoting"},
	{"name twice", "Content-Disposition: form-data; name=\"file\"; name=\"filename\"; filename=\"a.pdf\"", "form_malformed", "parameter name twice"},
	{"filename twice", goodHead + "; filename=\"b.pdf\"", "form_malformed", "parameter filename twice"},
	{"filename twice in another case", goodHead + "; FileName=\"b.pdf\"", "form_malformed", "parameter filename twice"},
	{"name in upper case", "Content-Disposition: form-data; Name=\"file\"; filename=\"a.pdf\"", "form_malformed", "not in lower case"},
	{"name*", "Content-Disposition: form-data; name*=utf-8''file; filename=\"a.pdf\"", "form_malformed", "RFC 2231"},
	{"name*0", "Content-Disposition: form-data; name*0=\"fi\"; name*1=\"le\"; filename=\"a.pdf\"", "form_malformed", "RFC 2231"},
	{"filename*0", "Content-Disposition: form-data; name=\"file\"; filename*0=\"a.\"; filename*1=\"pdf\"", "form_malformed", "RFC 2231"},
	{"filename*0*", "Content-Disposition: form-data; name=\"file\"; filename*0*=utf-8''a.; filename*1*=pdf", "form_malformed", "RFC 2231"},
	{"filename* alone", "Content-Disposition: form-data; name=\"file\"; filename*=utf-8''a.pdf", "form_malformed", "without a filename"},
	{"filename* differs", goodHead + "; filename*=utf-8''a.exe", "form_malformed", "differ"},
	{"filename* in another charset", goodHead + "; filename*=iso-8859-1''a.pdf", "form_malformed", "RFC 8187"},
	{"filename* without its quotes", goodHead + "; filename*=a.pdf", "form_malformed", "RFC 8187"},
	{"filename* with a broken escape", goodHead + "; filename*=utf-8''a%2.pdf", "form_malformed", "RFC 8187"},
	{"filename* that is not UTF-8", goodHead + "; filename*=utf-8''a%FF.pdf", "form_malformed", "RFC 8187"},
	{"encoded word alone", "Content-Disposition: form-data; name=\"file\"; filename=\"=?utf-8?B?YS5leGU=?=\"", "form_malformed", "encoded word"},
	{"encoded word that differs", "Content-Disposition: form-data; name=\"file\"; filename=\"=?utf-8?B?YS5leGU=?=\"; filename*=utf-8''a.pdf", "form_malformed", "differ"},
	{"broken encoded word", "Content-Disposition: form-data; name=\"file\"; filename=\"=?utf-8?B?YS5wZGY==?=\"; filename*=utf-8''a.pdf", "form_malformed", "encoded word"},
	{"parameter in a quoted name", "Content-Disposition: form-data; name=\"file\"; filename=\"a; filename=b.exe; .pdf\"", "form_malformed", "looks like a parameter"},
	{"name= in a quoted name", "Content-Disposition: form-data; name=\"file\"; filename=\"x name=filename.pdf\"", "form_malformed", "looks like a parameter"},
	{"filename*0= in a quoted name", "Content-Disposition: form-data; name=\"file\"; filename=\"x filename*0*=b.pdf\"", "form_malformed", "looks like a parameter"},
	{"any parameter in a quoted name", "Content-Disposition: form-data; name=\"file\"; filename=\"a; b=c.pdf\"", "form_malformed", "looks like a parameter"},
	{"unknown parameter", goodHead + "; size=4", "form_malformed", "parameter other than name and filename"},
	{"no name parameter", "Content-Disposition: form-data; filename=\"a.pdf\"", "form_malformed", "without a name"},
	{"form-data alone", "Content-Disposition: form-data", "form_malformed", "without a name"},

	{"nested multipart", goodHead + "\nContent-Type: multipart/mixed; boundary=def", "form_malformed", "multipart itself"},
	{"nested multipart in capitals", goodHead + "\nContent-Type: MultiPart/Mixed", "form_malformed", "multipart itself"},
	{"type without a slash", goodHead + "\nContent-Type: pdf", "form_malformed", "not a media type"},
	{"type with bad parameters", goodHead + "\nContent-Type: text/plain; charset", "form_malformed", "Content-Type that has a parameter without a value"},
	{"type with RFC 2231", goodHead + "\nContent-Type: text/plain; charset*=utf-8''utf-8", "form_malformed", "RFC 2231"},
	{"base64", goodHead + "\nContent-Transfer-Encoding: base64", "form_malformed", "Content-Transfer-Encoding other"},
	{"quoted-printable", goodHead + "\ncontent-transfer-encoding: Quoted-Printable", "form_malformed", "Content-Transfer-Encoding other"},
	{"transfer encoding with a comment", goodHead + "\nContent-Transfer-Encoding: 8bit (x)", "form_malformed", "Content-Transfer-Encoding other"},
	{"length too small", goodHead + "\nContent-Length: 3", "form_malformed", "not its length"},
	{"length too large", goodHead + "\nContent-Length: 5", "form_malformed", "not its length"},
	{"length with a sign", goodHead + "\nContent-Length: +4", "form_malformed", "not a number"},
	{"length with a leading zero", goodHead + "\nContent-Length: 04", "form_malformed", "not a number"},
	{"length in hexadecimal", goodHead + "\nContent-Length: 0x4", "form_malformed", "not a number"},
	{"length of twenty digits", goodHead + "\nContent-Length: 00000000000000000004", "form_malformed", "not a number"},

	{"another part", "Content-Disposition: form-data; name=\"tags\"", "form_part_unexpected", "part other than"},
	{"another file", "Content-Disposition: form-data; name=\"files\"; filename=\"a.pdf\"", "form_part_unexpected", "part other than"},
	{"__proto__", "Content-Disposition: form-data; name=\"__proto__\"; filename=\"a.pdf\"", "form_part_unexpected", "part other than"},
	{"file in capitals", "Content-Disposition: form-data; name=\"File\"; filename=\"a.pdf\"", "form_part_unexpected", "part other than"},
	{"empty name", "Content-Disposition: form-data; name=\"\"; filename=\"a.pdf\"", "form_part_unexpected", "part other than"},
	{"file as text", "Content-Disposition: form-data; name=\"file\"", "file_missing", "no filename"},
	{"filename as a file", "Content-Disposition: form-data; name=\"filename\"; filename=\"a.pdf\"", "form_part_unexpected", "has a filename"},
	{"filename as a file without a name", "Content-Disposition: form-data; name=\"filename\"; filename=\"\"", "form_part_unexpected", "has a filename"},
	{"filename as JSON", "Content-Disposition: form-data; name=\"filename\"\nContent-Type: application/json", "form_malformed", "other than text/plain"},
	{"filename in UTF-16", "Content-Disposition: form-data; name=\"filename\"\nContent-Type: text/plain; charset=utf-16le", "form_malformed", "charset other than utf-8"},
}

const (
	titleHead = begin + "Content-Disposition: form-data; name=\"filename\""
	utf8Title = "\xc3\x9cbersicht"
)

// bodyFaults are whole bodies with the boundary abc.
var bodyFaults = []fault{
	{"empty", "", "form_malformed", "body is empty"},
	{"no form", "hello", "form_malformed", "does not begin with the boundary"},
	{"another boundary", strings.ReplaceAll(good+end, "abc", "abd"), "form_malformed", "does not begin with the boundary"},
	{"preamble", "preamble\r\n" + good + end, "form_malformed", "before its first boundary"},
	{"empty line first", "\r\n" + good + end, "form_malformed", "before its first boundary"},
	{"byte order mark first", "\xef\xbb\xbf" + good + end, "form_malformed", "before its first boundary"},
	{"no parts", "--abc--\r\n", "file_missing", "no part file"},
	{"only a title", titleHead + "\r\n\r\nTitle" + end, "file_missing", "no part file"},
	{"two files", good + "\r\n" + good + end, "form_part_unexpected", "more than one part file"},
	{"two titles", titleHead + "\r\n\r\na\r\n" + titleHead + "\r\n\r\nb" + end, "form_part_unexpected", "more than one part filename"},
	{"a second part of another name", good + "\r\n--abc\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n1" + end, "form_part_unexpected", "part other than"},
	{"ends within the first boundary", "--ab", "form_malformed", "within its first boundary"},
	{"ends after the first boundary", "--abc\r", "form_malformed", "ends after a boundary"},
	{"ends within a head", "--abc\r\nContent-Disp", "form_malformed", "within the headers"},
	{"ends within a file", good, "form_malformed", "not closed"},
	{"ends within a delimiter", good + "\r\n--ab", "form_malformed", "not closed"},
	{"ends after a delimiter", good + "\r\n--abc", "form_malformed", "ends after a boundary"},
	{"ends after one hyphen", good + "\r\n--abc-", "form_malformed", "ends after a boundary"},
	{"no closing boundary", good + "\r\n--abc\r\n", "form_malformed", "within the headers"},
	{"text after the end", good + end + "x", "form_malformed", "after its closing boundary"},
	{"text on the closing line", good + "\r\n--abc--x", "form_malformed", "after its closing boundary"},
	{"blank on the closing line", good + "\r\n--abc-- \r\n", "form_malformed", "after its closing boundary"},
	{"LF at the end", good + "\r\n--abc--\n", "form_malformed", "after its closing boundary"},
	{"CR at the end", good + "\r\n--abc--\r", "form_malformed", "after its closing boundary"},
	{"three line ends at the end", good + end + "\r\n\r\n", "form_malformed", "after its closing boundary"},
	{"a part after the end", good + end + good + end, "form_malformed", "after its closing boundary"},
	{"a long epilogue", good + end + strings.Repeat("\r\n", 300_000), "form_malformed", "after its closing boundary"},
	{"LF after the first boundary", "--abc\n" + goodHead + "\r\n\r\ndata" + end, "form_malformed", "boundary line that ends in LF"},
	{"LF throughout", strings.ReplaceAll(good+end, "\r\n", "\n"), "form_malformed", "boundary line that ends in LF"},
	{"LF in the head", begin + goodHead + "\nContent-Type: a/b\r\n\r\ndata" + end, "form_malformed", "ends in LF without CR"},
	{"LF for the empty line", begin + goodHead + "\n\ndata" + end, "form_malformed", "end in LF without CR"},
	{"LF before the closing boundary", good + "\n--abc--\r\n", "form_malformed", "LF without CR"},
	{"CR before the closing boundary", good + "\r--abc--\r\n", "form_malformed", "CR without LF"},
	{"CR after the first boundary", "--abc\r" + goodHead + "\r\n\r\ndata" + end, "form_malformed", "goes on"},
	{"blank after the first boundary", "--abc \r\n" + goodHead + "\r\n\r\ndata" + end, "form_malformed", "blanks after the boundary"},
	{"tab after a boundary in the file", good + "\r\n--abc\t\r\nmore" + end, "form_malformed", "blanks after the boundary"},
	{"blank after a boundary in the file", good + "\r\n--abc \r\nmore" + end, "form_malformed", "blanks after the boundary"},
	{"colon after a boundary in the file", good + "\r\n--abc: x\r\nmore" + end, "form_malformed", "goes on"},
	{"longer boundary in the file", good + "\r\n--abcd\r\nmore" + end, "form_malformed", "goes on"},
	{"one hyphen after a boundary in the file", good + "\r\n--abc-\r\nmore" + end, "form_malformed", "goes on"},
	{"boundary after LF in the file", good + "\n--abc\r\nmore" + end, "form_malformed", "LF without CR"},
	{"boundary after CR in the file", good + "\r--abc\r\nmore" + end, "form_malformed", "CR without LF"},
	{"boundary within a line and after LF", good + "x--abc\n--abc\r\nmore" + end, "form_malformed", "LF without CR"},
	{"boundary within a line and after CR", good + "x--abc\r--abc\r\nmore" + end, "form_malformed", "CR without LF"},
	{"boundary within a line, after CR and at the end", good + "x--abc\r--abc" + end, "form_malformed", "CR without LF"},
	{"boundary within a line, and after CR in the next part", good + "x--abc\r\n" + titleHead + "\r\n\r\na\r--abc" + end, "form_malformed", "part 2 of the form has a line that begins with the boundary after a CR"},
	{"boundary at the file's beginning", begin + goodHead + "\r\n\r\n--abc--\r\n", "form_malformed", "empty part for some readers"},
	{"LF and boundary at the file's beginning", begin + goodHead + "\r\n\r\n\n--abc--\r\n", "form_malformed", "LF without CR"},
	{"boundary twice", "--abc\r\n" + good + end, "form_malformed", "without a colon"},
	{"title of more than 4 KiB", titleHead + "\r\n\r\n" + strings.Repeat("a", 4<<10+1) + "\r\n" + good + end, "filename_invalid", "longer than 160"},
	{"title beyond a buffer", titleHead + "\r\n\r\n" + strings.Repeat("a", 300_000) + "\r\n" + good + end, "filename_invalid", "longer than 160"},
	{"title in Latin 1 that is not ASCII", titleHead + "\r\nContent-Type: text/plain; charset=ISO-8859-1\r\n\r\n\xdcbersicht\r\n" + good + end, "form_malformed", "charset other than utf-8"},
	{"title in ASCII that is not", titleHead + "\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n" + utf8Title + "\r\n" + good + end, "form_malformed", "charset other than utf-8"},
}

// body puts a head around four bytes.
func (f fault) body() string {
	return begin + strings.ReplaceAll(f.Text, "\n", "\r\n") + "\r\n\r\ndata" + end
}

func TestContentTypeFaults(t *testing.T) {
	for _, fault := range contentTypeFaults {
		t.Run(fault.Name, func(t *testing.T) {
			_, no := Boundary(contentType(fault.Text))
			wantRefusal(t, no, fault.Code, fault.Message)
		})
	}
}

func TestHeadFaults(t *testing.T) {
	for _, fault := range headFaults {
		t.Run(fault.Name, func(t *testing.T) {
			_, no := readForm(strings.NewReader(fault.body()), "abc")
			wantRefusal(t, no, fault.Code, fault.Message)
		})
	}
}

func TestBodyFaults(t *testing.T) {
	for _, fault := range bodyFaults {
		t.Run(fault.Name, func(t *testing.T) {
			_, no := readForm(strings.NewReader(fault.Text), "abc")
			wantRefusal(t, no, fault.Code, fault.Message)
		})
	}
}
