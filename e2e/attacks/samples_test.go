package attacks

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color/palette"
	gifs "image/gif"
	"slices"
	"strings"

	"github.com/casegate/casegate/e2e/harness"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func join(pieces ...[]byte) []byte { return slices.Concat(pieces...) }

func gif() []byte {
	var out bytes.Buffer
	must(gifs.Encode(&out, image.NewPaletted(image.Rect(0, 0, 4, 4), palette.Plan9), nil))
	return out.Bytes()
}

// zipped makes an archive of names and contents, in this order.
func zipped(pairs ...string) []byte {
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	for i := 0; i < len(pairs); i += 2 {
		entry, err := archive.Create(pairs[i])
		must(err)
		_, err = entry.Write([]byte(pairs[i+1]))
		must(err)
	}
	must(archive.Close())
	return out.Bytes()
}

// zipMember is one member of a hand-made archive: what its header says, and what the directory says.
type zipMember struct {
	local, central           string
	localExtra, centralExtra []byte
	content                  string
	flags                    uint16
	// unpacked is the size that both state when it is not 0.
	unpacked uint32
	unix     uint32
}

// forgedZIP writes an archive with whatever its members claim, behind a prefix.
func forgedZIP(prefix []byte, members ...zipMember) []byte {
	out := bytes.NewBuffer(slices.Clone(prefix))
	var directory bytes.Buffer
	little := binary.LittleEndian
	for _, m := range members {
		fields := make([]byte, 0, 26)
		fields = little.AppendUint16(fields, 20)
		fields = little.AppendUint16(fields, m.flags)
		fields = append(fields, 0, 0, 0, 0, 0, 0)
		fields = little.AppendUint32(fields, crc32.ChecksumIEEE([]byte(m.content)))
		fields = little.AppendUint32(fields, uint32(len(m.content)))
		unpacked := uint32(len(m.content))
		if m.unpacked != 0 {
			unpacked = m.unpacked
		}
		fields = little.AppendUint32(fields, unpacked)
		at := uint32(out.Len())
		out.WriteString("PK\x03\x04")
		out.Write(fields)
		out.Write(little.AppendUint16(little.AppendUint16(nil, uint16(len(m.local))), uint16(len(m.localExtra))))
		out.WriteString(m.local)
		out.Write(m.localExtra)
		out.WriteString(m.content)
		directory.WriteString("PK\x01\x02\x14\x03")
		directory.Write(fields)
		directory.Write(little.AppendUint16(little.AppendUint16(nil, uint16(len(m.central))), uint16(len(m.centralExtra))))
		directory.Write(make([]byte, 6))
		directory.Write(little.AppendUint32(little.AppendUint32(nil, m.unix<<16), at))
		directory.WriteString(m.central)
		directory.Write(m.centralExtra)
	}
	place := uint32(out.Len())
	out.Write(directory.Bytes())
	out.Write(endRecord(uint16(len(members)), uint32(directory.Len()), place, 0))
	return out.Bytes()
}

func endRecord(entries uint16, size, place uint32, comment uint16) []byte {
	record := append([]byte("PK\x05\x06"), 0, 0, 0, 0)
	record = binary.LittleEndian.AppendUint16(record, entries)
	record = binary.LittleEndian.AppendUint16(record, entries)
	record = binary.LittleEndian.AppendUint32(record, size)
	record = binary.LittleEndian.AppendUint32(record, place)
	return binary.LittleEndian.AppendUint16(record, comment)
}

func member(name, content string) zipMember {
	return zipMember{local: name, central: name, content: content}
}

// pictureAndZIP is a picture with an archive behind it, whose end record may lie. unzip, 7-Zip or Python open each.
func pictureAndZIP(picture []byte, end func(size, place uint32) []byte) []byte {
	whole := forgedZIP(picture, member("run.js", "WScript.Echo(1)\n"))
	record := whole[len(whole)-22:]
	size, place := binary.LittleEndian.Uint32(record[12:]), binary.LittleEndian.Uint32(record[16:])
	return join(whole[:len(whole)-22], end(size, place))
}

// unicodePath is Info-ZIP's field with a second name for a member.
func unicodePath(name, second string) []byte {
	field := binary.LittleEndian.AppendUint16([]byte("\x75\x70"), uint16(5+len(second)))
	field = binary.LittleEndian.AppendUint32(append(field, 1), crc32.ChecksumIEEE([]byte(name)))
	return append(field, second...)
}

// tarred makes an archive of one member.
func tarred(header tar.Header, content string) []byte {
	var out bytes.Buffer
	archive := tar.NewWriter(&out)
	header.Size, header.Mode = int64(len(content)), 0o644
	must(archive.WriteHeader(&header))
	_, err := archive.Write([]byte(content))
	must(err)
	must(archive.Close())
	return out.Bytes()
}

// paxRecords is the text of PAX records, given as pairs.
func paxRecords(pairs ...string) string {
	var text strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		rest := " " + pairs[i] + "=" + pairs[i+1] + "\n"
		length := len(rest) + 2
		if length < 10 || length > 99 {
			panic("a record whose length has not two digits")
		}
		fmt.Fprintf(&text, "%d%s", length, rest)
	}
	return text.String()
}

// extended is a header of a tar that says something of the member behind it, with its text of at most a block.
func extended(kind byte, text string) []byte {
	blocks := tarred(tar.Header{Name: "extended"}, text)[:1024]
	blocks[156] = kind
	copy(blocks[148:156], "        ")
	sum := 0
	for _, b := range blocks[:512] {
		sum += int(b)
	}
	copy(blocks[148:156], fmt.Sprintf("%06o\x00 ", sum))
	return blocks
}

// paxTar makes an archive of one member with PAX records that the library would not write.
func paxTar(name, content string, records ...string) []byte {
	return join(extended(tar.TypeXHeader, paxRecords(records...)), tarred(tar.Header{Name: name}, content))
}

// gzipped compresses under a name.
func gzipped(name string, content []byte) []byte {
	var out bytes.Buffer
	writer := gzip.NewWriter(&out)
	writer.Name = name
	_, err := writer.Write(content)
	must(err)
	must(writer.Close())
	return out.Bytes()
}

// document makes an Office document out of a main part's type and further parts.
func document(mainType string, parts ...string) []byte {
	types := `<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="bin" ContentType="application/octet-stream"/><Override PartName="/word/document.xml" ContentType="` + mainType + `"/></Types>`
	return zipped(append([]string{"[Content_Types].xml", types, "word/document.xml", "<w/>"}, parts...)...)
}

func svg(inside string) []byte {
	return []byte(`<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9">` + inside + `</svg>`)
}

// pdf is a document with objects put before its end.
func pdf(objects string) []byte {
	whole := harness.PDF("text")
	at := bytes.LastIndex(whole, []byte("xref\n0"))
	return join(whole[:at], []byte("9 0 obj\n"+objects+"\nendobj\n"), whole[at:])
}

// wide writes text in UTF-16 with its mark.
func wide(text string) []byte {
	out := []byte("\xff\xfe")
	for _, r := range text {
		out = append(out, byte(r), byte(r>>8))
	}
	return out
}

// wider writes text in UTF-32 with its mark.
func wider(text string) []byte {
	out := []byte("\xff\xfe\x00\x00")
	for _, r := range text {
		out = append(out, byte(r), byte(r>>8), 0, 0)
	}
	return out
}

// lines is a text of so many bytes.
func lines(size int) []byte { return []byte(strings.Repeat("a line of a log\n", size/16)) }
