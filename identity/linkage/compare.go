package linkage

import "math"

// missing is the level of two values of which one is not there. It is never an
// index: whoever asks for a level checks for it first.
const missing = -1

// maxComparisons bounds how many comparisons a configuration may have.
const maxComparisons = 24

// level is one outcome of a comparison.
type level struct {
	name string
	// group numbers the levels that exclude each other: those of two full names,
	// those of two names of which one lacks the surname. Chances add up to 1 within
	// a group.
	group int
}

// comparator numbers the distinct values that one comparison reads and tells the
// level of two of them. Values are only added by one goroutine, while nothing else
// is called; all other methods may be called by many.
type comparator interface {
	// levels returns the levels, strongest first within a group.
	levels() []level
	// add returns the number of the value that a record has, one clean text a
	// column. Missing is 0.
	add(parts []string) uint32
	// size returns how many values there are. mark notes what there is, and undo
	// takes back what was added since.
	size() int
	mark() mark
	undo(m mark)
	// compare returns the level of two values, or missing. It is symmetric.
	compare(a, b uint32) int
	// text returns a value as it is shown.
	text(v uint32) string
	// roles names what frequencies are kept of; terms yields the terms of a value
	// and their roles.
	roles() []string
	terms(v uint32, yield func(role int, term uint32))
	// shared appends the terms that two values of that level have in common and
	// whose frequency matters.
	shared(level int, a, b uint32, dst []sharedTerm) []sharedTerm
	// vocab returns the terms.
	vocab() *vocabulary
}

// sharedTerm is a term in a role.
type sharedTerm struct {
	role int
	term uint32
}

// mark is how much a comparator held at a moment.
type mark struct{ values, terms, sounds int }

// vocabulary numbers terms and knows how rare each is in each of its roles.
type vocabulary struct {
	interner
	rare []rarity
}

// rarity is how common terms are in one role, and what that is worth.
type rarity struct {
	from  *frequencies
	floor float64
	bits  []float32 // By term: what it adds to the weight of a level that it takes part in.
}

// term returns the number of a term and whether it is new.
func (v *vocabulary) term(s string) (n uint32, fresh bool) {
	before := v.len()
	n = v.intern(s)
	if int(n) < before {
		return n, false
	}
	for i := range v.rare {
		v.rare[i].add(s)
	}
	return n, true
}

// weigh takes frequencies, one a role, for all terms there are and will be.
func (v *vocabulary) weigh(from []*frequencies, floor float64) {
	v.rare = make([]rarity, len(from))
	for i, f := range from {
		v.rare[i] = rarity{from: f, floor: floor, bits: make([]float32, 0, v.len())}
		for _, s := range v.texts {
			v.rare[i].add(s)
		}
	}
}

// cut takes back all terms but n.
func (v *vocabulary) cut(n int) {
	v.truncate(n)
	for i := range v.rare {
		v.rare[i].bits = v.rare[i].bits[:n]
	}
}

func (r *rarity) add(term string) {
	r.bits = append(r.bits, float32(r.from.bits(term, r.floor)))
}

// frequencies is how common the values of one role are: the chance that two
// records share one, and each value that is more common than the floor.
type frequencies struct {
	role   string
	chance float64
	common map[string]float64
}

// bits returns what it is worth that the shared value is this one: log2 of the
// chance of any shared value over the frequency of this one.
func (f *frequencies) bits(term string, floor float64) float64 {
	if f.chance <= 0 || floor >= 1 {
		return 0
	}
	return math.Log2(f.chance / max(f.common[term], floor))
}

// cells is the table of the values of a comparison whose value is one term, with
// what was worked out for each.
type cells[F any] struct {
	vocabulary
	facts []F
}

// value returns the number of a text, working out its facts if it is new. The
// missing value is always there.
func (c *cells[F]) value(s string, work func(s string) F) uint32 {
	if c.len() == 0 {
		c.term("")
		var none F
		c.facts = append(c.facts, none)
	}
	n, fresh := c.term(s)
	if fresh {
		c.facts = append(c.facts, work(c.texts[n]))
	}
	return n
}

func (c *cells[F]) size() int { return c.len() }

func (c *cells[F]) mark() mark { return mark{terms: c.len()} }

func (c *cells[F]) undo(m mark) {
	c.cut(m.terms)
	clear(c.facts[m.terms:])
	c.facts = c.facts[:m.terms]
}

func (c *cells[F]) text(v uint32) string { return c.texts[v] }

func (c *cells[F]) roles() []string { return []string{"value"} }

func (c *cells[F]) terms(v uint32, yield func(role int, term uint32)) { yield(0, v) }

// shared appends the value itself where it is the same, whatever the level is called.
func (c *cells[F]) shared(_ int, a, b uint32, dst []sharedTerm) []sharedTerm {
	if a == b {
		dst = append(dst, sharedTerm{0, a})
	}
	return dst
}

func (c *cells[F]) vocab() *vocabulary { return &c.vocabulary }
