package insight

import (
	"slices"
	"time"
)

// spec is a specification of Vega-Lite 5 with its data inside.
func spec(title string, values []map[string]any, mark any, encoding map[string]any) map[string]any {
	if values == nil {
		values = []map[string]any{}
	}
	return map[string]any{
		"$schema":  "https://vega.github.io/schema/vega-lite/v5.json",
		"title":    title,
		"data":     map[string]any{"values": values},
		"mark":     mark,
		"encoding": encoding,
	}
}

// known is a number, or null where it is none: JSON has no infinities.
func known(v float64) any {
	if !finite(v) {
		return nil
	}
	return v
}

// channel is one channel of an encoding.
func channel(field, kind string, more ...any) map[string]any {
	out := map[string]any{"field": field, "type": kind}
	for i := 0; i+1 < len(more); i += 2 {
		out[more[i].(string)] = more[i+1]
	}
	return out
}

func vegaIndex(title string, rows []Row) map[string]any {
	var values []map[string]any
	for _, r := range rows {
		values = append(values, map[string]any{"dimension": r.Dimension, "value": r.Value, "name": english.label(&r), "tgi": known(r.TGI.Index), "low": known(r.TGI.Low), "high": known(r.TGI.High), "q": known(r.Q)})
	}
	y := channel("name", "nominal", "sort", nil, "title", nil)
	out := spec(title, values, nil, nil)
	delete(out, "mark")
	delete(out, "encoding")
	out["layer"] = []any{
		map[string]any{"mark": "bar", "encoding": map[string]any{"y": y, "x": channel("tgi", "quantitative", "title", "TGI")}},
		map[string]any{"mark": "rule", "encoding": map[string]any{"y": y, "x": channel("low", "quantitative"), "x2": map[string]any{"field": "high"}}},
	}
	return out
}

func vegaShares(title string, rows []Row, w *words) map[string]any {
	var values []map[string]any
	for _, r := range rows {
		if !r.Hidden {
			values = append(values,
				map[string]any{"value": r.Value, "of": w.audience, "share": r.AudienceShare},
				map[string]any{"value": r.Value, "of": w.base, "share": r.BaseShare})
		}
	}
	return spec(title, values, "bar", map[string]any{
		"y":       channel("value", "nominal", "sort", nil, "title", nil),
		"yOffset": channel("of", "nominal"),
		"x":       channel("share", "quantitative", "axis", map[string]any{"format": "%"}),
		"color":   channel("of", "nominal", "title", nil),
	})
}

func vegaHeat(title string, h *heat) map[string]any {
	var values []map[string]any
	for _, p := range h.Parts {
		for _, row := range p.Rows {
			for j, c := range row.Cells {
				if c.Shown && !c.Sum {
					values = append(values, map[string]any{"part": p.Caption, "row": row.Name, "column": p.Columns[j], "people": c.Count})
				}
			}
		}
	}
	return spec(title, values, "rect", map[string]any{
		"facet": channel("part", "nominal", "title", nil, "columns", 1),
		"y":     channel("row", "nominal", "sort", nil, "title", nil),
		"x":     channel("column", "nominal", "sort", nil, "title", nil),
		"color": channel("people", "quantitative"),
	})
}

func vegaOverlap(title string, in *Intersections, masks []int) map[string]any {
	var names []string
	var counts []uint64
	for _, mask := range masks {
		if c := in.Exactly[mask]; !c.Hidden {
			names, counts = append(names, in.combination(mask)), append(counts, c.Count)
		}
	}
	return vegaCounts(title, names, counts)
}

func vegaFunnel(title string, steps []FunnelStep) map[string]any {
	names, counts := make([]string, len(steps)), make([]uint64, len(steps))
	for i, s := range steps {
		names[i], counts[i] = s.Name, s.Count
	}
	return vegaCounts(title, names, counts)
}

func vegaCounts(title string, names []string, counts []uint64) map[string]any {
	var values []map[string]any
	for i, name := range names {
		values = append(values, map[string]any{"name": name, "people": counts[i]})
	}
	return spec(title, values, "bar", map[string]any{
		"y": channel("name", "nominal", "sort", nil, "title", nil),
		"x": channel("people", "quantitative"),
	})
}

func vegaSeries(title string, points []Point) map[string]any {
	var values []map[string]any
	for _, p := range points {
		values = append(values, map[string]any{"time": vegaTime(p.At), "value": known(p.Value)})
	}
	return spec(title, values, map[string]any{"type": "line", "interpolate": "step-after"}, map[string]any{
		"x": channel("time", "temporal", "title", nil),
		"y": channel("value", "quantitative", "title", nil),
	})
}

// kinds of marks that draw a [Chart].
var chartMarks = map[Kind]string{Stacked: "bar", Lines: "line", Beside: "bar"}

func vegaChart(title string, c *Chart) map[string]any {
	var values []map[string]any
	for i, name := range c.Names {
		for _, l := range c.Layers {
			if finite(l.Values[i]) {
				values = append(values, map[string]any{"at": name, "layer": l.Name, "value": l.Values[i]})
			}
		}
	}
	y := channel("value", "quantitative", "title", nil)
	if c.Shares {
		y["axis"] = map[string]any{"format": "%"}
	}
	encoding := map[string]any{
		"x":     channel("at", "nominal", "sort", nil, "title", nil),
		"y":     y,
		"color": channel("layer", "nominal", "sort", nil, "title", nil),
	}
	if c.Kind == Beside {
		encoding["xOffset"] = channel("layer", "nominal", "sort", nil)
	}
	return spec(title, values, chartMarks[c.Kind], encoding)
}

func vegaRetention(title string, x *Retention) map[string]any {
	var values []map[string]any
	for _, c := range x.Cohorts {
		for k := range c.Active {
			if of, known := c.Retained(k); known {
				values = append(values, map[string]any{"cohort": c.Name, "later": k, "active": c.Active[k].Count, "share": of})
			}
		}
	}
	return spec(title, values, "rect", map[string]any{
		"y":     channel("cohort", "ordinal", "sort", nil, "title", nil),
		"x":     channel("later", "ordinal", "title", nil),
		"color": channel("share", "quantitative", "title", nil),
	})
}

func vegaReach(title string, x *Reachability) map[string]any {
	var names []string
	var counts []uint64
	for _, c := range x.Identifiers {
		if !c.People.Hidden {
			names, counts = append(names, c.Namespace), append(counts, c.People.Count)
		}
	}
	for _, c := range x.Channels {
		if !c.Reachable.Hidden {
			names, counts = append(names, c.Name), append(counts, c.Reachable.Count)
		}
	}
	return vegaCounts(title, names, counts)
}

// vegaTime is an instant as Vega-Lite reads it.
func vegaTime(t time.Time) string { return t.Format("2006-01-02T15:04:05.999999Z07:00") }

func vegaEvents(title string, events []PersonEvent) map[string]any {
	values := make([]map[string]any, 0, len(events))
	for _, e := range events {
		values = append(values, map[string]any{"time": vegaTime(e.At), "event": e.Name, "source": e.Source})
	}
	return spec(title, values, "tick", map[string]any{
		"x": channel("time", "temporal", "title", nil),
		"y": channel("event", "nominal", "title", nil),
	})
}

// vegaSpans is bars from one instant to another.
func vegaSpans(title string, values []map[string]any) map[string]any {
	return spec(title, values, "bar", map[string]any{
		"x":  channel("from", "temporal", "title", nil),
		"x2": map[string]any{"field": "to"},
		"y":  channel("name", "nominal", "sort", nil, "title", nil),
	})
}

func vegaStages(title string, path []PersonStage, end time.Time) map[string]any {
	var values []map[string]any
	for _, p := range path {
		to := p.To
		if to.IsZero() {
			to = end
		}
		values = append(values, map[string]any{"name": p.Stage, "from": vegaTime(p.From), "to": vegaTime(to)})
	}
	return vegaSpans(title, values)
}

func vegaFlips(title string, tags []PersonTag, from, to time.Time) map[string]any {
	var values []map[string]any
	for _, t := range tags {
		has, since := t.Has, from
		for _, at := range append(slices.Clone(t.Flips), to) {
			if has {
				values = append(values, map[string]any{"name": t.Name, "from": vegaTime(since), "to": vegaTime(at)})
			}
			has, since = !has, at
		}
	}
	return vegaSpans(title, values)
}
