package lifecycle

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestScale_Tiers(t *testing.T) {
	cuts := []float64{-2.5, 1, 1, 1e21}
	inf := math.Inf(1)
	for _, tt := range []struct {
		name  string
		scale Scale
		want  []Tier
	}{
		{"high is best", Scale{Cuts: cuts}, []Tier{{"5", "x > 1000000000000000000000"}, {"4", "x > 1 and x <= 1000000000000000000000"}, {"3", "x > 1 and x <= 1"}, {"2", "x > -2.5 and x <= 1"}, {"1", "x <= -2.5"}}},
		{"left closed", Scale{Cuts: cuts[:2], LeftClosed: true}, []Tier{{"3", "x >= 1"}, {"2", "x >= -2.5 and x < 1"}, {"1", "x < -2.5"}}},
		{"low is best", Scale{Cuts: cuts[:2], LowIsBest: true}, []Tier{{"3", "x <= -2.5"}, {"2", "x > -2.5 and x <= 1"}, {"1", "x > 1"}}},
		{"low, left closed", Scale{Cuts: cuts[:2], LeftClosed: true, LowIsBest: true}, []Tier{{"3", "x < -2.5"}, {"2", "x >= -2.5 and x < 1"}, {"1", "x >= 1"}}},
		{"without bounds", Scale{Cuts: []float64{-inf, 3, inf}}, []Tier{{"3", "x > 3"}, {"2", "x <= 3"}}},
		{"low without bounds", Scale{Cuts: []float64{-inf, 3, inf}, LowIsBest: true}, []Tier{{"3", "x <= 3"}, {"2", "x > 3"}}},
		{"no number", Scale{Cuts: []float64{3, math.NaN()}}, []Tier{{"2", "x > 3"}, {"1", "x <= 3"}}},
		{"nothing finite", Scale{Cuts: []float64{-inf, -inf, inf}}, []Tier{{"3", "exists(x)"}}},
		{"one score", Scale{}, []Tier{{"1", "exists(x)"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.scale.Tiers("x")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestNaming_Tiers(t *testing.T) {
	five := Scales{
		R: Scale{Cuts: []float64{10, 20, 30, 40}, LowIsBest: true}, F: Scale{Cuts: []float64{1, 2, 3, 4}}, M: Scale{Cuts: []float64{100, 200, 300, 400}, LeftClosed: true},
	}
	three := Scales{R: Scale{Cuts: []float64{10, 20}, LowIsBest: true}, F: Scale{Cuts: []float64{1, 2}}, M: Scale{Cuts: []float64{100, 200}}}
	putler := Putler().Tiers(five, "r", "f", "m")
	if len(putler) != 10 || putler[1] != (Tier{"at_risk", "r > 30 and f > 2 and f <= 4"}) || putler[9] != (Tier{"champions", "r <= 10 and f > 3"}) {
		t.Errorf("%d: %+v", len(putler), putler)
	}
	if all := RPackage().Tiers(five, "r", "f", "m"); len(all) != 11 || all[10] != (Tier{Others, "exists(f) and exists(m) and exists(r)"}) {
		t.Errorf("%d: %+v", len(all), all[len(all)-1])
	}
	everything := "exists(r) and exists(f) and exists(m)"
	for _, tt := range []struct {
		name  string
		tiers []Tier
		want  []Tier
	}{
		{"one span, and the rest", Boxes{{Name: "vip", M: Span{5, 5}}, {Name: "rest"}}.Tiers(five, "r", "f", "m"), []Tier{{"vip", "m >= 400"}, {"rest", "exists(m)"}}},
		{"a gap", Boxes{{Name: "vip", M: Span{5, 5}}}.Tiers(five, "r", "f", "m"), []Tier{{"vip", "m >= 400"}, {Others, "exists(m)"}}},
		{"every score", Boxes{{Name: "all", M: Span{1, 5}}}.Tiers(five, "r", "f", "m"), []Tier{{"all", "exists(m)"}}},
		{"everybody", Boxes{{Name: "all"}}.Tiers(five, "r", "f", "m"), []Tier{{"all", everything}}},
		{"nobody", Boxes{}.Tiers(five, "r", "f", "m"), []Tier{{Others, everything}}},
		{"an empty span", Boxes{{Name: "none", R: Span{4, 3}}, {Name: "rest"}}.Tiers(five, "r", "f", "m"), []Tier{{"rest", "exists(r)"}}},
		{"scores that are not", Boxes{{Name: "none", F: Span{4, 5}}, {Name: "some", F: Span{2, 9}}, {Name: "rest"}}.Tiers(three, "r", "f", "m"), []Tier{{"some", "f > 1"}, {"rest", "exists(f)"}}},
		{"codes", Codes{{2, 1, 3}: "b", {1, 1, 1}: "b", {3, 3, 3}: "a", {4, 4, 4}: "c"}.Tiers(three, "r", "f", "m"), []Tier{
			{"a", "r <= 10 and f > 2 and m > 200"},
			{"b", "r > 20 and f <= 1 and m <= 100 or r > 10 and r <= 20 and f <= 1 and m > 200"},
			{Others, everything},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.tiers); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestEightTiers(t *testing.T) {
	tiers := EightTiers(RFM{20, 2.5, 300}, "days_since(last)", "orders", "spent")
	if len(tiers) != 8 || tiers[0] != (Tier{"重要价值", "days_since(last) < 20 and orders > 2.5 and spent > 300"}) || tiers[7] != (Tier{"一般挽留", "days_since(last) >= 20 and orders <= 2.5 and spent <= 300"}) {
		t.Errorf("%+v", tiers)
	}
}
