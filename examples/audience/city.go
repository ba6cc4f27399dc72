package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/portraitdb/portrait/profile"
)

// today is when the tour takes place.
var today = time.Date(2026, 11, 20, 12, 0, 0, 0, time.FixedZone("", 8*3600))

// city makes people up: whoever is the n-th is always the same.
type city struct{ seed uint64 }

func (c city) dice(n int) *rand.Rand { return rand.New(rand.NewPCG(c.seed, uint64(n))) }

func phoneOf(n int) string { return fmt.Sprintf("86139%08d", n) }

func oaidOf(n int) string { return fmt.Sprintf("%08x-0000-4000-8000-%012x", n*2654435761%(1<<32), n) }

var (
	apps   = []string{"地图", "外卖", "打车", "视频", "游戏", "理财", "母婴", "健身"}
	brands = []string{"华为", "小米", "苹果", "荣耀"}
	cities = []string{"上海", "上海", "上海", "杭州", "苏州"}
)

// events are what is known of one person: who they are, what is on their phone, what
// they bought and where they were.
func (c city) events(n int) []profile.Event {
	r := c.dice(n)
	ids := []profile.Identifier{{Namespace: "user_id", Value: fmt.Sprint("u", n)}, {Namespace: "oaid", Value: oaidOf(n)}}
	event := func(name string, at time.Time, properties map[string]profile.Value) profile.Event {
		return profile.Event{Name: name, MessageID: fmt.Sprint(n, name, at.Unix()), Time: at, Identifiers: ids, Properties: properties}
	}
	ago := func(days int) time.Time {
		return today.AddDate(0, 0, -r.IntN(days)).Add(-time.Duration(r.IntN(12*3600)) * time.Second)
	}
	traits := map[string]profile.Value{
		"gender": profile.String([]string{"男", "女"}[r.IntN(2)]),
		"age":    profile.Number(float64(16 + r.IntN(50))),
		"city":   profile.String(cities[r.IntN(len(cities))]),
		"brand":  profile.String(brands[r.IntN(len(brands))]),
		"home":   c.place(r),
		"phone":  profile.String(phoneOf(n)),
	}
	var installed []profile.Value
	for i, app := range apps {
		if r.IntN(3+i) == 0 {
			installed = append(installed, profile.String(app))
		}
	}
	traits["apps"] = profile.Set(installed...)
	known := profile.Event{Type: profile.Identify, MessageID: fmt.Sprint("known", n), Time: ago(300), Identifiers: ids, Traits: traits}
	all := []profile.Event{known}
	for range r.IntN(5) {
		all = append(all, event("Order Completed", ago(120), map[string]profile.Value{"revenue": profile.Number(float64(10+r.IntN(30_000)) / 100)}))
	}
	for range r.IntN(6) {
		all = append(all, event("Visit", ago(45), map[string]profile.Value{"at": c.place(r)}))
	}
	return all
}

// place is somewhere in the city, more likely in its middle.
func (c city) place(r *rand.Rand) profile.Value {
	return profile.Point(31.2304+r.NormFloat64()*0.03, 121.4737+r.NormFloat64()*0.035)
}
