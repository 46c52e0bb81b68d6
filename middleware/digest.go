package middleware

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"sync"
)

// digest is the SHA-256 of a large file, computed in a goroutine of its own while the next bytes are received. It works
// on copies, so that whoever writes may use the bytes again at once. It belongs to one upload.
type digest struct {
	hash   hash.Hash
	free   chan []byte
	filled chan []byte
	done   chan struct{}
	failed bool
}

// digestBuffer is how many bytes a copy holds at most; larger pieces are cut.
const digestBuffer = 128 << 10

// spareBuffers keeps copies' memory from one upload to the next.
var spareBuffers = sync.Pool{New: newDigestBuffer}

func newDigestBuffer() any {
	buffer := make([]byte, digestBuffer)
	return &buffer
}

// write adds bytes. The first call starts the goroutine, which stop or sum ends.
func (d *digest) write(chunk []byte) {
	if d.hash == nil {
		d.start()
	}
	for len(chunk) > 0 {
		buffer := <-d.free
		n := copy(buffer[:digestBuffer], chunk)
		d.filled <- buffer[:n]
		chunk = chunk[n:]
	}
}

func (d *digest) start() {
	d.hash = sha256.New()
	d.free = make(chan []byte, 2)
	d.filled = make(chan []byte, 2)
	d.done = make(chan struct{})
	for i := 0; i < 2; i++ {
		d.free <- *spareBuffers.Get().(*[]byte)
	}
	go d.run()
}

func (d *digest) run() {
	defer close(d.done)
	for buffer := range d.filled {
		d.add(buffer)
		d.free <- buffer
	}
}

// add hashes one buffer. A panic in a goroutine of ours would end the gateway, so it costs the digest alone.
func (d *digest) add(buffer []byte) {
	defer func() {
		if recover() != nil {
			d.failed = true
		}
	}()
	_, _ = d.hash.Write(buffer)
}

// stop ends the goroutine and waits for it. It may be called twice.
func (d *digest) stop() {
	if d.filled == nil {
		return
	}
	close(d.filled)
	<-d.done
	d.filled = nil
	for i := 0; i < 2; i++ {
		buffer := <-d.free
		whole := buffer[:digestBuffer]
		spareBuffers.Put(&whole)
	}
}

// sum is the hexadecimal digest of all that was written.
func (d *digest) sum() string {
	d.stop()
	if d.hash == nil || d.failed {
		return ""
	}
	return hex.EncodeToString(d.hash.Sum(nil))
}
