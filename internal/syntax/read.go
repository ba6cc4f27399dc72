package syntax

import "slices"

// Reads is what an expression depends on by name, each list sorted and without
// repetitions. Tags, computed traits and interests are not followed.
type Reads struct {
	Traits    []string
	Events    []string // of folds, of filters; [AnyEvent] for all
	Tags      []string
	Interests []string
	Places    []string
	Lists     []string // uploaded
	Purposes  []string // of consents
	// Timed reports that the answer may change with no event: the clock, a window that
	// moves, a sequence or an interest is read.
	Timed bool
}

// Read returns what e depends on.
func Read(e Expr) Reads {
	var r Reads
	v := r.visitor()
	v.visit(e)
	r.sort()
	return r
}

func (r *Reads) sort() {
	for _, names := range []*[]string{&r.Traits, &r.Events, &r.Tags, &r.Interests, &r.Places, &r.Lists, &r.Purposes} {
		slices.Sort(*names)
		*names = slices.Compact(*names)
	}
}

func (r *Reads) visitor() visitor {
	return visitor{
		expr: func(e Expr) bool {
			switch e := e.(type) {
			case *TagRef:
				r.Tags = append(r.Tags, e.Name)
			case *InList:
				r.Lists = append(r.Lists, e.Name)
			case *Consent:
				r.Purposes, r.Timed = append(r.Purposes, e.Purpose), true
			case *Inside:
				if e.Place != "" {
					r.Places = append(r.Places, e.Place)
				}
			}
			return true
		},
		operand: func(x Operand) bool {
			r.operand(x)
			return true
		},
	}
}

func (r *Reads) operand(x Operand) {
	switch x := x.(type) {
	case *Trait:
		r.Traits = append(r.Traits, x.Name)
	case *Aggregate:
		r.Events = append(r.Events, x.Event)
		r.Timed = r.Timed || x.timed()
	case *Sequence:
		for _, f := range x.filters() {
			r.Events = append(r.Events, f.Event)
		}
		r.Timed = true
	case *Interest:
		r.Interests = append(r.Interests, x.Name)
		r.Timed = true
	case *Interests:
		r.Interests = append(r.Interests, x.Name)
		r.Timed = true
	case *Call:
		r.Timed = r.Timed || x.Fn == DaysSince
	case *Now, *Ago:
		r.Timed = true
	}
}

// timed reports whether the aggregate may change with no event: its window moves, or
// it looks at the days up to today.
func (x *Aggregate) timed() bool {
	switch x.Fn {
	case Days, ShareOfDays, Streak, LongestStreak, Dwell:
		return true
	}
	return x.Window.Kind != Lifetime && x.Window.Kind != Since
}
