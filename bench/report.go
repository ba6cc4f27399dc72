package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// subject is the contender that the others are compared with.
const subject = "portrait"

// Report is what one suite found.
type Report struct {
	Suite   string             `json:"suite"`
	Machine Machine            `json:"machine"`
	Setting map[string]string  `json:"setting"`
	Cases   []Case             `json:"cases"`
	Summary map[string]float64 `json:"summary,omitempty"`
	plots   []string           // the extra figures that a page draws before the times
}

// Case is one piece of work, done by each contender.
type Case struct {
	Name     string `json:"name"`
	Profiles int    `json:"profiles"`
	Rounds   int    `json:"rounds"`
	// Ops is how many operations (events, or queries) each contender did in
	// each of its turns.
	Ops map[string]int `json:"ops_per_round"`
	// NsPerOp is the median over the rounds, in nanoseconds.
	NsPerOp    map[string]float64 `json:"ns_per_op"`
	NsPerOpMin map[string]float64 `json:"ns_per_op_min"`
	NsPerOpMax map[string]float64 `json:"ns_per_op_max"`
	// Allocs and Bytes are of the heap: the median over the rounds.
	Allocs map[string]float64 `json:"allocs_per_op"`
	Bytes  map[string]float64 `json:"bytes_per_op"`
	// Ratio is a contender's time divided by Portrait's: 2 means that Portrait
	// takes half its time, 0.5 that it takes twice as long.
	Ratio map[string]float64 `json:"ratio"`
	// RatioMin and RatioMax are the least and the most of the ratios within one
	// turn of both.
	RatioMin map[string]float64 `json:"ratio_min"`
	RatioMax map[string]float64 `json:"ratio_max"`
	// Extra holds figures that only this suite has.
	Extra map[string]map[string]float64 `json:"extra,omitempty"`
}

// newCase reduces the samples of each contender.
func newCase(name string, profiles int, samples map[string][]sample) Case {
	c := Case{
		Name: name, Profiles: profiles, Ops: map[string]int{},
		NsPerOp: map[string]float64{}, NsPerOpMin: map[string]float64{}, NsPerOpMax: map[string]float64{},
		Allocs: map[string]float64{}, Bytes: map[string]float64{},
		Ratio: map[string]float64{}, RatioMin: map[string]float64{}, RatioMax: map[string]float64{},
	}
	for who, all := range samples {
		c.Rounds = len(all)
		c.Ops[who] = all[0].ops
		ns := gather(all, func(s sample) float64 { return s.nsPerOp() })
		c.NsPerOp[who], c.NsPerOpMin[who], c.NsPerOpMax[who] = median(ns), slices.Min(ns), slices.Max(ns)
		c.Allocs[who] = median(gather(all, func(s sample) float64 { return s.allocs / float64(s.ops) }))
		c.Bytes[who] = median(gather(all, func(s sample) float64 { return s.bytes / float64(s.ops) }))
	}
	for who, ns := range c.NsPerOp {
		if who != subject {
			c.Ratio[who] = ns / c.NsPerOp[subject]
			if times := ratios(samples[who], samples[subject]); len(times) > 0 {
				c.RatioMin[who], c.RatioMax[who] = slices.Min(times), slices.Max(times)
			}
		}
	}
	return c
}

func (r *Report) writeJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}

// writeTable prints the report for people.
func (r *Report) writeTable(w io.Writer) error {
	m := r.Machine
	fmt.Fprintf(w, "%s: %s, %d cores, GOMAXPROCS %d, %s %s/%s, commit %s\n",
		r.Suite, m.CPU, m.Cores, m.GOMAXPROCS, m.Go, m.OS, m.Arch, m.Commit)
	for _, k := range slices.Sorted(maps.Keys(r.Setting)) {
		fmt.Fprintf(w, "  %s: %s\n", k, r.Setting[k])
	}
	fmt.Fprintln(w)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "case\tcontender\tns/op\tmin\tmax\tallocs/op\tB/op\tratio\tmin\tmax\t")
	for _, c := range r.Cases {
		for _, who := range c.contenders() {
			ratio := "\t\t"
			if v, ok := c.Ratio[who]; ok {
				ratio = fmt.Sprintf("%.3g\t%.3g\t%.3g", v, c.RatioMin[who], c.RatioMax[who])
			}
			fmt.Fprintf(tw, "%s\t%s\t%.0f\t%.0f\t%.0f\t%.1f\t%.0f\t%s\t\n", c.Name, who,
				c.NsPerOp[who], c.NsPerOpMin[who], c.NsPerOpMax[who], c.Allocs[who], c.Bytes[who], ratio)
		}
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	for _, c := range r.Cases {
		for _, k := range slices.Sorted(maps.Keys(c.Extra)) {
			fmt.Fprintf(w, "%s, %s:", c.Name, strings.ReplaceAll(k, "_", " "))
			for _, who := range slices.SortedFunc(maps.Keys(c.Extra[k]), subjectFirst) {
				fmt.Fprintf(w, "  %s %s", who, short(c.Extra[k][who]))
			}
			fmt.Fprintln(w)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(r.Summary)) {
		fmt.Fprintf(w, "%s: %.2f\n", strings.ReplaceAll(k, "_", " "), r.Summary[k])
	}
	_, err := fmt.Fprintln(w, "ratio: the contender's time divided by Portrait's, and the least and the most of it within one turn; above 1 Portrait is faster")
	return err
}

// short writes a figure with three digits or more.
func short(v float64) string {
	if v < 100 {
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
	return strconv.FormatFloat(v, 'f', 0, 64)
}

// contenders lists who took part, Portrait first.
func (c *Case) contenders() []string { return slices.SortedFunc(maps.Keys(c.NsPerOp), subjectFirst) }

// subjectFirst orders names, Portrait's before all others.
func subjectFirst(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == subject:
		return -1
	case b == subject:
		return 1
	}
	return strings.Compare(a, b)
}
