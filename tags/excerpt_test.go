package tags_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/internal/syntax/syntaxtest"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/tags"
)

// A rule says the same of an excerpt that has no more than what it reads as of the whole
// state, of one node and of several, and so does a value.
func TestProgram_Deps_are_all_that_is_read(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := &syntaxtest.Random{Rand: rand.New(rand.NewPCG(seed, 3)), Around: at(t, "2026-05-10T04:00:00Z"), Behaviour: true}
	held, said := 0, 0
	for range 150 {
		s := shop(t, "Asia/Shanghai")
		rules := randomRules(t, s, r)
		values := valuesOf(t, s)
		for range 4 {
			person := randomPerson(t, s, r)
			now := r.Around + profile.Instant(r.Int64N(4*day)-2*day)
			for text, p := range rules {
				ok, until, sure := p.Judge(person.whole, now)
				ok2, until2, sure2 := p.Judge(person.excerpt(t, p.Deps()), now)
				if ok != ok2 || until != until2 || sure != sure2 {
					t.Fatalf("%s at %v: %t until %v (%t), of an excerpt %t until %v (%t)", text, now, ok, until, sure, ok2, until2, sure2)
				}
				if ok {
					held++
				}
			}
			for text, value := range values {
				v, ok, until := value.Eval(person.whole, now)
				v2, ok2, until2 := value.Eval(person.excerpt(t, value.Deps()), now)
				if !v.Equal(v2) || ok != ok2 || until != until2 {
					t.Fatalf("%s at %v: %v, %t until %v, of an excerpt %v, %t until %v", text, now, v, ok, until, v2, ok2, until2)
				}
				if ok {
					said++
				}
			}
		}
	}
	if held < 1000 || said < 1000 {
		t.Errorf("%d rules held, %d values were there", held, said)
	}
}

// randomRules returns programs of a model by their text.
func randomRules(t *testing.T, s *syntaxtest.Scope, r *syntaxtest.Random) map[string]*tags.Program {
	t.Helper()
	rules := map[string]*tags.Program{}
	exprs := []syntax.Expr{parse(t, `sample("exp", 0.5)`), parse(t, `sample("exp", 0.5) and city = "上海"`)}
	for range 12 {
		exprs = append(exprs, r.Expr(1+r.IntN(3)))
	}
	for _, e := range exprs {
		p, err := tags.Compile(e, s)
		if err != nil {
			t.Fatalf("%s: %v", syntax.Print(e), err)
		}
		rules[syntax.Print(e)] = p
	}
	return rules
}

// valuesOf returns what the traits of a model compute, and other values, by their text.
func valuesOf(t *testing.T, s *syntaxtest.Scope) map[string]*tags.Value {
	t.Helper()
	values := map[string]*tags.Value{}
	texts := []string{
		`latest(2, "Product Viewed", "category")`, `top(2, "*", "channel", last("30d"))`, `sequence_count("Product Viewed", "Product Added")`,
		`interests("category", 2)`, `unique("Order Completed", "coupon")`, `coalesce(points, spend, age)`, `city`, `apps`,
	}
	for name, info := range s.Traits {
		if info.Compute != nil {
			texts = append(texts, name)
		}
	}
	for _, text := range texts {
		x, err := syntax.ParseOperand(text)
		if err != nil {
			t.Fatal(err)
		}
		if values[text], err = tags.CompileValue(x, s); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	return values
}

// somebody is a person's states as they are stored, and their combination.
type somebody struct {
	states []*profile.State
	names  []*profile.Identifier
	whole  *profile.State
}

func randomPerson(t *testing.T, s *syntaxtest.Scope, r *syntaxtest.Random) *somebody {
	t.Helper()
	p := &somebody{whole: &profile.State{}}
	for i := range 1 + r.IntN(3) {
		events := randomEvents(s, r)
		for k := range r.IntN(8) {
			events = append(events, r.Event(fmt.Sprint(i, "-", k), 20*24*time.Hour))
		}
		for k := range events {
			events[k].MessageID = fmt.Sprint(i, "-", k)
		}
		name := &profile.Identifier{Namespace: "user_id", Value: fmt.Sprint(r.IntN(100))}
		state := fold(t, s, events...)
		state.Name(name)
		p.states, p.names = append(p.states, state), append(p.names, name)
		p.whole = p.whole.Combine(state)
	}
	return p
}

// excerpt returns what is read of the person, out of what is stored.
func (p *somebody) excerpt(t *testing.T, deps tags.Deps) *profile.State {
	t.Helper()
	w := &profile.Wants{Attributes: deps.Attributes, Events: deps.Counted, Series: deps.Folds}
	xs := make([]profile.Excerpt, len(p.states))
	for i, s := range p.states {
		if err := w.Decode(&xs[i], s.Append(nil)); err != nil {
			t.Fatal(err)
		}
		xs[i].Name(p.names[i])
	}
	s, ok := profile.CombineExcerpts(xs)
	if !ok {
		t.Fatal("the excerpts are not combined")
	}
	return s
}
