package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/examples/internal/table"
	"github.com/portraitdb/portrait/profile"
)

// limit is how many records a verb lists.
type limit struct {
	Limit int `placeholder:"N" help:"List at most so many; 0 means all."`
}

func (l limit) check() error {
	if l.Limit < 0 {
		return usageError{fmt.Errorf("--limit is %d: want 0 or more", l.Limit)}
	}
	return nil
}

// listing is how the records of one log are printed.
type listing[T any] struct {
	name string // of the list in JSON
	flag string // that goes on after a limit
	row  func(*table.Table, T)
	item func(T) any           // in JSON
	at   func(T) (flag uint64) // where a record lies in the log
}

// tableRows is how many rows are lined up with each other: a log may be long.
const tableRows = 500

// print lists records as it reads them, without holding them all in memory: in
// JSON {"as_of", "epoch", NAME: [...], "next"}. next is where the list goes on
// after a limit, and null at its end.
func (l *listing[T]) print(s *session, view *portrait.View, most int, records iter.Seq2[T, error]) error {
	out := bufio.NewWriter(s.stdout)
	if s.json {
		head, err := json.Marshal(atOf(view))
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s,%q:[", head[:len(head)-1], l.name)
	}
	var t table.Table
	var next *uint64
	n := 0
	for rec, err := range records {
		if err != nil {
			return errors.Join(err, out.Flush())
		}
		if most > 0 && n == most {
			next = new(l.at(rec))
			break
		}
		if s.json {
			if n > 0 {
				out.WriteByte(',')
			}
			data, err := json.Marshal(l.item(rec))
			if err != nil {
				return err
			}
			out.Write(data)
		} else if l.row(&t, rec); n%tableRows == tableRows-1 {
			if _, err := t.WriteTo(out); err != nil {
				return err
			}
			t = table.Table{}
		}
		n++
	}
	if s.json {
		end, err := json.Marshal(next)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "],\"next\":%s}\n", end)
		return out.Flush()
	}
	if _, err := t.WriteTo(out); err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if next != nil {
		s.printf("... and more: %s %d goes on\n", l.flag, *next)
	}
	return nil
}

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
	log := listing[portrait.Merge]{
		name: "merges", flag: "--since",
		row: func(t *table.Table, m portrait.Merge) {
			t.Row(number(m.Epoch), "into "+m.Into.String(), "from "+listed(numbers64(m.From)))
		},
		item: func(m portrait.Merge) any { return regrouped{m.Epoch, uint64(m.Into), numbers64(m.From)} },
		at:   func(m portrait.Merge) uint64 { return m.Epoch },
	}
	return s.view(func(view *portrait.View) error { return log.print(s, view, v.Limit, view.Merges(s, v.Since)) })
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
	log := listing[portrait.Decided]{
		name: "decisions", flag: "--since",
		row: func(t *table.Table, d portrait.Decided) {
			t.Row(number(d.Epoch), minute(d.At), d.What, pairOf(d.A, d.B), table.Clean(d.ID), table.Clean(d.By), table.Clean(d.Reason))
		},
		item: func(d portrait.Decided) any {
			return decided{d.Epoch, d.What, textOrNull(d.A), textOrNull(d.B), d.At, d.ID, d.By, d.Reason}
		},
		at: func(d portrait.Decided) uint64 { return d.Epoch },
	}
	return s.view(func(view *portrait.View) error { return log.print(s, view, v.Limit, view.Decisions(s, v.Since)) })
}

// number writes a number that names something, and so is typed in again: without
// separators.
func number(n uint64) string { return strconv.FormatUint(n, 10) }

// minute writes a time for people.
func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }

// pairOf writes two identifiers; one that was erased is gone.
func pairOf(a, b profile.Identifier) string {
	names := make([]string, 2)
	for i, id := range [...]profile.Identifier{a, b} {
		if names[i] = id.String(); id == (profile.Identifier{}) {
			names[i] = "(gone)"
		}
	}
	return table.Clean(strings.Join(names, " - "))
}

func textOrNull(id profile.Identifier) *string {
	if id == (profile.Identifier{}) {
		return nil
	}
	return new(id.String())
}
