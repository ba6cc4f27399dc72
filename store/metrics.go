package store

// Metrics are figures of a store at one moment. Counts start with Open.
type Metrics struct {
	DiskBytes     uint64 // of all files
	MemTableBytes uint64 // memory of the memtables
	WALBytes      uint64 // live bytes in the log
	SnapshotCount int    // open snapshots, with the store's own

	CacheBytes  int64 // what the block cache holds
	CacheHits   int64
	CacheMisses int64

	Flushes             int64
	Compactions         int64
	CompactionsRunning  int64
	CompactionDebtBytes uint64 // still to be compacted
	Level0Layers        int32  // tables that a read of level 0 looks at

	// KeysInUse counts the files on the disk by the ID of the key that they are
	// under: a key that is not in it is needed by copies of the store at most.
	// It is nil if the store is not encrypted.
	KeysInUse map[string]int

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
	if s.crypt != nil {
		keys = map[string]int{}
		for _, id := range s.crypt.keysInUse() {
			keys[id]++
		}
	}
	m := s.db.Metrics()
	return Metrics{
		KeysInUse:           keys,
		DiskBytes:           m.DiskSpaceUsage(),
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
		MalformedOperands:   s.malformed.Load(),
	}
}
