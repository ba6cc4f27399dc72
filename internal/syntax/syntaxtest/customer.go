package syntaxtest

import (
	"strconv"
	"time"

	"github.com/portraitdb/portrait/profile"
)

// Customer returns the events of the customer of docs/language.md, under the message
// IDs "1", "2" and so on, without identifiers. The zone of the document is
// Asia/Shanghai, its instant 2026-05-10T04:00:00Z.
func Customer() []profile.Event {
	type properties = map[string]profile.Value
	text, number := profile.String, profile.Number
	viewed := func(product, category string, price float64) properties {
		return properties{"product_id": text(product), "category": text(category), "price": number(price)}
	}
	events := []profile.Event{
		{Type: profile.Identify, Time: civil("2026-05-01 08:00"), Traits: properties{
			"city": text("上海"), "age": number(30), "vip": profile.Bool(true), "home": profile.Point(31, 121),
			"registered": text("2026-04-30T16:00:00Z"), "apps": profile.List(text("a"), text("b")), "sizes": profile.List(), "points": number(10),
		}},
		{Name: "Order Completed", Time: civil("2026-05-02 08:00"), Properties: properties{
			"revenue": number(10.5), "coupon": text("x"), "channel": text("app"), "address.city": text("上海"),
			"products": profile.List(text(`{"price":10.5,"sku":"p1"}`)),
		}},
		{Name: "Order Completed", Time: civil("2026-05-04 08:00"), Properties: properties{
			"revenue": number(20), "channel": text("app"), "address.city": text("北京"),
			"products": profile.List(text(`{"maker":{"city":"北京"},"price":5,"sku":"p2"}`), text(`{"price":15,"sku":"p3"}`)),
		}},
		{Name: "Order Completed", Time: civil("2026-05-03 08:00"), Properties: properties{
			"revenue": number(1), "coupon": text("y"), "channel": text("web"), "labels": profile.List(text("gift"), text("sale")),
		}},
		{Name: "Product Viewed", Time: civil("2026-05-01 10:00"), Properties: viewed("p1", "运动", 99)},
		{Name: "Product Viewed", Time: civil("2026-05-08 09:00"), Properties: viewed("p1", "运动", 120)},
		{Name: "Product Added", Time: civil("2026-05-08 09:20"), Properties: properties{"product_id": text("p1")}},
		{Name: "Product Viewed", Time: civil("2026-05-09 20:00"), Properties: viewed("p2", "图书", 30)},
		{Name: "Product Added", Time: civil("2026-05-09 20:10"), Properties: properties{"product_id": text("p2")}},
		{Name: "Product Viewed", Time: civil("2026-05-10 09:00"), Properties: viewed("p3", "运动", 80)},
	}
	for _, at := range []string{"2026-05-05 12:00", "2026-05-07 12:00", "2026-05-08 12:00", "2026-05-09 12:00", "2026-05-10 10:00", "2026-05-10 10:20", "2026-05-10 11:30"} {
		events = append(events, profile.Event{Name: "App Opened", Time: civil(at)})
	}
	for i := range events {
		events[i].MessageID = strconv.Itoa(i + 1)
	}
	return events
}

// civil returns a time of Shanghai's clock.
func civil(text string) time.Time {
	at, err := time.ParseInLocation("2006-01-02 15:04", text, time.FixedZone("CST", 8*3600))
	if err != nil {
		panic("syntaxtest: " + err.Error())
	}
	return at.UTC()
}
