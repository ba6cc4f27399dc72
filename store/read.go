package store

import (
	"bytes"
	"errors"

	"github.com/cockroachdb/pebble/v2"

	"github.com/portraitdb/portrait/internal/shred"
)

// Get returns the value of the key, which the caller owns, or ErrNotFound. It
// reads the latest state, in which Pebble shows a commit before its sync has
// succeeded. So it is for the goroutine that commits; everybody else reads
// snapshots. Once the store has failed it reads the last successful commit.
func (s *Store) Get(key []byte) ([]byte, error) { return owned(s.GetTo(nil, key)) }

// GetTo is Get that appends the value to dst; ok is false, and dst returned as
// it was, if the key is not there.
func (s *Store) GetTo(dst, key []byte) (value []byte, ok bool, err error) {
	s.life.RLock()
	defer s.life.RUnlock()
	if s.closed {
		return dst, false, ErrClosed
	}
	if !s.fuse.blown() {
		return s.read(dst, s.db, s.vault.tree(), key)
	}
	v := s.acquire()
	defer s.release(v)
	return s.read(dst, v.snap, v.keys, key)
}

// read appends the value of a key to dst, unsealed.
func (s *Store) read(dst []byte, from pebble.Reader, keys *shred.Tree, key []byte) ([]byte, bool, error) {
	if !s.vault.seals(key) {
		return appendValue(dst, from, key)
	}
	value, closer, err := from.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return dst, false, nil
	}
	if err != nil {
		return dst, false, wrapRead("get", err)
	}
	opened, ok, err := openSealed(dst, keys, value)
	if closeErr := closer.Close(); closeErr != nil {
		err = errors.Join(err, wrapRead("get", closeErr))
	}
	if err != nil || !ok {
		return dst, false, err
	}
	return opened, true, nil
}

// Has appends to dst, for every key in turn, whether it is there, under the rules
// of Get. It is the way to ask for keys that mostly are not: a missing key costs
// a look into bloom filters, where Get goes down to a block of the last level,
// and many keys share one iterator.
func (s *Store) Has(dst []bool, keys ...[]byte) (found []bool, err error) {
	s.life.RLock()
	defer s.life.RUnlock()
	if s.closed {
		return dst, ErrClosed
	}
	var from pebble.Reader = s.db
	if s.fuse.blown() {
		v := s.acquire()
		defer s.release(v)
		from = v.snap
	}
	it, err := from.NewIter(&s.probe)
	if err != nil {
		return dst, wrapRead("has", err)
	}
	n := len(dst)
	for _, key := range keys {
		dst = append(dst, it.SeekPrefixGE(key) && bytes.Equal(it.Key(), key))
		if it.Error() != nil {
			break
		}
	}
	if err := it.Close(); err != nil {
		return dst[:n], wrapRead("has", err)
	}
	return dst, nil
}

// appendValue appends the value of a key to dst.
func appendValue(dst []byte, from pebble.Reader, key []byte) ([]byte, bool, error) {
	value, closer, err := from.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return dst, false, nil
	}
	if err != nil {
		return dst, false, wrapRead("get", err)
	}
	dst = append(dst, value...)
	if err := closer.Close(); err != nil {
		return dst[:len(dst)-len(value)], false, wrapRead("get", err)
	}
	return dst, true, nil
}

// owned turns the answer of a GetTo on nil into that of a Get.
func owned(value []byte, ok bool, err error) ([]byte, error) {
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return nil, ErrNotFound
	case value == nil:
		return []byte{}, nil
	}
	return value, nil
}
