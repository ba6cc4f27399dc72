package insight_test

import (
	"errors"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/segment/insight"
)

var spaces = []string{"user_id", "email", "phone", "device_id"}

// known draws people with identifiers and what they consent to.
func known(rng *rand.Rand, n int) people {
	p := crowd(rng, n)
	for _, one := range p {
		for i, ns := range spaces {
			if i > 0 && rng.IntN(i+2) == 0 || i == 0 && rng.IntN(30) > 0 { // nearly everybody has the first
				one["namespaces"] = append(one["namespaces"], ns)
			}
		}
		if rng.IntN(8) > 0 {
			one["consent"] = []string{pick(rng, []string{"all", "some", "few"})}
		}
	}
	return p
}

var channels = []insight.Channel{
	{Name: "mail", Namespaces: []string{"email"}, Allowed: segment.Tag("consent")},
	{Name: "call", Namespaces: []string{"phone"}},
	{Name: "push", Namespaces: []string{"device_id", "user_id"}, Allowed: segment.Not(segment.TagValue("consent", "few"))},
	{Name: "shop", Allowed: segment.TagValue("city", "上海")},
}

func TestReach_against_naive_counts(t *testing.T) {
	rng := rand.New(rand.NewPCG(31, 32))
	for range 30 {
		p := known(rng, rng.IntN(300))
		for _, audience := range []segment.Expr{{}, segment.Tag("buyer")} {
			got, err := insight.Reach(t.Context(), p, insight.ReachQuestion{Audience: audience, Namespaces: []string{"email", "wechat"}, Channels: channels})
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, id := range got.Identifiers {
				names = append(names, id.Namespace)
			}
			if want := "email wechat phone device_id user_id"; strings.Join(names, " ") != want {
				t.Fatalf("namespaces %q, want %s", names, want)
			}
			var all, reachable uint64
			have := map[string]uint64{}
			identified, reached := make([]uint64, len(channels)), make([]uint64, len(channels))
			exactly := make([]uint64, 1<<len(channels))
			for _, one := range p {
				if !audience.IsZero() && !has(one, audience.Tree()) {
					continue
				}
				all++
				for _, ns := range one["namespaces"] {
					have[ns]++
				}
				mask := 0
				for i, ch := range channels {
					if len(ch.Namespaces) > 0 && !slices.ContainsFunc(ch.Namespaces, func(ns string) bool { return slices.Contains(one["namespaces"], ns) }) {
						continue
					}
					identified[i]++
					if ch.Allowed.IsZero() || has(one, ch.Allowed.Tree()) {
						reached[i]++
						mask |= 1 << i
					}
				}
				exactly[mask]++
				if mask != 0 {
					reachable++
				}
			}
			if got.Audience != all || got.Reachable.Count != reachable || got.Unreachable.Count != all-reachable {
				t.Fatalf("%+v, want %d of %d", got, reachable, all)
			}
			for _, id := range got.Identifiers {
				if id.People.Count != have[id.Namespace] || all > 0 && id.Share != float64(have[id.Namespace])/float64(all) {
					t.Fatalf("%+v, want %d", id, have[id.Namespace])
				}
			}
			for i, ch := range got.Channels {
				if ch.Identified.Count != identified[i] || ch.Reachable.Count != reached[i] || ch.Alone.Count != exactly[1<<i] {
					t.Fatalf("%+v, want %d, %d, %d", ch, identified[i], reached[i], exactly[1<<i])
				}
			}
			for mask, c := range got.Exactly {
				if c.Count != exactly[mask] || c.Hidden {
					t.Fatalf("mask %b: %+v, want %d", mask, c, exactly[mask])
				}
			}
		}
	}
}

// What is shown of whom channels reach has no small group in it, nor gives one away by
// adding and subtracting.
func TestReach_hides_what_could_be_worked_out(t *testing.T) {
	rng := rand.New(rand.NewPCG(33, 34))
	hidden, refused := 0, 0
	for range 150 {
		p := known(rng, 100+rng.IntN(400))
		least := uint64(2 + rng.IntN(8))
		q := insight.ReachQuestion{Audience: segment.Tag("buyer"), Namespaces: spaces, Channels: channels}
		open, err := insight.Reach(t.Context(), p, q)
		if err != nil {
			t.Fatal(err)
		}
		q.LeastCell = least
		got, err := insight.Reach(t.Context(), p, q)
		if errors.Is(err, insight.ErrTooFew) {
			refused++
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		a := auditor{least: least}
		all := a.cell(insight.Cell{Count: got.Audience}, open.Audience)
		var exactly []int
		for mask, c := range got.Exactly {
			exactly = append(exactly, a.cell(c, open.Exactly[mask].Count))
		}
		a.line(all, exactly...)
		a.line(all, a.cell(got.Reachable, open.Reachable.Count), exactly[0])
		places := map[string]int{}
		for i, id := range got.Identifiers {
			places[id.Namespace] = a.cell(id.People, open.Identifiers[i].People.Count)
			a.pair(all, places[id.Namespace])
		}
		for i, ch := range got.Channels {
			identified := a.cell(ch.Identified, open.Channels[i].Identified.Count)
			reach := a.cell(ch.Reachable, open.Channels[i].Reachable.Count)
			a.pair(all, identified)
			a.pair(all, reach)
			a.pair(identified, reach)
			for _, ns := range channels[i].Namespaces {
				a.pair(identified, places[ns])
			}
			if len(channels[i].Namespaces) == 1 { // which is the same by its nature
				a.line(identified, places[channels[i].Namespaces[0]])
			}
			if channels[i].Allowed.IsZero() {
				a.line(identified, reach)
			}
			var in []int
			for mask, cell := range exactly {
				if mask>>i&1 == 1 {
					in = append(in, cell)
				}
			}
			a.line(reach, in...)
		}
		hidden += len(a.unknown)
		if fault := a.audit(); fault != "" {
			t.Fatalf("least %d: %s in %+v", least, fault, got)
		}
	}
	if hidden == 0 || refused > 75 {
		t.Errorf("%d cells hidden, %d answers refused", hidden, refused)
	}
}

// auditor reckons with cells that are shown, or hidden, and which add up to which.
type auditor struct {
	least   uint64
	cells   []insight.Cell
	truth   []uint64
	unknown map[int]int // the hidden cells: which variable they are
	lines   [][]int     // total first
	fault   string
}

func (a *auditor) cell(c insight.Cell, truth uint64) int {
	at := len(a.cells)
	a.cells, a.truth = append(a.cells, c), append(a.truth, truth)
	if a.unknown == nil {
		a.unknown = map[int]int{}
	}
	switch {
	case c.Hidden && c.Count != 0:
		a.fault = "a hidden cell has a count"
	case c.Hidden:
		a.unknown[at] = len(a.unknown)
	case c.Count != truth:
		a.fault = "a wrong count"
	case c.Count > 0 && c.Count < a.least:
		a.fault = "a small cell"
	}
	return at
}

// line says that parts add up to a total.
func (a *auditor) line(total int, parts ...int) {
	a.lines = append(a.lines, append([]int{total}, parts...))
	sum, hidden := uint64(0), 0
	for _, p := range parts {
		if a.cells[p].Hidden {
			sum, hidden = sum+a.truth[p], hidden+1
		}
	}
	if !a.cells[total].Hidden && hidden > 0 && sum > 0 && sum < a.least {
		a.fault = "the hidden parts of a sum are few"
	}
}

// pair says that a part lies within a total.
func (a *auditor) pair(total, part int) {
	if a.cells[total].Hidden || a.cells[part].Hidden {
		return
	}
	if rest := a.truth[total] - a.truth[part]; rest > 0 && rest < a.least {
		a.fault = "a difference is small"
	}
}

// audit returns what is wrong, such as a hidden cell that the lines determine.
func (a *auditor) audit() string {
	if a.fault != "" {
		return a.fault
	}
	var equations [][]*big.Rat
	zero := func() []*big.Rat {
		row := make([]*big.Rat, len(a.unknown))
		for i := range row {
			row[i] = new(big.Rat)
		}
		return row
	}
	for _, l := range a.lines {
		row := zero()
		for i, c := range l {
			if j, ok := a.unknown[c]; ok {
				row[j].SetInt64(map[bool]int64{true: -1, false: 1}[i == 0])
			}
		}
		equations = append(equations, row)
	}
	rank := rankOf(equations, len(a.unknown))
	for at, j := range a.unknown {
		unit := zero()
		unit[j].SetInt64(1)
		if a.truth[at] > 0 && rankOf(append(equations[:len(equations):len(equations)], unit), len(a.unknown)) == rank {
			return "a hidden cell can be worked out"
		}
	}
	return ""
}
