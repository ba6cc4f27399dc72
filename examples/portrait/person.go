package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/examples/internal/table"
	"github.com/portraitdb/portrait/profile"
)

type profileVerb struct {
	Identifier string `arg:"" name:"NS:VALUE" help:"An identifier such as email:li@example.com."`
}

// Run shows one profile.
func (v *profileVerb) Run(s *session) error {
	id, err := identifier(v.Identifier)
	if err != nil {
		return err
	}
	return s.view(func(view *portrait.View) error {
		p, err := view.Profile(s, id)
		if err != nil {
			return found(err, v.Identifier)
		}
		return s.answer(describe(p, view), func(w io.Writer) error { return printProfile(w, p) })
	})
}

// person is a profile in JSON.
type person struct {
	ID          uint64                   `json:"id"`
	Identifiers []string                 `json:"identifiers"`
	Traits      map[string]profile.Value `json:"traits"`
	Tags        []string                 `json:"tags"`
	Events      uint64                   `json:"events"`
	First       time.Time                `json:"first"`
	Last        time.Time                `json:"last"`
	Counters    map[string]counter       `json:"counters"`
	at
}

// counter is what is kept of one event name.
type counter struct {
	Count   uint64             `json:"count"`
	First   time.Time          `json:"first"`
	Last    time.Time          `json:"last"`
	Numbers map[string]numbers `json:"numbers,omitempty"`
	Uniques map[string]*int    `json:"uniques,omitempty"` // null: too many to count
}

// numbers are the folds of one numeric property.
type numbers struct {
	Count uint64      `json:"count"`
	Sum   json.Number `json:"sum"` // exact
	Min   float64     `json:"min"`
	Max   float64     `json:"max"`
	First float64     `json:"first"`
	Last  float64     `json:"last"`
}

func describe(p *profile.Profile, view *portrait.View) person {
	out := person{
		ID: uint64(p.ID), Identifiers: texts(p.Identifiers), Traits: map[string]profile.Value{},
		Tags: append([]string{}, p.Tags...), Events: p.Events, First: p.First, Last: p.Last,
		Counters: map[string]counter{}, at: atOf(view),
	}
	for _, t := range p.Traits {
		out.Traits[t.Name] = t.Value
	}
	for _, c := range p.Counters {
		out.Counters[c.Event] = describeCounter(c)
	}
	return out
}

func describeCounter(c profile.Counter) counter {
	out := counter{Count: c.Count, First: c.First.Time(), Last: c.Last.Time(), Numbers: map[string]numbers{}, Uniques: map[string]*int{}}
	for _, n := range c.Numbers {
		out.Numbers[n.Property] = numbers{n.Count, json.Number(n.Sum.String()), n.Min, n.Max, n.First, n.Last}
	}
	for _, u := range c.Uniques {
		out.Uniques[u.Property] = nil
		if !u.Overflowed {
			out.Uniques[u.Property] = new(u.Count)
		}
	}
	return out
}

func texts(ids []profile.Identifier) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = id.String()
	}
	return out
}

func printProfile(w io.Writer, p *profile.Profile) error {
	var t table.Table
	t.Row("profile", p.ID.String())
	for i, id := range p.Identifiers {
		t.Row(label(i, "known as"), table.Clean(id.String()))
	}
	t.Row("tags", strings.Join(p.Tags, ", "))
	var traits, events table.Table
	for i, tr := range p.Traits {
		traits.Row(label(i, "traits  "), table.Clean(tr.Name), table.Clean(tr.Value.String()))
	}
	for i, c := range p.Counters {
		events.Row(label(i, "events  "), table.Clean(c.Event), c.Count, c.First.String()+" to "+c.Last.String(), table.Clean(folds(c)))
	}
	for _, t := range []*table.Table{&t, &traits, &events} {
		if _, err := t.WriteTo(w); err != nil {
			return err
		}
	}
	return nil
}

// folds writes the folds of a counter in one line.
func folds(c profile.Counter) string {
	var parts []string
	for _, n := range c.Numbers {
		parts = append(parts, fmt.Sprintf("%s: sum %s, min %v, max %v", n.Property, n.Sum, n.Min, n.Max))
	}
	for _, u := range c.Uniques {
		if u.Overflowed {
			parts = append(parts, u.Property+": more than can be told apart")
		} else {
			parts = append(parts, fmt.Sprintf("%s: %d different", u.Property, u.Count))
		}
	}
	return strings.Join(parts, "; ")
}

// label returns the label for the first of several rows.
func label(i int, text string) string {
	if i == 0 {
		return text
	}
	return ""
}
