package content

import (
	"bytes"
	"errors"
	"io"
	"os"
	"sync/atomic"

	"github.com/casegate/casegate/middleware/refusal"
)

const (
	// heldMemory is the largest nested ZIP that is held in memory; larger ones are held in an unlinked temporary file.
	heldMemory = 1 << 20
	// heldMost is the largest nested ZIP that is inspected.
	heldMost = 256 << 20
)

// holding bounds the nested ZIPs that the process holds in files at once, and with heldMost the room they take. Only
// the second level is ever held, so that nobody waits here while holding.
var holding = make(chan struct{}, 4)

// heldStep is how much of a nested ZIP is counted, and then written to its file, at once.
const heldStep = 1 << 20

// heldZIP inspects a ZIP that comes as a stream. A ZIP is read from its end, so it has to be held.
func heldZIP(u *unpacker, name string, source io.Reader) *refusal.Refusal {
	var begin bytes.Buffer
	n, err := io.CopyN(&begin, source, heldMemory+1)
	if err == io.EOF {
		_, no := readZIP(u, bytes.NewReader(begin.Bytes()), n)
		return no
	}
	if err != nil {
		return u.e.in(name, "is damaged or cut off: pack it again")
	}
	holding <- struct{}{}
	defer func() { <-holding }()
	file, err := os.CreateTemp(u.e.settings.Directory, "casegate-*")
	if err != nil {
		return full(err)
	}
	h := &heldFile{settings: &u.e.settings, file: file}
	defer releaseFile(h)
	if err := os.Remove(file.Name()); err != nil {
		return full(err)
	}
	// A failure to read shows as a short file, and that as a ZIP without its end.
	source = io.MultiReader(&begin, source)
	for {
		more, no := holdStep(h, source)
		if no != nil {
			return no
		}
		if h.size > heldMost {
			return u.e.in(name, "is an archive of more than 256 MiB: attach it by itself")
		}
		if !more {
			break
		}
	}
	_, no := readZIP(u, file, h.size)
	return no
}

// heldFile is a nested ZIP in a file without a name.
type heldFile struct {
	settings *Settings
	file     *os.File
	size     int64
	// counted is what stands in the process's count for it.
	counted int64
}

// holdStep writes the next bytes to the file, and says whether there were as many as may be: then there may be more.
func holdStep(h *heldFile, source io.Reader) (more bool, no *refusal.Refusal) {
	if h.settings.Held != nil {
		h.counted += heldStep
		if atomic.AddInt64(h.settings.Held, heldStep) > h.settings.MaxHeld {
			return false, full(errHeld)
		}
	}
	n, err := io.CopyN(h.file, source, heldStep)
	h.size += n
	if _, isPath := err.(*os.PathError); isPath {
		return false, full(err)
	}
	return n == heldStep, nil
}

// releaseFile gives everything back.
func releaseFile(h *heldFile) {
	_ = h.file.Close()
	if h.settings.Held != nil {
		atomic.AddInt64(h.settings.Held, -h.counted)
	}
}

var errHeld = errors.New("delivery.maxHeld is reached")

// full is the refusal when temporary storage can't be had.
func full(err error) *refusal.Refusal {
	no := refusal.New("storage_unavailable", "The gate has no room to inspect this archive at the moment: try again later.").Because(err.Error())
	no.RetryAfter = 10
	return no
}
