package main

import (
	"bufio"
	"fmt"
	"time"

	"github.com/portraitdb/portrait/examples/internal/table"
)

// plain prints every change as a line of its own.
type plain struct {
	out  *bufio.Writer
	zone *time.Location
	err  error // the first of writing
}

// tell prints one change.
func (p *plain) tell(h happening) {
	what := keyOf(&h.Change).String() // none of a merge
	_, err := fmt.Fprintf(p.out, "%s  %s  %s  %s  %s  %s\n", h.At.In(p.zone).Format(time.DateTime),
		table.Fit(h.Kind, 7), table.Fit(what, nameCells), table.Fit(h.who, whoCells), table.Fit(h.Cause, causeCells), h.why())
	if p.err == nil {
		p.err = err
	}
}

// sum prints how many are in everything at the end.
func (p *plain) sum(b *board, events int, at time.Time) error {
	fmt.Fprintf(p.out, "\n%s, after %s events\n", at.In(p.zone).Format(time.DateTime), table.Count(uint64(events)))
	t := table.Table{Indent: "  "}
	for _, r := range b.rows {
		t.Row(r.title, r.size, r.note)
	}
	if _, err := t.WriteTo(p.out); err != nil {
		return err
	}
	return p.out.Flush()
}
