package insight

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Chart is figures along an axis, in one or more layers.
type Chart struct {
	// Kind is how they are drawn. The default is [Stacked].
	Kind Kind
	// Axis is what the names are names of, such as "month"; it heads them in the
	// table.
	Axis string
	// Names are along the axis, such as months; at most [MaxNames].
	Names []string
	// Layers each have a figure for each name; at least one, at most [MaxLayers].
	Layers []Layer
	// Shares says that the figures are shares of 1, shown in per cent.
	Shares bool
}

// Layer is one kind of figures of a [Chart].
type Layer struct {
	Name string
	// Values may be negative; NaN and infinities are not known, and left out.
	Values []float64
}

// Kind is how a [Chart] is drawn.
type Kind uint8

const (
	// Stacked is columns of parts on top of each other, those below 0 below the line.
	Stacked Kind = iota
	// Lines is a line for each layer.
	Lines
	// Beside is columns side by side.
	Beside
)

const (
	// MaxNames is how many names a [Chart] may have.
	MaxNames = 5_000
	// MaxLayers is how many layers a [Chart] may have: as many as can be told apart.
	MaxLayers = 10
)

func (c *Chart) check() error {
	switch {
	case len(c.Layers) == 0:
		return errors.New("insight: a chart without layers")
	case len(c.Layers) > MaxLayers:
		return fmt.Errorf("insight: a chart of %d layers, %d are allowed", len(c.Layers), MaxLayers)
	case len(c.Names) > MaxNames:
		return fmt.Errorf("insight: a chart of %d names, %d are allowed", len(c.Names), MaxNames)
	case c.Kind > Beside:
		return fmt.Errorf("insight: a chart of kind %d, which there is not", c.Kind)
	}
	for _, l := range c.Layers {
		if len(l.Values) != len(c.Names) {
			return fmt.Errorf("insight: layer %q of a chart has %d values for %d names", l.Name, len(l.Values), len(c.Names))
		}
	}
	return nil
}

// Chart adds a chart. An error says what is wrong with it, and adds nothing.
func (r *Report) Chart(heading string, c Chart) error {
	if err := c.check(); err != nil {
		return err
	}
	w := r.words()
	s := section{Heading: heading, Columns: []string{c.Axis}}
	for _, l := range c.Layers {
		s.Columns = append(s.Columns, l.Name)
	}
	for i, name := range c.Names {
		row := []string{name}
		for _, l := range c.Layers {
			row = append(row, c.text(l.Values[i], w))
		}
		s.Rows = append(s.Rows, row)
	}
	r.picture(&s, c.draw(heading, w))
	s.vega = vegaChart(heading, &c)
	r.sections = append(r.sections, s)
	return nil
}

// text is a figure in the table.
func (c *Chart) text(v float64, w *words) string {
	if c.Shares {
		return w.percent(v)
	}
	return w.number(v)
}

// label is a figure at the axis.
func (c *Chart) label(w *words) func(float64) string {
	if !c.Shares {
		return w.short
	}
	return func(v float64) string {
		return strings.Replace(strconv.FormatFloat(math.Round(1e6*v)/1e4, 'f', -1, 64), "-", "−", 1) + w.percentSign
	}
}

// maxPointed is how many columns say what they are to somebody who points at them.
const maxPointed = 120

// draw draws the chart, or nothing where there is nothing to draw.
func (c *Chart) draw(title string, w *words) *plot {
	if len(c.Names) == 0 {
		return nil
	}
	p := &plot{Title: title, X: names(c.Names)}
	s, ticks := newHeights(c.extent())
	p.Y = s.axis(ticks, c.label(w))
	for i, l := range c.Layers {
		if len(c.Layers) > 1 {
			p.Legend = append(p.Legend, legend{class(i), clip(l.Name, nameLength)})
		}
		if c.Kind == Lines {
			p.Shapes = append(p.Shapes, shape{Class: "line " + class(i), Path: c.line(i, s)})
		} else {
			p.Shapes = append(p.Shapes, shape{Class: class(i), Path: c.columns(i, s)})
		}
	}
	if c.Kind != Lines && s.low < 0 {
		var zero path
		zero.point('M', 0, s.at(0))
		zero.point('L', 100, s.at(0))
		p.Shapes = append(p.Shapes, shape{Class: "axis", Path: zero.String()})
	}
	c.point(p, w)
	p.Desc = c.describe(w)
	return p
}

// class is the colour of the i-th layer.
func class(i int) string { return "c" + strconv.Itoa(i%MaxLayers) }

// extent is the figures that the scale has to reach.
func (c *Chart) extent() []float64 {
	if c.Kind != Stacked {
		var all []float64
		for _, l := range c.Layers {
			all = append(all, l.Values...)
		}
		return all
	}
	all := make([]float64, 2*len(c.Names))
	for _, l := range c.Layers {
		for i, v := range l.Values {
			switch {
			case !finite(v):
			case v > 0:
				all[2*i] += v
			default:
				all[2*i+1] += v
			}
		}
	}
	return all
}

// columns draws those of one layer.
func (c *Chart) columns(layer int, s heights) string {
	var out path
	step := 100 / float64(len(c.Names))
	gap := step * 0.16
	if len(c.Names) > 60 {
		gap = 0
	}
	for i, v := range c.Layers[layer].Values {
		if !finite(v) || v == 0 {
			continue
		}
		x, width, from := step*float64(i)+gap/2, step-gap, 0.0
		if c.Kind == Beside {
			width /= float64(len(c.Layers))
			x += width * float64(layer)
		} else {
			for _, below := range c.Layers[:layer] {
				if b := below.Values[i]; finite(b) && b*v > 0 {
					from += b
				}
			}
		}
		out.box(x, s.at(from), width, s.at(from+v)-s.at(from))
	}
	return out.String()
}

// line draws that of one layer; what is not known is a gap, and a figure between
// two gaps a dash.
func (c *Chart) line(layer int, s heights) string {
	var out path
	step := 100 / float64(len(c.Names))
	values := c.Layers[layer].Values
	for i, v := range values {
		if !finite(v) {
			continue
		}
		command := byte('L')
		if i == 0 || !finite(values[i-1]) {
			command = 'M'
			if i+1 == len(values) || !finite(values[i+1]) {
				out.point('M', step*(float64(i)+0.2), s.at(v))
				out.point('L', step*(float64(i)+0.8), s.at(v))
				continue
			}
		}
		out.point(command, step*(float64(i)+0.5), s.at(v))
	}
	return out.String()
}

// point lets the columns say what they are.
func (c *Chart) point(p *plot, w *words) {
	if len(c.Names) > maxPointed {
		return
	}
	step := 100 / float64(len(c.Names))
	for i, name := range c.Names {
		var box path
		box.box(step*float64(i), 0, step, 100)
		parts := []string{clip(name, nameLength)}
		for _, l := range c.Layers {
			if finite(l.Values[i]) {
				parts = append(parts, clip(l.Name, nameLength)+w.colon+c.text(l.Values[i], w))
			}
		}
		p.Shapes = append(p.Shapes, shape{Class: "point", Path: box.String(), Title: strings.Join(parts, "\n")})
	}
}

// describe says where each layer begins, ends, and has its least and greatest figure.
func (c *Chart) describe(w *words) string {
	var parts []string
	for _, l := range c.Layers {
		known := slices.DeleteFunc(slices.Clone(l.Values), func(v float64) bool { return !finite(v) })
		if len(known) == 0 {
			continue
		}
		text := c.text(slices.Min(known), w) + " – " + c.text(slices.Max(known), w)
		if l.Name != "" {
			text = clip(l.Name, nameLength) + w.colon + text
		}
		parts = append(parts, text)
	}
	ends := clip(c.Names[0], nameLength) + " – " + clip(c.Names[len(c.Names)-1], nameLength)
	return ends + "; " + strings.Join(parts, "; ")
}
