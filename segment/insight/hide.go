package insight

import "fmt"

// hider hides the small ones of some cells, and others, until the sums along their
// lines give none of them away.
type hider struct {
	cells []Cell
	least uint64
	lines []line
	of    [][]int // the lines that a cell is in
}

// line is cells that add up to a total, which is a cell too: those along one dimension
// of a table, all else being fixed.
type line struct {
	parts []int
	total int
}

// maxTangle is how many hidden cells may hang together by their lines. To find out
// whether they are determined takes the cube of that.
const maxTangle = 600

// newHider readies a hider for cells that have no lines yet.
func newHider(cells []Cell, least uint64) *hider {
	return &hider{cells: cells, least: least, of: make([][]int, len(cells))}
}

// add adds a line.
func (h *hider) add(l line) {
	for _, p := range append([]int{l.total}, l.parts...) {
		h.of[p] = append(h.of[p], len(h.lines))
	}
	h.lines = append(h.lines, l)
}

// hide hides, beside those that are hidden already. What is hidden has a count of 0
// afterwards.
func (h *hider) hide() error {
	cells := h.cells
	for i, c := range cells {
		if c.Count > 0 && c.Count < h.least {
			cells[i].Hidden = true
		}
	}
	for {
		if h.cover() {
			continue
		}
		found, err := h.determined()
		if err != nil {
			return err
		}
		if len(found) == 0 {
			break
		}
		changed := false
		for _, i := range found {
			for _, l := range h.of[i] {
				if h.hideNext(&h.lines[l]) {
					changed = true
					break
				}
			}
		}
		if !changed {
			return fmt.Errorf("%w: %w", ErrTooFew, errHidden)
		}
	}
	for i := range cells {
		if cells[i].Hidden {
			cells[i].Count = 0
		}
	}
	return nil
}

// cover hides more along every line whose sum says too much. It reports whether it
// did.
func (h *hider) cover() (changed bool) {
	cells := h.cells
	for i := range h.lines {
		l := &h.lines[i]
		hidden, sum := 0, uint64(0)
		for _, p := range l.parts {
			if cells[p].Hidden {
				hidden++
				sum += cells[p].Count
			}
		}
		switch {
		case cells[l.total].Hidden && hidden == 0, // the parts give the total
			!cells[l.total].Hidden && hidden > 0 && (hidden == 1 || sum < h.least): // the total gives the part, or a small group
			changed = h.hideNext(l) || changed
		}
	}
	return changed
}

// hideNext hides one more cell of a line: the smallest part that has people, else one
// without, else the total.
func (h *hider) hideNext(l *line) bool {
	cells := h.cells
	next := -1
	for _, p := range l.parts {
		switch {
		case cells[p].Hidden:
		case next < 0, cells[next].Count == 0 && cells[p].Count > 0, cells[p].Count > 0 && cells[p].Count < cells[next].Count:
			next = p
		}
	}
	if next < 0 && !cells[l.total].Hidden {
		next = l.total
	}
	if next < 0 {
		return false
	}
	cells[next].Hidden = true
	return true
}

// determined returns the hidden cells whose values follow from what is shown: those
// that a combination of the lines has alone.
func (h *hider) determined() ([]int, error) {
	var found []int
	seen := make([]bool, len(h.cells))
	for i, c := range h.cells {
		if !c.Hidden || seen[i] {
			continue
		}
		tangle, lines := h.tangle(i, seen)
		if len(tangle) > maxTangle {
			return nil, fmt.Errorf("%w: %w", ErrTooFew, errHidden)
		}
		found = append(found, h.solve(tangle, lines)...)
	}
	return found, nil
}

// tangle returns the hidden cells that hang together with one by their lines, and
// those lines.
func (h *hider) tangle(from int, seen []bool) (tangle, lines []int) {
	inLines := map[int]bool{}
	seen[from] = true
	tangle = []int{from}
	for next := 0; next < len(tangle); next++ {
		for _, l := range h.of[tangle[next]] {
			if inLines[l] {
				continue
			}
			inLines[l] = true
			lines = append(lines, l)
			for _, p := range append([]int{h.lines[l].total}, h.lines[l].parts...) {
				if h.cells[p].Hidden && !seen[p] {
					seen[p] = true
					tangle = append(tangle, p)
				}
			}
		}
	}
	return tangle, lines
}

// prime is what the equations are solved by: modulo a prime, so that nothing is
// rounded. Their coefficients are 1 and -1, and a cell that they determine modulo such
// a prime but not in whole numbers is hidden once too often at worst.
const prime = 2_147_483_647

// solve brings the equations of the lines into reduced form. A cell that has one for
// itself is determined.
func (h *hider) solve(tangle, lines []int) (found []int) {
	column := make(map[int]int, len(tangle))
	for j, cell := range tangle {
		column[cell] = j
	}
	var rows [][]uint64
	for _, l := range lines {
		row := make([]uint64, len(tangle))
		for _, p := range h.lines[l].parts {
			if j, ok := column[p]; ok {
				row[j] = 1
			}
		}
		if j, ok := column[h.lines[l].total]; ok {
			row[j] = prime - 1
		}
		rows = append(rows, row)
	}
	rank := 0
	for j := range tangle {
		pivot := rank
		for pivot < len(rows) && rows[pivot][j] == 0 {
			pivot++
		}
		if pivot == len(rows) {
			continue
		}
		rows[rank], rows[pivot] = rows[pivot], rows[rank]
		scale(rows[rank], inverse(rows[rank][j]))
		for i, row := range rows {
			if i != rank && row[j] != 0 {
				subtract(row, rows[rank], row[j])
			}
		}
		rank++
	}
	for _, row := range rows[:rank] {
		at, n := -1, 0
		for j, x := range row {
			if x != 0 {
				at, n = j, n+1
			}
		}
		if n == 1 {
			found = append(found, tangle[at])
		}
	}
	return found
}

func scale(row []uint64, by uint64) {
	for j := range row {
		row[j] = row[j] * by % prime
	}
}

// subtract takes a multiple of other from row.
func subtract(row, other []uint64, times uint64) {
	for j, x := range other {
		if x != 0 {
			row[j] = (row[j] + (prime-times)*x) % prime
		}
	}
}

// inverse is the power of x that gives 1 with it (Fermat).
func inverse(x uint64) uint64 {
	result, base := uint64(1), x
	for e := uint64(prime - 2); e > 0; e >>= 1 {
		if e&1 == 1 {
			result = result * base % prime
		}
		base = base * base % prime
	}
	return result
}
