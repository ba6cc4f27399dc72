package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/examples/internal/table"
	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/profile"
)

type relatedVerb struct {
	A string `arg:"" name:"NS:VALUE" help:"An identifier such as email:li@example.com."`
	B string `arg:"" name:"OTHER" help:"Another identifier."`
}

// relation is a identity.Relation in JSON.
type relation struct {
	Together  bool   `json:"together"`
	Path      []step `json:"path"`
	Truncated bool   `json:"truncated"` // not all evidence was read
	at
}

// step is one step of a path.
type step struct {
	From      string     `json:"from"`
	To        string     `json:"to"`
	First     *time.Time `json:"first"` // null: no event named both
	Last      *time.Time `json:"last"`
	Decision  string     `json:"decision,omitempty"`
	Decided   *time.Time `json:"decided,omitempty"`
	Match     *match     `json:"match,omitempty"`
	Rule      string     `json:"rule,omitempty"` // empty: the step unites
	Namespace string     `json:"namespace,omitempty"`
	Against   []string   `json:"against,omitempty"`
}

// match is what record linkage says of a pair.
type match struct {
	Bits  float64 `json:"bits"`
	Weak  bool    `json:"weak"` // counts as an edge
	Model uint64  `json:"model"`
}

// Run explains what two identifiers have to do with each other. The answer is no,
// and so is the exit status, where they are not one profile.
func (v *relatedVerb) Run(s *session) error {
	ids, err := identifiers(v.A, v.B)
	if err != nil {
		return err
	}
	return s.view(func(view *portrait.View) error {
		r, err := view.ExplainIdentity(s, ids[0], ids[1])
		if err != nil {
			return s.unknown(view, err, ids)
		}
		err = s.answer(describeRelation(r, view), func(w io.Writer) error {
			var lines []string
			for line := range strings.Lines(r.String()) {
				lines = append(lines, table.Clean(strings.TrimRight(line, "\n")))
			}
			return printLines(w, lines)
		})
		if err == nil && !r.Together {
			return errNo
		}
		return err
	})
}

// unknown restates the error of an identifier that was never named: it says which
// one of several it is.
func (s *session) unknown(view *portrait.View, err error, ids []profile.Identifier) error {
	if !errors.Is(err, portrait.ErrNotFound) {
		return err
	}
	for _, id := range ids {
		_, err := view.ExplainIdentity(s, id, id)
		if drop, ok := errors.AsType[*identity.DropError](err); ok {
			return fmt.Errorf("%s: %w", id, drop)
		}
		if errors.Is(err, portrait.ErrNotFound) {
			return fmt.Errorf("no event and no decision named %s", id)
		}
	}
	return err
}

func describeRelation(r *identity.Relation, view *portrait.View) relation {
	out := relation{Together: r.Together, Path: make([]step, len(r.Path)), Truncated: r.Truncated, at: atOf(view)}
	for i, st := range r.Path {
		out.Path[i] = step{
			From: st.From.String(), To: st.To.String(), First: timeOrNull(st.First), Last: timeOrNull(st.Last),
			Decision: st.Decision, Decided: timeOrNull(st.Decided), Rule: st.Rule, Namespace: st.Namespace, Against: texts(st.Against),
		}
		if m := st.Match; m.Model != 0 {
			out.Path[i].Match = &match{Bits: float64(m.Weight) / 1000, Weak: m.Weak, Model: m.Model}
		}
	}
	return out
}

// timeOrNull returns nil for the zero time.
func timeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// identifiers reads several of NS:VALUE.
func identifiers(all ...string) ([]profile.Identifier, error) {
	ids := make([]profile.Identifier, len(all))
	for i, text := range all {
		var err error
		if ids[i], err = identifier(text); err != nil {
			return nil, err
		}
	}
	return ids, nil
}
