package segment

import (
	"context"
	"sync/atomic"

	"github.com/portraitdb/portrait/internal/shard"
)

// Meter adds up what is read under one Budget, by however many calls and goroutines
// share it. A nil Meter bounds nothing.
type Meter struct {
	budget                 Budget
	blocks, bytes, scanned atomic.Int64
	entered                []atomic.Uint64 // bits, by block; empty where Blocks is no bound
}

// newMeter returns nil where there is no budget.
func newMeter(b *Budget) *Meter {
	if b == nil {
		return nil
	}
	m := &Meter{budget: *b}
	if b.Blocks > 0 {
		m.entered = make([]atomic.Uint64, (1<<32)/blockSpan/64)
	}
	return m
}

// meter returns what adds up what a call on the source reads; nil where nothing bounds it.
func (src *Source) meter() *Meter {
	if src.Meter != nil {
		return src.Meter
	}
	return newMeter(src.Budget)
}

type meterKey struct{}

// Metered returns a context under which all calls share one Meter of the context's
// budget, so that it bounds them together; ctx itself where they do already, or where
// there is no budget.
func Metered(ctx context.Context) context.Context {
	if m, _ := ctx.Value(meterKey{}).(*Meter); m != nil {
		return ctx
	}
	b, _ := ctx.Value(budgetKey{}).(*Budget)
	return newMeter(b).within(ctx)
}

// MeterOf returns the Meter that calls under a context share, else a new one of its
// budget; nil where it has none.
func MeterOf(ctx context.Context) *Meter {
	if m, _ := ctx.Value(meterKey{}).(*Meter); m != nil {
		return m
	}
	b, _ := ctx.Value(budgetKey{}).(*Budget)
	return newMeter(b)
}

func (m *Meter) within(ctx context.Context) context.Context {
	if m == nil {
		return ctx
	}
	return context.WithValue(ctx, meterKey{}, m)
}

// Look adds n profiles that will be looked at one by one. The error is a BudgetError, or
// says what is wrong with the budget.
func (m *Meter) Look(n int64) error {
	if m == nil {
		return nil
	}
	if err := m.check(); err != nil {
		return err
	}
	if all := m.scanned.Add(n); m.budget.Scanned > 0 && all > m.budget.Scanned {
		return &BudgetError{"scanned profiles", m.budget.Scanned, all}
	}
	return m.read(n * ProfileBytes)
}

func (m *Meter) check() error {
	if m == nil {
		return nil
	}
	return m.budget.check()
}

// read adds bytes.
func (m *Meter) read(n int64) error {
	if all := m.bytes.Add(n); m.budget.Bytes > 0 && all > m.budget.Bytes {
		return &BudgetError{"bytes", m.budget.Bytes, all}
	}
	return nil
}

// block adds a block, given by its number among those of all shards, unless it has been
// added before.
func (m *Meter) block(key int) error {
	if m.budget.Blocks == 0 {
		return nil
	}
	bit := uint64(1) << (key % 64)
	if m.entered[key/64].Or(bit)&bit != 0 {
		return nil
	}
	if n := m.blocks.Add(1); n > m.budget.Blocks {
		return &BudgetError{"blocks", m.budget.Blocks, n}
	}
	return nil
}

// blockKey returns the number of a block among those of all shards.
func blockKey(shardNo, block int) int { return shardNo*shard.Blocks + block }
