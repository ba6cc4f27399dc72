package crowd

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/portraitdb/portrait/profile"
)

// visit is one person at one device.
type visit struct {
	at     time.Time
	person int
	device int
}

// stream is a crowd at work.
type stream struct {
	*belongings
	seen []Sighting
	at   time.Time // of the next event of the visit
	mark string    // of the visit's notes
}

// visits are all visits in the order of their times.
func (s *stream) visits() []visit {
	span := time.Duration(s.o.Days) * 24 * time.Hour
	var all []visit
	come := func(person, device int) {
		all = append(all, visit{s.o.Start.Add(s.moment(span)), person, device})
	}
	for i := range s.residents {
		p := &s.residents[i]
		for range 1 + s.r.IntN(2*s.o.Visits-1) {
			come(i, p.devices[s.r.IntN(len(p.devices))])
		}
	}
	for k := range s.kiosks {
		for range s.o.KioskVisits {
			come(s.r.IntN(len(s.people)), len(s.devices)-1-k)
		}
	}
	slices.SortStableFunc(all, func(a, b visit) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.person, b.person)) })
	return all
}

// visit is what a person does: look around, sign in, buy, sign out.
func (s *stream) visit(v visit) {
	d, p := &s.devices[v.device], &s.residents[v.person]
	s.at, s.mark = v.at, ""
	if v.device >= len(s.devices)-s.kiosks {
		s.mark = " kiosk"
	}
	if d.user == nobody && s.chance(s.o.NewCookie) {
		d.cookies++
	}
	if d.user == nobody {
		for range 1 + s.r.IntN(3) {
			s.act("browse", v.person, profile.Event{Type: profile.Page, Name: "Home", Identifiers: d.identifiers()})
		}
		if p.user != "" && s.chance(0.6) {
			s.login(v.person, d)
		} else if s.chance(s.o.Guest) {
			s.act("guest", v.person, profile.Event{
				Type: profile.Identify, Identifiers: d.identifiers(),
				Traits: map[string]profile.Value{"email": profile.String(p.emails[s.r.IntN(len(p.emails))])},
			})
		}
	}
	if d.user != nobody {
		s.signedIn(v.person, d)
	}
	if phone := p.phone(s.at); (phone != "" || p.member) && s.chance(s.o.Shop) {
		s.shop(v.person, phone)
	}
}

// login opens the account, if this is the first time, and ties the device to it.
func (s *stream) login(person int, d *device) {
	p, who := &s.residents[person], s.people[person]
	d.user = person
	user := profile.Identifier{Namespace: "user_id", Value: p.user}
	traits := map[string]profile.Value{}
	if !p.member || s.chance(0.2) {
		traits["name"] = profile.String(who.First + " " + who.Last)
		traits["city"] = profile.String(who.City)
		traits["birth_date"] = profile.Time(who.Born)
		traits["email"] = profile.String(p.emails[s.r.IntN(len(p.emails))])
	}
	if phone := p.phone(s.at); phone != "" && (!p.member || s.chance(0.3)) {
		traits["phone"] = profile.String(phone)
	}
	p.member = true
	s.act("login", person, profile.Event{Type: profile.Identify, Identifiers: append(d.identifiers(), user), Traits: traits})
	if s.chance(s.o.Alias) {
		cookie := profile.Identifier{Namespace: "anonymous_id", Value: d.cookie()}
		s.act("alias", person, profile.Event{Type: profile.Alias, Identifiers: []profile.Identifier{user, cookie}})
	}
}

// signedIn is what a person does with an account.
func (s *stream) signedIn(person int, d *device) {
	ids := func() []profile.Identifier {
		return append(d.identifiers(), profile.Identifier{Namespace: "user_id", Value: s.residents[d.user].user})
	}
	for range 1 + s.r.IntN(3) {
		if s.chance(0.3) {
			s.order("order", person, ids())
			continue
		}
		s.act("view", person, profile.Event{
			Name: "Product Viewed", Identifiers: ids(),
			Properties: map[string]profile.Value{"sku": profile.String(fmt.Sprint("sku-", s.r.IntN(500)))},
		})
	}
	if !d.shared && !s.chance(s.o.Logout) {
		return
	}
	s.act("logout", person, profile.Event{Name: "Signed Out", Identifiers: ids()})
	d.user = nobody
	if !s.chance(s.o.KeepCookie) {
		d.cookies++
	}
}

// shop is a purchase at a till, which knows a number, an account, or both.
func (s *stream) shop(person int, phone string) {
	var ids []profile.Identifier
	if phone != "" {
		ids = append(ids, profile.Identifier{Namespace: "phone", Value: phone})
	}
	if p := &s.residents[person]; p.member && (phone == "" || s.chance(0.5)) {
		ids = append(ids, profile.Identifier{Namespace: "user_id", Value: p.user})
	}
	s.order("shop", person, ids)
}

func (s *stream) order(note string, person int, ids []profile.Identifier) {
	s.act(note, person, profile.Event{
		Name: "Order Completed", Identifiers: ids,
		Properties: map[string]profile.Value{
			"revenue":  profile.Number(float64(100+s.r.IntN(50_000)) / 100),
			"order_id": profile.String(fmt.Sprint("order-", len(s.seen))),
		},
	})
}

// act records one event, some seconds after the one before.
func (s *stream) act(note string, person int, e profile.Event) {
	e.Source = "web"
	switch {
	case note == "shop":
		e.Source = "pos"
	case len(e.Identifiers) > 1 && e.Identifiers[1].Namespace == "device_id":
		e.Source = "app"
	}
	e.MessageID = fmt.Sprintf("m%07d", len(s.seen))
	e.Time, e.Received = s.at, s.at.Add(s.moment(2*time.Second))
	s.at = s.at.Add(time.Second + s.moment(time.Minute))
	s.seen = append(s.seen, Sighting{Event: e, Person: person, Note: note + s.mark})
}
