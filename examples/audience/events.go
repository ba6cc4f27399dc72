package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/portraitdb/portrait/profile"
)

// events are what a shop is told of a person from one instant on until another: signing
// up says who they are, and everything after names the person and the phone.
func (p *person) events(from, until time.Time) []profile.Event {
	var all []profile.Event
	add := func(e profile.Event) {
		if !e.Time.Before(from) && e.Time.Before(until) {
			e.MessageID = fmt.Sprint(p.user, e.Name, len(all), from.Unix())
			all = append(all, e)
		}
	}
	ids := []profile.Identifier{{Namespace: "user_id", Value: p.user}, {Namespace: "oaid", Value: p.oaid}}
	track := func(name string, at time.Time, properties map[string]profile.Value) {
		add(profile.Event{Name: name, Time: at, Identifiers: ids, Properties: properties})
	}
	add(p.signUp(ids))
	for _, o := range p.orders {
		track("Order Completed", o.at, map[string]profile.Value{"revenue": profile.Number(o.revenue)})
	}
	for _, v := range p.visits {
		track("Visit", v.at, map[string]profile.Value{"at": v.where.value()})
	}
	for _, s := range p.seen {
		track("Located", s.at, map[string]profile.Value{"where": s.where.value()})
	}
	if p.tablet == "" {
		return all
	}
	tablet := profile.Identifier{Namespace: "oaid", Value: p.tablet}
	for _, at := range p.opened {
		add(profile.Event{Name: "App Opened", Time: at, Identifiers: []profile.Identifier{tablet}})
	}
	if !p.signedIn.IsZero() {
		// One event that names both makes one profile of the two.
		ids = append(slices.Clone(ids[:1]), tablet)
		track("Signed In", p.signedIn, nil)
	}
	return all
}

func (p *person) signUp(ids []profile.Identifier) profile.Event {
	installed := make([]profile.Value, len(p.apps))
	for i, app := range p.apps {
		installed[i] = profile.String(app)
	}
	e := profile.Event{Type: profile.Identify, Time: p.known, Identifiers: ids, Traits: map[string]profile.Value{
		"gender": profile.String(p.gender),
		"age":    profile.Number(float64(p.age)),
		"city":   profile.String(p.city),
		"home":   p.home.value(),
		"phone":  profile.String(p.phone), // by the model one more identifier
		"brand":  profile.String(p.brand),
		"price":  profile.Number(p.price),
		"bought": profile.Time(p.bought),
		"apps":   profile.Set(installed...),
	}}
	if p.consents {
		e.Consent = []profile.Consent{{Purpose: "marketing", Status: profile.ConsentGranted}}
	}
	return e
}

func (s spot) value() profile.Value { return profile.Point(s.lat, s.lon) }
