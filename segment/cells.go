package segment

import (
	"context"

	"github.com/portraitdb/portrait/internal/geo"
	"github.com/portraitdb/portrait/internal/syntax"
)

// SortableCell maps an S2 leaf cell to the integer that a column keeps for it, so that
// the order of the integers is the order of the cells.
func SortableCell(leaf uint64) int64 { return int64(leaf ^ 1<<63) }

// coveringMax is how many ranges of cells a place is narrowed down to: the more, the
// fewer profiles are near its border.
const coveringMax = 1024

// inside compiles a condition on a place: what lies in it for sure by the column of
// cells, and of what lies on its border those whose point does, exactly.
func (k *compiler) inside(e *syntax.Inside) (Node, bool) {
	f, ok := k.catalog.Cells(e.X)
	if !ok || e.Area == nil {
		return Node{}, false
	}
	covering := e.Area.Covering(coveringMax)
	sure, border := cellSpans(covering.Inside), cellSpans(covering.Border)
	if len(border) == 0 {
		return InSpans(f, sure...), true
	}
	c := k.catalog
	refined := found(e, func(ctx context.Context) (*Set, error) { return c.Among(ctx, e, InSpans(f, border...)) })
	refined.n.scan.some = true
	return InSpans(f, sure...).Or(refined), true
}

func cellSpans(ranges []geo.Range) []Span {
	spans := make([]Span, 0, len(ranges))
	for _, r := range ranges {
		// 0 is no cell: that of a point which is none.
		if lo := max(r.Lo, 1); lo <= r.Hi {
			spans = append(spans, Span{SortableCell(lo), SortableCell(r.Hi)})
		}
	}
	return spans
}
