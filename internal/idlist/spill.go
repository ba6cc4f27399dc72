package idlist

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
)

// spill is a temporary file of records: five words of 32 bits each, little-endian,
// the token's and the line's. It is written by one goroutine at a time, and read by
// several once it is written.
type spill struct {
	f       *os.File
	gone    bool // it has no name any more
	size    int64
	scratch []byte
}

// extent is a stretch of the file.
type extent struct {
	at      int64 // in bytes
	records int64
}

// newSpill makes the file. Where the system can, it is unlinked at once, so that
// nothing of it outlives the process.
func newSpill(dir string) (*spill, error) {
	if dir == "" {
		return nil, fmt.Errorf("idlist: %w", ErrMemory)
	}
	f, err := os.CreateTemp(dir, "idlist-*.tmp")
	if err != nil {
		return nil, fmt.Errorf("idlist: temporary file: %w", err)
	}
	return &spill{f: f, gone: os.Remove(f.Name()) == nil}, nil
}

// write appends pieces as one extent.
func (s *spill) write(chunks [][]record) (extent, error) {
	at := extent{at: s.size}
	for _, rs := range chunks {
		s.scratch = s.scratch[:0]
		for i := range rs {
			for _, w := range rs[i].t {
				s.scratch = binary.LittleEndian.AppendUint32(s.scratch, w)
			}
			s.scratch = binary.LittleEndian.AppendUint32(s.scratch, rs[i].line)
		}
		n, err := s.f.WriteAt(s.scratch, s.size)
		s.size += int64(n)
		if err != nil {
			return extent{}, fmt.Errorf("idlist: temporary file: %w", err)
		}
		at.records += int64(len(rs))
	}
	return at, nil
}

// read hands an extent over in pieces as long as buf. raw holds as many records.
func (s *spill) read(e extent, buf []record, raw []byte, take func([]record)) error {
	for e.records > 0 {
		n := int(min(e.records, int64(len(buf))))
		if _, err := s.f.ReadAt(raw[:n*recordBytes], e.at); err != nil {
			return fmt.Errorf("idlist: temporary file: %w", err)
		}
		for i := range n {
			b := raw[i*recordBytes : (i+1)*recordBytes]
			for w := range buf[i].t {
				buf[i].t[w] = binary.LittleEndian.Uint32(b[4*w:])
			}
			buf[i].line = binary.LittleEndian.Uint32(b[16:])
		}
		take(buf[:n])
		e.at += int64(n) * recordBytes
		e.records -= int64(n)
	}
	return nil
}

// close closes and removes the file.
func (s *spill) close() error {
	err := s.f.Close()
	if !s.gone { // a system that cannot unlink an open file
		err = errors.Join(err, os.Remove(s.f.Name()))
	}
	if err != nil {
		return fmt.Errorf("idlist: temporary file: %w", err)
	}
	return nil
}
