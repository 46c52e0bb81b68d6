package content

import (
	"encoding/binary"
	"io"
	"math/rand"
	"sync"

	"github.com/casegate/casegate/middleware/refusal"
)

// A block of a deflate stream (RFC 1951) may bring a code of its own, of which a reader makes tables before it reads the
// first symbol. What compresses makes such a block for thousands of symbols, or for a few hundred where it has little
// memory or is flushed all the time. A stream of the smallest blocks with the costliest codes is as valid, unpacks to as
// much, and takes fifty times as long.
//
// Blocks begin at any bit, so that finding all means unpacking all. Windows all over the stream tell as well: what begins
// in them that can be the head of such a block is one, but for one bit string in very many. Where they lie is left to
// chance, so that nobody can make a file that is harmless just there.

const (
	// deflateStride is of how many packed bytes one window is looked at, on average.
	deflateStride = 128 << 10
	// deflateWindow is how many bytes of a window the heads may begin in, and deflateReach how many more the longest needs.
	deflateWindow = 256
	deflateReach  = 640
	// deflateLeast is the size of files that cost nothing worth a look.
	deflateLeast = 8 << 10

	// The weight of a head is what its tables cost: deflateBase for any, and one for each further table of codes of more
	// than nine bits. A weight costs about 0.3 µs. Genuine streams have one in 500 bytes, and when they are flushed after
	// every few lines, one in 60.
	deflateBase  = 2
	deflateBytes = 24
	deflateSlack = 500
)

// manyBlocks is why a stream is refused that costs far more than others.
const manyBlocks = "it is compressed in blocks that are far smaller than what programs make: pack it again"

// crowded looks at windows of a file that holds deflate streams, and refuses it when they are full of heads.
func crowded(e *env, file io.ReaderAt, size int64) *refusal.Refusal {
	if size < deflateLeast {
		return nil
	}
	window := make([]byte, deflateWindow+deflateReach)
	for from := int64(0); from < size; from += deflateStride {
		// The last one may have to begin before its stride.
		place := size - int64(len(window))
		if room := place - from; room >= deflateStride {
			place = from + rand.Int63n(deflateStride)
		} else if room > 0 {
			place = from + rand.Int63n(room)
		}
		n, _ := file.ReadAt(window, place)
		if no := crowdedWindow(e, window[:n]); no != nil {
			return no
		}
	}
	return nil
}

// crowdedReader is a deflate stream that is looked at while it is read.
type crowdedReader struct {
	e      *env
	source io.Reader
	// left is how many bytes come before the next window.
	left int
	no   *refusal.Refusal
}

// Read is called once for every buffer, not for every byte.
func (c *crowdedReader) Read(p []byte) (int, error) {
	n, err := c.source.Read(p)
	c.left -= n
	if c.left >= 0 || n < deflateWindow+deflateReach {
		return n, err
	}
	c.left = rand.Intn(2 * deflateStride)
	at := rand.Intn(n - deflateWindow - deflateReach + 1)
	c.no = crowdedWindow(c.e, p[at:at+deflateWindow+deflateReach])
	if c.no != nil {
		return 0, io.ErrUnexpectedEOF
	}
	return n, err
}

// crowdedPiece looks at one window of a piece of a stream. What is missing of it counts as zeros, with which no head begins.
func crowdedPiece(e *env, piece []byte) *refusal.Refusal {
	if len(piece) > deflateWindow {
		piece = piece[rand.Intn(len(piece)-deflateWindow):]
	}
	window := make([]byte, deflateWindow+deflateReach)
	copy(window, piece)
	return crowdedWindow(e, window)
}

// crowdedWindow counts the heads that begin in a window.
func crowdedWindow(e *env, window []byte) *refusal.Refusal {
	deflateOnce.Do(makeDeflateTables)
	last := len(window) - deflateReach
	for at := 0; at < last; at++ {
		for _, bit := range deflateBegins[binary.LittleEndian.Uint16(window[at:])&0x3ff] {
			e.heads += deflateHead(window, at*8+bit)
		}
	}
	if last > 0 {
		e.looked += last
	}
	if e.heads > deflateSlack+e.looked/deflateBytes {
		return e.unsafe(manyBlocks)
	}
	return nil
}

var (
	deflateOnce sync.Once
	// deflateBegins gives the bits of a byte at which a block with a code of its own may begin that is not the last, by ten bits.
	deflateBegins [][]int
	// deflateFilled gives how much of a code four lengths of three bits fill, in parts of 128.
	deflateFilled []int
)

// deflateOrder is the order in which the lengths of the code for code lengths stand.
var deflateOrder = []int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

func makeDeflateTables() {
	begins := make([][]int, 1024)
	for value := range begins {
		for bit := 0; bit < 8; bit++ {
			if value>>uint(bit)&7 == 4 {
				begins[value] = append(begins[value], bit)
			}
		}
	}
	filled := make([]int, 4096)
	for value := range filled {
		for rest := value; rest > 0; rest >>= 3 {
			if length := rest & 7; length > 0 {
				filled[value] += 128 >> uint(length)
			}
		}
	}
	deflateBegins = begins
	deflateFilled = filled
}

// deflateBits gives at least 57 bits of the window from the place on.
func deflateBits(window []byte, at int) uint64 {
	return binary.LittleEndian.Uint64(window[at>>3:]) >> uint(at&7)
}

// deflateHead gives the weight of the head at the bit, 0 when none can begin there. Nearly everything that is none ends
// at the code for code lengths, which must be complete.
func deflateHead(window []byte, at int) int {
	head := deflateBits(window, at)
	literals := int(head>>3&31) + 257
	distances := int(head>>8&31) + 1
	if literals > 286 || distances > 30 {
		return 0
	}
	count := int(head>>13&15) + 4
	used := uint64(1)<<uint(3*count) - 1
	lengths := deflateBits(window, at+17) & used
	if deflateFilled[lengths&4095]+deflateFilled[lengths>>12&4095]+deflateFilled[lengths>>24&4095]+
		deflateFilled[lengths>>36&4095]+deflateFilled[lengths>>48&4095] != 128 {
		return 0
	}
	return deflateWeight(window, at+17+3*count, deflateTable(lengths, count), literals, distances)
}

// deflateTable maps seven bits to a symbol of the code for code lengths, and in the lowest four bits to its length.
func deflateTable(lengths uint64, count int) []int {
	var length [19]int
	for i := 0; i < count; i++ {
		length[deflateOrder[i]] = int(lengths >> uint(3*i) & 7)
	}
	table := make([]int, 128)
	code := 0
	for bits := 1; bits <= 7; bits++ {
		for symbol, n := range length {
			if n != bits {
				continue
			}
			// The code's highest bit comes first.
			turned := 0
			for bit := 0; bit < bits; bit++ {
				turned |= code >> uint(bit) & 1 << uint(bits-1-bit)
			}
			for at := turned; at < 128; at += 1 << uint(bits) {
				table[at] = symbol<<4 | bits
			}
			code++
		}
		code <<= 1
	}
	return table
}

// deflateWeight reads the code lengths, and gives the weight of a head whose two codes are complete.
func deflateWeight(window []byte, at int, table []int, literals, distances int) int {
	whole := 1 << 15
	var filled, short [2]int
	last, read := 0, 0
	for read < literals+distances {
		if at>>3+8 > len(window) {
			return 0
		}
		bits := deflateBits(window, at)
		entry := table[bits&127]
		at += entry & 15
		bits >>= uint(entry & 15)
		times := 1
		switch entry >> 4 {
		case 16:
			times = 3 + int(bits&3)
			at += 2
		case 17:
			times = 3 + int(bits&7)
			at += 3
			last = 0
		case 18:
			times = 11 + int(bits&127)
			at += 7
			last = 0
		default:
			last = entry >> 4
		}
		for times > 0 {
			// A run may go on from the code for literals to the one for distances.
			which, n := 0, literals-read
			if n <= 0 {
				which = 1
				n = literals + distances - read
			}
			if n <= 0 {
				return 0
			}
			if n > times {
				n = times
			}
			times -= n
			read += n
			if last > 0 {
				filled[which] += n * (whole >> uint(last))
			}
			if last > 0 && last <= 9 {
				short[which] += n * (whole >> uint(last))
			}
		}
		if filled[0] > whole || filled[1] > whole {
			return 0
		}
	}
	// A code of one symbol may be half empty, and there need be none for distances.
	if (filled[0] != whole && filled[0] != whole/2) || (filled[1] != whole && filled[1] != whole/2 && filled[1] != 0) {
		return 0
	}
	return deflateBase + (filled[0]-short[0])>>6 + (filled[1]-short[1])>>6
}
