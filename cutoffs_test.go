package portrait_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

// RFM by frozen cut-offs: the numbers at which the parts begin make the tiers of a live
// tag.
func TestCutoffs(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	apply(t, db, `
traits:
  spent: {compute: 'sum("Order Completed", "revenue")', index: true}
events:
  Order Completed: {numbers: [revenue]}
`)
	for i := range 100 {
		if _, err := db.Ingest(t.Context(), profile.Event{
			Name: "Order Completed", MessageID: fmt.Sprint(i), Time: epoch0, Identifiers: []profile.Identifier{id("user_id", fmt.Sprint("u", i))},
			Properties: map[string]profile.Value{"revenue": profile.Number(float64(i + 1))},
		}); err != nil {
			t.Fatal(err)
		}
	}
	take(t, db, profile.Event{Type: profile.Page, Time: epoch0, Identifiers: []profile.Identifier{id("user_id", "window shopper")}})
	cuts, err := viewOf(t, db).Cutoffs(t.Context(), tags.MustParseFormula("spent"), 5)
	if err != nil || !slices.Equal(cuts, []float64{20, 40, 60, 80}) {
		t.Fatalf("cut-offs %v, %v", cuts, err)
	}
	tiers := make([]tags.Tier, 0, 5)
	for k := len(cuts); k > 0; k-- {
		tiers = append(tiers, tags.Tier{Value: fmt.Sprint("M", k+1), Rule: tags.MustParse(fmt.Sprintf("spent > %g", cuts[k-1]))})
	}
	tiers = append(tiers, tags.Tier{Value: "M1", Rule: tags.MustParse("exists(spent)")})
	if err := db.DefineTag(t.Context(), tags.Definition{Name: "M", Tiers: tiers}); err != nil {
		t.Fatal(err)
	}
	for k := 1; k <= 5; k++ {
		n, err := db.Count(t.Context(), segment.MustParse(fmt.Sprintf(`tag("M", "M%d")`, k)))
		if err != nil || n != 20 {
			t.Errorf("M%d has %d, %v; want 20", k, n, err)
		}
	}
	// Live: an order moves its customer at once.
	take(t, db, profile.Event{
		Name: "Order Completed", MessageID: "more", Time: epoch0, Identifiers: []profile.Identifier{id("user_id", "u0")},
		Properties: map[string]profile.Value{"revenue": profile.Number(70)},
	})
	p, err := db.Profile(t.Context(), id("user_id", "u0"))
	if err != nil || p.TagValues["M"].Text() != "M4" {
		t.Errorf("%v, %v", p.TagValues, err)
	}
	for n, formula := range map[int]string{1: "spent", 1001: "spent", 3: `"text"`, 4: "spnt"} {
		if _, err := viewOf(t, db).Cutoffs(t.Context(), tags.MustParseFormula(formula), n); err == nil {
			t.Errorf("%d parts of %s are no error", n, formula)
		}
	}
}
