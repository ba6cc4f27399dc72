package portrait_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/segment/insight"
	"github.com/portraitdb/portrait/tags"
)

// A store of a random history.
func drawnStore(t *testing.T, r *rand.Rand, text string, events int) *portrait.DB {
	t.Helper()
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	apply(t, db, text)
	draw := drawID(r, 60)
	all := make([]profile.Event, events)
	for i := range all {
		all[i] = drawEvent(r, i, draw)
	}
	if _, err := db.Ingest(t.Context(), all...); err != nil {
		t.Fatal(err)
	}
	return db
}

// Who has an identifier of a namespace is known by an index, through merges and splits,
// in a tag that is kept live, and after opening again.
func TestNamespaces_follow_merges_and_splits(t *testing.T) {
	dir := t.TempDir()
	opts := &portrait.Options{Clock: fixed(now), NoSync: true}
	db := open(t, dir, opts)
	apply(t, db, testModel+"  有邮箱: {rule: 'identified(\"email\")'}\n")
	u1, u2, mail, device := id("user_id", "u1"), id("user_id", "u2"), id("email", "a@example.cn"), id("device_id", "d1")
	var before portrait.Cursor
	seen := func(ids ...profile.Identifier) {
		t.Helper()
		if _, err := db.Ingest(t.Context(), profile.Event{Name: "Order Completed", Time: epoch0, Identifiers: ids}); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(what string, changes string, want ...int) {
		t.Helper()
		v := viewOf(t, db)
		for i, ns := range []string{"user_id", "email", "device_id", "anonymous_id"} {
			e := segment.Identified(ns)
			n, err := v.Count(t.Context(), e)
			if err != nil || n != uint64(want[i]) {
				t.Errorf("%s: %d have a %s, %v, want %d", what, n, ns, err, want[i])
			}
			if plan, err := v.Plan(t.Context(), e); err != nil || plan.Cost.Scans != 0 {
				t.Errorf("%s: plan %+v, %v", what, plan, err)
			}
		}
		told, err := collect(v.Changes(t.Context(), before, portrait.WatchFilter{Tags: []string{"有邮箱"}}))
		if err != nil {
			t.Fatal(err)
		}
		var kinds []string
		for _, c := range told {
			kinds = append(kinds, c.Kind)
		}
		if got := strings.Join(kinds, " "); got != changes {
			t.Errorf("%s: the feed tells %q, want %q", what, got, changes)
		}
		before = v.Cursor()
	}
	seen(u1)
	seen(device)
	expect("two people", "", 1, 0, 1, 0)
	seen(u1, mail) // named beside a stronger one, without an event of its own
	expect("named beside", "entered", 1, 1, 1, 0)
	seen(u1, device)
	expect("merged", "", 1, 1, 1, 0)
	seen(mail)
	if _, err := db.Unlink(t.Context(), u1, mail, portrait.Decision{At: epoch0}); err != nil {
		t.Fatal(err)
	}
	expect("split", "entered left", 1, 1, 1, 0)
	seen(u2, mail)
	expect("with another", "", 2, 1, 1, 0)
	checkAndClose(t, db)
	db = open(t, dir, opts)
	expect("opened again", "", 2, 1, 1, 0)
	apply(t, db, strings.Replace(testModel, "Asia/Shanghai", "Europe/Berlin", 1))
	expect("another zone", "left", 2, 1, 1, 0)
}

func TestReach_of_a_store(t *testing.T) {
	v := viewOf(t, drawnStore(t, seed(t), testModel, 400))
	got, err := insight.Reach(t.Context(), v, insight.ReachQuestion{
		Audience:   segment.Tag("买家"),
		Namespaces: []string{"user_id"},
		Channels: []insight.Channel{
			{Name: "mail", Namespaces: []string{"email"}, Allowed: segment.MustParse(`vip = true`)},
			{Name: "push", Namespaces: []string{"device_id", "anonymous_id"}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	var all, users, mail, both, none uint64
	for p, err := range v.Profiles(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(p.Tags, "买家") {
			continue
		}
		has := func(spaces ...string) bool {
			return slices.ContainsFunc(p.Identifiers, func(id profile.Identifier) bool { return slices.Contains(spaces, id.Namespace) })
		}
		all++
		if has("user_id") {
			users++
		}
		vip, _ := p.Trait("vip")
		a, b := has("email") && vip.Bool(), has("device_id", "anonymous_id")
		if a {
			mail++
		}
		if a && b {
			both++
		}
		if !a && !b {
			none++
		}
	}
	if got.Audience != all || got.Identifiers[0].People.Count != users || got.Channels[0].Reachable.Count != mail || got.Exactly[3].Count != both || got.Unreachable.Count != none {
		t.Errorf("%+v, want %d: %d users, %d by mail, %d by both, %d by none", got, all, users, mail, both, none)
	}
	if all == 0 || both == 0 || none == 0 {
		t.Errorf("nothing is tested: %d, %d, %d", all, both, none)
	}
}

func TestMeasure_of_a_store(t *testing.T) {
	v := viewOf(t, drawnStore(t, seed(t), testModel, 400))
	// Of an index, of what has none, and of a time.
	for _, of := range []string{"spent", "spent * 2", "registered", "age"} {
		got, err := insight.Measure(t.Context(), v, tags.MustParseFormula(of), insight.NumberQuestion{Audience: segment.Tag("买家")})
		if err != nil {
			t.Fatal(err)
		}
		var values []profile.Value
		var missing uint64
		for p, err := range v.Profiles(t.Context(), nil) {
			if err != nil {
				t.Fatal(err)
			}
			value, ok := p.Trait(strings.TrimSuffix(of, " * 2"))
			if strings.HasSuffix(of, "* 2") {
				value = profile.Number(2 * value.Number())
			}
			switch {
			case !slices.Contains(p.Tags, "买家"):
			case !ok:
				missing++
			default:
				values = append(values, value)
			}
		}
		slices.SortFunc(values, profile.Value.Compare)
		s := got.Audience
		if s.Count.Count != uint64(len(values)) || s.Missing.Count != missing || !s.Min.Equal(values[0]) || !s.Max.Equal(values[len(values)-1]) {
			t.Errorf("%s: %+v, want %d values and %d without", of, s, len(values), missing)
		}
		median := s.Quantiles[2].Value
		at := slices.IndexFunc(values, median.Equal)
		if last := len(values); at < 0 || 2*at > last || 2*(at+1) < last && !values[(last+1)/2-1].Equal(median) {
			t.Errorf("%s: a median of %s in place %d of %d", of, median, at, last)
		}
		for i, span := range got.Spans {
			n := uint64(0)
			for _, value := range values {
				if (span.From.IsNull() || value.Compare(span.From) >= 0) && (span.To.IsNull() || value.Compare(span.To) < 0) {
					n++
				}
			}
			if row := got.Distribution.Rows[i]; row.Audience != n {
				t.Errorf("%s: %+v, want %d", of, row, n)
			}
		}
		if len(got.Spans) < 5 {
			t.Errorf("%s: %d parts", of, len(got.Spans))
		}
		if d, err := insight.QuantileParts(t.Context(), v, tags.MustParseFormula(of), segment.Expr{}, 4); err != nil || len(d.Values) != 4 {
			t.Errorf("%s in quarters: %+v, %v", of, d, err)
		} else if _, err := insight.CrossTab(t.Context(), v, segment.Expr{}, 0, d); err != nil {
			t.Errorf("%s in quarters: %v", of, err)
		}
	}
	for want, bounds := range map[string][]profile.Value{
		"bound 1 of spent is a time":      {profile.Time(now)},
		"bound 2 of spent is not above":   {profile.Number(2), profile.Number(1)},
		"spent is a number, and can neit": nil,
	} {
		of := tags.MustParseFormula("spent")
		if bounds == nil {
			of, want = tags.MustParseFormula("city"), "city is a string"
		}
		if _, err := v.Bins(t.Context(), of, segment.And(), bounds...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

const facetModel = testModel + `  级: {tiers: [{value: 高, rule: 'spent > 100'}, {value: 无人, rule: 'false'}, {value: 中, rule: 'orders >= 1'}], else: 低}
  城: {value: city}
  问: {rule: 'percentile(age) >= 0.5', query: true}
segments:
  跟踪: {rule: 'vip = true'}
`

func TestFacets(t *testing.T) {
	db := drawnStore(t, seed(t), facetModel, 400)
	v := viewOf(t, db)
	facets, err := v.Facets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range facets {
		names = append(names, f.Name)
		sizes := []uint64{f.Size}
		es := []segment.Expr{f.Expr}
		for _, value := range f.Values {
			es, sizes = append(es, value.Expr), append(sizes, value.Size)
		}
		counts, err := v.Counts(t.Context(), es...)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(counts, sizes); diff != "" {
			t.Errorf("%s: %s", f.Name, diff)
		}
		if f.Trait {
			groups, err := v.Groups(t.Context(), tags.Formula{}, segment.And(), f.Name)
			if err != nil || len(groups) != len(f.Values) {
				t.Errorf("%s: %d values, want %d: %v", f.Name, len(f.Values), len(groups), err)
			}
		}
	}
	slices.Sort(names)
	if got, want := strings.Join(names, " "), "city interests vip 上海 买家 城 无名 沉睡 级 老客 运动 高频购买者"; got != want {
		t.Errorf("facets %s, want %s", got, want)
	}
	named, err := v.Facets(t.Context(), "跟踪", "级", "interests")
	if err != nil || len(named) != 3 || named[0].Size == 0 || !named[2].Trait {
		t.Fatalf("%+v, %v", named, err)
	}
	var tiers []string
	for _, value := range named[1].Values {
		tiers = append(tiers, fmt.Sprint(value.Value, value.Size > 0))
	}
	if got, want := strings.Join(tiers, " "), "高 true 无人 false 中 true 低 true"; got != want {
		t.Errorf("tiers %s, want %s", got, want)
	}
	for name, want := range map[string]string{"问": "query tag", "age": "no list of values", "first_channel": "has no index of values", "没有": "neither a tag nor a trait", "": "has no name"} {
		if _, err := v.Facets(t.Context(), name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", name, err, want)
		}
	}
	// All of them in one pass are as one by one.
	all, err := insight.Characterise(t.Context(), v, insight.Characterisation{Audience: segment.Tag("买家")})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range all.Rows {
		i := slices.IndexFunc(facets, func(f segment.Facet) bool { return f.Name == row.Dimension })
		e := facets[i].Expr
		if k := slices.IndexFunc(facets[i].Values, func(value segment.FacetValue) bool { return value.Value.String() == strings.Trim(row.Value, `"`) }); k >= 0 {
			e = facets[i].Values[k].Expr
		}
		n, err := v.Count(t.Context(), segment.And(segment.Tag("买家"), e))
		if err != nil || n != row.Audience {
			t.Errorf("%+v, want %d, %v", row, n, err)
		}
	}
}

// What the feed tells of who came and went gives the sizes that were counted then.
func TestSizes_of_a_store(t *testing.T) {
	r := seed(t)
	clock := clockAt(now)
	db := open(t, t.TempDir(), &portrait.Options{Clock: clock.now, NoSync: true, FeedRetention: 60 * 24 * time.Hour})
	apply(t, db, facetModel)
	of := []segment.Expr{segment.Tag("买家"), segment.Tag("沉睡"), segment.TagValue("级", "高"), segment.Tag("跟踪")}
	draw := drawID(r, 40)
	type counted struct {
		at    time.Time
		sizes []uint64
	}
	var past []counted
	count := func() {
		sizes, err := viewOf(t, db).Counts(t.Context(), of...)
		if err != nil {
			t.Fatal(err)
		}
		past = append(past, counted{clock.now(), sizes})
	}
	for i := range 120 {
		count()
		clock.set(clock.now().Add(time.Duration(1+r.IntN(20*3600)) * time.Second))
		e := drawEvent(r, i, draw)
		e.Time = clock.now().Add(-time.Duration(r.IntN(100*24)) * time.Hour)
		e.Received = time.Time{}
		steps := []profile.Event{e}
		if _, err := db.Ingest(t.Context(), steps...); err != nil {
			t.Fatal(err)
		}
		if i%10 == 0 {
			decided := portrait.Decision{At: clock.now()}
			if a, b := draw(), draw(); a != b {
				if _, err := db.Unlink(t.Context(), a, b, decided); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	count()
	v := viewOf(t, db)
	for k, e := range of {
		trimmed, told := 0, 0
		for _, was := range past {
			points, err := insight.Sizes(t.Context(), v, insight.SizesQuestion{Of: e, From: was.at.Add(time.Microsecond)})
			if errors.Is(err, portrait.ErrTrimmed) {
				trimmed++
				continue
			}
			if was.at.Equal(v.AsOf()) {
				continue // it begins later
			}
			if err != nil {
				t.Fatal(err)
			}
			told++
			if points[0].Size.Count != was.sizes[k] {
				t.Errorf("%s at %s: %d, were %d", e, was.at, points[0].Size.Count, was.sizes[k])
			}
			if last := points[len(points)-1]; last.Size.Count != past[len(past)-1].sizes[k] {
				t.Errorf("%s ends with %+v", e, last)
			}
		}
		if trimmed == 0 && clock.now().Sub(now) > 75*24*time.Hour || told < 20 {
			t.Errorf("%s: %d told, %d trimmed", e, told, trimmed)
		}
	}
	for want, e := range map[string]segment.Expr{
		"names none": segment.And(), "is a query tag": segment.Tag("问"), "has values: name one": segment.Tag("级"),
		"has no values": segment.TagValue("买家", "x"), `is called "没有"`: segment.Tag("没有"),
	} {
		if _, err := collect(v.Flows(t.Context(), e, v.AsOf())); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", e, err, want)
		}
	}
}
