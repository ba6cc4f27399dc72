package segment

import (
	"context"
	"math"
	"math/bits"
	"sync"

	"github.com/portraitdb/portrait/internal/shard"
	"github.com/portraitdb/portrait/profile"
)

// Summary is what the values of a column come to, over those members of a set
// that have one. All is zero where none has.
//
// Sum and Avg are exact sums, rounded once: they do not depend on the order of
// the members, nor on how they are spread. A number that is a decimal of up to
// six places counts as that decimal, as in a sum over events; any other counts
// as the binary number that it is. An infinity, which no store keeps, counts as
// the greatest number. A sum beyond the numbers is infinite.
type Summary struct {
	// Count is how many have a value.
	Count uint64
	// Sum is the sum of the numbers; of times, that of their microseconds.
	Sum float64
	// Min, Max and Avg are values of the column: instants, or what Number reads.
	// The average of times is rounded half to even.
	Min, Max, Avg int64
}

// Summary returns what the values of a column come to over the answer, in one
// pass.
//
// The errors of Summary, and of the other methods with a Measure, are those of
// the context and of the Loader, a field that is no column, and a kind that is
// neither number nor time. They stop within milliseconds of the context's end,
// but for a shard that is being loaded. Where the field does not exist no one
// has a value. The members of a Set are asked about by a Query on Fixed.
func (q *Query) Summary(ctx context.Context, src Source, m Measure) (Summary, error) {
	w, err := q.walk(ctx, src, src.meter(), m)
	if err != nil {
		return Summary{}, err
	}
	defer w.close()
	if w.workers() > 1 {
		return w.summary(ctx, m.Kind)
	}
	var t tally
	t.walk(&w, m.Kind)
	if w.err(ctx) != nil {
		return Summary{}, w.err(ctx)
	}
	return t.summary(m.Kind), nil
}

// summary is Summary on several goroutines.
func (w walk) summary(ctx context.Context, kind profile.Kind) (Summary, error) {
	var (
		mu    sync.Mutex // guards total
		total tally
	)
	err := w.share(ctx, func(w *walk) {
		var t tally
		t.walk(w, kind)
		mu.Lock()
		defer mu.Unlock()
		total.join(&t)
	})
	if err != nil {
		return Summary{}, err
	}
	return total.summary(kind), nil
}

// tally is a Summary under construction.
type tally struct {
	n               uint64
	least, greatest int64
	sums            [decimalPlaces + 1]wide // of k, of the numbers k/10^place; of times: of the microseconds
	rest            *binarySum              // of the numbers that are no decimals
}

const decimalPlaces = 6

func (t *tally) walk(w *walk, kind profile.Kind) {
	for w.next() {
		t.block(w.values, w.mask, kind)
	}
}

// join adds what another tally has come to, which is not used any more.
func (t *tally) join(o *tally) {
	if o.n == 0 {
		return
	}
	t.widen(o.least, o.greatest)
	t.n += o.n
	for i := range t.sums {
		t.sums[i].addWide(o.sums[i])
	}
	if o.rest != nil {
		t.binary().join(o.rest)
	}
}

// widen makes the bounds hold these as well. It is called before n is raised.
func (t *tally) widen(least, greatest int64) {
	if t.n == 0 {
		t.least, t.greatest = least, greatest
		return
	}
	t.least, t.greatest = min(t.least, least), max(t.greatest, greatest)
}

// block adds the values of a block under the mask.
func (t *tally) block(values *columnBlock, mask *words, kind profile.Kind) {
	for i := range blockChunks {
		c := values.chunk(i)
		if c == nil {
			continue
		}
		var sel [4]uint64
		if n := pick(&sel, mask, i, c); n > 0 {
			t.chunk(c, &sel, n, kind)
		}
	}
}

// chunk adds n values of a chunk: those of the slots in sel.
func (t *tally) chunk(c *shard.Chunk, sel *[4]uint64, n int, kind profile.Kind) {
	packed := packedMask(c, sel)
	if t.n == 0 || c.Min < t.least || c.Max > t.greatest {
		t.bound(c, &packed)
	}
	t.n += uint64(n)
	place, decimal := c.Decimal()
	switch {
	case !decimal && kind == profile.KindNumber:
		t.numbers(c, &packed, n)
		return
	case !decimal:
		place = 0
	case kind == profile.KindTime:
		t.times(c, &packed)
		return
	}
	hi, lo := sumPacked(c.Data, c.Width, &packed)
	sum := &t.sums[place]
	if decimal { // 256 values of less than 2^51
		sum.add(int64(n)*c.Base + int64(c.Mult*(hi<<32+lo)))
		return
	}
	sum.addProduct(c.Base, uint64(n))
	sum.addShifted(hi, c.Mult)
	sum.addUnsigned(lo, c.Mult)
}

// bound widens the bounds to the values of the packed integers in mask.
func (t *tally) bound(c *shard.Chunk, mask *[4]uint64) {
	lo, hi := extremes(c.Data, c.Width, mask)
	t.widen(c.Value(lo), c.Value(hi))
}

func (t *tally) summary(kind profile.Kind) Summary {
	if t.n == 0 {
		return Summary{}
	}
	s := Summary{Count: t.n, Min: t.least, Max: t.greatest}
	if kind == profile.KindTime {
		s.Sum = t.sums[0].quotient(1)
		s.Avg = t.sums[0].rounded(t.n)
		return s
	}
	sum, avg := t.quotients()
	s.Sum, s.Avg = sum, SortableNumber(avg)
	return s
}

// quotients returns the sum of the numbers and their average.
func (t *tally) quotients() (sum, avg float64) {
	var millionths wide
	unit := uint64(1)
	for place := decimalPlaces; place >= 0; place-- {
		millionths.addWide(t.sums[place].times(unit))
		unit *= 10
	}
	if t.rest != nil {
		return t.rest.quotient(millionths, 1), t.rest.quotient(millionths, t.n)
	}
	return millionths.quotient(million), millionths.quotient(million * t.n)
}

const million = 1_000_000

// numbers adds the numbers of a chunk that keeps them as they are. Where there are
// but few different ones each is looked at once.
func (t *tally) numbers(c *shard.Chunk, mask *[4]uint64, n int) {
	if c.Width == 0 {
		t.number(c.Base, n)
		return
	}
	left := *mask
	if c.Width == 1 {
		for range 8 {
			i := first(&left)
			if i < 0 {
				return
			}
			x := uint64(c.Data[i])
			var equal [4]uint64
			scanPacked(&equal, c.Data, 1, x, 0)
			t.number(c.Value(x), takeOut(&left, &equal))
		}
	}
	inRange := leastNumber <= c.Min && c.Max <= greatestNumber
	for j, x := range left {
		for ; x != 0; x &= x - 1 {
			v := c.Value(packedAt(c.Data, c.Width, j<<6|bits.TrailingZeros64(x)))
			if f := Number(v); inRange && surelyBinary(f) {
				t.binary().add(f)
			} else {
				t.number(v, 1)
			}
		}
	}
}

// times adds the times of a chunk that keeps them as if they were decimals, as
// it may where they are far from any that is real.
func (t *tally) times(c *shard.Chunk, mask *[4]uint64) {
	for j, x := range mask {
		for ; x != 0; x &= x - 1 {
			t.sums[0].add(c.Value(packedAt(c.Data, c.Width, j<<6|bits.TrailingZeros64(x))))
		}
	}
}

// surelyBinary reports, fast, of most numbers that decimalOf refuses that it
// does: rounding moves the product of a decimal by less.
func surelyBinary(f float64) bool {
	const whole = 0x1.8p52 // a number of this size has no fraction left
	q := float64(f * million)
	p := float64(q+whole) - whole
	return math.Abs(q) < 1e15 && math.Abs(q-p) > math.Abs(q)*0x1p-51
}

// number adds the number of a value n times.
func (t *tally) number(v int64, n int) {
	f := Number(max(min(v, greatestNumber), leastNumber))
	if k, place, ok := decimalOf(f); ok {
		t.sums[place].addProduct(k, uint64(n))
		return
	}
	b := t.binary()
	for range n {
		b.add(f)
	}
}

// value adds one value of a column of numbers.
func (t *tally) value(v int64) {
	t.widen(v, v)
	t.n++
	if f := Number(v); leastNumber <= v && v <= greatestNumber && surelyBinary(f) {
		t.binary().add(f)
	} else {
		t.number(v, 1)
	}
}

// The values of the greatest number and the least: beyond lie the infinities and
// what is no number.
var (
	greatestNumber = SortableNumber(math.MaxFloat64)
	leastNumber    = SortableNumber(-math.MaxFloat64)
)

func (t *tally) binary() *binarySum {
	if t.rest == nil {
		t.rest = new(binarySum)
	}
	return t.rest
}

// decimalOf returns a number as k/10^place where that is a decimal of up to 15
// digits with no more than six places, or one that a chunk of a column may hold
// as a decimal. The same number never gives two different decimals.
func decimalOf(f float64) (k int64, place int, ok bool) {
	if p := math.RoundToEven(f * million); math.Abs(p) < 1e15 {
		return int64(p), decimalPlaces, p/million == f
	}
	for place, unit := range [...]float64{1, 10, 100, 1000, 10_000} {
		if p := math.RoundToEven(f * unit); math.Abs(p) <= 1<<50 && p/unit == f {
			return int64(p), place, true
		}
	}
	return 0, 0, false
}
