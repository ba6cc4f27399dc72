package lifecycle

import (
	"encoding/csv"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/portraitdb/portrait/internal/published"
)

// totals is what is published of a segment.
type totals struct {
	n        int
	f, money float64
}

// rfmOrders returns the customers of the package rfm of R, by name.
func rfmOrders(t *testing.T) (names []string, customers []RFM) {
	t.Helper()
	rows, err := csv.NewReader(published.Open(t, "rfm/rfm_data_orders.csv")).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	today := time.Date(2006, 12, 31, 0, 0, 0, 0, time.UTC)
	index := map[string]int{}
	for _, row := range rows[1:] {
		at, err := time.Parse(time.DateOnly, row[1])
		if err != nil {
			t.Fatal(err)
		}
		revenue, err := strconv.ParseFloat(row[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		i, known := index[row[0]]
		if !known {
			i = len(customers)
			index[row[0]] = i
			names, customers = append(names, row[0]), append(customers, RFM{Recency: math.Inf(1)})
		}
		c := &customers[i]
		c.Recency = min(c.Recency, today.Sub(at).Hours()/24)
		c.Frequency++
		c.Monetary += revenue
	}
	return names, customers
}

// Published in the manual of the package rfm: edges, first names and segments.
func TestScheme_LeftClosed(t *testing.T) {
	names, customers := rfmOrders(t)
	if len(customers) != 995 {
		t.Fatalf("%d customers, want 995", len(customers))
	}
	scores, scales := Scheme{Edges: LeftClosed}.Scores(customers)
	want := Scales{
		R: Scale{Cuts: []float64{115, 181, 297.4, 482}, LeftClosed: true, LowIsBest: true},
		F: Scale{Cuts: []float64{4, 5, 6, 8}, LeftClosed: true},
		M: Scale{Cuts: []float64{255.8, 382, 506.4, 666}, LeftClosed: true},
	}
	if diff := cmp.Diff(want, scales, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
		t.Error(diff)
	}
	codes := map[string]string{}
	segments := map[string]totals{}
	for i, c := range customers {
		codes[names[i]] = scores[i].String()
		s := segments[RPackage().Name(scores[i])]
		segments[RPackage().Name(scores[i])] = totals{s.n + 1, s.f + c.Frequency, s.money + c.Monetary}
	}
	for i, name := range names {
		if name == "Abbey O'Reilly" && customers[i] != (RFM{205, 6, 472}) {
			t.Errorf("%s has %+v", name, customers[i])
		}
	}
	for name, code := range map[string]string{
		"Abbey O'Reilly": "343", "Add Senger": "412", "Aden Lesch": "323", "Aden Murphy": "544", "Admiral Senger": "433",
	} {
		if codes[name] != code {
			t.Errorf("%s has %s, want %s", name, codes[name], code)
		}
	}
	if diff := cmp.Diff(map[string]totals{
		"potential_loyalist": {342, 2211, 204856}, "loyal": {170, 799, 76562}, "lost": {148, 393, 35324}, "new": {104, 329, 28837},
		"about_to_sleep": {102, 283, 23449}, "cant_lose": {47, 274, 32446}, "champions": {35, 316, 31646}, "at_risk": {28, 216, 22227},
		"need_attention": {10, 57, 4562}, "promising": {9, 28, 4249},
	}, segments, cmp.AllowUnexported(totals{})); diff != "" {
		t.Error(diff)
	}
}

// Online Retail by the recipe that is most common in Python.
func TestScheme_RightClosed(t *testing.T) {
	today := time.Date(2011, 12, 11, 0, 0, 0, 0, time.UTC)
	var customers []RFM
	for _, b := range retail(t) {
		if b.milli > 0 {
			customers = append(customers, RFM{math.Floor(today.Sub(b.last).Hours() / 24), float64(len(b.invoices)), float64(b.milli) / 1000})
		}
	}
	scores, _ := Scheme{RankFrequency: true}.Scores(customers)
	type means struct {
		N       int
		R, F, M float64
	}
	got := map[string]means{}
	for i, c := range customers {
		s := got[Putler().Name(scores[i])]
		got[Putler().Name(scores[i])] = means{s.N + 1, s.R + c.Recency, s.F + c.Frequency, s.M + c.Monetary}
	}
	for name, s := range got {
		n := float64(s.N)
		got[name] = means{s.N, math.RoundToEven(s.R/n*1000) / 1000, math.RoundToEven(s.F/n*1000) / 1000, math.RoundToEven(s.M/n*100) / 100}
	}
	if diff := cmp.Diff(map[string]means{
		"champions": {633, 6.362, 12.417, 6857.94}, "loyal": {819, 33.608, 6.480, 2864.25}, "potential_loyalists": {484, 17.399, 2.010, 1041.22},
		"new": {42, 7.429, 1, 388.21}, "promising": {94, 23.511, 1, 294.01}, "need_attention": {187, 52.428, 2.326, 897.63},
		"about_to_sleep": {352, 53.312, 1.162, 471.99}, "at_risk": {593, 153.786, 2.879, 1084.54}, "cant_lose": {63, 132.968, 8.381, 2796.16},
		"hibernating": {1071, 217.605, 1.102, 488.64},
	}, got); diff != "" {
		t.Error(diff)
	}
	if len(customers) != 4338 {
		t.Errorf("%d customers, want 4,338", len(customers))
	}
}

func TestScale(t *testing.T) {
	ties := []float64{1, 1, 1, 1, 1, 1, 2, 3, 4, 5}
	tests := []struct {
		name   string
		values []float64
		n      int
		edges  Edges
		cuts   []float64
		of     []float64 // scored
		scores []int
	}{
		{"right", []float64{0, 10, 20, 30, 40}, 4, RightClosed, []float64{10, 20, 30}, []float64{-5, 10, 10.1, 30, 99}, []int{1, 1, 2, 3, 4}},
		{"left, one more", []float64{0, 10, 20, 30, 40}, 4, LeftClosed, []float64{11, 21, 31}, []float64{10.9, 11, 31}, []int{1, 2, 4}},
		{"ties leave scores to nobody", ties, 4, RightClosed, []float64{1, 1, 2.75}, []float64{1, 2, 3}, []int{1, 3, 4}},
		{"ties shrink the scale", ties, 4, Shrinking, []float64{2.75}, []float64{1, 2, 3}, []int{1, 1, 2}},
		{"all alike", []float64{7, 7, 7}, 5, Shrinking, []float64{}, []float64{6, 7, 8}, []int{1, 1, 1}},
		{"observed", []float64{0, 10, 20, 30, 40}, 4, Observed, []float64{10, 20, 30}, []float64{-5, 10, 10.1, 30, 99}, []int{1, 1, 2, 3, 4}},
		{"observed, of four by three", []float64{1, 2, 3, 4}, 3, Observed, []float64{2, 3}, []float64{2, 3, 3.5}, []int{1, 2, 3}},
		{"right, of four by three", []float64{1, 2, 3, 4}, 3, RightClosed, []float64{2, 3}, []float64{2, 3, 3.5}, []int{1, 2, 3}},
		{"observed, of three by five", []float64{1, 2, 3}, 5, Observed, []float64{1, 2, 2, 3}, []float64{1, 2, 3}, []int{1, 2, 4}},
		{"right, of three by five", []float64{1, 2, 3}, 5, RightClosed, []float64{1.4, 1.8, 2.2, 2.6}, []float64{1, 2, 3}, []int{1, 3, 5}},
		{"nobody", nil, 5, RightClosed, nil, []float64{6}, []int{1}},
		{"one part", ties, 1, RightClosed, nil, []float64{6}, []int{1}},
		{"no number", []float64{math.NaN(), 1, 3}, 2, RightClosed, []float64{2}, []float64{math.NaN(), 2, 3}, []int{0, 1, 2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := NewScale(tt.values, tt.n, tt.edges)
			if diff := cmp.Diff(tt.cuts, s.Cuts, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
			var scores, reversed []int
			low := s
			low.LowIsBest = true
			for _, v := range tt.of {
				scores = append(scores, s.Score(v))
				if !math.IsNaN(v) {
					reversed = append(reversed, s.Score(v)+low.Score(v))
				}
			}
			if diff := cmp.Diff(tt.scores, scores); diff != "" {
				t.Error(diff)
			}
			for _, sum := range reversed {
				if sum != s.Top()+1 {
					t.Errorf("forwards and backwards add up to %d, want %d", sum, s.Top()+1)
				}
			}
		})
	}
}

// Frozen cut-offs give everybody the score that they had among all.
func TestScales_are_frozen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var customers []RFM
		for range rapid.IntRange(0, 50).Draw(t, "customers") {
			customers = append(customers, RFM{
				float64(rapid.IntRange(0, 30).Draw(t, "r")), float64(rapid.IntRange(1, 5).Draw(t, "f")), float64(rapid.IntRange(0, 100).Draw(t, "m")),
			})
		}
		scheme := Scheme{Parts: rapid.IntRange(1, 7).Draw(t, "parts"), Edges: Edges(rapid.IntRange(0, 3).Draw(t, "edges"))}
		scores, scales := scheme.Scores(customers)
		for i, c := range customers {
			if got := scales.Score(c); got != scores[i] {
				t.Fatalf("%+v had %v and has %v", c, scores[i], got)
			}
			for k, s := range []int{scores[i].R, scores[i].F, scores[i].M} {
				if s < 1 || s > scheme.Parts {
					t.Fatalf("score %d of %+v is %d", k, c, s)
				}
			}
			for k, other := range customers {
				if c.Recency < other.Recency && scores[i].R < scores[k].R || c.Monetary > other.Monetary && scores[i].M < scores[k].M {
					t.Fatalf("%+v is better than %+v and scores worse", c, other)
				}
			}
		}
		// By rank the parts have equal size, but for one.
		scheme.RankFrequency = true
		scheme.Edges = RightClosed
		ranked, _ := scheme.Scores(customers)
		sizes := make([]int, scheme.Parts+1)
		for _, s := range ranked {
			sizes[s.F]++
		}
		for _, n := range sizes[1:] {
			if n < len(customers)/scheme.Parts || n > len(customers)/scheme.Parts+1 {
				t.Fatalf("%d customers in parts of %v", len(customers), sizes[1:])
			}
		}
	})
}

// Putler's boxes are a partition of the grid: each score is in exactly one.
func TestPutler_is_a_partition(t *testing.T) {
	for r := 1; r <= 5; r++ {
		for f := 1; f <= 5; f++ {
			var in []string
			for _, box := range Putler() {
				if name := (Boxes{box}).Name(Score{r, f, 3}); name != Others {
					in = append(in, name)
				}
			}
			if len(in) != 1 {
				t.Errorf("recency %d, frequency %d: %v", r, f, in)
			}
		}
	}
}

// The grid as it is copied between Python notebooks: a row is a recency, worst first, a
// column a frequency.
func TestPutler_grid(t *testing.T) {
	grid := [5]string{
		"hibernating hibernating at_risk at_risk cant_lose",
		"hibernating hibernating at_risk at_risk cant_lose",
		"about_to_sleep about_to_sleep need_attention loyal loyal",
		"promising potential_loyalists potential_loyalists loyal loyal",
		"new potential_loyalists potential_loyalists champions champions",
	}
	for r, row := range grid {
		for f, want := range strings.Fields(row) {
			if got := Putler().Name(Score{r + 1, f + 1, 3}); got != want {
				t.Errorf("recency %d, frequency %d: %s, want %s", r+1, f+1, got, want)
			}
		}
	}
}

// Published by pymc-marketing, 242 as of its later versions.
func TestQuartiles(t *testing.T) {
	published := map[string]string{
		"premium":     "334 443 444 344 434 433 343 333",
		"repeat":      "244 234 232 332 143 233 243 242",
		"top_spender": "424 414 144 314 324 124 224 423 413 133 323 313 134",
		"at_risk":     "422 223 212 122 222 132 322 312 412 123 214",
		"inactive":    "411 111 113 114 112 211 311",
	}
	want := map[string]string{}
	for name, codes := range published {
		for code := range strings.FieldsSeq(codes) {
			want[code] = name
		}
	}
	for r := 1; r <= 4; r++ {
		for f := 1; f <= 4; f++ {
			for m := 1; m <= 4; m++ {
				score := Score{r, f, m}
				name, listed := want[score.String()]
				if !listed {
					name = Others
				}
				if got := Quartiles().Name(score); got != name {
					t.Errorf("%s is %s, want %s", score, got, name)
				}
			}
		}
	}
}

func TestNaming(t *testing.T) {
	mine := Boxes{{Name: "vip", M: Span{5, 5}}, {Name: "rest"}}
	for _, tt := range []struct {
		naming Naming
		score  Score
		want   string
	}{
		{mine, Score{1, 1, 5}, "vip"},
		{mine, Score{1, 1, 4}, "rest"},
		{RPackage(), Score{5, 5, 5}, "champions"},
		{RPackage(), Score{5, 5, 1}, Others},
		{Quartiles(), Score{4, 4, 4}, "premium"},
		{Quartiles(), Score{2, 4, 2}, "repeat"},
		{Quartiles(), Score{1, 3, 4}, "top_spender"},
		{Quartiles(), Score{2, 1, 4}, "at_risk"},
		{Quartiles(), Score{1, 1, 1}, "inactive"},
		{Quartiles(), Score{4, 2, 1}, Others},
		{Codes{{1, 2, 3}: "mine"}, Score{1, 2, 3}, "mine"},
	} {
		if got := tt.naming.Name(tt.score); got != tt.want {
			t.Errorf("%v is %s, want %s", tt.score, got, tt.want)
		}
	}
	if len(Quartiles()) != 47 {
		t.Errorf("%d codes, want 47: one is there twice", len(Quartiles()))
	}
}

func TestEight(t *testing.T) {
	mean := Mean([]RFM{{10, 2, 100}, {30, 4, 300}})
	if want := (RFM{20, 3, 200}); mean != want {
		t.Fatalf("the mean is %v, want %v", mean, want)
	}
	for _, tt := range []struct {
		c    RFM
		want string
	}{
		{RFM{10, 4, 300}, "重要价值"}, {RFM{10, 2, 300}, "重要发展"}, {RFM{30, 4, 300}, "重要保持"}, {RFM{30, 2, 300}, "重要挽留"},
		{RFM{10, 4, 100}, "一般价值"}, {RFM{10, 2, 100}, "一般发展"}, {RFM{30, 4, 100}, "一般保持"}, {RFM{30, 2, 100}, "一般挽留"},
		{mean, "一般挽留"},
	} {
		if got := Eight(tt.c, mean); got != tt.want {
			t.Errorf("%v is %s, want %s", tt.c, got, tt.want)
		}
	}
	if Mean(nil) != (RFM{}) {
		t.Error("the mean of nobody")
	}
}
