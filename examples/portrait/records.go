package main

import (
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/examples/internal/table"
)

type mergesVerb struct {
	Since uint64 `placeholder:"EPOCH" help:"Begin with the commit of this number."`
	limit `embed:""`
}

// regrouped is one record of the merge log: after the commit the profile Into held
// identifiers of the profiles From.
type regrouped struct {
	Epoch uint64   `json:"epoch"`
	Into  uint64   `json:"into"`
	From  []uint64 `json:"from"`
}

// Run lists which profiles became which.
func (v *mergesVerb) Run(s *session) error {
	if err := v.check(); err != nil {
		return err
	}
	history := listing[portrait.Merge]{
		name: "merges", flag: "--since",
		row: func(t *table.Table, m portrait.Merge) {
			t.Row(number(m.Epoch), "into "+m.Into.String(), "from "+listed(numbers64(m.From)))
		},
		item: func(m portrait.Merge) any { return regrouped{m.Epoch, uint64(m.Into), numbers64(m.From)} },
		at:   func(m portrait.Merge) any { return m.Epoch },
	}
	return s.view(func(view *portrait.View) error { return history.print(s, view, v.Limit, view.Merges(s, v.Since)) })
}

type decisionsVerb struct {
	Since uint64 `placeholder:"EPOCH" help:"Begin with the commit of this number."`
	limit `embed:""`
}

// decided is one record of the decisions.
type decided struct {
	Epoch  uint64    `json:"epoch"`
	What   string    `json:"what"` // link, unlink, withdraw, veto or lift
	A      *string   `json:"a"`    // null: gone
	B      *string   `json:"b"`
	At     time.Time `json:"at"`
	ID     string    `json:"id,omitempty"`
	By     string    `json:"by,omitempty"`
	Reason string    `json:"reason,omitempty"`
}

// Run lists what was decided about identifiers.
func (v *decisionsVerb) Run(s *session) error {
	if err := v.check(); err != nil {
		return err
	}
	history := listing[portrait.Decided]{
		name: "decisions", flag: "--since",
		row: func(t *table.Table, d portrait.Decided) {
			t.Row(number(d.Epoch), minute(d.At), d.What, pairOf(d.A, d.B), table.Clean(d.ID), table.Clean(d.By), table.Clean(d.Reason))
		},
		item: func(d portrait.Decided) any {
			return decided{d.Epoch, d.What, textOrNull(d.A), textOrNull(d.B), d.At, d.ID, d.By, d.Reason}
		},
		at: func(d portrait.Decided) any { return d.Epoch },
	}
	return s.view(func(view *portrait.View) error { return history.print(s, view, v.Limit, view.Decisions(s, v.Since)) })
}
