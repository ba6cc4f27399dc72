package segment

import (
	"iter"
	"maps"
	"math"
	"math/bits"
	"slices"

	"github.com/portraitdb/portrait/profile"
)

// part is one group under construction. Of the values that are decimals, or times,
// it adds up the integers that they stand for.
type part struct {
	count uint64 // members

	n              uint64 // integers added
	sum            wide
	least, highest int64
	tally          *tally // of all other values; nil where there are none
}

var newPart = part{least: math.MaxInt64, highest: math.MinInt64}

// add adds the integers at rows.
func (p *part) add(keys *[blockSpan]int64, rows []uint16) {
	lo, hi, least, highest := p.sum.lo, p.sum.hi, p.least, p.highest
	for _, x := range rows {
		k := keys[x]
		var carry uint64
		lo, carry = bits.Add64(lo, uint64(k), 0)
		hi += uint64(k>>63) + carry
		least, highest = min(least, k), max(highest, k)
	}
	p.n += uint64(len(rows))
	p.sum, p.least, p.highest = wide{hi, lo}, least, highest
}

// one adds one integer.
func (p *part) one(k int64) {
	var carry uint64
	p.sum.lo, carry = bits.Add64(p.sum.lo, uint64(k), 0)
	p.sum.hi += uint64(k>>63) + carry
	p.n++
	if k < p.least { // rarely so: a branch that is foreseen spares a write
		p.least = k
	}
	if k > p.highest {
		p.highest = k
	}
}

// apart returns the tally of what is not added up as integers.
func (p *part) apart() *tally {
	if p.tally == nil {
		p.tally = new(tally)
	}
	return p.tally
}

// pour adds to t what the integers have come to.
func (p *part) pour(t *tally, kind profile.Kind, place int) {
	if p.n == 0 {
		return
	}
	t.widen(valueOf(p.least, kind, place), valueOf(p.highest, kind, place))
	t.n += p.n
	t.sums[place].addWide(p.sum)
}

// settle moves the integers to the tally.
func (p *part) settle(kind profile.Kind, place int) {
	if p.n > 0 {
		p.pour(p.apart(), kind, place)
		*p = part{count: p.count, tally: p.tally, least: newPart.least, highest: newPart.highest}
	}
}

// join adds another part, whose integers are of the same place.
func (p *part) join(o *part) {
	p.count += o.count
	p.n += o.n
	p.sum.addWide(o.sum)
	p.least, p.highest = min(p.least, o.least), max(p.highest, o.highest)
	if o.tally != nil {
		p.apart().join(o.tally)
	}
}

func (p *part) summary(kind profile.Kind, place int) Summary {
	if p.tally != nil {
		p.settle(kind, place)
		return p.tally.summary(kind)
	}
	var t tally
	p.pour(&t, kind, place)
	return t.summary(kind)
}

// parts are the groups by number. Where there may be very many they are looked up.
type parts struct {
	n     int // how many there may be
	place int // of the decimals that the integers stand for; 0 for times
	near  []*[partsPage]part
	far   map[int]*part
}

const (
	partsPage = 64
	// nearMax is from how many parts on they are looked up: a page with a single
	// one takes 4 KiB.
	nearMax = 1 << 18
)

func newParts(n int) *parts {
	if n > nearMax {
		return &parts{n: n, far: make(map[int]*part)}
	}
	return &parts{n: n, near: make([]*[partsPage]part, (n+partsPage-1)/partsPage)}
}

// at returns the part of that number.
func (s *parts) at(i int) *part {
	if page := i / partsPage; page < len(s.near) && s.near[page] != nil {
		return &s.near[page][i%partsPage]
	}
	return s.add(i)
}

func (s *parts) add(i int) *part {
	if s.far != nil {
		p := s.far[i]
		if p == nil {
			p = new(part)
			*p = newPart
			s.far[i] = p
		}
		return p
	}
	page := new([partsPage]part)
	for j := range page {
		page[j] = newPart
	}
	s.near[i/partsPage] = page
	return &page[i%partsPage]
}

// all yields the parts that have members, by number.
func (s *parts) all() iter.Seq2[int, *part] {
	return func(yield func(int, *part) bool) {
		for i, page := range s.near {
			for j := range partsPage {
				if page != nil && page[j].count > 0 && !yield(i*partsPage+j, &page[j]) {
					return
				}
			}
		}
		for _, i := range slices.Sorted(maps.Keys(s.far)) {
			if p := s.far[i]; p.count > 0 && !yield(i, p) {
				return
			}
		}
	}
}

// raise makes the integers stand for decimals of another place from now on.
func (s *parts) raise(kind profile.Kind, place int) {
	for _, p := range s.all() {
		p.settle(kind, s.place)
	}
	s.place = place
}

// join adds the parts of another goroutine, which are not used any more.
func (s *parts) join(o *parts, kind profile.Kind) {
	if place := max(s.place, o.place); s.place != o.place {
		s.raise(kind, place)
		o.raise(kind, place)
	}
	for i, p := range o.all() {
		s.at(i).join(p)
	}
}
