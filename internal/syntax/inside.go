package syntax

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/portraitdb/portrait/internal/geo"
	"github.com/portraitdb/portrait/profile"
)

// Inside holds when X, a point, lies in an area or on its border: in a circle, in a
// polygon, or in a place that the model declares.
type Inside struct {
	X Operand
	// Area is nil of a place until it has been checked.
	Area Area
	// Place is the name of one that is declared; "" for a circle or a polygon.
	Place string
	Pos   Pos
}

func (*Inside) expr() {}

// Area is a part of the Earth's surface. Its text is the same for the same area.
type Area interface {
	Contains(p geo.Point) bool
	Covering(ctx context.Context, limit int) (geo.Covering, error)
	// Leaf reports whether the points of an S2 leaf cell are in it, all of them or none, if
	// that is sure.
	Leaf(leaf uint64) (in, sure bool)
	String() string
}

// near reads the arguments of near(: a point, and how far around it.
func (p *parser) near(name token) (Expr, *Error) {
	x, err := p.subject(name)
	if err != nil {
		return nil, err
	}
	var at [2]float64
	for i := range at {
		start := p.tok.pos
		if at[i], err = p.signed(); err != nil {
			return nil, p.misused(name)
		}
		so, hint := geo.Point{Lat: at[0]}, "the latitude comes first"
		if i == 1 {
			so, hint = geo.Point{Lon: at[1]}, ""
		}
		if bad := so.Validate(); bad != nil {
			return nil, faultAt(start, p.before-start, hint, "%s", plain(bad))
		}
		if err := p.comma(name); err != nil {
			return nil, err
		}
	}
	text := p.tok
	radius, err := p.string(name)
	if err != nil {
		return nil, err
	}
	metres, bad := geo.ParseDistance(radius)
	if bad != nil {
		return nil, faultAt(text.pos, text.end-text.pos, `such as "500m" or "3km"`, "%s", plain(bad))
	}
	c, bad := geo.NewCircle(geo.Point{Lat: at[0], Lon: at[1]}, metres)
	if bad != nil {
		return nil, faultAt(text.pos, text.end-text.pos, "", "%s", plain(bad))
	}
	if !p.is(")") {
		return nil, p.misused(name)
	}
	return &Inside{X: x, Area: c, Pos: Pos(name.pos)}, nil
}

// inside reads the arguments of within(: the name of a place, or a polygon.
func (p *parser) inside(name token) (Expr, *Error) {
	x, err := p.subject(name)
	if err != nil {
		return nil, err
	}
	text := p.tok
	area, err := p.string(name)
	if err != nil {
		return nil, err
	}
	e := &Inside{X: x, Pos: Pos(name.pos)}
	if isPolygon(area) {
		g, bad := geo.ParsePolygon([]byte(area))
		if bad != nil {
			return nil, faultAt(text.pos, text.end-text.pos, "", "%s", plain(bad))
		}
		e.Area = g
	} else if e.Place = area; area == "" {
		return nil, faultAt(text.pos, text.end-text.pos, "", "the place's name is empty")
	}
	if !p.is(")") {
		return nil, p.misused(name)
	}
	return e, nil
}

// isPolygon tells GeoJSON from the name of a place, which has no such brackets.
func isPolygon(text string) bool { return strings.HasPrefix(strings.TrimSpace(text), "{") }

// plain is the text of an error of another package, without its name.
func plain(err error) string { return strings.TrimPrefix(err.Error(), "geo: ") }

func (c *checker) inside(e *Inside) Expr {
	x, kind, ok := c.operand(e.X, e.Pos)
	checked := &Inside{X: x, Area: e.Area, Place: e.Place, Pos: e.Pos}
	if ok && kind != profile.KindPoint && kind != Any {
		c.fault(e.Pos, "", "near and within ask of a point, %s is %s", shorten(PrintOperand(x)), a(kind))
	}
	switch {
	case e.Place == "" && e.Area == nil:
		c.fault(e.Pos, "", "an area is missing")
	case !utf8.ValidString(e.Place):
		c.fault(e.Pos, "", "the place's name is not valid UTF-8")
	case e.Place != "":
		area, ok := c.scope.Place(e.Place)
		if checked.Area = area; !ok {
			hint := c.suggest(e.Place, "place")
			if hint == "" {
				hint = "places are declared in the model; a polygon is GeoJSON"
			}
			c.fault(e.Pos, hint, "unknown place %s", quote(shorten(e.Place)))
		}
	}
	return checked
}

func appendInside(b []byte, e *Inside) []byte {
	if c, ok := e.Area.(geo.Circle); ok && e.Place == "" {
		b = append(appendOperand(append(b, "near("...), e.X), ", "...)
		b = append(appendNumber(b, c.Center().Lat), ", "...)
		b = append(appendNumber(b, c.Center().Lon), ", "...)
		return append(appendQuoted(b, geo.FormatDistance(c.Radius())), ')')
	}
	b = append(appendOperand(append(b, "within("...), e.X), ", "...)
	switch {
	case e.Place != "":
		b = appendQuoted(b, e.Place)
	case e.Area != nil:
		b = appendQuoted(b, e.Area.String())
	default:
		b = append(b, "nothing"...)
	}
	return append(b, ')')
}

// place says in a key what a declared place is, of which a condition has but the name.
func (e *Inside) place() string {
	if e.Place == "" || e.Area == nil {
		return ""
	}
	sum := sha256.Sum256([]byte(e.Area.String()))
	return hex.EncodeToString(sum[:8])
}

func (w *encoder) inside(e *Inside) {
	c, circle := e.Area.(geo.Circle)
	switch {
	case e.Place != "":
		w.open("within")
		w.raw(`{"of":`)
		w.operand(e.X)
		w.field("place", e.Place)
	case circle:
		w.open("near")
		w.raw(`{"of":`)
		w.operand(e.X)
		w.raw(`,"point":[`)
		w.b = appendNumber(w.b, c.Center().Lat)
		w.raw(",")
		w.b = appendNumber(w.b, c.Center().Lon)
		w.raw("]")
		w.field("radius", geo.FormatDistance(c.Radius()))
	case e.Area != nil:
		w.open("within")
		w.raw(`{"of":`)
		w.operand(e.X)
		w.raw(`,"area":` + e.Area.String())
	default:
		w.fail("an area is missing")
	}
	w.raw("}}")
}

// near reads an object of an operand, a point and a radius.
func (d *decoder) near() (Expr, *Error) {
	e := &Inside{Pos: -1}
	var at profile.Value
	var metres float64
	err := d.fields([]string{"of", "point", "radius"}, func(key string) (err *Error) {
		switch key {
		case "of":
			e.X, err = d.operand()
			return err
		case "point":
			x, err := d.point()
			if err == nil {
				at = x.(*Literal).Value
			}
			return err
		}
		text, err := d.text()
		if err != nil {
			return err
		}
		var bad error
		if metres, bad = geo.ParseDistance(text); bad != nil {
			return d.fault(`such as "500m" or "3km"`, "%s", plain(bad))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	lat, lon := at.Point()
	c, bad := geo.NewCircle(geo.Point{Lat: lat, Lon: lon}, metres)
	if bad != nil {
		return nil, d.fault("", "%s", plain(bad))
	}
	e.Area = c
	return e, nil
}

// area reads an object of an operand and a place or a polygon.
func (d *decoder) area() (Expr, *Error) {
	e := &Inside{Pos: -1}
	err := d.fields([]string{"of"}, func(key string) (err *Error) {
		switch key {
		case "of":
			e.X, err = d.operand()
		case "place":
			if e.Place, err = d.text(); err == nil && (e.Place == "" || isPolygon(e.Place)) {
				err = d.fault("", "the place's name is empty or begins with {")
			}
		default:
			var raw json.RawMessage
			if bad := d.json.Decode(&raw); bad != nil {
				return d.fault("", "%s", bad)
			}
			g, bad := geo.ParsePolygon(raw)
			if bad != nil {
				return d.fault("", "%s", plain(bad))
			}
			e.Area = g
		}
		return err
	}, "place", "area")
	if err == nil && (e.Place == "") == (e.Area == nil) {
		err = d.fault("", "within wants a place or an area")
	}
	return e, err
}
