package main

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/portraitdb/portrait/profile"
)

// customer is one made-up person and their habits.
type customer struct {
	number     int
	name, city string
	gender     string
	born       time.Time
	registered time.Time // also for visitors, who then never do
	from, to   time.Time // of their visits
	visitor    bool      // never logs in
	visits     int
	buys       float64 // how likely a visit ends with an order
	thrift     float64 // how fond they are of discounts: 0 to 1
	taste      int     // the category they like
	channels   []channel
	shares     bool // the app's device is shared with the neighbour by number
}

// newCustomer invents the customer of a number. The same seed and number give
// the same customer.
func newCustomer(seed uint64, number int) customer {
	r := rand.New(rand.NewPCG(seed, uint64(number)<<1|1))
	c := customer{
		number:  number,
		name:    pick(r, surnames) + pick(r, givenNames) + pick(r, givenNames),
		city:    pickCity(r),
		gender:  "女",
		born:    time.Date(1955+r.IntN(53), time.Month(1+r.IntN(12)), 1+r.IntN(28), 0, 0, 0, 0, time.UTC),
		visitor: r.IntN(12) == 0,
		visits:  2 + int(min(40, r.ExpFloat64()*2.8)),
		buys:    0.12 + 0.35*r.Float64(),
		taste:   r.IntN(len(products) / perCategory),
		shares:  number/2%30 == 0,
	}
	if r.IntN(5) < 2 {
		c.gender = "男"
	}
	if r.IntN(4) == 0 {
		c.thrift = 0.5 + r.Float64()/2
	}
	if r.IntN(12) == 0 { // A loyal one.
		c.visits, c.buys = c.visits*2+6, 0.75
	}
	// Some were there before the year began; some went before it ended.
	c.registered = shopEnd.Add(-time.Duration(r.Int64N(int64(2 * shopSpan)))).Truncate(time.Second)
	c.from, c.to = shopEnd.Add(-shopSpan), shopEnd
	if c.registered.After(c.from) {
		c.from = c.registered
	}
	if r.IntN(3) == 0 {
		c.to = c.from.Add(time.Duration(r.Int64N(int64(c.to.Sub(c.from)) + 1)))
	}
	c.channels = pickChannels(r, c.visitor)
	return c
}

func pickChannels(r *rand.Rand, visitor bool) []channel {
	cs := []channel{web}
	if visitor {
		return cs
	}
	if r.IntN(4) > 0 {
		cs = append(cs, app)
	}
	if r.IntN(3) == 0 {
		cs = append(cs, mini)
	}
	if r.IntN(5) == 0 {
		cs = append(cs, store)
	}
	if r.IntN(40) == 0 {
		cs = append(cs, kiosk)
	}
	return cs
}

func pick(r *rand.Rand, from string) string {
	runes := []rune(from)
	return string(runes[r.IntN(len(runes))])
}

func pickCity(r *rand.Rand) string {
	for n := r.IntN(100); ; {
		for _, c := range cities {
			if n -= c.weight; n < 0 {
				return c.name
			}
		}
	}
}

func (c *customer) userID() string { return "u" + pad(c.number, 6) }

func (c *customer) email() string { return fmt.Sprintf("Customer.%d@Example.com", c.number) }

// phone returns the customer's number as one channel or the other writes it.
func (c *customer) phone(ch channel) string {
	digits := pad(c.number*7919%100_000_000, 8)
	if ch == store || ch == kiosk {
		return "008613" + pad(c.number%9, 1) + digits
	}
	return "+86 13" + pad(c.number%9, 1) + "-" + digits[:4] + "-" + digits[4:]
}

// identifiers are the names that an event of the customer carries.
func (c *customer) identifiers(ch channel, known bool) []profile.Identifier {
	ids := make([]profile.Identifier, 0, 2)
	switch ch {
	case web:
		ids = append(ids, profile.Identifier{Namespace: "anonymous_id", Value: "browser-" + pad(c.number, 6)})
	case app:
		device := "phone-" + pad(c.number, 6)
		if c.shares {
			device = "tablet-" + pad(c.number/2, 6)
		}
		ids = append(ids, profile.Identifier{Namespace: "device_id", Value: device})
	case mini:
		ids = append(ids, profile.Identifier{Namespace: "unionid", Value: "oX" + pad(c.number, 8)})
	case store:
		return append(ids, profile.Identifier{Namespace: "phone", Value: c.phone(ch)})
	case kiosk:
		return append(ids,
			profile.Identifier{Namespace: "phone", Value: c.phone(ch)},
			profile.Identifier{Namespace: "device_id", Value: "kiosk-" + strconv.Itoa(c.number%5)})
	}
	if known {
		ids = append(ids, profile.Identifier{Namespace: "user_id", Value: c.userID()})
	}
	return ids
}

// traits are what the customer tells when they log in on a channel.
func (c *customer) traits(ch channel) map[string]profile.Value {
	told := map[string]profile.Value{
		"registered": profile.Time(c.registered),
		"channels":   profile.String(labels[ch]),
	}
	switch ch {
	case web:
		told["name"] = profile.String(c.name)
		told["email"] = profile.String(c.email())
		told["city"] = profile.String(c.city)
	case app:
		told["name"] = profile.String(c.name)
		told["phone"] = profile.String(c.phone(ch))
		told["gender"] = profile.String(c.gender)
		told["city"] = profile.String(c.city)
		told["birthday"] = profile.String(c.born.Format(time.DateOnly))
	case mini:
		told["phone"] = profile.String(c.phone(ch))
		told["gender"] = profile.String(c.gender)
	}
	return told
}

// pad writes a number with leading zeros.
func pad(n, digits int) string {
	s := strconv.Itoa(n)
	for len(s) < digits {
		s = "0" + s
	}
	return s
}
