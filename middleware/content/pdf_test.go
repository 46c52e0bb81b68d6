package content

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"math/rand"
	"strings"
	"testing"

	"github.com/casegate/casegate/middleware/refusal"
)

// pdf wraps objects into a PDF.
func pdf(objects ...string) []byte {
	var out strings.Builder
	out.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	for i, object := range objects {
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	out.WriteString("trailer\n<</Root 1 0 R>>\nstartxref\n0\n%%EOF\n")
	return []byte(out.String())
}

func attached(name string, body []byte) string {
	return fmt.Sprintf("<</Type/Filespec %s/EF<</F 9 0 R>>>>\nendobj\n9 0 obj\n<</Type/EmbeddedFile/Length %d>>stream\r\n%s\nendstream", name, len(body), body)
}

func packed(body []byte) []byte {
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	must(w.Write(body))
	w.Close()
	return out.Bytes()
}

// manyAttached are attached files of noise, which doesn't get smaller.
func manyAttached(count int) []string {
	noise := make([]byte, 8<<10)
	_, _ = rand.New(rand.NewSource(1)).Read(noise)
	objects := make([]string, count)
	for i := range objects {
		objects[i] = attached("/F(a.bin)", packed(noise))
	}
	return objects
}

var pdfCases = map[string]struct {
	file       []byte
	code, part string
}{
	"plain":                       {pdf("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[]/Count 0>>"), "", ""},
	"fonts and filters":           {pdf("<</Font<</F1 3 0 R>>/Filter/FlateDecode/FontFile2 4 0 R>>"), "", ""},
	"an action on opening":        {pdf("<</OpenAction[3 0 R/XYZ null null 0]/AA<<>>>>"), "", ""},
	"a link":                      {pdf("<</S/URI/URI(https://example.com/)>>"), "", ""},
	"names with escapes":          {pdf("<</BaseFont/Arial#20Bold/Name/A#42>>"), "", ""},
	"names that begin alike":      {pdf("<</JavaScripts/LaunchPad/JSON/EFG>>"), "", ""},
	"an attached invoice":         {pdf(attached("/F(invoice.xml)/UF(invoice.xml)", packed([]byte("<xml/>")))), "", ""},
	"a file named elsewhere":      {pdf("<</S/GoToR/F(setup.exe)>>"), "", ""},
	"a rendition without script":  {pdf("<</S/Rendition/OP 0>>"), "", ""},
	"text about XFA":              {pdf("<</Title(how /XFA works)>>"), "", ""},
	"a colour with number signs":  {pdf("stream " + strings.Repeat("#616161 ", 100)), "", ""},
	"few dense number signs":      {pdf(strings.Repeat("#", pdfDenseMost/2)), "", ""},
	"JavaScript":                  {pdf("<</S/JavaScript/JS(app.alert(1))>>"), "active_content", "JavaScript"},
	"JavaScript behind a blank":   {pdf("<</S /JavaScript\n/JS 5 0 R>>"), "active_content", "JavaScript"},
	"it escaped":                  {pdf("<</S/#4aavaScript/JS(x)>>"), "active_content", "JavaScript"},
	"it escaped elsewhere":        {pdf("<</S/JavaScrip#74>>"), "active_content", "JavaScript"},
	"it escaped whole":            {pdf("<</S/#4A#61#76#61#53#63#72#69#70#74>>"), "active_content", "JavaScript"},
	"it at the end of the file":   {[]byte("%PDF-1.7 /JavaScript"), "active_content", "JavaScript"},
	"it in the names":             {pdf("<</Names<</JavaScript 4 0 R>>>>"), "active_content", "JavaScript"},
	"a rendition with a script":   {pdf("<</S/Rendition/JS(x)>>"), "active_content", "JavaScript"},
	"both escaped":                {pdf("<</S/Rend#69tion/#4aS(x)>>"), "active_content", "JavaScript"},
	"Launch":                      {pdf("<</S/Launch/F(a)>>"), "active_content", "Launch"},
	"Launch, escaped":             {pdf("<</S/L#61unch/F(a)>>"), "active_content", "Launch"},
	"rich media":                  {pdf("<</Subtype/RichMedia>>"), "active_content", "RichMedia"},
	"a form in XFA":               {pdf("<</AcroForm<</XFA[(a)5 0 R]>>>>"), "active_content", "XFA"},
	"a form in XFA, by reference": {pdf("<</AcroForm<</XFA 5 0 R>>>>"), "active_content", "XFA"},
	"an attached program's name":  {pdf(attached("/F(setup.exe)", []byte("x"))), "executable_content", "setup.exe"},
	"it in octal":                 {pdf(attached(`/UF (setup\056\145xe)`, []byte("x"))), "executable_content", "setup.exe"},
	"it in digits":                {pdf(attached("/UF <FEFF 0061 002E 006A 0073>", []byte("x"))), "executable_content", "a.js"},
	"it in UTF-16":                {pdf(attached("/UF(\xfe\xff\x00a\x00.\x00j\x00s)", []byte("x"))), "executable_content", "a.js"},
	"it with an escaped entry":    {pdf("<</F(a.exe)/E#46<</F 9 0 R>>>>"), "executable_content", "a.exe"},
	"an attached program":         {pdf(attached("/F(a.txt)", program())), "executable_content", "program"},
	"an attached program, packed": {pdf(attached("/F(a.txt)", packed(program()))), "executable_content", "program"},
	"it behind many large ones":   {pdf(append(manyAttached(200), attached("/F(a.txt)", packed(program())))...), "executable_content", "program"},
	"many attached files":         {pdf(strings.Repeat("/EF ", pdfAttachmentsMost+1)), "content_mismatch", "attached files"},
	"many dense number signs":     {pdf(strings.Repeat("#", pdfDenseMost+unpackChunk)), "content_mismatch", "number signs"},
	"many escaped letters":        {pdf(strings.Repeat("/A#61                                                                                  ", pdfHitsMost+1)), "content_mismatch", "escaped letters"},
	"many names that begin alike": {pdf(strings.Repeat("/JSx", pdfHitsMost+1)), "content_mismatch", "begin like actions"},
}

func TestPDF(t *testing.T) {
	for name, c := range pdfCases {
		t.Run(name, func(t *testing.T) {
			checkRefusal(t, inspectAs(lookPDF, "a.pdf", c.file), c.code, c.part)
		})
	}
}

// Whatever the borders of the chunks cut, is found.
func TestPDFInChunks(t *testing.T) {
	for name, c := range pdfCases {
		if len(c.file) > 4000 || name == "it at the end of the file" {
			continue
		}
		padding := bytes.Repeat([]byte("x"), 3000)
		file := concat([]byte("%PDF-1.7\n"), padding, c.file, padding)
		for _, size := range []int{100, 1024, 2999, 3009 + len(c.file)/2, 3500} {
			scan := newPDFScan(&Settings{ActiveContent: Refuse}, "a.pdf")
			no := writePDF(scan, nil)
			for rest := file; len(rest) > 0 && no == nil; {
				n := least(size, len(rest))
				no = writePDF(scan, rest[:n])
				rest = rest[n:]
			}
			if no == nil {
				no = scan.finish()
			}
			if got := codeOf(no); got != c.code {
				t.Errorf("%s in chunks of %d: %q, want %q", name, size, got, c.code)
			}
		}
	}
}

// The search where slashes are rare and the one where they are not find the same.
func TestPDFSparseAndDense(t *testing.T) {
	for name, c := range pdfCases {
		if len(c.file) > 4000 {
			continue
		}
		for kind, filler := range map[string]string{"sparse": "x", "dense": "/x "} {
			file := concat(bytes.Repeat([]byte(filler), 64<<10), []byte("\n"), c.file)
			if strings.HasPrefix(name, "it at the end") {
				continue
			}
			scan := newPDFScan(&Settings{ActiveContent: Refuse}, "a.pdf")
			no := writePDF(scan, file)
			if no == nil {
				no = scan.finish()
			}
			if got := codeOf(no); got != c.code {
				t.Errorf("%s, %s: %q, want %q", name, kind, got, c.code)
			}
		}
	}
}

// A large chunk is looked through in pieces: what stands on their border is found, and found once.
func TestPDFOnPieces(t *testing.T) {
	for kind, search := range map[string]struct {
		in     func(p *pdfScan, data []byte) *refusal.Refusal
		filler string
		size   int
	}{
		"sparse":         {searchSparse, "x", pdfPiece},
		"dense":          {searchDense, "x", pdfPiece},
		"crowded":        {searchDense, "/", runUpPiece},
		"crowded, early": {searchDense, "/", pdfPiece},
	} {
		for _, name := range []string{"/EF", "/#45F", "/E#46", "/EmbeddedFile", "/#45mbeddedFile"} {
			for place := search.size - len(name) - 1; place <= search.size+1; place++ {
				data := append(bytes.Repeat([]byte(search.filler), place), name+" "+strings.Repeat("x", 100)...)
				scan := newPDFScan(&Settings{ActiveContent: Refuse}, "a.pdf")
				scan.seen = map[string]bool{}
				if no := search.in(scan, data); no != nil || scan.attachments != 1 {
					t.Errorf("%s: %s at %d: %d times, %v", kind, name, place, scan.attachments, no)
				}
			}
		}
	}
}

// Every mark is found in any spelling.
func TestPDFSpellings(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	for n := 0; n < 20000; n++ {
		mark := pdfMarks[n%len(pdfMarks)]
		name := "/"
		for i := 0; i < len(mark); i++ {
			letter := mark[i : i+1]
			switch random.Intn(4) {
			case 0:
				letter = fmt.Sprintf("#%02x", letter)
			case 1:
				letter = fmt.Sprintf("#%02X", letter)
			}
			name += letter
		}
		data := []byte(strings.Repeat("x", 200) + name + " [1 0 R]" + strings.Repeat("x", 400))
		for kind, search := range map[string]func(p *pdfScan, data []byte) *refusal.Refusal{"sparse": searchSparse, "dense": searchDense} {
			scan := newPDFScan(&Settings{ActiveContent: Allow}, "a.pdf")
			scan.seen = map[string]bool{}
			if no := search(scan, data); no != nil {
				t.Fatal(no)
			}
			if !scan.seen[mark] && scan.attachments == 0 {
				t.Fatalf("%s: %s is not found", kind, name)
			}
		}
	}
}

func TestPDFAcrossHeldChunks(t *testing.T) {
	mark := []byte("<</S/JavaScript/JS(x)>>")
	for cut := 0; cut <= len(mark); cut++ {
		file := concat(bytes.Repeat([]byte("x"), unpackChunk-cut), mark, make([]byte, 10))
		checkRefusal(t, inspectAs(lookPDF, "a.pdf", file), "active_content", "JavaScript")
	}
}

func TestActivePDFAllowed(t *testing.T) {
	for name, c := range pdfCases {
		want := c.code
		if want == "active_content" {
			want = ""
		}
		settings := Default()
		settings.ActiveContent = Allow
		no := inspectPDF(bytes.NewReader(c.file), int64(len(c.file)), &env{settings: settings, name: "a.pdf"})
		if got := codeOf(no); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func FuzzPDF(f *testing.F) {
	for _, c := range pdfCases {
		if len(c.file) < 2000 {
			f.Add(c.file, 100)
		}
	}
	f.Fuzz(func(t *testing.T, file []byte, size int) {
		if size < 16 || len(file) > 1<<20 {
			return
		}
		// What is found in the whole is found in pieces.
		scan := newPDFScan(&Settings{ActiveContent: Refuse}, "a.pdf")
		no := writePDF(scan, nil)
		for rest := file; len(rest) > 0 && no == nil; {
			n := least(size, len(rest))
			no = writePDF(scan, rest[:n])
			rest = rest[n:]
		}
		if no == nil && bytes.Contains(file, []byte("/JavaScript ")) {
			t.Errorf("not found in chunks of %d", size)
		}
	})
}

// inspectPDF inspects a PDF that is held.
func inspectPDF(file io.ReaderAt, size int64, e *env) *refusal.Refusal {
	scan := newPDFScan(&e.settings, e.name)
	buffer := make([]byte, unpackChunk)
	for at := int64(0); at < size; at += unpackChunk {
		chunk := buffer
		if size-at < unpackChunk {
			chunk = buffer[:size-at]
		}
		if n, err := file.ReadAt(chunk, at); n < len(chunk) {
			return full(err)
		}
		if no := writePDF(scan, chunk); no != nil {
			return no
		}
	}
	return scan.finish()
}
