package insight

// sums is counts and which of them add up to which, shown or not: what somebody could
// reckon with. What is not shown counts as if it were, so that nothing hangs on it.
type sums struct {
	cells []Cell
	lines []line
}

// cell adds a count and returns its place.
func (s *sums) cell(n uint64) int {
	s.cells = append(s.cells, Cell{Count: n})
	return len(s.cells) - 1
}

// add notes that cells add up to a total.
func (s *sums) add(total int, parts ...int) {
	s.lines = append(s.lines, line{parts: parts, total: total})
}

// rest adds what a total has beside a part, and returns its place; the total's where that
// is the part.
func (s *sums) rest(total, part int) int {
	if total == part {
		return total
	}
	rest := s.cell(s.cells[total].Count - s.cells[part].Count)
	s.add(total, part, rest)
	return rest
}

// hide hides the cells of fewer people than least, and what would betray them. It is
// an error where too much would have to be hidden.
func (s *sums) hide(least uint64) error {
	if least <= 1 {
		return nil
	}
	h := newHider(s.cells, least)
	for _, l := range s.lines {
		h.add(l)
	}
	return h.hide()
}
