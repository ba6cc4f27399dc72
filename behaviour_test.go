package portrait_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
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
	`first_day_sum("Order Completed", "revenue")`,
	`first_day_sum("*", "revenue", where(order_id != "2"), since("2026-03-01"))`,
	`sum("Order Completed", "revenue") - coalesce(first_day_sum("Order Completed", "revenue"), 0)`,
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
	`sequence_count("$page", step("Product Viewed", within("36h")), step("Order Completed", within("3d")), within("10d"), last("60d"))`,
	`sequence_count("Product Viewed", without("*"), "Product Viewed", same("sku"), within("10d"), last("90d"), overlapping())`,
	`dwell("*", "at")`,
	`dwell("Product Viewed", "at", during("home"), min_days(1), last("30d"))`,
	`dwell("Product Viewed", "at", where(sku != "s1"), during("mon-fri 9-18", "sat 0-24"), cell(14), min_days(2), except(dwell("Product Viewed", "at", during("home"), min_days(1), last("30d"))))`,
	`days_at(dwell("*", "at", min_days(1)))`,
	`confidence(dwell("Product Viewed", "at", during("home"), min_days(1), last("30d")))`,
	`interest("category", "运动")`,
	`interests("category", 2)`,
	`days_since(last_time("Order Completed"))`,
	`draw("a")`,
	`bucket("b", 4) + count("*", last("14d"))`,
	`round(sum("Order Completed", "revenue") / count("Order Completed"), 2)`,
	`coalesce(avg("Order Completed", "revenue", last("30d")), 0) * 2 - 1`,
	`if(count("Order Completed", last("60d")) >= 2, "多", if(count("Order Completed", last("60d")) = 1, "少", "无"))`,
}

// rulePool are conditions of every kind.
var rulePool = []string{
	`identified("email") and not identified("device_id")`,
	`namespaces() all_of ["device_id", "user_id"] or namespaces() none_of ["user_id", "anonymous_id"]`,
	`count("Order Completed", last("30d")) >= 2`,
	`count("Order Completed", last("7d")) = 0 and count("Order Completed", last("60d")) > 0`,
	`not count("*", last("24h")) > 0`,
	`sum("Order Completed", "revenue", last("90d")) > 100`,
	`avg("Order Completed", "revenue", last("30d")) > 100 or sum("Order Completed", "revenue", this("month")) > 200`,
	`count("Order Completed", between("90d", "30d")) > count("Order Completed", last("30d"))`,
	`near(dwell("*", "at", min_days(1)), 31.23, 121.47, "300m")`,
	`confidence(dwell("*", "at", during("22-12"), min_days(1), last("60d"))) > 0.4 and days_at(dwell("*", "at", during("22-12"), min_days(1), last("60d"))) >= 2`,
	`sequence("Product Viewed", "Order Completed", within("10d"))`,
	`sequence("Product Viewed", without("$page"), "Order Completed", last("60d"))`,
	`sequence("Product Viewed", without("Order Completed"), within("3d"))`,
	`sequence("Product Viewed", "Product Viewed", same("sku"), within("30d"), last("90d"))`,
	`sequence("Product Viewed", without("*"), step("Order Completed", within("20d")), last("60d"))`,
	`sequence("$page", without("Product Viewed"), "Product Viewed", without("Order Completed", where(revenue > 50)), within("3d"), last("60d"))`,
	`interest("category", "运动") > 0.5`,
	`interest("category") <= 1.25 and exists(last_order)`,
	`sample("exp", 0.4) and not sample("holdout", 0.2)`,
	`bucket("layer", 5) in [1, 4] or draw("x") >= draw("y")`,
	`has(top(1, "Product Viewed", "sku", last("60d")), "s1")`,
	`days_since(last_order) > 20`,
	`streak("*") >= 2 or longest_streak("*") >= 3`,
	`missing(most_frequent("Product Viewed", "category", last("30d")))`,
	`first("Order Completed", "order_id") = "1" and last("Order Completed", "order_id", last("60d")) != "1"`,
	`xor(count("*", this("week")) > 1, days("*", last("10d")) > 2, tag("买家"))`,
	`at_least(2, count("$page") > 0, count("Product Viewed", last("30d")) > 0, tag("沉睡"))`,
	`spent / orders > 80`,
	`consent("marketing") and not consent("ads")`,
	`consent("scores") or orders >= 2 and consent("ads")`,
	`first_day_sum("Order Completed", "revenue") > 80 and count("Order Completed", last("60d")) > 0`,
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
	text += drawPurposes(r)
	week := []string{"", "week: sunday\n", "week: saturday\n"}[r.IntN(3)]
	return text + week
}

// labelPool are tags with values and of other kinds, of which a life has some; those
// that are told it has from the beginning to the end.
var labelPool = []string{
	`级: {tiers: [{value: 高, rule: 'count("Order Completed", last("30d")) >= 2'}, {value: 中, rule: 'spent > 100'}], else: 低}`,
	`段: {tiers: [{value: 新, rule: 'days_since(last_order) < 7'}, {value: 温, rule: 'days_since(last_order) < 30'}, {value: 冷, rule: 'exists(last_order)'}]}`,
	`好: {value: 'top(2, "Product Viewed", "sku", last("60d"))'}`,
	`爱: {value: 'interests("category", 2)'}`,
	`城: {value: 'city'}`,
	`数: {value: 'count("Order Completed", last("30d"))'}`,
	`限: {rule: 'orders >= 1 or points > 5', since: "2026-03-20", until: "2026-06-01"}`,
	`期: {tiers: [{value: 多, rule: 'count("*", last("10d")) > 2'}, {value: 少, rule: 'orders > 0'}], expires: "2026-05-10"}`,
}

const toldLabels = `
  全: {rule: 'true'}
  名单: {told: manual, choices: [金, 银]}
  批: {told: imported}
`

// listPool are tags, segments and traits that ask of the uploaded lists of a life.
var listPool = struct{ tags, segments, traits []string }{
	tags: []string{
		`榜上: {rule: 'in_list("榜")'}`,
		`榜外: {rule: 'not in_list("榜") and count("*", last("14d")) > 0'}`,
		`两榜: {rule: 'at_least(2, in_list("榜"), in_list("册"), tag("买家"))'}`,
		`榜级: {tiers: [{value: 金, rule: 'in_list("榜") and count("Order Completed", last("30d")) >= 1'}, {value: 银, rule: 'in_list("册")'}], else: 无}`,
		`榜城: {value: 'if(in_list("册"), city, "无")'}`,
		`问榜: {rule: 'in_list("榜") or in_list("册")', query: true}`,
		`榜人: {rule: 'tag("问榜") and days_since(last_order) > 20'}`,
	},
	segments: []string{
		`榜客: {rule: 'in_list("册") or in_list("榜") and days_since(last_order) < 30'}`,
		`榜数多: {rule: 'if(in_list("榜"), count("*", last("30d")), 0) > 1'}`,
	},
	traits: []string{
		`榜数: {compute: 'if(in_list("榜"), count("*", last("30d")), 0)', index: true}`,
		`榜名: {compute: 'if(xor(in_list("榜"), in_list("册")), "一", "二")', index: true}`,
	},
}

// drawZone draws a zone; in all but one the clock is put back and forth, in one at
// midnight.
func drawZone(r *rand.Rand) string {
	return []string{"Asia/Shanghai", "America/New_York", "Europe/Berlin", "America/Santiago"}[r.IntN(4)]
}

// drawLife returns the model of a life: random traits, tags of every kind and segments.
func drawLife(r *rand.Rand, rules, zone string) string {
	text := strings.Replace(drawBehaviour(r, rules), "zone: Asia/Shanghai", "zone: "+zone, 1)
	var labels strings.Builder
	labels.WriteString(toldLabels)
	for _, l := range labelPool {
		if r.IntN(3) == 0 {
			labels.WriteString("  " + l + "\n")
		}
	}
	for _, l := range listPool.tags {
		if r.IntN(3) == 0 || strings.HasPrefix(l, "问榜:") { // of which another asks
			labels.WriteString("  " + l + "\n")
		}
	}
	text = strings.Replace(text, "\ntags:\n", "\ntags:"+labels.String(), 1)
	for _, x := range listPool.traits {
		if r.IntN(3) == 0 {
			text = strings.Replace(text, "\ntraits:\n", "\ntraits:\n  "+x+"\n", 1)
		}
	}
	var of strings.Builder
	for _, x := range listPool.segments {
		if r.IntN(3) == 0 {
			of.WriteString("  " + x + "\n")
		}
	}
	of.WriteString(`  会员: {rule: 'tag("名单", "金") or spent > 150 and not tag("名单")'}` + "\n")
	if before, after, ok := strings.Cut(text, "\nsegments:\n"); ok {
		return before + "\nsegments:\n" + of.String() + after
	}
	return text + "segments:\n" + of.String()
}

// TestBehaviour plays random lives under random models, whose clock jumps, into a
// store and into a naive one that keeps every event and works each answer out from
// all of them: late, future and doubled events, told tags, decisions about identifiers,
// definitions that change, reopenings. After every step everybody is compared, and what
// the feed has told of the step with the naive store's answers before it and after. In
// the end a store in which all of that happens at once, in another order, has the
// Digest of the one that lived through it.
func TestBehaviour(t *testing.T) {
	r := seed(t)
	causes := map[string]int{}
	lives := 2 * *rounds
	if testing.Short() {
		lives = 1 + *rounds/2
	}
	for i := range lives {
		text := life(t, r, i%2 == 0, causes)
		if t.Failed() {
			t.Fatalf("under\n%s", text)
		}
	}
	t.Log(causes)
	if *rounds < 3 {
		return // too few lives for everything to happen
	}
	for _, want := range []string{"event", "deadline", "definition", "merge", "list"} {
		if causes[want] == 0 {
			t.Errorf("nothing was caused by %s", want)
		}
	}
}

// life plays one life, in which definitions change or not, counts what caused the changes that its feed tells, and returns
// the last model.
func life(t *testing.T, r *rand.Rand, redefined bool, causes map[string]int) (text string) {
	t.Helper()
	w := newTwins(t, r, redefined)
	defer func() { text = w.text }()
	for i := range 20 + r.IntN(150) {
		cause := w.step(i)
		w.compare(cause)
		if t.Failed() {
			t.Errorf("after step %d", i)
			return
		}
	}
	for _, c := range w.feed.all {
		causes[c.Cause]++
	}
	checkResumption(t, r, w.db, w.feed.all)
	w.bornAgain()
	checkAndClose(t, w.db)
	return
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
// of a day of the zone, a microsecond before or after it.
func drawJump(r *rand.Rand, from time.Time, zone *time.Location) time.Duration {
	unit := []time.Duration{time.Minute, time.Hour, 24 * time.Hour}[r.IntN(3)]
	switch r.IntN(3) {
	case 0:
		return time.Duration(1+r.IntN(30)) * unit
	case 1:
		return time.Duration(r.Int64N(int64(40 * 24 * time.Hour))).Truncate(time.Microsecond)
	}
	edge := from.Truncate(unit).Add(time.Duration(1+r.IntN(3)) * unit)
	if unit > time.Hour {
		y, m, d := from.In(zone).Date()
		edge = time.Date(y, m, d+1+r.IntN(3), 0, 0, 0, 0, zone)
	}
	return max(edge.Sub(from)+time.Duration(r.IntN(3)-1)*time.Microsecond, 0)
}
