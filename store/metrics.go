package store

import (
	"sync/atomic"
	"time"
)

// Metrics are figures of a store at one moment. Counts start with Open.
type Metrics struct {
	DiskBytes uint64 // of all files
	// FreeBytes and TotalBytes are the file system's, and MinFreeBytes what is left alone
	// of it; see Options.MinFreeBytes. They are 0 where it does not tell.
	FreeBytes, TotalBytes, MinFreeBytes uint64

	MemTableBytes uint64 // memory of the memtables
	WALBytes      uint64 // live bytes in the log
	SnapshotCount int    // open snapshots, with the store's own

	// PinnedBytes are of files that are needed no more but by a snapshot or a scan that is
	// open, and PinnedKeys counts what flushes and compactions kept for a snapshot alone.
	PinnedBytes uint64
	PinnedKeys  uint64

	CacheBytes  int64 // what the block cache holds
	CacheHits   int64
	CacheMisses int64

	Flushes             int64
	Compactions         int64
	CompactionsRunning  int64
	CompactionDebtBytes uint64 // still to be compacted
	Level0Layers        int32  // tables that a read of level 0 looks at

	// TableBytesWritten are of the tables that flushes and compactions wrote, and
	// LastLevelBytesWritten of those of the last level, where what is not deleted comes to rest.
	TableBytesWritten, LastLevelBytesWritten uint64

	Commits        uint64        // that succeeded
	CommitTime     time.Duration // of all of them, their syncs included
	SlowestCommit  time.Duration
	Stalls         uint64        // writes that had to wait for flushes or compactions
	StallTime      time.Duration // of all of them
	RefusedFailed  uint64        // writes refused since the store failed
	RefusedDisk    uint64        // for want of room on the disk
	RefusedStalled uint64        // having waited too long

	// KeysInUse counts the files on the disk by the ID of the key that they are
	// under: a key that is not in it is needed by copies of the store at most.
	// It is nil if the store is not encrypted.
	KeysInUse map[string]int

	// KeyStale says that the current key could not be had when it was last asked for.
	KeyStale bool

	// MalformedOperands counts merge operands that were skipped because they
	// could not be decoded, each time that one was met.
	MalformedOperands uint64
}

// Metrics returns the figures, all zero after Close. It takes locks of the
// write path for some microseconds.
func (s *Store) Metrics() Metrics {
	s.life.RLock()
	defer s.life.RUnlock()
	if s.closed {
		return Metrics{}
	}
	var keys map[string]int
	var stale bool
	if s.crypt != nil {
		stale = s.crypt.ring.isStale()
		keys = map[string]int{}
		for _, id := range s.crypt.keysInUse() {
			keys[id]++
		}
	}
	if s.opts.MinFreeBytes >= 0 {
		s.look()
	}
	m := s.db.Metrics()
	var written uint64
	for i := range m.Levels {
		written += m.Levels[i].TableBytesFlushed + m.Levels[i].TableBytesCompacted
	}
	return Metrics{
		KeysInUse:           keys,
		KeyStale:            stale,
		DiskBytes:           m.DiskSpaceUsage(),
		FreeBytes:           s.disk.free.Load(),
		TotalBytes:          s.disk.total.Load(),
		MinFreeBytes:        s.disk.least.Load(),
		PinnedBytes:         m.Table.ZombieSize + m.BlobFiles.ZombieSize,
		PinnedKeys:          m.Snapshots.PinnedKeys,
		Commits:             s.latency.count.Load(),
		CommitTime:          time.Duration(s.latency.nanos.Load()),
		SlowestCommit:       time.Duration(s.latency.most.Load()),
		Stalls:              s.stalls.count.Load(),
		StallTime:           time.Duration(s.stalls.nanos.Load()),
		RefusedFailed:       s.refused.failed.Load(),
		RefusedDisk:         s.refused.disk.Load(),
		RefusedStalled:      s.refused.stall.Load(),
		MemTableBytes:       m.MemTable.Size,
		WALBytes:            m.WAL.Size,
		SnapshotCount:       m.Snapshots.Count,
		CacheBytes:          m.BlockCache.Size,
		CacheHits:           m.BlockCache.Hits,
		CacheMisses:         m.BlockCache.Misses,
		Flushes:             m.Flush.Count,
		Compactions:         m.Compact.Count,
		CompactionsRunning:  m.Compact.NumInProgress,
		CompactionDebtBytes: m.Compact.EstimatedDebt,
		Level0Layers:        m.Levels[0].Sublevels,

		TableBytesWritten: written,
		MalformedOperands: s.malformed.Load(),

		LastLevelBytesWritten: m.Levels[len(m.Levels)-1].TableBytesCompacted,
	}
}

// SpanBytes estimates what the tables hold of the keys from lower on that are below upper,
// in bytes on the disk. What is not flushed yet is not in it.
func (s *Store) SpanBytes(lower, upper []byte) (n uint64, err error) {
	s.life.RLock()
	defer s.life.RUnlock()
	if s.closed {
		return 0, ErrClosed
	}
	defer guard("estimate", &err)
	if n, err = s.db.EstimateDiskUsage(lower, upper); err != nil {
		return 0, wrapRead("estimate", err)
	}
	return n, nil
}

// latency sums up how long commits took. One goroutine notes, any reads.
type latency struct {
	count       atomic.Uint64
	nanos, most atomic.Int64
}

func (l *latency) note(d time.Duration) {
	l.count.Add(1)
	l.nanos.Add(int64(d))
	if int64(d) > l.most.Load() {
		l.most.Store(int64(d))
	}
}
