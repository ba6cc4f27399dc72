package segment

import (
	"context"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/portraitdb/portrait/internal/shard"
)

// Cost is what is known of a query's work and answer before it runs. It is found
// out without loading, so it says less of shards that are not in memory.
type Cost struct {
	// Shards is how many shards of 2^20 ordinals Count and Set evaluate something in, and
	// Blocks how many blocks of 2^16 they go to, as Budget.Blocks counts them; Exists and
	// Limit stop early.
	Shards int
	Blocks int64
	// Bytes is how much they read at most, as Budget.Bytes counts it.
	Bytes int64
	// Unloaded is how many shards of fields are not in memory. They are loaded
	// where they are needed.
	Unloaded int
	// Scans is how many conditions have to be evaluated on every live profile,
	// because no index answers them.
	Scans int
	// Scanned is how many profiles are looked at one by one at most, as Budget.Scanned counts
	// them: everybody for each of Scans, and those near the borders of places.
	Scanned int64
	// Least and Most bound the number of members. Members is an estimate: it takes
	// operands to be independent of each other, and what is not in memory to be
	// half of everyone.
	Least, Most, Members uint64
}

// Plan is how a query will be run.
type Plan struct {
	// Text shows the operations (see Query.String), each with its estimated number
	// of members and the bounds of that, and the cost; on a Source with Within, only what
	// they come to. It is for people, and the same for equal queries on equal sources.
	Text string
	Cost Cost
}

// Plan tells what a query will take on a source, without loading or scanning
// anything: in a millisecond or so for ten million profiles. The errors are
// those of the context, and a field that is not of the kind that the query takes
// it for.
func (q *Query) Plan(ctx context.Context, src Source) (Plan, error) {
	x := newExec(ctx, q.program, src, nil)
	defer x.release()
	e := newEstimate(x)
	for s := range x.shards {
		if x.enterShard(s) > 0 {
			e.addShard()
		}
		for i := range shard.Blocks {
			if !x.ask() {
				break
			}
			e.goTo(i)
		}
	}
	if err := x.failure(ctx); err != nil {
		return Plan{}, err
	}
	return e.plan(), nil
}

// guess is what is known of a number of members.
type guess struct{ least, most, mean float64 }

func exactly(n int) guess { return guess{float64(n), float64(n), float64(n)} }

// note shows the guess behind a node.
func (g guess) note() string {
	if g.least == g.most {
		return fmt.Sprintf("  (%.0f)", g.least)
	}
	return fmt.Sprintf("  (about %.0f; %.0f to %.0f)", g.mean, g.least, g.most)
}

// estimate adds up the cost of a program, block by block.
type estimate struct {
	*exec
	cost     Cost
	reads    []float64 // by node: how often it is evaluated in a block
	here     []guess   // by node, in this block
	sums     []guess   // by node, in all
	everyone float64   // in this block, at most
	universe *field
	scans    []*node // that have not been run
}

func newEstimate(x *exec) *estimate {
	p := x.p
	e := &estimate{
		exec: x, here: make([]guess, len(p.nodes)), sums: make([]guess, len(p.nodes)),
		reads: make([]float64, len(p.nodes)), universe: x.src.Root.dir.find(p.universe),
	}
	for _, n := range p.leaves {
		if n.op != opScan || n.scan.done.Load() {
			continue
		}
		e.scans = append(e.scans, n)
		f := e.universe // Anyone may be in it.
		if among := n.scan.among; among == nil {
			e.cost.Scans++
		} else {
			f = x.src.Root.dir.find(among.field)
		}
		x.fields[n.leaf] = f
		if f != nil && x.err == nil {
			x.shards = max(x.shards, f.shards())
		}
	}
	for _, r := range p.roots {
		e.reads[r.id]++
	}
	for _, n := range slices.Backward(p.nodes) {
		if n.slot != 0 {
			e.reads[n.id] = 1
		}
		for i := range len(n.kids) + len(n.minus) {
			e.reads[n.operand(i).id] += e.reads[n.id]
		}
	}
	return e
}

func (e *estimate) addShard() {
	e.cost.Shards++
	for _, n := range e.p.leaves {
		if s := e.fields[n.leaf].slot(e.shard); s != nil && n.op != opScan && s.data.Load() == nil {
			e.cost.Unloaded++
		}
	}
}

// goTo adds a block of the shard, if anything is evaluated or scanned there.
func (e *estimate) goTo(i int) {
	scanned := slices.ContainsFunc(e.scans, func(n *node) bool { return e.fields[n.leaf].mask(e.shard)>>i&1 == 1 })
	if e.vain(i) && !scanned {
		return
	}
	e.block = i
	e.stamp++
	e.cost.Blocks++
	e.everyone = blockSpan
	if s := e.universe.slot(e.shard); s != nil {
		if c := s.data.Load(); c != nil && c.column == nil {
			e.everyone = float64(c.bits.view(e.block).card)
		}
	}
	if scanned {
		e.addScans()
	}
	if !e.vain(i) {
		e.addBlock()
	}
}

// addScans adds those who are looked at one by one in the present block.
func (e *estimate) addScans() {
	for _, n := range e.scans {
		if e.fields[n.leaf].mask(e.shard)>>e.block&1 == 0 {
			continue
		}
		looked := e.everyone
		if among := n.scan.among; among != nil {
			near, bytes := e.guessBorder(among, guess{most: e.everyone})
			// They are found by the column, and among everybody.
			looked, e.cost.Bytes = min(near.most, e.everyone), e.cost.Bytes+bytes+blockSpan/8+2*togglesMax
		}
		e.cost.Scanned += int64(looked)
		e.cost.Bytes += int64(looked) * ProfileBytes
	}
}

// addBlock adds what is evaluated in the present block.
func (e *estimate) addBlock() {
	for i, n := range e.p.nodes {
		g := guess{}
		switch {
		case !e.exec.here(n):
		case n.isLeaf():
			var bytes int64
			g, bytes = e.guessLeaf(n)
			if n.op == opRange || n.op == opHas || n.op == opLot { // any other is read once in a block
				bytes = int64(min(float64(bytes)*e.reads[i], 1<<50))
			}
			e.cost.Bytes += bytes
		default:
			g = e.combine(n)
		}
		e.everyone = max(e.everyone, g.least) // where the universe is not what it should be
		g.most = min(g.most, e.everyone)
		g.mean = min(max(g.mean, g.least), g.most)
		e.here[i] = g
		sum := &e.sums[i]
		sum.least, sum.most, sum.mean = sum.least+g.least, sum.most+g.most, sum.mean+g.mean
	}
}

// guessLeaf returns the members of a leaf and how many bytes there are to read, at
// most.
func (e *estimate) guessLeaf(n *node) (guess, int64) {
	unknown := guess{0, e.everyone, e.everyone / 2}
	if n.op == opFixed || n.op == opScan {
		if e.fields[n.leaf] != nil {
			if n.op == opScan && n.scan.among != nil {
				g, _ := e.guessBorder(n.scan.among, unknown)
				return guess{0, g.most, g.mean / 2}, blockSpan / 8
			}
			return unknown, blockSpan / 8
		}
		v := e.leaf(n)
		return exactly(v.card), v.size()
	}
	c := e.fields[n.leaf].slot(e.shard).data.Load()
	switch {
	case c == nil && (n.op == opRange || n.op == opLot):
		return unknown, blockSpan*8 + blockSpan/8
	case c == nil:
		return unknown, blockSpan/8 + 2*togglesMax
	case n.op == opBits:
		v := c.bits.view(e.block)
		return exactly(v.card), v.size()
	}
	b := c.column.block(e.block)
	switch {
	case b == nil:
		return guess{}, 0
	case n.op == opHas:
		return exactly(b.card), blockSpan / 8
	case n.op == opLot:
		share := 0.0
		for _, s := range n.spans {
			share += (float64(s.Hi) - float64(s.Lo)) / (1 << 64)
		}
		return guess{0, float64(b.card), float64(b.card) * share}, b.size()
	}
	return b.within(n.spans), b.size()
}

// combine returns the members of an operation on nodes that are guessed.
func (e *estimate) combine(n *node) guess {
	u := e.everyone
	if u == 0 {
		return guess{}
	}
	switch n.op {
	case opAnd:
		g := guess{u, u, u}
		for _, k := range n.kids {
			h := e.here[k.id]
			g = guess{g.least - (u - h.least), min(g.most, h.most), g.mean * h.mean / u}
		}
		for _, m := range n.minus {
			h := e.here[m.id]
			g = guess{g.least - h.most, min(g.most, u-h.least), g.mean * (1 - h.mean/u)}
		}
		g.least = max(g.least, 0)
		return g
	case opOr:
		g, none := guess{}, 1.0
		for _, k := range n.kids {
			h := e.here[k.id]
			none *= 1 - h.mean/u
			g = guess{max(g.least, h.least), g.most + h.most, u * (1 - none)}
		}
		return g
	case opXor:
		g := guess{}
		for _, k := range n.kids {
			h := e.here[k.id]
			g = guess{
				max(g.least-h.most, h.least-g.most, 0),
				min(g.most+h.most, 2*u-g.least-h.least),
				g.mean + h.mean - 2*g.mean*h.mean/u,
			}
		}
		return g
	case opAtLeast:
		return e.guessThreshold(n)
	}
	return guess{}
}

// guessThreshold guesses a threshold. The number of operands that a profile is in is
// taken to be normally distributed.
func (e *estimate) guessThreshold(n *node) guess {
	var (
		u, k, count   = e.everyone, float64(n.k), float64(len(n.kids))
		least, most   float64
		mean, scatter float64
	)
	for _, kid := range n.kids {
		h := e.here[kid.id]
		p := h.mean / u
		least, most, mean, scatter = least+h.least, most+h.most, mean+p, scatter+p*(1-p)
	}
	g := guess{max(0, math.Ceil((least-(k-1)*u)/(count-k+1))), most / k, u}
	if scatter > 0 {
		g.mean = u / 2 * math.Erfc((k-0.5-mean)/math.Sqrt(2*scatter))
	} else if mean < k {
		g.mean = 0
	}
	return g
}

// within bounds how many values of the block lie in spans, by the bounds of its chunks,
// and guesses how many by a sample of their values.
func (b *columnBlock) within(spans []Span) guess {
	var (
		g         guess
		sampled   sample
		undecided int // chunks
		within    float64
	)
	for i := range blockChunks {
		c := b.chunk(i)
		if c == nil {
			continue
		}
		reaching := near(spans, c.Min, c.Max)
		switch n := float64(c.N); {
		case len(reaching) == 0:
			continue
		case len(reaching) == 1 && reaching[0].Lo <= c.Min && c.Max <= reaching[0].Hi:
			g.least += n
			g.most += n
		default:
			if undecided < sampleFirst || undecided%sampleChunks == 0 {
				sampled.add(c, reaching)
			}
			undecided++
			within += n
			g.most += n
		}
	}
	g.mean = g.least + within*sampled.share()
	return g
}

// Of the chunks of a block that spans divide the first sampleFirst and then every
// sampleChunks-th are looked into, at every sampleValues-th value: what lies between the
// bounds of a chunk, such as the cells of a town, is anything but even.
const sampleFirst, sampleChunks, sampleValues = 8, 32, 8

// sample is how many values of some lie in spans.
type sample struct{ seen, hits int }

func (s *sample) add(c *shard.Chunk, spans []Span) {
	var values [chunkSpan]int64
	c.Unpack(&values)
	n := 0
	for j, some := range c.Exists {
		for ; some != 0; some &= some - 1 {
			if n++; n%sampleValues != 1 {
				continue
			}
			s.seen++
			if v := values[64*j+bits.TrailingZeros64(some)]; len(near(spans, v, v)) > 0 {
				s.hits++
			}
		}
	}
}

func (s *sample) share() float64 {
	if s.seen == 0 {
		return 0
	}
	return float64(s.hits) / float64(s.seen)
}

// guessBorder guesses how many are in a range, each of whom will be looked at by itself,
// and how many bytes of the range there are to read.
func (e *estimate) guessBorder(among *node, unknown guess) (guess, int64) {
	f := e.src.Root.dir.find(among.field)
	if f == nil {
		return guess{}, 0
	}
	s := f.slot(e.shard)
	if s == nil {
		return guess{}, 0
	}
	c := s.data.Load()
	if c == nil {
		return unknown, blockSpan*8 + blockSpan/8
	}
	b := c.column.block(e.block)
	if b == nil {
		return guess{}, 0
	}
	return b.within(among.spans), b.size()
}

func (e *estimate) plan() Plan {
	c := &e.cost
	root := e.sums[e.p.roots[0].id]
	c.Least, c.Most, c.Members = uint64(root.least), uint64(root.most), uint64(math.Round(root.mean))
	note := func(n *node) string { return e.sums[n.id].note() }
	if e.src.Within != nil {
		note = nil // The parts are of more people than the whole.
	}
	text := e.p.text(note)
	text += fmt.Sprintf("%s or so (%d to %d); %s in %s, %s at most", counted(c.Members, "member"), c.Least, c.Most,
		counted(c.Blocks, "block"), counted(c.Shards, "shard"), counted(c.Bytes, "byte"))
	if c.Unloaded > 0 {
		text += fmt.Sprintf("; %s to load", counted(c.Unloaded, "shard"))
	}
	if c.Scans > 0 {
		text += fmt.Sprintf("; %s of every profile", counted(c.Scans, "scan"))
	}
	if c.Scanned > 0 {
		text += fmt.Sprintf("; %s looked at one by one, at most", counted(c.Scanned, "profile"))
	}
	return Plan{Text: text + "\n", Cost: *c}
}

// counted is so many of a thing, in English.
func counted[T int | int64 | uint64](n T, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// size returns how many bytes the view's block takes to read.
func (v view) size() int64 {
	n := int64(2 * (len(v.array) + len(v.toggles)))
	if v.state == viewWords {
		n += blockSpan / 8
	}
	return n
}

// size returns how many bytes a scan of the block reads at most.
func (b *columnBlock) size() int64 {
	n := int64(0)
	for i := range blockChunks {
		c := b.chunk(i)
		if c != nil {
			n += int64(len(c.Data)) + chunkSpan/8
		}
	}
	return n
}
