package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/examples/internal/table"
	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/profile"
)

type healthVerb struct{}

// health are the figures of the identity graph.
type health struct {
	Profiles    uint64            `json:"profiles"`
	Dedup       float64           `json:"dedup"` // share of all IDs ever given that merges took away
	Identifiers map[string]uint64 `json:"identifiers"`
	Generic     map[string]uint64 `json:"generic"`
	Shared      map[string]uint64 `json:"shared"`
	Barred      map[string]uint64 `json:"barred"`
	PerProfile  map[int]uint64    `json:"identifiers_per_profile"` // how many profiles have so many
	Hubs        []hub             `json:"hubs"`
	Largest     []large           `json:"largest"`
	Apart       []tally           `json:"apart"`
	Refused     []tally           `json:"refused"`
	at
}

// hub is an identifier that was seen with many others.
type hub struct {
	Identifier string `json:"identifier"`
	Partners   int    `json:"partners"`
}

// large is a profile with many identifiers.
type large struct {
	ID          uint64   `json:"id"`
	Count       int      `json:"count"` // of identifiers
	Events      uint64   `json:"events"`
	Identifiers []string `json:"identifiers"`
}

// tally counts refusals of one kind.
type tally struct {
	Rule      string `json:"rule"`
	Namespace string `json:"namespace,omitempty"`
	Count     uint64 `json:"count"`
}

// Run prints the figures of the identity graph.
func (v *healthVerb) Run(s *session) error {
	return s.view(func(view *portrait.View) error {
		figures, err := view.IdentityHealth(s)
		if err != nil {
			return err
		}
		h, err := s.describeHealth(view, figures)
		if err != nil {
			return err
		}
		return s.answer(h, h.print)
	})
}

func (s *session) describeHealth(view *portrait.View, f *portrait.IdentityHealth) (*health, error) {
	h := &health{
		Profiles: f.Profiles, Dedup: f.Dedup, Identifiers: f.Identifiers,
		Generic: f.Generic, Shared: f.Shared, Barred: f.Barred, PerProfile: f.PerProfile,
		Hubs: make([]hub, len(f.Hubs)), Largest: make([]large, len(f.Largest)),
		Apart: tallies(f.Apart), Refused: tallies(f.Refused), at: atOf(view),
	}
	for i, n := range f.Hubs {
		h.Hubs[i] = hub{n.Identifier.String(), n.Partners}
	}
	for i, l := range f.Largest {
		p, err := view.Resolve(s, l.ID)
		if err != nil {
			return nil, err
		}
		h.Largest[i] = large{uint64(l.ID), l.Identifiers, l.Events, texts(p.Identifiers)}
	}
	return h, nil
}

func tallies(counts []identity.RefusalCount) []tally {
	out := make([]tally, len(counts))
	for i, c := range counts {
		out[i] = tally(c)
	}
	slices.SortStableFunc(out, func(a, b tally) int { return cmp.Compare(b.Count, a.Count) })
	return out
}

// print writes each figure that there is as a table under its name.
func (h *health) print(w io.Writer) error {
	var figures, namespaces, sizes, hubs, largest table.Table
	figures.Row("profiles", h.Profiles)
	figures.Row("IDs that merges took away", fmt.Sprintf("%.1f %%", 100*h.Dedup))
	for _, ns := range slices.Sorted(maps.Keys(h.Identifiers)) {
		cells := []any{ns, h.Identifiers[ns]}
		for _, s := range [...]struct {
			name   string
			counts map[string]uint64
		}{{"generic", h.Generic}, {"shared", h.Shared}, {"barred", h.Barred}} {
			if n := s.counts[ns]; n > 0 {
				cells = append(cells, table.Count(n)+" "+s.name)
			}
		}
		namespaces.Row(cells...)
	}
	h.histogram(&sizes)
	for _, n := range h.Hubs {
		hubs.Row(n.Partners, table.Clean(n.Identifier))
	}
	for _, l := range h.Largest {
		largest.Row(l.Count, table.Count(l.Events)+" event"+plural(l.Events), "profile "+profile.ID(l.ID).String(), named(l.Identifiers))
	}
	if _, err := figures.WriteTo(w); err != nil {
		return err
	}
	for _, part := range [...]struct {
		title string
		rows  *table.Table
		any   bool
	}{
		{"identifiers", &namespaces, len(h.Identifiers) > 0},
		{"identifiers of a profile", &sizes, len(h.PerProfile) > 0},
		{"identifiers with the most partners", &hubs, len(h.Hubs) > 0},
		{"profiles with the most identifiers", &largest, len(h.Largest) > 0},
		{"pairs that a rule keeps apart now", ruled(h.Apart), len(h.Apart) > 0},
		{"refused since the beginning", ruled(h.Refused), len(h.Refused) > 0},
	} {
		if !part.any {
			continue
		}
		if _, err := fmt.Fprintln(w, part.title); err != nil {
			return err
		}
		part.rows.Indent = "  "
		if _, err := part.rows.WriteTo(w); err != nil {
			return err
		}
	}
	return nil
}

// sizeSteps are the upper ends of the bins of the histogram; beyond ten
// identifiers a profile is worth a look, and its exact size is not.
var sizeSteps = [...]int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 50, 100, 200}

// histogram draws how many profiles have how many identifiers, up to the largest.
func (h *health) histogram(t *table.Table) {
	const cells = 40
	var bins [len(sizeSteps) + 1]uint64
	last, most := 0, uint64(0)
	for size, n := range h.PerProfile {
		i, _ := slices.BinarySearch(sizeSteps[:], size)
		bins[i] += n
		last = max(last, i)
	}
	for _, n := range bins {
		most = max(most, n)
	}
	for i, n := range bins[:last+1] {
		from := 1
		if i > 0 {
			from = sizeSteps[i-1] + 1
		}
		name := fmt.Sprintf("over %d", from-1)
		if i < len(sizeSteps) {
			if name = strconv.Itoa(from); sizeSteps[i] > from {
				name = fmt.Sprintf("%d to %d", from, sizeSteps[i])
			}
		}
		t.Row(name, n, table.Share(n, h.Profiles), table.Bar(n, most, cells))
	}
}

// ruled lists counts by rule.
func ruled(counts []tally) *table.Table {
	var t table.Table
	for _, c := range counts {
		t.Row(c.Count, ruleOf(c.Rule, c.Namespace))
	}
	return &t
}

// ruleOf names a rule and the namespace that it is about.
func ruleOf(rule, namespace string) string {
	if namespace == "" {
		return rule
	}
	return table.Clean(rule + " of " + namespace)
}

func plural(n uint64) string {
	if n == 1 {
		return ""
	}
	return "s"
}
