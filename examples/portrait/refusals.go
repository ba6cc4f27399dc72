package main

import (
	"strings"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/examples/internal/table"
	"github.com/portraitdb/portrait/profile"
)

type refusalsVerb struct {
	From  uint64 `placeholder:"N" help:"Begin with the record of this number."`
	limit `embed:""`
}

// refusal is one record of what identity rules refused: a pair that was not
// united, or an identifier that was dropped, of which only a hash is kept.
type refusal struct {
	Number    uint64    `json:"number"`
	Epoch     uint64    `json:"epoch"`
	Rule      string    `json:"rule"`
	Detail    string    `json:"detail,omitempty"`
	Namespace string    `json:"namespace,omitempty"`
	A         *string   `json:"a,omitempty"` // the weaker of the pair
	B         *string   `json:"b,omitempty"`
	Hash      string    `json:"hash,omitempty"` // of the dropped identifier
	Source    string    `json:"source,omitempty"`
	MessageID string    `json:"message_id,omitempty"`
	Time      time.Time `json:"time"`
}

func describeRefusal(r portrait.Refusal) refusal {
	return refusal{
		Number: r.Number, Epoch: r.Epoch, Rule: r.Rule, Detail: r.Detail, Namespace: r.Namespace,
		A: textOrNull(r.A), B: textOrNull(r.B), Hash: r.Hash,
		Source: r.Source, MessageID: r.MessageID, Time: r.Time,
	}
}

// Run lists what identity rules refused.
func (v *refusalsVerb) Run(s *session) error {
	if err := v.check(); err != nil {
		return err
	}
	history := listing[portrait.Refusal]{
		name: "refusals", flag: "--from",
		row: func(t *table.Table, r portrait.Refusal) {
			t.Row(number(r.Number), minute(r.Time), ruleOf(r.Rule, r.Namespace), refusedOf(r), eventOf(r))
		},
		item: func(r portrait.Refusal) any { return describeRefusal(r) },
		at:   func(r portrait.Refusal) any { return r.Number },
	}
	return s.view(func(view *portrait.View) error { return history.print(s, view, v.Limit, view.Refusals(s, v.From)) })
}

// refusedOf writes what was refused: a pair, or an identifier by a part of its
// hash, enough to see which are the same.
func refusedOf(r portrait.Refusal) string {
	if r.Hash == "" {
		return pairOf(r.A, r.B)
	}
	text := "dropped #" + r.Hash[:min(len(r.Hash), 8)]
	if r.Detail != "" {
		text += " (" + table.Clean(r.Detail) + ")"
	}
	return text
}

// eventOf writes which event or decision brought the refusal.
func eventOf(r portrait.Refusal) string {
	return table.Clean(strings.Trim(r.Source+" "+r.MessageID, " "))
}

// reasonOf tells why a pair was not united.
func reasonOf(a, b profile.Identifier, rule, namespace string) string {
	return pairOf(a, b) + ", by " + ruleOf(rule, namespace)
}
