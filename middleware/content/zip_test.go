package content

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"strings"
	"testing"
)

func crc(data []byte) uint32 { return crc32.ChecksumIEEE(data) }

// The places of records in a ZIP of one or more members.
func directoryAt(file []byte) int { return bytes.Index(file, []byte(zipDirectoryMark)) }
func endAt(file []byte) int       { return bytes.LastIndex(file, []byte(zipEndMark)) }

// patched changes bytes at a place.
func patched(file []byte, at int, with string) []byte {
	out := append([]byte(nil), file...)
	copy(out[at:], with)
	return out
}

// inserted puts bytes before the place and, where fix says so, tells the end record that the directory moved.
func inserted(file []byte, at int, what string, fix bool) []byte {
	out := concat(file[:at], []byte(what), file[at:])
	if fix {
		end := endAt(out)
		binary.LittleEndian.PutUint32(out[end+16:], binary.LittleEndian.Uint32(out[end+16:])+uint32(len(what)))
	}
	return out
}

// zip64 rewrites a ZIP of plain members so that its end record is of the ZIP64 form.
func zip64(file []byte, change func(record, locator, end []byte)) []byte {
	end := append([]byte(nil), file[endAt(file):]...)
	at := int(binary.LittleEndian.Uint32(end[16:]))
	size := int(binary.LittleEndian.Uint32(end[12:]))
	entries := uint64(binary.LittleEndian.Uint16(end[10:]))
	record := make([]byte, zip64EndSize)
	copy(record, zip64EndMark)
	binary.LittleEndian.PutUint64(record[4:], zip64EndSize-12)
	binary.LittleEndian.PutUint64(record[24:], entries)
	binary.LittleEndian.PutUint64(record[32:], entries)
	binary.LittleEndian.PutUint64(record[40:], uint64(size))
	binary.LittleEndian.PutUint64(record[48:], uint64(at))
	locator := make([]byte, zip64LocatorSize)
	copy(locator, zip64LocatorMark)
	binary.LittleEndian.PutUint64(locator[8:], uint64(at+size))
	binary.LittleEndian.PutUint32(locator[16:], 1)
	copy(end[8:], "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")
	if change != nil {
		change(record, locator, end)
	}
	return concat(file[:at+size], record, locator, end)
}

func field(id uint16, body string) []byte {
	out := binary.LittleEndian.AppendUint16(nil, id)
	return append(binary.LittleEndian.AppendUint16(out, uint16(len(body))), body...)
}

// twoInOne is a ZIP whose comment holds another ZIP's directory and end.
func twoInOne() []byte {
	one, two := makePlainZIP(text("one.txt")), makePlainZIP(text("two.txt"))
	comment := inserted(two, 0, "", false)
	end := endAt(one)
	out := concat(one, comment)
	binary.LittleEndian.PutUint16(out[end+20:], uint16(len(comment)))
	second := len(one) + endAt(two)
	binary.LittleEndian.PutUint32(out[second+16:], uint32(len(one)+directoryAt(two)))
	return out
}

func TestZIP(t *testing.T) {
	plain := makePlainZIP(text("one.txt"), text("two.txt"))
	described := makeZIP(text("one.txt"), text("two.txt"))
	directory := directoryAt(plain)
	second := bytes.LastIndex(plain[:directory], []byte(zipLocalMark))
	end := endAt(plain)
	single := makePlainZIP(item{name: "a.txt", body: []byte("some text, some text"), method: stored})
	for name, c := range map[string]struct {
		file       []byte
		code, part string
	}{
		"plain":                      {plain, "", ""},
		"with descriptors":           {described, "", ""},
		"no members":                 {makeZIP(), "", ""},
		"folders":                    {makeZIP(item{name: "a/"}, text("a/b.txt"), item{name: "c/", mode: 0o040755}), "", ""},
		"stored":                     {makeZIP(item{name: "a", body: []byte("text"), method: stored}), "", ""},
		"an empty member":            {makeZIP(item{name: "a"}), "", ""},
		"a large member":             {makeZIP(item{name: "a", body: noise(3*unpackChunk + 17)}), "", ""},
		"names that differ by case":  {makeZIP(text("Makefile"), text("makefile")), "", ""},
		"a comment":                  {withComment(plain, "a comment"), "", ""},
		"a comment of 65,535 bytes":  {withComment(plain, strings.Repeat("c", 65535)), "", ""},
		"a link":                     {makeZIP(text("d/a.txt"), item{name: "d/l", body: []byte("a.txt"), mode: 0o120777}), "", ""},
		"ZIP64":                      {zip64(plain, nil), "", ""},
		"an unknown extra field":     {makeZIP(item{name: "a", body: []byte("x"), extra: field(0x9999, "whatever")}), "", ""},
		"a long extra field":         {makePlainZIP(item{name: "a", body: []byte("x"), extra: field(0x9999, strings.Repeat("x", 5000))}), "", ""},
		"the Unicode name, the same": {makeZIP(item{name: "a", body: []byte("x"), extra: field(0x7075, "\x01\x00\x00\x00\x00a")}), "", ""},
		"a name not in UTF-8":        {makeZIP(item{name: "\x81\x82.txt", body: []byte("x")}), "", ""},

		"a program":                      {makeZIP(text("a"), item{name: "readme.txt", body: program()}), "executable_content", "readme.txt"},
		"a program's name":               {makeZIP(text("setup.exe")), "executable_content", "setup.exe"},
		"it with a blank":                {makeZIP(text("setup.exe ")), "executable_content", "setup.exe"},
		"a disk image by its end":        {makeZIP(item{name: "a", body: append(noise(3*unpackChunk), append([]byte("koly"), make([]byte, 508)...)...)}), "executable_content", "DMG"},
		"it across two chunks":           {makeZIP(item{name: "a", body: append(noise(unpackChunk-100), append([]byte("koly"), make([]byte, 508)...)...)}), "executable_content", "DMG"},
		"a folder named like one":        {makeZIP(item{name: "my.app/"}, text("my.app/a.txt")), "", ""},
		"a way out":                      {makeZIP(text("../a.txt")), "archive_unsafe", "leads out"},
		"an absolute path":               {makeZIP(text("/a.txt")), "archive_unsafe", "absolute"},
		"a drive":                        {makeZIP(text("C:a.txt")), "archive_unsafe", "absolute"},
		"backslashes":                    {makeZIP(text(`a\b.txt`)), "archive_unsafe", "backslashes"},
		"the same name twice":            {makeZIP(text("a.txt"), text("a.txt")), "archive_unsafe", "twice"},
		"the same place twice":           {makeZIP(text("a.txt"), text("./a.txt")), "archive_unsafe", "twice"},
		"a file and a folder":            {makeZIP(text("a"), item{name: "a/"}), "archive_unsafe", "twice"},
		"a link out":                     {makeZIP(item{name: "l", body: []byte("../x"), mode: 0o120777}), "archive_unsafe", "link"},
		"a link to the root":             {makeZIP(item{name: "l", body: []byte("/etc"), mode: 0o120777}), "archive_unsafe", "link"},
		"an empty link":                  {makeZIP(item{name: "l", mode: 0o120777}), "archive_unsafe", "link"},
		"through a link":                 {makeZIP(item{name: "l", body: []byte("d"), mode: 0o120777}, text("l/a.txt")), "archive_unsafe", "through a link"},
		"a device":                       {makeZIP(item{name: "null", mode: 0o020666}), "archive_unsafe", "device"},
		"a pipe":                         {makeZIP(item{name: "p", mode: 0o010666}), "archive_unsafe", "device"},
		"a folder with bytes":            {replaced(makePlainZIP(item{name: "a_", body: []byte("x")}), "a_", "a/"), "archive_unsafe", "folder"},
		"encrypted":                      {makePlainZIP(item{name: "a", body: []byte("x"), flags: 1}), "archive_unsafe", "encrypted"},
		"strongly encrypted":             {makePlainZIP(item{name: "a", body: []byte("x"), flags: 1 << 6}), "archive_unsafe", "encrypted"},
		"encrypted by its header alone":  {patched(plain, 6, "\x01"), "archive_unsafe", "contradicts"},
		"patched data":                   {makePlainZIP(item{name: "a", body: []byte("x"), flags: 1 << 5}), "archive_unsafe", "can't be inspected"},
		"another method":                 {makePlainZIP(item{name: "a", body: []byte("x"), method: 14}), "archive_unsafe", "can't be inspected"},
		"another method in the header":   {patched(plain, 8, "\x00"), "archive_unsafe", "contradicts"},
		"another name in the header":     {patched(plain, zipLocalSize, "O"), "archive_unsafe", "contradicts"},
		"a shorter name in the header":   {patched(plain, 26, "\x06"), "archive_unsafe", "contradicts"},
		"another size in the header":     {patched(plain, 22, "\x01"), "archive_unsafe", "contradicts"},
		"another packed size":            {patched(plain, 18, "\x01"), "archive_unsafe", "contradicts"},
		"another checksum in the header": {patched(plain, 14, "\x01\x02\x03\x04"), "archive_unsafe", "contradicts"},
		"another checksum in both":       {patched(patched(single, 14, "\x01\x02\x03\x04"), directoryAt(single)+16, "\x01\x02\x03\x04"), "archive_unsafe", "is not what"},
		"other bytes":                    {patched(single, zipLocalSize+5, "S"), "archive_unsafe", "is not what"},
		"no mark before a member":        {patched(plain, 0, "XX"), "archive_unsafe", "contradicts"},
		"a descriptor that lies":         {replaced(described, zipDescriptorMark, "PK\x07\x09"), "archive_unsafe", "contradicts"},
		"a descriptor's size":            {patched(described, bytes.Index(described, []byte(zipDescriptorMark))+8, "\x01"), "archive_unsafe", "contradicts"},
		"bytes before it":                {inserted(plain, 0, "MZ program", true), "archive_unsafe", ""},
		"bytes before it, unannounced":   {inserted(plain, 0, "MZ program", false), "archive_unsafe", "directory is damaged"},
		"bytes between members":          {inserted(plain, second, "between", true), "archive_unsafe", ""},
		"bytes before the directory":     {inserted(plain, directory, "hidden", true), "archive_unsafe", "contradicts"},
		"bytes before an empty one":      {inserted(makeZIP(), 0, "hidden", true), "archive_unsafe", "does not list"},
		"bytes behind the directory":     {inserted(plain, end, "hidden", false), "archive_unsafe", "directory is damaged"},
		"bytes behind it":                {append(append([]byte(nil), plain...), "behind"...), "archive_unsafe", "does not end like a ZIP"},
		"an unlisted member":             {unlisted(), "archive_unsafe", ""},
		"overlapping members":            {overlapping(), "archive_unsafe", ""},
		"cut off":                        {plain[:len(plain)-1], "archive_unsafe", "does not end like a ZIP"},
		"nothing":                        {nil, "archive_unsafe", "does not end like a ZIP"},
		"two archives in one":            {twoInOne(), "archive_unsafe", "two different archives"},
		"fewer members than it says":     {patched(patched(plain, end+8, "\x03"), end+10, "\x03"), "archive_unsafe", "directory is damaged"},
		"more members than it says":      {patched(patched(plain, end+8, "\x01"), end+10, "\x01"), "archive_unsafe", "directory is damaged"},
		"a part of several":              {patched(plain, end+4, "\x01"), "archive_unsafe", "split"},
		"a member in another part":       {patched(plain, directory+34, "\x01"), "archive_unsafe", "another part"},
		"sentinels without ZIP64":        {patched(plain, end+16, "\xff\xff\xff\xff"), "archive_unsafe", "directory is damaged"},
		"another Unicode name":           {makeZIP(item{name: "a.txt", body: []byte("x"), extra: field(0x7075, "\x01\x00\x00\x00\x00a.exe")}), "archive_unsafe", "second name"},
		"ZIP64 of another count":         {zip64(plain, func(record, _, _ []byte) { record[32] = 1 }), "archive_unsafe", "directory is damaged"},
		"ZIP64 against the end record":   {zip64(plain, func(_, _, end []byte) { copy(end[8:], "\x01\x00\x01\x00") }), "archive_unsafe", "directory is damaged"},
		"ZIP64 at another place":         {zip64(plain, func(_, locator, _ []byte) { locator[8]++ }), "archive_unsafe", "directory is damaged"},
		"ZIP64 far away":                 {zip64(plain, func(_, locator, _ []byte) { locator[15] = 0x80 }), "archive_unsafe", "directory is damaged"},
		"bytes behind packed data":       {slack(), "archive_unsafe", "is not what"},
	} {
		t.Run(name, func(t *testing.T) {
			checkRefusal(t, inspectAs(lookZIP, "a.zip", c.file), c.code, c.part)
		})
	}
}

func withComment(file []byte, comment string) []byte {
	out := append(append([]byte(nil), file...), comment...)
	binary.LittleEndian.PutUint16(out[endAt(file)+20:], uint16(len(comment)))
	return out
}

// unlisted drops the first member from the directory.
func unlisted() []byte {
	file := makePlainZIP(text("one.txt"), text("two.txt"))
	directory, end := directoryAt(file), endAt(file)
	second := bytes.LastIndex(file[:end], []byte(zipDirectoryMark))
	out := concat(file[:directory], file[second:])
	end = endAt(out)
	out[end+8], out[end+10] = 1, 1
	binary.LittleEndian.PutUint32(out[end+12:], uint32(end-directory))
	return out
}

// overlapping has two entries in the directory for one place.
func overlapping() []byte {
	file := makePlainZIP(text("one.txt"), text("two.txt"))
	second := bytes.LastIndex(file[:endAt(file)], []byte(zipDirectoryMark))
	return patched(file, second+42, "\x00\x00\x00\x00")
}

// slack has bytes behind the end of a member's deflate stream that count as packed.
func slack() []byte {
	file := makePlainZIP(text("a.txt"))
	directory := directoryAt(file)
	packed := binary.LittleEndian.Uint32(file[18:]) + 6
	out := inserted(file, directory, "hidden", true)
	binary.LittleEndian.PutUint32(out[18:], packed)
	binary.LittleEndian.PutUint32(out[directory+6+20:], packed)
	return out
}

// A directory that is larger than its members need is not parsed at all.
func TestZIPDirectoryIsBounded(t *testing.T) {
	file := makePlainZIP(text("a.txt"))
	directory, end := directoryAt(file), endAt(file)
	entry := string(file[directory:end])
	out := inserted(file, end, strings.Repeat(entry, 20_000), false)
	end = endAt(out)
	binary.LittleEndian.PutUint32(out[end+12:], uint32(end-directory))
	checkRefusal(t, inspectAs(lookZIP, "a.zip", out), "archive_unsafe", "directory is damaged")

	out = inserted(file, endAt(file), strings.Repeat(entry+strings.Repeat("x", 400), 20_000), false)
	end = endAt(out)
	binary.LittleEndian.PutUint32(out[end+12:], uint32(end-directory))
	checkRefusal(t, inspectAs(lookZIP, "a.zip", out), "archive_unsafe", "too large to be genuine")
}

// The members may stand in another order in the directory than in the file: updating programs write that.
func TestZIPDirectoryInAnotherOrder(t *testing.T) {
	file := makePlainZIP(text("one.txt"), text("two.txt"))
	directory, end := directoryAt(file), endAt(file)
	second := bytes.LastIndex(file[:end], []byte(zipDirectoryMark))
	out := concat(file[:directory], file[second:end], file[directory:second], file[end:])
	checkRefusal(t, inspectAs(lookZIP, "a.zip", out), "", "")
}

// A member whose header and directory entry leave its sizes and place to the ZIP64 field.
func TestZIP64Member(t *testing.T) {
	body := []byte("some text")
	size := string(binary.LittleEndian.AppendUint64(nil, uint64(len(body))))
	zeros := "\x00\x00\x00\x00\x00\x00\x00\x00"
	for name, c := range map[string]struct {
		local, entry string
		code         string
	}{
		"right":             {size + size, size + size + zeros, ""},
		"wrong locally":     {size + zeros, size + size + zeros, "archive_unsafe"},
		"without its place": {size + size, size + size, "archive_unsafe"},
	} {
		t.Run(name, func(t *testing.T) {
			head := make([]byte, zipLocalSize)
			copy(head, zipLocalMark)
			head[4] = 45
			binary.LittleEndian.PutUint32(head[14:], crc(body))
			copy(head[18:], "\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00")
			extra := field(1, c.local)
			binary.LittleEndian.PutUint16(head[28:], uint16(len(extra)))
			file := concat(head, []byte("a"), extra, body)

			entry := make([]byte, zipDirectorySize)
			copy(entry, zipDirectoryMark)
			entry[6] = 45
			binary.LittleEndian.PutUint32(entry[16:], crc(body))
			copy(entry[20:], "\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00")
			copy(entry[42:], "\xff\xff\xff\xff")
			extra = field(1, c.entry)
			binary.LittleEndian.PutUint16(entry[30:], uint16(len(extra)))
			directory := concat(entry, []byte("a"), extra)

			end := make([]byte, zipEndSize)
			copy(end, zipEndMark)
			end[8], end[10] = 1, 1
			binary.LittleEndian.PutUint32(end[12:], uint32(len(directory)))
			binary.LittleEndian.PutUint32(end[16:], uint32(len(file)))
			checkRefusal(t, inspectAs(lookZIP, "a.zip", concat(file, directory, end)), c.code, "")
		})
	}
}

func FuzzZIP(f *testing.F) {
	f.Add(makePlainZIP(text("one.txt"), text("two.txt")))
	f.Add(makeZIP(text("one.txt"), item{name: "d/"}, item{name: "l", body: []byte("one.txt"), mode: 0o120777}))
	f.Add(zip64(makePlainZIP(text("a")), nil))
	f.Add(makeZIP(item{name: "a.zip", body: makeZIP(text("a"))}))
	f.Add(twoInOne())
	f.Fuzz(func(t *testing.T, file []byte) {
		if inspectAs(lookZIP, "a.zip", file) != nil {
			return
		}
		// What passes is read by the library without a complaint, and in one way: its members are what the headers say.
		reader, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			t.Fatalf("passed, but: %v", err)
		}
		for _, m := range reader.File {
			if strings.HasPrefix(m.Name, "/") || strings.Contains("/"+m.Name+"/", "/../") || forbiddenName(m.Name) && !strings.HasSuffix(m.Name, "/") && m.Mode().IsRegular() {
				t.Fatalf("passed with the name %q", m.Name)
			}
			at, err := m.DataOffset()
			if err != nil {
				t.Fatalf("%q: %v", m.Name, err)
			}
			if !bytes.Contains(file[:at], []byte(m.Name)) {
				t.Fatalf("%q has no header of its own", m.Name)
			}
		}
	})
}
