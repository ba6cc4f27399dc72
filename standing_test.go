package portrait_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

// standings are a few people with amounts of which many are equal and some missing,
// and a naive account of how each stands.
type standings struct {
	db      *portrait.DB
	amounts map[string]float64 // of who has one
	people  int
}

func newStandings(t *testing.T, r *rand.Rand, people int) *standings {
	t.Helper()
	s := &standings{db: open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true}), amounts: map[string]float64{}, people: people}
	apply(t, s.db, `
traits:
  indexed: {type: number, index: true}
  plain: {type: number}
  when: {type: time, index: true}
`)
	for i := range people {
		who := fmt.Sprint("u", i)
		e := profile.Event{Type: profile.Identify, MessageID: who, Time: epoch0, Identifiers: []profile.Identifier{id("user_id", who)}}
		if r.IntN(5) > 0 {
			amount := float64(r.IntN(2*people)/3)/2 - 3
			s.amounts[who] = amount
			e.Traits = map[string]profile.Value{
				"indexed": profile.Number(amount), "plain": profile.Number(amount),
				"when": profile.TimeAt(profile.InstantOf(epoch0) + profile.Instant(amount*1e6)),
			}
		}
		take(t, s.db, e)
	}
	return s
}

// level is how somebody stands, counted one by one.
func (s *standings) level(fn, who string) (float64, bool) {
	mine, ok := s.amounts[who]
	less, greater := 0, 0
	for _, other := range s.amounts {
		if other < mine {
			less++
		}
		if other > mine {
			greater++
		}
	}
	share := float64(less) / float64(len(s.amounts))
	switch fn {
	case "percentile":
		return share, ok
	case "rank":
		return float64(1 + greater), ok
	}
	tile := 1.0 // of five
	for tile < 5 && 5*less >= int(tile)*len(s.amounts) {
		tile++
	}
	return tile, ok
}

var standingForms = map[string]string{"percentile": "percentile(%s)", "rank": "rank(%s)", "ntile": "ntile(%s, 5)"}

// Every comparison with how somebody stands is that of counting the others, from an
// index, from a sweep, and for times.
func TestStandings(t *testing.T) {
	r := seed(t)
	lives := *rounds
	if testing.Short() {
		lives = 1
	}
	for range lives {
		s := newStandings(t, r, 1+r.IntN(40))
		for fn, form := range standingForms {
			for _, trait := range []string{"indexed", "plain", "when", "coalesce(indexed, plain)"} {
				for _, op := range []string{"=", "!=", "<", "<=", ">", ">="} {
					c := float64(r.IntN(s.people + 2))
					if fn == "percentile" {
						c = float64(r.IntN(len(s.amounts)+3)-1) / float64(max(len(s.amounts), 1))
					}
					text := fmt.Sprintf(form+" %s %v", trait, op, c)
					s.check(t, text, func(who string) bool {
						level, ok := s.level(fn, who)
						return ok && compareBy(op, level, c)
					})
					s.check(t, fmt.Sprintf("%v %s "+form, c, op, trait), func(who string) bool {
						level, ok := s.level(fn, who)
						return ok && compareBy(op, c, level)
					})
				}
				text := fmt.Sprintf(form, trait)
				s.check(t, text+" in [1, 2, 0.5]", func(who string) bool {
					level, ok := s.level(fn, who)
					return ok && (level == 1 || level == 2 || level == 0.5)
				})
				s.check(t, text+" not in [1, 2, 0.5]", func(who string) bool {
					level, ok := s.level(fn, who)
					return ok && level != 1 && level != 2 && level != 0.5
				})
				list, among := s.someLevels(r, fn)
				s.check(t, text+" in "+list, func(who string) bool {
					level, ok := s.level(fn, who)
					return ok && among(level)
				})
				s.check(t, text+" not in "+list, func(who string) bool {
					level, ok := s.level(fn, who)
					return ok && !among(level)
				})
				s.check(t, text+" + 1 < 2.5", func(who string) bool {
					level, ok := s.level(fn, who)
					return ok && level+1 < 2.5
				})
				s.check(t, "exists("+text+")", func(who string) bool {
					_, ok := s.amounts[who]
					return ok
				})
			}
		}
	}
}

// someLevels returns a list of levels, many side by side and some where nobody can stand,
// and what is among them.
func (s *standings) someLevels(r *rand.Rand, fn string) (list string, among func(level float64) bool) {
	n := float64(max(len(s.amounts), 1))
	var levels []float64
	var texts []string
	for i := -1.0; i <= n+1; i++ {
		level := i
		if fn == "percentile" {
			level /= n
		}
		if r.IntN(8) == 0 {
			level += 0.3 / n
		}
		if r.IntN(3) > 0 {
			levels, texts = append(levels, level), append(texts, strconv.FormatFloat(level, 'f', -1, 64))
		}
	}
	r.Shuffle(len(texts), func(i, j int) { texts[i], texts[j] = texts[j], texts[i] })
	return "[" + strings.Join(texts, ", ") + "]", func(level float64) bool { return slices.Contains(levels, level) }
}

func compareBy(op string, a, b float64) bool {
	return map[string]bool{"=": a == b, "!=": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[op]
}

// check holds the answer of the store, and its reasons, against a naive one.
func (s *standings) check(t *testing.T, text string, want func(who string) bool) {
	t.Helper()
	e := segment.MustParse(text)
	set, err := s.db.Segment(t.Context(), e)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	for i := range s.people {
		who := fmt.Sprint("u", i)
		p, err := s.db.Profile(t.Context(), id("user_id", who))
		if err != nil {
			t.Fatal(err)
		}
		if got := set.Contains(p.ID); got != want(who) {
			t.Errorf("%s: %s with %v of %v: %t", text, who, s.amounts[who], s.amounts, got)
		}
		if why, err := s.db.Explain(t.Context(), e, id("user_id", who)); err != nil || why.Holds != want(who) {
			t.Errorf("%s: explained %s with %v: %+v, %v", text, who, s.amounts[who], why, err)
		}
	}
}

// RFM by rank as a query tag: asked whole and by value, explained, and moved by what
// others do.
func TestQueryTag(t *testing.T) {
	s := newStandings(t, rand.New(rand.NewPCG(1, 2)), 60)
	define := func(def tags.Definition) error { return s.db.DefineTag(t.Context(), def) }
	for _, def := range []tags.Definition{
		{Name: "rf", Query: true, Value: tags.MustParseFormula("10 * ntile(indexed, 5) + ntile(when, 5)")},
		{Name: "top", Query: true, Rule: tags.MustParse("percentile(plain) >= 0.8")},
		{Name: "grade", Query: true, Else: "C", Tiers: []tags.Tier{
			{Value: "A", Rule: tags.MustParse(`tag("top")`)}, {Value: "B", Rule: tags.MustParse("rank(plain) <= 30")},
		}},
		{Name: "rich", Query: true, Rule: tags.MustParse("indexed > 5")},
		{Name: "very rich", Rule: tags.MustParse(`tag("rich") and indexed > 10`)}, // of everybody by himself
	} {
		if err := define(def); err != nil {
			t.Fatal(err)
		}
	}
	level := func(fn, who string) float64 {
		l, ok := s.level(fn, who)
		if !ok {
			return math.NaN()
		}
		return l
	}
	top := func(who string) bool { return level("percentile", who) >= 0.8 }
	b := func(who string) bool { return !top(who) && level("rank", who) <= 30 }
	all := func() {
		t.Helper()
		s.check(t, `tag("rf", "55")`, func(who string) bool { return level("ntile", who) == 5 })
		s.check(t, `tag("rf")`, func(who string) bool { return level("rank", who) > 0 })
		s.check(t, `not tag("top")`, func(who string) bool { return !top(who) })
		s.check(t, `tag("grade", "A")`, top)
		s.check(t, `tag("grade", "B")`, b)
		s.check(t, `tag("grade", "C")`, func(who string) bool { return !top(who) && !b(who) })
		s.check(t, `tag("rich")`, func(who string) bool { return s.amounts[who] > 5 })
		s.check(t, `tag("very rich")`, func(who string) bool { return s.amounts[who] > 10 })
	}
	all()
	take(t, s.db, profile.Event{
		Type: profile.Identify, MessageID: "more", Time: epoch0.AddDate(0, 0, 1), Identifiers: []profile.Identifier{id("user_id", "u0")},
		Traits: map[string]profile.Value{"indexed": profile.Number(1000), "plain": profile.Number(1000), "when": profile.TimeAt(profile.InstantOf(now))},
	})
	s.amounts["u0"] = 1000
	all()

	if why, err := s.db.Explain(t.Context(), segment.MustParse(`tag("top")`), id("user_id", "u0")); err != nil ||
		len(why.Parts) != 1 || why.Parts[0].Text != "percentile(plain) >= 0.8" || why.Parts[0].Values[0].Value.Number() != level("percentile", "u0") {
		t.Errorf("%+v, %v", why, err)
	}
	p, err := s.db.Profile(t.Context(), id("user_id", "u0"))
	if err != nil || slices.Contains(p.Tags, "top") || !slices.Contains(p.Tags, "very rich") {
		t.Errorf("%v, %v", p.Tags, err)
	}
	if err := s.db.Check(t.Context()); err != nil {
		t.Error(err)
	}
	// What a live tag asks of a query tag follows its rule.
	if err := define(tags.Definition{Name: "rich", Query: true, Rule: tags.MustParse("indexed > 12")}); err != nil {
		t.Fatal(err)
	}
	s.check(t, `tag("very rich")`, func(who string) bool { return s.amounts[who] > 12 })
	if list, err := viewOf(t, s.db).TagHistory(t.Context(), "rich"); err != nil || len(list) != 2 {
		t.Errorf("%d edits, %v", len(list), err)
	}
	// A tag that becomes live, and back.
	for _, query := range []bool{false, true} {
		if err := define(tags.Definition{Name: "rich", Query: query, Rule: tags.MustParse("indexed > 12")}); err != nil {
			t.Fatal(err)
		}
		s.check(t, `tag("rich")`, func(who string) bool { return s.amounts[who] > 12 })
		if err := s.db.Check(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// The examples of docs/language.md about everybody are what it says.
func TestLanguage_asked(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	apply(t, db, "traits: {spent: {type: number}}")
	names := map[profile.ID]string{}
	for i, spent := range []string{"10", "20", "20", "30", "100", "-"} {
		who := id("user_id", fmt.Sprint("u", i))
		e := profile.Event{Type: profile.Identify, Time: epoch0, Identifiers: []profile.Identifier{who}}
		if n, err := strconv.ParseFloat(spent, 64); err == nil {
			e.Traits = map[string]profile.Value{"spent": profile.Number(n)}
		}
		take(t, db, e)
		p, err := db.Profile(t.Context(), who)
		if err != nil {
			t.Fatal(err)
		}
		names[p.ID] = spent
	}
	doc, err := os.ReadFile("docs/language.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(doc), "```asked\n")
	block, _, _ = strings.Cut(block, "```")
	lines := strings.Split(strings.TrimSpace(block), "\n")
	if len(lines) < 5 {
		t.Fatalf("%d lines", len(lines))
	}
	for _, line := range lines {
		text, want, _ := strings.Cut(line, ": ")
		set, err := db.Segment(t.Context(), segment.MustParse(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		var got []string
		for member := range set.Members() {
			got = append(got, names[member])
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, documented as %s", text, got, want)
		}
	}
}

// How somebody stands has no part in what is kept live, at any remove.
func TestStandings_refused(t *testing.T) {
	s := newStandings(t, rand.New(rand.NewPCG(3, 4)), 5)
	if err := s.db.DefineTag(t.Context(), tags.Definition{Name: "top", Query: true, Rule: tags.MustParse("rank(plain) <= 2")}); err != nil {
		t.Fatal(err)
	}
	refused := func(err error, want ...string) {
		t.Helper()
		for _, w := range want {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("%v\ndoes not say %q", err, w)
			}
		}
	}
	live := func(rule string) error {
		return s.db.DefineTag(t.Context(), tags.Definition{Name: "live", Rule: tags.MustParse(rule)})
	}
	refused(live("plain > 1 and\n  percentile(plain) > 0.5"), `tag "live"`, "2:3:", "percentile() is answered when it is asked", "query: true")
	refused(live(`not tag("top")`), "1:5:", `tag "top" is answered when it is asked`)
	refused(live(`sum("x", "y", where(rank(z) > 2)) > 3`), "where()")
	model := s.db.Model()
	for name, change := range map[string]func(m *portrait.Model){
		`tag "s"`: func(m *portrait.Model) {
			m.Segments = append(m.Segments, tags.Definition{Name: "s", Rule: tags.MustParse(`tag("top")`)})
		},
		`trait "place"`: func(m *portrait.Model) { m.Traits["place"] = portrait.Trait{Compute: "rank(plain)"} },
		`segment "q"`: func(m *portrait.Model) {
			m.Segments = append(m.Segments, tags.Definition{Name: "q", Query: true, Rule: tags.MustParse(`plain > 1`)})
		},
		`tag "told"`: func(m *portrait.Model) {
			m.Tags = append(m.Tags, tags.Definition{Name: "told", Query: true, Told: tags.Manual})
		},
	} {
		m := s.db.Model()
		change(&m)
		_, err := s.db.Apply(t.Context(), m)
		refused(err, name)
	}
	if _, err := s.db.Apply(t.Context(), model); err != nil {
		t.Error(err)
	}
	var flips error
	for _, err := range viewOf(t, s.db).FlipsBefore(t.Context(), segment.MustParse(`tag("top")`), now.AddDate(0, 1, 0)) {
		flips = err
	}
	refused(flips, "1:1:", "answered when it is asked")
	for text, want := range map[string]string{
		"percentile(percentile(plain)) > 0.5":         "cannot stand within another",
		`percentile(if(tag("top"), 1, 0)) > 0.5`:      "1:15: tag \"top\" says how profiles stand",
		`ntile("a", 3) = 1`:                           "wants a number or a time",
		`rank(plain) > "x"`:                           "cannot be compared",
		`percentile(plain) > 0.5 and tag("top", "x")`: `has no value "x"`,
	} {
		_, err := s.db.Count(t.Context(), segment.MustParse(text))
		refused(err, want)
	}
	for text, want := range map[string]string{"ntile(plain, 0) = 1": "1 to 1000", "rank() = 1": "rank is written rank(number)", "percentile(plain, 2) = 1": "percentile is written"} {
		_, err := segment.Parse(text)
		refused(err, want)
	}
}

// Rules of query tags stand in the place of the tags: what is asked is bounded with
// them, however often and through how many tags they are named.
func TestQueryTag_bounded(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	apply(t, db, "traits: {n: {type: number, index: true}}")
	conditions := make([]string, 3000)
	for i := range conditions {
		conditions[i] = fmt.Sprint("n = ", i)
	}
	m := db.Model()
	for name, rule := range map[string]string{
		"thousands": "any(" + strings.Join(conditions, ", ") + ")",
		"often":     "any(" + strings.Join(slices.Repeat([]string{`tag("thousands")`}, 10), ", ") + ")",
	} {
		m.Tags = append(m.Tags, tags.Definition{Name: name, Query: true, Rule: tags.MustParse(rule)})
	}
	if _, err := db.Apply(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		tag     string
		n       int
		refused bool
	}{{"thousands", 33, false}, {"thousands", 34, true}, {"often", 3, false}, {"often", 4, true}, {"often", 1000, true}} {
		e := segment.MustParse(strings.Join(slices.Repeat([]string{fmt.Sprintf("tag(%q)", tt.tag)}, tt.n), " and "))
		_, err := db.Count(t.Context(), e)
		if refused := err != nil && strings.Contains(err.Error(), "more than 100000 conditions"); refused != tt.refused || !refused && err != nil {
			t.Errorf("%d times %s: %v", tt.n, tt.tag, err)
		}
	}
}

// Where no index has the value everybody is read once more to be compared, however many
// levels are asked for.
func TestStandings_sweeps(t *testing.T) {
	v := viewOf(t, newStandings(t, rand.New(rand.NewPCG(7, 8)), 20).db)
	for text, want := range map[string]int{
		"rank(plain) in [1, 2, 3, 4]": 1, "percentile(plain) != 0.5": 1, "0.5 > percentile(plain)": 1, "ntile(plain, 4) not in [1, 4]": 1,
		"rank(indexed) in [1, 2, 3, 4]": 0, "ntile(indexed, 4) not in [1, 4]": 0,
	} {
		plan, err := v.Plan(t.Context(), segment.MustParse(text))
		if err != nil || int(plan.Cost.Scans) != want {
			t.Errorf("%s: %d sweeps, want %d, %v", text, plan.Cost.Scans, want, err)
		}
	}
}

// Where an index has the value a list of levels is looked up at once, however long it is:
// the bytes that are read tell.
func TestStandings_lists(t *testing.T) {
	s := newStandings(t, rand.New(rand.NewPCG(9, 10)), 300)
	v := viewOf(t, s.db)
	reads := func(text string) (bytes int64) {
		t.Helper()
		for bytes = 1; ; {
			_, err := v.Count(segment.WithBudget(t.Context(), segment.Budget{Bytes: bytes}), segment.MustParse(text))
			var over *segment.BudgetError
			switch {
			case err == nil:
				return bytes
			case !errors.As(err, &over) || over.Needed <= bytes:
				t.Fatalf("%s within %d bytes: %v", text, bytes, err)
			}
			bytes = over.Needed
		}
	}
	var every, odd, tiles []string
	for i := range 200 {
		every, odd, tiles = append(every, fmt.Sprint(i+1)), append(odd, fmt.Sprint(2*i+1)), append(tiles, fmt.Sprint(5*i+1))
	}
	for form, levels := range map[string][][]string{"rank(indexed)": {every, odd}, "ntile(indexed, 1000)": {every, tiles}} {
		for _, in := range []string{"in", "not in"} {
			one := reads(fmt.Sprintf("%s %s [100]", form, in))
			for _, list := range levels {
				if all := reads(fmt.Sprintf("%s %s [%s]", form, in, strings.Join(list, ", "))); all > 2*one {
					t.Errorf("%s %s [%s ...]: %d bytes are read, of one level %d", form, in, strings.Join(list[:5], ", "), all, one)
				}
			}
		}
	}
	// What is known is not looked up again.
	once := reads("rank(indexed) >= 100")
	if often := reads(strings.Join(slices.Repeat([]string{"rank(indexed) >= 100"}, 50), " or ")); often > 2*once {
		t.Errorf("fifty times: %d bytes are read, once %d", often, once)
	}
}

// The levels of a list count as conditions, as far as they do not lie side by side.
func TestStandings_lists_bounded(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	apply(t, db, "traits: {n: {type: number, index: true}}")
	people := make([]profile.Event, 400)
	for i := range people {
		people[i] = profile.Event{
			Type: profile.Identify, MessageID: fmt.Sprint(i), Time: epoch0, Identifiers: []profile.Identifier{id("user_id", fmt.Sprint("u", i))},
			Traits: map[string]profile.Value{"n": profile.Number(float64(i))},
		}
	}
	take(t, db, people...)
	var odd, every []string
	for i := range 200 {
		odd, every = append(odd, fmt.Sprint(2*i+1)), append(every, fmt.Sprint(i+1))
	}
	m := db.Model()
	for name, list := range map[string][]string{"odd": odd, "every": every} {
		m.Tags = append(m.Tags, tags.Definition{Name: name, Query: true, Rule: tags.MustParse("rank(n) in [" + strings.Join(list, ", ") + "]")})
	}
	if _, err := db.Apply(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		tag     string
		n       int
		refused bool
	}{{"odd", 495, false}, {"odd", 496, true}, {"every", 5000, false}} {
		_, err := db.Count(t.Context(), segment.MustParse(strings.Join(slices.Repeat([]string{fmt.Sprintf("tag(%q)", tt.tag)}, tt.n), " and ")))
		if refused := err != nil && strings.Contains(err.Error(), "more than 100000 conditions"); refused != tt.refused || !refused && err != nil {
			t.Errorf("%d times %s: %v", tt.n, tt.tag, err)
		}
	}
}

// An explanation that cannot be had whole is an error, not a missing value.
func TestStandings_explained_until_cancelled(t *testing.T) {
	s := newStandings(t, rand.New(rand.NewPCG(5, 6)), 20)
	who := slices.Sorted(maps.Keys(s.amounts))[0]
	want, _ := s.level("percentile", who)
	ended, whole := 0, 0
	for n := range 40 {
		ctx := &ending{Context: t.Context()}
		ctx.left.Store(int64(n))
		why, err := s.db.Explain(ctx, segment.MustParse("percentile(indexed) >= 0"), id("user_id", who))
		switch {
		case errors.Is(err, context.Canceled):
			ended++
		case err != nil || !why.Holds || why.Values[0].Value.Number() != want:
			t.Errorf("after %d looks: %+v, %v", n, why, err)
		default:
			whole++
		}
	}
	if ended == 0 || whole == 0 {
		t.Errorf("%d ended, %d whole", ended, whole)
	}
}
