package tags_test

import (
	"strings"
	"testing"

	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/tags"
)

// order is the event that the filters below are asked of.
func order(t testing.TB) *profile.Event {
	t.Helper()
	e, err := profile.ParseEvent([]byte(`{
		"type": "track", "event": "Order Completed", "source": "web", "messageId": "1", "userId": "u", "timestamp": "2026-05-10T04:00:00Z",
		"properties": {
			"revenue": 120.5, "tax": 20.5, "coupon": "SPRING-10", "gift": true, "note": null, "codes": ["a", "b"], "none": [],
			"address": {"city": "上海", "at": {"lat": 31, "lng": 121}}, "due": "2026-05-12", "paid": "2026-05-10T12:00:00+08:00", "word": "soon",
			"products": [{"sku": "x", "price": 5, "of": {"kind": "toy"}}, {"sku": "y", "price": 50, "tags": ["new", "red"]}],
			"mixed": [3, "text", {"price": 12}, "{broken", null]
		}}`))
	if err != nil {
		t.Fatal(err)
	}
	return &e
}

// filter compiles what is in a where().
func filter(t testing.TB, where string) func(*profile.Event) bool {
	t.Helper()
	s := shop(t, "Asia/Shanghai")
	compile(t, s, `count("*", where(`+where+`), last("1d")) > 0`)
	f, err := tags.NewFold(s.Folds[0], 1, s)
	if err != nil {
		t.Fatal(err)
	}
	if f.Filters[0].Event != profile.AnyEvent || len(f.Filters) != 1 {
		t.Fatalf("%s: filters %v", where, f.Filters)
	}
	return f.Filters[0].Match
}

func TestNewFold_where(t *testing.T) {
	tests := []struct {
		where string
		want  bool
	}{
		{`revenue > 120 and revenue <= 120.5 and revenue != 1`, true},
		{`121 > revenue and 120 < revenue`, true},
		{`revenue > 120.5 or revenue = "120.5"`, false},
		{`revenue - tax = 100 and revenue / (tax - tax) = 1`, false},
		{`revenue - tax = 100 and missing(revenue / (tax - tax))`, true},
		{`round(revenue) = 121 and floor(revenue) = 120 and ceil(revenue) = 121 and abs(0 - tax) = 20.5`, true},
		{`least(revenue, tax) = tax and greatest(revenue, tax, 1) = revenue and coalesce(note, absent, 7) = 7`, true},
		{`if(gift = true, revenue, tax) = 120.5 and if(gift = false, revenue, tax) = 20.5`, true},
		{`revenue > tax and tax < revenue and not (tax > revenue)`, true},
		{`coupon = "SPRING-10" and starts_with(coupon, "SPRING") and ends_with(coupon, "10") and contains(coupon, "-") and matches(coupon, "^[A-Z]+-\\d+$")`, true},
		{`coupon in ["A", "SPRING-10"] and coupon not in ["A"]`, true},
		{`coupon > revenue or coupon < revenue or coupon != revenue`, false},
		{`contains(revenue, "1")`, false},
		{`missing(note) and missing(absent) and exists(gift)`, true},
		{`note = 1 or note != 1 or absent not in [1]`, false},
		{`codes any_of ["b", "z"] and codes all_of ["a", "b"] and codes none_of ["z"]`, true},
		{`none any_of ["b"] or absent none_of ["z"]`, false},
		{`none none_of ["b"]`, true},
		{`address.city = "上海" and address.at = point(31, 121)`, true},
		{`$source = "web" and $type = "track" and $name = "Order Completed"`, true},
		{`$source = "app"`, false},
		{`due < date("2026-05-13T00:00:00+08:00") and due >= date("2026-05-12T00:00:00+08:00")`, true},
		{`due > date("2026-05-12T00:00:00+08:00")`, false},
		{`paid = date("2026-05-10T04:00:00Z")`, true},
		{`word > date("2020-05-10T04:00:00Z") or word < date("2020-05-10T04:00:00Z") or absent < date("2020-05-10T04:00:00Z")`, false},
		{`days_between(paid, paid) = 0`, false}, // texts are times only beside one
		{`any(products, where(price > 10 and sku = "y"))`, true},
		{`any(products, where(price > 10 and sku = "x"))`, false},
		{`all(products, where(price >= 5))`, true},
		{`all(products, where(price > 5))`, false},
		{`any(products, where(of.kind = "toy")) and any(products, where(tags any_of ["red"]))`, true},
		{`any(products, where(revenue > 0 or exists($source)))`, false},
		{`any(none, where(value = 1)) or any(absent, where(value = 1)) or all(absent, where(value = 1)) or any(coupon, where(true))`, false},
		{`all(none, where(value = 1))`, true},
		{`any(mixed, where(value = 3)) and any(mixed, where(value = "text")) and any(mixed, where(price = 12)) and any(mixed, where(value = "{broken"))`, true},
		{`all(mixed, where(exists(value)))`, false},
		{`any(codes, where(value = "a" and missing(other)))`, true},
		{`xor(gift = true, tax > 1, revenue > 1) and not xor(gift = true, tax > 1)`, true},
		{`minus(gift = true, tax > 100) and not minus(gift = true, tax > 1)`, true},
		{`at_least(2, gift = true, tax > 100, revenue > 1) and not at_least(2, gift = true, tax > 100)`, true},
		{`all() and not any()`, true},
	}
	e := order(t)
	for _, tt := range tests {
		t.Run(tt.where, func(t *testing.T) {
			if got := filter(t, tt.where)(e); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

// A filter has no memory and needs none.
func TestNewFold_where_allocates_nothing(t *testing.T) {
	e := order(t)
	for _, where := range []string{
		`revenue > 100`, `revenue - tax > 50 and coupon in ["A", "SPRING-10"] and not (gift = false)`, `matches(coupon, "^SPRING-[0-9]+$")`,
		`$source = "web" and address.city = "上海"`, `any(codes, where(value = "b"))`, `coalesce(note, tax) > 1 and least(revenue, tax) > 1`,
	} {
		match := filter(t, where)
		if n := testing.AllocsPerRun(100, func() { match(e) }); n != 0 {
			t.Errorf("%s: %v allocations", where, n)
		}
	}
}

// A pattern that backtracking engines explode on, and a list of objects as long as
// an event may have it.
func TestNewFold_where_is_linear(t *testing.T) {
	e := order(t)
	e.Properties["coupon"] = profile.String(strings.Repeat("a", 100_000))
	if filter(t, `matches(coupon, "^(a+)+$") and not matches(coupon, "^(a|aa)+b$")`)(e) != true {
		t.Error("the pattern does not match")
	}
	list := make([]profile.Value, 1000)
	for i := range list {
		list[i] = profile.String(strings.Repeat(`{"a":`, 1000))
	}
	e.Properties["products"] = profile.List(list...)
	if filter(t, `any(products, where(a = 1))`)(e) {
		t.Error("a broken object has members")
	}
}

func BenchmarkFilter(b *testing.B) {
	e := order(b)
	for _, bb := range []struct{ name, where string }{
		{"comparison", `revenue > 100`},
		{"three", `revenue > 100 and coupon in ["A", "SPRING-10"] and address.city = "上海"`},
		{"elements", `any(products, where(price > 10))`},
	} {
		match := filter(b, bb.where)
		b.Run("where="+bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				match(e)
			}
		})
	}
}
