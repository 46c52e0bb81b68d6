package form

import (
	"strings"
	"testing"

	"github.com/casegate/casegate/middleware/refusal"
)

func TestNames(t *testing.T) {
	for name, row := range map[string]struct{ name, fault string }{
		"plain":                           {"report.pdf", ""},
		"blank within":                    {"my report.pdf", ""},
		"blank at the beginning":          {" report.pdf", ""},
		"hidden on Unix":                  {".profile.txt", ""},
		"no extension":                    {"README", ""},
		"punctuation":                     {"a;b=c&d%20e#f'g(h)[i]{j}~!@$^+,-_`.txt", ""},
		"composed":                        {"\u00dcbersicht.pdf", ""},
		"decomposed":                      {"U\u0308bersicht.pdf", ""},
		"emoji with joiner":               {"👩‍💻.png", ""},
		"non-joiner":                      {"می\u200cخواهم.pdf", ""},
		"left-to-right mark":              {"a\u200eb.pdf", ""},
		"replacement character":           {"a\ufffdb.pdf", ""},
		"160 characters":                  {strings.Repeat("ä", 156) + ".pdf", ""},
		"161 characters":                  {strings.Repeat("ä", 157) + ".pdf", "longer than 160"},
		"161 characters with replacement": {strings.Repeat("\ufffd", 161), "longer than 160"},
		"empty":                           {"", "is empty"},
		"not UTF-8":                       {"a\xff.pdf", "not valid UTF-8"},
		"surrogate":                       {"a\xed\xa0\x80.pdf", "not valid UTF-8"},
		"overlong slash":                  {"a\xc0\xaf.pdf", "not valid UTF-8"},
		"NUL":                             {"a\x00.pdf", "control character"},
		"tab":                             {"a\t.pdf", "control character"},
		"delete":                          {"a\x7f.pdf", "control character"},
		"C1 control":                      {"a\u0085.pdf", "control character"},
		"right-to-left override":          {"a\u202efdp.exe", "direction"},
		"left-to-right embedding":         {"a\u202a.pdf", "direction"},
		"first isolate":                   {"a\u2066.pdf", "direction"},
		"last isolate":                    {"a\u2069.pdf", "direction"},
		"line separator":                  {"a\u2028.pdf", "can't be seen"},
		"paragraph separator":             {"a\u2029.pdf", "can't be seen"},
		"zero-width space":                {"a\u200b.pdf", "can't be seen"},
		"byte order mark":                 {"\ufeffa.pdf", "can't be seen"},
		"slash":                           {"a/b.pdf", "without its folder"},
		"parent folder":                   {"../a.pdf", "without its folder"},
		"backslash":                       {`C:\a.pdf`, "without its folder"},
		"double quote":                    {`a"b.pdf`, "double quote"},
		"dot at the end":                  {"a.pdf.", "ends in a dot"},
		"dot":                             {".", "ends in a dot"},
		"two dots":                        {"..", "ends in a dot"},
		"blank at the end":                {"a.pdf ", "ends in a blank"},
		"blank alone":                     {" ", "ends in a blank"},
		"device":                          {"CON", "device"},
		"device with an extension":        {"nul.pdf", "device"},
		"device with two extensions":      {"Aux.tar.gz", "device"},
		"device and blanks":               {"prn  .txt", "device"},
		"COM1":                            {"com1.txt", "device"},
		"LPT9":                            {"LPT9", "device"},
		"superscript digit":               {"COM¹.txt", "device"},
		"console input":                   {"CONIN$", "device"},
		"COM0 is no device":               {"com0.txt", ""},
		"COM10 is no device":              {"com10.txt", ""},
		"begins like a device":            {"console.txt", ""},
		"ends like a device":              {"my.con", ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, no := range []*refusal.Refusal{CheckFilename(row.name), CheckTitle(row.name)} {
				if row.fault == "" {
					wantPass(t, no)
				} else {
					wantRefusal(t, no, "filename_invalid", row.fault)
				}
			}
		})
	}
}

func TestTitlesThatRun(t *testing.T) {
	for _, extension := range strings.Fields("exe scr com bat cmd js vbs ps1 hta msi lnk jar EXE Js") {
		title := "Quarterly report." + extension
		wantRefusal(t, CheckTitle(title), "filename_invalid", "runs when it is opened")
		wantPass(t, CheckFilename(title))
	}
	for _, title := range []string{"exe", "report.v2", "report.pdf", "setup.exe renamed", "a.exe.txt"} {
		wantPass(t, CheckTitle(title))
	}
}
