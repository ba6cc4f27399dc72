package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// The tour begins at noon of one day and ends a week later: it does not ask what time
// it is, so that the same city gives the same answers.
var (
	zone  = time.FixedZone("", 8*3600)
	today = time.Date(2026, 11, 20, 12, 0, 0, 0, zone)
	later = today.AddDate(0, 0, 7)
)

// person is everything that is true of somebody in the city: who they are, what is on
// their phone, what they bought and where they were. Times reach up to a week from today.
type person struct {
	user, phone, oaid string
	known             time.Time // when they signed up, and told all that does not change

	gender, city string
	age          int
	home         spot
	consents     bool // to marketing

	brand  string // of the phone
	price  float64
	bought time.Time
	apps   []string

	orders []order
	visits []stay // where they checked in
	seen   []stay // where their phone said that it was, by night, at work and at leisure

	// tablet is the OAID of a second device, "" for most people. Until signedIn, which is
	// never for some, nobody can tell whose it is: it is a profile of its own.
	tablet   string
	opened   []time.Time // when something was opened on it
	signedIn time.Time
}

type order struct {
	at      time.Time
	revenue float64
}

type stay struct {
	at    time.Time
	where spot
}

// spot is a latitude and a longitude.
type spot struct{ lat, lon float64 }

var (
	apps   = []string{"地图", "外卖", "打车", "视频", "游戏", "理财", "母婴", "健身"}
	brands = []string{"华为", "小米", "苹果", "荣耀"}
	cities = []string{"上海", "上海", "上海", "杭州", "苏州"}

	hangzhou = spot{30.25, 120.16}
	malls    = []spot{{31.2231, 121.4453}, {31.2357, 121.4792}, {31.1930, 121.4380}, {31.2405, 121.5012}, {31.2990, 121.5110}}
)

// city makes people up: whoever is the n-th is always the same.
type city struct{ seed uint64 }

func (c city) dice(n int) *rand.Rand { return rand.New(rand.NewPCG(c.seed, uint64(n))) }

// phoneOf and oaidOf are what the n-th of the city is known by, and, for numbers beyond
// its people, what nobody is.
func phoneOf(n int) string { return fmt.Sprintf("86139%08d", n) }

func oaidOf(n int) string { return fmt.Sprintf("%08x-0000-4000-8000-%012x", uint32(n)*2654435761, n) }

// person returns the n-th, from 0 on.
func (c city) person(n int) person {
	r := c.dice(n)
	before := func(days int) time.Time { // or up to a week from now
		return later.Add(-time.Duration(r.IntN((days+7)*24*3600)) * time.Second)
	}
	p := person{
		user: fmt.Sprint("u", n), phone: phoneOf(n), oaid: oaidOf(n),
		known:  today.AddDate(0, 0, -40-r.IntN(300)).Add(-time.Duration(r.IntN(12*3600)) * time.Second),
		gender: []string{"男", "女"}[r.IntN(2)], age: 16 + r.IntN(50), city: cities[r.IntN(len(cities))],
		home: c.spot(r), consents: r.IntN(4) > 0,
		brand: brands[r.IntN(len(brands))], price: float64(799 + 100*r.IntN(90)), bought: today.AddDate(0, 0, -r.IntN(1500)),
	}
	for i, app := range apps {
		if r.IntN(3+i) == 0 {
			p.apps = append(p.apps, app)
		}
	}
	for range r.IntN(6) {
		p.orders = append(p.orders, order{before(120), float64(10+r.IntN(30_000)) / 100})
	}
	for range r.IntN(7) {
		p.visits = append(p.visits, stay{before(45), c.spot(r)})
	}
	if n%3 == 0 {
		p.seen = p.sightings(r, c.spot(r), malls[r.IntN(len(malls))])
	}
	if n%25 == 7 {
		p.tablet = oaidOf(1e9 + n)
		for range 1 + r.IntN(4) {
			p.opened = append(p.opened, today.Add(-time.Duration(1+r.IntN(28*24*3600))*time.Second))
		}
		if n%50 == 7 {
			p.signedIn = today.Add(time.Duration(1+r.IntN(6*24*3600)) * time.Second)
		}
	}
	return p
}

// sightings are those of some days more than a month ago. By night the phone is at home,
// or, of every other one, now and then in Hangzhou; by day at work; and in the time between
// at times in a shopping mall.
func (p *person) sightings(r *rand.Rand, work, mall spot) (all []stay) {
	midnight := time.Date(today.Year(), today.Month(), today.Day(), 0, 0, 0, 0, zone)
	first, travels := 31+r.IntN(30), r.IntN(2) == 0 // days ago
	for i := range 2 + r.IntN(7) {
		day := midnight.AddDate(0, 0, -first-i)
		at := func(hour int, where spot) {
			all = append(all, stay{day.Add(time.Duration(hour) * time.Hour), where})
		}
		bed := p.home
		if travels && i%3 == 2 {
			bed = hangzhou
		}
		at(23, bed)
		at(29, bed) // five in the morning of the next day
		weekend := slices.Contains([]time.Weekday{time.Saturday, time.Sunday}, day.Weekday())
		if !weekend {
			at(10, work)
			at(16, work)
		}
		switch {
		case r.IntN(2) == 0:
		case weekend:
			at(14, mall)
		default:
			at(20, mall)
		}
	}
	return all
}

// spot is somewhere in the city, more likely in its middle.
func (c city) spot(r *rand.Rand) spot {
	return spot{31.2304 + r.NormFloat64()*0.03, 121.4737 + r.NormFloat64()*0.035}
}
