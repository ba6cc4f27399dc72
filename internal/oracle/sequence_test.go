package oracle

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

func on1(name string) syntax.Filter { return syntax.Filter{Event: name} }

// steps returns a sequence of steps by name; one that begins with "-" is forbidden
// before the next, or at the end.
func steps(names ...string) *syntax.Sequence {
	s := &syntax.Sequence{}
	var without []syntax.Filter
	for _, name := range names {
		if name[0] == '-' {
			without = append(without, on1(name[1:]))
			continue
		}
		s.Steps = append(s.Steps, syntax.Step{Filter: on1(name), Without: without})
		without = nil
	}
	s.Without = without
	return s
}

func TestSequence(t *testing.T) {
	within := func(d time.Duration, s *syntax.Sequence) *syntax.Sequence { s.Within = d; return s }
	gap := func(d time.Duration, s *syntax.Sequence) *syntax.Sequence {
		s.Steps[len(s.Steps)-1].Within = d
		return s
	}
	same := func(s *syntax.Sequence) *syntax.Sequence { s.Same = "id"; return s }
	overlapping := func(s *syntax.Sequence) *syntax.Sequence { s.Overlap = true; return s }
	in := func(n int, s *syntax.Sequence) *syntax.Sequence { s.Window = last(n, syntax.Day); return s }
	for _, tt := range []struct {
		name   string
		events string // a name and the minute of the day, perhaps with an id: A10 B20=x
		now    string
		s      *syntax.Sequence
		want   string
	}{
		{"in order", "A10 B20", "2026-11-23 12:00", steps("A", "B"), "1"},
		{"out of order", "A20 B10", "2026-11-23 12:00", steps("A", "B"), "0"},
		{"an event is one step", "A10", "2026-11-23 12:00", steps("A", "A"), "0"},
		{"two of a kind", "A10 A20", "2026-11-23 12:00", steps("A", "A"), "1"},
		{"an event to come", "A10 B20", "2026-11-23 00:19", steps("A", "B"), "0"},
		{"an event of this instant", "A10 B20", "2026-11-23 00:20", steps("A", "B"), "1"},
		{"others between do not matter", "A10 C15 B20", "2026-11-23 12:00", steps("A", "B"), "1"},
		{"forbidden between", "A10 C15 B20", "2026-11-23 12:00", steps("A", "-C", "B"), "0"},
		{"forbidden between, but not after the later", "A10 C15 A17 B20", "2026-11-23 12:00", steps("A", "-C", "B"), "1"},
		{"forbidden elsewhere", "C5 A10 B20 C25 D30", "2026-11-23 12:00", steps("A", "-C", "B", "D"), "1"},
		{"within, exactly", "A10 B20", "2026-11-23 12:00", gap(10*time.Minute, steps("A", "B")), "1"},
		{"within, not", "A10 B20", "2026-11-23 12:00", gap(10*time.Minute-time.Microsecond, steps("A", "B")), "0"},
		{"within of a later step", "A10 B20 B60 C65", "2026-11-23 12:00", gap(10*time.Minute, steps("A", "B", "C")), "1"},
		{"in total, exactly", "A10 B20 C30", "2026-11-23 12:00", within(20*time.Minute, steps("A", "B", "C")), "1"},
		{"in total, not", "A10 B20 C30", "2026-11-23 12:00", within(19*time.Minute, steps("A", "B", "C")), "0"},
		{"in total, from the later beginning", "A10 A15 B20 C30", "2026-11-23 12:00", within(15*time.Minute, steps("A", "B", "C")), "1"},
		{"and then not, in time", "A10", "2026-11-23 00:39", within(30*time.Minute, steps("A", "-B")), "0"},
		{"and then not, the time over", "A10", "2026-11-23 00:40", within(30*time.Minute, steps("A", "-B")), "1"},
		{"and then not, but it was", "A10 B40", "2026-11-23 12:00", within(30*time.Minute, steps("A", "-B")), "0"},
		{"and then not, later", "A10 B41", "2026-11-23 12:00", within(30*time.Minute, steps("A", "-B")), "1"},
		{"and then not, before it", "B9 A10", "2026-11-23 12:00", within(30*time.Minute, steps("A", "-B")), "1"},
		{"and then not, after the last step alone", "A10 C15 B20", "2026-11-23 12:00", within(30*time.Minute, steps("A", "B", "-C")), "1"},
		{"and then not, from the first step", "A10 B20 C41", "2026-11-23 12:00", within(30*time.Minute, steps("A", "B", "-C")), "1"},
		{"and then not, with a later last step", "A10 B20 C25 B30", "2026-11-23 12:00", within(30*time.Minute, steps("A", "B", "-C")), "1"},
		{"counted without overlap", "A10 A20 B30 B40", "2026-11-23 12:00", steps("A", "B"), "1"},
		{"counted one after the other", "A10 B20 A30 B40", "2026-11-23 12:00", steps("A", "B"), "2"},
		{"counted from the earliest end", "A10 B20 A30 B40 A50 C60 C70", "2026-11-23 12:00", steps("A", "C"), "1"},
		{"counted as often as it begins", "A10 A20 B30 B40", "2026-11-23 12:00", overlapping(steps("A", "B")), "2"},
		{"three of a kind", "A10 A20 A30 A40", "2026-11-23 12:00", steps("A", "A"), "2"},
		{"three of a kind, overlapping", "A10 A20 A30 A40", "2026-11-23 12:00", overlapping(steps("A", "A")), "3"},
		{"the same", "A10=x B20=y", "2026-11-23 12:00", same(steps("A", "B")), "0"},
		{"the same, twice", "A10=x A11=y B20=y B21=x", "2026-11-23 12:00", same(steps("A", "B")), "2"},
		{"the same, of none", "A10 B20", "2026-11-23 12:00", same(steps("A", "B")), "0"},
		{"forbidden, of another", "A10=x C15=y B20=x", "2026-11-23 12:00", same(steps("A", "-C", "B")), "1"},
		{"forbidden, of the same", "A10=x C15=x B20=x", "2026-11-23 12:00", same(steps("A", "-C", "B")), "0"},
		{"on the last day of the window", "A10 B20", "2026-12-22 23:59", steps("A", "B"), "1"},
		{"after the window", "A10 B20", "2026-12-23 00:00", steps("A", "B"), "0"},
		{"in a window of its own", "A10 B20", "2026-11-24 23:59", in(2, steps("A", "B")), "1"},
		{"after a window of its own", "A10 B20", "2026-11-25 00:00", in(2, steps("A", "B")), "0"},
		{"half in the window", "A10 B1450", "2026-11-25 00:00", in(2, steps("A", "B")), "0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := pastIn(t, "UTC")
			h.events = minutes(tt.events)
			if got := h.says(tt.s, tt.now); got != tt.want {
				t.Errorf("%s of %s = %s, want %s", syntax.PrintOperand(tt.s), tt.events, got, tt.want)
			}
			if got, want := Judge(&syntax.Happened{X: tt.s}, h.person(), h.scope, h.at(tt.now)), truthOf(tt.want != "0"); got != want {
				t.Errorf("it happened: %v, want %v", got, want)
			}
		})
	}
}

// minutes returns events at minutes of 23 November 2026: A10, B20=x.
func minutes(events string) (list []profile.Event) {
	for word := range strings.FieldsSeq(events) {
		at, id, _ := strings.Cut(word[1:], "=")
		minute, _ := strconv.Atoi(at)
		e := profile.Event{MessageID: word, Name: word[:1], Time: time.Date(2026, 11, 23, 0, minute, 0, 0, time.UTC)}
		if id != "" {
			e.Properties = map[string]profile.Value{"id": profile.String(id)}
		}
		list = append(list, e)
	}
	return list
}

func TestSequence_overflow(t *testing.T) {
	h := pastIn(t, "UTC")
	for range 1000 {
		h.did("2026-11-20 10:00", "A")
	}
	h.did("2026-11-21 10:00", "A").did("2026-11-21 11:00", "B")
	s := steps("A", "B")
	if got := h.says(s, "2026-11-21 12:00"); got != "1" {
		t.Errorf("within the bound: %s", got)
	}
	h.did("2026-11-20 12:00", "B")
	if got := h.says(s, "2026-11-21 12:00"); got != "missing" {
		t.Errorf("over the bound: %s", got)
	}
	if got := Judge(&syntax.Happened{X: s}, h.person(), h.scope, h.at("2026-11-21 12:00")); got != Unknown {
		t.Errorf("over the bound it is %v", got)
	}
	if got := h.says(s, "2026-12-20 12:00"); got != "1" {
		t.Errorf("once that day is out of the window: %s", got)
	}
}

// Matches are those of the definition: every choice of one event a step is tried.
func TestSequence_everyChoice(t *testing.T) {
	const seed = 20261123
	r := rand.New(rand.NewPCG(seed, 1))
	found := 0
	for round := range 3000 {
		s := randomSequence(r)
		var events []Traced
		for i := range r.IntN(9) {
			events = append(events, Traced{At: profile.Stamp{At: profile.Instant(r.IntN(12)), Tie: uint64(i)}, Selects: r.Uint64N(1 << len(filtersOf(s)))})
		}
		events = joined(profile.Trace, []Bucket{{Traced: events}}).Traced
		now := profile.Instant(r.IntN(16))
		var known []Traced
		for _, e := range events {
			if e.At.At <= now {
				known = append(known, e)
			}
		}
		got, want := countMatches(known, s, now), everyChoice(known, s, now)
		if got != want {
			t.Fatalf("seed %d, round %d: %s at %d of %v: %d, want %d", seed, round, syntax.PrintOperand(s), now, events, got, want)
		}
		if got > 0 {
			found++
		}
	}
	if found < 300 {
		t.Errorf("only %d have a match", found)
	}
}

func randomSequence(r *rand.Rand) *syntax.Sequence {
	s := &syntax.Sequence{Overlap: r.IntN(2) == 0}
	for i := range 1 + r.IntN(3) {
		step := syntax.Step{Filter: on1("A")}
		if i > 0 && r.IntN(2) == 0 {
			step.Within = time.Duration(r.IntN(6)) * time.Microsecond
		}
		if i > 0 && r.IntN(3) == 0 {
			step.Without = []syntax.Filter{on1("C"), on1("D")}[:1+r.IntN(2)]
		}
		s.Steps = append(s.Steps, step)
	}
	if r.IntN(2) == 0 {
		s.Within = time.Duration(1+r.IntN(8)) * time.Microsecond
		if r.IntN(2) == 0 || len(s.Steps) == 1 {
			s.Without = []syntax.Filter{on1("E")}
		}
	}
	return s
}

// everyChoice counts matches by trying every choice of events; the events are of
// microseconds.
func everyChoice(events []Traced, s *syntax.Sequence, now profile.Instant) (n int) {
	seen := watch(events, s)
	var all [][]watched
	var choose func(chosen []watched, rest int)
	choose = func(chosen []watched, rest int) {
		if len(chosen) == len(s.Steps) {
			if isMatch(chosen, seen, s, now) {
				all = append(all, append([]watched(nil), chosen...))
			}
			return
		}
		for i := rest; i < len(seen); i++ {
			choose(append(chosen, seen[i]), i+1)
		}
	}
	choose(nil, 0)
	if s.Overlap {
		begun := map[profile.Stamp]bool{}
		for _, m := range all {
			begun[m[0].at] = true
		}
		return len(begun)
	}
	after := -1
	index := func(x watched) int {
		for i := range seen {
			if seen[i].at == x.at {
				return i
			}
		}
		return -1
	}
	for {
		end, begin := len(seen), -1
		for _, m := range all {
			first, last := index(m[0]), index(m[len(m)-1])
			if first > after && (last < end || last == end && first > begin) {
				end, begin = last, first
			}
		}
		if end == len(seen) {
			return n
		}
		n++
		after = end
	}
}

func isMatch(chosen, all []watched, s *syntax.Sequence, now profile.Instant) bool {
	first, last := chosen[0].at, chosen[len(chosen)-1].at
	for i, e := range chosen {
		if !e.step[i] {
			return false
		}
		if i == 0 {
			continue
		}
		before := chosen[i-1].at
		if d := time.Duration(e.at.At-before.At) * time.Microsecond; s.Steps[i].Within > 0 && d > s.Steps[i].Within {
			return false
		}
		for _, x := range all {
			if x.barred[i] && x.at.Compare(before) > 0 && x.at.Compare(e.at) < 0 {
				return false
			}
		}
	}
	if s.Within > 0 && time.Duration(last.At-first.At)*time.Microsecond > s.Within {
		return false
	}
	if len(s.Without) == 0 {
		return true
	}
	over := first.At + profile.Instant(s.Within/time.Microsecond)
	for _, x := range all {
		if x.ends && x.at.Compare(last) > 0 && x.at.At <= over {
			return false
		}
	}
	return over <= now
}
