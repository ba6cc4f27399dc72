package tags

import (
	"iter"

	"github.com/portraitdb/portrait/profile"
)

// Program is a compiled rule. It is immutable and safe for concurrent use.
type Program struct {
	root *part
	deps Deps
}

// Deps is what a program reads, through every tag and computed trait that it names.
// Each list is sorted and without repetitions.
type Deps struct {
	// Attributes are the traits that are told, not computed.
	Attributes []string
	// Events are the names of the events that are counted, folded or filtered;
	// [profile.AnyEvent] stands for all.
	Events []string
	// Counted are those of them of which it reads what is kept of every event name.
	Counted []string
	// Folds are the numbers of the folds that are read: of events in a window, with a
	// where(), in a sequence or for an interest.
	Folds []uint32
	// Lists are the uploaded lists that it asks of.
	Lists []string
	// Canonical says that it reads which identifier stands for the person.
	Canonical bool
	// Timed says that the answer may change with the clock alone.
	Timed bool
}

// Deps returns what the program reads. The lists belong to the program: do not
// change them.
func (p *Program) Deps() Deps { return p.deps }

// Eval reports whether the rule holds of a state at now, and until when that is
// so if nothing happens: the first instant after now at which the answer changes,
// or [profile.Never]. Where a rule has dozens of changes that cancel out, or compares
// values that change again and again without the answer doing so, until may be an
// earlier instant, at which to ask again. Eval allocates nothing for what a state
// keeps by itself, for counts, sums and times in windows, and for formulas of those.
func (p *Program) Eval(st *profile.State, now profile.Instant) (ok bool, until profile.Instant) {
	if !p.deps.Timed {
		return p.root.eval(st, now).ok, profile.Never
	}
	a := settle(p.root.node, st, now)
	return a.ok, a.until
}

// Judge is Eval; sure says that the answer changes at until, and not perhaps later.
func (p *Program) Judge(st *profile.State, now profile.Instant) (ok bool, until profile.Instant, sure bool) {
	if !p.deps.Timed {
		return p.root.eval(st, now).ok, profile.Never, true
	}
	a := settle(p.root.node, st, now)
	return a.ok, a.until, a.exact && !a.guess
}

// Flips yields the instants after now and before until at which the answer changes
// if nothing happens, ascending, each with the answer from then on. It evaluates the
// rule about once for each.
func (p *Program) Flips(st *profile.State, now, until profile.Instant) iter.Seq2[profile.Instant, bool] {
	return func(yield func(profile.Instant, bool) bool) {
		was, at := p.Eval(st, now)
		for at < until {
			is, next := p.Eval(st, at)
			if is != was && !yield(at, is) {
				return
			}
			was, at = is, next
		}
	}
}
