package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/identity/linkage"
)

func TestReport_text(t *testing.T) {
	r := &report{
		Pairs:    &linkage.PairQuality{Quality: linkage.Quality{Precision: 1, Recall: 0.99, F1: 0.99497}},
		BCubed:   &linkage.Quality{Precision: 0.9987, Recall: 0.98123, F1: 0.98989},
		Clusters: 5012, Largest: 3, Compared: 1_234_567, Seconds: 3.456, Reading: 0.1, Training: 2, Linking: 1.356,
		Files: []string{"a.csv", "b.csv"}, Records: 10_000, Matches: 4_988, ToReview: 7, Groups: 4_970, SkippedKeys: 12,
		People: 5_000, OverMerged: new(0.0), UnderMerged: new(0.0024), Model: "9f2c",
	}
	figures := `records       10,000  in a.csv and b.csv
compared   1,234,567  pairs that share a blocking key; 12 keys are too common to tell
matches        4,988  pairs that match by themselves
to review          7  pairs that may be one person, in different clusters
clusters       5,012  4,970 of two records or more, the largest of 3
seconds         3.46  0.10 reading, 2.00 training, 1.36 linking

         precision  recall  F1
pairs    1.0000     0.9900  0.9950
B-cubed  0.9987     0.9812  0.9899

Of 5,000 true people 0.2 % are in two clusters or more; of the clusters 0.0 % hold two people or more.
`
	blind := *r
	blind.Pairs, blind.BCubed, blind.SkippedKeys = nil, nil, 0
	halves := *r
	halves.TrainingHalf = r
	reviewing := blind
	reviewing.Review = []reviewed{{A: "a\x1b1", B: "b1", Weight: -0.5, Fields: []step{
		{Field: "name", A: "李 伟", Why: "missing"}, {Field: "born", A: "1990-01-01", B: "1990-02-01", Weight: 5.25},
	}}}
	counts := strings.Replace(figures[:strings.Index(figures, "\n\n")+1], "; 12 keys are too common to tell", "", 1)
	for _, tt := range []struct {
		name string
		r    *report
		want string
	}{
		{"with a truth", r, figures},
		{"without", &blind, counts},
		{"halves", &halves, "the half that the model was trained on\n" + figures + "\nthe other half\n" + figures},
		{"review", &reviewing, counts + "\n−0.50  a·1 and b1\n  name  0      李 伟       -\n  born  +5.25  1990-01-01  1990-02-01\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var b strings.Builder
			if err := tt.r.writeText(&b); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, b.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
