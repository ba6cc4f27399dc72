package insight

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/portraitdb/portrait/internal/civil"
	"github.com/portraitdb/portrait/segment"
)

// Tracker tells how tags and tracked segments changed. *portrait.View is one.
type Tracker interface {
	Counter
	// Flows yields who entered and left a tag, a value of one, or a tracked segment,
	// commit by commit, from an instant up to now.
	Flows(ctx context.Context, of segment.Expr, from time.Time) iter.Seq2[segment.Flow, error]
	// AsOf is the instant that counts hold for.
	AsOf() time.Time
}

// SizesQuestion asks how the size of a tag or a tracked segment changed.
type SizesQuestion struct {
	// Of is the tag, the value of a tag or the tracked segment, such as
	// segment.Tag("vip"). Required.
	Of segment.Expr
	// From is where the series begins. Required.
	From time.Time
	// Daily makes a point for every civil day in Zone, the first that of From; else there
	// is one for From and one for every commit that changed something.
	Daily bool
	// Zone is where days begin. Nil is UTC.
	Zone *time.Location
	// LeastCell is how many people a size must be of to be shown, and who entered and
	// who left. 0 and 1 hide nothing.
	LeastCell uint64
}

// MaxPoints is how many points a series may have.
const MaxPoints = 100_000

// SizePoint is the size of a segment at an instant.
type SizePoint struct {
	// At is when the day begins, or when the commit was.
	At time.Time
	// Size is how many there were at the end of the day, or after the commit. It is what
	// the next point begins with.
	Size Cell
	// Entered and Left are how many did on that day, or in that commit: who does both
	// several times counts as often. At the first point that is no day they are 0.
	Entered, Left Cell
}

// Sizes tells how the size of a tag or a tracked segment changed, from its size now and
// from who entered and left, which the store tells as far back as it keeps its feed:
// errors about that, such as portrait.ErrTrimmed, come as they are.
func Sizes(ctx context.Context, f Tracker, q SizesQuestion) ([]SizePoint, error) {
	now, calendar := f.AsOf(), days{q.Zone}
	if calendar.zone == nil {
		calendar.zone = time.UTC
	}
	switch {
	case q.Of.IsZero():
		return nil, errors.New("insight: there is no tag to tell the size of")
	case q.From.IsZero():
		return nil, errors.New("insight: the series has no beginning")
	case q.From.After(now):
		return nil, fmt.Errorf("insight: the series begins at %s, and it is %s", q.From.Format(time.RFC3339), now.Format(time.RFC3339))
	case q.Daily && calendar.between(q.From, now) >= MaxPoints:
		return nil, fmt.Errorf("insight: a series of more than %d days", MaxPoints)
	}
	from := q.From.In(calendar.zone)
	if q.Daily {
		from = calendar.begin(from, 0)
	}
	sizes, err := f.Counts(ctx, q.Of)
	if err != nil {
		return nil, err
	}
	points := []SizePoint{{At: from}}
	daysUpTo := func(t time.Time) {
		for int64(len(points)) <= calendar.between(from, t) {
			points = append(points, SizePoint{At: calendar.begin(from, int64(len(points)))})
		}
	}
	for flow, err := range f.Flows(ctx, q.Of, from) {
		switch {
		case err != nil:
			return nil, err
		case q.Daily:
			daysUpTo(flow.At)
		case len(points) == MaxPoints:
			return nil, fmt.Errorf("insight: a series of more than %d points: ask for days", MaxPoints)
		default:
			points = append(points, SizePoint{At: flow.At.In(calendar.zone)})
		}
		last := &points[len(points)-1]
		last.Entered.Count += flow.Entered
		last.Left.Count += flow.Left
	}
	if q.Daily {
		daysUpTo(now)
	}
	if err := rollBack(points, sizes[0]); err != nil {
		return nil, err
	}
	hideFlows(points, q.LeastCell)
	return points, nil
}

// rollBack fills in the sizes, the last of which is size.
func rollBack(points []SizePoint, size uint64) error {
	for _, p := range slices.Backward(points) {
		if size+p.Left.Count < p.Entered.Count {
			return fmt.Errorf("insight: at %s more had entered than there were", p.At.Format(time.RFC3339))
		}
		size = size + p.Left.Count - p.Entered.Count
	}
	for i := range points {
		size = size + points[i].Entered.Count - points[i].Left.Count
		points[i].Size.Count = size
	}
	return nil
}

// hideFlows hides sizes and flows of fewer people than least. Who entered and who left at
// a point are told both or neither, since with the sizes around them one tells the other;
// nor are they told beside a size that is hidden, which they would tell, or where few
// stayed. What is hidden is 0.
func hideFlows(points []SizePoint, least uint64) {
	if least <= 1 {
		return
	}
	hidden := make([]bool, len(points)) // the flows
	for i := range points {
		p := &points[i]
		before := p.Size.Count + p.Left.Count - p.Entered.Count
		// Who goes and comes again counts twice, so that not all who left need be of
		// those before.
		stayed := before - min(before, p.Left.Count)
		if hidden[i] = hides(least, p.Entered.Count, p.Left.Count, stayed); hides(least, p.Size.Count) {
			p.Size.Hidden = true
		}
	}
	for i := range points {
		p := &points[i]
		if hidden[i] || p.Size.Hidden || i > 0 && points[i-1].Size.Hidden {
			p.Entered, p.Left = Cell{Hidden: true}, Cell{Hidden: true}
		}
	}
	for i := range points {
		if points[i].Size.Hidden {
			points[i].Size.Count = 0
		}
	}
}

// days are the civil days of a zone.
type days struct{ zone *time.Location }

// begin returns when the day of an instant begins, or one so many days after it.
func (d days) begin(t time.Time, after int64) time.Time {
	day := civil.Today(t.UnixMicro(), d.zone) + civil.Day(after)
	return time.UnixMicro(day.Start(d.zone)).In(d.zone)
}

// between returns how many days after that of from the day of to is.
func (d days) between(from, to time.Time) int64 {
	return int64(civil.Today(to.UnixMicro(), d.zone) - civil.Today(from.UnixMicro(), d.zone))
}
