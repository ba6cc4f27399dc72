package store

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// FS is the file system that a store lives on: Pebble's, so that tests can run
// on its crashable memory file system and inject errors.
type FS = vfs.FS

const (
	defaultCacheBytes    = 256 << 20
	defaultMemTableBytes = 32 << 20
	minMemTableBytes     = 64 << 10
	maxMemTableBytes     = 1 << 30

	// memTableStop and level0Stop are where Commit waits: that many memtables in
	// memory, and that many layers of tables that a read of level 0 must look at.
	memTableStop = 4
	level0Stop   = 24
	// level0Compact is the number of layers from which on level 0 is compacted.
	level0Compact = 4
	// outOfReach keeps Pebble from waiting by itself, see Store.awaitRoom.
	outOfReach = 1 << 20
	// maxCompactions is how many compactions may run at once; one of them only
	// when level 0 or the debt has grown.
	maxCompactions = 2
	bloomBits      = 10
)

// sealedManifestBytes is from which size on the MANIFEST of an encrypted store is
// written anew, under the current key, once its edits are more than the store has
// tables. The default of 128 MiB would keep an old key in use for years.
const sealedManifestBytes = 4 << 10

// pebbleFormat is the format major version of every store, set explicitly: with
// none Pebble takes the oldest. 20 has columnar blocks, and logs that tell a
// torn tail from damage.
const pebbleFormat = pebble.FormatWALSyncChunks

// Options are the choices of Open. The zero value of each is its default.
type Options struct {
	// FS is the file system. Default: the operating system's.
	FS FS
	// CacheBytes is the size of the block cache, on top of what Pebble takes
	// from it for memtables. Default 256 MiB.
	CacheBytes int64
	// MemTableBytes is the size of one memtable, from 64 KiB to 1 GiB; up to
	// five exist at once. Default 32 MiB.
	MemTableBytes int64
	// Keys encrypt every file that the store writes, but for their names and
	// lengths; docs/encryption.md says what that protects from. A store is
	// encrypted from its first Open on or not at all: Open returns a [KeyError]
	// for a plain one with keys, and for an encrypted one without or with others.
	// Default: nothing is encrypted.
	Keys Keys
	// Logger takes what the store has to say. Default: nothing is logged.
	Logger *slog.Logger
	// OnFailure is told, once, that the store has failed; the error is that of
	// Failed. It is called from any goroutine, with locks held: it must not
	// block and not call the store. It is not called for a failure in Open,
	// which Open returns. Default: nobody is told.
	OnFailure func(error)
}

// complete fills in the defaults and reports every fault.
func (o *Options) complete() error {
	var errs []error
	switch {
	case o.CacheBytes == 0:
		o.CacheBytes = defaultCacheBytes
	case o.CacheBytes < 0:
		errs = append(errs, fmt.Errorf("store options: CacheBytes is %d, want 0 or more", o.CacheBytes))
	}
	switch {
	case o.MemTableBytes == 0:
		o.MemTableBytes = defaultMemTableBytes
	case o.MemTableBytes < minMemTableBytes || o.MemTableBytes > maxMemTableBytes:
		errs = append(errs, fmt.Errorf("store options: MemTableBytes is %d, want %d to %d",
			o.MemTableBytes, minMemTableBytes, maxMemTableBytes))
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return errors.Join(errs...)
}

// cacheTotal is the size of Pebble's block cache. Pebble reserves every
// memtable from it, so that large memtables under a small cache leave no cache
// at all; what it may reserve comes on top: the memtables that may exist at
// once and one kept for reuse.
func (o *Options) cacheTotal() int64 {
	return o.CacheBytes + o.MemTableBytes*(memTableStop+1)
}

// pebbleOptions returns the options that Pebble is opened with.
func (s *Store) pebbleOptions(lock *pebble.Lock, cache *pebble.Cache) *pebble.Options {
	o := &pebble.Options{
		Cache:                       cache,
		CompactionConcurrencyRange:  func() (lower, upper int) { return 1, maxCompactions },
		EventListener:               s.events(),
		FormatMajorVersion:          pebbleFormat,
		FS:                          newFuseFS(s.opts.FS, s.fuse),
		L0CompactionThreshold:       level0Compact,
		L0StopWritesThreshold:       outOfReach,
		Lock:                        lock,
		Logger:                      &logger{out: s.opts.Logger, fuse: s.fuse},
		MemTableSize:                uint64(s.opts.MemTableBytes),
		MemTableStopWritesThreshold: outOfReach,
		Merger:                      newMerger(&s.malformed),
	}
	if s.crypt != nil {
		o.MaxManifestFileSize = sealedManifestBytes
	}
	o.Experimental.CompactionScheduler = s.compactions
	for i := range o.Levels {
		o.Levels[i].FilterPolicy = bloom.FilterPolicy(bloomBits)
	}
	return o
}

// events returns what Pebble calls on the events that matter here. The
// functions run under Pebble's locks and do not block.
func (s *Store) events() *pebble.EventListener {
	return &pebble.EventListener{
		// A flush or a compaction that failed is retried by Pebble at once and
		// for ever. A disk that is full or broken does not mend within that
		// loop, and flushes that never succeed end in writers that never return.
		BackgroundError: func(err error) { s.fuse.blow(wrapRead("background work", err)) },
		// The default is Logger.Fatalf.
		DataCorruption: func(info pebble.DataCorruptionInfo) {
			s.fuse.blow(fmt.Errorf("%w: %s: %w", ErrCorrupt, info.Path, info.Details))
		},
		WALCreated:    func(pebble.WALCreateInfo) { s.crowded.Store(true) },
		CompactionEnd: func(pebble.CompactionInfo) { s.makeRoom() },
		FlushEnd: func(pebble.FlushInfo) {
			s.crowded.Store(true)
			s.makeRoom()
		},
	}
}
