package segment

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
)

// Budget bounds what one call may read: one Count, Exists, Set or Limit of a
// Query, or one call of a Batch, whatever its number of goroutines. A bound of 0
// is none; but a Budget without any bound is refused, as are negative bounds. What is known
// beforehand to be over a bound is refused before it is begun; else the call stops soon
// after the bound is reached.
type Budget struct {
	// Blocks is how many blocks of 2^16 ordinals the call may go to: to evaluate
	// conditions there, or to look at profiles there one by one. A block counts once,
	// whatever the number of expressions, passes and conditions, and not at all where the
	// index tells, without loading, that nobody in it can be meant. Blocks do not bound how
	// much there is to do within each: Bytes and Scanned do.
	Blocks int64
	// Bytes is how much of bitmaps, sets and columns may be read, as they lie in
	// memory, and [ProfileBytes] for each profile that is looked at by itself.
	Bytes int64
	// Scanned is how many profiles may be looked at one by one: everybody for each
	// condition that no index answers, and those near the border of a place, most of whom
	// the index still tells apart.
	Scanned int64
}

// ProfileBytes is what a profile that is looked at by itself counts as under Budget.Bytes,
// and in Cost.Bytes.
const ProfileBytes = 1 << 10

type budgetKey struct{}

// WithBudget returns a context under which each call that answers a question by the index
// is bounded, for those who ask through a View or a DB: Count, Counts, Segment, Cross,
// Plan, Summary, Quantiles, Top, Histogram, Bins, Groups, Cutoffs, FlipsBefore and Follow.
// Not bounded are Facets, which reads the sizes of bitmaps and not the bitmaps, and what
// yields or fingerprints the profiles themselves: Profiles, Digest, Check, exports.
func WithBudget(ctx context.Context, b Budget) context.Context {
	return context.WithValue(ctx, budgetKey{}, &b)
}

// BudgetError says which bound of a Budget a call would exceed. The call stops
// soon after the bound is reached, and has no answer.
type BudgetError struct {
	What  string // "blocks", "bytes" or "scanned profiles"
	Limit int64
	// Needed is what the call had come to, or is known to come to.
	Needed int64
}

// Error implements error.
func (e *BudgetError) Error() string {
	return fmt.Sprintf("segment: over budget: %d %s are needed, %d allowed", e.Needed, e.What, e.Limit)
}

var errNoBudget = errors.New("segment: a budget of zero allows nothing: bound the blocks, the bytes or the scanned profiles, or give no budget")

func (b *Budget) check() error {
	switch {
	case b.Blocks < 0 || b.Bytes < 0 || b.Scanned < 0:
		return fmt.Errorf("segment: the budget has a negative bound: %d blocks, %d bytes, %d scanned profiles", b.Blocks, b.Bytes, b.Scanned)
	case *b == Budget{}:
		return errNoBudget
	}
	return nil
}

// ready checks the budget, and runs the scans that have not been run.
func (p *program) ready(ctx context.Context, src Source, m *Meter) error {
	if err := m.check(); err != nil {
		return err
	}
	if src.Within != nil && *src.Within != p.universe {
		return errors.New("segment: the query was planned in another universe")
	}
	if m != nil && len(p.scans) > 0 {
		if err := p.affordScans(ctx, src, m); err != nil {
			return err
		}
		ctx = m.within(ctx)
	}
	for _, s := range p.scans {
		if _, err := s.resolve(ctx); err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

// affordScans adds what the scans of everybody that have not been run will take, before
// any of them is begun. A scan of some adds what it takes itself.
func (p *program) affordScans(ctx context.Context, src Source, m *Meter) error {
	var scans int64
	for _, s := range p.scans {
		if !s.done.Load() && s.among == nil {
			scans++
		}
	}
	everybody := src.Root.dir.find(p.universe)
	if scans == 0 || everybody == nil {
		return nil
	}
	for s := range everybody.shards() {
		for mask := everybody.mask(s); mask != 0; mask &= mask - 1 {
			if err := m.block(blockKey(s, bits.TrailingZeros16(mask))); err != nil {
				return err
			}
		}
	}
	src.Budget, src.Meter = nil, nil
	live, err := NewQuery(All(), p.universe).Count(ctx, src)
	if err != nil {
		return err
	}
	return m.Look(int64(live) * scans)
}
