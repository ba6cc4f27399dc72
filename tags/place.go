package tags

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/portraitdb/portrait/internal/geo"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// Place declares a part of the Earth under a name, such as all stations of a city or
// the districts of a campaign: everything that is near one of its points or in its
// area.
type Place struct {
	// Name is how rules call it. Required; it does not begin with a brace.
	Name string
	// Points, of [profile.KindPoint], are the middles of circles. At most 100,000.
	Points []profile.Value
	// Radius is that of each circle, such as "500m" or "1.5km". Required with Points.
	Radius string
	// Area is GeoJSON: polygons, with edges that are straight on a map of longitude and
	// latitude. At most 100,000 positions. Empty: the circles alone.
	Area json.RawMessage
}

// place is a declared area. It may have a great many points, so that its text is short
// and its coverings are kept.
type place struct {
	*geo.Places
	digest string

	turn      chan struct{} // holds an element while coverings are in use
	coverings map[int]geo.Covering
}

// String implements syntax.Area.
func (p *place) String() string { return p.digest }

// Covering implements syntax.Area. What it returns is shared.
func (p *place) Covering(ctx context.Context, limit int) (geo.Covering, error) {
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return geo.Covering{}, context.Cause(ctx)
	}
	c, ok := p.coverings[limit]
	if !ok {
		var err error
		if c, err = p.Places.Covering(ctx, limit); err != nil {
			return geo.Covering{}, err
		}
		p.coverings[limit] = c
	}
	return c, nil
}

// Equal reports whether both places are declared alike.
func (p Place) Equal(o Place) bool {
	return p.Name == o.Name && p.Radius == o.Radius && bytes.Equal(p.Area, o.Area) && slices.EqualFunc(p.Points, o.Points, profile.Value.Equal)
}

// Extent returns the area, or an error that joins every fault and says which point, or
// which ring and position, is wrong.
func (p Place) Extent() (syntax.Area, error) {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("place %q: "+format, append([]any{shorten(p.Name)}, args...)...))
	}
	switch {
	case p.Name == "":
		faults = append(faults, errors.New("place: the name is empty"))
	case len(p.Name) > MaxNameBytes || !utf8.ValidString(p.Name):
		fault("the name is not valid UTF-8 of at most %d bytes", MaxNameBytes)
	case bytes.HasPrefix(bytes.TrimSpace([]byte(p.Name)), []byte("{")):
		fault("the name begins with a brace, as GeoJSON does")
	}
	if len(p.Points) == 0 && len(p.Area) == 0 {
		fault("it has neither points nor an area")
	}
	if (len(p.Points) == 0) != (p.Radius == "") {
		fault("points want a radius, and a radius points")
	}
	circles, err := p.circles()
	if err != nil {
		fault("%w", err)
	}
	var polygons []*geo.Polygon
	if len(p.Area) > 0 {
		g, err := geo.ParsePolygon(p.Area)
		if err != nil {
			fault("area: %w", err)
		} else {
			polygons = append(polygons, g)
		}
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	all, err := geo.NewPlaces(context.Background(), circles, polygons)
	if err != nil {
		fault("%w", err)
		return nil, errors.Join(faults...)
	}
	sum := sha256.Sum256([]byte(all.String()))
	return &place{Places: all, digest: hex.EncodeToString(sum[:]), turn: make(chan struct{}, 1), coverings: map[int]geo.Covering{}}, nil
}

func (p Place) circles() ([]geo.Circle, error) {
	if len(p.Points) == 0 || p.Radius == "" {
		return nil, nil
	}
	radius, err := geo.ParseDistance(p.Radius)
	if err != nil {
		return nil, fmt.Errorf("radius: %w", err)
	}
	circles := make([]geo.Circle, len(p.Points))
	for i, v := range p.Points {
		if v.Kind() != profile.KindPoint {
			return nil, fmt.Errorf("point %d is a %s", i+1, v.Kind())
		}
		lat, lon := v.Point()
		if circles[i], err = geo.NewCircle(geo.Point{Lat: lat, Lon: lon}, radius); err != nil {
			return nil, fmt.Errorf("point %d: %w", i+1, err)
		}
	}
	return circles, nil
}

// insideOf is near and within.
type insideOf struct {
	unmoved
	area syntax.Area
}

func (p *insideOf) holds(v profile.Value, ok bool) bool {
	if !ok || v.Kind() != profile.KindPoint || p.area == nil {
		return false
	}
	lat, lon := v.Point()
	return p.area.Contains(geo.Point{Lat: lat, Lon: lon})
}
