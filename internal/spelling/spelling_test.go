package spelling_test

import (
	"strings"
	"testing"

	"github.com/portraitdb/portrait/internal/spelling"
)

func TestNearest(t *testing.T) {
	names := []string{"tiers", "tags", "traits", "zone", "等级"}
	for _, tt := range []struct{ name, want string }{
		{"tag", "tags"},
		{"tgas", "tags"},
		{"TIERS", "tiers"},
		{"tires", "tiers"},
		{"trait", "traits"},
		{"zones", "zone"},
		{"等及", "等级"},
		{"z", ""},
		{"owner", ""},
		{"", ""},
		{strings.Repeat("tiers", 100), ""},
	} {
		if got := spelling.Nearest(tt.name, names); got != tt.want {
			t.Errorf("%.20q: %q, want %q", tt.name, got, tt.want)
		}
	}
}
