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
		{`count("Order Completed") >= 3`, "ends with 1 less"},
		{`count("Order Completed") > 1`, "ends with 2 less"},
		{`count("Order Completed") <= 3`, "ends with 1 more"},
		{`count("Order Completed") < 5`, "ends with 2 more"},
		{`count("Order Completed") = 3`, ""},
		{`count("Order Completed") != 5`, "ends with exactly 2 more"},
		{`spend >= 100`, "needs 68.5 more"},
		{`spend > 100`, "needs over 68.5 more"},
		{`spend > 31.5`, "needs any more"},
		{`spend >= 31.5`, "ends with any less"},
		{`spend >= 31.2`, "ends with over 0.3 less"},
		{`spend < 31.6`, "ends with 0.1 more"},
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
