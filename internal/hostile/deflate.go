// Package hostile makes compressed streams that no compressor writes: they are valid, and cost whoever reads them as much
// as possible. Tests and measurements make them when they run, so that none lies in the repository.
package hostile

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math/bits"
)

// Block writes one block of a deflate stream (RFC 1951), which may refer to what came before it, and gives how many bytes
// it unpacks to.
type Block func(d *Deflate) (unpacked int)

// Deflate is a deflate stream that is being written.
type Deflate struct {
	out  []byte
	held uint64
	n    uint
}

// Stream repeats a block until the stream has so many bytes, or unpacks to most, and ends it. It gives the stream and
// what it unpacks to: the byte 'a', again and again.
func Stream(size int, most int64, block Block) (stream []byte, unpacked int64) {
	// One byte comes first, for blocks that refer to it.
	begin := []byte{0, 1, 0, 0xfe, 0xff, 'a'}
	// Eight blocks end at a whole byte.
	var d Deflate
	each := int64(0)
	for range 8 {
		each += int64(block(&d))
	}
	count := max((size-len(begin))/len(d.out), 1)
	if each > 0 && int64(count) > (most-1)/each {
		count = int((most - 1) / each)
	}
	// An empty block of the fixed code is the last.
	end := []byte{3, 0}
	return bytes.Join([][]byte{begin, bytes.Repeat(d.out, count), end}, nil), 1 + int64(count)*each
}

// Gzip is a gzip file of one such stream, of so many bytes, with the right checksum (RFC 1952).
func Gzip(size int, block Block) []byte {
	stream, unpacked := Stream(size, 1<<20, block)
	file := append([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"), stream...)
	file = binary.LittleEndian.AppendUint32(file, crc32.ChecksumIEEE(bytes.Repeat([]byte("a"), int(unpacked))))
	return binary.LittleEndian.AppendUint32(file, uint32(unpacked))
}

// Stored is a block of bytes as they are.
func Stored(size int) Block {
	return func(d *Deflate) int {
		d.add(0, 3)
		for d.n%8 != 0 {
			d.add(0, 1)
		}
		d.add(uint64(size), 16)
		d.add(uint64(^uint16(size)), 16)
		for range size {
			d.add('a', 8)
		}
		return size
	}
}

// Fixed is a block of the fixed code that repeats the last byte ten times, or is empty.
func Fixed(empty bool) Block {
	return func(d *Deflate) int {
		d.add(1<<1, 3)
		if empty {
			d.add(0, 7)
			return 0
		}
		d.code(264-256, 7)
		d.add(0, 5)
		d.add(0, 7)
		return 10
	}
}

// Tiny is the smallest block with a code of its own: it repeats the last byte, or is empty.
func Tiny(empty bool) Block {
	var literals [286]int
	literals[endOfBlock] = 1
	if empty {
		return coded(literals[:257], 0)
	}
	literals[longMatch] = 1
	return coded(literals[:], longMatch)
}

// Heavy is a block with a code of its own whose tables cost as much as possible: nearly all symbols have codes of ten
// bits, and some of fifteen. It repeats the last byte three times, or is empty.
func Heavy(empty bool) Block {
	var literals [286]int
	for i := range literals {
		literals[i] = 10
	}
	// What the codes of ten bits leave over.
	for i, length := range []int{1, 3, 4, 5, 7, 8, 9} {
		literals[endOfBlock+i] = length
	}
	copy(literals[279:], []int{10, 11, 12, 13, 14, 15, 15})
	literals[278] = 10
	const match = endOfBlock + 1
	if empty {
		return coded(literals[:], 0)
	}
	return coded(literals[:], match)
}

// Matches is a block of a code in which every two bits repeat three bytes.
func Matches(count int) Block {
	var literals [258]int
	literals[endOfBlock] = 1
	literals[endOfBlock+1] = 1
	return repeated(literals[:], endOfBlock+1, count)
}

const (
	endOfBlock = 256
	longMatch  = 285
)

// coded is a block with this code for literals and lengths, of a match and its end.
func coded(literals []int, match int) Block {
	return repeated(literals, match, 1)
}

// repeated is a block of so many matches. Distances have the one code for 1.
func repeated(literals []int, match, count int) Block {
	codes := canonical(literals)
	header := runs(append(append([]int{}, literals...), 1))
	return func(d *Deflate) int {
		d.add(2<<1, 3)
		d.add(uint64(len(literals)-257), 5)
		d.add(0, 5)
		d.lengths(header)
		unpacked := 0
		for n := 0; n < count && match != 0; n++ {
			d.code(codes[match], literals[match])
			d.add(0, 1)
			if match == longMatch {
				unpacked += 258
			} else {
				unpacked += match - 254
			}
		}
		d.code(codes[endOfBlock], literals[endOfBlock])
		return unpacked
	}
}

// run is a symbol of the code for code lengths, with its further bits.
type run struct {
	symbol int
	extra  uint64
	bits   uint
}

// runs writes code lengths with as few symbols as possible.
func runs(lengths []int) []run {
	var out []run
	for i := 0; i < len(lengths); {
		same := 1
		for i+same < len(lengths) && lengths[i+same] == lengths[i] {
			same++
		}
		switch {
		case lengths[i] == 0 && same >= 11:
			same = min(same, 138)
			out = append(out, run{18, uint64(same - 11), 7})
		case lengths[i] == 0 && same >= 3:
			out = append(out, run{17, uint64(same - 3), 3})
		case i > 0 && lengths[i] == lengths[i-1] && same >= 3:
			same = min(same, 6)
			out = append(out, run{16, uint64(same - 3), 2})
		default:
			same = 1
			out = append(out, run{lengths[i], 0, 0})
		}
		i += same
	}
	return out
}

// lengths writes the code for code lengths, and then these.
func (d *Deflate) lengths(header []run) {
	order := []int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
	var count, lengths [19]int
	for _, r := range header {
		count[r.symbol]++
	}
	used := []int{}
	for range order {
		best := -1
		for symbol, n := range count {
			if n > 0 && (best < 0 || n > count[best]) {
				best = symbol
			}
		}
		if best >= 0 {
			used = append(used, best)
			count[best] = 0
		}
	}
	for i, length := range skewed(len(used)) {
		lengths[used[i]] = length
	}
	last := 0
	for i, symbol := range order {
		if lengths[symbol] > 0 {
			last = i
		}
	}
	last = max(last, 3)
	d.add(uint64(last+1-4), 4)
	for _, symbol := range order[:last+1] {
		d.add(uint64(lengths[symbol]), 3)
	}
	codes := canonical(lengths[:])
	for _, r := range header {
		d.code(codes[r.symbol], lengths[r.symbol])
		d.add(r.extra, r.bits)
	}
}

// skewed are the lengths of a complete code of n symbols, of which the first are as short as seven bits at the most allow.
func skewed(n int) []int {
	if n == 1 {
		return []int{1}
	}
	short, deep := 0, 0
	for p := range n {
		if depth := bits.Len(uint(n - p - 1)); p+depth <= 7 {
			short, deep = p, depth
		}
	}
	lengths := []int{}
	for i := range short {
		lengths = append(lengths, i+1)
	}
	rest := n - short
	for i := range rest {
		length := short + deep
		if i < 1<<deep-rest {
			length--
		}
		lengths = append(lengths, length)
	}
	return lengths
}

// canonical gives the codes that the lengths stand for (RFC 1951, section 3.2.2).
func canonical(lengths []int) []int {
	codes := make([]int, len(lengths))
	code := 0
	for length := 1; length <= 15; length++ {
		for symbol, l := range lengths {
			if l == length {
				codes[symbol] = code
				code++
			}
		}
		code <<= 1
	}
	return codes
}

// add adds a number of so many bits, the least one first.
func (d *Deflate) add(value uint64, n uint) {
	d.held |= value << d.n
	d.n += n
	for d.n >= 8 {
		d.out = append(d.out, byte(d.held))
		d.held >>= 8
		d.n -= 8
	}
}

// code adds a code of so many bits, the highest one first.
func (d *Deflate) code(code, length int) {
	for length > 0 {
		length--
		d.add(uint64(code>>length&1), 1)
	}
}
