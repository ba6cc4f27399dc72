package store

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
)

const (
	// rekeyBytes is about how much of the store's tables is rewritten at a time:
	// so much room on the disk it takes.
	rekeyBytes = 256 << 20
	// rekeyRounds bounds how often Rekey looks for what is left. Tables take two
	// or three rounds, a MANIFEST that is small one for each 100 bytes or so.
	rekeyRounds = 200
)

// Rekey rewrites whatever the store still needs of files under another key than
// the current one, and returns when all is under it. Reads and commits go on
// meanwhile; the work is that of a full compaction of what is rewritten. It ends
// early when ctx does, or the store fails or is closed, and may be called again. A
// store that is not encrypted has nothing to rewrite.
//
// An old file goes from the disk some moments later, or when the last scan ends
// that was open on it; Metrics.KeysInUse tells. Copies of the store keep the keys
// that they were made under.
func (s *Store) Rekey(ctx context.Context) (err error) {
	s.life.RLock()
	defer s.life.RUnlock()
	switch {
	case s.closed:
		return ErrClosed
	case s.crypt == nil:
		return nil
	}
	defer guard("rekey", &err)
	ctx, done := s.whileOpen(ctx)
	defer done()
	defer func() {
		if ctx.Err() != nil {
			err = cmp.Or(s.Failed(), context.Cause(ctx))
		}
		if err != nil {
			err = fmt.Errorf("rekey: %w", err)
		}
	}()
	for range rekeyRounds {
		left, err := s.rekeyRound(ctx)
		if err != nil || left == 0 {
			return err
		}
	}
	return errors.New("files under other keys are still needed")
}

// whileOpen returns a context that ends with ctx, the store's failure and Close.
// The caller calls done.
func (s *Store) whileOpen(ctx context.Context) (_ context.Context, done func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-ctx.Done():
		case <-s.closing:
			cancel(ErrClosed)
		case <-s.fuse.done:
			cancel(s.Failed())
		}
	}()
	return ctx, func() {
		cancel(nil)
		<-watched
	}
}

// rekeyRound rewrites what it finds under other keys than the current one, and
// returns how many files it found.
func (s *Store) rekeyRound(ctx context.Context) (int, error) {
	w, err := s.crypt.ring.current()
	if err != nil {
		return 0, err
	}
	id, used := w.ID(), s.crypt.keysInUse()
	tables, err := s.liveTables()
	if err != nil {
		return 0, err
	}
	tables = slices.DeleteFunc(tables, func(t table) bool { return used[t.name] == id })
	left := len(tables)
	if err := s.rewriteTables(ctx, tables); err != nil {
		return 0, err
	}
	for name, key := range used {
		switch {
		case key == id || isTable(name):
		case strings.HasPrefix(name, "OPTIONS-"):
			left++
			if err := s.rewriteOptions(name); err != nil {
				return 0, err
			}
		case name == KeyFile:
			left++
			if err := s.rewriteKeyFile(); err != nil {
				return 0, err
			}
		default:
			left++ // a log, be it one that waits for being recycled, or a MANIFEST
		}
	}
	if left == 0 {
		return 0, nil
	}
	// A flush ends a log, removes one for the next, and grows the MANIFEST, which
	// is written anew once it is long enough. Pebble keeps one older MANIFEST.
	return left, s.touch(ctx, [][]byte{formatKey})
}

// table is a table that the store needs.
type table struct {
	name              string
	size              uint64
	smallest, largest []byte // the keys, both included
}

// within returns a key among the table's that most likely nothing is under: it costs
// less to write than a value, of which some are large.
func (t table) within() []byte {
	if bytes.Equal(t.smallest, t.largest) {
		return t.smallest
	}
	return append(bytes.Clone(t.smallest), 0)
}

// liveTables returns the tables of the current version, by their smallest keys.
func (s *Store) liveTables() ([]table, error) {
	levels, err := s.db.SSTables()
	if err != nil {
		return nil, err
	}
	var found []table
	for _, level := range levels {
		for _, t := range level {
			found = append(found, table{
				name: fmt.Sprintf("%06d.sst", uint64(t.BackingSSTNum)), size: t.Size,
				smallest: bytes.Clone(t.Smallest.UserKey), largest: bytes.Clone(t.Largest.UserKey),
			})
		}
	}
	slices.SortFunc(found, func(a, b table) int { return bytes.Compare(a.smallest, b.smallest) })
	return found, nil
}

// rewriteTables has tables, which ascend, written anew, some at a time.
func (s *Store) rewriteTables(ctx context.Context, tables []table) error {
	for len(tables) > 0 {
		n, size := 0, uint64(0)
		for n < len(tables) && (n == 0 || size < rekeyBytes) {
			size += tables[n].size
			n++
		}
		if err := s.compactTables(ctx, tables[:n]); err != nil {
			return err
		}
		tables = tables[n:]
	}
	return nil
}

// compactTables has tables compacted. What lies above others comes down first, so that it
// is not written again on every level for what is laid above the rest: Pebble sees no
// reason to compact a table that nothing lies above.
func (s *Store) compactTables(ctx context.Context, tables []table) error {
	if err := s.compactOver(ctx, tables); err != nil {
		return err
	}
	live, err := s.liveTables()
	if err != nil {
		return err
	}
	left := slices.DeleteFunc(slices.Clone(tables), func(t table) bool {
		return !slices.ContainsFunc(live, func(l table) bool { return l.name == t.name })
	})
	if len(left) == 0 {
		return nil
	}
	keys := make([][]byte, len(left))
	for i, t := range left {
		keys[i] = t.within()
	}
	if err := s.touch(ctx, keys); err != nil {
		return err
	}
	return s.compactOver(ctx, left)
}

// compactOver compacts what lies between the smallest keys of tables, and at them.
func (s *Store) compactOver(ctx context.Context, tables []table) error {
	end := append(tables[len(tables)-1].within(), 0)
	return s.db.Compact(ctx, tables[0].smallest, end, true)
}

// touch writes keys again with what they have, and flushes.
func (s *Store) touch(ctx context.Context, keys [][]byte) error {
	if err := s.rewriteKeys(keys); err != nil {
		return err
	}
	return s.rotate(ctx)
}

// rotate ends the log, and writes what lies in memory alone into tables.
func (s *Store) rotate(ctx context.Context) error {
	flushed, err := s.db.AsyncFlush()
	if err != nil {
		return err
	}
	select {
	case <-flushed:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// rewriteKeys changes nothing that a reader could see, so that it takes no part
// in what commits publish.
func (s *Store) rewriteKeys(keys [][]byte) error {
	s.commitMu.Lock()
	defer s.commitMu.Unlock()
	if err := errors.Join(s.Failed(), s.awaitRoom(nil, nil)); err != nil {
		return err
	}
	b := s.db.NewBatch()
	defer b.Close()
	for _, key := range keys {
		value, ok, err := appendValue(nil, s.db, key)
		switch {
		case err != nil:
			return err
		case ok:
			err = b.Set(key, value, nil)
		default:
			err = b.Delete(key, nil)
		}
		if err != nil {
			return err
		}
	}
	return s.apply(b, false)
}

// rewriteOptions puts a copy in the place of the file in which Pebble keeps its
// options. Pebble reads it when it opens the store and never again.
func (s *Store) rewriteOptions(name string) error {
	files := newFuseFS(s.crypt, s.fuse)
	number := strings.TrimPrefix(name, "OPTIONS-")
	path := files.PathJoin(s.crypt.dir, name)
	temporary := files.PathJoin(s.crypt.dir, "temporary."+number+".dbtmp") // which Open removes
	switch err := vfs.Copy(files, path, temporary); {
	case errors.Is(err, fs.ErrNotExist):
		return nil // of an earlier life of the store, and Pebble has removed it meanwhile
	case err != nil:
		return err
	}
	if err := files.Rename(temporary, path); err != nil {
		return err
	}
	if err := syncDir(files, s.crypt.dir); err != nil {
		return err
	}
	return s.Failed()
}
