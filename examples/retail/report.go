package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/examples/internal/table"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

// report tells the tour to a person.
type report struct {
	out *bufio.Writer
	d   *dataset
}

func newReport(out io.Writer, d *dataset) *report { return &report{bufio.NewWriter(out), d} }

// err returns the first failure to write.
func (p *report) err() error { return p.out.Flush() }

func (p *report) line(format string, args ...any) { fmt.Fprintf(p.out, format+"\n", args...) }

// head begins a part and shows what was told so far.
func (p *report) head(text string) {
	p.line("\n%s", text)
	_ = p.out.Flush() // The writer keeps its first error for err.
}

// table prints rows. The writer keeps its first error for err.
func (p *report) table(t *table.Table) { _, _ = t.WriteTo(p.out) }

func (p *report) title() {
	p.line("Portrait on %s", p.d.titles["en"])
	_ = p.out.Flush() // As in head.
}

func (p *report) events(t *tally, took time.Duration) {
	all := t.Accepted + t.Duplicate + t.refused()
	p.head(fmt.Sprintf("Events: %s came in within %s, %s a second",
		table.Count(uint64(all)), seconds(took), table.Count(uint64(float64(all)/max(took.Seconds(), 1e-3)))))
	tbl := table.Table{Indent: "  "}
	tbl.Row("accepted", t.Accepted)
	tbl.Row("duplicate", t.Duplicate, "", "delivered again: changes nothing")
	tbl.Row("refused", t.refused(), "", "each by itself; its neighbours went in")
	p.table(&tbl)
	reasons := table.Table{Indent: "      "}
	for _, reason := range slices.Sorted(maps.Keys(t.Rejected)) {
		reasons.Row(reason, t.Rejected[reason])
	}
	p.table(&reasons)
}

func (p *report) people(r *result, at time.Time) {
	p.head("People, as of " + at.In(p.d.zone).Format("2006-01-02 15:04") + " in " + p.d.zone.String())
	p.line("  %s profiles, %s merges of profiles that turned out to be one person",
		table.Count(r.Profiles), table.Count(r.Merges))
}

func (p *report) tags(r *result) {
	p.head("Tags, kept live for every profile")
	tbl := table.Table{Indent: "  "}
	byCount := slices.SortedStableFunc(slices.Values(p.d.model.Tags), func(a, b tags.Definition) int {
		return cmp.Compare(r.Tags[b.Name], r.Tags[a.Name])
	})
	for _, t := range byCount {
		n := r.Tags[t.Name]
		tbl.Row(t.Name, n, table.Share(n, r.Profiles), fmt.Sprintf("%-12s", table.Bar(n, r.Profiles, 12)), t.Rule)
	}
	p.table(&tbl)
}

func (p *report) segments(r *result) {
	p.head("Segments, counted from bitmaps")
	tbl := table.Table{Indent: "  "}
	for _, q := range p.d.segments {
		n := r.Segments[q.name]
		tbl.Row(q.name, n, table.Share(n, r.Profiles), q.expr)
	}
	p.table(&tbl)
}

// sample shows one profile in full and explains one segment for it.
func (p *report) sample(ctx context.Context, view *portrait.View) error {
	someone, err := choose(ctx, view, p.d)
	if err != nil {
		return err
	}
	if someone == nil {
		p.head("One profile in full: nobody is in " + p.d.sample)
		return nil
	}
	p.head("One profile in full")
	p.profile(someone)
	e, err := segment.Parse(p.d.explain)
	if err != nil {
		return err
	}
	why, err := view.Explain(ctx, e, someone.Identifiers[0])
	if err != nil {
		return e.Locate(err)
	}
	answer := "no"
	if why.Holds {
		answer = "yes"
	}
	if why.Truth == tags.Unknown {
		answer += ", although not all is known: a condition on a missing value does not hold"
	}
	p.head("Is this person in a segment? The answer is " + answer)
	for line := range strings.Lines(why.String()) {
		p.line("  %s", strings.TrimRight(line, "\n"))
	}
	return nil
}

// choose returns the profile of the sample that goes by the most names and did
// the most, out of the first few.
func choose(ctx context.Context, view *portrait.View, d *dataset) (*profile.Profile, error) {
	const few = 100
	e, err := segment.Parse(d.sample)
	if err != nil {
		return nil, err
	}
	set, err := view.Segment(ctx, e)
	if err != nil {
		return nil, e.Locate(err)
	}
	var best *profile.Profile
	seen := 0
	for someone, err := range view.Profiles(ctx, set) {
		if err != nil {
			return nil, err
		}
		if best == nil || cmp.Or(cmp.Compare(len(someone.Identifiers), len(best.Identifiers)), cmp.Compare(someone.Events, best.Events)) > 0 {
			best = someone
		}
		if seen++; seen == few {
			break
		}
	}
	return best, nil
}

func (p *report) profile(s *profile.Profile) {
	tbl := table.Table{Indent: "  "}
	tbl.Row("profile", s.ID.String())
	for i, id := range s.Identifiers {
		tbl.Row(first(i, "known as"), table.Clean(id.String()))
	}
	var labels []string
	for _, name := range s.Tags {
		if v, ok := s.TagValues[name]; ok {
			name += " " + p.value(v)
		}
		labels = append(labels, name)
	}
	tbl.Row("tags", table.Clean(strings.Join(labels, ", ")))
	p.table(&tbl)
	traits := table.Table{Indent: "  "}
	for i, t := range s.Traits {
		traits.Row(first(i, "traits  "), table.Clean(t.Name), table.Clean(p.value(t.Value)))
	}
	p.table(&traits)
	events := table.Table{Indent: "  "}
	for i, c := range s.Counters {
		events.Row(first(i, "events  "), c.Event, c.Count, p.day(c.First.Time())+" to "+p.day(c.Last.Time()))
	}
	p.table(&events)
}

// first returns the label for the first of several rows.
func first(i int, label string) string {
	if i == 0 {
		return label
	}
	return ""
}

// value writes a value for reading, in the shop's zone.
func (p *report) value(v profile.Value) string { return readable(v, p.d.zone) }

// readable writes a value for reading: times in a zone, numbers to two decimals.
func readable(v profile.Value, zone *time.Location) string {
	switch v.Kind() {
	case profile.KindNull:
		return ""
	case profile.KindTime:
		t := v.Instant().Time()
		if t.Equal(t.Truncate(24 * time.Hour)) { // A date without a time of day.
			return t.Format(time.DateOnly)
		}
		return t.In(zone).Format("2006-01-02 15:04")
	case profile.KindNumber:
		return strconv.FormatFloat(math.Round(v.Number()*100)/100, 'f', -1, 64)
	}
	return v.String()
}

func (p *report) day(t time.Time) string { return t.In(p.d.zone).Format(time.DateOnly) }

func (p *report) check(r *result, found *portrait.CheckError, took time.Duration) {
	p.line("  %s profiles in %s: %d differences", table.Count(r.Profiles), seconds(took), r.Check.Differences)
	if found != nil {
		for _, d := range found.Differences[:min(20, len(found.Differences))] {
			p.line("  %s", table.Clean(d))
		}
	}
}

func (p *report) end(r *result) {
	p.line("\nDigest %s", r.Digest)
	p.line("The same events in any order and any batches give the same digest. %.1f s in all.", r.Seconds)
}
