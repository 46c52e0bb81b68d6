package refusal

import "testing"

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 bytes", 1023: "1023 bytes", 1024: "1 KiB", 1025: "1025 bytes", 1536 << 10: "1536 KiB", 10 << 20: "10 MiB", 2 << 30: "2 GiB",
	} {
		if got := Size(n); got != want {
			t.Errorf("%d is written as %q, want %q", n, got, want)
		}
	}
}
