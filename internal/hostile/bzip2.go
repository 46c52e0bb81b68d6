package hostile

import "bytes"

const (
	bzip2Block = 0x314159265359
	bzip2End   = 0x177245385090
)

// Bzip2 is a file of so many bytes whose blocks hold one zero byte each and state six codes for all 256 byte values.
func Bzip2(size int) []byte {
	// Eight blocks end at a whole byte.
	var w msb
	for range 8 {
		w.block()
	}
	// The checksum of a stream is made of those of its blocks. Streams are kept short so that it stays the same.
	const together = 100
	sum := uint32(0)
	for range 8 * together {
		sum = (sum<<1 | sum>>31) ^ zeroSum
	}
	var stream bytes.Buffer
	stream.WriteString("BZh9")
	stream.Write(bytes.Repeat(w.out, together))
	var end msb
	end.bits(bzip2End, 48)
	end.bits(uint64(sum), 32)
	stream.Write(end.out)
	return bytes.Repeat(stream.Bytes(), max(size/stream.Len(), 1))
}

// zeroSum is bzip2's checksum of one zero byte: CRC-32, the highest bit first.
const zeroSum = 0xb1f7404b

// msb collects bits, the highest first.
type msb struct {
	out  []byte
	held uint64
	n    uint
}

func (w *msb) bits(value uint64, n uint) {
	for n > 0 {
		n--
		w.held = w.held<<1 | value>>n&1
		w.n++
		if w.n == 8 {
			w.out = append(w.out, byte(w.held))
			w.held, w.n = 0, 0
		}
	}
}

func (w *msb) block() {
	w.bits(bzip2Block, 48)
	w.bits(zeroSum, 32)
	// Not randomised; the first row of the sorted block is the text; all byte values are used.
	w.bits(0, 25)
	for range 17 {
		w.bits(0xffff, 16)
	}
	const codes, symbols, long = 6, 258, 4
	w.bits(codes, 3)
	// One selector, for the first code.
	w.bits(1, 15)
	w.bits(0, 1)
	for range codes {
		// All symbols have codes of eight bits but for the last ones, which have nine.
		w.bits(8, 5)
		w.bits(0, symbols-long)
		w.bits(2, 2)
		w.bits(0, long)
	}
	// The first symbol once, and the last, which ends the block.
	w.bits(0, 8)
	w.bits(0x1ff, 9)
}
