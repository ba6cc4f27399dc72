package insight

// complements is a table beside which lies who is not in a place of it. Where the values
// along a dimension do not exclude each other the only sums along it are of a place, those
// who are not in it, and everybody: who is not is found by subtraction, and is a group
// like any other, along the other dimensions too.
type complements struct {
	cells []Cell
	axes  []complementAxis
	of    *Table
}

// complementAxis is a dimension with its places, then, unless those exclude each other,
// those who are not in each.
type complementAxis struct {
	all, length, step int
}

func newComplements(t *Table) *complements {
	c := &complements{of: t, axes: make([]complementAxis, len(t.Dimensions))}
	n := 1
	for d := len(c.axes) - 1; d >= 0; d-- {
		axis := &t.Dimensions[d]
		c.axes[d] = complementAxis{all: axis.All(), length: axis.length(), step: n}
		if !axis.Exclusive {
			c.axes[d].length += axis.All()
		}
		n *= c.axes[d].length
	}
	c.cells = make([]Cell, n)
	c.each(func(at, from int) { c.cells[at] = t.Cells[from] })
	// The places before at have been filled, as those of the table come first.
	for at := range c.cells {
		for _, a := range c.axes {
			if place := a.place(at); place > a.all {
				total := at - (place-a.all)*a.step
				c.cells[at].Count = c.cells[total].Count - c.cells[total-(2*a.all+1-place)*a.step].Count
				break
			}
		}
	}
	return c
}

func (a *complementAxis) place(at int) int { return at / a.step % a.length }

// each calls f with the place of each cell of the table, and with that in the table.
func (c *complements) each(f func(at, from int)) {
	from := 0
	for at := range c.cells {
		if !c.added(at) {
			f(at, from)
			from++
		}
	}
}

// added reports whether a cell is of those who are not in a place.
func (c *complements) added(at int) bool {
	for i := range c.axes {
		if c.axes[i].place(at) > c.axes[i].all {
			return true
		}
	}
	return false
}

// draw finds the lines: those of the table, those of a place with who is not in it, and
// those of the complements. In this order, what is hidden in the table for its own sake
// is in general enough for the others.
func (c *complements) draw(h *hider) {
	c.along(h, false)
	for d := range c.axes {
		a := &c.axes[d]
		if c.of.Dimensions[d].Exclusive {
			continue
		}
		for at := range c.cells {
			if place := a.place(at); place < a.all {
				l := line{parts: []int{at, at + (a.all+1)*a.step}, total: at + (a.all-place)*a.step}
				if hides(h.least, c.cells[l.parts[1]].Count) {
					c.cells[at].Hidden = true
				}
				h.add(l)
			}
		}
	}
	c.along(h, true)
}

// along adds the lines along the exclusive dimensions, in the table or beside it.
func (c *complements) along(h *hider, added bool) {
	for d := range c.axes {
		a := &c.axes[d]
		for at := range c.cells {
			if !c.of.Dimensions[d].Exclusive || a.place(at) != 0 || c.added(at) != added {
				continue
			}
			l := line{total: at + a.all*a.step}
			for i := range a.all {
				l.parts = append(l.parts, at+i*a.step)
			}
			h.add(l)
		}
	}
}

// hide hides the cells of the table that have fewer people than least, and what would
// betray them or who is not in a place.
func (t *Table) hide(least uint64) error {
	if least <= 1 {
		return nil
	}
	c := newComplements(t)
	h := newHider(c.cells, least)
	c.draw(h)
	if err := h.hide(); err != nil {
		return err
	}
	c.each(func(at, from int) { t.Cells[from] = c.cells[at] })
	return nil
}
