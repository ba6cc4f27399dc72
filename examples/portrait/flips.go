package main

import (
	"fmt"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/examples/internal/table"
	"github.com/portraitdb/portrait/segment"
)

type flipsVerb struct {
	Expr  string `arg:"" name:"EXPR" help:"An expression over tags and traits."`
	Until string `required:"" placeholder:"TIME" help:"Tell what changes before this time."`
	limit `embed:""`
}

// flip is one change that time alone will make.
type flip struct {
	At          time.Time `json:"at"`
	Profile     uint64    `json:"profile"`
	Identifiers []string  `json:"identifiers"`
	Enters      bool      `json:"enters"`
}

// Run lists who will enter and leave a segment if nothing else happens.
func (v *flipsVerb) Run(s *session) error {
	if err := v.check(); err != nil {
		return err
	}
	e, err := segment.Parse(v.Expr)
	if err != nil {
		return err
	}
	return s.with(false, func(db *portrait.DB) error {
		until, err := flagTime("--until", v.Until, db.Model().Zone)
		if err != nil {
			return err
		}
		view, err := db.View(s)
		if err != nil {
			return err
		}
		defer view.Close()
		if !until.After(view.AsOf()) {
			return usageError{fmt.Errorf("--until is %s: the store stands at %s already", v.Until, view.AsOf().Format(time.RFC3339Nano))}
		}
		var flips []segment.Flip
		for f, err := range view.FlipsBefore(s, e, until) {
			if err != nil {
				return e.Locate(err)
			}
			flips = append(flips, f)
		}
		history := listing[flip]{
			name: "flips",
			row: func(t *table.Table, f flip) {
				t.Row(second(f.At), entersOrLeaves(f.Enters), number(f.Profile), named(f.Identifiers))
			},
			item: func(f flip) any { return f },
			at:   func(f flip) any { return f.At },
		}
		return history.print(s, view, v.Limit, func(yield func(flip, error) bool) {
			for _, f := range flips {
				ids, err := identifiersOf(s, view, f.Profile)
				if !yield(flip{f.At, uint64(f.Profile), ids, f.Enters}, err) || err != nil {
					return
				}
			}
		})
	})
}

func entersOrLeaves(enters bool) string {
	if enters {
		return "enters"
	}
	return "leaves"
}
