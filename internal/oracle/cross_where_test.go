package oracle

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/internal/syntax/syntaxtest"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/tags"
)

// randomJSON returns a random value as encoding/json has them.
func randomJSON(r *rand.Rand, depth int) any {
	n := 7
	if depth == 0 {
		n = 5
	}
	switch r.IntN(n) {
	case 0:
		return nil
	case 1:
		return r.IntN(2) == 0
	case 2:
		return pick(r, 0, 1, -2.5, 1e21, 0.1, 12345678901234567)
	case 3:
		return pick(r, "", "a", "b", "上海 \"<&>\u2028", "2026-11-23", "{", `{"a":1}`)
	case 4:
		return pick[any](r, map[string]any{"lat": 31.2, "lng": 121}, map[string]any{"latitude": 1, "longitude": -1.5}, map[string]any{"lat": "1", "lon": 2})
	case 5:
		list := make([]any, r.IntN(3))
		for i := range list {
			list[i] = randomJSON(r, depth-1)
		}
		return list
	}
	object := map[string]any{}
	for range r.IntN(4) {
		object[pick(r, "a", "b", "a.b", "", "value", "$name", "lat", "lon")] = randomJSON(r, depth-1)
	}
	return object
}

// A where() holds of the same events, whatever objects lie in their lists.
func TestCross_where(t *testing.T) {
	const seed = 20261126
	r := rand.New(rand.NewPCG(seed, 11))
	zone := time.FixedZone("+8", 8*60*60)
	s := &syntaxtest.Scope{Loc: zone}
	held, there := 0, 0
	const rounds = 5_000
	for round := range rounds {
		name := pick(r, "a", "b", "a.b", "a.a", "b.a", "a.b.a", "value", "lat", "$name", "a.lat")
		constant := pick(r, profile.Bool(true), profile.Number(pick(r, 0, 1, -2.5, 0.1)), profile.String(pick(r, "a", "", "上海 \"<&>\u2028")), profile.TimeAt(dayStart(2026, 11, 23, zone)), profile.Point(31.2, 121))
		x := trait(name)
		var inner syntax.Expr = cmpOf(x, pick(r, syntax.Eq, syntax.Ne), &syntax.Literal{Value: constant})
		switch r.IntN(4) {
		case 0:
			inner = &syntax.Exists{X: x, Missing: r.IntN(2) == 0}
		case 1:
			inner = &syntax.Has{Mode: syntax.HasMode(r.IntN(3)), X: x, List: []profile.Value{profile.String("a"), profile.Number(1), profile.String(`{"a":1}`)}[r.IntN(3):]}
		case 2:
			inner = &syntax.Match{Mode: syntax.Contains, X: x, Pattern: pick(r, "a", "", "<")}
		}
		where := &syntax.Each{X: trait("l"), Where: inner, All: r.IntN(2) == 0}
		f := &syntax.Fold{Form: profile.Tally, Event: "A", Where: where, Since: -1 << 63}
		fold, err := tags.NewFold(f, 1, s)
		if err != nil {
			t.Fatal(err)
		}
		list := make([]any, r.IntN(3))
		for i := range list {
			list[i] = randomJSON(r, 3)
		}
		if r.IntN(2) == 0 && len(list) > 0 {
			list[0] = map[string]any{"a": randomJSON(r, 2), "b": randomJSON(r, 1)}
		}
		text, err := json.Marshal(map[string]any{"type": "track", "event": "A", "userId": "u", "messageId": "1", "timestamp": "2026-11-23T00:00:00Z", "properties": map[string]any{"l": list}})
		if err != nil {
			t.Fatal(err)
		}
		e, err := profile.ParseEvent(text)
		if err != nil {
			continue
		}
		w := &world{scope: s}
		slow, fast := w.holds(where, fieldsOf(&e)), fold.Filters[0].Match(&e)
		if slow != fast {
			t.Fatalf("seed %d, round %d: %s of %s: oracle says %t, tags %t", seed, round, syntax.Print(where), text, slow, fast)
		}
		there++
		if slow {
			held++
		}
	}
	if there < rounds/2 || held < rounds/10 {
		t.Errorf("%d of %d events, of %d it held: the test is one-sided", there, rounds, held)
	}
}
