package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// checkTables makes sure that tables end as those of the store do, with the version of
// their format. That alone has no checksum in them, and all else is read by it: under
// another version Pebble takes blocks for what they are not, and panics.
func (s *Store) checkTables() error {
	magic, version := pebbleFormat.MaxTableFormat().AsTuple()
	want := append(binary.LittleEndian.AppendUint32(nil, version), magic...)
	tables, err := s.liveTables()
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, t := range tables {
		if seen[t.name] { // one file may be several tables
			continue
		}
		seen[t.name] = true
		end, err := s.endOf(t.name, len(want))
		if err != nil {
			return inFile(t.name, err)
		}
		if !bytes.Equal(end, want) {
			return fmt.Errorf("%w: %s: damaged in its last %d bytes: they are %x, want %x", ErrCorrupt, t.name, len(want), end, want)
		}
	}
	return nil
}

// endOf returns the last n bytes of a file, or all if it has fewer.
func (s *Store) endOf(name string, n int) (end []byte, err error) {
	f, err := s.opts.FS.Open(s.opts.FS.PathJoin(s.dir, name))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	end = make([]byte, min(int64(n), info.Size()))
	if _, err := f.ReadAt(end, info.Size()-int64(len(end))); err != nil {
		return nil, err
	}
	return end, nil
}
