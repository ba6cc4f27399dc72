package insight_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/segment/insight"
)

// counted makes people of an audience and a rest, of whom so many have the tag.
func counted(have, audience, restHave, rest int) people {
	var out people
	add := func(n int, tags ...string) {
		for range n {
			one := map[string][]string{}
			for _, tag := range tags {
				one[tag] = nil
			}
			out = append(out, one)
		}
	}
	add(have, "audience", "it")
	add(audience-have, "audience")
	add(restHave, "it")
	add(rest - restHave)
	return out
}

func TestCompare_TGI_published(t *testing.T) {
	// Aliyun, articles/268799, and a page's table of 369 people. The page prints 99.3 in
	// its last row, and others 134.9 of 8.9 % and 6.6 %: both were made of rounded shares.
	for _, tt := range []struct {
		name                         string
		have, audience, whole, total int
		want, within                 float64
	}{
		{"75 % of 50 %", 75, 100, 500, 1000, 150, 0},
		{"40 of 123", 40, 123, 120, 369, 100, 0},
		{"50 of 153", 50, 153, 120, 369, 100.490, 5e-4},
		{"30 of 93", 30, 93, 120, 369, 99.194, 5e-4},
		{"8.9 % of 6.6 %", 89, 1000, 660, 10_000, 134.848, 5e-4},
	} {
		p := counted(tt.have, tt.audience, tt.whole-tt.have, tt.total-tt.audience)
		got, err := insight.Compare(t.Context(), p, insight.Question{
			Audience: segment.Tag("audience"), Dimensions: []insight.Dimension{insight.Tag("it")},
		})
		if err != nil {
			t.Fatal(err)
		}
		r := got.Rows[0]
		if !(math.Abs(r.TGI.Index-tt.want) <= tt.within) {
			t.Errorf("%s: %v, want %v", tt.name, r.TGI.Index, tt.want)
		}
		if !(r.TGI.Low < r.TGI.Index && r.TGI.Index < r.TGI.High) {
			t.Errorf("%s: %v is not within %v and %v", tt.name, r.TGI.Index, r.TGI.Low, r.TGI.High)
		}
	}
}

func TestCompare_against_naive_counts(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	dims := []insight.Dimension{insight.Tag("city", cities...), insight.Tag("interest", interests...), insight.Tag("nobody")}
	for range 40 {
		p := crowd(rng, 1+rng.IntN(400))
		for _, q := range []insight.Question{
			{Audience: segment.Tag("buyer")},
			{Audience: segment.Tag("buyer"), Base: segment.TagValue("level", "low")},
			{Audience: segment.Tag("buyer"), Base: segment.Not(segment.Tag("buyer"))},
			{Audience: segment.And(), Base: segment.Tag("buyer")},
			{Audience: segment.And()},
			{Audience: segment.Tag("nobody")},
		} {
			q.Dimensions = dims
			got, err := insight.Compare(t.Context(), p, q)
			if err != nil {
				t.Fatal(err)
			}
			at := 0
			for _, d := range dims {
				for _, v := range d.Values {
					r := got.Rows[at]
					at++
					var audience, base uint64
					for _, one := range p {
						if !has(one, v.Expr.Tree()) {
							continue
						}
						if has(one, q.Audience.Tree()) {
							audience++
						}
						if q.Base.IsZero() || has(one, q.Base.Tree()) {
							base++
						}
					}
					if r.Dimension != d.Name || r.Value != v.Name || r.Audience != audience || r.Base != base || r.Hidden {
						t.Fatalf("%s %s: %+v, want %d and %d", d.Name, v.Name, r, audience, base)
					}
					defined := base > 0 && got.Audience > 0
					if (r.TGI != nil) != defined {
						t.Fatalf("%+v", r)
					}
					if !(r.P >= 0 && r.P <= 1 && r.Q >= r.P && r.Q <= 1) {
						t.Fatalf("%+v", r)
					}
					if defined {
						want := 100 * (float64(audience) / float64(got.Audience)) / (float64(base) / float64(got.Base))
						if math.Abs(r.TGI.Index-want) > 1e-9*want || !(r.TGI.Low <= r.TGI.Index && r.TGI.Index <= r.TGI.High) {
							t.Fatalf("%+v, want %v", r.TGI, want)
						}
					}
				}
			}
		}
	}
}

// The interval holds the true index about as often as it says.
func TestCompare_coverage(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	const share, restShare, audience, rest, runs = 0.3, 0.15, 200, 600, 1500
	truth := 100 * share / ((audience*share + rest*restShare) / (audience + rest))
	held, wrong := 0, 0
	for range runs {
		var have, restHave int
		for range audience {
			if rng.Float64() < share {
				have++
			}
		}
		for range rest {
			if rng.Float64() < restShare {
				restHave++
			}
		}
		got, err := insight.Compare(t.Context(), sums{have, audience, restHave, rest}, insight.Question{
			Audience: segment.Tag("audience"), Dimensions: []insight.Dimension{insight.Tag("it")}, Confidence: 0.9,
		})
		if err != nil {
			t.Fatal(err)
		}
		r := got.Rows[0]
		if r.TGI.Low <= truth && truth <= r.TGI.High {
			held++
		}
		if r.P > 0.05 {
			wrong++
		}
	}
	if s := float64(held) / runs; s < 0.87 || s > 0.93 {
		t.Errorf("the interval of 0.9 held the truth in a share of %v", s)
	}
	if wrong > runs/20 {
		t.Errorf("a difference of two to one was missed %d times", wrong)
	}
}

// sums answers the questions of Compare about one tag: have, audience, restHave, rest.
type sums [4]int

func (s sums) Counts(_ context.Context, es ...segment.Expr) ([]uint64, error) {
	if len(es) == 3 {
		return []uint64{uint64(s[1]), uint64(s[1] + s[3]), uint64(s[1])}, nil
	}
	return []uint64{uint64(s[0]), uint64(s[0] + s[2])}, nil
}

func TestCompare_hides(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	hidden := 0
	for range 200 {
		p := crowd(rng, 150)
		const least = 8
		got, err := insight.Compare(t.Context(), p, insight.Question{
			Audience: segment.Tag("buyer"), LeastCell: least,
			Dimensions: []insight.Dimension{insight.Tag("city", cities...), insight.Tag("level", levels...)},
		})
		if errors.Is(err, insight.ErrTooFew) {
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		byDimension := map[string]int{}
		shown := map[string]int{}
		together := map[string][2]uint64{} // of the hidden rows: in the audience, and in the rest
		for _, r := range got.Rows {
			if r.Hidden {
				hidden++
				byDimension[r.Dimension]++
				for _, one := range p {
					if !has(one, segment.TagValue(r.Dimension, r.Value).Tree()) {
						continue
					}
					n := together[r.Dimension]
					if has(one, segment.Tag("buyer").Tree()) {
						n[0]++
					} else {
						n[1]++
					}
					together[r.Dimension] = n
				}
				if r != (insight.Row{Dimension: r.Dimension, Value: r.Value, Hidden: true}) {
					t.Fatalf("%+v shows something", r)
				}
				continue
			}
			if r.Base > 0 {
				shown[r.Dimension]++
			}
			for _, n := range []uint64{r.Audience, r.Base, got.Audience - r.Audience, got.Base - r.Base, r.Base - r.Audience, got.Base - got.Audience - (r.Base - r.Audience)} {
				if n > 0 && n < least {
					t.Fatalf("%+v of %+v shows %d people", r, got, n)
				}
			}
		}
		for d, n := range byDimension {
			if n == 1 && shown[d] > 0 {
				t.Fatalf("%s has one hidden row", d)
			}
			for _, people := range together[d] {
				if people > 0 && people < least && shown[d] > 0 {
					t.Fatalf("the hidden rows of %s have %d people together", d, people)
				}
			}
		}
	}
	if hidden == 0 {
		t.Error("nothing was hidden")
	}
	if _, err := insight.Compare(t.Context(), counted(2, 5, 9, 90), insight.Question{
		Audience: segment.Tag("audience"), LeastCell: 20, Dimensions: []insight.Dimension{insight.Tag("it")},
	}); !errors.Is(err, insight.ErrTooFew) {
		t.Errorf("an audience of five: %v", err)
	}
}

func TestComparison_Characteristic(t *testing.T) {
	c := insight.Comparison{Rows: []insight.Row{
		{Value: "same", TGI: &insight.TGI{Index: 100, Low: 90, High: 110}, Q: 0.9},
		{Value: "double, unsure", TGI: &insight.TGI{Index: 200, Low: 101, High: 390}, Q: 0.04},
		{Value: "half, sure", TGI: &insight.TGI{Index: 50, Low: 45, High: 55}},
		{Value: "more, sure", TGI: &insight.TGI{Index: 130, Low: 128, High: 132}},
		{Value: "not significant", TGI: &insight.TGI{Index: 900, Low: 800, High: 999}, Q: 0.06},
		{Value: "hidden", Hidden: true},
	}}
	var names []string
	for _, r := range c.Characteristic(3, 0.05) {
		names = append(names, r.Value)
	}
	if got, want := strings.Join(names, "; "), "half, sure; more, sure; double, unsure"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := c.Characteristic(-1, 1); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

func TestCompare_refuses(t *testing.T) {
	good := insight.Tag("it")
	for _, tt := range []struct {
		q    insight.Question
		want string
	}{
		{insight.Question{Dimensions: []insight.Dimension{good}}, "there is no audience"},
		{insight.Question{Audience: segment.And()}, "there is no dimension"},
		{insight.Question{Audience: segment.And(), Dimensions: []insight.Dimension{good, good}}, `dimension "it" is there twice`},
		{insight.Question{Audience: segment.And(), Dimensions: []insight.Dimension{{Name: "x"}}}, `dimension "x" has no values`},
		{insight.Question{Audience: segment.And(), Dimensions: []insight.Dimension{{Values: good.Values}}}, "dimension 1 has no name"},
		{insight.Question{Audience: segment.And(), Dimensions: []insight.Dimension{{Name: "x", Values: []insight.Value{{Name: "v"}}}}}, `value "v" has no expression`},
		{insight.Question{Audience: segment.And(), Dimensions: []insight.Dimension{insight.Tag("x", "a", "a")}}, `value "a" is there twice`},
		{insight.Question{Audience: segment.And(), Dimensions: []insight.Dimension{good}, Confidence: 1}, "a confidence of 1"},
		{insight.Question{Audience: segment.And(), Dimensions: []insight.Dimension{good}, Confidence: math.NaN()}, "a confidence of NaN"},
	} {
		if _, err := insight.Compare(t.Context(), failing{}, tt.q); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v, want %s", err, tt.want)
		}
	}
	if _, err := insight.Compare(t.Context(), failing{}, insight.Question{Audience: segment.And(), Dimensions: []insight.Dimension{good}}); !errors.Is(err, errBroken) {
		t.Errorf("the counter's error: %v", err)
	}
}
