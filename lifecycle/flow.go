package lifecycle

import (
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/portraitdb/portrait/profile"
)

// Flow is where everybody in a stage at one date was at another, later one.
type Flow struct {
	// From and To are the dates. Who moved at just that instant has moved.
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// Stages names the rows and columns. The last is "": new, as a row, and gone, as a
	// column.
	Stages []string `json:"stages"`
	// Counts[i][j] is how many were in Stages[i] at From and in Stages[j] at To. A row
	// adds up to the size of its stage at From, and a column to that at To. Who came
	// and went in between is not counted.
	Counts [][]uint64 `json:"counts"`
}

// Count returns how many went from one stage to another, or stayed; "" stands for
// new and for gone.
func (f *Flow) Count(from, to string) uint64 {
	i, j := slices.Index(f.Stages, from), slices.Index(f.Stages, to)
	if i < 0 || j < 0 {
		return 0
	}
	return f.Counts[i][j]
}

// Before returns how many were in each stage at From, in the order of Stages; the
// last are those who were not there and are at To.
func (f *Flow) Before() []uint64 {
	sizes := make([]uint64, len(f.Stages))
	for i, row := range f.Counts {
		for _, n := range row {
			sizes[i] += n
		}
	}
	return sizes
}

// After returns how many were in each stage at To, in the order of Stages; the last
// are those who were there at From and are gone.
func (f *Flow) After() []uint64 {
	sizes := make([]uint64, len(f.Stages))
	for _, row := range f.Counts {
		for j, n := range row {
			sizes[j] += n
		}
	}
	return sizes
}

// Size is how many are in a stage.
type Size struct {
	Stage string `json:"stage"`
	Count uint64 `json:"count"`
}

// FlowOf works out the flow between two dates from how many are in each stage after
// the last of some moves. The moves are all those after From, in their order, so that
// its cost is that of the moves since then. It keeps 4 bytes for each profile that
// moved, or for some of its neighbours by ID. The stages are those of sizes, in that order, and then
// others that there were, in the order in which they come up.
func FlowOf(from, to time.Time, sizes []Size, moves iter.Seq2[Move, error]) (*Flow, error) {
	if to.Before(from) {
		return nil, fmt.Errorf("lifecycle: a flow from %s to %s, which is earlier", from.Format(time.RFC3339), to.Format(time.RFC3339))
	}
	w := flowing{number: map[string]uint16{"": 0}, names: []string{""}, sizes: []int64{0}, pages: map[uint64]*flowPage{}}
	for _, s := range sizes {
		w.sizes[w.of(s.Stage)] += int64(s.Count)
	}
	for m, err := range moves {
		if err != nil {
			return nil, err
		}
		if !m.At.After(from) {
			continue
		}
		a, b := w.of(m.From), w.of(m.To)
		if len(w.names) > maxStages {
			return nil, fmt.Errorf("lifecycle: a flow between more than %d stages", maxStages)
		}
		// The sizes are rolled back to those at the second date.
		if m.At.After(to) {
			w.sizes[a]++
			w.sizes[b]--
		} else {
			w.take(m.Profile, a, b)
		}
	}
	f := w.flow()
	f.From, f.To = from, to
	return f, nil
}

// maxStages bounds the counts of a flow, which are as many as its square.
const maxStages = 2000

// flowing is a flow under way. Stage 0 is "".
type flowing struct {
	number map[string]uint16
	names  []string
	sizes  []int64
	pages  map[uint64]*flowPage
}

// flowPage is what is known of neighbours by ID: where they were at the first date and
// are now, one more than the number of the stage; 0 for those who have not moved.
type flowPage [64][2]uint16

func (w *flowing) of(stage string) uint16 {
	n, ok := w.number[stage]
	if !ok {
		n = uint16(len(w.names))
		w.number[stage] = n
		w.names, w.sizes = append(w.names, stage), append(w.sizes, 0)
	}
	return n
}

func (w *flowing) take(id profile.ID, from, to uint16) {
	key := uint64(id) / uint64(len(flowPage{}))
	p := w.pages[key]
	if p == nil {
		p = &flowPage{}
		w.pages[key] = p
	}
	at := &p[uint64(id)%uint64(len(p))]
	if at[0] == 0 {
		at[0] = from + 1
	}
	at[1] = to + 1
}

// flow counts: who moved is where they went, and all others of a stage stayed in it.
func (w *flowing) flow() *Flow {
	n := len(w.names)
	counts := make([][]uint64, n)
	for i := range counts {
		counts[i] = make([]uint64, n)
	}
	stayed := w.sizes
	for _, page := range w.pages {
		for _, at := range page {
			if at[0] == 0 {
				continue
			}
			from, to := at[0]-1, at[1]-1
			counts[from][to]++
			stayed[to]--
		}
	}
	for i := 1; i < n; i++ {
		counts[i][i] += uint64(max(stayed[i], 0))
	}
	counts[0][0] = 0
	// "" goes last.
	for i, row := range counts {
		counts[i] = append(row[1:], row[0])
	}
	return &Flow{Stages: append(w.names[1:], ""), Counts: append(counts[1:], counts[0])}
}
