package linkage

import (
	"context"
	"fmt"
	"math"
	"slices"
)

// Linker is records made ready for comparing with one model. It is immutable and
// safe for concurrent use, as long as nothing is added to the records.
type Linker struct {
	*data
	model  *Model
	fields []scorer
	rest   []float64 // By field: the most that it and those after it can add.
}

// scorer is what one comparison adds to a weight.
type scorer struct {
	*planned
	bits  []float64 // By level.
	rare  []rarity  // By role, of the comparison's vocabulary.
	limit float64
}

// NewLinker makes records ready for a model: it looks at every distinct value once.
// The error wraps ErrConfig: the records lack a column that the model reads.
func NewLinker(recs *Records, m *Model) (*Linker, error) {
	p, err := newPlan(m.config, recs.column)
	if err != nil {
		return nil, err
	}
	d, err := newData(context.Background(), p, recs)
	if err != nil {
		return nil, err
	}
	return newLinker(d, m), nil
}

func newLinker(d *data, m *Model) *Linker {
	l := &Linker{data: d, model: m}
	n := len(m.fields)
	most := make([]float64, n)
	for i := range m.fields {
		c := &d.plan.comparisons[i]
		c.vocab().weigh(m.fields[i].common, c.Floor)
		s := scorer{planned: c, rare: c.vocab().rare, limit: d.plan.config.Training.MaxWeight}
		for _, w := range m.fields[i].levels {
			s.bits = append(s.bits, w.bits)
		}
		l.fields = append(l.fields, s)
		most[i] = s.most()
	}
	l.rest = make([]float64, n+1)
	for i := n - 1; i >= 0; i-- {
		l.rest[i] = l.rest[i+1] + most[i]
	}
	return l
}

// most returns the most that a comparison can add.
func (s *scorer) most() float64 {
	most := 0.0
	for _, b := range s.bits {
		most = max(most, b)
	}
	if s.Floor >= 1 {
		return most
	}
	return s.limit // A rare value may raise a level as far.
}

// weight returns what two values of a level add, and buf for the next time.
func (s *scorer) weight(lev int, a, b uint32, buf []sharedTerm) (float64, []sharedTerm) {
	if lev == missing {
		return 0, buf
	}
	w := s.bits[lev]
	buf = s.shared(lev, a, b, buf[:0])
	for _, t := range buf {
		w += float64(s.rare[t.role].bits[t.term])
	}
	return clamp(w, s.limit), buf
}

// Model returns the model.
func (l *Linker) Model() *Model { return l.model }

// Score compares two records field by field. It panics if there is no record of
// such a number, as a slice would.
func (l *Linker) Score(a, b int) Score {
	x, y := l.row(int32(a)), l.row(int32(b))
	s := Score{Prior: l.model.prior, Weight: l.model.prior, Fields: make([]Contribution, len(l.fields))}
	for i := range l.fields {
		s.Fields[i] = l.fields[i].contribution(x[i], y[i])
		s.Weight += s.Fields[i].Weight
	}
	return s
}

func (s *scorer) contribution(a, b uint32) Contribution {
	c := Contribution{Comparison: s.Name, A: s.text(a), B: s.text(b), Level: "missing"}
	lev := s.level(a, b)
	if lev == missing {
		return c
	}
	w, shared := s.weight(lev, a, b, nil)
	c.Level, c.Weight, c.Rarity = s.steps[lev].name, w, w-s.bits[lev]
	if len(shared) > 0 && s.Floor < 1 {
		c.Frequency = 1
		texts := s.vocab().texts
		for _, t := range shared {
			c.Frequency *= max(s.rare[t.role].from.common[texts[t.term]], s.Floor)
		}
	}
	return c
}

// weight returns the weight of a pair, or minus infinity as soon as it can no
// longer reach least.
func (l *Linker) weight(a, b int32, least float64, s *scratch) float64 {
	x, y := l.row(a), l.row(b)
	w := l.model.prior
	for i := range l.fields {
		if w+l.rest[i] < least {
			return math.Inf(-1)
		}
		f := &l.fields[i]
		var more float64
		more, s.shared = f.weight(s.level(i, f, x[i], y[i]), x[i], y[i], s.shared)
		w += more
	}
	return w
}

// scratch is what one goroutine needs to compare.
type scratch struct {
	caches []levelCache // By comparison; empty where nothing is remembered.
	shared []sharedTerm
}

// levelCache remembers the levels of pairs of values: those that share a blocking
// key come again and again. A newer pair takes the place of an older one.
type levelCache struct {
	pairs  []uint64
	levels []int8
}

const cacheBits = 15

func (l *Linker) newScratch() *scratch {
	s := &scratch{caches: make([]levelCache, len(l.fields))}
	for i := range s.caches {
		if !l.fields[i].cheap() {
			s.caches[i] = levelCache{make([]uint64, 1<<cacheBits), make([]int8, 1<<cacheBits)}
		}
	}
	return s
}

// cheap reports whether a comparison costs no more than looking it up.
func (s *scorer) cheap() bool { return s.Kind == Exact || s.Kind == Number }

// level returns the level of two values of comparison i.
func (s *scratch) level(i int, f *scorer, a, b uint32) int {
	if a == b || a == 0 || b == 0 || i >= len(s.caches) || s.caches[i].pairs == nil {
		return f.level(a, b)
	}
	c := &s.caches[i]
	pair := uint64(min(a, b))<<32 | uint64(max(a, b))
	slot := scatter(pair) >> (64 - cacheBits)
	if c.pairs[slot] != pair {
		c.pairs[slot] = pair
		c.levels[slot] = int8(f.level(a, b))
	}
	return int(c.levels[slot])
}

// cannot reports whether two records must not be in one cluster.
func (l *Linker) cannot(apart [][2]int) (func(a, b int32) bool, error) {
	ruled := make(map[[2]int32]bool, len(apart))
	for _, p := range apart {
		a, b := min(p[0], p[1]), max(p[0], p[1])
		if a < 0 || b >= l.n || a == b {
			return nil, fmt.Errorf("%w: apart: no pair of records %d and %d", ErrRecords, p[0], p[1])
		}
		ruled[[2]int32{int32(a), int32(b)}] = true
	}
	split := int32(0)
	if l.plan.config.Constraints.OnePerList {
		split = int32(l.records.second)
	}
	unique := slices.Clone(l.plan.unique)
	if len(ruled) == 0 && len(unique) == 0 && split == 0 {
		return nil, nil
	}
	return func(a, b int32) bool {
		for _, c := range unique {
			if x, y := l.columns[c].number(a), l.columns[c].number(b); x != y && x != 0 && y != 0 {
				return true
			}
		}
		if split > 0 && (a < split) == (b < split) {
			return true
		}
		return len(ruled) > 0 && ruled[[2]int32{min(a, b), max(a, b)}]
	}, nil
}
