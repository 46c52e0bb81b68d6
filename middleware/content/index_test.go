package content

import (
	"bytes"
	"math/rand"
	"strconv"
	"testing"
)

// It finds what bytes.Index finds, crowded or not, also where the text's beginning stands before it or pieces meet in it.
func TestIndexOf(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	for _, text := range []string{"--boundary", "--", "---", "-----------", "%%EOF", "\r--abc", "/EF"} {
		for _, gap := range []int{1, 2, 7, 9, 30, 200} {
			for n := 0; n < 40; n++ {
				data := bytes.Repeat(append(bytes.Repeat([]byte(" "), gap-1), text[0]), (runUpPiece+random.Intn(3*runUpPiece))/gap)
				for range random.Intn(3) {
					near := [...]int{random.Intn(len(data)), runUpPiece, 2 * runUpPiece, 0}[random.Intn(4)] + random.Intn(24) - 12
					if near >= 0 && near < len(data) {
						copy(data[near:], text)
					}
				}
				if got, want := indexOf(data, []byte(text)), bytes.Index(data, []byte(text)); got != want {
					t.Fatalf("%q, one in %d: %d, want %d", text, gap, got, want)
				}
			}
		}
	}
}

func FuzzIndexOf(f *testing.F) {
	f.Add([]byte("--b"), []byte("----b"), 3)
	f.Fuzz(func(t *testing.T, text, data []byte, times int) {
		if len(text) < 2 || bytes.IndexByte(text, 0) >= 0 || len(data) == 0 || times < 1 || times > 2*runUpPiece/len(data) {
			return
		}
		data = append(bytes.Repeat(data, times), text[:len(text)-1]...)
		if got, want := indexAfterRunUp(data, text), bytes.Index(data, text); got != want {
			t.Errorf("%d, want %d", got, want)
		}
	})
}

func BenchmarkIndexOf(b *testing.B) {
	for _, gap := range []int{5, 9, 20, 40, 60, 256} {
		data := bytes.Repeat(append(bytes.Repeat([]byte(" "), gap-1), '-'), 1<<20/gap)
		for name, index := range map[string]func(data, text []byte) int{"this": indexOf, "bytes": bytes.Index} {
			b.Run("one in "+strconv.Itoa(gap)+"/"+name, func(b *testing.B) {
				b.SetBytes(int64(len(data)))
				for range b.N {
					index(data, []byte("--boundary"))
				}
			})
		}
	}
}

// What is appended to a GIF is found where its first byte is crowded, as elsewhere.
func TestAppendedToCrowdedGIF(t *testing.T) {
	crowded := bytes.Repeat([]byte(";        "), runUpPiece/4)
	if program, page := appendedGIF(crowded); program != "" || page != "" {
		t.Errorf("found %q %q in nothing", program, page)
	}
	for tail, want := range map[string]string{";#!/bin/sh\necho\n": "program", ";<script>alert(1)</script>": "page"} {
		program, page := appendedGIF(append(crowded, tail...))
		if (program != "") != (want == "program") || (page != "") != (want == "page") {
			t.Errorf("%q: program %q, page %q", tail, program, page)
		}
	}
}
