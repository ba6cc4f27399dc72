package oracle

import (
	"testing"
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

func TestWhere(t *testing.T) {
	zone := time.FixedZone("+8", 8*60*60)
	str := profile.String
	e := &profile.Event{
		Type: profile.Track, Source: "pos", Name: "Order", MessageID: "1",
		Properties: map[string]profile.Value{
			"price": profile.Number(30), "paid": profile.Bool(true), "address.city": str("上海"), "none": {},
			"due": str("2026-11-23"), "sent": str("2026-11-22T16:00:00Z"), "at": profile.Time(time.Date(2026, 11, 23, 0, 0, 0, 0, zone)),
			"colours": profile.List(str("red"), str("blue")), "empty": profile.List(),
			"products": profile.List(
				str(`{"sku":"a","price":5,"maker":{"name":"x","place":{"lat":1,"lon":2}},"tags":["new"],"gone":null}`),
				str(`{"sku":"b","price":20,"maker":{"name":"y"}}`)),
			"mixed": profile.List(profile.Number(3), str("{no object"), str(`{"price":7}`)),
		},
	}
	yes := func(name string, op syntax.Op, v profile.Value) syntax.Expr {
		return &syntax.Compare{Op: op, L: trait(name), R: &syntax.Literal{Value: v}}
	}
	each := func(all bool, name string, where syntax.Expr) syntax.Expr {
		return &syntax.Each{X: trait(name), Where: where, All: all}
	}
	midnight := profile.Time(time.Date(2026, 11, 23, 0, 0, 0, 0, zone))
	n := profile.Number
	for _, tt := range []struct {
		name string
		x    syntax.Expr
		want bool
	}{
		{"a number", yes("price", syntax.Ge, n(30)), true},
		{"another kind", yes("price", syntax.Ne, str("30")), false},
		{"not of another kind", &syntax.Not{X: yes("price", syntax.Eq, str("30"))}, true},
		{"a nested name", yes("address.city", syntax.Eq, str("上海")), true},
		{"a property that is null", &syntax.Exists{X: trait("none")}, false},
		{"a property that is not", yes("other", syntax.Ne, n(1)), false},
		{"missing", &syntax.Exists{X: trait("other"), Missing: true}, true},
		{"the source", yes("$source", syntax.Eq, str("pos")), true},
		{"the type", yes("$type", syntax.Eq, str("track")), true},
		{"the name", yes("$name", syntax.Eq, str("Order")), true},
		{"a date beside a time", yes("due", syntax.Eq, midnight), true},
		{"a text in RFC 3339 beside a time", yes("sent", syntax.Le, midnight), true},
		{"a text before a time", yes("sent", syntax.Lt, midnight), false},
		{"a time", yes("at", syntax.Eq, midnight), true},
		{"a text that says no time", yes("address.city", syntax.Ne, midnight), false},
		{"arithmetic", cmpOf(&syntax.Arith{Op: syntax.Mul, L: trait("price"), R: num(2)}, syntax.Eq, num(60)), true},
		{"any of", &syntax.Has{Mode: syntax.AnyOf, X: trait("colours"), List: []profile.Value{str("blue")}}, true},
		{"any element", each(false, "products", yes("price", syntax.Gt, n(10))), true},
		{"no such element", each(false, "products", yes("price", syntax.Gt, n(20))), false},
		{"both of one element", each(false, "products", &syntax.And{X: []syntax.Expr{yes("sku", syntax.Eq, str("a")), yes("price", syntax.Gt, n(10))}}), false},
		{"all elements", each(true, "products", yes("price", syntax.Gt, n(4))), true},
		{"not all elements", each(true, "products", yes("price", syntax.Gt, n(10))), false},
		{"any of none", each(false, "empty", &syntax.Const{Value: true}), false},
		{"all of none", each(true, "empty", &syntax.Const{}), true},
		{"all of what is not there", each(true, "other", &syntax.Const{Value: true}), false},
		{"all of what is no list", each(true, "price", &syntax.Const{Value: true}), false},
		{"fields within fields", each(false, "products", yes("maker.name", syntax.Eq, str("y"))), true},
		{"a place", each(false, "products", yes("maker.place", syntax.Eq, profile.Point(1, 2))), true},
		{"a list of an element", each(false, "products", &syntax.Has{Mode: syntax.AllOf, X: trait("tags"), List: []profile.Value{str("new")}}), true},
		{"a field that is null", each(false, "products", &syntax.Exists{X: trait("gone")}), false},
		{"a scalar", each(false, "mixed", yes("value", syntax.Eq, n(3))), true},
		{"a text that is no object", each(false, "mixed", yes("value", syntax.Eq, str("{no object"))), true},
		{"an object has no value", each(true, "mixed", &syntax.Exists{X: trait("value")}), false},
		{"an object beside scalars", each(false, "mixed", yes("price", syntax.Eq, n(7))), true},
		{"a property of the event within an element", each(false, "mixed", yes("paid", syntax.Eq, profile.Bool(true))), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := &world{scope: scope{zone: zone}}
			if got := w.holds(tt.x, fieldsOf(e)); got != tt.want {
				t.Errorf("%s: %t, want %t", syntax.Print(tt.x), got, tt.want)
			}
		})
	}
}
