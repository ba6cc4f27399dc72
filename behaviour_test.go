package portrait_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/internal/oracle"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

// operandPool are computed traits of every kind, over the events that drawEvent draws.
var operandPool = []string{
	`count("Order Completed", where(revenue >= 100))`,
	`count("Order Completed", last("30d"))`,
	`count("Order Completed", where(revenue < 50 and order_id in ["1", "2"]), last("60d"))`,
	`count("*", last("14d"))`,
	`count("$page", last("36h"))`,
	`count("Product Viewed", last("90m"))`,
	`count("Product Viewed", between("60d", "30d"))`,
	`count("Product Viewed", between("3mo", "1mo"))`,
	`count("Order Completed", since("2026-03-01"))`,
	`count("Order Completed", this("month"))`,
	`count("*", this("week"))`,
	`count("*", this("quarter"))`,
	`count("*", today())`,
	`sum("Order Completed", "revenue", last("45d"))`,
	`sum("Order Completed", "revenue", where(order_id != "3"))`,
	`avg("Order Completed", "revenue", last("2mo"))`,
	`min("Order Completed", "revenue", last("30d"))`,
	`max("Order Completed", "revenue", this("year"))`,
	`first("Order Completed", "order_id", last("60d"))`,
	`last("Product Viewed", "sku")`,
	`first_time("Product Viewed", last("30d"))`,
	`last_time("Product Viewed", where(sku = "s1"))`,
	`unique("Product Viewed", "sku", last("30d"))`,
	`unique("Product Viewed", "category")`,
	`most_frequent("Product Viewed", "sku", last("90d"))`,
	`most_frequent("Product Viewed", "category")`,
	`top(2, "Product Viewed", "sku")`,
	`top(2, "Order Completed", "order_id", by("revenue"), last("90d"))`,
	`latest(2, "Product Viewed", "sku")`,
	`earliest(2, "Product Viewed", "category", last("60d"))`,
	`days("*")`,
	`days("Order Completed", last("30d"))`,
	`share_of_days("*", last("14d"))`,
	`share_of_days("Product Viewed")`,
	`streak("*")`,
	`longest_streak("*", last("60d"))`,
	`sessions("*", "36h")`,
	`sessions("*", "36h", last("60d"))`,
	`count("Product Viewed", where(any(items, where(price > 10))), last("60d"))`,
	`count("Product Viewed", where(all(items, where(price > 10 and kind = "a"))))`,
	`count("Product Viewed", where(address.city = "上海" or missing(address.city)))`,
	`sequence_count("Product Viewed", "Order Completed", last("60d"))`,
	`sequence_count("Product Viewed", step("Order Completed", where(revenue > 50), within("20d")), last("90d"), overlapping())`,
	`interest("category", "运动")`,
	`interests("category", 2)`,
	`days_since(last_time("Order Completed"))`,
	`round(sum("Order Completed", "revenue") / count("Order Completed"), 2)`,
	`coalesce(avg("Order Completed", "revenue", last("30d")), 0) * 2 - 1`,
	`if(count("Order Completed", last("60d")) >= 2, "多", if(count("Order Completed", last("60d")) = 1, "少", "无"))`,
}

// rulePool are conditions of every kind.
var rulePool = []string{
	`count("Order Completed", last("30d")) >= 2`,
	`count("Order Completed", last("7d")) = 0 and count("Order Completed", last("60d")) > 0`,
	`not count("*", last("24h")) > 0`,
	`sum("Order Completed", "revenue", last("90d")) > 100`,
	`avg("Order Completed", "revenue", last("30d")) > 100 or sum("Order Completed", "revenue", this("month")) > 200`,
	`count("Order Completed", between("90d", "30d")) > count("Order Completed", last("30d"))`,
	`sequence("Product Viewed", "Order Completed", within("10d"))`,
	`sequence("Product Viewed", without("$page"), "Order Completed", last("60d"))`,
	`sequence("Product Viewed", without("Order Completed"), within("3d"))`,
	`sequence("Product Viewed", "Product Viewed", same("sku"), within("30d"), last("90d"))`,
	`interest("category", "运动") > 0.5`,
	`interest("category") <= 1.25 and exists(last_order)`,
	`has(top(1, "Product Viewed", "sku", last("60d")), "s1")`,
	`days_since(last_order) > 20`,
	`streak("*") >= 2 or longest_streak("*") >= 3`,
	`missing(most_frequent("Product Viewed", "category", last("30d")))`,
	`first("Order Completed", "order_id") = "1" and last("Order Completed", "order_id", last("60d")) != "1"`,
	`xor(count("*", this("week")) > 1, days("*", last("10d")) > 2, tag("买家"))`,
	`at_least(2, count("$page") > 0, count("Product Viewed", last("30d")) > 0, tag("沉睡"))`,
	`spent / orders > 80`,
}

// drawBehaviour adds to a model random computed traits, tags, segments and an
// interest.
func drawBehaviour(r *rand.Rand, text string) string {
	var traits, tags, segments strings.Builder
	for i, x := range operandPool {
		if r.IntN(5) == 0 {
			index := r.IntN(2) == 0 && !strings.Contains(x, "days_since") && !strings.Contains(x, "interest(")
			fmt.Fprintf(&traits, "  op%d: {compute: %q, index: %t}\n", i, x, index)
		}
	}
	for i, x := range rulePool {
		switch r.IntN(8) {
		case 0, 1:
			fmt.Fprintf(&tags, "  rule%d: {rule: %q}\n", i, x)
		case 2:
			fmt.Fprintf(&segments, "  segment%d: {rule: %q}\n", i, x)
		}
	}
	interest := fmt.Sprintf("interests:\n  category: {half_life: %s, from: [{event: Product Viewed, property: category}, {event: Order Completed, property: order_id, where: 'revenue > 20', weight: 0.5, by: revenue}]}\n",
		[]string{"36h", "10d", "90d"}[r.IntN(3)])
	text = strings.Replace(text, "\ntags:\n", "\n"+traits.String()+interest+"tags:\n", 1) + tags.String()
	if segments.Len() > 0 {
		text += "segments:\n" + segments.String()
	}
	week := []string{"", "week: sunday\n", "week: saturday\n"}[r.IntN(3)]
	return text + week
}

// TestBehaviour plays random lives under random models, whose clock jumps, into a
// store and into a naive one that keeps every event and works each answer out from
// all of them: late, future and doubled events, decisions about identifiers,
// reopenings. After every few steps everybody is compared.
func TestBehaviour(t *testing.T) {
	r := seed(t)
	for range 2 * *rounds {
		text := drawModel(r)
		life(t, r, text)
		if t.Failed() {
			t.Fatalf("under\n%s", text)
		}
	}
}

func life(t *testing.T, r *rand.Rand, text string) {
	t.Helper()
	clock := epoch0.AddDate(0, 2, r.IntN(60))
	opts := &portrait.Options{Clock: func() time.Time { return clock }, NoSync: true, FeedRetention: -1}
	dir := t.TempDir()
	db := open(t, dir, opts)
	apply(t, db, text)
	naive := naiveStore(t, model(t, text), db)
	draw := drawID(r, 2+r.IntN(8))
	for i := range 20 + r.IntN(150) {
		switch r.IntN(12) {
		case 0:
			decideBoth(t, r, db, naive, draw(), draw())
		case 1:
			clock = clock.Add(drawJump(r, clock))
		case 2:
			clock = clock.Add(drawJump(r, clock))
			if err := db.Advance(t.Context(), clock); err != nil {
				t.Fatal(err)
			}
		case 3:
			checkAndClose(t, db)
			db = open(t, dir, opts)
		default:
			e := drawEvent(r, i, draw)
			e.Time, e.Received = clock.Add(drawLag(r)), clock
			ingestBoth(t, db, naive, e)
			if r.IntN(8) == 0 {
				ingestBoth(t, db, naive, e)
			}
		}
		if r.IntN(10) == 0 {
			compareStores(t, db, naive, clock)
			compareTags(t, db, naive, clock)
		}
		if t.Failed() {
			return
		}
	}
	compareStores(t, db, naive, clock)
	compareTags(t, db, naive, clock)
	compareFeed(t, db, naive, clock)
}

// compareFeed replays the feed from the beginning: who is left in each tag and tracked
// segment is who the naive store says.
func compareFeed(t *testing.T, db *portrait.DB, naive *oracle.Store, at time.Time) {
	t.Helper()
	v, err := db.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	members := map[string]map[profile.ID]bool{}
	changes, err := collect(v.Changes(t.Context(), portrait.Cursor{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range changes {
		name := c.Tag + "/" + c.Segment
		if members[name] == nil {
			members[name] = map[profile.ID]bool{}
		}
		switch c.Kind {
		case "entered", "left":
			if members[name][c.Profile] == (c.Kind == "entered") {
				t.Errorf("%s of %s at %s by %s, and it was so before", c.Kind, name, c.At, c.Cause)
			}
			members[name][c.Profile] = c.Kind == "entered"
		}
	}
	scope := portrait.ScopeOf(db)
	m := db.Model()
	for i, defs := range [][]tags.Definition{m.Tags, m.Segments} {
		for _, d := range defs {
			rule, err := portrait.CheckedTree(db, segment.MustParse(d.Rule.String()))
			if err != nil {
				t.Fatal(err)
			}
			want := map[profile.ID]bool{}
			for _, p := range naive.Members(rule, scope, profile.InstantOf(at)) {
				who, err := v.Profile(t.Context(), p.Identifiers[0])
				if err != nil {
					t.Fatal(err)
				}
				want[who.ID] = true
			}
			name := []string{d.Name + "/", "/" + d.Name}[i]
			got := map[profile.ID]bool{}
			for id, in := range members[name] {
				if in {
					got[id] = true
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s by the feed (- naive, + feed):\n%s", name, diff)
			}
		}
	}
}

// drawLag draws how far an event's time is from the clock: mostly a little behind.
func drawLag(r *rand.Rand) time.Duration {
	switch r.IntN(8) {
	case 0:
		return -time.Duration(r.IntN(100*24)) * time.Hour
	case 1:
		return time.Duration(r.IntN(12*60)) * time.Minute
	case 2:
		return -time.Duration(r.IntN(10)) * 24 * time.Hour
	}
	return -time.Duration(r.IntN(36*60)) * time.Minute
}

// drawJump draws how far the clock goes: up to a month, or to the edge of an hour, or
// of a day in Shanghai, a microsecond before or after it.
func drawJump(r *rand.Rand, from time.Time) time.Duration {
	unit := []time.Duration{time.Minute, time.Hour, 24 * time.Hour}[r.IntN(3)]
	switch r.IntN(3) {
	case 0:
		return time.Duration(1+r.IntN(30)) * unit
	case 1:
		return time.Duration(r.Int64N(int64(40 * 24 * time.Hour))).Truncate(time.Microsecond)
	}
	const shanghai = 8 * time.Hour
	edge := from.Add(shanghai).Truncate(unit).Add(-shanghai + time.Duration(1+r.IntN(3))*unit)
	return edge.Sub(from) + time.Duration(r.IntN(3)-1)*time.Microsecond
}

// compareTags compares the bitmap of every tag with who has it in a naive store.
func compareTags(t *testing.T, db *portrait.DB, naive *oracle.Store, at time.Time) {
	t.Helper()
	scope := portrait.ScopeOf(db)
	for _, name := range scope.Names("tag") {
		rule, _ := scope.Tag(name, "")
		n, err := db.Count(t.Context(), segment.Tag(name))
		if err != nil {
			t.Fatal(err)
		}
		if want := len(naive.Members(rule, scope, profile.InstantOf(at))); int(n) != want {
			t.Errorf("at %s tag %q has %d, the naive store says %d", at, name, n, want)
		}
	}
}
