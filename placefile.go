package portrait

import (
	"encoding/json"
	"fmt"

	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/tags"
)

// placeFile is the file form of a place.
type placeFile struct {
	Points [][]float64 `yaml:"points,omitempty" json:"points,omitempty"` // latitude, longitude
	Radius string      `yaml:"radius,omitempty" json:"radius,omitempty"`
	Area   any         `yaml:"area,omitempty" json:"area,omitempty"` // GeoJSON, as text or as it is
}

func (f placeFile) place(name string) (tags.Place, error) {
	p := tags.Place{Name: name, Radius: f.Radius}
	for i, at := range f.Points {
		if len(at) != 2 {
			return p, fmt.Errorf("place %q: point %d has %d numbers: want latitude and longitude", name, i+1, len(at))
		}
		p.Points = append(p.Points, profile.Point(at[0], at[1]))
	}
	switch area := f.Area.(type) {
	case nil:
	case string:
		p.Area = json.RawMessage(area)
	default:
		text, err := json.Marshal(area)
		if err != nil {
			return p, fmt.Errorf("place %q: area: %w", name, err)
		}
		p.Area = text
	}
	return p, nil
}

func placeFileOf(p tags.Place) placeFile {
	f := placeFile{Radius: p.Radius}
	for _, v := range p.Points {
		lat, lon := v.Point()
		f.Points = append(f.Points, []float64{lat, lon})
	}
	if len(p.Area) > 0 {
		f.Area = string(p.Area)
	}
	return f
}
