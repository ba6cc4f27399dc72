package main

import (
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

// pageText is the page: one file, without scripts, that asks for no other.
//
//go:embed page.tmpl
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

// pageData is what the page shows.
type pageData struct {
	*Report
	Facts []fact // of the machine and the setting
	Sums  []fact
	Cases []pageCase
	Width float64
	Left  float64
	Text  float64 // where the figures stand
}

type fact struct{ Name, Value string }

type pageCase struct {
	*Case
	Size    string // how many profiles and turns
	Charts  []chart
	Columns []string
	Rows    [][]string
}

// saveHTML writes the report to a file that a browser can open, offline too.
func (r *Report) saveHTML(name string) (err error) {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return r.writeHTML(f)
}

func (r *Report) writeHTML(w io.Writer) error {
	m := r.Machine
	data := pageData{
		Report: r, Width: chartWidth, Left: chartLeft, Text: chartRight + 8,
		Facts: []fact{
			{"machine", fmt.Sprintf("%s, %d cores, GOMAXPROCS %d", m.CPU, m.Cores, m.GOMAXPROCS)},
			{"built by", fmt.Sprintf("%s %s/%s, commit %s", m.Go, m.OS, m.Arch, m.Commit)},
		},
	}
	for _, k := range slices.Sorted(maps.Keys(r.Setting)) {
		data.Facts = append(data.Facts, fact{spaced(k), r.Setting[k]})
	}
	for _, k := range slices.Sorted(maps.Keys(r.Summary)) {
		data.Sums = append(data.Sums, fact{spaced(k), short(r.Summary[k])})
	}
	for i := range r.Cases {
		data.Cases = append(data.Cases, r.pageCase(&r.Cases[i]))
	}
	return page.Execute(w, data)
}

// pageCase draws a case: what the suite is about first, then times, then all figures.
func (r *Report) pageCase(c *Case) pageCase {
	out := pageCase{Case: c, Size: fmt.Sprintf("%s profiles, %d turns", thousands(c.Profiles), c.Rounds)}
	if c.Rounds == 1 {
		out.Size = thousands(c.Profiles) + " profiles, one turn"
	}
	for _, figure := range r.plots {
		if len(c.Extra[figure]) > 0 {
			out.Charts = append(out.Charts, extraChart(c, figure))
		}
	}
	out.Charts = append(out.Charts, timeChart(c))
	extras := slices.Sorted(maps.Keys(c.Extra))
	out.Columns = []string{"contender", "median", "least", "most", "allocations", "bytes allocated", "ratio"}
	for _, k := range extras {
		out.Columns = append(out.Columns, spaced(k))
	}
	for _, who := range c.contenders() {
		row := []string{
			spaced(who), duration(c.NsPerOp[who]), duration(c.NsPerOpMin[who]), duration(c.NsPerOpMax[who]),
			short(c.Allocs[who]), short(c.Bytes[who]), figureOf(c.Ratio, who),
		}
		for _, k := range extras {
			row = append(row, figureOf(c.Extra[k], who))
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}

func figureOf(figures map[string]float64, who string) string {
	if v, ok := figures[who]; ok {
		return short(v)
	}
	return ""
}

// spaced writes a key for people.
func spaced(key string) string { return strings.ReplaceAll(key, "_", " ") }
