package store

import (
	"fmt"
)

// Sealed reports whether the store was made with Options.Shred.
func (s *Store) Sealed() bool { return s.vault != nil }

// Number returns a number whose key values can be sealed under, which was never given out
// before; 0 in a store that was made without Options.Shred. It is for the one who
// commits, and writes the key file once for some 65,000 numbers.
func (s *Store) Number() (uint64, error) {
	if s.vault == nil {
		return 0, nil
	}
	s.life.RLock()
	defer s.life.RUnlock()
	if s.closed {
		return 0, ErrClosed
	}
	return s.vault.number()
}

// Destroyed reports whether the key of a number was destroyed, as far as commits have
// succeeded. It is for the one who commits.
func (s *Store) Destroyed(number uint64) bool {
	return s.vault != nil && !s.vault.tree().Has(number)
}

// Behind reports that the key file knows of keys that were destroyed of which the store
// does not: that the directory is an older copy than the key file in it. It stays so until
// CaughtUp.
func (s *Store) Behind() bool { return s.vault != nil && s.vault.behind }

// CaughtUp notes, durably, that whatever should go with the destroyed keys is gone.
func (s *Store) CaughtUp() error {
	s.life.RLock()
	defer s.life.RUnlock()
	if s.closed {
		return ErrClosed
	}
	if !s.Behind() {
		return nil
	}
	s.commitMu.Lock()
	defer s.commitMu.Unlock()
	b := s.db.NewBatch()
	defer b.Close()
	r := s.vault.record()
	if err := b.Set(vaultKey, r.append(nil), nil); err != nil {
		return fmt.Errorf("key file: %w", err)
	}
	if err := s.Failed(); err != nil {
		return err
	}
	if err := s.apply(b, true); err != nil {
		return err
	}
	if err := s.Failed(); err != nil {
		return err
	}
	s.vault.behind = false
	return nil
}

// KeyFileID names the keys of a store that was made with Options.Shred: its copies have the
// same. It is empty for any other.
func (s *Store) KeyFileID() string {
	if s.vault == nil {
		return ""
	}
	return s.vault.name()
}

// ReadKeyFile returns the key file as it lies on the disk, encrypted if the store is: to be kept
// beside a copy, in the place of what was kept before. It is nil in a store that was made without
// Options.Shred.
func (s *Store) ReadKeyFile() ([]byte, error) {
	s.life.RLock()
	defer s.life.RUnlock()
	switch {
	case s.closed:
		return nil, ErrClosed
	case s.vault == nil:
		return nil, nil
	}
	return s.vault.bytes(s.base)
}

// rewriteKeyFile writes the key file anew, under the current key of an encrypted store.
func (s *Store) rewriteKeyFile() error {
	s.commitMu.Lock()
	defer s.commitMu.Unlock()
	return s.vault.rewrite()
}
