package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/examples/internal/table"
	"github.com/portraitdb/portrait/profile"
)

// effect is what decisions did.
type effect struct {
	Epoch uint64 `json:"epoch"` // of the last of them
	// Changes are the profiles that merged or split.
	Changes []change `json:"changes"`
	// Refused tells what is not united, and why.
	Refused []refusal `json:"refused"`
	// Now is where the identifiers lead that were named.
	Now []whereabouts `json:"now"`
}

// change is that some profiles became others.
type change struct {
	What   string   `json:"what"` // merge, split or regroup
	Before []uint64 `json:"before"`
	After  []known  `json:"after"`
}

// known is a profile with whom it is known as.
type known struct {
	ID          uint64   `json:"id"`
	Identifiers []string `json:"identifiers"`
}

// whereabouts is the profile that an identifier leads to.
type whereabouts struct {
	Identifier string  `json:"identifier"`
	Profile    *uint64 `json:"profile"` // null: none
}

// tell prints the effect of decisions that were made one after the other.
func (s *session) tell(db *portrait.DB, ids []profile.Identifier, effects ...portrait.Effect) error {
	view, err := db.View(s)
	if err != nil {
		return err
	}
	defer view.Close()
	out := &effect{Changes: []change{}, Refused: []refusal{}, Now: []whereabouts{}}
	var refused []portrait.Refusal
	for _, e := range effects {
		out.Epoch = max(out.Epoch, e.Epoch)
		refused = append(refused, e.Refused...)
		for _, c := range changesOf(e.Merges) {
			if err := s.describeChange(view, &c); err != nil {
				return err
			}
			out.Changes = append(out.Changes, c)
		}
	}
	for _, r := range refused {
		out.Refused = append(out.Refused, describeRefusal(r))
	}
	for _, id := range ids {
		at := whereabouts{Identifier: id.String()}
		p, err := view.Profile(s, id)
		switch {
		case err == nil:
			at.Profile = new(uint64(p.ID))
		case !errors.Is(err, portrait.ErrNotFound):
			return err
		}
		out.Now = append(out.Now, at)
	}
	return s.answer(out, func(w io.Writer) error { return out.print(w, refused) })
}

// changesOf gathers the records of profiles that changed with each other.
func changesOf(merges []portrait.Merge) []change {
	var out []change
	for _, m := range merges {
		c := change{Before: numbers64(m.From), After: []known{{ID: uint64(m.Into)}}}
		// It takes in all changes that share a profile with it.
		out = slices.DeleteFunc(out, func(o change) bool {
			if !slices.ContainsFunc(o.Before, func(id uint64) bool { return slices.Contains(c.Before, id) }) {
				return false
			}
			c.Before = append(c.Before, o.Before...)
			c.After = append(c.After, o.After...)
			return true
		})
		out = append(out, c)
	}
	for i := range out {
		c := &out[i]
		slices.Sort(c.Before)
		c.Before = slices.Compact(c.Before)
		slices.SortFunc(c.After, func(a, b known) int { return cmp.Compare(a.ID, b.ID) })
		c.What = becoming(len(c.Before), len(c.After))
	}
	return out
}

// describeChange looks up whom the profiles are known as that a change left. A
// later change may have taken one away again.
func (s *session) describeChange(view *portrait.View, c *change) error {
	for i := range c.After {
		ids, err := identifiersOf(s, view, profile.ID(c.After[i].ID))
		if err != nil {
			return err
		}
		c.After[i].Identifiers = ids
	}
	return nil
}

func (e *effect) print(w io.Writer, refused []portrait.Refusal) error {
	lines := []string{fmt.Sprintf("decided in commit %d", e.Epoch)}
	if len(e.Changes) == 0 {
		lines = append(lines, "no profile merges or splits")
	}
	for _, c := range e.Changes {
		lines = append(lines, fmt.Sprintf("%s: %s become%s", c.What, listed(c.Before), singular(len(c.Before))))
		for _, p := range c.After {
			lines = append(lines, fmt.Sprintf("  %s  %s", profile.ID(p.ID), named(p.Identifiers)))
		}
	}
	for _, r := range refused {
		lines = append(lines, "not united: "+reasonOf(r.A, r.B, r.Rule, r.Namespace))
	}
	if err := printLines(w, lines); err != nil {
		return err
	}
	var t table.Table
	for i, n := range e.Now {
		where := "no profile"
		if n.Profile != nil {
			where = "profile " + profile.ID(*n.Profile).String()
		}
		t.Row(label(i, "now"), table.Clean(n.Identifier), where)
	}
	_, err := t.WriteTo(w)
	return err
}
