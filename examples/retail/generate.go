package main

import (
	"cmp"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/portraitdb/portrait/examples/internal/jsonl"
	"github.com/portraitdb/portrait/profile"
)

// The generated shop is open for a year that ends at a fixed moment, midnight in
// Shanghai, so that the same seed gives the same answers on any day.
var shopEnd = time.Date(2026, 6, 30, 16, 0, 0, 0, time.UTC)

const shopSpan = 365 * 24 * time.Hour

// shop is a whole generated year: its customers, and what they do in the order
// in which the shop's computers hear of it.
type shop struct {
	seed      uint64
	customers []customer
	steps     []step
}

// step is one delivery of one event, in short: its details are made up when it
// is read.
type step struct {
	at, delivered int64  // seconds since 1970
	customer      uint32 // position in shop.customers
	seq           uint16 // of the event among the customer's
	order         uint16 // the seq of the order that a refund is of
	what          action
	on            channel
	known         bool // the customer has logged in
	fault         fault
}

// action is what a customer does.
type action uint8

const (
	login action = iota
	search
	view
	add
	buy
	refund
)

// newShop makes up a year of a number of customers.
func newShop(seed uint64, customers int) *shop {
	s := &shop{seed: seed, customers: make([]customer, customers)}
	for i := range s.customers {
		s.customers[i] = newCustomer(seed, i+1)
		s.live(uint32(i), &s.customers[i])
	}
	slices.SortFunc(s.steps, func(a, b step) int {
		return cmp.Or(cmp.Compare(a.delivered, b.delivered), cmp.Compare(a.customer, b.customer),
			cmp.Compare(a.seq, b.seq), cmp.Compare(a.fault, b.fault))
	})
	return s
}

// life is the walk of one customer through the year.
type life struct {
	*shop
	*rand.Rand
	c      *customer
	index  uint32
	seq    uint16
	logins [kiosk + 1]bool
}

// live adds the steps of one customer.
func (s *shop) live(index uint32, c *customer) {
	l := &life{shop: s, Rand: rand.New(rand.NewPCG(s.seed, uint64(c.number)<<1)), c: c, index: index}
	starts := make([]int64, c.visits)
	for i := range starts {
		at := c.from.Unix() + l.Int64N(max(1, c.to.Unix()-c.from.Unix()))
		midnight := at - (at+8*3600)%86400 // In Shanghai, where people shop from eight to eleven.
		at = midnight + 8*3600 + l.Int64N(15*3600)
		starts[i] = min(max(at, c.from.Unix()), shopEnd.Add(-time.Hour).Unix())
	}
	slices.Sort(starts)
	for _, start := range starts {
		l.visit(start)
	}
}

// visit adds one visit: looking around, perhaps logging in, perhaps an order.
func (l *life) visit(at int64) {
	on := l.c.channels[l.IntN(len(l.c.channels))]
	counter := on == store || on == kiosk // They give their phone number, and no login.
	know := l.logins[on] || counter
	wants := !l.c.visitor && l.Float64() < l.c.buys
	after := l.IntN(3) // Looks so many times before logging in.
	for range 1 + l.IntN(5) {
		if !know && !l.c.visitor && after == 0 && l.Float64() < 0.8 {
			l.logins[on], know = true, true
			l.add(at, login, on, true, 0)
			at += 5 + l.Int64N(30)
		}
		after--
		if on != store {
			what := view
			if l.IntN(6) == 0 {
				what = search
			}
			l.add(at, what, on, know, 0)
			at += 10 + l.Int64N(240)
		}
	}
	if on != store && on != kiosk && (wants || l.IntN(4) == 0) {
		l.add(at, add, on, know, 0)
		at += 10 + l.Int64N(240)
	}
	if !wants || !know || on == kiosk {
		return
	}
	order := l.add(at, buy, on, know, 0)
	if at += int64(2+l.IntN(20)) * 86400; l.IntN(16) == 0 && at < shopEnd.Unix() {
		l.add(at, refund, on, know, order)
	}
}

// add adds one event and its deliveries: late at times, or twice, or spoilt.
func (l *life) add(at int64, what action, on channel, known bool, order uint16) uint16 {
	l.seq++
	st := step{at: at, delivered: at + l.Int64N(5), customer: l.index, seq: l.seq, order: order, what: what, on: on, known: known}
	switch n := l.IntN(1000); {
	case n < 30: // A phone without a network.
		st.delivered += 3600 + l.Int64N(3*86400)
	case n < 35: // An app that was not opened for weeks.
		st.delivered += 10*86400 + l.Int64N(30*86400)
	}
	st.delivered = min(st.delivered, shopEnd.Unix())
	l.steps = append(l.steps, st)
	if l.IntN(50) == 0 { // No answer came in time, so it was sent again.
		again := st
		again.delivered = min(st.delivered+1+l.Int64N(7200), shopEnd.Unix())
		l.steps = append(l.steps, again)
	}
	if l.IntN(400) == 0 {
		bad := st
		bad.fault = fault(1 + l.IntN(int(reusedID)-1))
		if what == buy {
			bad.fault = reusedID
		}
		bad.delivered = min(st.delivered+1+l.Int64N(60), shopEnd.Unix())
		l.steps = append(l.steps, bad)
	}
	return l.seq
}

// records yields the deliveries in order. It may be ranged over again.
func (s *shop) records() iter.Seq2[jsonl.Record, error] {
	return func(yield func(jsonl.Record, error) bool) {
		for i := range s.steps {
			if !yield(jsonl.Record{Line: i + 1, Event: s.event(s.steps[i])}, nil) {
				return
			}
		}
	}
}

// event makes the event of one delivery: the same for every delivery of the
// same event, but for the time when it was received.
func (s *shop) event(st step) profile.Event {
	c := &s.customers[st.customer]
	e := profile.Event{
		Source:      sources[st.on],
		MessageID:   c.userID()[1:] + "-" + pad(int(st.seq), 4),
		Identifiers: c.identifiers(st.on, st.known),
		Time:        time.Unix(st.at, 0).UTC(),
		Received:    time.Unix(st.delivered, 0).UTC(),
	}
	switch st.what {
	case login:
		e.Type, e.Traits = profile.Identify, c.traits(st.on)
	case search:
		e.Name = "Products Searched"
		e.Properties = map[string]profile.Value{"query": profile.String(s.basket(c, st.seq).product.category)}
	case view:
		b := s.basket(c, st.seq)
		e.Name = "Product Viewed"
		e.Properties = map[string]profile.Value{"name": profile.String(b.product.name), "category": profile.String(b.product.category), "price": profile.Number(b.product.price)}
	case add:
		b := s.basket(c, st.seq)
		e.Name = "Product Added"
		e.Properties = map[string]profile.Value{"name": profile.String(b.product.name), "quantity": profile.Number(b.quantity)}
	case buy:
		e.Name, e.Properties = "Order Completed", s.basket(c, st.seq).properties(c, st.seq)
	case refund:
		e.Name, e.Properties = "Order Refunded", s.basket(c, st.order).properties(c, st.order)
	}
	if st.on == store && st.what == buy {
		e.Traits = map[string]profile.Value{"channels": profile.String(labels[store])}
	}
	st.fault.spoil(&e)
	return e
}

// basket is what a customer looks at or buys in one event.
type basket struct {
	product           product
	quantity          float64
	discount, revenue float64
}

func (s *shop) basket(c *customer, seq uint16) basket {
	r := rand.New(rand.NewPCG(s.seed^0x9e3779b97f4a7c15, uint64(c.number)<<16|uint64(seq)))
	category := c.taste
	if r.IntN(2) == 0 {
		category = r.IntN(len(products) / perCategory)
	}
	b := basket{product: products[category*perCategory+r.IntN(perCategory)], quantity: float64(1 + r.IntN(3)*r.IntN(2))}
	if r.Float64() < 0.2+c.thrift {
		b.discount = float64(5+r.IntN(8)+int(30*c.thrift)) / 100
	}
	b.revenue = math.Round(100*b.product.price*b.quantity*(1-b.discount)) / 100
	return b
}

func (b basket) properties(c *customer, order uint16) map[string]profile.Value {
	return map[string]profile.Value{
		"order_id":      profile.String("A" + pad(c.number, 6) + pad(int(order), 4)),
		"name":          profile.String(b.product.name),
		"category":      profile.String(b.product.category),
		"quantity":      profile.Number(b.quantity),
		"discount_rate": profile.Number(b.discount),
		"revenue":       profile.Number(b.revenue),
	}
}
