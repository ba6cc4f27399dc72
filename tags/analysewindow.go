package tags

import (
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// plainWindow returns a window in the unit that others are compared with it in: weeks
// as days, years as months, and today() as one day.
func plainWindow(w syntax.Window) syntax.Window {
	switch {
	case w.Kind == syntax.This && w.Period == syntax.ThisDay:
		return syntax.Window{Kind: syntax.Last, N: 1, Unit: syntax.Day}
	case w.Kind != syntax.Last && w.Kind != syntax.Between:
		return w
	case w.Unit == syntax.Week:
		w.N, w.M, w.Unit = 7*w.N, 7*w.M, syntax.Day
	case w.Unit == syntax.Year:
		w.N, w.M, w.Unit = 12*w.N, 12*w.M, syntax.Month
	}
	return w
}

// stretch is how many days there are from the first day of a window to today, both
// included, at every instant: from least to most, and exactly the months where the
// window is of months. The stretch of nothing is before today.
type stretch struct {
	least, most int
	months      int
}

func stretchOf(n int, unit syntax.Unit) stretch {
	if unit == syntax.Month {
		return stretch{28 * n, 31 * n, n}
	}
	return stretch{n, n, 0}
}

// within reports whether s is never longer than o.
func (s stretch) within(o stretch) bool {
	if s.months > 0 && o.months > 0 {
		return s.months <= o.months
	}
	return s.most <= o.least
}

// windowWithin reports whether every event in the window a is always in the window b.
// Both are plain. It may say no where it is so.
func windowWithin(a, b syntax.Window) bool {
	switch {
	case a.Kind == syntax.Since && b.Kind == syntax.Since:
		return a.Since.Kind() == profile.KindTime && b.Since.Kind() == profile.KindTime && a.Since.Compare(b.Since) >= 0
	case b.Kind == syntax.Lifetime:
		return true
	case a.Kind == syntax.Lifetime || a.Kind == syntax.Since || b.Kind == syntax.Since:
		return false
	case a.Kind == syntax.This && b.Kind == syntax.This:
		return a.Period == b.Period || a.Period >= syntax.ThisMonth && a.Period < b.Period
	case a.Grain() != profile.ByDay || b.Grain() != profile.ByDay:
		// An hour may run on into a civil day that has not begun.
		return shortWithin(a, b)
	}
	aFrom, aTo := civilEnds(a)
	bFrom, bTo := civilEnds(b)
	return aFrom.within(bFrom) && bTo.within(aTo)
}

// civilEnds returns the stretch of a window of days and that of the days behind it.
func civilEnds(w syntax.Window) (from, to stretch) {
	if w.Kind == syntax.This {
		most := [...]int{syntax.ThisDay: 1, syntax.ThisWeek: 7, syntax.ThisMonth: 31, syntax.ThisQuarter: 92, syntax.ThisYear: 366}
		return stretch{least: 1, most: most[min(w.Period, syntax.ThisYear)]}, stretch{}
	}
	from = stretchOf(w.N, w.Unit)
	if w.Kind == syntax.Between {
		to = stretchOf(w.M, w.Unit)
	}
	return from, to
}

// shortWithin is windowWithin of windows of minutes and hours.
func shortWithin(a, b syntax.Window) bool {
	switch {
	case a.Kind == syntax.This || b.Kind == syntax.This:
		return false
	case a.Unit == b.Unit:
		return a.N <= b.N && a.M >= b.M
	case a.Unit == syntax.Minute && b.Unit == syntax.Hour:
		return a.N-1 <= 60*(b.N-1) && a.M >= 60*b.M
	}
	return false
}

// clockBefore reports whether one clock is never behind another.
func clockBefore(a, b syntax.Operand) bool {
	x, isAgo := a.(*syntax.Ago)
	y, other := b.(*syntax.Ago)
	if isAgo && other {
		xn, xu := plainAgo(x)
		yn, yu := plainAgo(y)
		switch {
		case xu >= syntax.Day && yu >= syntax.Day:
			return stretchOf(yn, yu).within(stretchOf(xn, xu))
		case xu == yu:
			return xn >= yn
		case xu == syntax.Hour && yu == syntax.Minute:
			return yn-1 <= 60*(xn-1)
		case xu == syntax.Minute && yu == syntax.Hour:
			return xn >= 60*yn
		}
	}
	least, _, ok := lag(a)
	_, most, otherOK := lag(b)
	return ok && otherOK && least >= most
}

func plainAgo(x *syntax.Ago) (int, syntax.Unit) {
	w := plainWindow(syntax.Window{Kind: syntax.Last, N: x.N, Unit: x.Unit})
	return w.N, w.Unit
}

// lag returns by how long a clock is behind now() at least and at most.
func lag(x syntax.Operand) (least, most time.Duration, ok bool) {
	switch x := x.(type) {
	case *syntax.Now:
		return -x.Offset, -x.Offset, true
	case *syntax.Ago:
		n, unit := plainAgo(x)
		switch unit {
		case syntax.Minute:
			return time.Duration(n-1) * time.Minute, time.Duration(n) * time.Minute, true
		case syntax.Hour:
			return time.Duration(n-1) * time.Hour, time.Duration(n) * time.Hour, true
		}
		// A zone may put its clocks from one side of the date line to the other.
		const shift, day = 50 * time.Hour, 24 * time.Hour
		if s := stretchOf(n, unit); s.most < 36600 {
			return time.Duration(s.least-1)*day - shift, time.Duration(s.most)*day + shift, true
		}
	}
	return 0, 0, false
}
