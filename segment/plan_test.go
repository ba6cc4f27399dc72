package segment

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
)

// pair is a node and what it is equal to.
type pair struct {
	node Node
	want *roaring.Bitmap
}

// pool draws nodes that read one another, so that many are read several times.
func (w *world) pool(n int) []pair {
	var pool []pair
	for range 6 {
		node, want := w.leaf()
		pool = append(pool, pair{node, want})
	}
	for range n {
		p, o := pool[max(0, len(pool)-1-w.rng.IntN(4))], pool[max(0, len(pool)-1-w.rng.IntN(8))]
		leaf, bits := w.leaf()
		var q pair
		switch w.rng.IntN(5) {
		case 0:
			q = pair{p.node.And(o.node.Or(leaf)), roaring.And(p.want, roaring.Or(o.want, bits))}
		case 1:
			q = pair{p.node.Or(o.node.And(leaf)), roaring.Or(p.want, roaring.And(o.want, bits))}
		case 2:
			q = pair{p.node.Xor(o.node, leaf), roaring.Xor(p.want, roaring.Xor(o.want, bits))}
		case 3:
			q = pair{leaf.AndNot(p.node, o.node), roaring.AndNot(bits, roaring.Or(p.want, o.want))}
		default:
			bs := []*roaring.Bitmap{p.want, o.want, bits}
			q = pair{AtLeastOf(2, p.node, o.node, leaf), w.threshold(2, bs)}
		}
		pool = append(pool, q)
	}
	return pool
}

func TestQuery_equals_roaring_where_parts_are_shared(t *testing.T) {
	rng := newRand(t)
	slots := 0
	for range 3 {
		w := newWorld(t, rng, 8, 2, 0)
		w.churn(40)
		pool := w.pool(25)
		for _, p := range pool[len(pool)-12:] {
			q := NewQuery(p.node, 0)
			slots += q.slots
			check(t, w, q, p.want)
			if t.Failed() {
				t.Fatalf("in\n%s", q)
			}
		}
	}
	if slots == 0 {
		t.Error("no query keeps any result: the expressions share nothing")
	}
}

// narrowWorld has fields of 300 profiles in one block.
func narrowWorld(t *testing.T, rng *rand.Rand, fields int) *world {
	t.Helper()
	w := &world{rng: rng, ix: New(0), loader: newLoader(), cols: map[FieldID]map[uint32]int64{}}
	tx := w.ix.Begin()
	for f := range fields {
		bm := roaring.New()
		for x := range uint32(300) {
			if f == 0 || rng.IntN(3) == 0 {
				tx.Set(FieldID(f), x, true)
				bm.Add(x)
			}
		}
		w.bits = append(w.bits, bm)
	}
	w.loader.merge(tx)
	tx.Commit()
	return w
}

// TestNewQuery_hundred_thousand_nodes plans and runs expressions that are deep,
// or long, or both, or that read parts so often that they would be
// astronomically large if written out.
func TestNewQuery_hundred_thousand_nodes(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: plans expressions of 100,000 nodes, some seven seconds")
	}
	const size = 100_000
	w := narrowWorld(t, newRand(t), 40)
	leaf := func() pair {
		f := 1 + w.rng.IntN(39)
		return pair{Bits(FieldID(f)), w.bits[f]}
	}
	not := func(p pair) pair { return pair{p.node.Not(), roaring.AndNot(w.bits[0], p.want)} }
	and := func(p, o pair) pair { return pair{p.node.And(o.node), roaring.And(p.want, o.want)} }
	or := func(p, o pair) pair { return pair{p.node.Or(o.node), roaring.Or(p.want, o.want)} }
	xor := func(p, o pair) pair { return pair{p.node.Xor(o.node), roaring.Xor(p.want, o.want)} }
	chain := func(link func(i int, p pair) pair) pair {
		p := leaf()
		for i := range size {
			p = link(i, p)
		}
		return p
	}
	deep := func(f FieldID) Node { return Bits(f) }
	tests := map[string]pair{
		"complements": chain(func(_ int, p pair) pair { return not(p) }),
		"a conjunction of nothing much": chain(func(_ int, p pair) pair {
			return and(pair{All(), w.bits[0]}, p)
		}),
		"one disjunction, nested":  chain(func(_ int, p pair) pair { return or(p, leaf()) }),
		"one exclusion, nested":    chain(func(_ int, p pair) pair { return xor(leaf(), p) }),
		"De Morgan at every link":  chain(func(_ int, p pair) pair { return not(and(not(p), not(leaf()))) }),
		"and in or in and":         chain(func(i int, p pair) pair { return []func(p, o pair) pair{and, or}[i%2](p, leaf()) }),
		"exclusion in conjunction": chain(func(i int, p pair) pair { return []func(p, o pair) pair{or, xor, and, xor}[i%4](p, leaf()) }),
		"a ladder of shared rungs": chain(func(i int, p pair) pair {
			if i > 5000 {
				return p
			}
			return xor(and(p, leaf()), or(p, leaf()))
		}),
		"doubling": chain(func(_ int, p pair) pair { return pair{p.node.Or(p.node.And(p.node)), p.want} }),
	}
	{ // fields that no one has, so that the answer is that of one
		ns := make([]Node, size)
		for i := range ns {
			ns[i] = deep(FieldID(1000 + i))
		}
		tests["a long disjunction"] = pair{Bits(3).Or(ns...), w.bits[3]}
		tests["a long threshold"] = pair{AtLeastOf(2, append(ns, Bits(3), Bits(4))...), roaring.And(w.bits[3], w.bits[4])}
		tests["a long subtraction"] = pair{Bits(3).AndNot(ns...), w.bits[3]}
		for i := range ns {
			ns[i] = Range(FieldID(1000+i%3), int64(3*i), int64(3*i+1))
		}
		tests["many ranges"] = pair{Bits(3).Or(ns...), w.bits[3]}
		tests["few ranges in all of many"] = pair{Bits(3).Or(Node{}.Or(ns...).And(ns[0].Or(ns[9000:]...))), w.bits[3]}
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			q := NewQuery(tt.node, 0)
			planned := time.Since(began)
			n, err := q.Count(t.Context(), w.source())
			if err != nil || n != tt.want.GetCardinality() {
				t.Errorf("counted %d, %v; want %d", n, err, tt.want.GetCardinality())
			}
			s, err := q.Set(t.Context(), w.source())
			if err != nil {
				t.Fatal(err)
			}
			if err := sameAs(s, tt.want); err != nil {
				t.Error(err)
			}
			p, err := q.Plan(t.Context(), w.source())
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("planned in %v to %d nodes, %d steps, %d kept; all in %v; %d bytes of text",
				planned, len(q.nodes), len(q.steps), q.slots, time.Since(began), len(p.Text))
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

// TestNewQuery_work_is_about_linear compares an expression with one ten times as
// long, of the kinds that flattening could make quadratic.
func TestNewQuery_work_is_about_linear(t *testing.T) {
	kinds := map[string]func(i int, n Node) Node{
		"nested or":      func(i int, n Node) Node { return n.Or(Bits(FieldID(i))) },
		"nested xor":     func(i int, n Node) Node { return Bits(FieldID(i)).Xor(n) },
		"De Morgan":      func(i int, n Node) Node { return n.Not().And(Bits(FieldID(i)).Not()).Not() },
		"alternating":    func(i int, n Node) Node { return n.And(Bits(FieldID(i))).Or(Bits(FieldID(-i))) },
		"read by others": func(i int, n Node) Node { return n.Or(Bits(FieldID(i))).Or(n.Xor(Bits(FieldID(i)))) },
	}
	for name, link := range kinds {
		t.Run(name, func(t *testing.T) {
			work := func(size int) float64 {
				n := Bits(0)
				for i := range size {
					n = link(i+1, n)
				}
				return testing.AllocsPerRun(1, func() { NewQuery(n, 0) })
			}
			few, many := work(2_000), work(20_000)
			if many > 20*few {
				t.Errorf("%.0f allocations for 20,000 links, %.0f for 2,000", many, few)
			}
		})
	}
}

func TestNewQuery_normal_form(t *testing.T) {
	a, b, c, d := Bits(1), Bits(2), Bits(3), Bits(4)
	const abc = "all of\n  bitmap[field 1]\n  bitmap[field 2]\n  bitmap[field 3]\n"
	tests := map[string]struct {
		node Node
		want string
	}{
		"a or (a and b) is a":              {a.Or(a.And(b)), "bitmap[field 1]\n"},
		"a and (a or b) is a":              {a.And(a.Or(b)), "bitmap[field 1]\n"},
		"a or (not a and b) is a or b":     {a.Or(b.AndNot(a)), "any of\n  bitmap[field 1]\n  bitmap[field 2]\n"},
		"a and not (a and b)":              {a.AndNot(a.And(b)), "all of\n  bitmap[field 1]\n  minus bitmap[field 2]\n"},
		"a and not (b and not a)":          {a.And(b).And(c.AndNot(a).Not()), "all of\n  bitmap[field 1]\n  bitmap[field 2]\n"},
		"equal parts in another order":     {a.And(b, c).Xor(c.And(a).And(b), a), "bitmap[field 1]\n"},
		"a part that is read twice":        {a.And(b.Or(c)).Xor(d.And(c.Or(b))), "#1 is any of\n  bitmap[field 2]\n  bitmap[field 3]\nodd number of\n  all of\n    bitmap[field 1]\n    #1\n  all of\n    bitmap[field 4]\n    #1\n"},
		"nesting on either side":           {a.And(b).And(c), abc},
		"everyone counts in a threshold":   {AtLeastOf(2, All(), a, b), "any of\n  bitmap[field 1]\n  bitmap[field 2]\n"},
		"no one does not":                  {AtLeastOf(3, Node{}, a, b, c), abc},
		"a threshold of complements":       {AtLeastOf(2, a.Not(), b, c), "at least 2 of\n  bitmap[field 2]\n  bitmap[field 3]\n  all of\n    bitmap[all]\n    minus bitmap[field 1]\n"},
		"repetitions count in a threshold": {AtLeastOf(2, a, a, b), "at least 2 of\n  bitmap[field 1]\n  bitmap[field 1]\n  bitmap[field 2]\n"},
		"ranges less ranges":               {Range(9, 1, 8).AndNot(Range(9, 4, 5), a), "all of\n  range[field 9]\n  minus bitmap[field 1]\n"},
		"ranges less all of it":            {Range(9, 4, 5).AndNot(Range(9, 1, 8)), "empty\n"},
		"xor of the same":                  {a.Xor(b, a, b), "empty\n"},
		"xor with everyone":                {a.Xor(All(), b.Not()), "odd number of\n  bitmap[field 1]\n  bitmap[field 2]\n"},
		"not of and of not":                {a.Not().And(b.Not()).Not(), "any of\n  bitmap[field 1]\n  bitmap[field 2]\n"},
		"empty sets":                       {Fixed(nil).Or(Fixed(&Set{})), "empty\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := NewQuery(tt.node, 0).String(); got != tt.want {
				t.Errorf("got\n%swant\n%s", got, tt.want)
			}
		})
	}
}

func TestQuery_String_of_deep_expressions_stays_short(t *testing.T) {
	n := Bits(1)
	for i := range 2000 {
		n = n.And(Bits(FieldID(2 * i))).Or(Bits(FieldID(2*i + 1)))
	}
	if text := NewQuery(n, 0).String(); len(text) > 2000*2*100 || !strings.Contains(text, "#1 is ") {
		t.Errorf("%d bytes", len(text))
	}
	n = Bits(1)
	for i := range 200 { // 2^200 operations if written out
		n = n.And(Bits(FieldID(i))).Xor(n.Or(Bits(FieldID(i + 1))))
	}
	if text := NewQuery(n, 0).String(); len(text) > 200*1000 {
		t.Errorf("%d bytes", len(text))
	}
}

func TestGaps(t *testing.T) {
	rng := newRand(t)
	for range 200 {
		var spans []Span
		for range rng.IntN(5) {
			lo := rng.Int64N(40)
			spans = append(spans, Span{lo, lo + rng.Int64N(6)})
		}
		spans = joinSpans(spans)
		outside := gaps(spans)
		for v := int64(-2); v < 50; v++ {
			if holds(spans, v) == holds(outside, v) {
				t.Fatalf("%d is in both or none of %v and %v", v, spans, outside)
			}
		}
	}
	if got := gaps([]Span{{-1 << 63, 1<<63 - 1}}); len(got) != 0 {
		t.Errorf("outside of everything lies %v", got)
	}
}

// The plan of a query in a narrower universe does not tell how many are in its parts, which
// are of more people.
func TestQuery_Plan_within(t *testing.T) {
	w := newWorld(t, newRand(t), 3, 0, 0)
	w.load(t)
	n := Bits(1).And(Bits(2))
	open, err := NewQuery(n, 0).Plan(t.Context(), w.source())
	if err != nil || !strings.Contains(open.Text, "bitmap[field 1]  (") {
		t.Fatalf("%v\n%s", err, open.Text)
	}
	src, within := w.source(), FieldID(2)
	src.Within = &within
	p, err := NewQuery(n, within).Plan(t.Context(), src)
	if err != nil || !strings.Contains(p.Text, "bitmap[field 1]\n") || strings.Contains(p.Text, "]  (") || !strings.Contains(p.Text, "members or so") {
		t.Errorf("%v\n%s", err, p.Text)
	}
}
