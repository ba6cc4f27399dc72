package main

import "context"

// standing are audiences by how people stand among all, answered exactly when they are
// asked. The first is a query tag of the model.
func (t *tour) standing(ctx context.Context) error {
	return t.ask(ctx, "By standing among all",
		group{"the top fifth by spending", `tag("前两成")`},
		group{"the 100 best customers", `rank(spent) <= 100`},
		group{"the middle fifth, of Hangzhou", `ntile(spent, 5) = 3 and city = "杭州"`},
	)
}
