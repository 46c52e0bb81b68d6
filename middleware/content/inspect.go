package content

import (
	"io"

	"github.com/casegate/casegate/middleware/refusal"
	"github.com/casegate/casegate/middleware/runnable"
)

// headSize is how much of a file's beginning is looked at: an ISO 9660 image names itself at 0x8001, everything else
// far sooner. Whoever asks forbidden about a file hands over this much, or the whole file when it is shorter.
const headSize = 36 << 10

// env is what the inspection of a held file knows besides its bytes, and what it has counted so far. One env serves
// one attached file and everything in it; it belongs to one goroutine.
type env struct {
	settings Settings
	// name is the attached file's name, for messages.
	name string
	// mime is the MIME type that the name stands for.
	mime string
	// nested counts the archives around the bytes that are looked at: 0 for the attached file itself.
	nested int
	// entries counts the members of all archives of this file.
	entries int
	// bzip2s counts the bzip2 files in archives.
	bzip2s int
	// unpacked counts the bytes that were unpacked from all archives of this file.
	unpacked int64
	// records counts the PAX records of all tar archives.
	records int
	// looked counts the bytes of deflate streams in which heads of blocks were looked for, and heads the weight of those found.
	looked, heads int
}

// A row of the catalogue names what has to be looked at when the whole file is held. These are names and not function
// values, so that the table does not depend on the order in which files are initialised.
const (
	lookNone = iota
	lookSVG
	lookZIP
	lookGzip
	lookBzip2
	lookTar
	lookOffice
	lookPDF
)

// look runs the inspection that a row names over the whole held file.
func look(what int, file io.ReaderAt, size int64, e *env) *refusal.Refusal {
	switch what {
	case lookSVG:
		return inspectSVG(file, size, e)
	case lookZIP:
		return inspectZIP(file, size, e)
	case lookGzip:
		return inspectGzip(file, size, e)
	case lookBzip2:
		return inspectBzip2(file, size, e)
	case lookTar:
		return inspectTar(file, size, e)
	case lookOffice:
		return inspectOffice(file, size, e)
	}
	return nil
}

// executable is the refusal of content that runs. where names the file or the archive member that holds it; what says
// what it is, as forbidden does.
func executable(where, what string) *refusal.Refusal {
	return refusal.New("executable_content", where+" is or holds "+what+
		", which may not be attached under any name: send it to the analysts another way").With("found", what)
}

// forbiddenName tells whether a file of this name runs when it is opened. The name may hold a path.
func forbiddenName(name string) bool {
	return runnable.Extension(name) != ""
}
