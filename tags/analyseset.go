package tags

import (
	"math"
	"slices"
	"strconv"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// cut is a place between two neighbours in the order of all values, which
// [profile.Value.Compare] gives: by kind, then within the kind.
type cut struct {
	kind profile.Kind
	side side
	v    profile.Value // for before and after
}

type side uint8

const (
	sideFirst  side = iota // before all values of the kind
	sideBefore             // just before v
	sideAfter              // just behind v
	sideLast               // behind all values of the kind
)

func (c cut) compare(o cut) int {
	switch {
	case c.kind != o.kind:
		return int(c.kind) - int(o.kind)
	case c.side == sideFirst || o.side == sideFirst || c.side == sideLast || o.side == sideLast:
		return c.side.region() - o.side.region()
	}
	if order := c.v.Compare(o.v); order != 0 {
		return order
	}
	return int(c.side) - int(o.side)
}

func (s side) region() int {
	switch s {
	case sideFirst:
		return 0
	case sideLast:
		return 2
	}
	return 1
}

// set is what an operand may be: missing, or a value between the cuts at even and at
// odd places. The cuts ascend strictly and are not changed once made.
type set struct {
	missing bool
	cuts    []cut
}

func (s set) empty() bool { return !s.missing && len(s.cuts) == 0 }

// present returns the set without what is missing.
func (s set) present() set { return set{cuts: s.cuts} }

// between returns the values from one cut to another.
func between(from, to cut) set {
	if from.compare(to) >= 0 {
		return set{}
	}
	return set{cuts: []cut{from, to}}
}

// ofKind returns all values of a kind; [syntax.Any] stands for every kind.
func ofKind(k profile.Kind) set {
	if k == syntax.Any {
		return between(cut{kind: 0, side: sideFirst}, cut{kind: syntax.Any, side: sideLast})
	}
	return between(cut{kind: k, side: sideFirst}, cut{kind: k, side: sideLast})
}

// point returns the set of one value.
func point(v profile.Value) set {
	return between(cut{v.Kind(), sideBefore, v}, cut{v.Kind(), sideAfter, v})
}

// satisfying returns the values of v's kind of which "x op v" holds.
func satisfying(op syntax.Op, v profile.Value) set {
	k := v.Kind()
	from, to := cut{kind: k, side: sideFirst}, cut{kind: k, side: sideLast}
	switch op {
	case syntax.Eq:
		return point(v)
	case syntax.Ne:
		return ofKind(k).without(point(v))
	case syntax.Lt:
		to = cut{k, sideBefore, v}
	case syntax.Le:
		to = cut{k, sideAfter, v}
	case syntax.Gt:
		from = cut{k, sideAfter, v}
	case syntax.Ge:
		from = cut{k, sideBefore, v}
	}
	return between(from, to)
}

// combine returns what keep says of being in s and in o.
func (s set) combine(o set, keep func(inS, inO bool) bool) set {
	whole := set{missing: keep(s.missing, o.missing)}
	in := false
	s.sweep(o, func(at cut, inS, inO bool) bool {
		if keep(inS, inO) != in {
			in = !in
			whole.cuts = append(whole.cuts, at)
		}
		return true
	})
	return whole
}

// sweep calls visit at every cut, in order, with what holds behind it.
func (s set) sweep(o set, visit func(at cut, inS, inO bool) bool) {
	for i, j := 0, 0; i < len(s.cuts) || j < len(o.cuts); {
		order := 0
		switch {
		case i == len(s.cuts):
			order = 1
		case j == len(o.cuts):
			order = -1
		default:
			order = s.cuts[i].compare(o.cuts[j])
		}
		var at cut
		if order <= 0 {
			at = s.cuts[i]
			i++
		}
		if order >= 0 {
			at = o.cuts[j]
			j++
		}
		if !visit(at, i%2 == 1, j%2 == 1) {
			return
		}
	}
}

func (s set) and(o set) set     { return s.combine(o, func(a, b bool) bool { return a && b }) }
func (s set) or(o set) set      { return s.combine(o, func(a, b bool) bool { return a || b }) }
func (s set) without(o set) set { return s.combine(o, func(a, b bool) bool { return a && !b }) }

// within reports whether s is contained in o.
func (s set) within(o set) bool {
	is := !s.missing || o.missing
	if is {
		s.sweep(o, func(_ cut, inS, inO bool) bool {
			is = !inS || inO
			return is
		})
	}
	return is
}

// apart reports whether s and o have nothing in common.
func (s set) apart(o set) bool {
	is := !s.missing || !o.missing
	if is {
		s.sweep(o, func(_ cut, inS, inO bool) bool {
			is = !inS || !inO
			return is
		})
	}
	return is
}

// points returns the values of a set that has only a few.
func (s set) points() (values []profile.Value, ok bool) {
	for pair := range slices.Chunk(s.cuts, 2) {
		if pair[0].side != sideBefore || pair[1].side != sideAfter || !pair[0].v.Equal(pair[1].v) {
			return nil, false
		}
		values = append(values, pair[0].v)
	}
	return values, true
}

// whole returns the set as one of whole numbers, among which every cut has one form.
func (s set) whole() set {
	cuts := make([]cut, len(s.cuts))
	for i, c := range s.cuts {
		cuts[i] = c.whole()
	}
	return set{missing: s.missing, cuts: proper(cuts)}
}

func (c cut) whole() cut {
	const exact = 1 << 53
	n := c.v.Number()
	if c.kind != profile.KindNumber || c.side == sideFirst || c.side == sideLast || !(math.Abs(n) < exact) {
		return c
	}
	next := math.Ceil(n)
	if c.side == sideAfter {
		next = math.Floor(n) + 1
	}
	return cut{c.kind, sideBefore, profile.Number(next)}
}

// booleans returns the set with every cut among booleans in one form.
func (s set) booleans() set {
	cuts := make([]cut, len(s.cuts))
	for i, c := range s.cuts {
		switch {
		case c.kind != profile.KindBool:
		case c.side == sideBefore && !c.v.Bool():
			c = cut{kind: c.kind, side: sideFirst}
		case c.side == sideAfter && !c.v.Bool():
			c = cut{c.kind, sideBefore, profile.Bool(true)}
		case c.side == sideAfter:
			c = cut{kind: c.kind, side: sideLast}
		}
		cuts[i] = c
	}
	return set{missing: s.missing, cuts: proper(cuts)}
}

// proper leaves out what lies between equal cuts.
func proper(cuts []cut) []cut {
	kept := cuts[:0]
	for _, c := range cuts {
		if n := len(kept); n > 0 && kept[n-1].compare(c) == 0 {
			kept = kept[:n-1]
			continue
		}
		kept = append(kept, c)
	}
	return kept
}

// appendText writes the set: equal sets alike, others not.
func (s set) appendText(b []byte) []byte {
	b = strconv.AppendBool(b, s.missing)
	for _, c := range s.cuts {
		b = append(b, ' ', '0'+byte(c.side))
		b = strconv.AppendInt(b, int64(c.kind), 10)
		if c.side == sideBefore || c.side == sideAfter {
			b = strconv.AppendQuote(append(b, ':'), c.v.String())
		}
	}
	return b
}
