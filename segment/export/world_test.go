package export

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/portraitdb/portrait/profile"
	"pgregory.net/rapid"
)

// sequence yields the profiles, and then the error if there is one.
func sequence(profiles []*profile.Profile, err error) iter.Seq2[*profile.Profile, error] {
	return func(yield func(*profile.Profile, error) bool) {
		for _, p := range profiles {
			if !yield(p, nil) {
				return
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

func columns(t testing.TB, texts ...string) []Column {
	t.Helper()
	cs, err := ParseColumns(nil, texts...)
	if err != nil {
		t.Fatal(err)
	}
	return cs
}

// every is a column of each kind.
var every = []string{
	"id", "identifier:email", "identifiers:email", "identifiers", "trait:city", "trait:spent", "trait:born", "trait:home", "trait:likes",
	"trait:member", "tag:VIP", "value:level", "tags", "count", "count:Order Completed", "first", "last",
	"first:Order Completed", "last:Order Completed", "城市=trait:city",
}

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return t
}

// three are profiles with and without all that there is to export.
func three() []*profile.Profile {
	return []*profile.Profile{
		{
			ID: 3, Identifiers: []profile.Identifier{{Namespace: "user_id", Value: "u-3"}, {Namespace: "email", Value: "a@b.cn"}, {Namespace: "email", Value: "c@d.cn"}},
			Traits: []profile.Trait{
				{Name: "born", Value: profile.Time(at("1990-05-01T00:00:00Z"))},
				{Name: "city", Value: profile.String("上海, \"静安\"")},
				{Name: "home", Value: profile.Point(31.25, 121.5)},
				{Name: "likes", Value: profile.Set(profile.String("tea"), profile.String("a,b"))},
				{Name: "member", Value: profile.Bool(false)},
				{Name: "spent", Value: profile.Number(-0.1)},
			},
			Tags: []string{"VIP", "level"}, TagValues: map[string]profile.Value{"level": profile.String("高")},
			Events: 7, First: at("2026-01-02T03:04:05.000006Z"), Last: at("2026-11-23T08:00:00Z"),
			Counters: []profile.Counter{
				{Event: "Order Completed", EventStats: profile.EventStats{
					Count: 2, First: profile.InstantOf(at("2026-02-01T00:00:00Z")), Last: profile.InstantOf(at("2026-03-01T12:30:00Z")),
				}},
				{Event: "Product Viewed", EventStats: profile.EventStats{Count: 5}},
			},
		},
		{ID: 4},
		{ID: profile.MakeID(1<<24, 9), Traits: []profile.Trait{{Name: "city", Value: profile.String("")}, {Name: "spent", Value: profile.Number(1e300)}}},
	}
}

// people draws profiles in ascending order of ID, with texts of all kinds.
func people(t *rapid.T) []*profile.Profile {
	ids := rapid.SliceOfNDistinct(rapid.Uint64(), 0, 30, rapid.ID).Draw(t, "ids")
	slices.Sort(ids)
	var list []*profile.Profile
	for _, id := range ids {
		p := &profile.Profile{ID: profile.ID(id), Events: rapid.Uint64().Draw(t, "events")}
		for _, f := range [][2]string{{"email", `[a-c. ]{0,3}@?(gmail|x)\.cn?`}, {"phone", `(\+86|\+)?1[2-9][0-9]{9}|[0-9 ]{0,5}`}} {
			for _, v := range rapid.SliceOfN(rapid.StringMatching(f[1]), 0, 3).Draw(t, f[0]) {
				p.Identifiers = append(p.Identifiers, profile.Identifier{Namespace: f[0], Value: v})
			}
		}
		if v := value(t, 2); !v.IsNull() {
			p.Traits = append(p.Traits, profile.Trait{Name: "city", Value: v})
		}
		p.Tags = slices.Sorted(slices.Values(rapid.SliceOfDistinct(text(), rapid.ID).Draw(t, "tags")))
		list = append(list, p)
	}
	return list
}

// text draws what CSV, JSON and spreadsheets find hard.
func text() *rapid.Generator[string] {
	return rapid.OneOf(rapid.String(), rapid.StringMatching("[=+@,\"'\n\\\\. ;\t上-]{0,5}"))
}

func value(t *rapid.T, depth int) profile.Value {
	switch rapid.IntRange(0, 5+min(depth, 1)).Draw(t, "kind") {
	case 0:
		return profile.Value{}
	case 1:
		return profile.Bool(rapid.Bool().Draw(t, "bool"))
	case 2:
		return profile.Number(rapid.Float64().Draw(t, "number"))
	case 3:
		return profile.TimeAt(profile.Instant(rapid.Int64Range(-6e16, 2e17).Draw(t, "time")))
	case 4:
		return profile.Point(rapid.Float64Range(-90, 90).Draw(t, "lat"), rapid.Float64Range(-180, 180).Draw(t, "lon"))
	case 5:
		return profile.String(text().Draw(t, "text"))
	}
	vs := make([]profile.Value, rapid.IntRange(0, 3).Draw(t, "len"))
	for i := range vs {
		vs[i] = value(t, depth-1)
	}
	return profile.List(vs...)
}

// formats are the ways to write profiles, by name.
func formats(t testing.TB) map[string]func(io.Writer, iter.Seq2[*profile.Profile, error], *Options) (Progress, error) {
	cs := columns(t, "id", "identifier:email", "identifiers:phone", "trait:city", "tags", "count")
	type seq = iter.Seq2[*profile.Profile, error]
	hashed := func(platform string, kinds ...string) func(io.Writer, seq, *Options) (Progress, error) {
		a, err := ParseAudience(platform, kinds...)
		if err != nil {
			t.Fatal(err)
		}
		return func(w io.Writer, s seq, o *Options) (Progress, error) { return Hashed(w, s, a, o) }
	}
	return map[string]func(io.Writer, seq, *Options) (Progress, error){
		"csv":     func(w io.Writer, s seq, o *Options) (Progress, error) { return CSV(w, s, cs, o) },
		"json":    func(w io.Writer, s seq, o *Options) (Progress, error) { return JSONLines(w, s, cs, o) },
		"columns": hashed("google", "email", "email", "phone"),
		"lines":   hashed("tencent", "phone"),
	}
}

var errBroken = errors.New("broken")

// shortWriter takes so many bytes and then fails, in the middle of a write if need be.
type shortWriter struct {
	bytes.Buffer
	room int
}

func (w *shortWriter) Write(p []byte) (int, error) {
	n := min(len(p), w.room)
	w.room -= n
	w.Buffer.Write(p[:n])
	if n < len(p) {
		return n, fmt.Errorf("disk full: %w", errBroken)
	}
	return n, nil
}
