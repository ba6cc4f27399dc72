package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/examples/internal/table"
	"github.com/portraitdb/portrait/profile"
)

type traitsVerb struct {
	Identifier string `arg:"" name:"NS:VALUE" help:"An identifier such as email:li@example.com."`
}

// origin is one trait in JSON, with where its value comes from.
type origin struct {
	Name  string        `json:"name"`
	Value profile.Value `json:"value"`
	// Compute is what a computed trait stands for. An attribute has Policy, and, where
	// one event told the value, what is still known of that.
	Compute   string     `json:"compute,omitempty"`
	Policy    string     `json:"policy,omitempty"`
	Declared  bool       `json:"declared"`
	At        *time.Time `json:"at,omitempty"`
	Source    string     `json:"source,omitempty"`
	MessageID string     `json:"message_id,omitempty"`
}

// Run lists the traits of a profile and where each value comes from.
func (v *traitsVerb) Run(s *session) error {
	id, err := identifier(v.Identifier)
	if err != nil {
		return err
	}
	return s.view(func(view *portrait.View) error {
		p, err := view.Profile(s, id)
		if err != nil {
			return found(err, v.Identifier)
		}
		list, err := view.Provenance(s, id)
		if err != nil {
			return found(err, v.Identifier)
		}
		answer := struct {
			ID     uint64   `json:"id"`
			Traits []origin `json:"traits"`
			at
		}{uint64(p.ID), make([]origin, len(list)), atOf(view)}
		for i, t := range list {
			answer.Traits[i] = originOf(t)
		}
		return s.answer(answer, func(w io.Writer) error {
			if len(list) == 0 {
				_, err := fmt.Fprintf(w, "profile %s has no traits\n", p.ID)
				return err
			}
			var t table.Table
			for _, o := range answer.Traits {
				t.Row(table.Clean(o.Name), table.Clean(o.Value.String()), table.Clean(o.from()))
			}
			_, err := t.WriteTo(w)
			return err
		})
	})
}

func originOf(p profile.Provenance) origin {
	o := origin{Name: p.Name, Value: p.Value, Compute: p.Compute, Declared: p.Declared || p.Compute != ""}
	if p.Compute != "" {
		return o
	}
	o.Policy, o.Source, o.MessageID = p.Policy.String(), p.Source, p.MessageID
	if !p.At.IsZero() {
		o.At = new(p.At)
	}
	return o
}

// from tells in words where a value comes from.
func (o *origin) from() string {
	if o.Compute != "" {
		return "= " + o.Compute
	}
	text := o.Policy + " of what was told"
	if o.At != nil {
		text = fmt.Sprintf("%s, told %s", o.Policy, minute(*o.At))
	}
	if by := strings.Trim(o.Source+" "+o.MessageID, " "); by != "" {
		text += " by " + by
	}
	if !o.Declared {
		text += "; not in the model"
	}
	return text
}
