package exchange

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"fmt"
	"hash/crc32"
	"strings"

	"github.com/casegate/casegate/internal/hostile"
)

// crowded makes a file that is far more work to read than others of its kind.
func crowded(kind string) (string, error) {
	var out []byte
	var err error
	switch kind {
	case "gzip":
		out = hostile.Gzip(32<<10, hostile.Heavy(false))
	case "zip":
		out, err = crowdedZIP()
	case "pdf":
		out = crowdedPDF()
	case "bzip2":
		out = hostile.Bzip2(2_610_000)
	case "many bzip2":
		return manyBzip2(1501)
	case "records":
		out, err = manyRecords()
	case "docx":
		out, err = manyReferences()
	default:
		err = fmt.Errorf("crowded: there is no %q", kind)
	}
	return string(out), err
}

// crowdedStream is a deflate stream of blocks with the costliest codes, and the text that it unpacks to.
func crowdedStream() (stream, text []byte) {
	stream, unpacked := hostile.Stream(32<<10, 1<<20, hostile.Heavy(false))
	return stream, bytes.Repeat([]byte("a"), int(unpacked))
}

func crowdedZIP() ([]byte, error) {
	stream, text := crowdedStream()
	header := zip.FileHeader{
		Name: "a.txt", Method: zip.Deflate, CRC32: crc32.ChecksumIEEE(text),
		CompressedSize64: uint64(len(stream)), UncompressedSize64: uint64(len(text)),
	}
	var out bytes.Buffer
	writer := zip.NewWriter(&out)
	entry, err := writer.CreateRaw(&header)
	if err != nil {
		return nil, err
	}
	if _, err := entry.Write(stream); err != nil {
		return nil, err
	}
	err = writer.Close()
	return out.Bytes(), err
}

// crowdedPDF is a document with one attached file.
func crowdedPDF() []byte {
	stream, _ := crowdedStream()
	object := "9 0 obj\n<< /Type /EmbeddedFile /Filter /FlateDecode >>\nstream\n\x78\x9c" + string(stream) + "\nendstream\nendobj\n"
	return []byte(strings.Replace(pdfText, "2 0 obj\n", object+"2 0 obj\n", 1))
}

// manyBzip2 is a tar of so many empty bzip2 files, of the level for which the library makes the least room.
func manyBzip2(count int) (string, error) {
	members := make([]string, 0, 2*count)
	for n := range count {
		members = append(members, fmt.Sprintf("%d.bz2", n), "BZh1\x17\x72\x45\x38\x50\x90\x00\x00\x00\x00")
	}
	return tarOf(members...)
}

// manyRecords is a tar whose members have 10,000 PAX records each.
func manyRecords() ([]byte, error) {
	records := map[string]string{}
	for n := range 10_000 {
		records[fmt.Sprintf("SCHILY.x%d", n)] = "y"
	}
	var out bytes.Buffer
	writer := tar.NewWriter(&out)
	for n := range 31 {
		if err := writer.WriteHeader(&tar.Header{Name: fmt.Sprintf("%d.txt", n), Mode: 0o644, PAXRecords: records}); err != nil {
			return nil, err
		}
	}
	err := writer.Close()
	return out.Bytes(), err
}

// manyReferences is a document with 20 MiB of references, as members without compression.
func manyReferences() ([]byte, error) {
	document, err := docxSample()
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	writer := zip.NewWriter(&out)
	reader, err := zip.NewReader(bytes.NewReader(document), int64(len(document)))
	if err != nil {
		return nil, err
	}
	for _, f := range reader.File {
		if err := writer.Copy(f); err != nil {
			return nil, err
		}
	}
	list := "<Relationships>" + strings.Repeat(" ", 4<<20-100) + "</Relationships>"
	for n := range 5 {
		entry, err := writer.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("word/_rels/%d.rels", n), Method: zip.Store})
		if err != nil {
			return nil, err
		}
		if _, err := entry.Write([]byte(list)); err != nil {
			return nil, err
		}
	}
	err = writer.Close()
	return out.Bytes(), err
}
