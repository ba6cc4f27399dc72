package tags_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/internal/syntax/syntaxtest"
	"github.com/portraitdb/portrait/profile"
)

// shopper is the model and the customer of docs/language.md.
func shopper(t testing.TB) (*syntaxtest.Scope, []profile.Event) {
	t.Helper()
	s := shop(t, "Asia/Shanghai")
	s.FirstDay = time.Monday
	for name, text := range map[string]string{"recent": `count("Order Completed", last("7d"))`, "basket": `spend / count("Order Completed")`, "lives": `dwell("Located", "at", during("home"))`, "works": `dwell("Located", "at", during("work"))`} {
		x, err := syntax.ParseOperand(text)
		if err != nil {
			t.Fatal(err)
		}
		kind, _, _ := syntax.OperandKind(x, s)
		s.Traits[name] = syntax.TraitInfo{Kind: kind, Compute: x}
	}
	s.Tags["等级"] = parse(t, `true`)
	s.Values = map[string]map[string]syntax.Expr{"等级": {"高": parse(t, `spend >= 20`), "中": parse(t, `not (spend >= 20)`)}}
	s.Interests = map[string]syntax.InterestInfo{"category": {HalfLife: 7 * 24 * time.Hour, Sources: []syntax.InterestSource{
		{Filter: syntax.Filter{Event: "Product Viewed", Pos: -1}, Property: "category", Weight: 1},
	}}}
	events := []profile.Event{{
		Type: profile.Identify, MessageID: "1", Time: at(t, "2026-05-01T00:00:00Z").Time(), Traits: map[string]profile.Value{
			"city": profile.String("上海"), "age": profile.Number(30), "vip": profile.Bool(true), "home": profile.Point(31, 121),
			"registered": profile.String("2026-04-30T16:00:00Z"), "apps": profile.List(profile.String("a"), profile.String("b")),
			"sizes": profile.List(), "points": profile.Number(10),
		},
	}}
	const (
		flat   = `"at": {"lat": 31.2304, "lon": 121.4737}`
		office = `"at": {"lat": 31.24, "lon": 121.5}`
		park   = `"at": {"lat": 31.2, "lon": 121.43}`
	)
	for i, e := range []struct{ name, when, properties string }{
		{"Order Completed", "02T08:00", `"revenue": 10.5, "coupon": "x", "channel": "app", "address": {"city": "上海"}, "products": [{"sku": "p1", "price": 10.5}]`},
		{"Order Completed", "03T08:00", `"revenue": 1, "coupon": "y", "channel": "web", "labels": ["gift", "sale"]`},
		{"Order Completed", "04T08:00", `"revenue": 20, "channel": "app", "address": {"city": "北京"}, "products": [{"sku": "p2", "price": 5, "maker": {"city": "北京"}}, {"sku": "p3", "price": 15}]`},
		{"Product Viewed", "01T10:00", `"product_id": "p1", "category": "运动", "price": 99`},
		{"Product Viewed", "08T09:00", `"product_id": "p1", "category": "运动", "price": 120`},
		{"Product Viewed", "09T20:00", `"product_id": "p2", "category": "图书", "price": 30`},
		{"Product Viewed", "10T09:00", `"product_id": "p3", "category": "运动", "price": 80`},
		{"Product Added", "08T09:20", `"product_id": "p1"`},
		{"Product Added", "09T20:10", `"product_id": "p2"`},
		{"App Opened", "05T12:00", ``},
		{"App Opened", "07T12:00", ``},
		{"App Opened", "08T12:00", ``},
		{"App Opened", "09T12:00", ``},
		{"App Opened", "10T10:00", ``},
		{"App Opened", "10T10:20", ``},
		{"App Opened", "10T11:30", ``},
		{"Located", "05T23:10", flat},
		{"Located", "06T23:10", flat},
		{"Located", "07T23:10", flat},
		{"Located", "08T23:10", flat},
		{"Located", "09T06:40", flat},
		{"Located", "09T20:00", flat},
		{"Located", "06T10:00", office},
		{"Located", "07T10:00", office},
		{"Located", "08T10:00", office},
		{"Located", "06T16:30", office},
		{"Located", "07T16:30", office},
		{"Located", "08T16:30", office},
		{"Located", "09T15:00", park},
		{"Located", "10T10:30", park},
		{"Located", "10T11:10", park},
	} {
		event, err := profile.ParseEvent(fmt.Appendf(nil, `{"type": "track", "event": %q, "messageId": "e%d", "userId": "u", "timestamp": "2026-05-%s:00+08:00", "properties": {%s}}`, e.name, i, e.when, e.properties))
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, event)
	}
	return s, events
}
