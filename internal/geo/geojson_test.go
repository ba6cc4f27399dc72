package geo_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/internal/geo"
)

const square = `[[0,0],[4,0],[4,4],[0,4],[0,0]]`

func TestParsePolygon_reads_every_form(t *testing.T) {
	one := `{"type":"Polygon","coordinates":[[[0,0],[4,0],[4,4],[0,4],[0,0]]]}`
	two := `{"type":"MultiPolygon","coordinates":[[[[0,0],[4,0],[4,4],[0,4],[0,0]]],[[[9,9],[10,9],[10,10],[9,9]]]]}`
	triangle := `{"type":"Polygon","coordinates":[[[9,9],[10,9],[10,10],[9,9]]]}`
	hole := `{"type":"Polygon","coordinates":[[[0,0],[4,0],[4,4],[0,4],[0,0]],[[1,1],[1,2],[2,1],[1,1]]]}`
	for _, c := range []struct{ name, text, want string }{
		{"polygon", `{"type":"Polygon","coordinates":[` + square + `]}`, one},
		{"members in any order, with space", "\n{ \"coordinates\" : [ " + square + " ] ,\t\"type\" : \"Polygon\" }\r\n", one},
		{"escapes", `{"t\u0079pe":"\u0050olygon","coordinates":[` + square + `],"a\"]}":"]}\\"}`, one},
		{"backwards from another vertex", `{"type":"Polygon","coordinates":[[[4,4],[4,0],[0,0],[0,4],[4,4]]]}`, one},
		{"heights", `{"type":"Polygon","coordinates":[[[0,0,9],[4,0,8.5],[4,4,1e3],[0,4,0,7],[0,0,-3]]]}`, one},
		{"numbers in other forms", `{"type":"Polygon","coordinates":[[[-0,0e9],[4.000,0],[0.4e1,40e-1],[0,4],[0,-0.0]]]}`, one},
		{"holes", `{"type":"Polygon","coordinates":[` + square + `,[[1,2],[1,1],[2,1],[1,2]]]}`, hole},
		{"multi-polygon of one", `{"type":"MultiPolygon","coordinates":[[` + square + `]]}`, one},
		{"multi-polygon", `{"type":"MultiPolygon","coordinates":[[[[10,9],[10,10],[9,9],[10,9]]],[` + square + `]]}`, two},
		{"a part twice", `{"type":"MultiPolygon","coordinates":[[` + square + `],[` + square + `]]}`, one},
		{"feature", `{"type":"Feature","id":1,"properties":{"type":"Point"},"geometry":` + one + `}`, one},
		{"feature collection", `{"type":"FeatureCollection","features":[{"type":"Feature","geometry":` + one + `},{"type":"Feature","geometry":` + triangle + `}]}`, two},
		{"geometry collection", `{"type":"GeometryCollection","geometries":[` + triangle + `,{"type":"GeometryCollection","geometries":[` + one + `]}]}`, two},
		{"old reference system", `{"type":"Polygon","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:OGC:1.3:CRS84"}},"coordinates":[` + square + `]}`, one},
		{"no reference system", `{"type":"Polygon","crs":null,"coordinates":[` + square + `]}`, one},
		{"the same name in other members", `{"type":"Polygon","x":{"type":"Point","type":1},"coordinates":[` + square + `]}`, one},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := mustParse(t, c.text)
			if diff := cmp.Diff(c.want, g.String()); diff != "" {
				t.Error(diff)
			}
			if !g.Equal(mustParse(t, c.want)) {
				t.Error("not equal to its own text")
			}
			if b, err := g.MarshalJSON(); err != nil || string(b) != g.String() {
				t.Errorf("marshalled as %s, %v", b, err)
			}
		})
	}
	if mustParse(t, one).Equal(mustParse(t, hole)) || mustParse(t, one).Equal(mustParse(t, two)) {
		t.Error("different polygons are equal")
	}
}

func TestParsePolygon_refuses(t *testing.T) {
	ring := func(ring string) string { return `{"type":"Polygon","coordinates":[` + ring + `]}` }
	for _, c := range []struct{ name, text, want string }{
		{"nothing", ``, "not JSON at byte 0: unexpected end of JSON input"},
		{"no JSON", `{"type":`, "not JSON at byte 8: unexpected end of JSON input"},
		{"more after the end", ring(square) + `{}`, "not JSON at byte 67: invalid character '{' after top-level value"},
		{"no object", `[1]`, "an array where a GeoJSON object is needed"},
		{"null", `null`, "null where a GeoJSON object is needed"},
		{"no type", `{"coordinates":[]}`, `the member "type" is missing`},
		{"two types", `{"type":"Polygon","type":"Point"}`, `the member "type" is there twice`},
		{"a type of another kind", `{"type":7}`, `type 7 is no area: it must be Polygon, MultiPolygon, Feature, FeatureCollection or GeometryCollection`},
		{"another case", `{"type":"polygon"}`, `type "polygon" is no area: it must be Polygon, MultiPolygon, Feature, FeatureCollection or GeometryCollection`},
		{"a point among the areas", `{"type":"FeatureCollection","features":[{"type":"Feature","geometry":` + ring(square) + `},{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]}}]}`,
			`features[1].geometry: type "Point" is no area: it must be Polygon, MultiPolygon, Feature, FeatureCollection or GeometryCollection`},
		{"no geometry", `{"type":"FeatureCollection","features":[{"type":"Feature","geometry":null}]}`, `features[0]: a feature without a geometry`},
		{"no features", `{"type":"FeatureCollection","features":[]}`, `there is no polygon in it`},
		{"no parts", `{"type":"MultiPolygon","coordinates":[]}`, `there is no polygon in it`},
		{"features missing", `{"type":"FeatureCollection"}`, `the member "features" is missing`},
		{"coordinates missing", `{"type":"Polygon"}`, `the member "coordinates" is missing`},
		{"coordinates of another kind", `{"type":"Polygon","coordinates":{}}`, `"coordinates" is an object, not an array`},
		{"another reference system", `{"type":"Polygon","crs":{"properties":{"name":"EPSG:3857"}},"coordinates":[` + square + `]}`,
			`the coordinate reference system "EPSG:3857": only WGS 84 (OGC:CRS84) is read`},
		{"no rings", `{"type":"Polygon","coordinates":[]}`, "polygon 1: it has no rings"},
		{"a ring too few brackets", `{"type":"Polygon","coordinates":` + square + `}`, "polygon 1, ring 1, vertex 1: a number where a position is needed"},
		{"a ring too many brackets", `{"type":"Polygon","coordinates":[[` + square + `]]}`, "polygon 1, ring 1, vertex 1: an array where a number is needed"},
		{"a ring that is no array", ring(`7`), "polygon 1, ring 1: a number where an array of positions is needed"},
		{"latitude 91", ring(`[[0,0],[4,91],[4,4],[0,4],[0,0]]`), "polygon 1, ring 1, vertex 2: latitude 91 is outside -90..90"},
		{"longitude 181", ring(`[[0,0],[181,1],[4,4],[0,4],[0,0]]`), "polygon 1, ring 1, vertex 2: longitude 181 is outside -180..180"},
		{"1e999", ring(`[[0,0],[4,1e999],[4,4],[0,4],[0,0]]`), "polygon 1, ring 1, vertex 2: the number 1e999 is out of range"},
		{"a text", ring(`[[0,0],["4",0],[4,4],[0,4],[0,0]]`), "polygon 1, ring 1, vertex 2: a text where a number is needed"},
		{"one number", ring(`[[0,0],[4],[4,4],[0,4],[0,0]]`), "polygon 1, ring 1, vertex 2: a position of 1 numbers: it needs a longitude and a latitude"},
		{"three positions", ring(`[[0,0],[4,0],[0,0]]`), "polygon 1, ring 1: it has 3 positions, the least is 4, the last being the first again"},
		{"no positions", ring(`[]`), "polygon 1, ring 1: it has 0 positions, the least is 4, the last being the first again"},
		{"not closed", ring(`[[0,0],[4,0],[4,4],[0,4]]`), "polygon 1, ring 1, vertex 4: the ring is not closed: the last position must be the first again"},
		{"a vertex again at once", ring(`[[0,0],[4,0],[4,0],[4,4],[0,0]]`), "polygon 1, ring 1, vertex 3: it repeats the vertex before"},
		{"the last vertex again at once", ring(`[[0,0],[4,0],[4,4],[0,0],[0,0]]`), "polygon 1, ring 1, vertex 5: it repeats the vertex before"},
		{"a vertex again later", ring(`[[0,0],[4,0],[2,2],[4,4],[0,4],[2,2],[0,0]]`), "polygon 1, ring 1, vertex 6: it repeats vertex 3"},
		{"a vertex on an edge", ring(`[[0,0],[4,0],[4,4],[2,0],[0,4],[0,0]]`), "polygon 1, ring 1, vertex 4: it touches the edge from vertex 1 of the same ring"},
		{"a spike", ring(`[[0,0],[4,0],[6,0],[4,0],[4,4],[0,0]]`), "polygon 1, ring 1, vertex 3: a spike: the ring turns back on itself"},
		{"a spike inward", ring(`[[0,0],[4,0],[4,4],[2,4],[2,2],[2,4],[0,4],[0,0]]`), "polygon 1, ring 1, vertex 5: a spike: the ring turns back on itself"},
		{"a line", ring(`[[0,0],[4,0],[2,0],[0,0]]`), "polygon 1, ring 1, vertex 1: a spike: the ring turns back on itself"},
		{"a bow tie", ring(`[[0,0],[4,4],[4,0],[0,4],[0,0]]`), "polygon 1, ring 1, vertex 3: the edge from here crosses the one from vertex 1"},
		{"a bow tie over the antimeridian", ring(`[[179,0],[-179,4],[-179,0],[179,4],[179,0]]`), "polygon 1, ring 1, vertex 3: the edge from here crosses the one from vertex 1"},
		{"twice round", ring(`[[0,60],[120,60],[-120,60],[0,50],[120,50],[-120,50],[0,60]]`), "polygon 1, ring 1: it goes 2 times round the Earth"},
		{"the equator", ring(`[[0,0],[120,0],[-120,0],[0,0]]`), "polygon 1, ring 1: it goes round the Earth and divides the map into equal halves: add the pole that is meant"},
		{"a hole outside", ring(square + `,[[5,5],[6,5],[5,6],[5,5]]`), "polygon 1, ring 2: a hole that is not inside the outer ring, or is within another hole"},
		{"a hole in a hole", ring(square + `,[[1,1],[3,1],[3,3],[1,1]],[[2,1.5],[2.5,1.5],[2.5,2],[2,1.5]]`), "polygon 1, ring 3: a hole that is not inside the outer ring, or is within another hole"},
		{"a hole round it", ring(square + `,[[-1,-1],[5,-1],[5,5],[-1,5],[-1,-1]]`), "polygon 1, ring 2: a hole that is not inside the outer ring, or is within another hole"},
		{"a hole over the border", ring(square + `,[[3,1],[5,1],[5,2],[3,2],[3,1]]`), "polygon 1, ring 2, vertex 1: the edge from here crosses the one from vertex 2 of ring 1"},
		{"a hole through a vertex", ring(square + `,[[3,3],[5,5],[3,3.5],[3,3]]`), "polygon 1, ring 2, vertex 2"},
		{"a hole along the border", ring(square + `,[[1,0],[2,0],[1,1],[1,0]]`), "polygon 1, ring 2, vertex 1: the edge from here overlaps the one from vertex 1 of ring 1"},
		{"the same hole twice", ring(square + `,[[1,1],[2,1],[1,2],[1,1]],[[1,1],[2,1],[1,2],[1,1]]`), "overlaps"},
		{"in the second part", `{"type":"GeometryCollection","geometries":[{"type":"MultiPolygon","coordinates":[[` + square + `],[` + square + `,[[0,1],[2,95],[3,3],[0,1]]]]}]}`,
			"geometries[0]: polygon 2, ring 2, vertex 2: latitude 95 is outside -90..90"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, err := geo.ParsePolygon([]byte(c.text))
			if err == nil {
				t.Fatalf("taken as %s", g)
			}
			if whole := err.Error(); whole != c.want && (len(c.want) > 30 || !strings.Contains(whole, c.want)) {
				t.Errorf("got  %s\nwant %s", err, c.want)
			}
		})
	}
}

func TestPolygonError_tells_the_place(t *testing.T) {
	_, err := geo.ParsePolygon([]byte(`{"type":"Feature","geometry":{"type":"MultiPolygon","coordinates":[[` + square + `],[` + square + `,[[1,1],[1,2],[1,91],[1,1]]]]}}`))
	wrong, ok := errors.AsType[*geo.PolygonError](err)
	if !ok {
		t.Fatalf("%v is a %T", err, err)
	}
	if diff := cmp.Diff(&geo.PolygonError{Polygon: 2, Ring: 2, Vertex: 3, Reason: "latitude 91 is outside -90..90"}, wrong); diff != "" {
		t.Error(diff)
	}
	_, err = geo.NewPolygon(pts(0, 0, 1, 1))
	if _, ok := errors.AsType[*geo.PolygonError](err); !ok {
		t.Errorf("%v is a %T", err, err)
	}
}

func TestParsePolygon_hostile(t *testing.T) {
	many := func(n int, f func(i int) string) string {
		var b strings.Builder
		for i := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(f(i))
		}
		return b.String()
	}
	nested := func(n int, name string) string {
		return strings.Repeat(`{"type":"GeometryCollection","geometries":[`, n) + name + strings.Repeat(`]}`, n)
	}
	rings := many(20_000, func(i int) string { // triangles within each other
		d := float64(i) * 1e-4
		return fmt.Sprintf("[[%v,%v],[%v,%v],[%v,%v],[%v,%v]]", -40+d, -40+d, 40-d, -40+d, 0, 40-d, -40+d, -40+d)
	})
	for _, c := range []struct{ name, text, want string }{
		{"deep arrays", `{"type":"Polygon","coordinates":` + strings.Repeat("[", 1<<20) + strings.Repeat("]", 1<<20) + `}`, "exceeded max depth"},
		{"deep within the depth of JSON", `{"type":"Polygon","coordinates":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`, "where a number is needed"},
		{"deep collections", nested(4000, `{}`), "collections are nested more than 8 deep"},
		{"a million vertices", `{"type":"Polygon","coordinates":[[` + many(1_000_000, func(i int) string { return fmt.Sprintf("[%d,%d]", i%7, i%5) }) + `]]}`,
			"polygon 1, ring 1, vertex 100001: there are more than 100000 positions in all"},
		{"a million rings", `{"type":"Polygon","coordinates":[` + many(1_000_000, func(int) string { return "[]" }) + `]}`, "it has 0 positions"},
		{"a million features", `{"type":"FeatureCollection","features":[` + many(1_000_000, func(int) string { return "{}" }) + `]}`, `features[0]: the member "type" is missing`},
		{"a long number", `{"type":"Polygon","coordinates":[[[` + strings.Repeat("9", 1<<20) + `,0]]]}`, "is out of range"},
		{"a large text", strings.Repeat(" ", geo.MaxGeoJSONBytes+1), "the most is"},
		{"twenty thousand rings within each other", `{"type":"Polygon","coordinates":[` + rings + `]}`, "polygon 1, ring 3: a hole that is not inside"},
	} {
		t.Run(c.name, func(t *testing.T) {
			start := time.Now()
			_, err := geo.ParsePolygon([]byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%.200v, want %s", err, c.want)
			}
			if err != nil && len(err.Error()) > 300 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
			t.Logf("%d bytes in %v", len(c.text), time.Since(start))
		})
	}
}

func FuzzParsePolygon(f *testing.F) {
	for _, seed := range []string{
		`{"type":"Polygon","coordinates":[` + square + `,[[1,1],[1,2],[2,1],[1,1]]]}`,
		`{"type":"MultiPolygon","coordinates":[[[[170,0],[-170,0],[-170,9],[170,0]]],[` + square + `]]}`,
		`{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[0,60],[120,60],[-120,60],[0,60]]]}}`,
		`{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[-180,-90],[180,-90],[180,90],[-180,90],[-180,-90]]]}}]}`,
		`{"type":"GeometryCollection","geometries":[{"type":"Polygon","coordinates":[[[0,80],[10,80],[10,90],[0,90],[0,80]]]}],"a\"":"]"}`,
		`{"type":"Polygon","coordinates":[[[0,0],[1e999,5e-324],[4,4],[0,4],[0,0]]],"crs":{"properties":{"name":"EPSG:4326"}}}`,
		`{"type":"Polygon","coordinates":[[[0,0],[4,4],[4,0],[0,4],[0,0]]]}`,
		`[[[[`, `{}`, `null`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		g, err := geo.ParsePolygon(text)
		if err != nil {
			return
		}
		again, err := geo.ParsePolygon([]byte(g.String()))
		if err != nil || !again.Equal(g) || again.String() != g.String() {
			t.Fatalf("%s is read back as %v: %v", g, again, err)
		}
		c, _ := g.Covering(context.Background(), 16)
		for _, p := range pts(0, 0, 180, 0, 0, 90, 0, -90, 2, 2) {
			inside, border := c.Find(geo.CellID(p))
			if member := g.Contains(p); member != again.Contains(p) || member && !inside && !border || inside && !member {
				t.Fatalf("%v of %s: member %v, inside %v, border %v", p, g, member, inside, border)
			}
		}
	})
}
