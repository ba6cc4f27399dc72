package store

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

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
	// MinFreeBytes is how much of the file system's room is left alone: while less is
	// free Admit refuses with a [DiskError]. A file system that does not tell counts
	// as roomy. Below zero none is left. Default 1 GiB, or a twentieth of a file system
	// smaller than 20 GiB.
	MinFreeBytes int64
	// MaxStall is how long Admit waits for flushes and compactions before it refuses
	// with a [StallError]. Below zero it waits as long as it takes. Default 1 minute.
	MaxStall time.Duration
	// Keys encrypt every file that the store writes, but for their names and
	// lengths; docs/encryption.md says what that protects from. A store is
	// encrypted from its first Open on or not at all: Open returns a [KeyError]
	// for a plain one with keys, and for an encrypted one without or with others.
	// Default: nothing is encrypted.
	Keys Keys
	// Shred names spaces of keys, by the first byte of a key, whose values are sealed
	// under keys that can be destroyed one by one; they are written with
	// [Batch.SetSealed] and destroyed with [Batch.Destroy]. A store has the spaces that it is
	// made with for ever: Open returns a [KeyError] if it is asked for others, or if the file of keys
	// ([KeyFile]) is missing, older than the store or another one's. Default: as it was made; a new store
	// seals nothing.
	Shred []byte
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
	o.Shred = slices.Compact(slices.Sorted(slices.Values(o.Shred)))
	if slices.Contains(o.Shred, reserved) {
		errs = append(errs, errors.New("store options: Shred names the store's own space"))
	}
	if o.MaxStall == 0 {
		o.MaxStall = defaultMaxStall
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
	files := newFuseFS(s.opts.FS, s.fuse)
	files.aside = s.base.PathJoin(s.dir, stageDir)
	o := &pebble.Options{
		Cache:                       cache,
		CompactionConcurrencyRange:  func() (lower, upper int) { return 1, maxCompactions },
		EventListener:               s.events(),
		FormatMajorVersion:          pebbleFormat,
		FS:                          files,
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
		WALCreated:    func(pebble.WALCreateInfo) { s.grown.Add(1) },
		CompactionEnd: func(pebble.CompactionInfo) { s.room.made() },
		FlushEnd: func(pebble.FlushInfo) {
			s.grown.Add(1)
			s.room.made()
		},
	}
}
