package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"image"
	"image/png"
	"math/rand"
	"os"
	"os/exec"
	"strings"
	"unicode/utf16"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// largePDF is a document with one long stream of noise.
func largePDF(size int) []byte {
	noise := make([]byte, size-400)
	random := rand.New(rand.NewSource(1))
	_, _ = random.Read(noise)
	var pdf bytes.Buffer
	fmt.Fprintf(&pdf, "%%PDF-1.4\n1 0 obj\n<< /Length %d >>\nstream\n", len(noise))
	pdf.Write(noise)
	start := pdf.Len()
	fmt.Fprintf(&pdf, "\nendstream\nendobj\nxref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size 1 >>\nstartxref\n%d\n%%%%EOF\n", start)
	return pdf.Bytes()
}

func largeLog(size int) []byte {
	var text bytes.Buffer
	for n := 0; text.Len() < size; n++ {
		fmt.Fprintf(&text, "2026-01-02T03:04:05.%06dZ level=info msg=\"request served\" path=/api/status n=%d took=%dms\n", n%1000000, n, n%777)
	}
	return text.Bytes()[:size]
}

// accessLog is a web server's log, with addresses, paths, sizes and browsers that vary as in a real one.
func accessLog(seed int64, size int) []byte {
	random := rand.New(rand.NewSource(seed))
	paths := []string{"/", "/login", "/app/dashboards", "/api/status", "/internal/bsearch", "/static/app.js", "/static/app.css", "/favicon.ico"}
	agents := []string{
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0", "curl/8.5.0", "Go-http-client/2.0",
	}
	statuses := []int{200, 200, 200, 200, 304, 302, 401, 404, 500}
	var text bytes.Buffer
	text.Grow(size + 512)
	for second := 0; text.Len() < size; second += random.Intn(2) {
		query := ""
		if random.Intn(8) == 0 {
			query = fmt.Sprintf("?id=%08x", random.Uint32())
		}
		fmt.Fprintf(&text, "10.%d.%d.%d - - [23/Nov/2026:%02d:%02d:%02d +0000] \"GET %s%s HTTP/1.1\" %d %d \"https://kibana.example/app/dashboards\" \"%s\" %.3f\n",
			random.Intn(2), random.Intn(4), random.Intn(256), second/3600%24, second/60%60, second%60,
			paths[random.Intn(len(paths))], query, statuses[random.Intn(len(statuses))], random.Intn(10_000),
			agents[random.Intn(len(agents))], random.Float64())
	}
	return text.Bytes()[:size]
}

// packedLog is a log of 32 MiB in gzip's usual compression.
func packedLog() []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(accessLog(1, 32<<20))
	must(err)
	must(w.Close())
	return out.Bytes()
}

// rotatedLogs is a file of several compressed logs, one behind the other, as rotated logs are gathered.
func rotatedLogs(size int) []byte {
	one := packedLog()
	return bytes.Repeat(one, min(size/len(one), maxUnpacked>>25))
}

// bzipped compresses a log with the program that everybody has, since Go only reads the format.
func bzipped(size int) []byte { return bzippedOf(accessLog(1, 16<<20), size) }

func bzippedOf(text []byte, size int) []byte {
	command := exec.Command("bzip2", "-c")
	command.Stdin = bytes.NewReader(text)
	command.Stderr = os.Stderr
	one, err := command.Output()
	if err != nil {
		panic(fmt.Sprintf("bzip2 is needed for this measurement: %v", err))
	}
	return bytes.Repeat(one, size/len(one))
}

// zippedLogs is an archive of logs.
func zippedLogs(size int) []byte {
	const each = 32 << 20
	log := accessLog(1, each)
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for n := 0; (n+1)*each < 1<<30 && (n == 0 || out.Len()*(n+1)/n < size); n++ {
		m, err := w.Create(fmt.Sprintf("logs/access.%d.log", n))
		must(err)
		_, err = m.Write(log)
		must(err)
	}
	must(w.Close())
	return out.Bytes()
}

// bundle is a support bundle: a tar of thousands of files of a few KiB.
func bundle(members, size int) []byte {
	log := accessLog(1, size/members-512)
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for n := range members {
		must(w.WriteHeader(&tar.Header{Name: fmt.Sprintf("sosreport/node-%d/var/log/service-%d.log", n%8, n), Size: int64(len(log)), Mode: 0o644}))
		_, err := w.Write(log)
		must(err)
	}
	must(w.Close())
	return out.Bytes()
}

// workbook is a spreadsheet of large sheets, as an export is.
func workbook(size int) []byte {
	var sheet bytes.Buffer
	random := rand.New(rand.NewSource(1))
	sheet.WriteString(`<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`)
	for n := 1; sheet.Len() < 64<<20; n++ {
		fmt.Fprintf(&sheet, `<row r="%d"><c r="A%d" t="s"><v>%d</v></c><c r="B%d"><v>%.4f</v></c><c r="C%d"><v>%d</v></c></row>`,
			n, n, random.Intn(50_000), n, random.Float64()*1000, n, random.Intn(1_000_000))
	}
	sheet.WriteString(`</sheetData></worksheet>`)
	parts := []part{{"[Content_Types].xml", []byte(workbookTypesText)}, {"xl/workbook.xml", []byte("<workbook/>")}}
	for n := range 15 {
		parts = append(parts, part{fmt.Sprintf("xl/worksheets/sheet%d.xml", n+1), sheet.Bytes()})
	}
	return zipOf(size, parts)
}

const workbookTypesText = `<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
	`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
	`<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>`

// part is a member of an archive.
type part struct {
	name string
	text []byte
}

// zipOf packs parts as long as the archive has less than so many bytes.
func zipOf(size int, parts []part) []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, p := range parts {
		if out.Len() > size {
			break
		}
		m, err := w.Create(p.name)
		must(err)
		_, err = m.Write(p.text)
		must(err)
	}
	must(w.Close())
	return out.Bytes()
}

// detailedMap is a map as drawing programs write them: 50,000 paths, each with a style of its own making.
func detailedMap(size int) []byte {
	const paths = 50_000
	random := rand.New(rand.NewSource(1))
	var out bytes.Buffer
	out.WriteString(`<?xml version="1.0" encoding="UTF-8" standalone="no"?>` + "\n" +
		`<svg xmlns="http://www.w3.org/2000/svg" xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape" width="1000" height="1000" viewBox="0 0 1000 1000">` + "\n")
	colours := []string{"#aa5500", "#0055aa", "#55aa00", "#999999", "#f5f5dc"}
	for n := range paths {
		room := (size - out.Len() - 20) / (paths - n)
		begin := out.Len()
		fmt.Fprintf(&out, `<path id="path%d" style="fill:none;stroke:%s;stroke-width:%.2f;stroke-linecap:round" d="M %.2f,%.2f`,
			n, colours[random.Intn(len(colours))], random.Float64(), random.Float64()*1000, random.Float64()*1000)
		for out.Len()-begin < room-24 {
			fmt.Fprintf(&out, " l %.2f,%.2f", random.Float64()*10, random.Float64()*10)
		}
		out.WriteString("\" />\n")
	}
	out.WriteString("</svg>\n")
	return out.Bytes()
}

// noisePicture is a PNG that can't be compressed.
func noisePicture(size int) []byte {
	side := 1
	for side*side*3 < size {
		side++
	}
	picture := image.NewNRGBA(image.Rect(0, 0, side, side))
	_, _ = rand.New(rand.NewSource(1)).Read(picture.Pix)
	for i := 3; i < len(picture.Pix); i += 4 {
		picture.Pix[i] = 255
	}
	var out bytes.Buffer
	must((&png.Encoder{CompressionLevel: png.NoCompression}).Encode(&out, picture))
	return out.Bytes()
}

// table is a CSV, and records is JSON, one object a line.
func table(size int) []byte {
	return bytes.ReplaceAll(accessLog(1, size), []byte(" "), []byte(","))
}

func records(size int) []byte {
	line := `{"@timestamp":"2026-11-23T10:00:00.000Z","event":{"action":"login","outcome":"failure"},"source":{"ip":"192.0.2.7"},"user":{"name":"grüße"}}` + "\n"
	return []byte(strings.Repeat(line, size/len(line)))
}

// wide is a text in UTF-16 with its mark, as Windows exports events.
func wide(text string) []byte {
	units := utf16.Encode([]rune(text))
	out := make([]byte, 2, 2+2*len(units))
	copy(out, "\xff\xfe")
	for _, u := range units {
		out = append(out, byte(u), byte(u>>8))
	}
	return out
}
