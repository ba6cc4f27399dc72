package insight

import "fmt"

// hider hides the small cells of a table, and others, until the sums along its lines
// give none of them away.
type hider struct {
	table *Table
	least uint64
	lines []line
	of    [][]int // the lines that a cell is in
}

// line is the cells along one dimension, all else being fixed: those that add up to
// the total, which is a cell too.
type line struct {
	parts []int
	total int
}

// maxTangle is how many hidden cells may hang together by their lines. To find out
// whether they are determined takes the cube of that.
const maxTangle = 600

func (h *hider) hide() error {
	cells := h.table.Cells
	h.draw()
	for i, c := range cells {
		if c.Count > 0 && c.Count < h.least {
			cells[i].Hidden = true
		}
	}
	h.hideComplements()
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

// draw finds the lines along the exclusive dimensions.
func (h *hider) draw() {
	h.of = make([][]int, len(h.table.Cells))
	step := 1
	for d := len(h.table.Dimensions) - 1; d >= 0; d-- {
		axis := &h.table.Dimensions[d]
		n := axis.length()
		for at := range h.table.Cells {
			if !axis.Exclusive || at/step%n != 0 {
				continue
			}
			l := line{total: at + axis.All()*step}
			for i := range axis.All() {
				l.parts = append(l.parts, at+i*step)
				h.of[at+i*step] = append(h.of[at+i*step], len(h.lines))
			}
			h.of[l.total] = append(h.of[l.total], len(h.lines))
			h.lines = append(h.lines, l)
		}
		step *= n
	}
}

// hideComplements hides the values of dimensions that are not exclusive where all but
// a few people have them: the total gives the few away.
func (h *hider) hideComplements() {
	cells := h.table.Cells
	step := 1
	for d := len(h.table.Dimensions) - 1; d >= 0; d-- {
		axis := &h.table.Dimensions[d]
		n := axis.length()
		for at := range cells {
			place := at / step % n
			if axis.Exclusive || place == axis.All() {
				continue
			}
			total := cells[at+(axis.All()-place)*step].Count
			if without := total - cells[at].Count; without > 0 && without < h.least {
				cells[at].Hidden = true
			}
		}
		step *= n
	}
}

// cover hides more along every line whose sum says too much. It reports whether it
// did.
func (h *hider) cover() (changed bool) {
	cells := h.table.Cells
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
	cells := h.table.Cells
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
	seen := make([]bool, len(h.table.Cells))
	for i, c := range h.table.Cells {
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
				if h.table.Cells[p].Hidden && !seen[p] {
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
