package attacks

import (
	"strings"
	"testing"

	"github.com/casegate/casegate/e2e/harness"
)

func formAttacks() []attack {
	const twoReadings = "what two readers could read differently is refused"
	const disposition = "Content-Disposition: form-data; name=\"file\"; filename=\"notes.txt\"\n"
	const harmless = "--B\n" + disposition + "\nhello\n"
	const bad = "--B\nContent-Disposition: form-data; name=\"file\"; filename=\"tool.exe\"\n\nMZ\n"
	head := func(lines string) sender { return form("--B\n" + lines + "\n\nhello\n--B--\n") }
	return []attack{
		{"form-two-files", "a harmless file first, a program second: one reader takes the last", "one file alone", "", "form_part_unexpected", form(harmless + bad + "--B--\n"), nil},
		{"form-after-the-end", "a second form behind the closing boundary", twoReadings, "", "form_malformed", form(harmless + "--B--\n" + bad + "--B--\n"), nil},
		{"form-preamble", "a part before the first boundary", twoReadings, "", "form_malformed", form("x\n" + harmless + "--B--\n"), nil},
		{"form-lf", "line feeds without CR in a part's head", twoReadings, "", "form_malformed", mixed("--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"notes.txt\"\nX: y\r\n\r\nhello\r\n--B--\r\n"), nil},
		{"form-lf-boundary", "a delimiter after a bare LF in the file's bytes", twoReadings, "", "form_malformed", mixed("--B\r\n" + strings.ReplaceAll(disposition, "\n", "\r\n") + "\r\nhello\n--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"tool.exe\"\r\n\r\nMZ\r\n--B--\r\n"), nil},
		{"form-delimiter-blanks", "blanks behind a delimiter", twoReadings, "", "form_malformed", form(harmless + "--B  \nContent-Disposition: form-data; name=\"x\"\n\ny\n--B--\n"), nil},
		{"form-transfer-encoding", "Content-Transfer-Encoding: base64, which some readers decode", "only encodings that change nothing", "", "form_malformed", form("--B\n" + disposition + "Content-Transfer-Encoding: base64\n\nTVqQAAMAAAAEAAAA\n--B--\n"), nil},
		{"form-filename-star", "`filename*` with another name than `filename`", "both must be the same name", "", "form_malformed", head("Content-Disposition: form-data; name=\"file\"; filename=\"notes.txt\"; filename*=UTF-8''tool.exe"), nil},
		{"form-continued-name", "`filename*0=` (RFC 2231)", "continuations are refused", "", "form_malformed", head("Content-Disposition: form-data; name=\"file\"; filename*0=\"notes.\"; filename*1=\"exe\""), nil},
		{"form-filename-twice", "two filenames in one disposition", "no parameter may stand twice", "", "form_malformed", head("Content-Disposition: form-data; name=\"file\"; filename=\"notes.txt\"; filename=\"tool.exe\""), nil},
		{"form-two-dispositions", "two Content-Dispositions in one part", "no header may stand twice", "", "form_malformed", head(disposition + "Content-Disposition: form-data; name=\"file\"; filename=\"tool.exe\""), nil},
		{"form-parameter-in-quotes", "`filename=\"a.txt; filename=tool.exe\"`", "no text that looks like a parameter within quotes", "", "form_malformed", head("Content-Disposition: form-data; name=\"file\"; filename=\"a.txt; filename=tool.exe; x.txt\""), nil},
		{"form-escaped-quote", "`filename=\"tool.exe\\\".txt\"`", "no backslash within quotes", "", "form_malformed", head("Content-Disposition: form-data; name=\"file\"; filename=\"tool.exe\\\".txt\""), nil},
		{"form-folded-header", "a Content-Disposition that goes on in the next line", twoReadings, "", "form_malformed", head("Content-Disposition: form-data; name=\"file\";\n filename=\"notes.txt\""), nil},
		{"form-proto", "a part named `__proto__`", "no part but file and filename", "", "form_part_unexpected", form(harmless + "--B\nContent-Disposition: form-data; name=\"__proto__\"\n\nx\n--B--\n"), nil},
		{"form-file-array", "a part named `file[]`", "no part but file and filename", "", "form_part_unexpected", form("--B\nContent-Disposition: form-data; name=\"file[]\"; filename=\"notes.txt\"\n\nhello\n--B--\n"), nil},
		{"form-title-is-a-file", "the title sent as a second file", "the title is plain text", "", "form_part_unexpected", form(harmless + "--B\nContent-Disposition: form-data; name=\"filename\"; filename=\"tool.exe\"\n\nMZ\n--B--\n"), nil},
		{"form-two-titles", "two titles, a bad one last", "one title", "", "form_part_unexpected", form("--B\nContent-Disposition: form-data; name=\"filename\"\n\nnotes\n--B\nContent-Disposition: form-data; name=\"filename\"\n\ntool.exe\n" + harmless + "--B--\n"), nil},
		{"form-huge-head", "a part's head of 1 MiB", "a head has at most 8 KiB", "", "form_malformed", head(disposition + "Content-Type: text/plain; x=" + strings.Repeat("a", 1<<20)), nil},
		{"form-huge-title", "a title of 1 MiB", "4 KiB are read of it", "", "filename_invalid", titled(strings.Repeat("a", 1<<20)), nil},
		{"form-part-length", "a part's Content-Length shorter than its bytes", "it must be right", "", "form_malformed", head(disposition + "Content-Length: 2"), nil},
		{"form-no-file", "the file as a text part, without a filename", "a file has a filename", "", "file_missing", form("--B\nContent-Disposition: form-data; name=\"file\"\n\nhello\n--B--\n"), nil},
		{"form-not-closed", "a form without its closing boundary", "a form must be complete before anything is forwarded", "", "form_malformed", form(harmless), nil},
	}
}

// mixed sends a form whose line ends are as they are written.
func mixed(text string) sender {
	return func(t *testing.T, at place) *harness.Answer {
		return raw(t, upload(at, harness.CasePath("9"), []byte(strings.ReplaceAll(text, "--B", "--"+harness.Boundary))))
	}
}

func nameAttacks() []attack {
	const byName = "Kibana's table, looked up as Kibana does, knows no such type"
	const reserved = "names that readers or systems change are refused"
	const titles = "a title may not end in an extension that runs"
	return []attack{
		{"name-program", "`tool.exe`", byName, "", "type_not_allowed", file("tool.exe", harness.PE()), nil},
		{"name-double-extension", "`invoice.pdf.exe`", byName, "", "type_not_allowed", file("invoice.pdf.exe", harness.PE()), nil},
		{"name-program-inside", "`invoice.exe.pdf`, a program", "content decides as well", "", "executable_content", file("invoice.exe.pdf", harness.PE()), nil},
		{"name-dotted-i", "`x.GİF` (U+0130): JavaScript and Go lower it differently", "no extension of the table has it", "office", "type_not_allowed", file("x.G\u0130F", gif()), nil},
		{"name-fullwidth", "`notes.ｔｘｔ` in full-width letters", byName, "", "type_not_allowed", named("notes.ｔｘｔ"), nil},
		{"name-trailing-dot", "`tool.exe.txt.`, which Windows cuts", reserved, "", "filename_invalid", named("tool.txt."), nil},
		{"name-trailing-blank", "`tool.txt ` with a blank at the end", reserved, "", "filename_invalid", named("tool.txt "), nil},
		{"name-stream", "`notes.txt:tool.exe`, a stream of NTFS", byName, "", "type_not_allowed", named("notes.txt:tool.exe"), nil},
		{"name-turned", "`notes\u202etxt.exe.txt` with a right-to-left override", reserved, "", "filename_invalid", named("notes\u202etxt.exe.txt"), nil},
		{"name-hidden", "a zero-width space in the extension", reserved, "", "filename_invalid", named("notes.t\u200bxt"), nil},
		{"name-nul", "`tool.exe` + zero byte + `.txt`", "no control characters in a head", "", "form_malformed", named("tool.exe\x00.txt"), nil},
		{"name-encoded-nul", "`notes.txt%00.exe`", byName, "", "type_not_allowed", named("notes.txt%00.exe"), nil},
		{"name-path", "`../../notes.txt`", "no slashes in a name", "", "filename_invalid", named("../../notes.txt"), nil},
		{"name-backslash", "`..\\notes.txt`", "no backslash within quotes", "", "form_malformed", named("..\\notes.txt"), nil},
		{"name-dot-only", "`.txt`, which has no extension to Node", "read as Node reads it", "", "type_not_allowed", named(".txt"), nil},
		{"name-device", "`con.txt`", reserved, "", "filename_invalid", named("con.txt"), nil},
		{"name-encoded-word", "`=?utf-8?b?dG9vbC5leGU=?=`", "encoded words are decoded by some readers alone", "", "form_malformed", named("=?utf-8?b?dG9vbC5leGU=?="), nil},
		{"name-latin1", "bytes that are not UTF-8", "names are UTF-8", "", "filename_invalid", named("gr\xfc\xdfe.txt"), nil},
		{"name-long", "300 characters, so that a store cuts the extension", "Kibana's own 160", "", "filename_invalid", named(strings.Repeat("a", 300) + ".txt"), nil},
		{"name-line-end", "a line end in the name, for headers and logs", "no control characters in a head", "", "form_malformed", named("a\r" + forged + ".txt"), nil},
		{"title-program", "the title `tool.ExE`", titles, "", "filename_invalid", titled("tool.ExE"), nil},
		{"title-kelvin", "the title `tool.ln\u212a` with the Kelvin sign, a k in lower case", titles, "", "filename_invalid", titled("tool.ln\u212a"), nil},
		{"title-stream", "the title `tool.exe::$DATA`, which NTFS writes to tool.exe", titles, "", "filename_invalid", titled("tool.exe::$DATA"), nil},
		{"title-disk-image", "the title `tool.iso`", titles, "", "filename_invalid", titled("tool.iso"), nil},
		{"title-line-end", "a line end in the title, to forge a line of the log", "no control characters in a title", "", "filename_invalid", titled("a\r\n{\"forged\":\"" + forged + "\"}"), nil},
		{"title-empty", "an empty title", "a title has 1 to 160 characters", "", "filename_invalid", form("--B\nContent-Disposition: form-data; name=\"filename\"\n\n\n--B\nContent-Disposition: form-data; name=\"file\"; filename=\"notes.txt\"\n\nhello\n--B--\n"), nil},
	}
}
