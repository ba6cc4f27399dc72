package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/portraitdb/portrait/examples/internal/table"
)

// print writes the report for a reader.
func (r report) print(w io.Writer, unit string) error {
	p := &printer{w: w}
	p.printf("%s customers\n", table.Count(uint64(r.Customers)))
	for _, name := range modelNames {
		m := r.Models[name]
		if m.Error != "" {
			p.printf("\n%s: %s\n", name, strings.TrimPrefix(m.Error, "value: "))
			continue
		}
		p.printf("\n%s  log-likelihood %.3f, fitted in %.2f s\n", name, m.LL, m.Seconds)
		params, err := parameters(m.Params)
		if err != nil {
			return err
		}
		for i, param := range params {
			p.printf("  %-6s %10.4f ± %.4f\n", param.name, param.value, m.StandardErrors[i])
		}
		if h := m.Holdout; h != nil {
			what := "transactions"
			if name == "gammagamma" {
				what = "spent by those who bought"
			}
			p.printf("  holdout: %.1f expected, %.1f %s; mean absolute error %.4f, correlation %.4f\n", h.Total, h.Actual, what, h.MAE, h.Corr)
		}
	}
	r.bins(p)
	r.tracking(p, unit)
	return p.err
}

// bins writes the holdout by how often customers had bought, all models beside each
// other.
func (r report) bins(p *printer) {
	var t table.Table
	head := []any{"repeats", "customers", "actual"}
	var columns []model
	for _, name := range modelNames {
		if m := r.Models[name]; m.Holdout != nil && len(m.Holdout.Bins) > 0 {
			head, columns = append(head, name), append(columns, m)
		}
	}
	if len(columns) == 0 {
		return
	}
	t.Row(head...)
	for i, bin := range columns[0].Holdout.Bins {
		label := fmt.Sprint(bin.Frequency)
		if bin.Frequency == lastBin {
			label += "+"
		}
		row := []any{label, bin.Customers, fmt.Sprintf("%.4f", bin.Actual)}
		for _, m := range columns {
			row = append(row, fmt.Sprintf("%.4f", m.Holdout.Bins[i].Expected))
		}
		t.Row(row...)
	}
	p.printf("\nTransactions of a customer in the holdout, by repeats before:\n")
	p.table(&t)
}

// tracking writes some twenty points of the cumulative repeat transactions.
func (r report) tracking(p *printer, unit string) {
	var t table.Table
	head := []any{unit, "actual"}
	var columns []model
	for _, name := range modelNames {
		if m := r.Models[name]; m.Tracking != nil {
			head, columns = append(head, name), append(columns, m)
		}
	}
	if len(columns) == 0 {
		return
	}
	t.Row(head...)
	n := len(r.Tracking)
	step := max(1, n/20)
	for i := (n - 1) % step; i < n; i += step {
		row := []any{i + 1, r.Tracking[i]}
		for _, m := range columns {
			row = append(row, fmt.Sprintf("%.1f", m.Tracking[i]))
		}
		t.Row(row...)
	}
	p.printf("\nRepeat transactions of all customers by the end of each %s:\n", unit)
	p.table(&t)
}

// parameter is one of a model.
type parameter struct {
	name  string
	value float64
}

// parameters returns the fields of a model in their order, by their names in JSON.
func parameters(params any) ([]parameter, error) {
	data, err := json.Marshal(params)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(strings.NewReader(string(data)))
	var all []parameter
	for {
		token, err := d.Token()
		if err == io.EOF {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case string:
			all = append(all, parameter{name: token})
		case float64:
			all[len(all)-1].value = token
		}
	}
}

// printer keeps the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

func (p *printer) table(t *table.Table) {
	if p.err == nil {
		_, p.err = t.WriteTo(p.w)
	}
}
