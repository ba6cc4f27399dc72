package insight_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/segment/insight"
)

// people have tags with values: a naive counter, one person after the other.
type people []map[string][]string

var _ insight.Counter = people{}

func (p people) Counts(ctx context.Context, es ...segment.Expr) ([]uint64, error) {
	out := make([]uint64, len(es))
	for i, e := range es {
		for _, one := range p {
			if has(one, e.Tree()) {
				out[i]++
			}
		}
	}
	return out, ctx.Err()
}

func has(one map[string][]string, e syntax.Expr) bool {
	switch e := e.(type) {
	case *syntax.And:
		return !slices.ContainsFunc(e.X, func(x syntax.Expr) bool { return !has(one, x) })
	case *syntax.Or:
		return slices.ContainsFunc(e.X, func(x syntax.Expr) bool { return has(one, x) })
	case *syntax.Not:
		return !has(one, e.X)
	case *syntax.Const:
		return e.Value
	case *syntax.Has: // identified()
		_, ok := e.X.(*syntax.Namespaces)
		return ok && slices.Contains(one["namespaces"], e.List[0].Text())
	case *syntax.TagRef:
		values, ok := one[e.Name]
		return ok && (e.Value == "" || slices.Contains(values, e.Value))
	}
	panic(fmt.Sprintf("unexpected %T", e))
}

// crowd draws people with a city (one or none), a level (one) and interests (some).
func crowd(rng *rand.Rand, n int) people {
	out := make(people, n)
	for i := range out {
		one := map[string][]string{"level": {pick(rng, levels)}}
		if rng.IntN(10) > 0 {
			one["city"] = []string{pick(rng, cities)}
		}
		for _, s := range interests {
			if rng.IntN(5) == 0 {
				one["interest"] = append(one["interest"], s)
			}
		}
		if rng.IntN(3) == 0 {
			one["buyer"] = []string{"yes"}
		}
		out[i] = one
	}
	return out
}

var (
	levels    = []string{"high", "middle", "low"}
	cities    = []string{"上海", "北京", "广州", "成都"}
	interests = []string{"running", "tea", "cameras"}
)

// pick prefers the first ones.
func pick(rng *rand.Rand, of []string) string {
	return of[min(rng.IntN(len(of)), rng.IntN(len(of)), rng.IntN(2*len(of)))]
}

// failing is a counter that cannot answer.
type failing struct{}

var errBroken = errors.New("broken")

func (failing) Counts(context.Context, ...segment.Expr) ([]uint64, error) { return nil, errBroken }
