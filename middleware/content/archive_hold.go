package content

import (
	"bytes"
	"io"
	"os"

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
	defer file.Close()
	if err := os.Remove(file.Name()); err != nil {
		return full(err)
	}
	if _, err := file.Write(begin.Bytes()); err != nil {
		return full(err)
	}
	// A failure to read shows as a short file, and that as a ZIP without its end.
	more, err := io.Copy(file, io.LimitReader(source, heldMost-n+1))
	if _, isPath := err.(*os.PathError); isPath {
		return full(err)
	}
	if n+more > heldMost {
		return u.e.in(name, "is an archive of more than 256 MiB: attach it by itself")
	}
	_, no := readZIP(u, file, n+more)
	return no
}

// full is the refusal when temporary storage can't be had.
func full(err error) *refusal.Refusal {
	no := refusal.New("storage_unavailable", "The gate has no room to inspect this archive at the moment: try again later.").Because(err.Error())
	no.RetryAfter = 10
	return no
}
