package profile_test

import (
	"fmt"
	"time"

	"github.com/portraitdb/portrait/profile"
)

// Events fold into a state in any order; states combine into one.
func ExampleSchema_Lift() {
	schema := &profile.Schema{
		Attributes: map[string]profile.Attribute{"city": {Kind: profile.KindString}},
		Events:     map[string]profile.Folds{"Order Completed": {Numbers: []string{"revenue"}}},
	}
	state := &profile.State{}
	for _, line := range []string{
		`{"type":"track","userId":"u1","event":"Order Completed","timestamp":"2026-03-02T10:00:00Z","properties":{"revenue":0.2}}`,
		`{"type":"track","userId":"u1","event":"Order Completed","timestamp":"2026-03-01T10:00:00Z","properties":{"revenue":0.1}}`,
		`{"type":"identify","userId":"u1","timestamp":"2026-03-01T09:00:00Z","traits":{"city":"上海"}}`,
	} {
		event, err := profile.ParseEvent([]byte(line))
		if err != nil {
			fmt.Println(err)
			return
		}
		one, err := schema.Lift(&event)
		if err != nil {
			fmt.Println(err)
			return
		}
		state = state.Combine(one)
	}
	revenue, _ := state.Number("Order Completed", "revenue")
	city, _ := state.Attr("city", profile.Latest)
	fmt.Println(revenue.Count, revenue.Sum, revenue.First, city)
	// Output: 2 0.3 0.1 上海
}

func ExampleEvent_Validate() {
	event := profile.Event{
		Name:        "Order Completed",
		Identifiers: []profile.Identifier{{Namespace: "email", Value: "a@b.cn"}},
		Time:        time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	fmt.Println(event.Validate(profile.Limits{}, time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)))
	// Output: timestamp: time in future: more than 24h0m0s ahead
}
