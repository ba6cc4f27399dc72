package segment

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
)

// Budget bounds what one call may read: one Count, Exists, Set or Limit of a
// Query, or one call of a Batch, whatever its number of goroutines. A bound of 0
// is none; but a Budget without any bound is refused, as are negative bounds.
type Budget struct {
	// Blocks is how many blocks of 2^16 ordinals may be evaluated. A Batch
	// counts a block once, whatever its number of expressions.
	Blocks int64
	// Bytes is how much of bitmaps, sets and columns may be read, as they lie in
	// memory.
	Bytes int64
	// Scanned is how many profiles may be looked at one by one, because of
	// conditions that no index answers.
	Scanned int64
}

type budgetKey struct{}

// WithBudget returns a context under which every call that answers from the index is
// bounded, for those who ask through a View or a DB.
func WithBudget(ctx context.Context, b Budget) context.Context {
	return context.WithValue(ctx, budgetKey{}, &b)
}

// BudgetOf returns the budget of a context, or nil.
func BudgetOf(ctx context.Context) *Budget {
	b, _ := ctx.Value(budgetKey{}).(*Budget)
	return b
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
	case b == nil:
		return nil
	case b.Blocks < 0 || b.Bytes < 0 || b.Scanned < 0:
		return fmt.Errorf("segment: the budget has a negative bound: %d blocks, %d bytes, %d scanned profiles", b.Blocks, b.Bytes, b.Scanned)
	case *b == Budget{}:
		return errNoBudget
	}
	return nil
}

// meter adds up what the goroutines of one call read.
type meter struct {
	Budget
	blocks, bytes atomic.Int64
}

// newMeter returns nil where there is no budget.
func newMeter(b *Budget) *meter {
	if b == nil {
		return nil
	}
	return &meter{Budget: *b}
}

func (m *meter) add(blocks, bytes int64) error {
	if n := m.blocks.Add(blocks); m.Blocks > 0 && n > m.Blocks {
		return &BudgetError{"blocks", m.Blocks, n}
	}
	if n := m.bytes.Add(bytes); m.Bytes > 0 && n > m.Bytes {
		return &BudgetError{"bytes", m.Bytes, n}
	}
	return nil
}

// ready checks the budget, and runs the scans that have not been run.
func (p *program) ready(ctx context.Context, src Source) error {
	if err := src.Budget.check(); err != nil {
		return err
	}
	if src.Budget != nil && src.Budget.Scanned > 0 {
		if err := p.affordScans(ctx, src); err != nil {
			return err
		}
	}
	for _, s := range p.scans {
		if _, err := s.resolve(ctx); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// affordScans returns an error where the scans that have not been run look at
// more profiles than the budget allows.
func (p *program) affordScans(ctx context.Context, src Source) error {
	var scans int64
	for _, s := range p.scans {
		if !s.done.Load() && !s.some {
			scans++
		}
	}
	if scans == 0 {
		return nil
	}
	limit := src.Budget.Scanned
	src.Budget = nil
	live, err := NewQuery(All(), p.universe).Count(ctx, src)
	if n := int64(live) * scans; err == nil && n > limit {
		err = &BudgetError{"scanned profiles", limit, n}
	}
	return err
}
