package content

import (
	"archive/tar"
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// BenchmarkCost compares hostile files with harmless ones of their type and of about their size.
func BenchmarkCost(b *testing.B) {
	const size = 10 << 20
	tiny := func(n int) item { return text(fmt.Sprintf("d/f%d.txt", n)) }
	for _, c := range []struct {
		name, attached string
		what           int
		file           []byte
	}{
		{"zip/harmless", "a.zip", lookZIP, makeZIP(item{name: "a", body: noise(size)})},
		{"zip/10,000 members", "a.zip", lookZIP, makeZIP(many(10_000, tiny)...)},
		{"zip/a bomb", "a.zip", lookZIP, makeZIP(item{name: "a", body: make([]byte, 10*size)})},
		{"zip/deep paths", "a.zip", lookZIP, makeZIP(many(10_000, func(n int) item { return text(strings.Repeat("folder/", 60) + fmt.Sprint(n)) })...)},
		{"tar/harmless", "a.tar", lookTar, makeTar(item{name: "a", body: noise(size)})},
		{"tar/10,000 members", "a.tar", lookTar, makeTar(many(10_000, tiny)...)},
		{"tar/headers alone", "a.tar", lookTar, bytes.Repeat(makeTar(item{name: strings.Repeat("n", 300), kind: tar.TypeReg})[:1024], size/1024)},
		{"gzip/harmless", "a.gz", lookGzip, makeGzip(noise(size))},
		{"gzip/empty streams", "a.gz", lookGzip, bytes.Repeat(makeGzip(nil), size/25)},
		{"svg/harmless", "a.svg", lookSVG, []byte(svg(strings.Repeat(`<path fill="#fff" d="`+strings.Repeat("M1 2L3 4", 50)+`"/>`, size/450)))},
		{"svg/elements", "a.svg", lookSVG, []byte(svg(strings.Repeat(`<a/>`, size/4)))},
		{"svg/attributes", "a.svg", lookSVG, []byte(svg(strings.Repeat(`<a`+strings.Repeat(` q="(url"`, 100)+`/>`, size/1000)))},
		{"pdf/harmless", "a.pdf", lookPDF, noise(size)},
		{"pdf/slashes", "a.pdf", lookPDF, bytes.Repeat([]byte("/"), size)},
		{"pdf/number signs", "a.pdf", lookPDF, bytes.Repeat([]byte("#6"), size/2)},
		{"pdf/attached files", "a.pdf", lookPDF, bytes.Repeat([]byte("/EF "), size/4)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.file)))
			for i := 0; i < b.N; i++ {
				inspectAs(c.what, c.attached, c.file)
			}
		})
	}
}
