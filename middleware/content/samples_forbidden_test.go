package content

import (
	"encoding/binary"
	"strings"
)

// disguises are names that a forbidden file is attached under.
var disguises = []string{"a.png", "a.txt", "a.pdf", "a.zip", "a.csv", "a.json", "a.svg", "a.gz", "a.btif", "a.jpg", "a.tif"}

// forbiddenFiles never pass.
func forbiddenFiles() []sample {
	return []sample{
		{"pe", "", samplePE(), ""},
		{"dos program", "", "MZ\x00\x01\x05\x00\x02\x00\x20\x00\xff\xff" + zeros(60), ""},
		{"elf 64", "", sampleELF("\x02", "\x01"), ""},
		{"elf 32, most byte first", "", sampleELF("\x01", "\x02"), ""},
		{"elf cut short", "", "\x7fELF\x02\x01\x01", ""},
		{"mach-o 32", "", "\xfe\xed\xfa\xce\x00\x00\x00\x07" + zeros(40), ""},
		{"mach-o 64", "", "\xfe\xed\xfa\xcf\x01\x00\x00\x07" + zeros(40), ""},
		{"mach-o 32, least byte first", "", "\xce\xfa\xed\xfe\x07\x00\x00\x00" + zeros(40), ""},
		{"mach-o 64, least byte first", "", "\xcf\xfa\xed\xfe\x07\x00\x00\x01" + zeros(40), ""},
		{"mach-o universal", "", "\xca\xfe\xba\xbe\x00\x00\x00\x02\x01\x00\x00\x07" + zeros(40), ""},
		{"mach-o universal 64", "", "\xca\xfe\xba\xbf\x00\x00\x00\x02" + zeros(40), ""},
		{"java class", "", "\xca\xfe\xba\xbe\x00\x00\x00\x34\x00\x10" + zeros(40), ""},
		{"webassembly", "", "\x00asm\x01\x00\x00\x00" + zeros(40), ""},
		{"dex", "", "dex\n035\x00" + zeros(100), ""},
		{"llvm bitcode", "", "BC\xc0\xde\x35\x14" + zeros(40), ""},
		{"shell script", "", "#!/bin/sh\necho x\n", ""},
		{"script behind a byte order mark", "", "\ufeff#!/usr/bin/env python3\n", ""},
		{"script with a blank", "", "#! /usr/bin/perl -w\n", ""},
		{"windows shortcut", "", makeLNK(), ""},
		{"msi", "", sampleOLE(classMSI, "\u4840"), ""},
		{"deb", "", "!<arch>\ndebian-binary   1700000000  0     0     100644  4         `\n2.0\n", ""},
		{"rpm", "", "\xed\xab\xee\xdb\x03\x00" + zeros(100), ""},
		{"cab", "", "MSCF\x00\x00\x00\x00" + le32(100) + zeros(60), ""},
		{"chm", "", "ITSF\x03\x00\x00\x00" + zeros(60), ""},
		{"macos package", "", "xar!\x00\x1c\x00\x01" + zeros(60), ""},
		{"installshield", "", "ISc(\x00\x60\x00\x01" + zeros(60), ""},
		{"iso", "", makeISO(""), ""},
		{"iso with a text in front", "", makeISO("text in the free area\n"), ""},
		{"vhd", "", "conectix\x00\x00\x00\x02" + zeros(500), ""},
		{"vhdx", "", "vhdxfile" + zeros(60), ""},
		{"vmdk", "", "KDMV\x01\x00\x00\x00" + zeros(60), ""},
		{"vmdk descriptor", "", "# Disk DescriptorFile\nversion=1\n", ""},
		{"qcow2", "", "QFI\xfb\x00\x00\x00\x03" + zeros(60), ""},
		{"vdi", "", "<<< Oracle VM VirtualBox Disk Image >>>\n" + zeros(24) + "\x7f\x10\xda\xbe" + zeros(60), ""},
		{"wim", "", "MSWIM\x00\x00\x00" + zeros(60), ""},
		{"squashfs", "", "hsqs" + zeros(24) + "\x04\x00\x00\x00" + zeros(60), ""},
		{"shell archive", "", "# This is a shell archive (produced by GNU sharutils 4.15).\n", ""},
		{"encoded vbscript", "", "#@~^BQAAAA==xxxxxAAAAAA==^#~@", ""},
	}
}

func forbiddenSamples() []sample {
	var all []sample
	for _, bad := range forbiddenFiles() {
		for _, name := range disguises {
			all = append(all, sample{bad.name + " as " + name, name, bad.data, wantExecutable})
		}
	}
	return append(all, []sample{
		{"hta as text", "a.txt", "<html><head><hta:application id=x></head><script>y</script>", wantExecutable},
		{"hta as html", "a.html", "<html>\n<HTA:APPLICATION>\n</html>", wantExecutable},
		{"script of unix in utf-16", "a.txt", wide16(binary.LittleEndian, "#!/bin/sh\n"), wantExecutable},
		{"dmg as png", "a.png", makePNG(3, 3) + "koly\x00\x00\x00\x04" + zeros(504), wantExecutable},
		{"dmg as a type without signature", "a.btif", someNoise(3000) + "koly\x00\x00\x00\x04" + zeros(504), wantExecutable},
		{"vhd of fixed size as a type without signature", "a.btif", someNoise(3000) + "conectix" + zeros(504), wantExecutable},
		{"text that begins with MZ", "a.txt", "MZ is the mark of Mark Zbikowski, and opens the header of each program of DOS and Windows.\n", ""},
		{"text of two letters", "a.txt", "MZ", ""},
		{"text that begins with ELF", "a.txt", "ELF is a format", ""},
		{"text that begins with dex", "a.txt", "dex\nand more lines\n", ""},
		{"text that begins with MSCF", "a.txt", "MSCF is the mark of a cabinet\n", ""},
		{"text that begins with an archive's mark", "a.txt", "!<arch>\nthis is how ar begins\n", ""},
		{"text that begins with ITSF", "a.txt", "ITSF chm files begin so\n", ""},
		{"text that begins with hsqs", "a.txt", "hsqs is squashfs's mark, which few texts begin with\n", ""},
		{"text that begins with KDMV", "a.txt", "KDMV COWD QFI\n", ""},
		{"text that begins with conectix", "a.txt", "cones and conec\n", ""},
		{"listing in rust", "a.txt", "#![allow(dead_code)]\nfn main() {}\n", ""},
		{"shout", "a.txt", "#!!! attention\n", ""},
		{"comment", "a.conf", "# /bin/sh\n# a comment\nkey=value\n", ""},
		{"lone marks", "a.txt", "#!\n", ""},
		{"script quoted further down", "a.txt", "see:\n#!/bin/sh\necho x\n", ""},
		{"long text with CD001 elsewhere", "a.txt", strings.Repeat("x", 0x7000) + "CD001" + strings.Repeat("x", 0x2000), ""},
	}...)
}
