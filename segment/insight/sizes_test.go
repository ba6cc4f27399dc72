package insight_test

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/segment/insight"
)

// past is the history of one tag: a naive tracker.
type past struct {
	flows []segment.Flow
	now   time.Time
	err   error
}

var _ insight.Tracker = (*past)(nil)

func (p *past) AsOf() time.Time { return p.now }

func (p *past) at(t time.Time) uint64 {
	var n uint64
	for _, f := range p.flows {
		if !f.At.After(t) {
			n += f.Entered - f.Left
		}
	}
	return n
}

func (p *past) Counts(context.Context, ...segment.Expr) ([]uint64, error) {
	return []uint64{p.at(p.now)}, nil
}

func (p *past) Flows(_ context.Context, _ segment.Expr, from time.Time) iter.Seq2[segment.Flow, error] {
	return func(yield func(segment.Flow, error) bool) {
		for _, f := range p.flows {
			if !f.At.Before(from) && !yield(f, nil) {
				return
			}
		}
		if p.err != nil {
			yield(segment.Flow{}, p.err)
		}
	}
}

// changes draws a history over some days.
func changes(rng *rand.Rand, start time.Time, commits int) *past {
	p := &past{now: start}
	var size uint64
	for i := range commits {
		p.now = p.now.Add(time.Duration(rng.IntN(20*60)) * time.Minute)
		f := segment.Flow{Epoch: uint64(i), At: p.now, Entered: uint64(rng.IntN(30)), Left: uint64(rng.IntN(25))}
		f.Left = min(f.Left, size+f.Entered)
		size += f.Entered - f.Left
		p.flows = append(p.flows, f)
	}
	p.now = p.now.Add(time.Duration(rng.IntN(80)) * time.Hour)
	return p
}

func TestSizes_against_a_history(t *testing.T) {
	rng := rand.New(rand.NewPCG(61, 62))
	// Apia had no 30 December 2011, and Havana's clock goes back over midnight.
	for _, name := range []string{"UTC", "Asia/Shanghai", "Pacific/Apia", "America/Havana"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Date(2011, 11, 1, 12, 0, 0, 0, zone)
		for range 10 {
			p := changes(rng, start, rng.IntN(120))
			q := insight.SizesQuestion{Of: segment.Tag("vip"), From: start.Add(time.Duration(rng.IntN(100)) * time.Hour), Daily: true, Zone: zone}
			if q.From.After(p.now) {
				q.From = p.now
			}
			days, err := insight.Sizes(t.Context(), p, q)
			if err != nil {
				t.Fatal(err)
			}
			for i, d := range days {
				end := p.now
				if i+1 < len(days) {
					end = days[i+1].At.Add(-time.Microsecond)
				}
				y, m, day := d.At.Date()
				if ey, em, ed := end.In(zone).Date(); y != ey || m != em || day != ed || d.At.Add(-time.Microsecond).Day() == day {
					t.Fatalf("%s: the day of %v ends %v", name, d.At, end.In(zone))
				}
				var entered, left uint64
				for _, f := range p.flows {
					if !f.At.Before(d.At) && !f.At.After(end) {
						entered, left = entered+f.Entered, left+f.Left
					}
				}
				if d.Size.Count != p.at(end) || d.Entered.Count != entered || d.Left.Count != left {
					t.Fatalf("%s: %+v, want %d, %d entered, %d left", name, d, p.at(end), entered, left)
				}
			}
			if first := days[0].At; first.After(q.From) || q.From.Sub(first) > 26*time.Hour {
				t.Fatalf("%s: days from %v begin with %v", name, q.From, first)
			}
			q.Daily = false
			points, err := insight.Sizes(t.Context(), p, q)
			if err != nil {
				t.Fatal(err)
			}
			later := 0
			for _, f := range p.flows {
				if !f.At.Before(q.From) {
					later++
				}
			}
			if len(points) != later+1 || !points[0].At.Equal(q.From) || points[0].Size.Count != p.at(q.From.Add(-time.Microsecond)) {
				t.Fatalf("%d points for %d changes, first %+v", len(points), later, points[0])
			}
			for i, at := range points[1:] {
				f := p.flows[len(p.flows)-later+i]
				if at.Size.Count != points[i].Size.Count+f.Entered-f.Left || !at.At.Equal(f.At) {
					t.Fatalf("%+v of %+v after %+v", at, f, points[i])
				}
			}
		}
	}
}

func TestSizes_hides(t *testing.T) {
	rng := rand.New(rand.NewPCG(63, 64))
	const least = 6
	hidden := 0
	for range 100 {
		p := changes(rng, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), 60)
		q := insight.SizesQuestion{Of: segment.Tag("vip"), From: p.flows[0].At, LeastCell: least}
		got, err := insight.Sizes(t.Context(), p, q)
		if err != nil {
			t.Fatal(err)
		}
		q.LeastCell = 0
		want, err := insight.Sizes(t.Context(), p, q)
		if err != nil {
			t.Fatal(err)
		}
		for i, at := range got {
			for _, c := range [][2]insight.Cell{{at.Size, want[i].Size}, {at.Entered, want[i].Entered}, {at.Left, want[i].Left}} {
				switch {
				case c[0].Hidden && c[0].Count != 0, !c[0].Hidden && c[0] != c[1], !c[0].Hidden && c[0].Count > 0 && c[0].Count < least:
					t.Fatalf("%+v of %+v", at, want[i])
				case c[0].Hidden:
					hidden++
				}
			}
			if at.Entered.Hidden != at.Left.Hidden {
				t.Fatalf("%+v tells one of two", at)
			}
			if i == 0 || at.Entered.Hidden {
				continue
			}
			// Who knows what entered and left knows one size from the other.
			if at.Size.Hidden || got[i-1].Size.Hidden {
				t.Fatalf("%+v tells of a hidden size", at)
			}
			if before := want[i-1].Size.Count; at.Left.Count <= before && before-at.Left.Count > 0 && before-at.Left.Count < least {
				t.Fatalf("%+v tells that %d stayed", at, before-at.Left.Count)
			}
		}
	}
	if hidden == 0 {
		t.Error("nothing was hidden")
	}
}

func TestSizes_refused(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	vip := segment.Tag("vip")
	trimmed := errors.New("trimmed")
	for want, tt := range map[string]struct {
		p *past
		q insight.SizesQuestion
	}{
		"no tag to tell the size of": {&past{now: start}, insight.SizesQuestion{From: start}},
		"has no beginning":           {&past{now: start}, insight.SizesQuestion{Of: vip}},
		"begins at 2026-01-02":       {&past{now: start}, insight.SizesQuestion{Of: vip, From: start.AddDate(0, 0, 1)}},
		"more than 100000 days":      {&past{now: start}, insight.SizesQuestion{Of: vip, From: start.AddDate(-400, 0, 0), Daily: true}},
		"trimmed":                    {&past{now: start, err: trimmed}, insight.SizesQuestion{Of: vip, From: start}},
	} {
		if _, err := insight.Sizes(t.Context(), tt.p, tt.q); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	// A size that is less than what entered since is a contradiction.
	if _, err := insight.Sizes(t.Context(), lying{&past{now: start, flows: []segment.Flow{{At: start, Entered: 3}}}}, insight.SizesQuestion{Of: vip, From: start}); err == nil || !strings.Contains(err.Error(), "more had entered than there were") {
		t.Errorf("got %v", err)
	}
}

// lying says that there is nobody.
type lying struct{ *past }

func (lying) Counts(context.Context, ...segment.Expr) ([]uint64, error) { return []uint64{0}, nil }
