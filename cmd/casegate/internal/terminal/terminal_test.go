package terminal

import "testing"

func TestSafe(t *testing.T) {
	for text, want := range map[string]string{
		"report.pdf":         "report.pdf",
		"Bericht März.pdf":   "Bericht März.pdf",
		"two words.txt":      "two words.txt",
		"":                   "",
		"a\x1b[2Jb":          `"a\x1b[2Jb"`,
		"a\nb":               `"a\nb"`,
		"gpj.\u202eexe":      `"gpj.\u202eexe"`,
		"not utf-8: \xff":    `"not utf-8: \xff"`,
		"tab\tand \"quote\"": `"tab\tand \"quote\""`,
	} {
		if got := Safe(text); got != want {
			t.Errorf("Safe(%q): got %s, want %s", text, got, want)
		}
	}
}
