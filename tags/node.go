package tags

import "github.com/portraitdb/portrait/profile"

// node is one compiled condition.
type node interface {
	eval(st *profile.State, now profile.Instant) answer
}

// answer is what a node says at one instant.
type answer struct {
	ok bool
	// until is an instant after now before which the answer does not change if
	// nothing happens.
	until profile.Instant
	// exact says that there is no use in asking on: it changes at until or, where a
	// condition has asked on often enough, it may. Always so where until is Never.
	exact bool
	// guess says that a condition has asked on often enough: though exact, it may
	// change later than at until.
	guess bool
}

func always(ok bool) answer { return answer{ok: ok, until: profile.Never, exact: true} }

// maxSteps bounds the search for the instant at which an answer changes.
const maxSteps = 64

// settle turns a node's answer into an exact one, by asking again at the instant
// that it names, or gives up after maxSteps and leaves a safe bound.
func settle(n node, st *profile.State, now profile.Instant) answer {
	first := n.eval(st, now)
	a := first
	for range maxSteps {
		if a.exact {
			break
		}
		next := n.eval(st, a.until)
		if next.ok != first.ok {
			a.exact, a.guess = true, false
			break
		}
		a = next
	}
	a.ok = first.ok
	return a
}

// fixed is true or false for every profile.
type fixed bool

func (n fixed) eval(*profile.State, profile.Instant) answer { return always(bool(n)) }

// negation is not.
type negation struct{ x node }

func (n *negation) eval(st *profile.State, now profile.Instant) answer {
	a := n.x.eval(st, now)
	a.ok = !a.ok
	return a
}

// junction is a conjunction or, where one part decides by being true, a
// disjunction.
type junction struct {
	x       []node
	decides bool // the value of a part that settles the whole
}

func (n *junction) eval(st *profile.State, now profile.Instant) answer {
	deciding := 0                                     // parts that decide
	decided, decidedExact := profile.Instant(0), true // until the last of them changes
	open, openExact := profile.Never, true            // until the first of the others does
	guess := false
	for _, x := range n.x {
		a := x.eval(st, now)
		guess = guess || a.guess
		if a.ok != n.decides {
			if a.until < open {
				open, openExact = a.until, a.exact
			} else if a.until == open {
				openExact = openExact || a.exact
			}
			continue
		}
		if a.until == profile.Never {
			return always(n.decides)
		}
		deciding++
		if deciding == 1 || a.until > decided {
			decided, decidedExact = a.until, a.exact
		}
	}
	if deciding == 0 {
		return answer{ok: !n.decides, until: open, exact: openExact || open == profile.Never, guess: guess}
	}
	return answer{ok: n.decides, until: decided, exact: deciding == 1 && decidedExact && open > decided, guess: guess}
}

// parity holds when an odd number of parts do.
type parity struct{ x []node }

func (n *parity) eval(st *profile.State, now profile.Instant) answer {
	whole := always(false)
	for _, x := range n.x {
		a := x.eval(st, now)
		whole.ok = whole.ok != a.ok
		whole.guess = whole.guess || a.guess
		switch {
		case a.until < whole.until:
			whole.until, whole.exact = a.until, a.exact
		case a.until == whole.until && a.until != profile.Never:
			whole.exact = false // two changes at once may cancel out
		}
	}
	return whole
}

// quorum holds when k parts or more do.
type quorum struct {
	k int
	x []node
}

func (n *quorum) eval(st *profile.State, now profile.Instant) answer {
	held, holding, idle, guess := 0, profile.Never, profile.Never, false
	for _, x := range n.x {
		a := x.eval(st, now)
		guess = guess || a.guess
		if a.ok {
			held++
			holding = min(holding, a.until)
		} else {
			idle = min(idle, a.until)
		}
	}
	// It can only stop by a part that holds, and only begin by one that does not.
	a := answer{ok: held >= n.k, until: idle, guess: guess}
	if a.ok {
		a.until = holding
	}
	a.exact = a.until == profile.Never
	return a
}
