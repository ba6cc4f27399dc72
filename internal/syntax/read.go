package syntax

import "slices"

// Reads is what an expression depends on by name, each list sorted and without
// repetitions. Tags and computed traits are not followed.
type Reads struct {
	Traits []string
	Events []string
	Tags   []string
	Timed  bool // it reads the clock: now() or ago()
}

// Read returns what e depends on.
func Read(e Expr) Reads {
	var r Reads
	r.expr(e)
	for _, names := range []*[]string{&r.Traits, &r.Events, &r.Tags} {
		slices.Sort(*names)
		*names = slices.Compact(*names)
	}
	return r
}

func (r *Reads) expr(e Expr) {
	if t, ok := e.(*TagRef); ok {
		r.Tags = append(r.Tags, t.Name)
	}
	for _, x := range Parts(e) {
		r.expr(x)
	}
	for _, x := range operands(e) {
		switch x := x.(type) {
		case *Trait:
			r.Traits = append(r.Traits, x.Name)
		case *Aggregate:
			r.Events = append(r.Events, x.Event)
		case *Now, *Ago:
			r.Timed = true
		}
	}
}
