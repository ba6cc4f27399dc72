package main

import (
	"fmt"
	"io"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/examples/internal/table"
	"github.com/portraitdb/portrait/profile"
)

type checkVerb struct{}

// Run recomputes everything, and prints every difference as it is found. The answer is no
// where anything differs.
func (v *checkVerb) Run(s *session) error {
	return s.with(false, func(db *portrait.DB) error {
		type answer struct {
			Differences int      `json:"differences"`
			List        []string `json:"list"` // the first 1,000
		}
		a := answer{List: []string{}}
		for d, err := range db.Admin().Differences(s) {
			if err != nil {
				return err
			}
			a.Differences++
			switch {
			case !s.json:
				if _, err := fmt.Fprintln(s.stdout, table.Clean(d)); err != nil {
					return err
				}
			case len(a.List) < 1000:
				a.List = append(a.List, d)
			}
		}
		err := s.answer(a, func(w io.Writer) error {
			if a.Differences > 0 {
				return nil
			}
			_, err := fmt.Fprintln(w, "ok")
			return err
		})
		if err == nil && a.Differences > 0 {
			s.printf("%d differences\n", a.Differences)
			return errNo
		}
		return err
	})
}

type digestVerb struct{}

// Run prints the fingerprint of everybody.
func (v *digestVerb) Run(s *session) error {
	return s.view(func(view *portrait.View) error {
		d, err := view.Digest(s, view.AsOf())
		if err != nil {
			return err
		}
		type answer struct {
			Digest string `json:"digest"`
			at
		}
		return s.answer(answer{d.String(), atOf(view)}, func(w io.Writer) error {
			_, err := fmt.Fprintln(w, d)
			return err
		})
	})
}

type statsVerb struct{}

// stats are the figures of a store. Sizes are in bytes.
type stats struct {
	Epoch      uint64     `json:"epoch"`
	Instant    time.Time  `json:"instant"`
	NextDue    *time.Time `json:"next_due"` // null: time alone changes nothing more
	Accepted   uint64     `json:"accepted"`
	Merges     uint64     `json:"merges"`
	Splits     uint64     `json:"splits"`
	Ordinals   uint64     `json:"ordinals"`
	Filled     uint64     `json:"filled"`  // profiles that have what is new in the model,
	ToFill     uint64     `json:"to_fill"` // of so many; both 0 where nothing is being filled
	Disk       uint64     `json:"disk_bytes"`
	Log        uint64     `json:"log_bytes"`
	Index      int64      `json:"index_bytes"`
	Cache      int64      `json:"cache_bytes"`
	MemTables  uint64     `json:"memtable_bytes"`
	Compaction uint64     `json:"compaction_debt_bytes"`
	Failed     string     `json:"failed,omitempty"`
}

// Run prints the figures of the store.
func (v *statsVerb) Run(s *session) error {
	return s.with(false, func(db *portrait.DB) error {
		m := db.Metrics()
		st := stats{
			Epoch: m.Epoch, Instant: m.Instant.Time(), Accepted: m.Accepted,
			Merges: m.Merges, Splits: m.Splits, Ordinals: m.Ordinals, Filled: m.Filled, ToFill: m.ToFill,
			Disk: m.Store.DiskBytes, Log: m.Store.WALBytes, Index: m.IndexBytes,
			Cache: m.Store.CacheBytes, MemTables: m.Store.MemTableBytes, Compaction: m.Store.CompactionDebtBytes,
		}
		if m.NextDue != profile.Never {
			st.NextDue = new(m.NextDue.Time())
		}
		if m.Failed != nil {
			st.Failed = m.Failed.Error()
		}
		return s.answer(st, func(w io.Writer) error {
			var t table.Table
			t.Row("epoch", st.Epoch)
			t.Row("stands at", m.Instant)
			t.Row("next change by time", m.NextDue)
			t.Row("events accepted", st.Accepted)
			t.Row("merges", st.Merges)
			t.Row("splits", st.Splits)
			t.Row("IDs handed out", st.Ordinals)
			if st.ToFill > 0 {
				t.Row("profiles filled", fmt.Sprintf("%s of %s", table.Count(st.Filled), table.Count(st.ToFill)))
			}
			t.Row("bytes on disk", st.Disk)
			t.Row("bytes of the log", st.Log)
			t.Row("bytes of the index", uint64(st.Index))
			t.Row("bytes of the cache", uint64(st.Cache))
			t.Row("bytes of write buffers", st.MemTables)
			t.Row("bytes to be compacted", st.Compaction)
			if st.Failed != "" {
				t.Row("failed", table.Clean(st.Failed))
			}
			_, err := t.WriteTo(w)
			return err
		})
	})
}
