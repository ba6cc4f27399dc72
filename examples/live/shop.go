package main

import (
	"container/heap"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/portraitdb/portrait/profile"
)

// shop makes up what happens in a small shop, event by event in the order of time. The
// same seed, people and start give the same events.
type shop struct {
	random *rand.Rand
	zone   *time.Location
	people []*person
	agenda agenda
	made   int // entries of the agenda, ever
}

// newShop opens a shop at a time, with so many people who may come.
func newShop(seed uint64, people int, start time.Time, zone *time.Location) *shop {
	s := &shop{random: rand.New(rand.NewPCG(seed, uint64(start.Unix())<<1)), zone: zone}
	for i := range people {
		p := newPerson(seed, i+1)
		s.people = append(s.people, p)
		s.visitLater(p, start)
	}
	return s
}

// next takes the next event, if it is before a time.
func (s *shop) next(before time.Time) (profile.Event, bool) {
	for len(s.agenda) > 0 && s.agenda[0].at.Before(before) {
		e := heap.Pop(&s.agenda).(entry)
		if e.visit == nil {
			return e.event, true
		}
		s.visit(e.visit, e.at)
	}
	return profile.Event{}, false
}

func (s *shop) plan(e entry) {
	e.at = e.at.Truncate(time.Second)
	s.made++
	e.number = s.made
	heap.Push(&s.agenda, e)
}

func (s *shop) visitLater(p *person, now time.Time) {
	wait := time.Duration(s.random.ExpFloat64() * float64(p.every))
	s.plan(entry{at: now.Add(time.Minute + wait), visit: p})
}

// visit has a person come by, or not feel like it, and plans all that comes of it.
func (s *shop) visit(p *person, at time.Time) {
	defer s.visitLater(p, at)
	r := s.random
	if r.Float64() > bustle[at.In(s.zone).Hour()] {
		return
	}
	if p.devices == 0 || r.IntN(6) == 0 {
		p.devices++
	}
	v := &visiting{shop: s, person: p, at: at, device: p.devices, known: p.member && r.IntN(3) == 0}
	if v.known {
		v.identify()
	}
	var likes product
	for range 1 + r.IntN(6) {
		likes = products[r.IntN(len(products))]
		v.track("Product Viewed", likes)
		v.pause(20*time.Second, 4*time.Minute)
	}
	if r.IntN(5) >= 2 {
		return
	}
	v.track("Product Added", likes)
	v.pause(30*time.Second, 8*time.Minute)
	switch chance := r.Float64(); {
	case chance < p.buys:
	case chance < p.buys+0.2: // They think it over, and come back for it.
		v.pause(40*time.Minute, 7*time.Hour)
		v.track("Product Viewed", likes)
		v.pause(20*time.Second, 3*time.Minute)
	default:
		return
	}
	p.member = true
	if !v.known {
		v.identify()
		v.pause(5*time.Second, time.Minute)
	}
	v.track("Order Completed", likes)
}

// visiting is one visit of one person from one device.
type visiting struct {
	*shop
	person *person
	at     time.Time
	device int
	known  bool // has logged in
}

func (v *visiting) pause(least, most time.Duration) {
	v.at = v.at.Add(least + time.Duration(v.random.Int64N(int64(most-least))))
}

// identify has the person log in: what the device did before is theirs from now on.
func (v *visiting) identify() {
	v.known = true
	v.add(profile.Event{Type: profile.Identify, Traits: map[string]profile.Value{"name": profile.String(v.person.name)}})
}

func (v *visiting) track(name string, what product) {
	v.add(profile.Event{Name: name, Properties: map[string]profile.Value{
		"product_id": profile.String(what.id), "product": profile.String(what.name), "revenue": profile.Number(what.price),
	}})
}

func (v *visiting) add(e profile.Event) {
	e.Source, e.MessageID, e.Time = "shop", strconv.Itoa(v.made+1), v.at.Truncate(time.Second)
	e.Identifiers = append(e.Identifiers, profile.Identifier{Namespace: "anonymous_id", Value: v.person.cookie(v.device)})
	if v.known {
		e.Identifiers = append(e.Identifiers, profile.Identifier{Namespace: "user_id", Value: v.person.userID()})
	}
	v.plan(entry{at: v.at, event: e})
}

// entry is something to come: an event, or a visit that begins.
type entry struct {
	at     time.Time
	number int
	event  profile.Event
	visit  *person // nil: the event
}

// agenda has the earliest entry first.
type agenda []entry

func (a agenda) Len() int { return len(a) }

func (a agenda) Less(i, j int) bool {
	if !a[i].at.Equal(a[j].at) {
		return a[i].at.Before(a[j].at)
	}
	return a[i].number < a[j].number
}

func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)   { *a = append(*a, x.(entry)) }

func (a *agenda) Pop() any {
	old := *a
	e := old[len(old)-1]
	*a = old[:len(old)-1]
	return e
}
