package tags

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/internal/seeds"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// naiveMatches goes through all the events behind each that begins, and takes the first
// that ends a match: as find is defined, at the cost of the events squared. It returns
// the paths of the matches too.
func (m *matcher) naiveMatches(events []profile.TraceFold) (all []found, paths [][]profile.Stamp) {
	for group, events := range m.groups(events) {
		for i := range events {
			e := &events[i]
			if e.starts == 0 {
				continue
			}
			done := add(e.At, profile.Instant(m.total))
			free := func(end int) bool {
				return m.after == 0 || !slices.ContainsFunc(events[end+1:], func(e moment) bool { return e.selects&m.after != 0 && e.At <= done })
			}
			path := m.naiveRun(events, i, free)
			if path == nil {
				continue
			}
			last := path[len(path)-1]
			if m.after == 0 {
				done = last.At
			}
			all = append(all, found{group: group, first: e.Stamp, last: last, done: done, starts: e.starts})
			paths = append(paths, path)
		}
	}
	return all, paths
}

// naiveRun goes through the steps from the event that is the first, up to the first that
// may be the last step and is accepted. Of the events that may be a step the latest is as
// good as any.
func (m *matcher) naiveRun(events []moment, first int, accept func(end int) bool) []profile.Stamp {
	k := len(m.steps)
	latest, bars, paths := slices.Repeat([]int{-1}, k), slices.Repeat([]int{-1}, k), make([][]profile.Stamp, k)
	latest[0], paths[0] = first, []profile.Stamp{events[first].Stamp}
	for i := first; i < len(events); i++ {
		e := &events[i]
		if m.total > 0 && int64(e.At-events[first].At) > m.total {
			return nil
		}
		for j := k - 1; j > 0; j-- {
			before, p := latest[j-1], &m.steps[j]
			if e.selects&p.is == 0 || before < 0 || before >= i || bars[j] > before ||
				p.within > 0 && int64(e.At-events[before].At) > p.within {
				continue
			}
			latest[j], paths[j] = i, append(slices.Clone(paths[j-1]), e.Stamp)
		}
		if latest[k-1] == i && accept(i) {
			return paths[k-1]
		}
		for j := range bars {
			if e.selects&m.steps[j].bars != 0 {
				bars[j] = i
			}
		}
	}
	return nil
}

// naiveCount counts those found at an instant, and tells the place of the one that ends
// last, or -1. Where they may not overlap they are taken as they end, and of those that
// end alike the latest is the first.
func (t *tally) naiveCount(overlap bool, at profile.Instant) (n, last int) {
	order := make([]int, len(t.found))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		a, b := &t.found[i], &t.found[j]
		return cmp.Or(cmp.Compare(a.group, b.group), a.last.Compare(b.last), b.first.Compare(a.first))
	})
	last = -1
	taken := -1 // the last one taken of the group
	for _, i := range order {
		f := &t.found[i]
		if f.done > at || t.left[i] <= at {
			continue
		}
		if last < 0 || f.last.Compare(t.found[last].last) > 0 {
			last = i
		}
		if overlap {
			n += f.starts
			continue
		}
		if taken < 0 || t.found[taken].group != f.group || f.first.Compare(t.found[taken].last) > 0 {
			n++
			taken = i
		}
	}
	return n, last
}

// naiveTurns returns the instants after now, before the horizon, at which there may be
// more matches or fewer, ascending; the horizon itself is the last.
func (t *tally) naiveTurns(now, horizon profile.Instant) []profile.Instant {
	var at []profile.Instant
	for i := range t.found {
		for _, turn := range [...]profile.Instant{t.found[i].done, t.left[i]} {
			if turn > now && turn < horizon && t.found[i].done < t.left[i] {
				at = append(at, turn)
			}
		}
	}
	slices.Sort(at)
	return append(slices.Compact(at), horizon)
}

// randomMatcher returns a sequence of up to four steps over four filters.
func randomMatcher(r *rand.Rand, span int64) *matcher {
	some := func(n int) (bits uint64) {
		for range n {
			bits |= 1 << r.IntN(4)
		}
		return bits
	}
	m := &matcher{linked: r.IntN(4) == 0}
	for i := range 1 + r.IntN(4) {
		p := pace{is: some(1 + r.IntN(2))}
		if i > 0 && r.IntN(3) == 0 {
			p.bars = some(1)
		}
		if i > 0 && r.IntN(3) == 0 {
			p.within = 1 + r.Int64N(span/4)
		}
		m.steps = append(m.steps, p)
	}
	if len(m.steps) == 1 || r.IntN(2) == 0 {
		m.total = 1 + r.Int64N(span)
		if len(m.steps) == 1 || r.IntN(3) > 0 {
			m.after = some(1)
		}
	}
	return m
}

// randomTrace returns events of which many are of one time, and some of one stamp.
func randomTrace(r *rand.Rand, span int64) []profile.TraceFold {
	events := make([]profile.TraceFold, r.IntN(int(span)))
	for i := range events {
		e := &events[i]
		e.Stamp = profile.Stamp{At: profile.Instant(r.Int64N(span) - span/3), Tie: r.Uint64N(3)}
		e.Selects = 1 << r.IntN(4)
		if r.IntN(4) == 0 {
			e.Selects |= 1 << r.IntN(4)
		}
		if r.IntN(6) > 0 {
			e.Link = profile.Number(float64(r.IntN(3)))
		}
	}
	slices.SortStableFunc(events, func(a, b profile.TraceFold) int { return a.Stamp.Compare(b.Stamp) })
	return events
}

// What is found, counted and waited for is what a naive search, count and wait come to.
func TestSequence_agrees_with_the_naive(t *testing.T) {
	r := rand.New(rand.NewPCG(seeds.Draw(t), 1))
	rounds := 20_000
	if testing.Short() {
		rounds = 4000
	}
	var matched, forbidden, several, turned int
	for round := range rounds {
		span := []int64{8, 16, 40}[r.IntN(3)]
		m, trace := randomMatcher(r, span), randomTrace(r, span)
		want, paths := m.naiveMatches(trace)
		got, _ := m.find(trace)
		if diff := gocmp.Diff(want, got, gocmp.AllowUnexported(found{})); diff != "" {
			t.Fatalf("round %d: %+v of %v (-want +got):\n%s", round, m, trace, diff)
		}
		for i := range got {
			if diff := gocmp.Diff(len(m.steps), len(m.events(trace, &got[i]))); diff != "" {
				t.Fatalf("round %d: %+v of %v: path %d (-want +got):\n%s", round, m, trace, i, diff)
			}
			if diff := gocmp.Diff(paths[i], m.events(trace, &got[i])); diff != "" {
				t.Fatalf("round %d: %+v of %v: path %d (-want +got):\n%s", round, m, trace, i, diff)
			}
		}
		if len(got) > 0 {
			matched++
			if m.after != 0 && len(m.steps) > 1 {
				forbidden++
			}
		}
		n, changed := checkTally(t, r, got, span)
		if n > 1 {
			several++
		}
		if changed {
			turned++
		}
	}
	for what, n := range map[string]int{"that have a match": matched, "with something forbidden behind the last of several steps": forbidden, "with two matches": several, "that change later": turned} {
		if n < rounds/20 {
			t.Errorf("only %d of %d %s", n, rounds, what)
		}
	}
}

// checkTally holds a tally of what was found against the naive count, at each instant and
// until each; n is the most that there are, and changed says that it was waited for.
func checkTally(t *testing.T, r *rand.Rand, all []found, span int64) (n int, changed bool) {
	t.Helper()
	if len(all) == 0 {
		return 0, false
	}
	day, days := profile.Instant(1+r.Int64N(span/2)), profile.Instant(1+r.IntN(3))
	v, overlap := survey{tally: tally{found: all}, ok: true}, r.IntN(2) == 0
	for i := range all {
		v.left = append(v.left, ((all[i].first.At+1000*day)/day+days)*day-1000*day)
	}
	v.link(overlap)
	for now := -profile.Instant(span); now < 4*profile.Instant(span); now++ {
		want, wantLast := v.naiveCount(overlap, now)
		got, gotLast := v.count(v.at(now)), v.last(v.at(now))
		if got != want || gotLast != wantLast {
			t.Fatalf("%+v until %v, overlapping %v, at %d: %d, the last %d, want %d, the last %d", all, v.left, overlap, now, got, gotLast, want, wantLast)
		}
		n = max(n, got)
		v.horizon = now + 1 + profile.Instant(r.Int64N(2*span))
		if r.IntN(3) == 0 {
			v.horizon = profile.Never
		}
		turns := v.naiveTurns(now, v.horizon)
		if got := v.turn(now, v.horizon); got != turns[0] {
			t.Fatalf("%+v until %v, overlapping %v, at %d: the next turn is %d, want %d", all, v.left, overlap, now, got, turns[0])
		}
		p := &threshold{op: []syntax.Op{syntax.Ge, syntax.Eq, syntax.Lt}[r.IntN(3)], value: profile.Number(float64(r.IntN(4)))}
		held := p.holds(profile.Number(float64(want)), true)
		until := turns[slices.IndexFunc(turns, func(at profile.Instant) bool {
			n, _ := v.naiveCount(overlap, at)
			return at == v.horizon || p.holds(profile.Number(float64(n)), true) != held
		})]
		expected := answer{ok: held, until: until, exact: until < v.horizon || until == profile.Never}
		if got := v.test(p, now); got != expected {
			t.Fatalf("%+v until %v, overlapping %v, at %d, compared with %v: %+v, want %+v", all, v.left, overlap, now, p, got, expected)
		}
		changed = changed || until < v.horizon
	}
	return n, changed
}

// What one event costs grows no faster than the events of the profile do, however they
// lie: here 30,000 of them, as a busy profile has in 30 days.
func TestSequence_work(t *testing.T) {
	const (
		n       = 30_000
		day     = profile.Instant(24 * 3600 * 1_000_000)
		minute  = int64(60_000_000)
		view    = 1
		add     = 2
		order   = 4
		monthly = int64(30 * day)
	)
	step := func(is uint64) pace { return pace{is: is} }
	for _, tt := range []struct {
		name    string
		m       matcher
		selects func(i int) uint64
		found   int // -1: some
	}{
		{"what never comes, and then not", matcher{steps: []pace{step(view), step(add)}, after: order, total: monthly}, func(int) uint64 { return view }, 0},
		{"and then not", matcher{steps: []pace{step(view)}, after: order, total: monthly}, func(int) uint64 { return view }, n},
		{"and then not, which comes at the end", matcher{steps: []pace{step(view), step(view)}, after: order, total: monthly}, func(i int) uint64 {
			if i == n-1 {
				return order
			}
			return view
		}, 0},
		{"each its own end, far away", matcher{steps: []pace{step(view), step(add)}, after: order, total: monthly}, func(i int) uint64 {
			if i < n/2 {
				return view
			}
			return add
		}, n / 2},
		{"many steps", matcher{steps: slices.Repeat([]pace{step(view)}, 20), after: order, total: monthly}, func(int) uint64 { return view }, n - 19},
		{"little time", matcher{steps: []pace{step(view), {is: add, within: 30 * minute}}, after: order, total: 90 * minute}, func(i int) uint64 { return 1 << (i / 7 % 3) }, -1},
		{"forbidden between", matcher{steps: []pace{step(view), {is: view, bars: add}, {is: add, bars: order}}, after: order, total: 4 * minute}, func(i int) uint64 { return 1 << (i % 97 % 3) }, -1},
		{"nothing forbidden", matcher{steps: []pace{step(view), step(add)}, total: monthly}, func(i int) uint64 { return 1 << (i & 1) }, n / 2},
		{"of one link each", matcher{steps: []pace{step(view)}, after: order, total: monthly, linked: true}, func(int) uint64 { return view }, n},
	} {
		t.Run(tt.name, func(t *testing.T) {
			trace := make([]profile.TraceFold, n)
			for i := range trace {
				trace[i] = profile.TraceFold{Stamp: profile.Stamp{At: profile.Instant(i) * day / 1000}, Selects: tt.selects(i), Link: profile.Number(float64(i))}
			}
			all, looks := tt.m.find(trace)
			if len(all) != tt.found && (tt.found >= 0 || len(all) == 0) {
				t.Errorf("%d found, want %d", len(all), tt.found)
			}
			if bound := n * (4 + 2*len(tt.m.steps)); looks > bound {
				t.Errorf("looked at %d events, more than %d", looks, bound)
			}
			for _, overlap := range []bool{false, true} {
				v := survey{tally: tally{found: all}, ok: true, horizon: profile.Never}
				for i := range all {
					v.left = append(v.left, (all[i].first.At/day+60)*day)
				}
				v.link(overlap)
				// As long as can be: no number is so large.
				got := v.test(&threshold{op: syntax.Gt, value: profile.Number(n)}, 0)
				if got != (answer{until: profile.Never, exact: true}) {
					t.Errorf("overlapping %v: %+v", overlap, got)
				}
				const jumps = 2 * 15 // 2 log n
				if bound := 4 * n * jumps; v.looks > bound {
					t.Errorf("overlapping %v: looked at %d found, more than %d", overlap, v.looks, bound)
				}
			}
		})
	}
}
