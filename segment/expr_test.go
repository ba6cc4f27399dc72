package segment

import (
	"strings"
	"testing"
)

// TestExpr_too_large: what is put together beyond the limits is refused wherever it is
// written, without a walk over it, and so is whatever it is made a part of.
func TestExpr_too_large(t *testing.T) {
	e := MustParse(`age > 3`)
	deep := func(steps int) Expr {
		x := e
		for i := range steps {
			if x = Not(x); i%2 == 1 {
				x = And(x, e)
			}
		}
		return x
	}
	doubled := e // 2^100 parts, were they counted
	for range 100 {
		doubled = Or(doubled, doubled)
	}
	wide := make([]Expr, 10_000)
	for i := range wide {
		wide[i] = e
	}
	for name, tt := range map[string]struct {
		e    Expr
		want string
	}{
		"many steps":      {deep(30_000), "nested deeper than 200 levels"},
		"a step too deep": {Not(deep(133)), "nested deeper than 200 levels"},
		"doubled":         {doubled, "more than 10000 parts"},
		"wide":            {Or(wide...), "more than 10000 parts"},
		"within another":  {Not(And(e, Or(wide...))), "more than 10000 parts"},
	} {
		if _, err := tt.e.MarshalText(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: text: %v", name, err)
		}
		if _, err := tt.e.MarshalJSON(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: JSON: %v", name, err)
		}
		text := tt.e.String()
		if _, err := Parse(text); err == nil || len(text) > 200 || !strings.Contains(text, tt.want) {
			t.Errorf("%s: %.200s is read as a condition", name, text)
		}
		if tt.e.IsZero() {
			t.Errorf("%s is the zero Expr", name)
		}
	}
	for name, e := range map[string]Expr{"as deep as may be": deep(133), "as wide as may be": Or(wide[:3333]...)} {
		text, err := e.MarshalText()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if back, err := Parse(string(text)); err != nil || back.String() != e.String() {
			t.Errorf("%s: read again: %v", name, err)
		}
	}
}
