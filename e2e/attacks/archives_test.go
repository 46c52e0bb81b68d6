package attacks

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/casegate/casegate/e2e/harness"
	"github.com/casegate/casegate/internal/hostile"
)

func archiveAttacks() []attack {
	const members = "every member is judged by its name and its bytes"
	const agree = "header and directory must say the same, without gaps"
	const limits = "members, bytes, ratio and levels have limits"
	const work = "what is far more work to read than its kind is refused"
	elf := string(harness.ELF())
	crowded := hostile.Gzip(1<<20, hostile.Heavy(false))
	zipOf := func(pairs ...string) sender { return file("a.zip", zipped(pairs...)) }
	forge := func(list ...zipMember) sender { return file("a.zip", forgedZIP(nil, list...)) }
	return []attack{
		{"zip-program", "a program in a ZIP, named as a picture", members, "", "executable_content", zipOf("pictures/a.png", elf), nil},
		{"zip-script-name", "a script in a ZIP, known by its name alone", members, "", "executable_content", zipOf("a.js", "WScript.Echo(1)"), nil},
		{"zip-script-rare", "`a.ws`, a rarer kind of script", members, "", "executable_content", zipOf("a.ws", "WScript.Echo(1)"), nil},
		{"zip-script-blank", "`a.js .`, of which Windows drops the end", members, "", "executable_content", zipOf("a.js .", "WScript.Echo(1)"), nil},
		{"zip-script-stream", "`a.js::$DATA`, which NTFS writes to a.js", members, "", "executable_content", zipOf("a.js::$DATA", "WScript.Echo(1)"), nil},
		{"zip-two-names", "header and directory with different names", agree, "", "archive_unsafe", forge(zipMember{local: "notes.js", central: "note.txt", content: "x"}), nil},
		{"zip-unicode-name", "a second name in the directory's Unicode path field", agree, "", "archive_unsafe", forge(zipMember{local: "a.txt", central: "a.txt", centralExtra: unicodePath("a.txt", "a.js"), content: "x"}), nil},
		{"zip-unicode-name-local", "a second name in the header's Unicode path field", agree, "", "archive_unsafe", forge(zipMember{local: "a.txt", central: "a.txt", localExtra: unicodePath("a.txt", "a.js"), content: "x"}), nil},
		{"zip-unlisted", "a member that the directory does not list", agree, "", "archive_unsafe", file("a.zip", unlisted()), nil},
		{"zip-prefix", "something before the first member (self-extracting)", agree, "", "content_mismatch", file("a.zip", forgedZIP([]byte("@echo off\r\n"), member("a.txt", "x"))), nil},
		{"zip-two-ends", "two end records, for readers that search from either side", agree, "", "archive_unsafe", file("a.zip", twoEnds()), nil},
		{"zip-comment-over-end", "a member's comment that runs over the end record", agree, "", "archive_unsafe", file("a.zip", commentOverEnd()), nil},
		{"zip-twice", "two members of one name", agree, "", "archive_unsafe", forge(member("a.txt", "x"), member("a.txt", "y")), nil},
		{"zip-encrypted", "an encrypted member", "what can't be looked into does not pass", "", "archive_unsafe", forge(zipMember{local: "a", central: "a", content: "xxxxxxxxxxxxx", flags: 1}), nil},
		{"zip-traversal", "`../../etc/cron.d/x`", "no path leads out", "", "archive_unsafe", zipOf("../../etc/cron.d/x", "* * * * * root id"), nil},
		{"zip-backslash-traversal", "`..\\..\\x.txt`", "no path leads out", "", "archive_unsafe", zipOf(`..\..\x.txt`, "x"), nil},
		{"zip-link", "a symbolic link to /etc, and a member through it", "no link leads out", "", "archive_unsafe", forge(zipMember{local: "l", central: "l", content: "/etc", unix: 0o120777}, member("l/x", "x")), nil},
		{"zip-nested", "a ZIP in a ZIP in a ZIP", limits, "", "archive_unsafe", zipOf("b.zip", string(zipped("c.zip", string(zipped("a.txt", "x"))))), nil},
		{"zip-nested-program", "a program in a tar in a ZIP, named as a text", members, "", "executable_content", zipOf("b.txt", string(tarred(tar.Header{Name: "tool"}, elf))), nil},
		{"zip-bomb", "20 MiB of zeros, packed 1000 to 1", limits, "", "archive_unsafe", zipOf("a.txt", string(make([]byte, 20<<20))), nil},
		{"zip-lying-size", "a member that states less than it unpacks to", agree, "", "archive_unsafe", file("a.zip", lyingSize()), nil},
		{"zip64-lying", "a ZIP64 record that contradicts the plain one", agree, "", "archive_unsafe", file("a.zip", lying64()), nil},
		{"zip-many", "11,000 members", limits, "", "archive_unsafe", file("a.zip", manyMembers()), nil},
		{"zip-page-name", "a page named as a ZIP", "the signature must be there", "", "content_mismatch", file("a.zip", []byte(page)), nil},
		{"tar-pax-name", "a PAX record that gives another name", "the name that counts in the end is judged", "", "executable_content", file("a.tar", tarred(tar.Header{Name: strings.Repeat("a", 150) + ".exe", Format: tar.FormatPAX}, "x")), nil},
		{"tar-gnu-name", "a GNU long name that ends in .exe", "the name that counts in the end is judged", "", "executable_content", file("a.tar", tarred(tar.Header{Name: strings.Repeat("a", 150) + ".exe", Format: tar.FormatGNU}, "x")), nil},
		{"tar-global-name", "a global PAX header that renames all members", "a global header sets nothing but comments", "", "archive_unsafe", file("a.tar", globalTar()), nil},
		{"tar-sparse-name", "a PAX record `GNU.sparse.name`, which GNU tar and Python take for the name and Go does not", "records that readers take differently are refused", "", "archive_unsafe", file("a.tar", paxTar("notes.txt", "x", "GNU.sparse.name", "tool.js")), nil},
		{"tar-sparse-traversal", "the same with a version that nobody knows, and `../tool`", "records that readers take differently are refused", "", "archive_unsafe", file("a.tar", paxTar("notes.txt", "x", "GNU.sparse.major", "9", "GNU.sparse.name", "../tool")), nil},
		{"tar-two-kinds-of-name", "a GNU long name and a PAX path for one member: GNU tar and 7-Zip take the one, Go the other", "one header names a member", "", "archive_unsafe", file("a.tar", join(extended(tar.TypeGNULongName, "notes.txt\x00"), paxTar("other.txt", "x", "path", "tool.js"))), nil},
		{"tar-two-pax-headers", "two PAX headers for one member: Python takes the first, Go the last", "one header names a member", "", "archive_unsafe", file("a.tar", join(extended(tar.TypeXHeader, paxRecords("path", "tool.js")), paxTar("other.txt", "x", "path", "notes.txt"))), nil},
		{"tar-pax-size", "a PAX record that gives a member of 512 bytes the size 0, so that its bytes are read as a header", "the record counts; what it makes of the rest is inspected", "", "executable_content", file("a.tar", paxTar("notes.txt", string(tarred(tar.Header{Name: "tool.exe"}, "x")[:512]), "size", "0")), nil},
		{"tar-traversal", "`../x`", "no path leads out", "", "archive_unsafe", file("a.tar", tarred(tar.Header{Name: "../x"}, "x")), nil},
		{"tar-hard-link", "a hard link to /etc/passwd", "no link leads out", "", "archive_unsafe", file("a.tar", tarred(tar.Header{Name: "x", Typeflag: tar.TypeLink, Linkname: "/etc/passwd"}, "")), nil},
		{"tar-device", "a device", "files, folders and links alone", "", "archive_unsafe", file("a.tar", tarred(tar.Header{Name: "x", Typeflag: tar.TypeBlock}, "")), nil},
		{"tar-behind-end", "a second tar behind the end of the first", "nothing but zeros behind the end", "", "archive_unsafe", file("a.tar", join(tarred(tar.Header{Name: "a"}, "x"), tarred(tar.Header{Name: "tool"}, elf))), nil},
		{"gzip-program", "a compressed program", members, "", "executable_content", file("a.gz", harness.Gzip(harness.ELF())), nil},
		{"gzip-name", "a gzip header that names the file tool.exe", "the name in the header is judged", "", "executable_content", file("a.gz", gzipped("tool.exe", []byte("x"))), nil},
		{"gzip-second-name", "the same in a second stream", "every stream is judged", "", "executable_content", file("a.gz", join(gzipped("a.txt", []byte("x")), gzipped("tool.exe", []byte("x")))), nil},
		{"gzip-behind", "a program behind the last stream", "nothing may follow", "", "archive_unsafe", file("a.gz", join(harness.Gzip([]byte("x")), harness.ELF())), nil},
		{"gzip-bomb", "20 MiB of zeros", limits, "", "archive_unsafe", file("a.gz", harness.Gzip(make([]byte, 20<<20))), nil},
		{"gzip-blocks", "blocks of three bytes each with the costliest codes that there are: fifty times the work of others", work, "", "archive_unsafe", file("a.gz", crowded), nil},
		{"gzip-blocks-nested", "the same in a ZIP", work, "", "archive_unsafe", zipOf("a.gz", string(crowded)), nil},
		{"bzip2-blocks", "10,400 blocks of one byte each, with six codes of 258 symbols", work, "", "archive_unsafe", file("a.bz2", hostile.Bzip2(2_610_000)), nil},
		{"tgz-not-tar", "a .tar.gz that is no tar", "the name says tar, so it must be one", "", "archive_unsafe", file("a.tar.gz", harness.Gzip([]byte("hello"))), nil},
		{"office-macros", "a .docx with a VBA project", "parts that run do not pass", "office", "active_content", file("a.docx", document(ooxml+"wordprocessingml.document.main+xml", "word/vbaProject.bin", "x")), nil},
		{"office-renamed", "a .docm named as .docx", "the main part's type must be the name's", "office", "content_mismatch", file("a.docx", document("application/vnd.ms-word.document.macroEnabled.main+xml")), nil},
		{"office-template", "a .docx whose template lies elsewhere", "nothing may be loaded from elsewhere", "office", "active_content", file("a.docx", document(ooxml+"wordprocessingml.document.main+xml", "word/_rels/settings.xml.rels",
			`<Relationships><Relationship Id="a" Type="http://x/attachedTemplate" Target="https://evil.example/x.dotm" TargetMode="External"/></Relationships>`)), nil},
		{"office-references", "20 MiB of references in five parts", work, "office", "archive_unsafe", file("a.docx", references()), nil},
		{"office-program", "a .xlsx that is a plain ZIP with a program", members, "office", "executable_content", file("a.xlsx", zipped("xl/a.bin", elf)), nil},
	}
}

// crowdedStream is a deflate stream of tiny blocks.
func crowdedStream() []byte {
	stream, _ := hostile.Stream(32<<10, 1<<20, hostile.Heavy(true))
	return stream
}

// references is a document with lists of references of nearly the size that is read, as members without compression.
func references() []byte {
	list := "<Relationships>" + strings.Repeat(" ", 4<<20-100) + "</Relationships>"
	types := `<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Override PartName="/word/document.xml" ContentType="` + ooxml + `wordprocessingml.document.main+xml"/></Types>`
	members := []zipMember{member("[Content_Types].xml", types), member("word/document.xml", "<w/>")}
	for n := range 5 {
		members = append(members, member(fmt.Sprintf("word/_rels/%d.rels", n), list))
	}
	return forgedZIP(nil, members...)
}

// unlisted is an archive whose directory leaves the first of two members out.
func unlisted() []byte {
	hidden := forgedZIP(nil, member("tool.exe", "MZ"))
	hidden = hidden[:bytes.Index(hidden, []byte("PK\x01\x02"))]
	return forgedZIP(hidden, member("a.txt", "x"))
}

// twoEnds is an archive in the comment of another.
func twoEnds() []byte {
	first := forgedZIP(nil, member("a.txt", "x"))
	second := forgedZIP(first, member("tool.exe", "MZ"))
	binary.LittleEndian.PutUint16(second[len(first)-2:], uint16(len(second)-len(first)))
	return second
}

func commentOverEnd() []byte {
	whole := forgedZIP(nil, member("a", "x"), member("b", "y"))
	at := bytes.Index(whole, []byte("PK\x01\x02"))
	one, two, end := bytes.Clone(whole[at:at+47]), whole[at+47:at+94], bytes.Clone(whole[at+94:])
	binary.LittleEndian.PutUint16(one[32:], 22)
	binary.LittleEndian.PutUint32(end[12:], 47)
	binary.LittleEndian.PutUint16(end[20:], 47)
	return join(whole[:at], one, end, two)
}

func lyingSize() []byte {
	whole := zipped("a.txt", string(lines(4096)))
	at := bytes.Index(whole, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(whole[at+24:], 16)
	return whole
}

// lying64 has a ZIP64 end record with another number of members.
func lying64() []byte {
	whole := forgedZIP(nil, member("a", "x"))
	end := len(whole) - 22
	size, place := uint64(binary.LittleEndian.Uint32(whole[end+12:])), uint64(binary.LittleEndian.Uint32(whole[end+16:]))
	little := binary.LittleEndian
	large := little.AppendUint64([]byte("PK\x06\x06"), 44)
	large = append(large, 45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	for _, value := range []uint64{7, 7, size, place} {
		large = little.AppendUint64(large, value)
	}
	locator := little.AppendUint64([]byte("PK\x06\x07\x00\x00\x00\x00"), uint64(end))
	locator = little.AppendUint32(locator, 1)
	return join(whole[:end], large, locator, whole[end:])
}

func manyMembers() []byte {
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	for i := range 11_000 {
		_, err := archive.Create(fmt.Sprintf("%05d", i))
		must(err)
	}
	must(archive.Close())
	return out.Bytes()
}

func globalTar() []byte {
	var out bytes.Buffer
	archive := tar.NewWriter(&out)
	must(archive.WriteHeader(&tar.Header{Typeflag: tar.TypeXGlobalHeader, Name: "g", PAXRecords: map[string]string{"path": "tool.exe"}}))
	must(archive.WriteHeader(&tar.Header{Name: "a.txt", Mode: 0o644}))
	must(archive.Close())
	return out.Bytes()
}
