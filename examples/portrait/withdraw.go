package main

import (
	"fmt"
	"slices"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
)

type withdrawVerb struct {
	Epoch         uint64 `arg:"" name:"COMMIT" help:"The number of the commit, as decisions lists it."`
	circumstances `embed:""`
}

// Run takes back what a commit decided: a split or a detachment with all the pairs
// that it resolved to. A pair about which something else was decided later is
// left as it is.
func (v *withdrawVerb) Run(s *session) error {
	return s.with(false, func(db *portrait.DB) error {
		ids, err := s.named(db, v.Epoch)
		if err != nil {
			return err
		}
		d, err := v.decision(s, db)
		if err != nil {
			return err
		}
		effect, err := db.Withdraw(s, v.Epoch, d)
		if err != nil {
			return err
		}
		if effect.Outranked {
			s.printf("some of commit %d does not hold: the pairs were decided on later\n", v.Epoch)
		}
		return s.tell(db, ids, effect)
	})
}

// named lists the identifiers that a commit decided on.
func (s *session) named(db *portrait.DB, epoch uint64) ([]profile.Identifier, error) {
	view, err := db.View(s)
	if err != nil {
		return nil, err
	}
	defer view.Close()
	var ids []profile.Identifier
	for d, err := range view.Decisions(s, epoch) {
		if err != nil {
			return nil, err
		}
		if d.Epoch != epoch {
			break
		}
		ids = append(ids, d.A, d.B)
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("nothing was decided in commit %d: see portrait decisions", epoch)
	}
	slices.SortFunc(ids, profile.Identifier.Compare)
	return slices.Compact(ids), nil
}
