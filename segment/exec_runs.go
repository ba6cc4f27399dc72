package segment

// Runs are combined as runs, as long as there are few: clustered bitmaps have a
// handful in a block, against its 1024 words. A list of runs is pairs of the
// first and the last value of each, ascending and apart.

// runsFold is the most bounds that a combination of runs may have.
const runsFold = 512

// isRuns reports whether the view is runs and nothing else.
func (v *view) isRuns() bool { return v.state == viewRuns && len(v.toggles) == 0 }

func runsView(runs []uint16) view {
	card := len(runs) / 2
	for i := 0; i < len(runs); i += 2 {
		card += int(runs[i+1]) - int(runs[i])
	}
	switch card {
	case 0:
		return view{}
	case blockSpan:
		return view{state: viewFull, card: card}
	}
	return view{state: viewRuns, card: card, array: runs}
}

// meetRuns appends what lies in runs of both lists.
func meetRuns(dst, a, b []uint16) []uint16 {
	for len(a) > 0 && len(b) > 0 {
		if from, to := max(a[0], b[0]), min(a[1], b[1]); from <= to {
			dst = append(dst, from, to)
		}
		if a[1] < b[1] {
			a = a[2:]
		} else {
			b = b[2:]
		}
	}
	return dst
}

// cutRuns appends what lies in runs of a and not of b.
func cutRuns(dst, a, b []uint16) []uint16 {
	for ; len(a) > 0; a = a[2:] {
		from, to := int(a[0]), int(a[1])
		for len(b) > 0 && int(b[1]) < from {
			b = b[2:]
		}
		for rest := b; len(rest) > 0 && int(rest[0]) <= to; rest = rest[2:] {
			if from < int(rest[0]) {
				dst = append(dst, uint16(from), rest[0]-1)
			}
			from = int(rest[1]) + 1
		}
		if from <= to {
			dst = append(dst, uint16(from), uint16(to))
		}
	}
	return dst
}

// joinRuns appends what lies in runs of either list.
func joinRuns(dst, a, b []uint16) []uint16 {
	begin := len(dst)
	for len(a)+len(b) > 0 {
		if len(a) == 0 || len(b) > 0 && b[0] < a[0] {
			a, b = b, a
		}
		if last := len(dst) - 1; last > begin && int(a[0]) <= int(dst[last])+1 {
			dst[last] = max(dst[last], a[1])
		} else {
			dst = append(dst, a[0], a[1])
		}
		a = a[2:]
	}
	return dst
}

// foldRuns replaces the operands on the stack from base on, of a conjunction, by
// one; ok is false where they are not all runs, and few.
func (x *exec) foldRuns(base int) (ok bool) {
	bounds := 0
	for i := base; i < len(x.views); i++ {
		bounds += len(x.views[i].array)
		if !x.views[i].isRuns() || bounds > runsFold {
			return false
		}
	}
	if len(x.views)-base < 2 {
		return len(x.views) > base
	}
	a, b := x.values(), x.values()
	runs := x.views[base].array
	for i := base + 1; i < len(x.views) && len(runs) > 0; i++ {
		runs = meetRuns(a[:0], runs, x.views[i].array)
		a, b = b, a
	}
	x.views = append(x.views[:base], runsView(runs))
	return true
}

// uniteRuns is the union of the operands on the stack from base on; ok is false
// where they are not all runs, and few.
func (x *exec) uniteRuns(base int) (v view, ok bool) {
	bounds := 0
	for i := base; i < len(x.views); i++ {
		bounds += len(x.views[i].array)
		if !x.views[i].isRuns() || bounds > runsFold {
			return view{}, false
		}
	}
	a, b := x.values(), x.values()
	runs := x.views[base].array
	for i := base + 1; i < len(x.views); i++ {
		runs = joinRuns(a[:0], runs, x.views[i].array)
		a, b = b, a
	}
	return runsView(runs), true
}

// uniteValues is the union of the operands on the stack from base on; ok is false
// where they are not all arrays, and short.
func (x *exec) uniteValues(base int) (v view, ok bool) {
	total := 0
	for i := base; i < len(x.views); i++ {
		v := &x.views[i]
		total += len(v.array)
		if v.state != viewArray || len(v.toggles) > 0 || total > mergeMax {
			return view{}, false
		}
	}
	a, b := x.values(), x.values()
	values := x.views[base].array
	for i := base + 1; i < len(x.views); i++ {
		values = mergeValues(a[:0], values, x.views[i].array)
		a, b = b, a
	}
	return arrayView(values), true
}

// mergeValues appends what is in either array.
func mergeValues(dst, a, b []uint16) []uint16 {
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			dst = append(dst, a[0])
			a = a[1:]
		case a[0] > b[0]:
			dst = append(dst, b[0])
			b = b[1:]
		default:
			dst = append(dst, a[0])
			a, b = a[1:], b[1:]
		}
	}
	return append(append(dst, a...), b...)
}
