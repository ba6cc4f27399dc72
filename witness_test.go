package portrait_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// What made an answer so is told event by event, as far as the log has it.
func TestExplain_witnesses(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(epoch0.AddDate(0, 0, 2)), NoSync: true})
	apply(t, db, `
traits:
  city: {}
  big: {compute: 'count("Order Completed", where(revenue >= 10), last("2d"))'}
tags:
  basket: {rule: 'sequence("Product Added", without("Order Completed"), within("2h"))'}
log: {retain: 30d}
`)
	jane := id("user_id", "jane")
	event := func(n int, hours int, e profile.Event) {
		t.Helper()
		e.MessageID, e.Source, e.Identifiers = fmt.Sprint("m", n), "web", []profile.Identifier{jane}
		e.Time = epoch0.Add(time.Duration(hours) * time.Hour)
		if res, err := db.Ingest(t.Context(), e); err != nil || res.Accepted != 1 {
			t.Fatalf("%+v, %v", res, err)
		}
	}
	order := func(revenue float64) profile.Event {
		return profile.Event{Name: "Order Completed", Properties: map[string]profile.Value{"revenue": profile.Number(revenue)}}
	}
	event(0, 1, profile.Event{Type: profile.Identify, Traits: map[string]profile.Value{"city": profile.String("上海")}})
	event(1, 2, order(50)) // before the window
	event(2, 25, order(5)) // too small
	for i := range 7 {
		event(3+i, 26+i, order(20))
	}
	event(10, 40, profile.Event{Name: "Product Added"})
	shown := func(text string) string {
		t.Helper()
		why, err := db.Explain(t.Context(), segment.MustParse(text), jane)
		if err != nil {
			t.Fatal(err)
		}
		for len(why.Parts) > 0 {
			why = why.Parts[0]
		}
		var ids []string
		for _, w := range why.Values[0].Events {
			ids = append(ids, w.MessageID+" "+w.Source+" "+w.Event)
		}
		return fmt.Sprint(len(ids), ids)
	}
	for text, want := range map[string]string{
		`city = "上海"`:                    `1 [m0 web ]`,
		`big = 7`:                        `5 [m5 web Order Completed m6 web Order Completed m7 web Order Completed m8 web Order Completed m9 web Order Completed]`,
		`count("Order Completed") > 100`: `5 [m5 web Order Completed m6 web Order Completed m7 web Order Completed m8 web Order Completed m9 web Order Completed]`,
		`tag("basket")`:                  `1 [m10 web Product Added]`,
	} {
		if got := shown(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// Every trait tells where it has its value from.
func TestProvenance(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(epoch0.AddDate(0, 0, 2)), NoSync: true})
	apply(t, db, `
traits:
  city: {}
  first_channel: {merge: first}
  points: {type: number, merge: sum}
  orders: {compute: 'count("Order Completed")'}
log: {retain: 30d, events: {$identify: 36h}}
`)
	jane := id("user_id", "jane")
	for i, day := range []int{0, 1} {
		if _, err := db.Ingest(t.Context(), profile.Event{
			Type: profile.Identify, MessageID: fmt.Sprint("m", i), Source: "crm", Time: epoch0.AddDate(0, 0, day), Identifiers: []profile.Identifier{jane},
			Traits: map[string]profile.Value{
				"city": profile.String("上海"), "first_channel": profile.String("a"), "points": profile.Number(1), "other": profile.Bool(true),
			},
		}); err != nil {
			t.Fatal(err)
		}
	}
	list, err := viewOf(t, db).Provenance(t.Context(), jane)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range list {
		if p.At.IsZero() {
			p.At = epoch0.AddDate(1, 0, 0)
		}
		got = append(got, fmt.Sprintf("%s=%s %s %t %q %s %s", p.Name, p.Value, p.Policy, p.Declared, p.Compute, p.MessageID, p.At.Format("0102")))
	}
	want := []string{
		`city=上海 latest true "" m1 0102`, `first_channel=a first true ""  0101`, `orders=0 latest false "count(\"Order Completed\")"  0101`,
		`other=true latest false "" m1 0102`, `points=2 sum true ""  0101`,
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// A sequence is asked of everybody, though no index has it.
func TestCount_sequence(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(epoch0.AddDate(0, 0, 2)), NoSync: true})
	apply(t, db, `tags: {basket: {rule: 'sequence("A", "B")'}}`)
	for i, name := range []string{"A", "B", "A"} {
		who := id("user_id", []string{"jane", "jane", "joe"}[i])
		take(t, db, profile.Event{MessageID: fmt.Sprint(i), Name: name, Time: epoch0.Add(time.Duration(i) * time.Minute), Identifiers: []profile.Identifier{who}})
	}
	for text, want := range map[string]uint64{
		`sequence("A", "B")`: 1, `not sequence("A", "B")`: 1, `sequence_count("A", "B") = 1 and tag("basket")`: 1,
	} {
		if n, err := db.Count(t.Context(), segment.MustParse(text)); err != nil || n != want {
			t.Errorf("%s: %d, %v; want %d", text, n, err, want)
		}
	}
}
