package store

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

// blockLen is the length of the blocks of a log and of a MANIFEST; no chunk crosses the
// bound of two.
const blockLen = 32 << 10

// chunkKind is one of the forms that Pebble writes records in, as chunks with a checksum:
// four byte values, from first on, are a record's only, first, middle and last chunk.
type chunkKind struct {
	first  byte
	header int // bytes before the content
}

var (
	manifestChunk = chunkKind{first: 1, header: 7}
	plainChunk    = chunkKind{first: 5, header: 11} // of the log of a directory that is being made
	promiseChunk  = chunkKind{first: 9, header: 19} // says how far its log had been synced
)

// A reading is what there is in a log, or in a MANIFEST, when it is read from its
// beginning.
//
// Pebble takes the first chunk that is not whole for the place where a crash broke a write
// off, and ignores the rest; it looks for signs of the contrary, but not in the same 32 KiB
// and not in a MANIFEST. A flipped bit would so undo commits that were acknowledged. This
// reader looks at every byte.
type reading struct {
	number uint32 // of the log; 0 for a MANIFEST
	kinds  []chunkKind

	end    int64 // of what is whole from the beginning on
	sealed bool  // whoever wrote the log closed it
	broken bool  // something lies at end that is not whole
	later  int64 // where something lies that was begun after what was at end had been synced; else 0

	minLog uint64 // of a MANIFEST: the first log that is not in tables yet
	head   []byte // of a MANIFEST: the first bytes of the record that is read
}

// headLen is how much of a MANIFEST's record is looked at: what may stand before the
// number of a log is shorter.
const headLen = 64

// readLog reads a log of that number, readManifest a MANIFEST. The error is that of r.
func readLog(r io.Reader, number uint64) (*reading, error) {
	s := &reading{number: uint32(number), kinds: []chunkKind{plainChunk, promiseChunk}}
	return s, s.read(r)
}

func readManifest(r io.Reader) (*reading, error) {
	s := &reading{kinds: []chunkKind{manifestChunk}}
	err := s.read(r)
	s.noteLog()
	return s, err
}

func (s *reading) read(r io.Reader) error {
	var block [blockLen]byte
	for at := int64(0); !s.sealed && s.later == 0; at += blockLen {
		n, err := io.ReadFull(r, block[:])
		s.block(block[:n], at)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// block reads the chunks of one block, which begins at base. Where one is not whole it
// looks for others behind it.
func (s *reading) block(b []byte, base int64) {
	for at := 0; at < len(b); {
		c, ok := s.chunk(b[at:])
		switch {
		case s.broken && !ok:
			at++
		case s.broken:
			if c.after(s.end) {
				s.later = base + int64(at)
				return
			}
			at += c.length
		case ok:
			s.note(c)
			at += c.length
			s.end = base + int64(at)
		case s.isTrailer(b[at:]):
			s.sealed, s.end = true, base+int64(at+plainChunk.header)
			return
		case len(b) == blockLen && s.isPadding(b[at:]):
			s.end = base + blockLen
			return
		default:
			s.broken = true
		}
	}
}

// A chunk is a part of a record that has the checksum that it should have.
type chunk struct {
	length  int // with the header
	starts  bool
	content []byte
	synced  int64 // how far the log had been synced before; 0 if it does not say
	promise bool  // it would say
}

// after reports whether a chunk was begun after what lies at an offset had been synced.
// A MANIFEST is synced record by record; of a log the chunk itself says so, or nobody.
func (c *chunk) after(at int64) bool {
	if c.promise {
		return c.synced > at
	}
	return c.starts && c.synced < 0
}

// chunk returns the chunk that b begins with.
func (s *reading) chunk(b []byte) (chunk, bool) {
	if len(b) < manifestChunk.header {
		return chunk{}, false
	}
	kind := b[6]
	for _, k := range s.kinds {
		if kind < k.first || kind > k.first+3 || len(b) < k.header {
			continue
		}
		length := k.header + int(binary.LittleEndian.Uint16(b[4:]))
		if length > len(b) || k != manifestChunk && binary.LittleEndian.Uint32(b[7:]) != s.number ||
			binary.LittleEndian.Uint32(b) != chunkSum(b[6:length]) {
			return chunk{}, false
		}
		c := chunk{length: length, content: b[k.header:length], starts: kind < k.first+2, promise: k == promiseChunk}
		switch k {
		case promiseChunk:
			c.synced = int64(binary.LittleEndian.Uint64(b[11:]))
		case manifestChunk:
			c.synced = -1
		}
		return c, true
	}
	return chunk{}, false
}

// isTrailer reports whether b begins with what closes a log: the header of an empty chunk
// of the next one.
func (s *reading) isTrailer(b []byte) bool {
	return s.number != 0 && len(b) >= plainChunk.header && binary.LittleEndian.Uint32(b) == 0 && binary.LittleEndian.Uint16(b[4:]) == 0 &&
		b[6] == plainChunk.first && binary.LittleEndian.Uint32(b[7:]) == s.number+1
}

// isPadding reports whether b, the rest of a block, is too short for a chunk and zero.
func (s *reading) isPadding(b []byte) bool {
	if len(b) >= s.kinds[len(s.kinds)-1].header {
		return false
	}
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// note takes what is wanted of a record in a MANIFEST.
func (s *reading) note(c chunk) {
	if s.number != 0 {
		return
	}
	if c.starts {
		s.noteLog()
		s.head = s.head[:0]
	}
	s.head = append(s.head, c.content[:min(len(c.content), headLen-len(s.head))]...)
}

// noteLog looks into the head of a record for the number of the first log that is not in
// tables. It stands, if it does, behind the name of the order of keys or at the front.
func (s *reading) noteLog() {
	const comparer, log = 1, 2 // as records of a MANIFEST number what they have
	b := s.head
	tag, n := binary.Uvarint(b)
	if n > 0 && tag == comparer {
		length, m := binary.Uvarint(b[n:])
		if m <= 0 || length > uint64(len(b)-n-m) {
			return
		}
		b = b[n+m+int(length):]
		tag, n = binary.Uvarint(b)
	}
	if n <= 0 || tag != log {
		return
	}
	if number, m := binary.Uvarint(b[n:]); m > 0 {
		s.minLog = number
	}
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// chunkSum is the checksum of chunks: a CRC-32C, turned, and with a number added.
func chunkSum(b []byte) uint32 {
	sum := crc32.Checksum(b, castagnoli)
	return (sum>>15 | sum<<17) + 0xa282ead8
}
