package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/examples/internal/table"
	"github.com/portraitdb/portrait/profile"
)

const (
	maxRegroupings = 20 // told one by one without --json
	maxParts       = 5  // profiles that one change ends in, told without --json
	maxNames       = 4  // identifiers of one profile, told without --json
)

// regrouping is one change that other identity rules bring.
type regrouping struct {
	What   string     `json:"what"` // merge, split, regroup, appear or disappear
	Before []uint64   `json:"before"`
	After  [][]string `json:"after"`

	vanishes []string // whom a profile that disappears is known as
}

func describeRegroupings(all []portrait.Regrouping) []regrouping {
	out := make([]regrouping, len(all))
	for i, g := range all {
		out[i] = regrouping{What: becoming(len(g.Before), len(g.After)), Before: numbers64(g.Before), After: make([][]string, len(g.After))}
		for j, ids := range g.After {
			out[i].After[j] = texts(ids)
		}
	}
	return out
}

// becoming names what so many profiles do that become so many others.
func becoming(before, after int) string {
	switch {
	case after == 0:
		return "disappear"
	case before == 0:
		return "appear"
	case after < before:
		return "merge"
	case after > before:
		return "split"
	}
	return "regroup"
}

// nameVanishing looks up, as long as they are there, whom the profiles are known
// as that nothing takes the place of, as far as they are printed.
func (s *session) nameVanishing(db *portrait.DB, groups []regrouping) error {
	v, err := db.View(s)
	if err != nil {
		return err
	}
	defer v.Close()
	for i := range groups[:min(len(groups), maxRegroupings)] {
		if groups[i].What != "disappear" {
			continue
		}
		for _, id := range groups[i].Before {
			p, err := v.Resolve(s, profile.ID(id))
			if err != nil {
				return err
			}
			groups[i].vanishes = append(groups[i].vanishes, texts(p.Identifiers)...)
		}
	}
	return nil
}

func printRegroupings(w io.Writer, groups []regrouping) error {
	counts := map[string]int{}
	for _, g := range groups {
		counts[g.What]++
	}
	t := table.Table{Indent: "  "}
	for _, what := range [...]string{"merge", "split", "regroup", "appear", "disappear"} {
		if counts[what] > 0 {
			t.Row(what, counts[what])
		}
	}
	if _, err := t.WriteTo(w); err != nil {
		return err
	}
	var lines []string
	for _, g := range groups[:min(len(groups), maxRegroupings)] {
		switch g.What {
		case "disappear":
			line := listed(g.Before) + " disappear" + singular(len(g.Before))
			if len(g.vanishes) > 0 {
				line += ": " + named(g.vanishes)
			}
			lines = append(lines, line)
		case "appear":
			lines = append(lines, "new")
		default:
			lines = append(lines, listed(g.Before)+" become"+singular(len(g.Before)))
		}
		for _, ids := range g.After[:min(len(g.After), maxParts)] {
			lines = append(lines, "  "+named(ids))
		}
		if n := len(g.After) - maxParts; n > 0 {
			lines = append(lines, fmt.Sprintf("  ... and %d more profiles", n))
		}
	}
	if n := len(groups) - maxRegroupings; n > 0 {
		lines = append(lines, fmt.Sprintf("... and %s more; --json lists all", table.Count(uint64(n))))
	}
	return printLines(w, lines)
}

// listed writes IDs in one line.
func listed(ids []uint64) string {
	var b strings.Builder
	for i, id := range ids {
		switch {
		case i > 0 && i == len(ids)-1:
			b.WriteString(" and ")
		case i > 0:
			b.WriteString(", ")
		}
		b.WriteString(profile.ID(id).String())
	}
	return b.String()
}

// named writes the first names of a profile in one line.
func named(ids []string) string {
	text := table.Clean(strings.Join(ids[:min(len(ids), maxNames)], ", "))
	if n := len(ids) - maxNames; n > 0 {
		text += " and " + strconv.Itoa(n) + " more"
	}
	return text
}

// singular is the ending of a verb with one subject.
func singular(n int) string {
	if n == 1 {
		return "s"
	}
	return ""
}

func numbers64(ids []profile.ID) []uint64 {
	out := make([]uint64, len(ids))
	for i, id := range ids {
		out[i] = uint64(id)
	}
	return out
}
