package main

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/examples/internal/table"
	"github.com/portraitdb/portrait/profile"
)

type timelineVerb struct {
	Identifier string `arg:"" name:"NS:VALUE" help:"An identifier such as email:li@example.com."`
	From       string `placeholder:"TIME" help:"Begin with the events at this time."`
	To         string `placeholder:"TIME" help:"End before the events at this time."`
	limit      `embed:""`
}

// Run lists the events of a profile that the store keeps.
func (v *timelineVerb) Run(s *session) error {
	id, err := identifier(v.Identifier)
	if err != nil {
		return err
	}
	if err := v.check(); err != nil {
		return err
	}
	return s.with(false, func(db *portrait.DB) error {
		m := db.Model()
		from, err := flagTime("--from", v.From, m.Zone)
		if err != nil {
			return err
		}
		to, err := flagTime("--to", v.To, m.Zone)
		if err != nil {
			return err
		}
		view, err := db.View(s)
		if err != nil {
			return err
		}
		defer view.Close()
		if _, err := view.Profile(s, id); err != nil {
			return found(err, v.Identifier)
		}
		if m.Log.Retain == 0 && len(m.Log.Events) == 0 {
			s.printf("The model keeps no events: declare a log.\n")
		}
		history := listing[profile.Event]{
			name: "events", flag: "--from",
			row: func(t *table.Table, e profile.Event) {
				t.Row(second(happened(e)), table.Clean(titleOf(e)), eventSource(e), table.Clean(contents(e)))
			},
			item: func(e profile.Event) any { return e },
			at:   func(e profile.Event) any { return happened(e).Format(time.RFC3339Nano) },
		}
		return history.print(s, view, v.Limit, view.Timeline(s, id, from, to))
	})
}

// happened is the time at which an event stands.
func happened(e profile.Event) time.Time {
	if e.Time.IsZero() {
		return e.Received.UTC()
	}
	return e.Time.UTC()
}

// titleOf names an event for people.
func titleOf(e profile.Event) string {
	if e.Name == "" {
		return e.Type.String()
	}
	return e.Name
}

func eventSource(e profile.Event) string {
	return table.Clean(strings.Trim(e.Source+" "+e.MessageID, " "))
}

// contents writes the properties and told traits of an event in one line.
func contents(e profile.Event) string {
	var parts []string
	for _, of := range [...]map[string]profile.Value{e.Properties, e.Traits} {
		for _, name := range slices.Sorted(maps.Keys(of)) {
			parts = append(parts, name+"="+of[name].String())
		}
	}
	return strings.Join(parts, " ")
}
