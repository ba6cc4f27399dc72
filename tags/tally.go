package tags

import (
	"cmp"
	"slices"

	"github.com/portraitdb/portrait/profile"
)

// tally counts matches at one instant and at those after it. A match counts once it is
// done, until the day of its first event leaves the window. Neither goes back from one
// found to the next of its group, so that those that count lie side by side.
type tally struct {
	found []found
	left  []profile.Instant // by found: when the day of its first event leaves the window
	// The rest are by found, with one more behind the last.
	//
	// rest is how many matches there are from a found on, over all groups.
	rest []int
	// Where matches may not overlap next is the one that is taken after a found, the
	// first to begin behind its end, and jump one of those that are taken later: so
	// chosen that each of them is a few jumps away.
	next, jump []int
	// looks is how often a found was looked at.
	looks int
}

// span is those of the found of a group, from one up to another, that count. There are
// none where it ends before it begins.
type span struct{ from, to int }

// link sets rest, and where matches may not overlap next and jump.
func (t *tally) link(overlap bool) {
	n := len(t.found)
	t.rest = make([]int, n+1)
	if overlap {
		for x := n - 1; x >= 0; x-- {
			t.rest[x] = t.rest[x+1] + t.found[x].starts
		}
		return
	}
	t.next, t.jump = make([]int, n+1), make([]int, n+1)
	next := 0
	for x := range t.found {
		next = max(next, x+1)
		for next < n && t.found[next].group == t.found[x].group && t.found[next].first.Compare(t.found[x].last) <= 0 {
			next++
		}
		t.next[x] = next
	}
	// A jump is as long as the two behind it together, where these are equally long.
	t.next[n], t.jump[n] = n, n
	for x := n - 1; x >= 0; x-- {
		y := t.next[x]
		once, twice := t.jump[y], t.jump[t.jump[y]]
		t.rest[x], t.jump[x] = t.rest[y]+1, y
		if t.rest[y]-t.rest[once] == t.rest[once]-t.rest[twice] {
			t.jump[x] = twice
		}
	}
}

// in returns how many matches there are among the found of a span. Where they may not
// overlap they are taken as they end. The first of the span ends first; and of those
// that begin behind the end of one taken the first does.
func (t *tally) in(s span) int {
	if s.from >= s.to {
		return 0
	}
	to := s.to
	if t.next != nil {
		for to = s.from; to < s.to; t.looks++ {
			if t.jump[to] < s.to {
				to = t.jump[to]
			} else {
				to = t.next[to]
			}
		}
	}
	return t.rest[s.from] - t.rest[to]
}

// at returns the spans of the groups at an instant.
func (t *tally) at(now profile.Instant) []span {
	if len(t.found) == 0 {
		return nil
	}
	spans := make([]span, t.found[len(t.found)-1].group+1)
	for i := range t.found {
		s := &spans[t.found[i].group]
		if i == 0 || t.found[i-1].group != t.found[i].group {
			*s = span{i, i}
		}
		if t.left[i] <= now {
			s.from = i + 1
		}
		if t.found[i].done <= now {
			s.to = i + 1
		}
	}
	return spans
}

// count returns how many matches there are in spans.
func (t *tally) count(spans []span) (n int) {
	for _, s := range spans {
		n += t.in(s)
	}
	return n
}

// last returns the place of the match in spans that ends last, and of those the one that
// begins last; -1 for none.
func (t *tally) last(spans []span) int {
	last := -1
	for _, s := range spans {
		if s.from < s.to && (last < 0 || t.found[s.to-1].last.Compare(t.found[last].last) > 0) {
			last = s.to - 1
		}
	}
	return last
}

// turn returns the first instant after now, up to a horizon, at which there may be more
// matches or fewer.
func (t *tally) turn(now, horizon profile.Instant) profile.Instant {
	for i := range t.found {
		done, left := t.found[i].done, t.left[i]
		if done >= left {
			continue
		}
		if done > now {
			horizon = min(horizon, done)
		}
		if left > now {
			horizon = min(horizon, left)
		}
	}
	return horizon
}

// until returns the first instant after that of spans, before a horizon, at which there
// is a number of matches that is asked for, else the horizon. It changes spans.
func (t *tally) until(spans []span, now, horizon profile.Instant, is func(n int) bool) profile.Instant {
	n := t.count(spans)
	done := t.turns(now, horizon, func(i int) profile.Instant { return t.found[i].done })
	left := t.turns(now, horizon, func(i int) profile.Instant { return t.left[i] })
	for len(done)+len(left) > 0 {
		at := horizon
		if len(done) > 0 {
			at = t.found[done[0]].done
		}
		if len(left) > 0 {
			at = min(at, t.left[left[0]])
		}
		for ; len(done) > 0 && t.found[done[0]].done == at; done = done[1:] {
			s := &spans[t.found[done[0]].group]
			n -= t.in(*s)
			s.to = done[0] + 1
			n += t.in(*s)
		}
		for ; len(left) > 0 && t.left[left[0]] == at; left = left[1:] {
			s := &spans[t.found[left[0]].group]
			n -= t.in(*s)
			s.from = left[0] + 1
			n += t.in(*s)
		}
		if is(n) {
			return at
		}
	}
	return horizon
}

// turns lists, by their instants, those found that have one after now and before a
// horizon; of those of a group that share it the last.
func (t *tally) turns(now, horizon profile.Instant, of func(i int) profile.Instant) (turns []int) {
	for i := range t.found {
		at := of(i)
		if at <= now || at >= horizon || i+1 < len(t.found) && t.found[i+1].group == t.found[i].group && of(i+1) == at {
			continue
		}
		turns = append(turns, i)
	}
	slices.SortFunc(turns, func(a, b int) int { return cmp.Compare(of(a), of(b)) })
	return turns
}
