package content

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/hex"
	"strings"
)

// program begins like one of Windows.
func program() []byte {
	return append([]byte("MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00"), make([]byte, 500)...)
}

// item is one member of an archive of a test.
type item struct {
	name string
	body []byte
	// For ZIP.
	method uint16 // 0 is deflate here, and stored is the constant below
	mode   uint32 // the mode of Unix, with its file type
	flags  uint16
	extra  []byte
	// For tar.
	kind byte
	link string
	pax  map[string]string
}

const stored = 99

func text(name string) item { return item{name: name, body: []byte("the text of " + name)} }

// makeZIP writes a ZIP as the library does: with a descriptor behind each member.
func makeZIP(items ...item) []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, i := range items {
		h := &zip.FileHeader{Name: i.name, Method: zip.Deflate, Extra: i.extra}
		if i.method == stored {
			h.Method = zip.Store
		}
		if i.mode != 0 {
			h.CreatorVersion, h.ExternalAttrs = 3<<8, i.mode<<16
		}
		m := must(w.CreateHeader(h))
		if !strings.HasSuffix(i.name, "/") || len(i.body) > 0 {
			must(m.Write(i.body))
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// makePlainZIP writes a ZIP without descriptors, as programs do that can seek.
func makePlainZIP(items ...item) []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, i := range items {
		var packed bytes.Buffer
		f := must(flate.NewWriter(&packed, 6))
		must(f.Write(i.body))
		f.Close()
		h := &zip.FileHeader{
			Name: i.name, Method: zip.Deflate, CRC32: crc(i.body), Extra: i.extra, Flags: i.flags,
			CompressedSize64: uint64(packed.Len()), UncompressedSize64: uint64(len(i.body)),
		}
		data := packed.Bytes()
		if i.method == stored {
			h.Method, h.CompressedSize64, data = zip.Store, uint64(len(i.body)), i.body
		} else if i.method != 0 {
			h.Method = i.method
		}
		if i.mode != 0 {
			h.CreatorVersion, h.ExternalAttrs = 3<<8, i.mode<<16
		}
		must(must(w.CreateRaw(h)).Write(data))
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

func makeTar(items ...item) []byte {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, i := range items {
		kind := i.kind
		if kind == 0 {
			kind = tar.TypeReg
		}
		h := &tar.Header{Name: i.name, Typeflag: kind, Linkname: i.link, Size: int64(len(i.body)), Mode: 0o644, PAXRecords: i.pax}
		if kind == tar.TypeXGlobalHeader {
			h = &tar.Header{Typeflag: kind, PAXRecords: i.pax}
		}
		if err := w.WriteHeader(h); err != nil {
			panic(err)
		}
		must(w.Write(i.body))
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

func makeGzip(body []byte, names ...string) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if len(names) > 0 {
		w.Name = names[0]
	}
	must(w.Write(body))
	w.Close()
	return out.Bytes()
}

// makeBzip2 is one of a few streams, since the library has no writer.
func makeBzip2(body string) []byte {
	return must(hex.DecodeString(map[string]string{
		"":        "425a683917724538509000000000",
		"hello\n": "425a6839314159265359c1c080e2000001410000100244a00030cd00c3462997177245385090c1c080e2",
	}[body]))
}

func many(n int, one func(n int) item) []item {
	items := make([]item, n)
	for i := range items {
		items[i] = one(i)
	}
	return items
}

func concat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// replaced changes one place of a file that must be there.
func replaced(file []byte, old, with string) []byte {
	if bytes.Count(file, []byte(old)) == 0 {
		panic("nothing to replace")
	}
	return bytes.ReplaceAll(file, []byte(old), []byte(with))
}
