package tags_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/profile"
)

// sequence returns a random sequence, as a condition or as a count.
func (d *dice) sequence() string {
	span := func() string { return d.pick("1h", "6h", "24h", "50h") }
	filter := func() string {
		return fmt.Sprintf("%q%s", d.pick("A", "B", "C"), d.pick("", "", ", where(p > 0.5)"))
	}
	var args []string
	for i := range 1 + d.IntN(4) {
		step := filter()
		if i > 0 && d.IntN(3) == 0 {
			args = append(args, "without("+filter()+")")
		}
		switch within := d.IntN(3) == 0 && i > 0; {
		case within:
			step = fmt.Sprintf(`step(%s, within("%s"))`, step, span())
		case strings.Contains(step, ","):
			step = "step(" + step + ")"
		}
		args = append(args, step)
	}
	switch {
	case len(args) == 1 || d.IntN(3) == 0:
		args = append(args, "without("+filter()+")", fmt.Sprintf(`within("%s")`, span()))
	case d.IntN(2) == 0:
		args = append(args, fmt.Sprintf(`within("%s")`, span()))
	}
	if d.IntN(3) == 0 {
		args = append(args, `same("s")`)
	}
	if d.IntN(2) == 0 {
		args = append(args, fmt.Sprintf(`last("%d%s")`, 3+d.IntN(4), d.pick("d", "w", "mo")))
	}
	if d.IntN(3) == 0 {
		args = append(args, "overlapping()")
	}
	all := strings.Join(args, ", ")
	if d.IntN(3) == 0 && !strings.Contains(all, "overlapping") {
		return "sequence(" + all + ")"
	}
	return d.comparison("sequence_count(" + all + ")")
}

func TestProgram_sequences_agree_with_the_events(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	for i, place := range places {
		t.Run(place.name, func(t *testing.T) {
			d := &dice{Rand: rand.New(rand.NewPCG(seed, uint64(i))), around: at(t, place.around)}
			for range 60 {
				s := shop(t, place.zone)
				d.zone = s.Zone()
				checkBehaviour(t, s, d.sequence(), d.events(9, 1+d.Int64N(4)), d.instant(3))
			}
		})
	}
}

func TestProgram_Eval_sequences(t *testing.T) {
	event := func(name, time string, props ...string) profile.Event {
		e := profile.Event{Name: name, MessageID: name + time, Time: at(t, "2026-05-10T"+time+":00Z").Time(), Properties: map[string]profile.Value{}}
		for i := 0; i+1 < len(props); i += 2 {
			e.Properties[props[i]] = profile.String(props[i+1])
		}
		return e
	}
	events := []profile.Event{
		event("View", "10:00", "product", "1"), event("View", "10:10", "product", "2"), event("Add", "10:30", "product", "1"),
		event("Order", "11:00"), event("View", "12:00"), event("Add", "12:01"), event("Add", "14:00"), event("Pay", "16:30"),
	}
	const never = "never"
	tests := []struct {
		rule  string
		want  bool
		until string
	}{
		{`sequence("View", "Add")`, true, "2026-06-08T16:00:00Z"},
		{`sequence("View", "Add", last("1d"))`, true, "2026-05-10T16:00:00Z"},
		{`sequence("Add", "View", "Add")`, true, "2026-06-08T16:00:00Z"},
		{`sequence("Order", "Add", "View")`, false, never},
		{`sequence("View", without("Add"), "Add", without("Add"), "Add")`, true, "2026-06-08T16:00:00Z"},
		{`sequence("Order", without("View"), "Add")`, false, never},
		{`sequence("View", "Add", within("59s"))`, false, never},
		{`sequence("View", "Add", within("20m"))`, true, "2026-06-08T16:00:00Z"},
		{`sequence("View", step("Add", within("29m")), same("product"))`, false, never},
		{`sequence("View", step("Add", within("30m")), same("product"))`, true, "2026-06-08T16:00:00Z"},
		{`sequence_count("View", "Add") = 2`, true, "2026-06-08T16:00:00Z"},
		{`sequence_count("View", "Add", overlapping()) = 3`, true, "2026-06-08T16:00:00Z"},
		{`sequence_count("Add", "Add") = 1`, true, "2026-06-08T16:00:00Z"},
		// The last Add is at 14:00; it is 15:00 now, and Pay is yet to come.
		{`sequence("Add", without("Pay"), within("2h"))`, true, "2026-06-08T16:00:00Z"},
		{`sequence_count("Add", without("Pay"), within("2h")) = 2`, true, "2026-05-10T16:00:00Z"},
		{`sequence_count("Add", without("Pay"), within("150m")) > 2`, false, never},
		{`sequence_count("Add", without("Pay"), within("149m")) > 2`, false, "2026-05-10T16:29:00Z"},
		{`sequence("View", without("View"), "Add", without("Order"), within("20m"))`, true, "2026-06-08T16:00:00Z"},
		{`sequence("View", without("View"), "Add", without("Order"), within("19m"), last("1d"))`, true, "2026-05-10T16:00:00Z"},
		{`sequence("View", without("Add"), "Order", without("Pay"), within("1h"))`, false, never},
		{`sequence("View", "Order", without("Pay"), within("1h"))`, true, "2026-06-08T16:00:00Z"},
		{`sequence("View", "Order", without("Pay"), within("49m"))`, false, never},
		{`sequence(step("View", where(product = "2")), "Add", within("20m"))`, true, "2026-06-08T16:00:00Z"},
		{`sequence(step("View", where(product = "2")), "Add", within("1199s"))`, false, never},
		{`sequence(step("View", where(product = "2")), "Add", without("Zed"), within("20m"))`, true, "2026-06-08T16:00:00Z"},
		{`sequence(step("View", where(product = "2")), "Add", without("Zed"), within("1199s"))`, false, never},
		{`sequence(step("View", where(product = "1")), "Add", step("Pay", within("3h")), without("Zed"), within("7h"))`, false, "2026-05-10T17:00:00Z"},
		{`sequence("Order", "Pay")`, false, "2026-05-10T16:30:00Z"},
	}
	s := shop(t, "Asia/Shanghai")
	for _, tt := range tests {
		p := compile(t, s, tt.rule)
		ok, until := p.Eval(fold(t, s, events...), at(t, "2026-05-10T15:00:00Z"))
		if ok != tt.want || until.String() != tt.until {
			t.Errorf("%s: %v until %v, want %v until %v", tt.rule, ok, until, tt.want, tt.until)
		}
	}
}

// The witnesses of a sequence are the events of a match.
func TestProgram_Explain_witnesses(t *testing.T) {
	s := shop(t, "UTC")
	var events []profile.Event
	for i, name := range []string{"A", "B", "A", "C", "A", "B", "B"} {
		events = append(events, profile.Event{Name: name, MessageID: fmt.Sprint(i), Time: at(t, fmt.Sprintf("2026-05-10T10:0%d:00Z", i)).Time(), Properties: map[string]profile.Value{"p": profile.Number(float64(i % 3))}})
	}
	now := at(t, "2026-05-10T12:00:00Z")
	for _, tt := range []struct {
		rule string
		want []int
	}{
		{`sequence("A", "B")`, []int{4, 5}},
		{`sequence("B", "A", "C", "A", "B")`, []int{1, 2, 3, 4, 5}},
		{`sequence("A", without("C"), "B", "B")`, []int{4, 5, 6}},
		{`sequence("C", without("A"), within("30s"))`, []int{3}},
		{`sequence("C", "C")`, nil},
		{`latest(2, "B", "p") any_of [1]`, []int{6, 5}},
		{`count("A") = 3`, nil},
	} {
		p := compile(t, s, tt.rule)
		e := p.Explain(fold(t, s, events...), now)
		var want []profile.Stamp
		for _, i := range tt.want {
			want = append(want, events[i].Stamp())
		}
		if diff := cmp.Diff(want, e.Values[0].Witnesses); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.rule, diff)
		}
	}
}
