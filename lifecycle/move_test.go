package lifecycle

import (
	"errors"
	"iter"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/portraitdb/portrait/profile"
)

var midnight = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

func at(hours int) time.Time { return midnight.Add(time.Duration(hours) * time.Hour) }

// drawMoves draws the moves of some profiles, in order.
func drawMoves(t *rapid.T) []Move {
	var moves []Move
	in := map[profile.ID]string{}
	hour := 0
	for range rapid.IntRange(0, 60).Draw(t, "moves") {
		hour += rapid.IntRange(0, 3).Draw(t, "pause")
		id := profile.ID(rapid.SampledFrom([]uint64{0, 1, 2, 63, 64, 65, 200, 1 << 20}).Draw(t, "id"))
		to := rapid.SampledFrom([]string{"", "new", "active", "churned"}).Draw(t, "to")
		if to == in[id] {
			continue
		}
		moves = append(moves, Move{Profile: id, At: at(hour), Epoch: uint64(len(moves)), From: in[id], To: to, Cause: "event"})
		in[id] = to
	}
	return moves
}

// stagesAt returns where everybody is once all moves up to an instant are made.
func stagesAt(moves []Move, when time.Time) map[profile.ID]string {
	in := map[profile.ID]string{}
	for _, m := range moves {
		if !m.At.After(when) {
			in[m.Profile] = m.To
		}
	}
	return in
}

func infallible[T any](s iter.Seq[T]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for x := range s {
			if !yield(x, nil) {
				return
			}
		}
	}
}

// The flow between any two dates is where everybody was at each, whatever moves of
// before it is given, and adds up to the sizes at both.
func TestFlowOf_equals_naive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		moves := drawMoves(t)
		first := rapid.IntRange(-1, 100).Draw(t, "from")
		from, to := at(first), at(first+rapid.IntRange(0, 60).Draw(t, "more"))
		now := map[string]uint64{}
		for _, s := range stagesAt(moves, at(1000)) {
			now[s]++
		}
		sizes := []Size{{"new", now["new"]}, {"active", now["active"]}, {"churned", now["churned"]}}
		given := moves
		if i := slices.IndexFunc(moves, func(m Move) bool { return m.At.After(from) }); i >= 0 {
			given = moves[rapid.IntRange(0, i).Draw(t, "given"):]
		} else {
			given = nil
		}
		got, err := FlowOf(from, to, sizes, infallible(slices.Values(given)))
		if err != nil {
			t.Fatal(err)
		}
		before, after := stagesAt(moves, from), stagesAt(moves, to)
		want := map[[2]string]uint64{}
		rows, columns := map[string]uint64{}, map[string]uint64{}
		for id := range stagesAt(moves, at(1000)) {
			if a, b := before[id], after[id]; a != "" || b != "" {
				want[[2]string{a, b}]++
				rows[a]++
				columns[b]++
			}
		}
		stages := []string{"new", "active", "churned", ""}
		if diff := cmp.Diff(stages, got.Stages); diff != "" {
			t.Fatal(diff)
		}
		for i, a := range stages {
			for _, b := range stages {
				if n := got.Count(a, b); n != want[[2]string{a, b}] {
					t.Errorf("from %q to %q went %d, want %d", a, b, n, want[[2]string{a, b}])
				}
			}
			if n := got.Before()[i]; n != rows[a] {
				t.Errorf("%d were in %q, want %d", n, a, rows[a])
			}
			if n := got.After()[i]; n != columns[a] {
				t.Errorf("%d are in %q, want %d", n, a, columns[a])
			}
		}
		if got.Count("new", "nowhere") != 0 {
			t.Error("somebody went to a stage that is not there")
		}
	})
}

func TestFlowOf_refused(t *testing.T) {
	broken := errors.New("broken")
	failing := func(yield func(Move, error) bool) { yield(Move{}, broken) }
	if _, err := FlowOf(at(0), at(1), nil, failing); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if _, err := FlowOf(at(1), at(0), nil, failing); err == nil {
		t.Error("a flow back in time is not refused")
	}
	many := func(yield func(Move, error) bool) {
		for i := range 3000 {
			if !yield(Move{At: at(1), From: "", To: strconv.Itoa(i)}, nil) {
				return
			}
		}
	}
	if _, err := FlowOf(at(0), at(2), nil, many); err == nil {
		t.Error("more stages than can be told apart are not refused")
	}
}

// A path has the stage of every instant, and its stays are as long as they are looked at
// hour by hour.
func TestPath_equals_naive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		moves := drawMoves(t)
		paths := map[profile.ID]Path{}
		for _, m := range moves {
			paths[m.Profile] = paths[m.Profile].Follow(m)
		}
		const end = 200
		for id, p := range paths {
			if got, want := p.Stage(), stagesAt(moves, at(1000))[id]; got != want {
				t.Errorf("%s ends in %q, want %q", id, got, want)
			}
			hours := map[string]int{}
			for h := range end {
				s := stagesAt(moves, at(h))[id]
				hours[s]++
				in := slices.IndexFunc(p, func(s Stay) bool {
					return !s.Entered.After(at(h)) && (s.Lasts() || s.Left.After(at(h)))
				})
				if in < 0 && s != "" || in >= 0 && p[in].Stage != s {
					t.Errorf("%s after %d hours is in stay %d of %v, want %q", id, h, in, p, s)
				}
			}
			for _, s := range []string{"new", "active", "churned"} {
				if got, want := p.TimeIn(s, at(end)), time.Duration(hours[s])*time.Hour; got != want {
					t.Errorf("%s was in %q for %s, want %s", id, s, got, want)
				}
			}
		}
	})
}

// The times in a stage are those of the stays that end within the stretch, and of those
// that last at its end, looked at one by one.
func TestTimesIn_equals_naive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		moves := drawMoves(t)
		first := rapid.IntRange(-1, 100).Draw(t, "from")
		last := first + rapid.IntRange(0, 60).Draw(t, "more")
		paths := map[profile.ID]Path{}
		for _, m := range moves {
			paths[m.Profile] = paths[m.Profile].Follow(m)
		}
		var left, lasting Durations
		for id := range paths {
			came := -1
			for i, m := range moves {
				if m.Profile != id || m.At.After(at(last)) {
					continue
				}
				if came >= 0 && moves[came].To == "active" && m.At.After(at(first)) {
					left = append(left, m.At.Sub(moves[came].At))
				}
				came = i
			}
			if came >= 0 && moves[came].To == "active" {
				lasting = append(lasting, at(last).Sub(moves[came].At))
			}
		}
		slices.Sort(left)
		slices.Sort(lasting)
		all := func(yield func(Path) bool) {
			for _, p := range paths {
				if !yield(p) {
					return
				}
			}
		}
		got, err := TimesIn("active", at(first), at(last), infallible(all))
		if diff := cmp.Diff(&Times{Left: left, Lasting: lasting}, got); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	})
}

func TestDurations(t *testing.T) {
	var none Durations
	if _, ok := none.Quantile(0.5); ok {
		t.Error("none have a median")
	}
	d := make(Durations, 100)
	for i := range d {
		d[i] = time.Duration(i + 1)
	}
	for share, want := range map[float64]time.Duration{0: 1, 0.005: 1, 0.01: 1, 0.07: 7, 0.29: 29, 0.5: 50, 0.501: 51, 0.57: 57, 0.99: 99, 1: 100} {
		if got, ok := d.Quantile(share); got != want || !ok {
			t.Errorf("the quantile %v is %d, want %d", share, got, want)
		}
	}
	if _, ok := d.Quantile(1.1); ok {
		t.Error("a share above 1 has a quantile")
	}
	for length, want := range map[time.Duration]int{0: 0, 1: 1, 50: 50, 1000: 100} {
		if got := d.AtMost(length); got != want {
			t.Errorf("%d are at most %d, want %d", got, length, want)
		}
	}
}

func TestOrder(t *testing.T) {
	o := Order{"": {"prospect"}, "prospect": {"new"}, "new": {"loyal", ""}}
	moves := []Move{
		{From: "", To: "prospect", Cause: "event"},
		{From: "prospect", To: "loyal", Cause: "event"},
		{From: "prospect", To: "loyal", Cause: "definition"},
		{From: "", To: "loyal", Cause: "merge"},
		{From: "loyal", To: "new", Cause: "deadline"},
		{From: "new", To: "", Cause: "event"},
		{From: "prospect", To: "", Cause: "event"},
	}
	var got []Move
	for m, err := range o.Outside(infallible(slices.Values(moves))) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, m)
	}
	if diff := cmp.Diff([]Move{moves[1], moves[4], moves[6]}, got); diff != "" {
		t.Error(diff)
	}
	broken := errors.New("broken")
	for _, err := range o.Outside(func(yield func(Move, error) bool) { yield(Move{}, broken) }) {
		if !errors.Is(err, broken) {
			t.Error(err)
		}
	}
}
