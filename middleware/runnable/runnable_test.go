package runnable

import "testing"

func TestExtension(t *testing.T) {
	tests := []struct{ name, want string }{
		{"a.exe", "exe"},
		{"A.EXE", "exe"},
		{"folder/a.vbs", "vbs"},
		{`folder\a.vbs`, "vbs"},
		{"a.txt.js", "js"},
		{"a.js. . ", "js"},
		{"a.exe:b.txt", "exe"},
		{"a.exe::$DATA", "exe"},
		{"a.txt:b.exe", "exe"},
		{"a.js.:b", "js"},
		{"C:/a.txt", ""},
		{"a.txt", ""},
		{"a.exe.txt", ""},
		{"exe", ""},
		{".", ""},
		{"", ""},
	}
	for _, test := range tests {
		if got := Extension(test.name); got != test.want {
			t.Errorf("%q: got %q, want %q", test.name, got, test.want)
		}
	}
}
