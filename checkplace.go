package portrait

import (
	"math/bits"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/portraitdb/portrait/internal/oracle"
	"github.com/portraitdb/portrait/profile"
)

// places are where some ordinals belong in the index: nothing else of what is known of a
// profile is kept until all have been recomputed.
type places struct {
	base   uint32 // the first of the ordinals
	live   bitRow
	lots   []cell
	tags   []bitRow // by the tag's place in the catalog
	traits map[*traitIndex]*traitPlaces
	lists  []bitRow // by the list's place in checker.listed
}

// traitPlaces are those of one indexed trait, or of the values of a tag.
type traitPlaces struct {
	have    bitRow
	column  []cell // ascending
	byValue map[string][]uint32
}

// bitRow has a bit for each ordinal of some places, as far as one is set.
type bitRow []uint64

func (r *bitRow) set(i uint32) {
	for uint32(len(*r)) <= i>>6 {
		*r = append(*r, 0)
	}
	(*r)[i>>6] |= 1 << (i & 63)
}

// join puts in what another row has, so many words further on.
func (r *bitRow) join(o bitRow, words int) {
	if len(o) == 0 {
		return
	}
	*r = slices.Grow(*r, max(words+len(o)-len(*r), 0))
	for len(*r) < words+len(o) {
		*r = append(*r, 0)
	}
	for i, w := range o {
		(*r)[words+i] |= w
	}
}

// ordinals lists the ordinals of a row, ascending.
func (r bitRow) ordinals(base uint32) (list []uint32) {
	n := 0
	for _, w := range r {
		n += bits.OnesCount64(w)
	}
	list = make([]uint32, 0, n)
	for i, w := range r {
		for ; w != 0; w &= w - 1 {
			list = append(list, base+uint32(i<<6|bits.TrailingZeros64(w)))
		}
	}
	return list
}

func (c *checker) newPlaces(base uint32) *places {
	return &places{
		base: base, tags: make([]bitRow, len(c.v.epoch.cat.tags)), lists: make([]bitRow, len(c.listed)),
		traits: map[*traitIndex]*traitPlaces{},
	}
}

// join puts in where later ordinals belong.
func (p *places) join(o *places) {
	words := int((o.base - p.base) / 64)
	p.live.join(o.live, words)
	p.lots = append(p.lots, o.lots...)
	for i, row := range o.tags {
		p.tags[i].join(row, words)
	}
	for i, row := range o.lists {
		p.lists[i].join(row, words)
	}
	for ix, theirs := range o.traits {
		t := p.of(ix)
		t.have.join(theirs.have, words)
		t.column = append(t.column, theirs.column...)
		for v, members := range theirs.byValue {
			t.byValue[v] = append(t.byValue[v], members...)
		}
	}
}

// place notes where a profile belongs, and checks its deadline.
func (c *inspector) place(in *places, ordinal uint32, members []uint32, p *oracle.Person, st *profile.State) {
	in.live.set(ordinal - in.base)
	for i, l := range c.listed {
		if slices.ContainsFunc(members, l.has) {
			if p.Lists == nil {
				p.Lists = map[string]bool{}
			}
			p.Lists[l.name] = true
			in.lists[i].set(ordinal - in.base)
		}
	}
	st = st.InLists(sortedKeys(p.Lists))
	id := p.Canonical
	in.lots = append(in.lots, cell{ordinal, int64(xxhash.Sum64String(id.Namespace + "\x00" + id.Value))})
	cat := c.v.epoch.cat
	for i, t := range cat.tags {
		if t.filling || !oracle.Eval(t.rule, p, cat, c.v.epoch.instant) {
			continue
		}
		if in.tags[i].set(ordinal - in.base); t.values != nil {
			c.placeValue(in, t.values, ordinal, p)
		}
	}
	for _, ix := range cat.indexes {
		if !ix.filling {
			c.placeValue(in, ix, ordinal, p)
		}
	}
	c.checkDeadlines(ordinal, p, st)
}

// placeValue notes where a profile belongs in the bitmaps or the column of a trait, or of a
// tag that it has.
func (c *inspector) placeValue(in *places, ix *traitIndex, ordinal uint32, p *oracle.Person) {
	t := in.of(ix)
	v, ok := oracle.ValueAt(ix.operand(), p, c.v.epoch.cat, c.v.epoch.instant)
	if !ok && ix.label == nil {
		return
	}
	if t.have.set(ordinal - in.base); !ok {
		return
	}
	if ix.column {
		t.column = append(t.column, cell{ordinal, sortable(v)})
		return
	}
	for _, e := range elements(v) {
		key := valueKey(e)
		t.byValue[key] = append(t.byValue[key], ordinal)
	}
}

// of returns the places of one index.
func (p *places) of(ix *traitIndex) *traitPlaces {
	t := p.traits[ix]
	if t == nil {
		t = &traitPlaces{byValue: map[string][]uint32{}}
		p.traits[ix] = t
	}
	return t
}
