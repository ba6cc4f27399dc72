package oracle

import (
	"github.com/portraitdb/portrait/internal/geo"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// inside asks the exact geometry, which package geo holds against arithmetic without
// rounding; what narrows a search down is left out.
func (w *world) inside(e *syntax.Inside, x profile.Value) bool {
	area := e.Area
	if e.Place != "" {
		area, _ = w.scope.Place(e.Place)
	}
	if area == nil || x.Kind() != profile.KindPoint {
		return false
	}
	lat, lon := x.Point()
	return area.Contains(geo.Point{Lat: lat, Lon: lon})
}
