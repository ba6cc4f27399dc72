package insight

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"slices"
	"time"
)

// Report is a page about an audience, a person or a business, to be looked at: one
// HTML file with pictures in SVG and the figures behind them as tables, without
// scripts, that asks nobody for anything. It is readable on a phone, in print, in the
// dark and by a screen reader. The zero Report is an empty page in English. It is not
// safe for concurrent use.
type Report struct {
	// Title is the heading of the page.
	Title string
	// Lead is a sentence below it. May be empty.
	Lead string
	// Language is that of what the page says by itself: "en", the default, or "zh".
	Language string
	// AsOf is the instant that the answers hold for, such as that of the View. It is
	// shown in its own zone, and not at all where it is zero.
	AsOf time.Time

	sections []section
}

// section is one picture and its figures.
type section struct {
	Heading string
	Notes   []string
	Bars    *bars
	Heat    *heat
	Plots   []*plot
	Flow    *flow
	Tree    []branch
	Labels  []tagBlock
	Facts   []Fact
	Columns []string // of the figures behind the picture
	Rows    [][]string
	Plain   bool // the figures are the section: they are not folded away
	// FiguresText is what the figures are called where they are folded away.
	FiguresText string
	vega        map[string]any
}

// Fact is a figure with its name.
type Fact struct {
	Name  string
	Value string
	// Note says more in small print. May be empty.
	Note string
}

// Facts adds figures by name, each shown large.
func (r *Report) Facts(heading string, facts ...Fact) {
	r.sections = append(r.sections, section{Heading: heading, Facts: slices.Clone(facts)})
}

// Table adds a table. Rows shorter than the columns are filled up; what goes beyond
// them is left out.
func (r *Report) Table(heading string, columns []string, rows [][]string) {
	s := section{Heading: heading, Columns: slices.Clone(columns), Plain: true}
	for _, row := range rows {
		full := make([]string, len(columns))
		copy(full, row)
		s.Rows = append(s.Rows, full)
	}
	r.sections = append(r.sections, s)
}

// Audience adds what tells an audience apart: its n most characteristic values (see
// [Comparison.Characteristic]) with their index and interval, and the figures of all.
func (r *Report) Audience(heading string, c *Comparison, n int) {
	w := r.words()
	s := section{Heading: heading, Notes: []string{w.indexNote}, Columns: []string{w.value, w.audience, w.base, w.audienceShare, w.baseShare, "TGI", w.interval, "q"}}
	for _, row := range c.Rows {
		s.Rows = append(s.Rows, w.row(&row))
	}
	rows := c.Characteristic(n, 0.05)
	if len(rows) == 0 {
		s.Notes = []string{w.nothing}
	} else {
		s.Bars = indexBars(rows, w)
	}
	s.vega = vegaIndex(heading, rows)
	r.sections = append(r.sections, s)
}

// Distribution adds how the values of one dimension of a comparison are spread over
// the audience and over the base.
func (r *Report) Distribution(heading string, c *Comparison, dimension string) {
	w := r.words()
	s := section{Heading: heading, Columns: []string{w.value, w.audience, w.base, w.audienceShare, w.baseShare, "TGI", w.interval, "q"}}
	var rows []Row
	for _, row := range c.Rows {
		if row.Dimension == dimension {
			rows = append(rows, row)
			s.Rows = append(s.Rows, w.row(&row))
		}
	}
	s.Bars = shareBars(rows, w)
	s.vega = vegaShares(heading, rows, w)
	r.sections = append(r.sections, s)
}

// CrossTab adds a table of one or two dimensions, shaded by how many people each cell
// has; of three, a table for every value of the first.
func (r *Report) CrossTab(heading string, t *Table) {
	w := r.words()
	s := section{Heading: heading, Heat: newHeat(t, w)}
	if s.Heat.hides() {
		s.Notes = []string{w.hiddenNote}
	}
	s.vega = vegaHeat(heading, s.Heat)
	r.sections = append(r.sections, s)
}

// Overlap adds how segments overlap: the n largest combinations (0: all that have
// people), each with who is in all of its segments and in no other. What is hidden comes
// last.
func (r *Report) Overlap(heading string, in *Intersections, n int) {
	w := r.words()
	s := section{Heading: heading, Notes: []string{w.overlapNote}, Columns: append(slices.Clone(in.Names), w.people)}
	masks := in.largest(n)
	for _, mask := range masks {
		row := make([]string, 0, len(in.Names)+1)
		for i := range in.Names {
			row = append(row, map[bool]string{true: "●", false: ""}[mask>>i&1 == 1])
		}
		s.Rows = append(s.Rows, append(row, w.cell(in.Exactly[mask])))
	}
	if slices.ContainsFunc(masks, func(mask int) bool { return in.Exactly[mask].Hidden }) {
		s.Notes = append(s.Notes, w.hiddenNote)
	}
	s.Bars = overlapBars(in, masks, w)
	s.vega = vegaOverlap(heading, in, masks)
	r.sections = append(r.sections, s)
}

// Funnel adds the steps of a funnel.
func (r *Report) Funnel(heading string, steps []FunnelStep) {
	w := r.words()
	s := section{Heading: heading, Columns: []string{w.step, w.people, w.ofFirst, w.ofPrevious}}
	hidden := func(s FunnelStep) bool { return s.Hidden }
	for i, step := range steps {
		row := []string{step.Name, hiddenCell, hiddenCell, hiddenCell}
		if !step.Hidden {
			row[1], row[2] = w.count(step.Count), w.percent(step.OfFirst)
			if i == 0 || !steps[i-1].Hidden {
				row[3] = w.percent(step.OfPrevious)
			}
		}
		s.Rows = append(s.Rows, row)
	}
	if slices.ContainsFunc(steps, hidden) {
		s.Notes = []string{w.hiddenNote}
	}
	s.Bars = funnelBars(steps, w)
	s.vega = vegaFunnel(heading, slices.DeleteFunc(slices.Clone(steps), hidden))
	r.sections = append(r.sections, s)
}

// Bins adds a histogram: names of the parts and how many people are in each.
func (r *Report) Bins(heading string, names []string, counts []uint64) error {
	if len(names) != len(counts) {
		return fmt.Errorf("insight: %d names for %d parts of a histogram", len(names), len(counts))
	}
	w := r.words()
	s := section{Heading: heading, Columns: []string{w.value, w.people}}
	for i, name := range names {
		s.Rows = append(s.Rows, []string{name, w.count(counts[i])})
	}
	s.Bars = countBars(names, counts, w)
	s.vega = vegaCounts(heading, names, counts)
	r.sections = append(r.sections, s)
	return nil
}

// Note adds a sentence to what was added last, such as how its figures were made. On a
// page without anything it does nothing.
func (r *Report) Note(text string) {
	if len(r.sections) == 0 {
		return
	}
	last := &r.sections[len(r.sections)-1]
	last.Notes = append(last.Notes, text)
}

// picture puts a plot into a section, or says that there is nothing to show.
func (r *Report) picture(s *section, p *plot) {
	if p == nil {
		s.Notes = append(s.Notes, r.words().empty)
		return
	}
	p.ID = fmt.Sprintf("p%d-%d", len(r.sections)+1, len(s.Plots)+1)
	s.Plots = append(s.Plots, p)
}

//go:embed page
var pageFiles embed.FS

var page = template.Must(template.ParseFS(pageFiles, "page/*.tmpl"))

// WriteHTML writes the page.
func (r *Report) WriteHTML(w io.Writer) error {
	words := r.words()
	data := struct {
		*Report
		Lang, AsOfText string
		Sections       []section
	}{r, words.lang, "", slices.Clone(r.sections)}
	for i := range data.Sections {
		data.Sections[i].FiguresText = words.figures
	}
	if !r.AsOf.IsZero() {
		data.AsOfText = words.asOf + instant(r.AsOf)
	}
	var out bytes.Buffer
	if err := page.ExecuteTemplate(&out, "page.tmpl", data); err != nil {
		return fmt.Errorf("insight: %w", err)
	}
	_, err := w.Write(out.Bytes())
	return err
}

// WriteVega writes the pictures as an array of specifications of Vega-Lite 5, with
// their data inside, in the order of the page.
func (r *Report) WriteVega(w io.Writer) error {
	specs := []map[string]any{}
	for _, s := range r.sections {
		if s.vega != nil {
			specs = append(specs, s.vega)
		}
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	return enc.Encode(specs)
}
