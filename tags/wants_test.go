package tags_test

import "testing"

func TestExplanation_Wants(t *testing.T) {
	s := shop(t, "Asia/Shanghai")
	state, now := customer(t, s), at(t, "2026-05-10T04:00:00Z")
	for _, tt := range []struct{ rule, want string }{
		{`count("Order Completed") >= 5`, "needs 2 more"},
		{`count("Order Completed") > 5`, "needs 3 more"},
		{`count("Order Completed") >= 4.5`, "needs 2 more"},
		{`count("Order Completed") < 3`, "needs 1 less"},
		{`count("Order Completed") <= 2`, "needs 1 less"},
		{`count("Order Completed") = 2`, "needs 1 less"},
		{`count("Order Completed") = 4`, "needs 1 more"},
		{`count("Order Completed") != 3`, ""},
		{`count("Order Completed") >= 3`, "ends if it falls by 1"},
		{`count("Order Completed") > 1`, "ends if it falls by 2"},
		{`count("Order Completed") <= 3`, "ends if it rises by 1"},
		{`count("Order Completed") < 5`, "ends if it rises by 2"},
		{`count("Order Completed") = 3`, ""},
		{`count("Order Completed") != 5`, "ends if it rises by exactly 2"},
		{`spend >= 100`, "needs 68.5 more"},
		{`spend > 100`, "needs more than 68.5 more"},
		{`spend > 31.5`, "needs to be more"},
		{`spend >= 31.5`, "ends if it falls"},
		{`spend >= 31.2`, "ends if it falls by more than 0.3"},
		{`spend < 31.6`, "ends if it rises by 0.1"},
		{`spend < 31.5`, "needs to be less"},
		{`spend <= 31.5`, "ends if it rises"},
		{`spend < 30`, "needs more than 1.5 less"},
		{`spend = 30`, "needs 1.5 less"},
		{`spend != 30`, "ends if it falls by exactly 1.5"},
		{`tag("高频购买者")`, ""}, // its rule has it
		{`5 <= count("Order Completed")`, "needs 2 more"},
		{`sequence("Order Completed", "Never Seen")`, ""},
		{`sequence_count("Order Completed", "Never Seen") > 1`, "needs 2 more"},
		{`days_since(last_order) >= 30`, "needs 24 more"},
		{`city = "北京"`, ""},
		{`renewal > now()`, ""},
		{`avg("Product Viewed", "price") > 1`, ""},
	} {
		if got := compile(t, s, tt.rule).Explain(state, now).Wants; got != tt.want {
			t.Errorf("%s: %q, want %q", tt.rule, got, tt.want)
		}
	}
}
