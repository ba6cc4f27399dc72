package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
)

type withdrawVerb struct {
	Epoch         uint64 `arg:"" name:"COMMIT" help:"The number of the commit, as decisions lists it."`
	circumstances `embed:""`
}

// Run takes back what a commit decided: a split or a detachment with all the pairs
// that it resolved to. A pair about which something else was decided later is
// left as it is. Each pair is a commit of its own; where this is broken off, a
// second run takes back the rest.
func (v *withdrawVerb) Run(s *session) error {
	return s.with(false, func(db *portrait.DB) error {
		holds, overtaken, err := s.standing(db, v.Epoch)
		if err != nil {
			return err
		}
		s.overtaken(v.Epoch, overtaken)
		if len(holds) == 0 {
			return fmt.Errorf("nothing is left to withdraw of commit %d", v.Epoch)
		}
		d, err := v.decision(s, db)
		if err != nil {
			return err
		}
		d.Withdraw = true
		var ids []profile.Identifier
		var effects []portrait.Effect
		for i, old := range holds {
			back, take := d, db.Unlink
			switch {
			case old.Withdraw:
				return fmt.Errorf("commit %d withdraws a decision: decide anew instead", v.Epoch)
			case old.What == "veto":
				take = db.Veto
			}
			if !back.At.After(old.At) {
				if v.At != "" {
					return usageError{fmt.Errorf("--at is not later than the decision, which is of %s", old.At.UTC().Format(time.RFC3339Nano))}
				}
				back.At = old.At.Add(time.Microsecond)
			}
			e, err := take(s, old.A, old.B, back)
			if err != nil {
				return fmt.Errorf("%w; %d of %d decisions were withdrawn before", err, i, len(holds))
			}
			effects = append(effects, e)
			for _, id := range [...]profile.Identifier{old.A, old.B} {
				if !slices.Contains(ids, id) {
					ids = append(ids, id)
				}
			}
		}
		slices.SortFunc(ids, profile.Identifier.Compare)
		return s.tell(db, ids, effects...)
	})
}

// overtaken says that some of what a commit decided does not hold.
func (s *session) overtaken(epoch uint64, n int) {
	switch n {
	case 0:
	case 1:
		s.printf("a decision of commit %d does not hold: the two were decided on later\n", epoch)
	default:
		s.printf("%d decisions of commit %d do not hold: the pairs were decided on later\n", n, epoch)
	}
}

// register is what the latest decision holds about: a pair, by what is seen of the
// two or on any path.
type register struct {
	a, b profile.Identifier
	veto bool
}

func registerOf(d *portrait.Decided) register {
	return register{d.A, d.B, d.What == "veto" || d.What == "lift"}
}

// standing lists what a commit decided, as far as nothing was decided later, and
// counts the rest.
func (s *session) standing(db *portrait.DB, epoch uint64) (holds []portrait.Decided, overtaken int, err error) {
	view, err := db.View(s)
	if err != nil {
		return nil, 0, err
	}
	defer view.Close()
	mine := map[register]portrait.Decided{}
	var order []register
	for d, err := range view.Decisions(s, epoch) {
		if err != nil {
			return nil, 0, err
		}
		if d.Epoch != epoch {
			break
		}
		if d.A == (profile.Identifier{}) || d.B == (profile.Identifier{}) {
			overtaken++ // by an erasure
			continue
		}
		mine[registerOf(&d)] = d
		order = append(order, registerOf(&d))
	}
	if len(order)+overtaken == 0 {
		return nil, 0, fmt.Errorf("nothing was decided in commit %d: see portrait decisions", epoch)
	}
	for d, err := range view.Decisions(s, 0) {
		if err != nil {
			return nil, 0, err
		}
		old, ok := mine[registerOf(&d)]
		if ok && d.Epoch != epoch && (d.At.After(old.At) || d.At.Equal(old.At) && d.Epoch > epoch) {
			delete(mine, registerOf(&d))
		}
	}
	for _, r := range order {
		if d, ok := mine[r]; ok {
			holds = append(holds, d)
		}
	}
	// While a veto holds, what is no longer unlinked would be refused.
	slices.SortStableFunc(holds, func(a, b portrait.Decided) int { return strings.Compare(b.What, a.What) })
	return holds, overtaken + len(order) - len(holds), nil
}
