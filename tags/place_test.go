package tags_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/internal/geo"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/tags"
)

// Models, keys of folds and plans hold the text of an area many times over: that of a
// place is short, however many points it has, and the same exactly for the same area.
func TestPlace_text(t *testing.T) {
	points := []profile.Value{profile.Point(31, 121), profile.Point(-31, 179.5), profile.Point(90, 0)}
	for i := range 1000 {
		points = append(points, profile.Point(float64(i)/100, float64(i)/50))
	}
	reversed := slices.Clone(points)
	slices.Reverse(reversed)
	area := json.RawMessage(`{"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}`)
	text := func(p tags.Place) string {
		t.Helper()
		a, err := p.Extent()
		if err != nil {
			t.Fatal(err)
		}
		return a.String()
	}
	all := text(tags.Place{Name: "a", Points: points, Radius: "1km", Area: area})
	if len(all) > 100 {
		t.Errorf("%d bytes", len(all))
	}
	if again := text(tags.Place{Name: "b", Points: reversed, Radius: "1000m", Area: area}); again != all {
		t.Errorf("the same area is %s and %s", all, again)
	}
	for _, other := range []tags.Place{
		{Name: "a", Points: points, Radius: "1km"},
		{Name: "a", Points: points, Radius: "1001m", Area: area},
		{Name: "a", Points: points[1:], Radius: "1km", Area: area},
	} {
		if text(other) == all {
			t.Errorf("%d points of %s have the text of another area", len(other.Points), other.Radius)
		}
	}
}

// A covering is worked out once for each limit.
func TestPlace_covering(t *testing.T) {
	a, err := tags.Place{Name: "a", Points: []profile.Value{profile.Point(31, 121)}, Radius: "1km"}.Extent()
	if err != nil {
		t.Fatal(err)
	}
	cover := func(limit int) geo.Covering {
		c, err := a.Covering(t.Context(), limit)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.Covering(gone, 8); !errors.Is(err, context.Canceled) {
		t.Errorf("once ctx has ended: %v", err)
	}
	few, many := cover(8), cover(100)
	if len(few.Border) >= len(many.Border) {
		t.Errorf("%d ranges of 8, %d of 100", len(few.Border), len(many.Border))
	}
	if again := cover(100); &again.Border[0] != &many.Border[0] || cmp.Diff(few, cover(8)) != "" {
		t.Error("another covering")
	}
}

func TestPlace_too_many_points(t *testing.T) {
	points := slices.Repeat([]profile.Value{profile.Point(31, 121)}, 100_001)
	_, err := tags.Place{Name: "a", Points: points, Radius: "1km"}.Extent()
	if err == nil || !strings.Contains(err.Error(), "the most is 100000") {
		t.Errorf("%v", err)
	}
}
