package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
)

// circumstances are the flags of every decision: what is kept with it.
type circumstances struct {
	ID     string `name:"id" placeholder:"ID" help:"What the decision is known by, such as a ticket."`
	By     string `placeholder:"NAME" help:"Who decided."`
	Reason string `placeholder:"TEXT" help:"Why."`
	At     string `placeholder:"TIME" help:"When it was decided, such as 2026-07-01 (now). The latest decision holds."`
}

// decision reads the flags.
func (c *circumstances) decision(s *session, db *portrait.DB) (portrait.Decision, error) {
	d := portrait.Decision{ID: c.ID, By: c.By, Reason: c.Reason}
	if c.At == "" {
		var err error
		d.At, err = s.moment(db)
		return d, err
	}
	p, err := parsePin(c.At, db.Model().Zone)
	if err != nil {
		return d, usageError{fmt.Errorf("--at: %w", err)}
	}
	d.At = p.now()
	return d, nil
}

// moment returns the time of a decision that is made now. While the clock stands
// still, decisions are a microsecond apart, in the order in which they are made:
// of two at one time the later one might not hold.
func (s *session) moment(db *portrait.DB) (time.Time, error) {
	p, err := readPin(s.dir)
	if err != nil || !p.set {
		return time.Now(), err
	}
	view, err := db.View(s)
	if err != nil {
		return p.at, err
	}
	defer view.Close()
	at := p.at
	for d, err := range view.Decisions(s, 0) {
		if err != nil {
			return at, err
		}
		if !d.At.Before(at) && d.At.Sub(p.at) < time.Second {
			at = d.At.Add(time.Microsecond)
		}
	}
	return at, nil
}

// pair are the arguments of a decision about two identifiers.
type pair struct {
	A             string `arg:"" name:"NS:VALUE" help:"An identifier such as email:li@example.com."`
	B             string `arg:"" name:"OTHER" help:"Another identifier."`
	Withdraw      bool   `help:"Take back what was decided so before about the two."`
	circumstances `embed:""`
}

type decidePair func(*portrait.DB, context.Context, profile.Identifier, profile.Identifier, portrait.Decision) (portrait.Effect, error)

func (v *pair) run(s *session, decide decidePair) error {
	ids, err := identifiers(v.A, v.B)
	if err != nil {
		return err
	}
	return s.decide(&v.circumstances, ids, func(db *portrait.DB, d portrait.Decision) (portrait.Effect, error) {
		d.Withdraw = v.Withdraw
		return decide(db, s, ids[0], ids[1], d)
	})
}

type linkVerb struct {
	pair `embed:""`
}

// Run decides that two identifiers are one person.
func (v *linkVerb) Run(s *session) error { return v.run(s, (*portrait.DB).Link) }

type unlinkVerb struct {
	pair `embed:""`
}

// Run decides that what is seen of two identifiers together does not count.
func (v *unlinkVerb) Run(s *session) error { return v.run(s, (*portrait.DB).Unlink) }

type vetoVerb struct {
	pair `embed:""`
}

// Run decides that two identifiers are never one person.
func (v *vetoVerb) Run(s *session) error { return v.run(s, (*portrait.DB).Veto) }

type detachVerb struct {
	Identifier    string `arg:"" name:"NS:VALUE" help:"An identifier such as phone:+8613812345678."`
	circumstances `embed:""`
}

// Run decides that an identifier is not of the person who had it until now.
func (v *detachVerb) Run(s *session) error {
	ids, err := identifiers(v.Identifier)
	if err != nil {
		return err
	}
	return s.decide(&v.circumstances, ids, func(db *portrait.DB, d portrait.Decision) (portrait.Effect, error) {
		return db.Detach(s, ids[0], d)
	})
}

type splitVerb struct {
	Groups        []string `arg:"" name:"NS:VALUE,..." help:"The identifiers of one person each, with commas between them; one that holds a comma stands in double quotes."`
	circumstances `embed:""`
}

// Run decides that groups of identifiers are different people.
func (v *splitVerb) Run(s *session) error {
	groups := make([][]profile.Identifier, len(v.Groups))
	var all []profile.Identifier
	for i, text := range v.Groups {
		var err error
		if groups[i], err = group(text); err != nil {
			return err
		}
		all = append(all, groups[i]...)
	}
	if len(groups) < 2 {
		return usageError{errors.New("split wants two people or more: user_id:u1,email:li@example.com user_id:u2")}
	}
	return s.decide(&v.circumstances, all, func(db *portrait.DB, d portrait.Decision) (portrait.Effect, error) {
		return db.Split(s, groups, d)
	})
}

// group reads NS:VALUE,NS:VALUE,...
func group(text string) ([]profile.Identifier, error) {
	r := csv.NewReader(strings.NewReader(text))
	r.LazyQuotes = true
	lines, err := r.ReadAll()
	if err != nil || len(lines) != 1 {
		return nil, usageError{fmt.Errorf("%q is no list of identifiers such as user_id:u1,email:li@example.com", text)}
	}
	return identifiers(lines[0]...)
}

// decide makes a decision and prints its effect.
func (s *session) decide(c *circumstances, ids []profile.Identifier, act func(*portrait.DB, portrait.Decision) (portrait.Effect, error)) error {
	return s.with(false, func(db *portrait.DB) error {
		d, err := c.decision(s, db)
		if err != nil {
			return err
		}
		effect, err := act(db, d)
		if err != nil {
			return s.unnamed(db, err, ids)
		}
		if effect.Outranked {
			s.printf("commit %d does not hold: the two were decided on later\n", effect.Epoch)
		}
		return s.tell(db, ids, effect)
	})
}

// unnamed is unknown on a view of this moment.
func (s *session) unnamed(db *portrait.DB, err error, ids []profile.Identifier) error {
	view, verr := db.View(s)
	if verr != nil {
		return err
	}
	defer view.Close()
	return s.unknown(view, err, ids)
}
