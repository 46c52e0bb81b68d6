package content

import (
	"bytes"
	"encoding/binary"
	"regexp"
)

// Where the sorting by the first byte leads.
const (
	firstM = iota + 1
	firstMark
	firstHash
	firstBOM
	firstOLE
	firstLess
)

// first sorts a file by its first byte, so that an ordinary file costs one look.
var first = [256]uint8{
	'M': firstM, 0x7f: firstMark, 0xfe: firstMark, 0xce: firstMark, 0xcf: firstMark, 0xca: firstMark, 0xbe: firstMark, 0xbf: firstMark,
	0x00: firstMark, 'd': firstMark, 'c': firstMark, 'L': firstMark, '!': firstMark, 0xed: firstMark, 'I': firstMark, 'v': firstMark,
	'K': firstMark, 'C': firstMark, 'Q': firstMark, 'x': firstMark, 'h': firstMark, 0xde: firstMark, 'B': firstMark,
	'#': firstHash, 0xef: firstBOM, 0xd0: firstOLE, '<': firstLess,
}

// marks are the first four bytes of what never passes, with the bytes that must follow for it to be that.
var marks = map[string]mark{
	"\x7fELF":          {"a program (ELF)", 4, ""},
	"\xfe\xed\xfa\xce": {"a program (Mach-O)", 4, ""},
	"\xfe\xed\xfa\xcf": {"a program (Mach-O)", 4, ""},
	"\xce\xfa\xed\xfe": {"a program (Mach-O)", 4, ""},
	"\xcf\xfa\xed\xfe": {"a program (Mach-O)", 4, ""},
	"\xca\xfe\xba\xbe": {"", 4, ""},
	"\xca\xfe\xba\xbf": {"a program (Mach-O universal)", 4, "\x00\x00\x00"},
	"\xbe\xba\xfe\xca": {"a program (Mach-O universal)", 5, "\x00\x00\x00"},
	"\xbf\xba\xfe\xca": {"a program (Mach-O universal)", 5, "\x00\x00\x00"},
	"\x00asm":          {"a program (WebAssembly)", 5, "\x00"},
	"dex\n":            {"a program (Android DEX)", 7, "\x00"},
	"dey\n":            {"a program (Android DEX)", 7, "\x00"},
	"cdex":             {"a program (Android DEX)", 7, "\x00"},
	"BC\xc0\xde":       {"a program (LLVM bitcode)", 4, ""},
	"\xde\xc0\x17\x0b": {"a program (LLVM bitcode)", 4, "\x00\x00\x00\x00"},
	"L\x00\x00\x00":    {"a Windows shortcut", 4, "\x01\x14\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46"},
	"!<ar":             {"an installer (deb)", 4, "ch>\ndebian"},
	"\xed\xab\xee\xdb": {"an installer (RPM)", 4, ""},
	"ITSF":             {"a compiled help file", 5, "\x00\x00\x00"},
	"xar!":             {"an installer (macOS package)", 4, "\x00\x1c"},
	"ISc(":             {"an installer (InstallShield)", 8, ""},
	"cone":             {"a disk image (VHD)", 4, "ctix"},
	"vhdx":             {"a disk image (VHDX)", 4, "file"},
	"KDMV":             {"a disk image (VMDK)", 5, "\x00\x00\x00"},
	"COWD":             {"a disk image (VMDK)", 5, "\x00\x00\x00"},
	"QFI\xfb":          {"a disk image (QCOW)", 4, "\x00\x00\x00"},
	"hsqs":             {"a disk image (squashfs)", 28, "\x04\x00"},
}

// mark is one row of marks: what it is, and the text that must stand at the offset.
type mark struct {
	what   string
	offset int
	text   string
}

// forbidden says in words which never-allowed thing the bytes begin, or "" when they begin none. head is the first
// headSize bytes of a file, or all of it.
func forbidden(head []byte) string {
	if len(head) < 4 {
		return ""
	}
	what := ""
	switch first[head[0]] {
	case firstMark:
		what = marked(head)
	case firstHash:
		what = scripted(head)
	case firstM:
		what = windows(head)
	case firstBOM:
		if at(head, 0, "\xef\xbb\xbf#") {
			what = scripted(head[3:])
		}
	case firstOLE:
		if at(head, 0, magicOLE) && installs(head) {
			what = "an installer (MSI)"
		}
	case firstLess:
		if at(head, 0, "<<< ") && at(head, 0x40, "\x7f\x10\xda\xbe") {
			what = "a disk image (VDI)"
		}
	}
	if what == "" && len(head) >= discMark+5 && discMarks[string(head[discMark:discMark+5])] {
		what = "a disk image (ISO 9660 or UDF)"
	}
	return what
}

// discMark is where the image of a disc names itself. The 32 KiB before it are free for anything, a JPEG's head or a
// partition table.
const discMark = 0x8001

var discMarks = map[string]bool{"CD001": true, "BEA01": true}

// marked looks the first four bytes up.
func marked(head []byte) string {
	m, known := marks[string(head[:4])]
	if !known || !at(head, m.offset, m.text) {
		return ""
	}
	if m.what == "" {
		return cafeBabe(head)
	}
	return m.what
}

// cafeBabe tells a Java class from a Mach-O universal binary: they share four bytes, and what follows is the class file's
// version (45 and up) there, the number of programs (a few) here.
func cafeBabe(head []byte) string {
	if len(head) < 8 {
		return ""
	}
	if n := binary.BigEndian.Uint32(head[4:]); n > 0 && n < 45 {
		return "a program (Mach-O universal)"
	}
	if major := binary.BigEndian.Uint16(head[6:]); major >= 45 && major < 256 {
		return "a program (Java class)"
	}
	return ""
}

// shebang takes a path or a bare program's name behind the two marks: what Unix, and Windows' own launchers, start. Rust's
// inner attributes (#![…]), "#!!!" and a lone "#!" in a listing are no scripts.
var shebang = regexp.MustCompile(`\A#![ \t]*[/A-Za-z.~]`)

// scripted tells what a file that begins with a hash is.
func scripted(head []byte) string {
	switch {
	case shebang.Match(head):
		return "a script (#!)"
	case at(head, 0, "# Disk DescriptorFile"):
		return "a disk image (VMDK)"
	case at(head, 0, "# This is a shell archive"):
		return "a shell archive"
	case at(head, 0, "#@~^") && at(head, 10, "=="):
		return "a script (encoded VBScript or JScript)"
	}
	return ""
}

// windows tells what a file that begins with M is. "MZ" makes a program together with a byte that no text holds among the
// 62 behind it: the header's own fields, and the offset of the PE header in its last four bytes, always have one in a
// program of less than 144 MiB. A text that begins with MZ has none, and is a text.
func windows(head []byte) string {
	switch {
	case head[1] == 'Z':
		rest := head[2:]
		if len(rest) > 62 {
			rest = rest[:62]
		}
		if bytes.ContainsAny(rest, binaryBytes) {
			return "a program (Windows or DOS)"
		}
	case at(head, 0, "MSCF\x00\x00\x00\x00"):
		return "an installer archive (CAB)"
	case at(head, 0, "MSWIM\x00\x00\x00"):
		return "a disk image (WIM)"
	}
	return ""
}

// installerClass ends the class identifiers that the root entry of Windows Installer's databases, patches and transforms
// carries ({000C1084…}, {000C1086…}, {000C1082…}).
const installerClass = "\x10\x0c\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46"

// installs tells whether the bytes of a compound file hold an installer's class identifier.
func installs(data []byte) bool {
	n := bytes.Index(data, []byte(installerClass))
	return n > 0 && (data[n-1] == 0x84 || data[n-1] == 0x86 || data[n-1] == 0x82)
}

// trailer is how far before their end some disk images carry their mark, in bytes.
const trailer = 512

// trailers are the first four bytes of it, with all of it.
var trailers = map[string]mark{
	"koly": {"a disk image (DMG)", 4, ""},
	"cone": {"a disk image (VHD)", 4, "ctix"},
}

// forbiddenTail says the same as forbidden of a file's last bytes.
func forbiddenTail(tail []byte) string {
	if len(tail) < trailer {
		return ""
	}
	last := tail[len(tail)-trailer:]
	m, known := trailers[string(last[:4])]
	if known && at(last, m.offset, m.text) {
		return m.what
	}
	return ""
}
