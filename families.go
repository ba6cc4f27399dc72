package portrait

import (
	"time"

	"github.com/portraitdb/portrait/metrics"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/store"
)

// Families names the figures, and says what each is, for monitoring systems: see package
// metrics. Which families there are, and in what order, does not depend on the figures, so
// that those of the zero Metrics can be registered beforehand.
func (m Metrics) Families() []metrics.Family {
	return append(m.families(), storeFamilies(&m.Store)...)
}

func gauge(name, unit, help string, v float64) metrics.Family {
	return metrics.Family{Name: "portrait." + name, Unit: unit, Help: help, Points: []metrics.Point{{Value: v}}}
}

func counter(name, unit, help string, v float64) metrics.Family {
	f := gauge(name, unit, help, v)
	f.Kind = metrics.Counter
	return f
}

// distributions is a family of how figures are distributed, by label.
func distributions(name, unit, help, label string, of map[string]metrics.Distribution) metrics.Family {
	f := metrics.Family{Name: "portrait." + name, Unit: unit, Help: help, Kind: metrics.Histogram, Label: label}
	for _, key := range sortedKeys(of) {
		d := of[key]
		f.Points = append(f.Points, metrics.Point{Label: key, Distribution: &d})
	}
	return f
}

// labelled gives a family a point for each value of a label.
func labelled(f metrics.Family, label string, points []metrics.Point) metrics.Family {
	f.Label, f.Points = label, points
	return f
}

func (m *Metrics) families() []metrics.Family {
	var rejected, refused []metrics.Point
	for _, reason := range sortedKeys(m.Rejected) {
		rejected = append(rejected, metrics.Point{Label: reason, Value: float64(m.Rejected[reason])})
	}
	byRule := map[string]uint64{}
	for _, r := range m.Refused {
		byRule[r.Rule] += r.Count
	}
	for _, rule := range sortedKeys(byRule) {
		refused = append(refused, metrics.Point{Label: rule, Value: float64(byRule[rule])})
	}
	var feedAge time.Duration
	if m.FeedOldest != 0 && m.FeedOldest != profile.Never {
		feedAge = m.Instant.Time().Sub(m.FeedOldest.Time())
	}
	var failed float64
	if m.Failed != nil {
		failed = 1
	}
	return []metrics.Family{
		gauge("failed", metrics.None, "1 once the store refuses all writes until it is opened anew, else 0.", failed),
		counter("commits", "{commit}", "Commits over the life of the directory.", float64(m.Epoch)),
		counter("events.accepted", "{event}", "Events taken in, over the life of the directory.", float64(m.Accepted)),
		counter("events.duplicate", "{event}", "Events that were there before.", float64(m.Duplicates)),
		labelled(counter("events.rejected", "{event}", "Events that were refused, by reason.", 0), "reason", rejected),
		labelled(counter("identity.refused", "{refusal}", "What identity rules refused, over the life of the directory, by rule.", 0), "rule", refused),
		counter("identity.merges", "{profile}", "Profiles that a merge made disappear, over the life of the directory.", float64(m.Merges)),
		counter("identity.splits", "{profile}", "Profiles that a split made appear, over the life of the directory.", float64(m.Splits)),
		counter("identity.ordinals", "{id}", "Profile IDs handed out, over the life of the directory.", float64(m.Ordinals)),
		gauge("suppressed", "{identifier}", "Identifiers that are not taken in.", float64(m.Suppressed)),
		gauge("lists", "{list}", "Uploaded lists.", float64(m.Lists)),
		gauge("lists.identifiers", "{identifier}", "Identifiers in uploaded lists.", float64(m.ListIdentifiers)),
		gauge("calls.running", "{call}", "Calls under way.", float64(m.Running)),
		gauge("goroutines", "{goroutine}", "Goroutines of the DB, but for those of the store.", float64(m.Goroutines)),
		distributions("calls.time", metrics.Seconds, "How long calls took that have ended, by what was called.", "call", m.CallTimes),
		gauge("ingest.waiting", "{call}", "Ingest calls that wait for a commit.", float64(m.Waiting)),
		gauge("ingest.underway", "{event}", "Events of Ingest calls that have begun.", float64(m.UnderWay)),
		gauge("views.open", "{view}", "Open views.", float64(m.Views)),
		gauge("views.oldest", metrics.Seconds, "For how long the oldest view has been open.", m.OldestView.Seconds()),
		gauge("advance.late", metrics.Seconds, "For how long something has been due that is not applied.", m.Late.Seconds()),
		gauge("clock.ahead", metrics.Seconds, "By how much the clock stepped ahead of what is followed.", m.ClockAhead.Seconds()),
		gauge("fill.done", "{profile}", "Profiles done by the filling under way.", float64(m.Filled)),
		gauge("fill.whole", "{profile}", "Profiles that the filling under way has to do.", float64(m.ToFill)),
		gauge("feed.age", metrics.Seconds, "How far the feed reaches back.", feedAge.Seconds()),
		labelled(gauge("disk.used", metrics.Bytes, "Bytes on the disk, flushed, by what they hold.", 0), "holds", []metrics.Point{
			{Label: "dedup", Value: float64(m.DedupBytes)}, {Label: "feed", Value: float64(m.FeedBytes)}, {Label: "index", Value: float64(m.ShardBytes)},
			{Label: "log", Value: float64(m.LogBytes)}, {Label: "states", Value: float64(m.NodeBytes)},
		}),
		gauge("index.memory", metrics.Bytes, "Memory of decoded bitmaps and columns.", float64(m.IndexBytes)),
		counter("index.hits", "{call}", "Questions during which all that was asked of the index was in memory.", float64(m.IndexHits)),
		counter("index.misses", "{call}", "Questions during which some of the index was read.", float64(m.IndexMisses)),
		counter("index.reads", "{shard}", "Shards of the index that were read.", float64(m.IndexReads)),
		counter("states.hits", "{lookup}", "Identifiers of events whose state was in memory.", float64(m.StateHits)),
		counter("states.misses", "{lookup}", "Identifiers of events whose state was read, or is new.", float64(m.StateMisses)),
	}
}

func storeFamilies(m *store.Metrics) []metrics.Family {
	return []metrics.Family{
		gauge("disk.files", metrics.Bytes, "Bytes of all files of the directory.", float64(m.DiskBytes)),
		gauge("disk.free", metrics.Bytes, "Bytes that the file system has left; 0 where it does not tell.", float64(m.FreeBytes)),
		gauge("disk.least", metrics.Bytes, "Bytes of the file system that are left alone.", float64(m.MinFreeBytes)),
		gauge("disk.pinned", metrics.Bytes, "Bytes of files that only reads under way still need.", float64(m.PinnedBytes)),
		counter("snapshots.kept", "{key}", "Keys that flushes and compactions kept for open snapshots alone.", float64(m.PinnedKeys)),
		gauge("snapshots.open", "{snapshot}", "Open snapshots of the store.", float64(m.SnapshotCount)),
		gauge("memtables", metrics.Bytes, "Memory of what is not flushed yet.", float64(m.MemTableBytes)),
		gauge("wal", metrics.Bytes, "Bytes of the store's log that are still needed.", float64(m.WALBytes)),
		gauge("cache.memory", metrics.Bytes, "Memory of the block cache.", float64(m.CacheBytes)),
		counter("cache.hits", "{lookup}", "Blocks that were in the cache.", float64(m.CacheHits)),
		counter("cache.misses", "{lookup}", "Blocks that were read.", float64(m.CacheMisses)),
		counter("commit.count", "{commit}", "Commits of the store.", float64(m.Commits)),
		counter("commit.time", metrics.Seconds, "Time that commits took, with their syncs.", m.CommitTime.Seconds()),
		gauge("commit.slowest", metrics.Seconds, "The longest that a commit took.", m.SlowestCommit.Seconds()),
		counter("stalls", "{stall}", "Writes that waited for flushes or compactions.", float64(m.Stalls)),
		counter("stalls.time", metrics.Seconds, "Time that they waited.", m.StallTime.Seconds()),
		labelled(counter("writes.refused", "{write}", "Writes that were refused, by cause.", 0), "cause", []metrics.Point{
			{Label: "disk", Value: float64(m.RefusedDisk)}, {Label: "failed", Value: float64(m.RefusedFailed)}, {Label: "stalled", Value: float64(m.RefusedStalled)},
		}),
		counter("flushes", "{flush}", "Flushes.", float64(m.Flushes)),
		counter("tables.written", metrics.Bytes, "Bytes of tables that flushes and compactions wrote.", float64(m.TableBytesWritten)),
		counter("tables.last", metrics.Bytes, "Bytes of them that came to rest on the last level.", float64(m.LastLevelBytesWritten)),
		counter("compactions", "{compaction}", "Compactions.", float64(m.Compactions)),
		gauge("compactions.running", "{compaction}", "Compactions under way.", float64(m.CompactionsRunning)),
		gauge("compactions.debt", metrics.Bytes, "Bytes that are still to be compacted.", float64(m.CompactionDebtBytes)),
		gauge("level0.layers", "{layer}", "Tables that a read of level 0 looks at.", float64(m.Level0Layers)),
		counter("damage", "{operand}", "Stored operands that could not be decoded and were passed over.", float64(m.MalformedOperands)),
	}
}
