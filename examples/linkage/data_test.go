package main

import (
	"path/filepath"
	"testing"

	"github.com/portraitdb/portrait/internal/published"
)

// TestData holds every configuration to what README.md says of it.
func TestData(t *testing.T) {
	tests := []struct {
		config, truth string
		files         []string
		records       int
		people        int
		f1, b3        float64
		precision     float64
		largest       int
		slow          bool
	}{
		{config: "febrl", truth: "rec_id", files: []string{"dataset1.csv"}, records: 1000, people: 500, f1: 0.998, b3: 0.998, precision: 0.998, largest: 2},
		{config: "febrl", truth: "rec_id", files: []string{"dataset2.csv"}, records: 5000, people: 4000, f1: 0.998, b3: 0.998, precision: 0.998, largest: 6, slow: true},
		{config: "febrl4", truth: "rec_id", files: []string{"dataset4a.csv", "dataset4b.csv"}, records: 10000, people: 5000, f1: 0.999, b3: 0.999, precision: 0.999, largest: 2, slow: true},
		{config: "fake_1000", truth: "cluster", files: []string{"fake_1000.csv"}, records: 1000, people: 251, f1: 0.95, b3: 0.95, precision: 0.98, largest: 60},
		{config: "historical", truth: "cluster", files: []string{"historical_dev.csv.gz"}, records: 24932, people: 2585, f1: 0.88, b3: 0.89, precision: 0.98, largest: 60, slow: true},
	}
	for _, tt := range tests {
		t.Run(tt.files[0], func(t *testing.T) {
			if tt.slow && testing.Short() {
				t.Skip("-short: trains and links the data set twice")
			}
			args := []string{"--config", filepath.Join("configs", tt.config+".yaml"), "--truth", tt.truth}
			for _, name := range tt.files {
				args = append(args, published.File(t, filepath.Join("linkage", name)))
			}
			r := runJSON(t, args...)
			// On people that the model was not trained on it holds as well.
			if other := runJSON(t, append(args, "--split-by-truth", "1")...); other.Pairs.F1 < tt.f1 || other.Pairs.Precision < tt.precision {
				t.Errorf("people of the other half: pairs %+v; want F1 %v, precision %v", *other.Pairs, tt.f1, tt.precision)
			}
			if r.Records != tt.records || r.People != tt.people {
				t.Errorf("%d records of %d people, want %d of %d", r.Records, r.People, tt.records, tt.people)
			}
			if r.Pairs.F1 < tt.f1 || r.BCubed.F1 < tt.b3 || r.Pairs.Precision < tt.precision || r.Largest > tt.largest {
				t.Errorf("pairs %+v, B-cubed %+v, largest %d; want F1 %v and %v, precision %v, at most %d",
					*r.Pairs, *r.BCubed, r.Largest, tt.f1, tt.b3, tt.precision, tt.largest)
			}
		})
	}
}
