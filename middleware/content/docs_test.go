package content

import (
	"flag"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/casegate/casegate/middleware/refusal"
)

const typesPage = "../../docs/types.md"

var update = flag.Bool("update", false, "write docs/types.md anew")

// TestTypesPage says that docs/types.md is what the catalogue gives: go test ./middleware/content -run TypesPage -update.
func TestTypesPage(t *testing.T) {
	want := typesMarkdown()
	if *update {
		if err := os.WriteFile(typesPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(typesPage)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/types.md is not what the catalogue gives: go test ./middleware/content -run TypesPage -update")
	}
}

// typesMarkdown is the page.
func typesMarkdown() string {
	kibana := map[string]bool{}
	for _, k := range kibanaTypes {
		kibana[k.mime] = true
	}
	var page strings.Builder
	page.WriteString("# File types\n\n")
	page.WriteString("Generated from the catalogue in middleware/content. Do not edit.\n\n")
	page.WriteString("Kibana takes a file's type from its name's extension, by the table of the mime-types library. casegate does the same, and then " +
		"looks whether the content is of that type. `files.allowedMimeTypes` may hold any type of the two tables below; without it, the first table is allowed.\n\n")
	page.WriteString("- signature: the content begins with the type's public signature, and what must follow it is there.\n")
	page.WriteString("- text: every byte is text, in UTF-8, or in UTF-16 or UTF-32 with a byte order mark. An empty file is a text.\n")
	page.WriteString("- nothing: no public signature exists. The content is not recognised as any other type.\n")
	page.WriteString("- flows on: with `delivery.mode: stream` the file is passed on while it is read; the others are held until they are judged.\n\n")
	page.WriteString("## Allowed by default\n\n")
	writeTable(&page, func(r *row) bool { return kibana[r.mime] && len(knownTypes().extensions[r.mime]) > 0 })
	page.WriteString("\nThe members of a 7z archive can't be read: of it only the beginning is judged. Take it off the list where that is not enough.\n")
	page.WriteString("\n## To be allowed by the operator\n\n")
	writeTable(&page, func(r *row) bool { return !kibana[r.mime] })
	page.WriteString("\nPCAPNG files pass under the extensions of PCAP. EVTX, PCAPNG, NDJSON and other extensions that the mime-types library does not know " +
		"can't be attached to Kibana under any setting: put them in an archive.\n")
	page.WriteString("\n## In Kibana's list, but without an extension that leads to them\n\n")
	for i := range catalogue {
		if mime := catalogue[i].mime; kibana[mime] && len(knownTypes().extensions[mime]) == 0 {
			fmt.Fprintf(&page, "- `%s`\n", mime)
		}
	}
	writeLimits(&page)
	page.WriteString("\n## Never, under any name\n\n")
	never := map[string]bool{
		"a program (Windows or DOS)": true, "a program (Java class)": true, "a script (#!)": true, "an installer (MSI)": true,
		"an installer archive (CAB)": true, "a shell archive": true, "a script (encoded VBScript or JScript)": true,
		"an HTML application (HTA)": true, "a disk image (ISO 9660 or UDF)": true, "a disk image (DMG)": true, "a disk image (WIM)": true, "a disk image (VDI)": true,
	}
	for _, m := range marks {
		if m.what != "" {
			never[m.what] = true
		}
	}
	lines := make([]string, 0, len(never))
	for what := range never {
		lines = append(lines, "- "+what+"\n")
	}
	sort.Strings(lines)
	page.WriteString(strings.Join(lines, ""))
	return page.String()
}

// writeLimits writes what bounds the work that a file makes.
func writeLimits(page *strings.Builder) {
	page.WriteString("\n## Limits\n\nWhat is beyond them is refused: as `archive_unsafe`, `image_unsafe`, or a PDF as `content_mismatch`. They hold for a file and the archives in it together.\n\n" +
		"| what | at most |\n| --- | --- |\n")
	for _, limit := range []struct{ what, most string }{
		{"members of archives", strconv.Itoa(maxEntries)},
		{"bytes that archives unpack to", refusal.Size(maxUnpacked)},
		{"the same, beyond " + refusal.Size(ratioFrom), strconv.Itoa(maxRatio) + " times the file's size"},
		{"levels of archives", strconv.Itoa(maxLevels)},
		{"a ZIP in an archive", refusal.Size(heldMost)},
		{"bzip2 files in an archive", strconv.Itoa(maxBzip2)},
		{"blocks of a bzip2 stream", strconv.Itoa(bzip2Extra) + ", and one more for every " + strconv.Itoa(bzip2BlockLeast) + " bytes that it unpacks to"},
		{"blocks of a deflate stream", "2.5 times the work of a log that is flushed every 300 bytes"},
		{"PAX records of tar archives", strconv.Itoa(tarRecordsMost)},
		{"references of an Office document", refusal.Size(officeReferencesMost)},
		{"elements, and attributes, of a drawing", strconv.Itoa(svgMaxElements) + ", " + strconv.Itoa(svgMaxAttributes)},
		{"attributes of a drawing that hold a function, such as `rgb(…)`", strconv.Itoa(svgMaxJudged)},
		{"pixels of a picture", strconv.Itoa(maxPixels)},
		{"end marks in a picture", strconv.Itoa(maxEnds)},
		{"attached files of a PDF", strconv.Itoa(pdfAttachmentsMost / 2)},
	} {
		fmt.Fprintf(page, "| %s | %s |\n", limit.what, limit.most)
	}
}

// writeTable writes the rows that are wanted, in the catalogue's order.
func writeTable(page *strings.Builder, wanted func(r *row) bool) {
	page.WriteString("| type | extensions | known by | also | limit | |\n| --- | --- | --- | --- | --- | --- |\n")
	for i := range catalogue {
		r := &catalogue[i]
		if !wanted(r) {
			continue
		}
		limit, flows := "maxSize", ""
		if strings.HasPrefix(r.mime, "image/") {
			limit = "maxImageSize"
		}
		if r.streams {
			flows = "flows on"
		}
		fmt.Fprintf(page, "| `%s` | %s | %s | %s | %s | %s |\n", r.mime, strings.Join(knownTypes().extensions[r.mime], " "), knownBy(r), also(r), limit, flows)
	}
}

// knownBy says how the content of a row is known.
func knownBy(r *row) string {
	switch {
	case r.known == byNothing:
		return "nothing"
	case r.known == byInspection:
		return "inspection"
	case r.known == byText && r.match != nil:
		return "text, its beginning"
	case r.known == byText:
		return "text"
	case r.weak:
		return "signature (short)"
	}
	return "signature"
}

// also says what else is looked at.
func also(r *row) string {
	var facts []string
	switch r.shape {
	case shapePNG, shapeJPEG, shapeGIF, shapeWebP, shapeBMP, shapeTIFF:
		facts = append(facts, "64 megapixels")
	case shapeOLE:
		facts = append(facts, "macros, installers")
	}
	switch r.look {
	case lookSVG:
		facts = append(facts, "active content")
	case lookZIP, lookGzip, lookBzip2, lookTar:
		facts = append(facts, "members")
	case lookOffice:
		facts = append(facts, "parts, macros")
	case lookPDF:
		facts = append(facts, "active content, when held")
	}
	if strings.HasPrefix(r.mime, "image/") && r.known != byInspection && r.shape != shapeOLE || r.look == lookPDF {
		facts = append(facts, "nothing else at its end")
	}
	return strings.Join(facts, "; ")
}
