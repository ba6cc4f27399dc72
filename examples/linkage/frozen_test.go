package main

import (
	"reflect"
	"testing"

	"github.com/portraitdb/portrait/identity/linkage"
)

func TestDeparts(t *testing.T) {
	trained := linkage.Config{
		ID:          "id",
		Clean:       map[string][]string{"name": {"lower"}},
		Comparisons: []linkage.Comparison{{Name: "name", Kind: linkage.Text, Columns: []string{"name"}, Floor: 1e-4}, {Name: "x", Kind: linkage.Exact, Columns: []string{"x"}}},
		Blocking:    linkage.Blocking{Keys: []string{"name"}, MaxPosting: 1000},
		Thresholds:  linkage.Thresholds{Match: new(6.6), Review: new(0.0)},
	}
	tests := []struct {
		name   string
		change func(*linkage.Config)
		want   string
	}{
		{"nothing", func(*linkage.Config) {}, ""},
		{"defaults that are left out", func(c *linkage.Config) {
			c.Blocking.MaxPosting, c.Thresholds = 0, linkage.Thresholds{}
			c.Comparisons[0].Floor, c.Comparisons[0].Name = 0, ""
		}, ""},
		{"a threshold", func(c *linkage.Config) { c.Thresholds.Match = new(5.0) }, "Thresholds.Match is 6.6, not 5"},
		{"a threshold of zero", func(c *linkage.Config) { c.Thresholds.Match = new(0.0) }, "Thresholds.Match is 6.6, not 0"},
		{"a threshold that was left out", func(c *linkage.Config) { c.Thresholds.Join = new(5.0) }, "Thresholds.Join is left to its default, not 5"},
		{"a kind", func(c *linkage.Config) { c.Comparisons[1].Kind = linkage.Code }, "Comparisons.2.Kind is exact, not code"},
		{"a comparison more", func(c *linkage.Config) { c.Blocking.Keys = append(c.Blocking.Keys, "x") }, "Blocking.Keys is [name], not [name x]"},
		{"a cleaning", func(c *linkage.Config) { c.Clean = map[string][]string{"name": {"fold"}} }, "Clean is map[name:[lower]], not map[name:[fold]]"},
		{"an ID", func(c *linkage.Config) { c.ID = "key" }, "ID is id, not key"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := trained
			cfg.Comparisons = append([]linkage.Comparison(nil), trained.Comparisons...)
			tt.change(&cfg)
			if got := departs(reflect.ValueOf(cfg), reflect.ValueOf(trained)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
