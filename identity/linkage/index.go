package linkage

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
)

// Index tells, record by record, which entity a new record belongs to. It is safe
// for concurrent use; calls take turns.
type Index struct {
	columns int // Of a row.
	cands   *candidates
	guard   guard

	mu       sync.Mutex // Guards all that follows, and what linker adds to its data.
	linker   *Linker
	scratch  scratch            // Remembers nothing: numbers of values come and go.
	added    map[uint64][]int32 // By key: the records that came later.
	entities []int32            // By record.
	members  map[int32][]int32  // By entity, ascending.
	unique   []interner         // By unique column.
	uniques  [][]uint32         // By unique column and record: 0 is missing.
}

// Margin is how many bits the best entity must be ahead of the next for a Decision
// to be Matched.
const Margin = 3.0

// Verdict says what Match decided.
type Verdict int

// The verdicts.
const (
	// NoMatch says that no entity reaches Thresholds.Review.
	NoMatch Verdict = iota
	// ToReview says that the best entity reaches Thresholds.Review only.
	ToReview
	// Ambiguous says that the best entity reaches Thresholds.Match, but that another
	// is nearly as good: which of them is not guessed.
	Ambiguous
	// Matched says that the best entity reaches Thresholds.Match, by Margin.
	Matched
)

// String returns the name of the verdict.
func (v Verdict) String() string {
	return [...]string{"no match", "to review", "ambiguous", "matched"}[min(max(v, NoMatch), Matched)]
}

// Decision says where a record belongs.
type Decision struct {
	Verdict Verdict
	// Best is the entity of the greatest weight, and Next the one after it: the
	// numbers that NewIndex was given. They are -1 if there is none.
	Best, Next int
	// BestWeight and NextWeight are the weights of the record with the member of the
	// entity that it is most like, in bits; minus infinity if there is none.
	BestWeight, NextWeight float64
	// Record is the member of Best that it is most like, -1 if there is none.
	Record int
}

// NewIndex indexes records by the entity of each, such as Result.Clusters. It makes
// the records ready anew, apart from any Linker; they may be added to or dropped
// once it returns. The error is that of ctx, or wraps ErrConfig or ErrRecords.
func NewIndex(ctx context.Context, recs *Records, m *Model, entities []int32) (*Index, error) {
	if len(entities) != recs.Len() {
		return nil, fmt.Errorf("%w: %d entities for %d records", ErrRecords, len(entities), recs.Len())
	}
	p, err := newPlan(m.config, recs.column)
	if err != nil {
		return nil, err
	}
	d, err := newData(ctx, p, recs)
	if err != nil {
		return nil, err
	}
	x := &Index{
		columns: len(recs.columns), linker: newLinker(d, m), added: map[uint64][]int32{},
		entities: slices.Clone(entities), members: map[int32][]int32{},
		unique: make([]interner, len(p.unique)), uniques: make([][]uint32, len(p.unique)),
	}
	if x.guard, err = p.config.Clustering.resolve(); err != nil {
		return nil, err
	}
	if x.cands, err = d.block(ctx, p.keys); err != nil {
		return nil, err
	}
	for r, e := range entities {
		x.members[e] = append(x.members[e], int32(r))
	}
	for i, c := range p.unique {
		x.unique[i].intern("")
		for r := range d.n {
			x.uniques[i] = append(x.uniques[i], x.unique[i].intern(d.columns[c].textOf(int32(r))))
		}
	}
	d.columns, d.records = nil, nil // What comes is read from its row.
	return x, nil
}

// Match decides where a record belongs, a value a column, and keeps nothing of it.
// An entity that a constraint forbids is not considered, nor one whose members are
// too unlike the record on the whole, as ClusterOptions has it. (OnePerList is not:
// a record that comes later is of no list.) The error wraps ErrRecords.
func (x *Index) Match(values ...string) (Decision, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	cells, err := x.clean(values)
	if err != nil {
		return Decision{}, err
	}
	marks := make([]mark, len(x.linker.fields))
	for i, f := range x.linker.fields {
		marks[i] = f.mark()
	}
	x.push(cells)
	d := x.decide(cells)
	x.linker.rows = x.linker.rows[:len(x.entities)*len(marks)]
	for i, f := range x.linker.fields {
		f.undo(marks[i])
	}
	return d, nil
}

// Add adds a record to an entity, or to one of its own if entity is -1, and returns
// its number; an entity of its own has the number of the record. It does not ask
// whether the record belongs there. The error wraps ErrRecords.
func (x *Index) Add(entity int, values ...string) (record int, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	cells, err := x.clean(values)
	if err != nil {
		return 0, err
	}
	n := int32(len(x.entities))
	e := int32(entity)
	if entity == -1 {
		e = n
	}
	if _, ok := x.members[e]; int(e) != entity && entity != -1 || ok == (entity == -1) {
		return 0, fmt.Errorf("%w: no entity %d", ErrRecords, entity)
	}
	x.push(cells)
	for _, h := range x.keys(cells) {
		x.added[h] = append(x.added[h], n)
	}
	for i, c := range x.linker.plan.unique {
		x.uniques[i] = append(x.uniques[i], x.unique[i].intern(cells[c]))
	}
	x.entities = append(x.entities, e)
	x.members[e] = append(x.members[e], n)
	return int(n), nil
}

// clean returns the clean columns of a row.
func (x *Index) clean(values []string) ([]string, error) {
	if len(values) != x.columns {
		return nil, fmt.Errorf("%w: a row of %d values, want %d", ErrRecords, len(values), x.columns)
	}
	cells := make([]string, len(x.linker.plan.columns))
	for i, c := range x.linker.plan.columns {
		cells[i] = c.clean(trimmed(values[c.source]))
	}
	return cells, nil
}

// trimmed returns a value as Records keeps it.
func trimmed(s string) string { return strings.ToValidUTF8(strings.TrimSpace(s), "\ufffd") }

// push adds the row of a record after the last.
func (x *Index) push(cells []string) {
	for i := range x.linker.fields {
		x.linker.rows = append(x.linker.rows, x.linker.fields[i].add(cells, nil))
	}
}

// keys returns the blocking hashes of a row, each once.
func (x *Index) keys(cells []string) []uint64 {
	var all []uint64
	for i, k := range x.linker.plan.keys {
		all = k.hashes(keySeed(i), func(p int, dst []uint64) []uint64 {
			return appendHashes(dst, k.parts[p].values(func(c int) string { return cells[c] }, nil))
		}, all)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// decide compares the record after the last with every entity that shares a key
// with it.
func (x *Index) decide(cells []string) Decision {
	rec := int32(len(x.entities))
	d := Decision{Best: -1, Next: -1, Record: -1, BestWeight: math.Inf(-1), NextWeight: math.Inf(-1)}
	for _, e := range x.near(x.keys(cells)) {
		best, weight, ok := x.compare(rec, x.members[e], cells)
		switch {
		case !ok:
		case weight > d.BestWeight:
			d.Next, d.NextWeight = d.Best, d.BestWeight
			d.Best, d.BestWeight, d.Record = int(e), weight, int(best)
		case weight > d.NextWeight:
			d.Next, d.NextWeight = int(e), weight
		}
	}
	h := &x.linker.plan.config.Thresholds
	switch {
	case d.BestWeight < *h.Review:
	case d.BestWeight < *h.Match:
		d.Verdict = ToReview
	case d.BestWeight-d.NextWeight < Margin:
		d.Verdict = Ambiguous
	default:
		d.Verdict = Matched
	}
	return d
}

// near returns the entities that have a record which shares a key, ascending.
func (x *Index) near(keys []uint64) []int32 {
	var found []int32
	for r := range x.cands.of(keys) {
		found = append(found, x.entities[r])
	}
	most := x.linker.plan.config.Blocking.MaxPosting
	for _, h := range keys {
		if later := x.added[h]; len(later) <= most {
			for _, r := range later {
				found = append(found, x.entities[r])
			}
		}
	}
	slices.SortFunc(found, cmp.Compare[int32])
	return slices.Compact(found)
}

// compare returns the member that a record is most like, and whether it may join
// them.
func (x *Index) compare(rec int32, members []int32, cells []string) (best int32, weight float64, ok bool) {
	weight = math.Inf(-1)
	sum := int64(0)
	for _, r := range members {
		for i, c := range x.linker.plan.unique {
			if v := x.uniques[i][r]; v != 0 && cells[c] != "" && x.unique[i].texts[v] != cells[c] {
				return 0, 0, false
			}
		}
		w := x.linker.weight(rec, r, math.Inf(-1), &x.scratch)
		sum += x.guard.clamped(w)
		if w > weight {
			best, weight = r, w
		}
	}
	return best, weight, x.guard.allows(sum, 1, int32(len(members))) && int32(len(members)) < x.guard.maxSize
}
