package shard

import (
	"encoding/binary"
	"math/bits"
)

// Words is one block of bits, uncompressed.
type Words [BlockSpan / 64]uint64

// ContainerKind is how a container of the portable roaring format is encoded.
type ContainerKind uint8

// The kinds of container.
const (
	Array   ContainerKind = iota // ascending 16-bit values
	Runs                         // ascending pairs (start, length-1) of 16 bits
	Bitmaps                      // 1,024 words of 64 bits
)

// Container is one block in the portable roaring format. Data is little-endian,
// without the count that precedes runs.
type Container struct {
	Key  uint16
	Kind ContainerKind
	Card int
	Data []byte
}

const (
	cookieNoRuns  = 12346
	cookieRuns    = 12347
	arrayMax      = 4096 // the format's largest array
	noOffsetBelow = 4    // with runs, fewer containers have no offset header
	wordsLen      = BlockSpan / 8
)

// ParsePortable checks a bitmap in the portable roaring format and appends its
// containers, ascending by key, to dst. Their Data is memory of data. Bytes
// after the last container are an error.
func ParsePortable(dst []Container, data []byte) ([]Container, error) {
	if len(data) < 4 {
		return dst, malformed("roaring: %d bytes, want a cookie of 4 at byte 0", len(data))
	}
	cookie := binary.LittleEndian.Uint32(data)
	pos, n := 4, 0
	var runFlags []byte
	switch {
	case cookie&0xffff == cookieRuns:
		n = int(cookie>>16) + 1
		if len(data)-pos < (n+7)/8 {
			return dst, malformed("roaring: truncated run flags at byte %d", pos)
		}
		runFlags = data[pos : pos+(n+7)/8]
		pos += len(runFlags)
	case cookie == cookieNoRuns:
		if len(data) < 8 {
			return dst, malformed("roaring: truncated size at byte 4")
		}
		if size := binary.LittleEndian.Uint32(data[4:]); size <= 1<<16 {
			n = int(size)
		} else {
			return dst, malformed("roaring: %d containers at byte 4, there may be 65536", size)
		}
		pos = 8
	default:
		return dst, malformed("roaring: cookie %d at byte 0 is unknown", cookie)
	}
	if len(data)-pos < 4*n {
		return dst, malformed("roaring: truncated header of %d containers at byte %d", n, pos)
	}
	header := data[pos : pos+4*n]
	pos += 4 * n
	var offsets []byte
	if runFlags == nil || n >= noOffsetBelow {
		if len(data)-pos < 4*n {
			return dst, malformed("roaring: truncated offsets of %d containers at byte %d", n, pos)
		}
		offsets = data[pos : pos+4*n]
		pos += 4 * n
	}
	prev := -1
	for i := range n {
		key := binary.LittleEndian.Uint16(header[4*i:])
		card := int(binary.LittleEndian.Uint16(header[4*i+2:])) + 1
		if int(key) <= prev {
			return dst, malformed("roaring: key %d after %d in the header of container %d", key, prev, i)
		}
		prev = int(key)
		if offsets != nil && uint64(binary.LittleEndian.Uint32(offsets[4*i:])) != uint64(pos) {
			return dst, malformed("roaring: container %d lies at byte %d, not at its offset", i, pos)
		}
		isRun := runFlags != nil && runFlags[i/8]>>(i%8)&1 == 1
		c, size, err := parseContainer(data[pos:], pos, key, card, isRun)
		if err != nil {
			return dst, err
		}
		dst = append(dst, c)
		pos += size
	}
	if pos != len(data) {
		return dst, malformed("roaring: %d bytes after the last container, from byte %d on", len(data)-pos, pos)
	}
	return dst, nil
}

// parseContainer reads a container that begins at the byte pos of the whole.
func parseContainer(data []byte, pos int, key uint16, card int, isRun bool) (c Container, size int, err error) {
	c = Container{Key: key, Card: card}
	switch {
	case isRun:
		if len(data) < 2 {
			return c, 0, malformed("roaring: key %d at byte %d: truncated runs", key, pos)
		}
		size = 2 + 4*int(binary.LittleEndian.Uint16(data))
		c.Kind = Runs
	case card <= arrayMax:
		size = 2 * card
		c.Kind = Array
	default:
		size = wordsLen
		c.Kind = Bitmaps
	}
	if len(data) < size {
		return c, 0, malformed("roaring: key %d at byte %d: %d bytes, want %d", key, pos, len(data), size)
	}
	c.Data = data[:size:size]
	if isRun {
		c.Data = c.Data[2:]
	}
	if got := c.verify(); got != card {
		return c, 0, malformed("roaring: key %d at byte %d: content of %d does not match cardinality %d", key, pos, got, card)
	}
	return c, size, nil
}

// verify counts the container's content, or returns -1 where it is out of order.
func (c Container) verify() int {
	switch c.Kind {
	case Array:
		prev := -1
		for d := c.Data; len(d) >= 2; d = d[2:] {
			x := int(binary.LittleEndian.Uint16(d))
			if x <= prev {
				return -1
			}
			prev = x
		}
		return len(c.Data) / 2
	case Runs:
		end, card := -1, 0
		for d := c.Data; len(d) >= 4; d = d[4:] {
			start := int(binary.LittleEndian.Uint16(d))
			length := int(binary.LittleEndian.Uint16(d[2:])) + 1
			if start <= end || start+length > BlockSpan {
				return -1
			}
			end = start + length - 1
			card += length
		}
		return card
	default:
		card := 0
		for d := c.Data; len(d) >= 8; d = d[8:] {
			card += bits.OnesCount64(binary.LittleEndian.Uint64(d))
		}
		return card
	}
}

// AppendPortable appends the containers, ascending by key and none empty, as one
// bitmap in the portable roaring format.
func AppendPortable(dst []byte, cs []Container) []byte {
	start, runs := len(dst), false
	for _, c := range cs {
		runs = runs || c.Kind == Runs
	}
	if runs {
		dst = binary.LittleEndian.AppendUint32(dst, cookieRuns|uint32(len(cs)-1)<<16)
		flags := len(dst)
		dst = append(dst, make([]byte, (len(cs)+7)/8)...)
		for i, c := range cs {
			if c.Kind == Runs {
				dst[flags+i/8] |= 1 << (i % 8)
			}
		}
	} else {
		dst = binary.LittleEndian.AppendUint32(dst, cookieNoRuns)
		dst = binary.LittleEndian.AppendUint32(dst, uint32(len(cs)))
	}
	for _, c := range cs {
		dst = binary.LittleEndian.AppendUint16(dst, c.Key)
		dst = binary.LittleEndian.AppendUint16(dst, uint16(c.Card-1))
	}
	if !runs || len(cs) >= noOffsetBelow {
		offset := len(dst) - start + 4*len(cs)
		for _, c := range cs {
			dst = binary.LittleEndian.AppendUint32(dst, uint32(offset))
			offset += len(c.Data)
			if c.Kind == Runs {
				offset += 2
			}
		}
	}
	for _, c := range cs {
		if c.Kind == Runs {
			dst = binary.LittleEndian.AppendUint16(dst, uint16(len(c.Data)/4))
		}
		dst = append(dst, c.Data...)
	}
	return dst
}
