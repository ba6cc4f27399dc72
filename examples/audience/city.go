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
	for i, at := range c.sightings(n) {
		all = append(all, event("Located", at.at, map[string]profile.Value{"where": at.where}))
		all[len(all)-1].MessageID = fmt.Sprint(n, "located", i)
	}
	return all
}

// sighting is that a phone told where it was.
type sighting struct {
	at    time.Time
	where profile.Value
	night bool
}

// sightings are those of some nights and working days, more than a month ago; of every
// third person there are any. Some of the nights are spent in Hangzhou.
func (c city) sightings(n int) (all []sighting) {
	if n%3 != 0 {
		return nil
	}
	r := rand.New(rand.NewPCG(c.seed, uint64(n)<<32))
	home, work, away := c.place(r), c.place(r), profile.Point(30.25, 120.16)
	midnight := time.Date(today.Year(), today.Month(), today.Day(), 0, 0, 0, 0, today.Location())
	first := 31 + r.IntN(30) // days ago
	for i := range 2 + r.IntN(7) {
		day := midnight.AddDate(0, 0, -first-i)
		where := home
		if r.IntN(5) == 0 {
			where = away
		}
		all = append(all, sighting{day.Add(23 * time.Hour), where, true}, sighting{day.Add(29 * time.Hour), where, true})
		if weekday := day.Weekday(); weekday != time.Saturday && weekday != time.Sunday {
			all = append(all, sighting{day.Add(10 * time.Hour), work, false}, sighting{day.Add(16 * time.Hour), work, false})
		}
	}
	return all
}

// place is somewhere in the city, more likely in its middle.
func (c city) place(r *rand.Rand) profile.Value {
	return profile.Point(31.2304+r.NormFloat64()*0.03, 121.4737+r.NormFloat64()*0.035)
}
