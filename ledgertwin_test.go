package portrait_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/lifecycle"
	"github.com/portraitdb/portrait/profile"
)

// stagePool are rules of stages, over the events that drawEvent draws.
var stagePool = []string{
	`count("Order Completed") = 0`,
	`count("Order Completed", last("30d")) >= 2`,
	`last_order >= ago("10d")`,
	`last_order < now() - "20d"`,
	`first_time("Product Viewed") >= ago("15d")`,
	`sessions("*", "15d") >= 2 and sessions("*", "15d", last("5d")) >= 1`,
	`not count("*", last("24h")) > 0`,
	`spent > 150`,
	`exists(city) and count("*", last("7d")) = 0`,
}

// drawStages draws the stages of a model, in its file's form: none of them now and then,
// or the default ones over short pauses.
func drawStages(r *rand.Rand) string {
	var b strings.Builder
	switch r.IntN(6) {
	case 0:
		return ""
	case 1:
		rules, err := lifecycle.Thresholds{
			New: 2 * day, WonBack: 3 * day, AtRisk: 5 * day, Dormant: 9 * day, Churned: time.Duration(10+r.IntN(20)) * day, Loyal: 2, LoyalWithin: 30 * day,
		}.Rules([]string{"Order Completed", "*"}[r.IntN(2)])
		if err != nil {
			panic(err)
		}
		b.WriteString("stages:\n")
		for _, s := range rules {
			fmt.Fprintf(&b, "  - {name: %q, rule: %q}\n", s.Name, s.Rule)
		}
		return b.String()
	}
	names := []string{"新", "活跃", "忠实", "沉睡", "流失", "潜在"}
	r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	names = names[:2+r.IntN(4)]
	b.WriteString("stages:\n")
	for i, rule := range r.Perm(len(stagePool))[:len(names)] {
		if i == len(names)-1 {
			fmt.Fprintf(&b, "  - {name: %s}\n", names[i])
			break
		}
		fmt.Fprintf(&b, "  - {name: %s, rule: %q}\n", names[i], stagePool[rule])
	}
	return b.String()
}

// ledgerTwin is what a naive store that works out everybody's stage after each step
// knows of the moves between them.
type ledgerTwin struct {
	moves []lifecycle.Move // without commits
	in    map[profile.ID]string
	times []time.Time // of the steps
}

// stagesOf returns who is in which stage.
func stagesOf(t testing.TB, a answers) map[profile.ID]string {
	t.Helper()
	in := map[profile.ID]string{}
	for what, ids := range a.members {
		quoted, ok := strings.CutPrefix(what, `tag "stage" = `)
		if !ok {
			continue
		}
		stage, err := strconv.Unquote(quoted)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			if in[id] != "" {
				t.Errorf("%s is in stages %q and %q", id, in[id], stage)
			}
			in[id] = stage
		}
	}
	return in
}

// observe notes where everybody is after a step of one cause. After a step in which
// several things happened it takes the moves on the way from what the feed has told,
// which is known to come to the same.
func (l *ledgerTwin) observe(t testing.TB, is answers, at time.Time, changes []portrait.Change, cause func(profile.ID) string) {
	t.Helper()
	now := stagesOf(t, is)
	if cause == nil {
		l.moves = append(l.moves, movesOf(changes)...)
	} else {
		for _, id := range inEither(l.in, now) {
			if l.in[id] != now[id] {
				l.moves = append(l.moves, lifecycle.Move{Profile: id, At: at, From: l.in[id], To: now[id], Cause: cause(id)})
			}
		}
	}
	l.in = now
	l.times = append(l.times, at)
}

func inEither(a, b map[profile.ID]string) []profile.ID {
	var all []profile.ID
	for _, in := range []map[profile.ID]string{a, b} {
		for id := range in {
			all = append(all, id)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// movesOf puts the changes of stages of each commit together.
func movesOf(changes []portrait.Change) []lifecycle.Move {
	type place struct {
		epoch uint64
		id    profile.ID
	}
	at := map[place]int{}
	var moves []lifecycle.Move
	for _, c := range changes {
		if c.Tag != "stage" {
			continue
		}
		i, ok := at[place{c.Epoch, c.Profile}]
		if !ok {
			i = len(moves)
			at[place{c.Epoch, c.Profile}] = i
			moves = append(moves, lifecycle.Move{Profile: c.Profile, At: c.At, Cause: c.Cause})
		}
		if c.Kind == "entered" {
			moves[i].To = c.Value
		} else {
			moves[i].From = c.Value
		}
	}
	return moves
}

// when draws an instant: that of a step, or a microsecond before or after.
func (l *ledgerTwin) when(r *rand.Rand) time.Time {
	return l.times[r.IntN(len(l.times))].Add(time.Duration(r.IntN(3)-1) * time.Microsecond)
}

// compare asks the store's ledger what the naive one can say too.
func (l *ledgerTwin) compare(t testing.TB, r *rand.Rand, v *portrait.View) {
	t.Helper()
	from, to := l.when(r), l.when(r)
	if to.Before(from) {
		from, to = to, from
	}
	if r.IntN(4) == 0 {
		from, to = time.Time{}, v.AsOf()
	}
	l.compareMoves(t, v, from, to)
	l.compareFlow(t, v, from, to)
	if len(l.moves) == 0 {
		return
	}
	m := l.moves[r.IntN(len(l.moves))]
	stage := cmp.Or(m.To, m.From)
	l.comparePath(t, v, m.Profile)
	l.compareTimes(t, v, stage, from, to)
	l.compareStuck(t, v, stage, v.AsOf().Sub(l.when(r)))
}

func (l *ledgerTwin) compareMoves(t testing.TB, v *portrait.View, from, to time.Time) {
	t.Helper()
	got, err := collect(v.StageMoves(t.Context(), from, to))
	if err != nil {
		t.Fatal(err)
	}
	epoch, at := uint64(0), time.Time{}
	for i := range got {
		if got[i].Epoch < epoch || got[i].At.Before(at) {
			t.Errorf("%+v comes after commit %d of %s", got[i], epoch, at)
		}
		epoch, at, got[i].Epoch = got[i].Epoch, got[i].At, 0
	}
	var want []lifecycle.Move
	for _, m := range l.moves {
		if m.At.After(from) && !m.At.After(to) {
			want = append(want, m)
		}
	}
	byProfile := func(a, b lifecycle.Move) int { return cmp.Compare(a.Profile, b.Profile) }
	slices.SortStableFunc(got, byProfile)
	slices.SortStableFunc(want, byProfile)
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("moves after %s and up to %s (- naive, + ledger):\n%s", from, to, diff)
	}
}

// at returns who was in which stage at an instant.
func (l *ledgerTwin) at(when time.Time) map[profile.ID]string {
	in := map[profile.ID]string{}
	for _, m := range l.moves {
		if !m.At.After(when) {
			in[m.Profile] = m.To
		}
	}
	return in
}

func (l *ledgerTwin) compareFlow(t testing.TB, v *portrait.View, from, to time.Time) {
	t.Helper()
	flow, err := v.StageFlow(t.Context(), from, to)
	if err != nil {
		t.Fatal(err)
	}
	type step struct{ From, To string }
	got, want := map[step]uint64{}, map[step]uint64{}
	for i, a := range flow.Stages {
		for j, b := range flow.Stages {
			if n := flow.Counts[i][j]; n > 0 {
				got[step{a, b}] = n
			}
		}
	}
	before, after := l.at(from), l.at(to)
	rows, columns := map[string]uint64{}, map[string]uint64{}
	for _, id := range inEither(before, after) {
		if a, b := before[id], after[id]; a != "" || b != "" {
			want[step{a, b}]++
			rows[a]++
			columns[b]++
		}
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("the flow from %s to %s (- naive, + ledger):\n%s", from, to, diff)
	}
	for i, stage := range flow.Stages {
		if flow.Before()[i] != rows[stage] || flow.After()[i] != columns[stage] {
			t.Errorf("the flow from %s to %s has %d and %d in %q, want %d and %d", from, to, flow.Before()[i], flow.After()[i], stage, rows[stage], columns[stage])
		}
	}
}

// naiveStay is one stay of one profile.
type naiveStay struct {
	lifecycle.Stay
	id profile.ID
}

// stays returns all stays, by profile.
func (l *ledgerTwin) stays() []naiveStay {
	var stays []naiveStay
	for i, m := range l.moves {
		if m.To == "" {
			continue
		}
		s := naiveStay{lifecycle.Stay{Stage: m.To, Entered: m.At}, m.Profile}
		for _, next := range l.moves[i+1:] {
			if next.Profile == m.Profile {
				s.Left = next.At
				break
			}
		}
		stays = append(stays, s)
	}
	return stays
}

func (l *ledgerTwin) comparePath(t testing.TB, v *portrait.View, id profile.ID) {
	t.Helper()
	got, err := v.StagePath(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var want lifecycle.Path
	for _, s := range l.stays() {
		if s.id == id {
			want = append(want, s.Stay)
		}
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("the path of %s (- naive, + ledger):\n%s", id, diff)
	}
	if got.Stage() != l.in[id] {
		t.Errorf("the path of %s ends in %q, it is in %q", id, got.Stage(), l.in[id])
	}
}

func (l *ledgerTwin) compareTimes(t testing.TB, v *portrait.View, stage string, from, to time.Time) {
	t.Helper()
	got, err := v.StageTimes(t.Context(), stage, from, to)
	if err != nil {
		t.Fatal(err)
	}
	if to.After(v.AsOf()) {
		to = v.AsOf()
	}
	want := &lifecycle.Times{}
	for _, s := range l.stays() {
		if s.Stage != stage || s.Entered.After(to) {
			continue
		}
		if ended := !s.Left.IsZero() && !s.Left.After(to); !ended {
			want.Lasting = append(want.Lasting, to.Sub(s.Entered))
		} else if s.Left.After(from) {
			want.Left = append(want.Left, s.Left.Sub(s.Entered))
		}
	}
	slices.Sort(want.Left)
	slices.Sort(want.Lasting)
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("times in %q from %s to %s (- naive, + ledger):\n%s", stage, from, to, diff)
	}
}

func (l *ledgerTwin) compareStuck(t testing.TB, v *portrait.View, stage string, longer time.Duration) {
	t.Helper()
	got, err := v.Stuck(t.Context(), stage, longer)
	if err != nil { // it may be one of an earlier model
		if slices.Contains(sortedStages(l.in), stage) {
			t.Errorf("stuck in %q: %v", stage, err)
		}
		return
	}
	var want []profile.ID
	for _, s := range l.stays() {
		if s.Stage == stage && s.Lasts() && v.AsOf().Sub(s.Entered) > longer {
			want = append(want, s.id)
		}
	}
	slices.Sort(want)
	if diff := gocmp.Diff(want, slices.Collect(got.Members())); diff != "" {
		t.Errorf("stuck in %q for longer than %s at %s (- naive, + ledger):\n%s", stage, longer, v.AsOf(), diff)
	}
}

func sortedStages(in map[profile.ID]string) []string {
	var all []string
	for _, stage := range in {
		all = append(all, stage)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
