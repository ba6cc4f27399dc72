package main

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
)

// kinds are the events of the workload. Five of the 20 tags read each.
var kinds = [...]string{"Product Viewed", "Product Added", "Order Completed", "Coupon Used"}

// tagRules are the five tags of one kind of event; %[1]q is its name.
var tagRules = []string{
	`count(%[1]q) >= 3`,
	`sum(%[1]q, "amount") > 500`,
	`max(%[1]q, "amount") >= 900`,
	`avg(%[1]q, "amount") > 60 and level == "gold"`,
	`count(%[1]q) >= 2 and city in ["上海", "北京"]`,
}

// regular is the name of the tag that the answers are checked by: three events
// of the kind or more.
func regular(kind int) string { return tagName(kind, 0) }

func tagName(kind, rule int) string { return kinds[kind] + " " + strconv.Itoa(rule) }

// shopModel declares what the workload needs: one number folded per kind of
// event, and 20 tags.
func shopModel() (portrait.Model, error) {
	var b strings.Builder
	b.WriteString("events:\n")
	for _, k := range kinds {
		fmt.Fprintf(&b, "  %s: {numbers: [amount]}\n", k)
	}
	b.WriteString("traits:\n  name: {}\n  city: {}\n  level: {}\n  birthday: {type: time}\ntags:\n")
	for k := range kinds {
		for i, rule := range tagRules {
			fmt.Fprintf(&b, "  %s: {rule: '%s'}\n", tagName(k, i), fmt.Sprintf(rule, kinds[k]))
		}
	}
	return portrait.ParseModel([]byte(b.String()))
}

// kindOf is the one kind of event that a customer does, so that no record grows
// while it is measured.
func kindOf(customer uint32) int { return int(customer) % len(kinds) }

// touch is one event as both contenders get it.
type touch struct {
	customer uint32
	cents    uint32
}

// pattern says whose events come one after the other.
type pattern struct {
	name    string
	session int // events of one customer in a row
	among   int // how many customers take part; 0: all
}

var (
	uniform  = pattern{name: "uniform", session: 1}
	sessions = pattern{name: "sessions", session: 8}
	hot      = pattern{name: "hot", session: 1, among: 5_000}
)

// stream is an endless sequence of touches, the same for the same seed.
type stream struct {
	pattern
	rng  *rand.Rand
	last touch
	left int
}

func newStream(p pattern, customers int, seed uint64) *stream {
	if p.among == 0 || p.among > customers {
		p.among = customers
	}
	return &stream{pattern: p, rng: rand.New(rand.NewPCG(2, seed))}
}

// take returns the next n touches.
func (s *stream) take(n int) []touch {
	out := make([]touch, n)
	for i := range out {
		if s.left == 0 {
			s.last.customer, s.left = uint32(s.rng.IntN(s.among)), s.session
		}
		s.left--
		s.last.cents = uint32(s.rng.IntN(10_000))
		out[i] = s.last
	}
	return out
}

var (
	opened = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)  // when the customers came
	later  = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)  // when the touches begin
	clock  = time.Date(2026, 11, 15, 0, 0, 0, 0, time.UTC) // what the store's clock says
)

// event is a touch as an event; seq makes it another than all others.
func (t touch) event(seq int) profile.Event {
	return profile.Event{
		MessageID:   "m-" + strconv.Itoa(seq),
		Name:        kinds[kindOf(t.customer)],
		Identifiers: []profile.Identifier{{Namespace: "user_id", Value: customerID(t.customer)}},
		Time:        later.Add(time.Duration(seq) * time.Millisecond),
		Properties: map[string]profile.Value{
			"amount":  profile.Number(float64(t.cents) / 100),
			"sku":     profile.String("sku-" + strconv.Itoa(int(t.cents))),
			"channel": profile.String("web"),
		},
	}
}

func customerID(i uint32) string { return fmt.Sprintf("customer-%08d", i) }

// firstEvent is the event that makes a customer: traits, and one event of the
// kind that this customer does.
func firstEvent(i uint32, rng *rand.Rand) profile.Event {
	return profile.Event{
		MessageID:   "f-" + strconv.Itoa(int(i)),
		Name:        kinds[kindOf(i)],
		Identifiers: []profile.Identifier{{Namespace: "user_id", Value: customerID(i)}},
		Time:        opened.Add(time.Duration(rng.IntN(24*3600)) * time.Second),
		Properties:  map[string]profile.Value{"amount": profile.Number(float64(rng.IntN(100_000)) / 100)},
		Traits: map[string]profile.Value{
			"name":     profile.String("Customer " + strconv.Itoa(int(i))),
			"city":     profile.String([]string{"上海", "北京", "广州", "深圳", "成都", "杭州"}[rng.IntN(6)]),
			"level":    profile.String([]string{"basic", "silver", "gold"}[rng.IntN(3)]),
			"birthday": profile.Time(time.Date(1950+rng.IntN(55), time.Month(1+rng.IntN(12)), 1+rng.IntN(28), 0, 0, 0, 0, time.UTC)),
		},
	}
}
