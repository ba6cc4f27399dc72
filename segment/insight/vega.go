package insight

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
		values = append(values, map[string]any{"dimension": r.Dimension, "value": r.Value, "name": english.label(&r), "tgi": r.TGI.Index, "low": r.TGI.Low, "high": r.TGI.High, "q": r.Q})
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
	names := make([]string, len(masks))
	counts := make([]uint64, len(masks))
	for i, row := range overlapBars(in, masks, &english).Rows {
		names[i], counts[i] = row.Name, in.Exactly[masks[i]]
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
		values = append(values, map[string]any{"time": p.At.Format("2006-01-02T15:04:05.999999Z07:00"), "value": p.Value})
	}
	return spec(title, values, map[string]any{"type": "line", "interpolate": "step-after"}, map[string]any{
		"x": channel("time", "temporal", "title", nil),
		"y": channel("value", "quantitative", "title", nil),
	})
}
