// Package geo is the geometry of place conditions: circles, polygons and sets of
// many of them, decided exactly, and the S2 cells that narrow a search down to them.
// Everything in it is immutable once made and safe for concurrent use.
//
// # Points
//
// A point is a latitude and a longitude in degrees of WGS 84. Latitudes outside
// -90..90 and longitudes outside -180..180 are refused, not wrapped. Longitudes 180
// and -180 are the same place, and so are all longitudes of a pole: every answer
// is the same for all spellings of a place.
//
// # Circles
//
// Distances are great-circle distances on a sphere of the Earth's mean radius,
// [EarthRadius]. A circle holds the points whose [Distance] from its centre, that
// very float64 formula, is at most its radius. Short cuts are taken only where no
// rounding could change the comparison.
//
// # Polygons
//
// An edge is a straight line in longitude and latitude, as RFC 7946, section 3.1.1,
// has it, not a great circle: that is the line which a person draws on a map and
// which databases of GeoJSON files mean; between neighbouring corners of a city's
// district the two differ by millimetres, along a border of 1,000 km by kilometres.
// Whether a point is left of an edge, right of it or on it is decided without
// rounding. The border belongs to the polygon: of its outer rings, and of its holes
// too, so also along 180 degrees and along a pole.
//
//   - The direction of a ring has no meaning. The first ring of a polygon is its
//     outer one, the others are holes.
//   - A step between two vertices of more than 180 degrees of longitude goes the
//     shorter way round, across the antimeridian. A step of exactly 360 degrees, from
//     -180 to 180, goes the whole way round along the map, as in a box of the world,
//     unless the same ring has a step between 180 and 360 degrees.
//   - A ring that goes once round the Earth encloses a pole: the one on the side
//     where it has the smaller area on the map of longitude and latitude. A ring
//     whose two sides are equal, such as the equator, is refused.
//   - A pole is inside a polygon if any of its longitudes is.
//   - The parts of a multi-polygon, or of a collection, may overlap: the area is
//     their union. Within a part, rings may touch each other in single points; they may
//     not cross, overlap or lie in the wrong place, and a ring may not touch itself.
//
// # Cells
//
// [CellID] numbers a point by its S2 leaf cell. A [Covering] of a shape is two lists
// of ranges of such numbers: those whose points are surely members, and those
// that must be decided one by one. A point in neither is surely not a member.
package geo
