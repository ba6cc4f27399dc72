package portrait_test

import (
	"strings"
	"testing"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

// TestDeep: an expression that a program has nested three million levels deep is refused
// by every call that takes one.
func TestDeep(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	apply(t, db, "traits: {age: {type: number, index: true}}")
	take(t, db, wasSeen("a", now))
	v := viewOf(t, db)
	some := segment.MustParse("age > 3")
	deep, steps := some, 3_000_000
	if testing.Short() {
		steps = 300_000
	}
	for i := range steps {
		if deep = segment.Not(deep); i%2 == 1 {
			deep = segment.And(deep, some)
		}
	}
	age := tags.MustParseFormula("age")
	for what, call := range map[string]func(segment.Expr) error{
		"Count":   func(e segment.Expr) error { _, err := db.Count(t.Context(), e); return err },
		"Segment": func(e segment.Expr) error { _, err := db.Segment(t.Context(), e); return err },
		"Counts":  func(e segment.Expr) error { _, err := v.Counts(t.Context(), some, e); return err },
		"Cross": func(e segment.Expr) error {
			_, err := v.Cross(t.Context(), some, []segment.Expr{e})
			return err
		},
		"Plan":    func(e segment.Expr) error { _, err := v.Plan(t.Context(), e); return err },
		"Summary": func(e segment.Expr) error { _, err := v.Summary(t.Context(), age, e); return err },
		"Explain": func(e segment.Expr) error { _, err := db.Explain(t.Context(), e, id("user_id", "a")); return err },
		"FlipsBefore": func(e segment.Expr) error {
			for _, err := range v.FlipsBefore(t.Context(), e, now.AddDate(0, 0, 9)) {
				return err
			}
			return nil
		},
	} {
		if err := call(deep); err == nil || !strings.Contains(err.Error(), "nested deeper than 200 levels") {
			t.Errorf("%s: %v", what, err)
		}
		if err := call(segment.Expr{}); what != "Explain" && what != "FlipsBefore" && err == nil {
			t.Errorf("%s takes the zero Expr", what)
		}
	}
	if _, err := db.Count(t.Context(), segment.Expr{}); err == nil || !strings.Contains(err.Error(), "the zero Expr") {
		t.Errorf("the zero Expr: %v", err)
	}
}
