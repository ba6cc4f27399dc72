package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Span is the keys from Lower on, that one included, to Upper, that one not.
type Span struct{ Lower, Upper []byte }

// purgeRounds bounds how often Purge looks for tables that are left; one is the rule.
const purgeRounds = 10

// Purge waits for files that Pebble removes behind: so long at first, and then longer each
// time, since a scan that has begun keeps tables for as long as it lasts.
const (
	purgePause    = 2 * time.Millisecond
	maxPurgePause = 100 * time.Millisecond
)

// purgeLogs bounds how often Purge has a log ended for one that is left: it needs one or two,
// after which the old ones only wait for their turn to be removed.
const purgeLogs = 100

// Purge makes sure that no file of the directory holds what was deleted under some spans
// of keys before the call: the tables that may have it are written anew, each once as a
// rule, and the logs are removed rather than used again. Reads and commits go on
// meanwhile. A snapshot of before the deletion keeps what it shows, see Pinned; Purge waits
// for scans that have begun and for the Stage that is open, if one is. It ends early when ctx does, or the store fails or is closed.
// What the disk keeps of removed files is beyond it, and copies of the directory are.
func (s *Store) Purge(ctx context.Context, spans []Span) (err error) {
	s.life.RLock()
	defer s.life.RUnlock()
	if s.closed {
		return ErrClosed
	}
	defer guard("purge", &err)
	ctx, done := s.whileOpen(ctx)
	defer done()
	// A copy that is being made has what was deleted since, and lies in the directory.
	if err := s.lockStage(ctx); err != nil {
		return fmt.Errorf("purge: %w", errors.Join(s.Failed(), err))
	}
	defer s.unlockStage()
	if err := s.base.RemoveAll(s.base.PathJoin(s.dir, stageDir)); err != nil { // of a Stage that could not be removed
		return fmt.Errorf("purge: %w", err)
	}
	s.fuse.noReuse.Add(1)
	defer s.fuse.noReuse.Add(-1)
	if err := s.purge(ctx, spans); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return fmt.Errorf("purge: %w", errors.Join(s.Failed(), err))
	}
	return s.Failed()
}

// Pinned counts the open snapshots of before a commit, by Snapshot.Commits of one that shows
// it: they keep what it deleted.
func (s *Store) Pinned(commit uint64) int {
	s.viewMu.Lock()
	defer s.viewMu.Unlock()
	n := 0
	for sn := range s.snapshots {
		if sn.view.number < commit {
			n++
		}
	}
	return n
}

func (s *Store) purge(ctx context.Context, spans []Span) error {
	files, err := s.dataFiles()
	if err != nil {
		return err
	}
	if err := s.rotate(ctx); err != nil {
		return err
	}
	flushed, err := s.dataFiles() // What lay in memory alone lies in tables now.
	if err != nil {
		return err
	}
	for _, name := range flushed {
		if isTable(name) && !slices.Contains(files, name) {
			files = append(files, name)
		}
	}
	if err := s.rewriteSpans(ctx, spans); err != nil {
		return err
	}
	pause, logs := purgePause, 0
	for {
		stale, err := s.stale(files)
		if err != nil || len(stale) == 0 {
			return err
		}
		if err := s.removeAgain(stale); err != nil {
			return err
		}
		if logs < purgeLogs && slices.ContainsFunc(stale, func(name string) bool { return !isTable(name) }) {
			logs++
			// A flush ends a log, and removes one for the next.
			// What makes it do so lies after all other keys: no table is written again for it.
			if err := s.touch(ctx, [][]byte{{0xff}}); err != nil {
				return err
			}
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
		pause = min(2*pause, maxPurgePause)
	}
}

// removeAgain removes those of some files that Pebble could not remove, and will not try
// to again.
func (s *Store) removeAgain(names []string) error {
	files := newFuseFS(s.opts.FS, s.fuse)
	for _, name := range names {
		if !s.fuse.isLeft(name) {
			continue
		}
		if err := files.Remove(files.PathJoin(s.dir, name)); err != nil {
			return fmt.Errorf("remove %s: %w", name, err)
		}
	}
	return nil
}

// rewriteSpans writes every table anew that has something of the spans. It is not left to
// Pebble which: a table of the last level may keep what a snapshot needed that is gone by
// now, and nothing tells it to look again.
func (s *Store) rewriteSpans(ctx context.Context, spans []Span) error {
	old, err := s.tablesOf(spans)
	if err != nil {
		return err
	}
	for range purgeRounds {
		if len(old) == 0 {
			return nil
		}
		if err := s.rewriteTables(ctx, old); err != nil {
			return err
		}
		now, err := s.tablesOf(spans)
		if err != nil {
			return err
		}
		old = slices.DeleteFunc(now, func(t table) bool {
			return !slices.ContainsFunc(old, func(o table) bool { return o.name == t.name })
		})
	}
	return fmt.Errorf("%d tables are still needed that were to be written anew", len(old))
}

// tablesOf returns the tables that have something of the spans.
func (s *Store) tablesOf(spans []Span) ([]table, error) {
	tables, err := s.liveTables()
	return slices.DeleteFunc(tables, func(t table) bool {
		return !slices.ContainsFunc(spans, func(in Span) bool {
			return bytes.Compare(t.smallest, in.Upper) < 0 && bytes.Compare(t.largest, in.Lower) >= 0
		})
	}), err
}

// dataFiles returns the tables and logs on the disk.
func (s *Store) dataFiles() ([]string, error) {
	names, err := s.opts.FS.List(s.dir)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(names, func(name string) bool { return !isTable(name) && !strings.HasSuffix(name, ".log") }), nil
}

// stale returns which of some files are still there, and are no tables that the store
// needs.
func (s *Store) stale(before []string) ([]string, error) {
	now, err := s.dataFiles()
	if err != nil {
		return nil, err
	}
	live, err := s.liveTables()
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(now, func(name string) bool {
		return !slices.Contains(before, name) || slices.ContainsFunc(live, func(t table) bool { return t.name == name })
	}), nil
}
