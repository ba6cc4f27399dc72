package lifecycle

import (
	"iter"
	"slices"
)

// Order says which stages may follow which: Order{"prospect": {"new"}}. What may come
// first stands under "", and "" among those that follow is to be gone. Under a stage
// that it does not name nothing may follow.
type Order map[string][]string

// Allows reports whether a move keeps to the order. Moves that a change of the
// definitions or a merge or split of profiles caused are no steps of a customer, and
// always do.
func (o Order) Allows(m Move) bool {
	return m.Cause == "definition" || m.Cause == "merge" || slices.Contains(o[m.From], m.To)
}

// Outside yields those of some moves that do not keep to the order. An error of the
// moves comes at most once, last.
func (o Order) Outside(moves iter.Seq2[Move, error]) iter.Seq2[Move, error] {
	return func(yield func(Move, error) bool) {
		for m, err := range moves {
			if err != nil {
				yield(Move{}, err)
				return
			}
			if !o.Allows(m) && !yield(m, nil) {
				return
			}
		}
	}
}
