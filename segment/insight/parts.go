package insight

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// Measurer measures numbers and times over segments. *portrait.View is one, with F being
// tags.Formula.
type Measurer[F fmt.Stringer] interface {
	Counter
	// Summary returns what a number or a time comes to over a segment.
	Summary(ctx context.Context, of F, e segment.Expr) (segment.Stats, error)
	// Quantiles returns, for each share, the least value that at least that share of the
	// values do not exceed; nil where nobody has one.
	Quantiles(ctx context.Context, of F, e segment.Expr, shares ...float64) ([]profile.Value, error)
	// Histogram counts the values in parts of equal width, n of them, or with n of 0 at
	// round numbers.
	Histogram(ctx context.Context, of F, e segment.Expr, n int) ([]segment.Bin, error)
	// Bins counts the values between bounds, which ascend: below the first, from each to
	// the next, and from the last on.
	Bins(ctx context.Context, of F, e segment.Expr, bounds ...profile.Value) ([]uint64, error)
}

// Parts is a number or a time as a dimension, cut at bounds, which ascend: the values
// below the first, those from each on and below the next, and those from the last on.
func Parts[F fmt.Stringer](of F, bounds ...profile.Value) (Dimension, error) {
	if err := checkBounds(of, bounds); err != nil {
		return Dimension{}, err
	}
	return cut(of.String(), bounds, ">=", "<")
}

// QuantileParts is a number or a time as a dimension of n parts with as many people of
// base (everybody where it is zero) in each, or as nearly as equal values allow: those up
// to each quantile and above the one before. There are fewer where values repeat.
func QuantileParts[F fmt.Stringer](ctx context.Context, m Measurer[F], of F, base segment.Expr, n int) (Dimension, error) {
	if n < 2 || n > 1000 {
		return Dimension{}, fmt.Errorf("insight: %s in %d parts: want 2 to 1,000", of, n)
	}
	shares := make([]float64, n-1)
	for i := range shares {
		shares[i] = float64(i+1) / float64(n)
	}
	cuts, err := m.Quantiles(ctx, of, orEveryone(base), shares...)
	if err == nil && len(cuts) == 0 {
		err = fmt.Errorf("insight: nobody has a value of %s", of)
	}
	if err != nil {
		return Dimension{}, err
	}
	return cut(of.String(), slices.CompactFunc(cuts, profile.Value.Equal), ">", "<=")
}

// RoundParts is a number or a time as a dimension of n parts of equal width, or with n of
// 0 of some 10 to 25 at round numbers, by the values of base (everybody where it is zero)
// as [Measure] does it.
func RoundParts[F fmt.Stringer](ctx context.Context, m Measurer[F], of F, base segment.Expr, n int) (Dimension, error) {
	bounds, err := middle(ctx, m, of, orEveryone(base), n, 0)
	if err == nil && len(bounds) == 0 {
		err = fmt.Errorf("insight: nobody has a value of %s", of)
	}
	if err != nil {
		return Dimension{}, err
	}
	return cut(of.String(), bounds, ">=", "<")
}

func checkBounds[F fmt.Stringer](of F, bounds []profile.Value) error {
	if len(bounds) == 0 {
		return fmt.Errorf("insight: %s has no bounds", of)
	}
	for i, b := range bounds {
		switch k := b.Kind(); {
		case k != profile.KindNumber && k != profile.KindTime:
			return fmt.Errorf("insight: bound %d of %s is a %s: want a number or a time", i+1, of, k)
		case i > 0 && (k != bounds[0].Kind() || b.Compare(bounds[i-1]) <= 0):
			return fmt.Errorf("insight: bound %d of %s is not above the one before", i+1, of)
		}
	}
	return nil
}

// cut makes the values of a dimension: each between two bounds, compared with the one
// before and the one behind by these operators.
func cut(of string, bounds []profile.Value, from, to string) (Dimension, error) {
	d := Dimension{Name: of}
	for i := range len(bounds) + 1 {
		var low, high profile.Value
		var es []segment.Expr
		add := func(op string, v profile.Value) error {
			e, err := segment.Parse(of + " " + op + " " + literal(v))
			es = append(es, e)
			return err
		}
		var err error
		if i > 0 {
			low = bounds[i-1]
			err = add(from, low)
		}
		if i < len(bounds) {
			high = bounds[i]
			err = errors.Join(err, add(to, high))
		}
		if err != nil {
			return Dimension{}, fmt.Errorf("insight: %s: %w", of, err)
		}
		d.Values = append(d.Values, Value{Name: partName(low, high, from, to), Expr: segment.And(es...)})
	}
	return d, nil
}

// literal is a number or a time in the language.
func literal(v profile.Value) string {
	if v.Kind() == profile.KindTime {
		return `date("` + v.String() + `")`
	}
	return v.String()
}

// partName is what reports call the values between two bounds, either of which may be null.
func partName(low, high profile.Value, from, to string) string {
	signs := map[string]string{">=": "≥ ", ">": "> ", "<": "< ", "<=": "≤ "}
	switch {
	case low.IsNull():
		return signs[to] + shown(high)
	case high.IsNull():
		return signs[from] + shown(low)
	}
	return shown(low) + " – " + shown(high)
}

// shown is a number or a time as reports show it: a time at midnight by its date.
func shown(v profile.Value) string {
	if v.Kind() != profile.KindTime {
		return strconv.FormatFloat(v.Number(), 'f', -1, 64)
	}
	t := v.Instant().Time()
	if t.Equal(t.Truncate(24 * time.Hour)) {
		return t.Format(time.DateOnly)
	}
	return t.Format("2006-01-02 15:04:05")
}

// tail is the share of the values beyond the parts of equal width, on either side.
const tail = 0.01

// middle returns the bounds of parts of equal width, n of them or with n of 0 at round
// numbers, that hold the values but for a hundredth on either side, and for as many as
// least, of whom a bound could be the value otherwise: [ErrTooFew] where those are more than
// have one. There are none where nobody has a value.
func middle[F fmt.Stringer](ctx context.Context, m Measurer[F], of F, e segment.Expr, n int, least uint64) ([]profile.Value, error) {
	s, err := m.Summary(ctx, of, e)
	if err != nil || s.Count == 0 {
		return nil, err
	}
	if s.Count < 2*least {
		return nil, fmt.Errorf("%w: of %s, fewer than %d have a value: give bounds", ErrTooFew, of, 2*least)
	}
	beyond := max(tail, float64(least)/float64(s.Count))
	ends, err := m.Quantiles(ctx, of, e, beyond, 1-beyond)
	if err != nil {
		return nil, err
	}
	within, err := segment.Parse(of.String() + " >= " + literal(ends[0]) + " and " + of.String() + " <= " + literal(ends[1]))
	if err != nil {
		return nil, fmt.Errorf("insight: %s: %w", of, err)
	}
	bins, err := m.Histogram(ctx, of, segment.And(e, within), n)
	if err != nil || len(bins) == 0 {
		return nil, err
	}
	bounds := make([]profile.Value, 0, len(bins)+1)
	for _, b := range bins {
		bounds = append(bounds, b.From)
	}
	// Beyond the greatest number there is none: its part may begin and end with it.
	return slices.CompactFunc(append(bounds, bins[len(bins)-1].To), profile.Value.Equal), nil
}
