package oracle

import (
	"fmt"
	"maps"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/portraitdb/portrait/profile"
)

// sameBig compares sums in cmp.Diff, and leaves the events themselves out.
var sameBig = cmp.Options{cmp.Comparer(sameSum), cmpopts.IgnoreFields(Person{}, "History"), cmpopts.EquateEmpty()}

// testSchema declares one attribute of every policy, and one event name.
func testSchema() *profile.Schema {
	return &profile.Schema{
		Attributes: map[string]profile.Attribute{
			"city":   {Kind: profile.KindString},
			"origin": {Kind: profile.KindString, Policy: profile.First},
			"level":  {Kind: profile.KindNumber, Policy: profile.Max},
			"born":   {Kind: profile.KindTime, Policy: profile.Min},
			"points": {Kind: profile.KindNumber, Policy: profile.Sum},
			"apps":   {Kind: profile.KindSet, Elem: profile.KindString, Policy: profile.Union},
			"name":   {Kind: profile.KindString, Policy: profile.NonEmpty},
			"path":   {Kind: profile.KindList, Elem: profile.KindString},
			"any":    {},
			"vip":    {Kind: profile.KindBool},
			"home":   {Kind: profile.KindPoint},
		},
		Events: map[string]profile.Folds{
			"Order": {Numbers: []string{"price"}, Uniques: []string{"sku"}},
			"$page": {},
		},
	}
}

// on returns a time of the tests' day.
func on(second int) time.Time { return time.Date(2026, 5, 1, 0, 0, second, 0, time.UTC) }

func identify(second int, name string, v profile.Value) profile.Event {
	return profile.Event{
		Type: profile.Identify, MessageID: fmt.Sprint("i", second), Time: on(second),
		Traits: map[string]profile.Value{name: v},
	}
}

func track(second int, name string, properties map[string]profile.Value) profile.Event {
	return profile.Event{MessageID: fmt.Sprint("t", second), Name: name, Time: on(second), Properties: properties}
}

func mustFold(t *testing.T, events ...profile.Event) *Person {
	t.Helper()
	p, err := Fold(events, testSchema())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestFold_attributes(t *testing.T) {
	str, num, null := profile.String, profile.Number, profile.Value{}
	type telling struct {
		second int
		value  profile.Value
	}
	set := func(vs ...string) profile.Value {
		var out []profile.Value
		for _, v := range vs {
			out = append(out, str(v))
		}
		return profile.Set(out...)
	}
	for _, tt := range []struct {
		name      string
		attribute string
		told      []telling
		want      profile.Value // null: missing
	}{
		{"the latest counts", "city", []telling{{2, str("b")}, {1, str("a")}}, str("b")},
		{"a null unsets", "city", []telling{{1, str("a")}, {2, null}}, null},
		{"a null before does not", "city", []telling{{2, str("a")}, {1, null}}, str("a")},
		{"the earliest counts", "origin", []telling{{2, str("b")}, {1, str("a")}}, str("a")},
		{"the earliest is never a null", "origin", []telling{{1, null}, {2, str("b")}}, str("b")},
		{"the greatest counts", "level", []telling{{1, num(3)}, {2, num(9)}, {3, num(4)}, {4, null}}, num(9)},
		{"the least counts, text reads as time", "born", []telling{{1, str("2001-02-03")}, {2, profile.Time(time.Date(2001, 2, 4, 0, 0, 0, 0, time.UTC))}}, profile.Time(time.Date(2001, 2, 3, 0, 0, 0, 0, time.UTC))},
		{"a time with an offset", "born", []telling{{1, str("2001-02-03T08:00:00+08:00")}}, profile.Time(time.Date(2001, 2, 3, 0, 0, 0, 0, time.UTC))},
		{"sums are exact", "points", []telling{{1, num(0.1)}, {2, num(0.2)}, {3, num(1e18)}, {4, num(-1e18)}, {5, null}}, num(0.3)},
		{"a union of lists, sets and single elements", "apps", []telling{{1, profile.List(str("b"), str("a"), str("b"))}, {2, str("c")}, {3, set("a")}, {4, null}}, set("a", "b", "c")},
		{"the latest that is not empty", "name", []telling{{1, str("a")}, {2, str("b")}, {3, str("")}, {4, null}}, str("b")},
		{"a list keeps order and repetitions", "path", []telling{{1, profile.List(str("b"), null, str("a"), str("b"))}}, profile.List(str("b"), str("a"), str("b"))},
		{"any kind", "any", []telling{{1, profile.Point(31.2, 121.4)}}, profile.Point(31.2, 121.4)},
		{"an undeclared name is the latest of any kind", "unheard", []telling{{1, str("1")}, {2, num(1)}}, num(1)},
		{"groups unite without a declaration", "groups", []telling{{1, str("acme")}, {2, str("zeta")}}, set("acme", "zeta")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var events []profile.Event
			for _, e := range tt.told {
				events = append(events, identify(e.second, tt.attribute, e.value))
			}
			policy := testSchema().Attributes[tt.attribute].Policy
			if tt.attribute == "groups" {
				policy = profile.Union
			}
			got, ok := mustFold(t, events...).attribute(tt.attribute, policy)
			if ok == tt.want.IsNull() || !got.Equal(tt.want) {
				t.Errorf("got %v %v, %v; want %v %v", got.Kind(), got, ok, tt.want.Kind(), tt.want)
			}
		})
	}
}

func TestFold_counters(t *testing.T) {
	num, str := profile.Number, profile.String
	props := func(price, sku profile.Value) map[string]profile.Value {
		return map[string]profile.Value{"price": price, "sku": sku, "note": str("not folded")}
	}
	order1 := track(5, "Order", props(num(2.5), str("x")))
	order2 := track(3, "Order", props(num(-1), str("y")))
	order3 := track(9, "Order", props(num(2.5), str("x")))
	order4 := track(1, "Order", nil)
	page := profile.Event{Type: profile.Page, Name: "Home", MessageID: "p", Time: on(4), Traits: map[string]profile.Value{"city": str("上海")}}
	screen := profile.Event{Type: profile.Screen, MessageID: "s", Time: on(7)}
	group := profile.Event{Type: profile.Group, Name: "ignored", MessageID: "g", Time: on(12)}
	odd := track(8, "Visit", map[string]profile.Value{"price": num(1)})

	got := mustFold(t, order1, order2, order3, order4, page, screen, group, odd)
	want := &Person{
		Events: 8, First: order4.Stamp(), Last: group.Stamp(),
		Attributes: map[AttributeKey]Attribute{{"city", profile.Latest, true}: {Value: str("上海"), Stamp: page.Stamp()}},
		Counters: map[CounterKey]Counter{
			{"Order", true}: {
				Count: 4, First: order4.Stamp(), Last: order3.Stamp(),
				Numbers: map[string]Number{"price": {
					Count: 3, Sum: big.NewInt(4_000_000), Min: -1, MinAt: order2.Stamp().At, Max: 2.5, MaxAt: order1.Stamp().At,
					First: -1, FirstAt: order2.Stamp(), Last: 2.5, LastAt: order3.Stamp(),
				}},
				Uniques: map[string]UniqueSet{"sku": {Values: []profile.Value{str("x"), str("y")}}},
			},
			{"$page", true}:    {Count: 1, First: page.Stamp(), Last: page.Stamp(), Numbers: map[string]Number{}, Uniques: map[string]UniqueSet{}},
			{"$screen", false}: {Count: 1, First: screen.Stamp(), Last: screen.Stamp(), Numbers: map[string]Number{}, Uniques: map[string]UniqueSet{}},
			{"Visit", false}:   {Count: 1, First: odd.Stamp(), Last: odd.Stamp(), Numbers: map[string]Number{}, Uniques: map[string]UniqueSet{}},
		},
	}
	if d := cmp.Diff(want, got, sameBig); d != "" {
		t.Errorf("person (-want +got):\n%s", d)
	}
}

func TestFold_refuses(t *testing.T) {
	num, str := profile.Number, profile.String
	nested := profile.List(profile.List(profile.List(profile.List(profile.List()))))
	long := profile.List(make([]profile.Value, maxElements+1)...)
	price := func(v profile.Value) profile.Event {
		return track(1, "Order", map[string]profile.Value{"price": v, "sku": str("x")})
	}
	for _, tt := range []struct {
		event profile.Event
		want  string
	}{
		{identify(1, "city", num(1)), "traits.city"},
		{identify(1, "level", str("9")), "traits.level"},
		{identify(1, "born", str("yesterday")), "traits.born"},
		{identify(1, "born", str("0000-12-31")), "traits.born"},
		{identify(1, "born", str("9999-12-31T23:59:59-01:00")), "traits.born"},
		{identify(1, "points", str("9")), "traits.points"},
		{identify(1, "points", num(2e18)), "traits.points"},
		{identify(1, "apps", num(9)), "traits.apps"},
		{identify(1, "apps", long), "traits.apps"},
		{identify(1, "path", str("a")), "traits.path"},
		{identify(1, "any", num(math.NaN())), "traits.any"},
		{identify(1, "any", profile.Point(91, 0)), "traits.any"},
		{identify(1, "any", profile.TimeAt(math.MaxInt64)), "traits.any"},
		{identify(1, "unheard", num(math.Inf(1))), "traits.unheard"},
		{identify(1, "unheard", nested), "traits.unheard"},
		{identify(1, "unheard", long), "traits.unheard"},
		{identify(1, "groups", profile.List(profile.List())), "traits.groups"},
		{price(str("1")), "properties.price"},
		{price(num(math.NaN())), "properties.price"},
		{price(num(-2e18)), "properties.price"},
		{track(1, "Order", map[string]profile.Value{"sku": profile.List(str("a"))}), "properties.sku"},
	} {
		_, err := Fold([]profile.Event{tt.event}, testSchema())
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v: error %v, want one that names %s", tt.event, err, tt.want)
		}
	}
	if _, err := Fold([]profile.Event{price(num(1e18)), identify(1, "any", profile.List(profile.List(profile.List(profile.List()))))}, testSchema()); err != nil {
		t.Errorf("at the bounds: %v", err)
	}
}

func TestFold_bounds(t *testing.T) {
	attribute := func(i int) profile.Event { return identify(i, fmt.Sprint("a", i), profile.Bool(true)) }
	name := func(i int) profile.Event { return track(i, fmt.Sprint("e", i), nil) }
	element := func(i int) profile.Event { return identify(i, "apps", profile.String(fmt.Sprint(i))) }
	sku := func(i int) profile.Event {
		return track(i, "Order", map[string]profile.Value{"sku": profile.Number(float64(i))})
	}
	var events []profile.Event
	events = append(events, identify(5000, "city", profile.String("上海")))
	for i := range 1000 {
		events = append(events, attribute(i), name(i), element(i), sku(i))
	}
	apps, order := AttributeKey{"apps", profile.Union, true}, CounterKey{"Order", true}
	full := mustFold(t, events...)
	if full.LostAttributes || full.LostEvents || len(full.Attributes) != 1002 || len(full.Counters) != 1001 {
		t.Errorf("at the bounds: %d attributes, %d counters", len(full.Attributes), len(full.Counters))
	}
	if n := len(full.Attributes[apps].Value.Elements()); n != 1000 {
		t.Errorf("%d elements, want 1000", n)
	}
	if n := len(full.Counters[order].Uniques["sku"].Values); n != 1000 {
		t.Errorf("%d distinct values, want 1000", n)
	}
	events = append(events, attribute(1000), name(1000), element(1000), sku(1000), attribute(7), name(7), element(7), sku(7))
	over := mustFold(t, events...)
	if !over.LostAttributes || !over.LostEvents || len(over.Attributes) != 2 || len(over.Counters) != 1 {
		t.Errorf("beyond the bounds: %d attributes, %d counters", len(over.Attributes), len(over.Counters))
	}
	if a := over.Attributes[apps]; !a.Lost || !a.Value.IsNull() {
		t.Errorf("beyond the bound of a union: %v", a)
	}
	if u := over.Counters[order].Uniques["sku"]; !u.Lost || u.Values != nil {
		t.Errorf("beyond the bound of distinct values: %v", u)
	}
	for _, p := range []*Person{Merge(over, mustFold(t, attribute(3), name(3), element(3), sku(3))), Merge(mustFold(t, attribute(3), name(3), element(3), sku(3)), over)} {
		if !p.LostAttributes || !p.LostEvents || len(p.Attributes) != 2 || len(p.Counters) != 1 || !p.Attributes[apps].Lost || !p.Counters[order].Uniques["sku"].Lost {
			t.Errorf("what was lost came back: %v", p)
		}
	}
	if v, ok := over.attribute("city", profile.Latest); !ok || v.Text() != "上海" {
		t.Errorf("a declared attribute was lost: %v", v)
	}
}

// Any division of the events into parts makes the same person, also when the
// parts are merged in another order.
func TestMerge_of_parts_is_the_fold_of_all(t *testing.T) {
	const seed = 20261122
	r := rand.New(rand.NewPCG(seed, 1))
	for round := range 300 {
		var events []profile.Event
		for i := range r.IntN(40) {
			events = append(events, randomEvent(r, i%7)) // some stamps are equal
		}
		whole, err := Fold(events, testSchema())
		if err != nil {
			t.Fatalf("seed %d, round %d: %v", seed, round, err)
		}
		r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		var parts []*Person
		for len(events) > 0 {
			n := 1 + r.IntN(len(events))
			parts = append(parts, mustFold(t, events[:n]...))
			events = events[n:]
		}
		for len(parts) > 1 { // merge any two
			i := 1 + r.IntN(len(parts)-1)
			parts[0] = Merge(parts[i], parts[0])
			parts = append(parts[:i], parts[i+1:]...)
		}
		if d := cmp.Diff(whole, Merge(append(parts, Merge())...), sameBig); d != "" {
			t.Fatalf("seed %d, round %d: (-whole +parts)\n%s", seed, round, d)
		}
	}
}

// randomEvent returns a valid event of few names and values, so that they meet.
func randomEvent(r *rand.Rand, i int) profile.Event {
	e := profile.Event{MessageID: fmt.Sprint(i), Time: on(r.IntN(5)), Type: profile.Type(r.IntN(6))}
	e.Name = []string{"Order", "Visit"}[r.IntN(2)]
	pick := func(vs ...profile.Value) profile.Value { return vs[r.IntN(len(vs))] }
	str, num := profile.String, profile.Number
	values := map[string]profile.Value{
		"city":    pick(str("a"), str("b"), profile.Value{}),
		"origin":  pick(str("a"), str("b"), profile.Value{}),
		"level":   pick(num(1), num(-2.5), profile.Value{}),
		"born":    pick(str("2001-01-01"), profile.TimeAt(7)),
		"points":  pick(num(0.1), num(1e17), num(-0.0000005), num(1.0000015)),
		"apps":    pick(str("a"), profile.List(str("b"), str("c")), profile.Set()),
		"name":    pick(str(""), str("a"), str("b"), profile.Value{}),
		"path":    pick(profile.List(str("a")), profile.List()),
		"vip":     pick(profile.Bool(true), profile.Bool(false)),
		"home":    pick(profile.Point(1, 2), profile.Point(3, 4), profile.Value{}),
		"groups":  pick(str("acme"), num(7)),
		"unheard": pick(profile.Bool(true), num(3), profile.Point(1, 2), profile.List(profile.List(num(1)))),
	}
	e.Traits = map[string]profile.Value{}
	for _, name := range slices.Sorted(maps.Keys(values)) { // so that a seed says it all
		if r.IntN(3) == 0 {
			e.Traits[name] = values[name]
		}
	}
	e.Properties = map[string]profile.Value{
		"price": pick(num(0.1), num(-7), num(1e15), num(3.3333335), profile.Value{}),
		"sku":   pick(str("x"), str("y"), num(1), profile.Bool(true), profile.Value{}),
		"note":  pick(str("z")),
	}
	return e
}
