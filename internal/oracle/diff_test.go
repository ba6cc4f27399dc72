package oracle

import (
	"math/big"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/profile"
)

func TestDiff(t *testing.T) {
	base := func() *Person {
		p := empty()
		p.Events = 1
		p.Attributes[AttributeKey{"city", profile.Latest, true}] = Attribute{Value: profile.String("1")}
		p.Attributes[AttributeKey{"points", profile.Sum, true}] = Attribute{Sum: big.NewInt(1)}
		p.Counters[CounterKey{"Order", true}] = Counter{
			Count:   1,
			Numbers: map[string]Number{"price": {Sum: big.NewInt(1)}},
			Uniques: map[string]UniqueSet{"sku": {Values: []profile.Value{profile.String("x")}}},
		}
		return p
	}
	city := AttributeKey{"city", profile.Latest, true}
	points := AttributeKey{"points", profile.Sum, true}
	order := CounterKey{"Order", true}
	attribute := func(key AttributeKey, change func(*Attribute)) func(*Person) {
		return func(p *Person) {
			a := p.Attributes[key]
			change(&a)
			p.Attributes[key] = a
		}
	}
	counter := func(change func(*Counter)) func(*Person) {
		return func(p *Person) {
			c := p.Counters[order]
			change(&c)
			p.Counters[order] = c
		}
	}
	price := func(change func(*Number)) func(*Person) {
		return counter(func(c *Counter) {
			n := c.Numbers["price"]
			change(&n)
			c.Numbers["price"] = n
		})
	}
	late := profile.Stamp{At: 1e6, Tie: 15}
	for _, tt := range []struct {
		change func(*Person)
		want   string
	}{
		{func(p *Person) { p.Events = 2 }, "events: 1, against 2"},
		{func(p *Person) { p.First = late }, "first event: 1970-01-01T00:00:00Z/0, against 1970-01-01T00:00:01Z/f"},
		{func(p *Person) { p.Last = late }, "last event: 1970-01-01T00:00:00Z/0, against 1970-01-01T00:00:01Z/f"},
		{func(p *Person) { p.LostAttributes = true }, "undeclared attributes lost: false, against true"},
		{func(p *Person) { p.LostEvents = true }, "undeclared event names lost: false, against true"},
		{func(p *Person) { delete(p.Attributes, city) }, `attribute "city" (latest, declared): present, against missing`},
		{func(p *Person) { p.Attributes[AttributeKey{Name: "x"}] = Attribute{} }, `attribute "x" (latest, undeclared): missing, against present`},
		{attribute(city, func(a *Attribute) { a.Value = profile.Number(1) }), `attribute "city" (latest, declared): string "1", against number "1"`},
		{attribute(city, func(a *Attribute) { a.Stamp = late }), `attribute "city" (latest, declared) told: 1970-01-01T00:00:00Z/0, against 1970-01-01T00:00:01Z/f`},
		{attribute(city, func(a *Attribute) { a.Lost = true }), `attribute "city" (latest, declared) lost: false, against true`},
		{attribute(points, func(a *Attribute) { a.Sum = big.NewInt(2) }), `attribute "points" (sum, declared) millionths: 1, against 2`},
		{func(p *Person) { delete(p.Counters, order) }, `event "Order" (declared): present, against missing`},
		{counter(func(c *Counter) { c.Count = 2 }), `event "Order" (declared) count: 1, against 2`},
		{counter(func(c *Counter) { c.First = late }), `event "Order" (declared) first: 1970-01-01T00:00:00Z/0, against 1970-01-01T00:00:01Z/f`},
		{counter(func(c *Counter) { c.Last = late }), `event "Order" (declared) last: 1970-01-01T00:00:00Z/0, against 1970-01-01T00:00:01Z/f`},
		{counter(func(c *Counter) { delete(c.Numbers, "price") }), `event "Order" (declared) number "price": present, against missing`},
		{counter(func(c *Counter) { delete(c.Uniques, "sku") }), `event "Order" (declared) values of "sku": present, against missing`},
		{counter(func(c *Counter) { c.Uniques["sku"] = UniqueSet{Values: []profile.Value{profile.String("y")}} }), `event "Order" (declared) values of "sku": [x], against [y]`},
		{counter(func(c *Counter) {
			c.Uniques["sku"] = UniqueSet{Values: []profile.Value{profile.String("x")}, Lost: true}
		}), `event "Order" (declared) values of "sku" lost: false, against true`},
		{price(func(n *Number) { n.Count = 3 }), `event "Order" (declared) number "price" count: 0, against 3`},
		{price(func(n *Number) { n.Sum = big.NewInt(3) }), `event "Order" (declared) number "price" millionths: 1, against 3`},
		{price(func(n *Number) { n.Min = 3 }), `event "Order" (declared) number "price" min: 0, against 3`},
		{price(func(n *Number) { n.MinAt = 1e6 }), `event "Order" (declared) number "price" min at: 1970-01-01T00:00:00Z, against 1970-01-01T00:00:01Z`},
		{price(func(n *Number) { n.Max = 3 }), `event "Order" (declared) number "price" max: 0, against 3`},
		{price(func(n *Number) { n.MaxAt = 1e6 }), `event "Order" (declared) number "price" max at: 1970-01-01T00:00:00Z, against 1970-01-01T00:00:01Z`},
		{price(func(n *Number) { n.First = 3 }), `event "Order" (declared) number "price" first: 0, against 3`},
		{price(func(n *Number) { n.FirstAt = late }), `event "Order" (declared) number "price" first at: 1970-01-01T00:00:00Z/0, against 1970-01-01T00:00:01Z/f`},
		{price(func(n *Number) { n.Last = 3 }), `event "Order" (declared) number "price" last: 0, against 3`},
		{price(func(n *Number) { n.LastAt = late }), `event "Order" (declared) number "price" last at: 1970-01-01T00:00:00Z/0, against 1970-01-01T00:00:01Z/f`},
	} {
		changed := base()
		tt.change(changed)
		if d := cmp.Diff([]string{tt.want}, Diff(base(), changed)); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	}
	if got := Diff(base(), base()); len(got) > 0 {
		t.Errorf("of equals: %v", got)
	}
}
