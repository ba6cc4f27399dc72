package insight

import (
	"slices"
	"time"
)

// Point is a figure at an instant.
type Point struct {
	At    time.Time
	Value float64
}

// Series adds figures over time, such as the size of a segment, as a line. The points
// ascend in time; a value holds until the next.
func (r *Report) Series(heading string, points []Point) {
	w := r.words()
	s := section{Heading: heading, Columns: []string{w.time, w.value}}
	for _, p := range points {
		s.Rows = append(s.Rows, []string{instant(p.At), w.number(p.Value)})
	}
	r.picture(&s, steps(heading, points, w))
	s.vega = vegaSeries(heading, points)
	r.sections = append(r.sections, s)
}

// maxSteps is how many steps a line is drawn with: more than a screen has columns.
const maxSteps = 4000

// steps draws the points as steps, with a gap from what is not known to the next point.
func steps(title string, points []Point, w *words) *plot {
	known := slices.DeleteFunc(slices.Clone(points), func(p Point) bool { return !finite(p.Value) })
	if len(known) == 0 {
		return nil
	}
	values := make([]float64, len(known))
	for i, p := range known {
		values[i] = p.Value
	}
	s, ticks := newHeights(values)
	from, to := points[0].At, points[len(points)-1].At
	length := to.Sub(from)
	p := &plot{Title: title, Y: s.axis(ticks, w.short), X: times(from, to)}
	var line, area path
	began, last := false, 0.0
	end := func(x float64) {
		if began {
			line.point('L', x, last)
			area.point('L', x, last)
			area.point('L', x, s.at(0))
		}
	}
	stride := (len(points) + maxSteps - 1) / maxSteps
	for i := range points {
		if i%stride != 0 && i != len(points)-1 && finite(points[i].Value) == began {
			continue
		}
		x, y := 0.0, s.at(points[i].Value)
		if length > 0 {
			x = min(max(100*float64(points[i].At.Sub(from))/float64(length), 0), 100)
		}
		switch {
		case !finite(points[i].Value):
			end(x)
			began = false
			continue
		case !began:
			line.point('M', x, y)
			area.point('M', x, s.at(0))
			area.point('L', x, y)
		default:
			for _, b := range []*path{&line, &area} {
				b.point('L', x, last)
				b.point('L', x, y)
			}
		}
		began, last = true, y
	}
	end(100)
	p.Shapes = []shape{{Class: "area c0", Path: area.String() + "Z"}, {Class: "line c0", Path: line.String()}}
	first, latest := known[0], known[len(known)-1]
	p.Desc = instant(first.At) + w.colon + w.number(first.Value) + "; " + instant(latest.At) + w.colon + w.number(latest.Value)
	return p
}
