package form

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

const benchmarkBoundary = "------------------------0f1e2d3c4b5a6978901234"

func benchmarkForm(b *testing.B, file func() io.Reader, size int) {
	head := []byte("--" + benchmarkBoundary + fileStart + "report.pdf" + typeStart + "application/pdf" + headEnd)
	closing := []byte("\r\n--" + benchmarkBoundary + "--\r\n")
	header := contentType(plainType + benchmarkBoundary)
	b.SetBytes(int64(size))
	b.ReportAllocs()
	b.ResetTimer()
	for round := 0; round < b.N; round++ {
		boundary, no := Boundary(header)
		if no != nil {
			b.Fatal(no)
		}
		reader := newReader(io.MultiReader(bytes.NewReader(head), file(), bytes.NewReader(closing)), boundary)
		total := 0
		for {
			part, no := Next(reader)
			if no != nil {
				b.Fatal(no)
			}
			if part == nil {
				break
			}
			for {
				chunk, no := Chunk(reader)
				if no != nil {
					b.Fatal(no)
				}
				if chunk == nil {
					break
				}
				total += len(chunk)
			}
		}
		Close(reader)
		if total != size {
			b.Fatalf("%d bytes instead of %d", total, size)
		}
	}
}

// repeated is a file of the given size made of one text over and over.
func repeated(text string, size int) func() io.Reader {
	block := []byte(strings.Repeat(text, 1+1<<20/len(text)))
	return func() io.Reader {
		var readers []io.Reader
		for left := size; left > 0; left -= len(block) {
			if left < len(block) {
				readers = append(readers, bytes.NewReader(block[:left]))
			} else {
				readers = append(readers, bytes.NewReader(block))
			}
		}
		return io.MultiReader(readers...)
	}
}

func BenchmarkForm10KiB(b *testing.B) {
	benchmarkForm(b, repeated("%PDF some text\r\n", 10<<10), 10<<10)
}

func BenchmarkForm99MiB(b *testing.B) {
	benchmarkForm(b, repeated("%PDF some text\r\n", 99<<20), 99<<20)
}

func BenchmarkForm99MiBOfNearBoundaries(b *testing.B) {
	near := "\r\n--" + strings.TrimSuffix(benchmarkBoundary, "4")
	benchmarkForm(b, repeated(near, 99<<20), 99<<20)
}

func BenchmarkForm99MiBOfLineEnds(b *testing.B) {
	benchmarkForm(b, repeated("\r\n--", 99<<20), 99<<20)
}

func BenchmarkForm99MiBOfBoundariesInLines(b *testing.B) {
	benchmarkForm(b, repeated("x--"+benchmarkBoundary, 99<<20), 99<<20)
}

func BenchmarkForm99MiBOfHyphens(b *testing.B) {
	benchmarkForm(b, repeated("-", 99<<20), 99<<20)
}
