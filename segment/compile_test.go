package segment

import (
	"context"
	"encoding/json"
	"iter"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/portraitdb/portrait/internal/oracle"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/internal/syntax/syntaxtest"
	"github.com/portraitdb/portrait/profile"
)

// shop is a population of random persons with an index of some of what they are,
// filled by the naive evaluator. It implements Catalog.
type shop struct {
	scope   *syntaxtest.Scope
	people  []*oracle.Person
	now     profile.Instant
	ix      *Index
	tags    map[string]FieldID
	columns map[string]FieldID // by the operand's text
	values  map[string]*shopValues
	scans   int
}

type shopValues struct {
	exists FieldID
	fields map[string]FieldID
	all    []profile.Value
}

func (v *shopValues) Field(x profile.Value) (FieldID, bool) {
	f, ok := v.fields[x.Kind().String()+x.String()]
	return f, ok
}

func (v *shopValues) Exists() FieldID { return v.exists }

func (v *shopValues) All() iter.Seq2[profile.Value, FieldID] {
	return func(yield func(profile.Value, FieldID) bool) {
		for _, x := range v.all {
			if f, _ := v.Field(x); !yield(x, f) {
				return
			}
		}
	}
}

// ordinal places the i-th person: they are spread over blocks and shards.
func ordinal(i int) uint32 { return uint32(i) * 9973 }

func newShop(t *testing.T, rng *rand.Rand) *shop {
	t.Helper()
	zone, err := time.LoadLocation([]string{"UTC", "Asia/Shanghai", "America/New_York"}[rng.IntN(3)])
	if err != nil {
		t.Fatal(err)
	}
	now := profile.InstantOf(time.Date(2026, 3, 8, 12, 30, 0, 0, time.UTC))
	s := &shop{scope: syntaxtest.Shop(zone), now: now, ix: New(0), tags: map[string]FieldID{}, columns: map[string]FieldID{}, values: map[string]*shopValues{}}
	gen := &syntaxtest.Random{Rand: rng, Around: now}
	for i := range 150 {
		s.people = append(s.people, randomPerson(t, gen, s.scope, i))
	}
	tx := s.ix.Begin()
	next := FieldID(1)
	for i := range s.people {
		tx.Set(0, ordinal(i), true)
	}
	for name, rule := range s.scope.Tags {
		if rng.IntN(4) == 0 {
			continue // left to a scan
		}
		s.tags[name] = next
		for i, p := range s.people {
			tx.Set(next, ordinal(i), oracle.Eval(rule, p, s.scope, now))
		}
		next++
	}
	for _, x := range indexable(s.scope) {
		if rng.IntN(4) > 0 {
			next = s.index(tx, x, next)
		}
	}
	if tx.Err() != nil {
		t.Fatal(tx.Err())
	}
	tx.Commit()
	return s
}

func indexable(scope *syntaxtest.Scope) []syntax.Operand {
	var out []syntax.Operand
	for name := range scope.Traits {
		out = append(out, &syntax.Trait{Name: name, Pos: -1})
	}
	for fn := syntax.Count; fn <= syntax.Unique; fn++ {
		a := &syntax.Aggregate{Fn: fn, Event: "Order Completed", Pos: -1}
		switch fn {
		case syntax.Count, syntax.FirstTime, syntax.LastTime:
		case syntax.Unique:
			a.Property = "coupon"
		default:
			a.Property = "revenue"
		}
		out = append(out, a)
	}
	return out
}

// index fills the fields of one operand, from next on.
func (s *shop) index(tx *Tx, x syntax.Operand, next FieldID) FieldID {
	kind, _, _ := syntax.OperandKind(x, s.scope)
	text := syntax.PrintOperand(x)
	switch kind {
	case profile.KindNumber, profile.KindTime:
		s.columns[text] = next
		tx.Add(next, Column)
		for i, p := range s.people {
			if v, ok := oracle.Value(x, p, s.scope); ok {
				at, _ := columnValue(v, kind)
				tx.Put(next, ordinal(i), at)
			}
		}
		return next + 1
	case profile.KindPoint:
		return next
	}
	vs := &shopValues{exists: next, fields: map[string]FieldID{}}
	s.values[text] = vs
	tx.Add(next, Bitmap)
	next++
	for i, p := range s.people {
		v, ok := oracle.Value(x, p, s.scope)
		if !ok {
			continue
		}
		tx.Set(vs.exists, ordinal(i), true)
		elements := []profile.Value{v}
		if kind == profile.KindSet {
			elements = v.Elements()
		}
		for _, e := range elements {
			f, ok := vs.Field(e)
			if !ok {
				f = next
				vs.fields[e.Kind().String()+e.String()] = f
				vs.all = append(vs.all, e)
				next++
			}
			tx.Set(f, ordinal(i), true)
		}
	}
	return next
}

func randomPerson(t *testing.T, gen *syntaxtest.Random, scope *syntaxtest.Scope, n int) *oracle.Person {
	t.Helper()
	var events []profile.Event
	for i := range gen.IntN(5) {
		e := profile.Event{
			Source: "t", MessageID: string(rune('a'+i)) + string(rune('0'+n)), Name: "Order Completed",
			Identifiers: []profile.Identifier{{Namespace: "user_id", Value: "x"}},
			Time:        gen.Value(profile.KindTime).Instant().Time(),
			Properties:  map[string]profile.Value{}, Traits: map[string]profile.Value{},
		}
		if gen.IntN(3) > 0 {
			e.Properties["revenue"] = profile.Number(float64(gen.IntN(500)) / 10)
		}
		if gen.IntN(2) == 0 {
			e.Properties["coupon"] = gen.Value(profile.KindString)
		}
		for name, info := range scope.Traits {
			if info.Compute != nil || gen.IntN(3) == 0 {
				continue
			}
			v := gen.Value(info.Kind)
			switch {
			case info.Kind == profile.KindSet:
				v = profile.Set(gen.Value(info.Elem), gen.Value(info.Elem))
			case info.Kind == profile.KindNumber && info.Policy == profile.Sum:
				v = profile.Number(float64(gen.IntN(5)))
			}
			e.Traits[name] = v
		}
		events = append(events, e)
	}
	p, err := oracle.Fold(events, scope.Schema())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (s *shop) Universe() FieldID { return 0 }

func (s *shop) Tag(name string) (FieldID, bool) { f, ok := s.tags[name]; return f, ok }

func (s *shop) TagValues(string) (Values, bool) { return nil, false }

func (s *shop) Column(x syntax.Operand) (FieldID, profile.Kind, bool) {
	kind, _, _ := syntax.OperandKind(x, s.scope)
	f, ok := s.columns[syntax.PrintOperand(x)]
	return f, kind, ok
}

func (s *shop) Values(x syntax.Operand) (Values, bool) {
	v, ok := s.values[syntax.PrintOperand(x)]
	return v, ok
}

func (s *shop) Zone() *time.Location { return s.scope.Zone() }

func (s *shop) Cells(syntax.Operand) (FieldID, bool) { return 0, false }

func (s *shop) List(string) (FieldID, bool) { return 0, false }

func (s *shop) Lots() (FieldID, bool) { return 0, false }

func (s *shop) Among(ctx context.Context, place *syntax.Inside, _ Node) (*Set, error) {
	return s.Scan(ctx, place)
}

func (s *shop) Scan(_ context.Context, leaf syntax.Expr) (*Set, error) {
	s.scans++
	return NewSet(s.source(), s.members(leaf)), nil
}

func (s *shop) members(e syntax.Expr) []uint32 {
	var out []uint32
	for i, p := range s.people {
		if oracle.Eval(e, p, s.scope, s.now) {
			out = append(out, ordinal(i))
		}
	}
	return out
}

func (s *shop) source() Source { return Source{Root: s.ix.Root(), Loader: newLoader(), AsOf: s.now} }

func TestCompile_equals_the_naive_evaluator(t *testing.T) {
	rng := newRand(t)
	scans, queries := 0, 0
	for range 8 {
		s := newShop(t, rng)
		gen := &syntaxtest.Random{Rand: rng, Around: s.now}
		for range 150 {
			e, err := syntax.Check(gen.Expr(1+rng.IntN(3)), s.scope)
			if err != nil {
				t.Fatal(err)
			}
			q, err := Compile(t.Context(), e, s, s.now)
			if err != nil {
				t.Fatalf("%s: %v", syntax.Print(e), err)
			}
			got, err := q.Set(t.Context(), s.source())
			if err != nil {
				t.Fatalf("%s: %v", syntax.Print(e), err)
			}
			if want := NewSet(s.source(), s.members(e)); !got.Equal(want) {
				t.Fatalf("%s: %d profiles, want %d, by\n%s", syntax.Print(e), got.Count(), want.Count(), q.String())
			}
			queries++
		}
		scans += s.scans
	}
	if scans == 0 || scans > 2*queries {
		t.Errorf("%d scans in %d queries", scans, queries)
	}
}

func TestCompile_scans_once_and_only_when_run(t *testing.T) {
	s := newShop(t, newRand(t))
	e := MustParse(`home = home and age >= 0`)
	q, err := Compile(t.Context(), e.Tree(), s, s.now)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(q.String(), "scan[home = home]") || s.scans != 0 {
		t.Errorf("%d scans after planning\n%s", s.scans, q.String())
	}
	for range 3 {
		if _, err := q.Count(t.Context(), s.source()); err != nil {
			t.Fatal(err)
		}
	}
	if s.columns["age"] != 0 && s.scans != 1 {
		t.Errorf("%d scans, want 1", s.scans)
	}
}

func TestCompile_refuses_the_zero_Expr(t *testing.T) {
	s := newShop(t, newRand(t))
	for _, e := range []Expr{{}, And(Tag("新客"), Expr{}), Not(Expr{})} {
		if _, err := Compile(t.Context(), e.Tree(), s, s.now); err == nil {
			t.Errorf("%v was compiled", e.Tree())
		}
	}
}

func TestExpr_forms(t *testing.T) {
	e := And(Tag("新客"), Not(Or(MustParse(`city in ["上海", "北京"]`), MustParse(`count("Order Completed") >= 3`))))
	const text = `tag("新客") and not (city in ["上海", "北京"] or count("Order Completed") >= 3)`
	if e.String() != text {
		t.Errorf("String is %s", e)
	}
	data, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	quoted, _ := json.Marshal(text)
	for _, form := range [][]byte{data, quoted} {
		var back Expr
		if err := json.Unmarshal(form, &back); err != nil || back.String() != text {
			t.Errorf("%s came back as %s, %v", form, back, err)
		}
	}
	var none Expr
	if data, err := json.Marshal(none); string(data) != "null" || err != nil || !none.IsZero() || none.String() != "" {
		t.Errorf("the zero Expr is %s, %v", data, err)
	}
	if err := json.Unmarshal([]byte("null"), &none); err != nil || !none.IsZero() {
		t.Errorf("null is %v, %v", none, err)
	}
	if _, err := Parse("city in ["); err == nil {
		t.Error("half an expression was parsed")
	}
}
