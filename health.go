package portrait

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/portraitdb/portrait/health"
)

const (
	// lateAfter is for how long something may be due before it is a finding: the timer
	// looks every minute.
	lateAfter = 2 * maxNap
	// oldAfter is from which age on a view is one where views have no greatest age; else it
	// is half of that.
	oldAfter = time.Hour
)

// Health says how the store does now: what a program may act on, and a person read. It
// costs what DB.Metrics does, and writes nothing. It returns ErrClosed after Close.
func (a *Admin) Health(ctx context.Context) (*health.Report, error) {
	db := a.db
	if err := db.gate.enter(); err != nil {
		return nil, err
	}
	defer db.gate.leave()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	m := db.Metrics()
	r := &health.Report{}
	find := func(reason health.Reason, state health.State, format string, args ...any) {
		r.Findings = append(r.Findings, health.Finding{Reason: reason, State: state, Detail: fmt.Sprintf(format, args...)})
		r.State = max(r.State, state)
	}
	halted := db.halted.Load()
	s := &m.Store
	low, stalled := s.FreeBytes < s.MinFreeBytes, db.store.Stalled()
	r.Writable = m.Failed == nil && halted == nil && !low && !stalled
	switch {
	case m.Failed != nil:
		find(health.StoreFailed, health.Failed, "%v", m.Failed)
	case halted != nil:
		find(health.Interrupted, health.Failed, "%v", *halted)
	}
	if low {
		find(health.DiskLow, health.Degraded, "%d bytes are free, %d are left alone", s.FreeBytes, s.MinFreeBytes)
	}
	if stalled {
		find(health.Stalled, health.Degraded, "%d bytes wait to be flushed, %d layers and %d bytes to be compacted", s.MemTableBytes, s.Level0Layers, s.CompactionDebtBytes)
	}
	if m.ClockAhead > 0 {
		find(health.ClockStepped, health.Degraded, "the clock is ahead by %s", m.ClockAhead)
	}
	if m.Late >= lateAfter {
		find(health.AdvanceLate, health.Degraded, "due since %s, for %s", m.NextDue, m.Late)
	}
	if m.ToFill > 0 {
		find(health.Filling, health.OK, "%d of %d profiles are done", m.Filled, m.ToFill)
	}
	if m.OldestView >= db.gate.oldAge() {
		find(health.OldView, health.Degraded, "%d views are open, one for %s", m.Views, m.OldestView.Round(time.Second))
	}
	if s.KeyStale {
		find(health.KeyMissing, health.Degraded, "new files are under the last key that was to be had")
	}
	if s.MalformedOperands > 0 {
		find(health.Damaged, health.Degraded, "%d operands were passed over", s.MalformedOperands)
	}
	if m.LastError != nil {
		find(health.Background, health.OK, "the last error: %v", m.LastError)
	}
	slices.SortStableFunc(r.Findings, func(a, b health.Finding) int { return cmp.Compare(b.State, a.State) })
	return r, nil
}

// oldAge is the age from which on a view is worth telling.
func (g *gate) oldAge() time.Duration {
	if g.maxAge > 0 {
		return g.maxAge / 2
	}
	return oldAfter
}
