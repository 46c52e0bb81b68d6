package content

import (
	"archive/tar"
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func TestTar(t *testing.T) {
	ordinary := makeTar(item{name: "d/", kind: tar.TypeDir}, text("d/a.txt"), text("b.txt"))
	for name, c := range map[string]struct {
		file       []byte
		code, part string
	}{
		"ordinary":                      {ordinary, "", ""},
		"no members":                    {makeTar(), "", ""},
		"from the folder itself":        {makeTar(item{name: "./", kind: tar.TypeDir}, text("./a.txt")), "", ""},
		"padded to a record":            {append(append([]byte(nil), ordinary...), make([]byte, 10240)...), "", ""},
		"without its end":               {ordinary[:len(ordinary)-1024], "", ""},
		"a long name":                   {makeTar(text(strings.Repeat("long/", 50) + "a.txt")), "", ""},
		"a link":                        {makeTar(text("a"), item{name: "l", kind: tar.TypeSymlink, link: "a"}), "", ""},
		"a link to a neighbour":         {makeTar(item{name: "d/l", kind: tar.TypeSymlink, link: "../a"}), "", ""},
		"a hard link":                   {makeTar(text("a"), item{name: "l", kind: tar.TypeLink, link: "a"}), "", ""},
		"a hard link with a dot":        {makeTar(text("./a"), item{name: "./l", kind: tar.TypeLink, link: "./a"}), "", ""},
		"git's comment":                 {makeTar(item{name: "pax_global_header", kind: tar.TypeXGlobalHeader, pax: map[string]string{"comment": "0123"}}, text("a")), "", ""},
		"a colon":                       {makeTar(text("12:30.log")), "", ""},
		"the oldest form":               {v7(makeTar(text("a.txt"))), "", ""},
		"a large member":                {makeTar(item{name: "a", body: noise(3 * unpackChunk)}), "", ""},
		"a program":                     {makeTar(item{name: "a", body: program()}), "executable_content", "program"},
		"a program's name":              {makeTar(text("d/run.sh")), "executable_content", "run.sh"},
		"a hard link named like one":    {makeTar(text("a"), item{name: "a.exe", kind: tar.TypeLink, link: "a"}), "executable_content", "a.exe"},
		"a way out":                     {makeTar(text("d/../../a")), "archive_unsafe", "leads out"},
		"an absolute path":              {makeTar(text("/a")), "archive_unsafe", "absolute"},
		"the same name twice":           {makeTar(text("a"), text("a")), "archive_unsafe", "twice"},
		"a link out":                    {makeTar(item{name: "l", kind: tar.TypeSymlink, link: "../a"}), "archive_unsafe", "link"},
		"an absolute link":              {makeTar(item{name: "l", kind: tar.TypeSymlink, link: "/etc/passwd"}), "archive_unsafe", "link"},
		"a hard link to nothing":        {makeTar(item{name: "l", kind: tar.TypeLink, link: "a"}), "archive_unsafe", "link"},
		"a hard link out":               {makeTar(item{name: "l", kind: tar.TypeLink, link: "../a"}), "archive_unsafe", "link"},
		"a hard link to a link":         {makeTar(item{name: "s", kind: tar.TypeSymlink, link: "a"}, item{name: "l", kind: tar.TypeLink, link: "s"}), "archive_unsafe", "link"},
		"through a link":                {makeTar(item{name: "l", kind: tar.TypeSymlink, link: "d"}, text("l/a")), "archive_unsafe", "through a link"},
		"through a link that follows":   {makeTar(text("l/d/a"), item{name: "l", kind: tar.TypeSymlink, link: "d"}), "archive_unsafe", "through a link"},
		"a character device":            {makeTar(item{name: "c", kind: tar.TypeChar}), "archive_unsafe", "device"},
		"a block device":                {makeTar(item{name: "b", kind: tar.TypeBlock}), "archive_unsafe", "device"},
		"a pipe":                        {makeTar(item{name: "p", kind: tar.TypeFifo}), "archive_unsafe", "device"},
		"an unknown kind":               {sealed(patched(makeTar(text("a")), 156, "V")), "archive_unsafe", "special kind"},
		"a path for all members":        {makeTar(item{name: "g", kind: tar.TypeXGlobalHeader, pax: map[string]string{"path": "x.exe"}}, text("a")), "archive_unsafe", "all its members"},
		"something behind its end":      {concat(ordinary, makeTar(text("c"))), "archive_unsafe", "behind its end"},
		"something far behind its end":  {concat(ordinary, make([]byte, 10*unpackChunk), []byte("x")), "archive_unsafe", "behind its end"},
		"cut off in a member":           {makeTar(item{name: "a", body: noise(5000)})[:2000], "archive_unsafe", "cut off"},
		"cut off in a header":           {ordinary[:700], "archive_unsafe", "read to its end"},
		"a wrong checksum":              {patched(ordinary, 0, "x"), "archive_unsafe", "read to its end"},
		"a member beyond every limit":   {sparse(1 << 40), "archive_unsafe", ""},
		"no tar":                        {bytes.Repeat([]byte("text"), 1000), "archive_unsafe", "read to its end"},
		"a program behind a PAX header": {makeTar(item{name: "a", body: program(), pax: map[string]string{"CASEGATE.x": "y"}}), "executable_content", "program"},
	} {
		t.Run(name, func(t *testing.T) {
			checkRefusal(t, inspectAs(lookTar, "a.tar", c.file), c.code, c.part)
		})
	}
}

// sealed writes the right checksum into the first header.
func sealed(file []byte) []byte {
	copy(file[148:156], "        ")
	sum := 0
	for _, b := range file[:512] {
		sum += int(b)
	}
	digits := []byte("000000\x00 ")
	for i := 5; i >= 0; i-- {
		digits[i] = '0' + byte(sum&7)
		sum >>= 3
	}
	copy(file[148:156], digits)
	return file
}

// v7 takes the mark of the newer forms away.
func v7(file []byte) []byte {
	copy(file[257:512], make([]byte, 255))
	return sealed(file)
}

// sparse is a file of GNU tar that says that it is mostly a hole.
func sparse(size int64) []byte {
	file := makeTar(item{name: "a", body: []byte("x")})
	file[156] = tar.TypeGNUSparse
	copy(file[257:265], "ustar  \x00")
	copy(file[345:512], make([]byte, 167))
	octal := func(at, width int, n int64) {
		for i := width - 1; i >= 0; i-- {
			file[at+i] = '0' + byte(n&7)
			n >>= 3
		}
	}
	octal(386, 11, 0)
	octal(398, 11, 1)
	// The size of 12 bytes in base 256, since octal digits end at 8 GiB.
	for i := 0; i < 8; i++ {
		file[483+4+i] = byte(size >> (56 - 8*i))
	}
	file[483] = 0x80
	return sealed(file)
}

func TestTarEntriesAreBounded(t *testing.T) {
	e := &env{settings: Default(), name: "a.tar"}
	file := bytes.Repeat(makeTar(item{name: "a/", kind: tar.TypeDir})[:512], 200_000)
	for i := 0; i < 11_000; i++ {
		copy(file[i*512:], "d/")
		copy(file[i*512+2:], []byte{byte('a' + i%26), byte('a' + i/26%26), byte('a' + i/676%26), '/'})
		sealed(file[i*512 : i*512+512])
	}
	no := inspectTar(bytes.NewReader(file), int64(len(file)), e)
	checkRefusal(t, no, "archive_unsafe", "10,000 entries")
	if e.entries != maxEntries+1 {
		t.Errorf("%d entries read", e.entries)
	}
}

// Every record of a header is looked at by interpreted steps.
func TestTarRecords(t *testing.T) {
	records := map[string]string{}
	for i := 0; i < tarRecordsMost/30+1; i++ {
		records[fmt.Sprintf("SCHILY.x%d", i)] = "y"
	}
	file := makeTar(many(30, func(n int) item { return item{name: fmt.Sprint(n), pax: records} })...)
	checkRefusal(t, inspectAs(lookTar, "a.tar", file), "archive_unsafe", "too large to be genuine")
}

func FuzzTar(f *testing.F) {
	f.Add(makeTar(text("a.txt"), item{name: "d/", kind: tar.TypeDir}, item{name: "l", kind: tar.TypeSymlink, link: "a.txt"}))
	f.Add(makeTar(text(strings.Repeat("long/", 50) + "a.txt")))
	f.Add(sparse(1 << 30))
	f.Add(v7(makeTar(text("a.txt"))))
	f.Fuzz(func(t *testing.T, file []byte) {
		if inspectAs(lookTar, "a.tar", file) != nil {
			return
		}
		reader := tar.NewReader(bytes.NewReader(file))
		for {
			header, err := reader.Next()
			if err != nil {
				return
			}
			if header.Typeflag != tar.TypeXGlobalHeader && pathTrouble(header.Name) != "" {
				t.Fatalf("passed with the name %q", header.Name)
			}
		}
	})
}
