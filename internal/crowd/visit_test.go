package crowd

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"
)

// calm is a stream in which nothing goes wrong and everybody keeps to themselves.
func calm() Options {
	return Options{
		Seed: 3, Shared: -1, Constant: -1, Kiosks: -1, Placeholder: -1, Machine: -1, Late: -1, Double: -1, Mistake: -1,
		Recycled: -1, FamilyEmail: -1, Landline: -1, Alias: -1,
	}
}

// visitsOf returns the visits of each device in the order of time: events that are
// no more than a minute and a second apart. A till is no device.
func visitsOf(stream []Sighting) map[string][][]Sighting {
	byDevice := map[string][]Sighting{}
	for _, s := range stream {
		if cookie := cookieOf(s); cookie != "" {
			device := cookie[:strings.LastIndexByte(cookie, '-')]
			byDevice[device] = append(byDevice[device], s)
		}
	}
	visits := map[string][][]Sighting{}
	for device, seen := range byDevice {
		slices.SortFunc(seen, func(a, b Sighting) int {
			return cmp.Or(a.Event.Time.Compare(b.Event.Time), cmp.Compare(a.Event.MessageID, b.Event.MessageID))
		})
		from := 0
		for i := range seen {
			if i == len(seen)-1 || seen[i+1].Event.Time.Sub(seen[i].Event.Time) > 61*time.Second {
				visits[device] = append(visits[device], seen[from:i+1])
				from = i + 1
			}
		}
	}
	return visits
}

func cookieOf(s Sighting) string {
	for _, id := range s.Event.Identifiers {
		if id.Namespace == "anonymous_id" {
			return id.Value
		}
	}
	return ""
}

// People without an account come, browse, leave an address, and buy in shops.
func TestStream_guests(t *testing.T) {
	o := calm()
	o.Registered, o.Phone, o.Visits = -1, 1, 6
	people := Make(5, 1500)
	stream := Stream(people, o)
	o = o.withDefaults(len(people))
	visits, again, renewed, guests, shops := 0, 0, 0, 0, 0
	for _, of := range visitsOf(stream) {
		visits += len(of)
		for i, v := range of[1:] {
			again++
			if before := of[i]; cookieOf(v[0]) != cookieOf(before[len(before)-1]) {
				renewed++
			}
		}
	}
	for i := range stream {
		switch s := &stream[i]; {
		case s.Is("guest"):
			guests++
		case s.Is("shop"):
			shops++
		}
	}
	near(t, "new cookies", renewed, again, o.NewCookie)
	near(t, "guests", guests, visits, o.Guest)
	near(t, "purchases in shops", shops, visits, o.Shop)
	if mean := float64(visits) / float64(len(people)); mean < 5.7 || mean > 6.3 {
		t.Errorf("%.2f visits each, want 6", mean)
	}
}

// People with an account sign out with and without a new cookie.
func TestStream_logout(t *testing.T) {
	o := calm()
	o.Registered, o.NewCookie, o.KeepCookie = 1, -1, 0.3
	people := Make(6, 1500)
	stream := Stream(people, o)
	o = o.withDefaults(len(people))
	signedIn, logouts, followed, kept := 0, 0, 0, 0
	for _, of := range visitsOf(stream) {
		for i, v := range of {
			last := v[len(v)-1]
			if last.Is("view") || last.Is("order") || last.Is("logout") {
				signedIn++
			}
			if !last.Is("logout") {
				continue
			}
			logouts++
			if i+1 == len(of) {
				continue
			}
			followed++
			next := of[i+1][0]
			if cookieOf(next) == cookieOf(last) {
				kept++
			}
			if !next.Is("browse") {
				t.Errorf("signed out, and then %s", next.Note)
			}
		}
	}
	near(t, "logouts", logouts, signedIn, o.Logout)
	near(t, "kept cookies", kept, followed, o.KeepCookie)
}

// Hundreds use what stands in public, with accounts and without, and none of them
// leaves it signed in.
func TestStream_kiosks(t *testing.T) {
	o := calm()
	o.Kiosks, o.KioskVisits = 2, 400
	stream := Stream(Make(7, 1000), o)
	persons, accounts, guests, visits := map[string]map[int]bool{}, 0, 0, 0
	for device, of := range visitsOf(stream) {
		if !of[0][0].Is("kiosk") {
			continue
		}
		visits += len(of)
		persons[device] = map[int]bool{}
		for _, v := range of {
			for _, s := range v {
				persons[device][s.Person] = true
				switch {
				case s.Is("login"):
					accounts++
				case s.Is("guest"):
					guests++
				}
			}
			if !v[0].Is("browse") {
				t.Errorf("%s begins with %s", device, v[0].Note)
			}
		}
	}
	if len(persons) != 2 || visits < 700 || accounts < 200 || guests < 20 {
		t.Errorf("%d kiosks, %d visits, %d logins, %d guests", len(persons), visits, accounts, guests)
	}
	for device, p := range persons {
		if len(p) < 200 {
			t.Errorf("%s was used by %d people", device, len(p))
		}
	}
}
