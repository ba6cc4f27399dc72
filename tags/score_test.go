package tags_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/internal/syntax/syntaxtest"
	"github.com/portraitdb/portrait/profile"
)

// taste is a model with an interest: "c" of A counts 1, of B as much as its "w".
func taste(t testing.TB, half time.Duration) *syntaxtest.Scope {
	t.Helper()
	s := shop(t, "UTC")
	s.Interests = map[string]syntax.InterestInfo{"taste": {HalfLife: half, Sources: []syntax.InterestSource{
		{Filter: syntax.Filter{Event: "A", Pos: -1}, Property: "c", Weight: 1},
		{Filter: syntax.Filter{Event: "B", Pos: -1}, Property: "c", Weight: 1, By: "w"},
	}}}
	return s
}

func taken(name string, at profile.Instant, key string, weight float64) profile.Event {
	return profile.Event{Name: name, MessageID: fmt.Sprint(name, at, key, weight), Time: at.Time(), Properties: map[string]profile.Value{"c": profile.String(key), "w": profile.Number(weight)}}
}

// A score is the weights of the events, each halved for every half-life since, to the
// tick.
func TestInterest_fades(t *testing.T) {
	s := taste(t, 10*24*time.Hour)
	begin := at(t, "2026-05-01T00:00:00Z")
	score, total := compileValue(t, s, `interest("taste", "tea")`), compileValue(t, s, `interest("taste")`)
	best := compileValue(t, s, `interests("taste", 2)`)
	state := fold(t, s, taken("A", begin, "tea", 0), taken("A", begin+day, "tea", 0), taken("B", begin+2*day, "milk", 2.5), taken("B", begin, "salt", -1))
	for hours := range 24 * 40 {
		now := begin + profile.Instant(hours+60)*day/24
		fade := func(days float64) float64 { return math.Exp2((days - float64(now-begin)/day) / 10) }
		tea, milk, salt := fade(0)+fade(1), 2.5*fade(2), -fade(0)
		v, ok, until := score.Eval(state, now)
		// A tick is a 4,096th of a half-life, and so is the error.
		if !ok || math.Abs(v.Number()/tea-1) > 2e-4 || until <= now || until > now+10*day/4096+1 {
			t.Fatalf("at %v the score of tea is %v until %v, want %v", now, v, until, tea)
		}
		if v, _, _ := total.Eval(state, now); math.Abs(v.Number()/(tea+milk+salt)-1) > 4e-4 {
			t.Fatalf("at %v the score of all is %v, want %v", now, v, tea+milk+salt)
		}
		if v, _, _ := best.Eval(state, now); v.String() != "[milk, tea]" {
			t.Fatalf("at %v the best are %v", now, v)
		}
	}
	if v, ok, until := compileValue(t, s, `interest("taste", "none")`).Eval(state, begin+9*day); !ok || v.Number() != 0 || until <= begin {
		t.Errorf("the score of nothing is %v %v until %v", v, ok, until)
	}
	if v, ok, _ := compileValue(t, s, `interests("taste", 2)`).Eval(fold(t, s), begin); ok {
		t.Errorf("without events the best are %v", v)
	}
	if _, ok, until := score.Eval(state, begin+700*day); !ok || until != profile.Never {
		t.Errorf("after 64 half-lives the score changes at %v", until)
	}
}

// The instant at which a comparison of a score changes is the one that looking at
// every tick finds.
func TestProgram_interests_agree_with_every_tick(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	const half = time.Hour
	tick := profile.Instant(half.Microseconds() / 4096)
	for range 12 {
		s := taste(t, half)
		now := profile.Instant(r.Int64N(1 << 50))
		var events []profile.Event
		for i := range 1 + r.IntN(5) {
			at := now - profile.Instant(r.Int64N(4*half.Microseconds())) + profile.Instant(half.Microseconds())
			weight := float64(r.IntN(9)-2) / 2
			if i > 0 && r.IntN(3) == 0 { // cancels the one before, to nothing or nearly so
				at, weight = events[i-1].Stamp().At+profile.Instant(r.IntN(2)), -events[i-1].Properties["w"].Number()
			}
			events = append(events, taken("B", at, []string{"tea", "milk"}[r.IntN(2)], weight))
		}
		rule := fmt.Sprintf(`interest("taste"%s) %s %v`, []string{"", `, "tea"`}[r.IntN(2)], []string{"<", "<=", ">", ">=", "=", "!="}[r.IntN(6)], float64(r.IntN(7)-1)/4)
		p, v := compile(t, s, rule), compileValue(t, s, `interests("taste", 1)`)
		state := fold(t, s, events...)
		is, until := p.Eval(state, now)
		best, _, moved := v.Eval(state, now)
		first := now - now%tick + tick
		for at := first; at < now+profile.Instant(3*half.Microseconds()); at += tick {
			if got, _ := p.Eval(state, at); at < until && got != is || at == until && got == is && until-now < 4000*tick {
				t.Fatalf("%s: %v at %v until %v, %v at %v", rule, is, now, until, got, at)
			}
			if got, _, _ := v.Eval(state, at); at < moved && !got.Equal(best) {
				t.Fatalf("the best: %v at %v until %v, %v at %v", best, now, moved, got, at)
			}
		}
	}
}
