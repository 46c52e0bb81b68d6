package middleware

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"os"
	"sync/atomic"

	"github.com/casegate/casegate/middleware/refusal"
)

// heldTotal counts the bytes of all held uploads of the process, in memory and on disk, and of the archives in archives
// that are on disk while they are inspected.
var heldTotal int64

// HeldBytes is how many bytes of uploads the process holds at the moment.
func HeldBytes() int64 {
	return atomic.LoadInt64(&heldTotal)
}

// hold makes an empty store for an upload's bytes.
func hold(g *Gate) *held {
	h := &held{limits: &g.policy.Delivery}
	if g.hashes {
		h.digest = sha256.New()
	}
	return h
}

// held keeps bytes until they may go on: in memory up to a limit, then in a temporary file that has no name any more,
// so that nothing is left behind however the process ends.
type held struct {
	limits *Delivery
	stays  bool // All of it stays in memory: the file will stream as soon as the limit is passed.
	large  bool // It is known to be too large for memory: all of it goes to disk from the beginning.
	memory []byte
	file   *os.File
	size   int64
	digest hash.Hash // nil: no hash is wanted.
}

// holdMore adds bytes, or refuses with storage_unavailable.
func holdMore(h *held, chunk []byte) *refusal.Refusal {
	no := count(h, chunk)
	if no != nil {
		return no
	}
	if h.stays || (!h.large && h.size <= h.limits.Memory) {
		if h.memory == nil {
			// The usual file is this one chunk. Interpreted, a copy costs a fifth of an append to nothing.
			h.memory = bytes.Clone(chunk)
			return nil
		}
		h.memory = append(h.memory, chunk...)
		return nil
	}
	return holdOnDisk(h, chunk)
}

// holdFurther adds bytes to what is on disk already. Whoever calls it hashes them.
func holdFurther(h *held, chunk []byte) *refusal.Refusal {
	no := count(h, chunk)
	if no != nil {
		return no
	}
	return writeOut(h, chunk)
}

// count adds the bytes to what the process holds, or refuses when that is too much.
func count(h *held, chunk []byte) *refusal.Refusal {
	n := int64(len(chunk))
	if atomic.AddInt64(&heldTotal, n) > h.limits.MaxHeld {
		atomic.AddInt64(&heldTotal, -n)
		return noStorage("delivery.maxHeld is reached")
	}
	h.size += n
	return nil
}

// holdOnDisk adds bytes to the temporary file, which it makes when there is none, and hashes them.
func holdOnDisk(h *held, chunk []byte) *refusal.Refusal {
	if h.file == nil {
		if no := spill(h); no != nil {
			return no
		}
	}
	if h.digest != nil {
		_, _ = h.digest.Write(chunk)
	}
	return writeOut(h, chunk)
}

func writeOut(h *held, chunk []byte) *refusal.Refusal {
	if _, err := h.file.Write(chunk); err != nil {
		return noStorage(err.Error())
	}
	return nil
}

// spill moves what is in memory to a temporary file.
func spill(h *held) *refusal.Refusal {
	file, err := os.CreateTemp(h.limits.Directory, "casegate-*")
	if err != nil {
		return noStorage(err.Error())
	}
	h.file = file
	// Unlinked at once: the file lives as long as it is open.
	if err := os.Remove(file.Name()); err != nil {
		return noStorage(err.Error())
	}
	// Now it is large, whatever was known of it before.
	h.large = true
	if len(h.memory) == 0 {
		return nil
	}
	if h.digest != nil {
		_, _ = h.digest.Write(h.memory)
	}
	no := writeOut(h, h.memory)
	h.memory = nil
	return no
}

func noStorage(detail string) *refusal.Refusal {
	no := refusal.New("storage_unavailable", "the gate can't hold this request at the moment: try again later").Because(detail)
	no.RetryAfter = 10
	return no
}

// readerOf gives random access to what is held.
func readerOf(h *held) io.ReaderAt {
	if h.file != nil {
		return h.file
	}
	return bytes.NewReader(h.memory)
}

// hashOf is the hexadecimal digest of all held bytes; "" when none was asked for.
func hashOf(h *held) string {
	if h.digest == nil {
		return ""
	}
	if h.file == nil {
		sum := sha256.Sum256(h.memory)
		return hex.EncodeToString(sum[:])
	}
	return hex.EncodeToString(h.digest.Sum(nil))
}

// closeHeld gives everything back. It may be called twice.
func closeHeld(h *held) {
	if h.file != nil {
		_ = h.file.Close()
	}
	atomic.AddInt64(&heldTotal, -h.size)
	h.size = 0
	h.memory = nil
}
