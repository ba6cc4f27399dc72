package value

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// fits are all fits of models of people's times, as one type.
var fits = map[string]func(context.Context, []Summary) (Model, Report, error){
	"bgnbd": func(ctx context.Context, rows []Summary) (Model, Report, error) {
		return wrap(FitBGNBD(ctx, rows))
	},
	"mbgnbd": func(ctx context.Context, rows []Summary) (Model, Report, error) {
		return wrap(FitMBGNBD(ctx, rows))
	},
	"paretonbd": func(ctx context.Context, rows []Summary) (Model, Report, error) {
		return wrap(FitParetoNBD(ctx, rows))
	},
	"bgbb": func(ctx context.Context, rows []Summary) (Model, Report, error) {
		return wrap(FitBGBB(ctx, rows))
	},
}

func wrap[M Model](m M, rep Report, err error) (Model, Report, error) { return m, rep, err }

func TestFit_bad_input(t *testing.T) {
	buyer := Summary{Frequency: 3, Recency: 20, Age: 39, Mean: 10}
	var alike, oneTime []Summary
	for i := range 200 {
		alike = append(alike, buyer)
		oneTime = append(oneTime, Summary{Age: float64(i % 40)})
	}
	tests := []struct {
		name string
		rows []Summary
		want Reason
	}{
		{"nobody", nil, ReasonNoRepeats},
		{"no repeat buyers", oneTime, ReasonNoRepeats},
		{"one customer", []Summary{buyer}, ReasonTooAlike},
		{"all identical", alike, ReasonTooAlike},
		{"all came today", make([]Summary, 10), ReasonNoRepeats},
		// Everybody has one rate and never stops: there is nothing to tell apart.
		{"like clockwork", clockwork(), ReasonFlat},
	}
	for _, tt := range tests {
		for name, fit := range fits {
			t.Run(tt.name+"/"+name, func(t *testing.T) {
				m, rep, err := fit(t.Context(), tt.rows)
				failed, ok := errors.AsType[*FitError](err)
				if !ok || failed.Reason != tt.want || failed.Model != name {
					t.Fatalf("got %v, want %s", err, tt.want)
				}
				if rep.Model != name || slices.ContainsFunc(rep.StandardErrors, math.IsNaN) || math.IsNaN(rep.Gain) {
					t.Errorf("report %+v", rep)
				}
				for _, row := range []Summary{{}, buyer} {
					for _, v := range []float64{m.PAlive(row), m.Expected(5), m.ConditionalExpected(row, 5), m.LogLikelihood(row)} {
						if math.IsNaN(v) {
							t.Errorf("the model answers NaN of %+v", row)
						}
					}
				}
			})
		}
	}
}

// clockwork returns customers who buy at every opportunity of their time.
func clockwork() []Summary {
	var all []Summary
	for age := range 30 {
		all = append(all, Summary{Frequency: age + 1, Recency: float64(age + 1), Age: float64(age + 1)})
	}
	return all
}

func TestFit_invalid_rows(t *testing.T) {
	tests := []struct {
		name, field string
		row         Summary
	}{
		{"a negative count", "frequency", Summary{Frequency: -1, Age: 3}},
		{"a count beyond counting", "frequency", Summary{Frequency: math.MaxInt, Recency: 1, Age: 3}},
		{"a repeat at once", "recency", Summary{Frequency: 1, Age: 3}},
		{"a time without a repeat", "recency", Summary{Recency: 1, Age: 3}},
		{"later than the end", "recency", Summary{Frequency: 1, Recency: 4, Age: 3}},
		{"no number", "age", Summary{Age: math.NaN()}},
		{"no recency", "recency", Summary{Recency: math.NaN(), Age: 3}},
		{"for ever", "age", Summary{Age: math.Inf(1)}},
		{"no mean", "mean", Summary{Age: 3, Mean: math.NaN()}},
		{"no weight", "weight", Summary{Age: 3, Weight: -1}},
	}
	good := Summary{Frequency: 1, Recency: 1, Age: 3, Mean: 1}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rows := []Summary{good, good, tt.row}
			_, _, spend := FitGammaGamma(t.Context(), rows)
			errs := map[string]error{"gammagamma": spend}
			for name, fit := range fits {
				_, _, errs[name] = fit(t.Context(), rows)
			}
			for name, err := range errs {
				invalid, ok := errors.AsType[*InputError](err)
				switch {
				case tt.field == "mean" && name != "gammagamma":
					// These do not read it.
				case !ok || invalid.Index != 2 || invalid.Field != tt.field:
					t.Errorf("%s: got %v, want row 2 and %s", name, err, tt.field)
				}
			}
			if m := (BGNBD{1, 1, 1, 1}); tt.row.valid() && tt.field != "mean" && tt.field != "weight" || math.IsNaN(m.PAlive(tt.row)+m.ConditionalExpected(tt.row, 1)) {
				t.Error("a model takes the row")
			}
		})
	}
	if _, _, err := FitBGBB(t.Context(), []Summary{{Frequency: 2, Recency: 1, Age: 3}}); !errorIs[*InputError](err) {
		t.Errorf("two transactions at one opportunity: got %v", err)
	}
	if _, _, err := FitBGBB(t.Context(), []Summary{{Frequency: 1, Recency: 0.5, Age: 3}}); !errorIs[*InputError](err) {
		t.Errorf("half an opportunity: got %v", err)
	}
}

func errorIs[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func TestFitGammaGamma_bad_input(t *testing.T) {
	mean := func(x int, m float64) Summary { return Summary{Frequency: x, Recency: 1, Age: 2, Mean: m} }
	var alike, wild []Summary
	for i := range 50 {
		alike = append(alike, mean(1+i%7, 20))
	}
	// Exponential values about means that are 1 over a squared normal: these have no
	// mean themselves.
	random := rand.New(rand.NewPCG(1, 9))
	for i := range 500 {
		rate, sum := math.Pow(random.NormFloat64(), 2), 0.0
		for range 1 + i%7 {
			sum += random.ExpFloat64() / rate
		}
		wild = append(wild, mean(1+i%7, sum/float64(1+i%7)))
	}
	tests := []struct {
		name string
		rows []Summary
		want Reason
	}{
		{"nobody", nil, ReasonNoRepeats},
		{"no repeats", []Summary{{Age: 4}}, ReasonNoRepeats},
		{"no values", []Summary{mean(3, 0)}, ReasonNoRepeats},
		{"one customer", []Summary{mean(3, 10)}, ReasonTooAlike},
		{"all spend the same", alike, ReasonFlat},
		{"no mean", wild, ReasonInfiniteMean},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, rep, err := FitGammaGamma(t.Context(), tt.rows)
			if failed, ok := errors.AsType[*FitError](err); !ok || failed.Reason != tt.want {
				t.Errorf("got %+v %+v %v, want %s", m, rep, err, tt.want)
			}
			if v := m.Expected(mean(2, 30)); math.IsNaN(v) {
				t.Errorf("the model answers %v", v)
			}
		})
	}
	_, _, err := FitGammaGamma(t.Context(), []Summary{mean(1, 2), mean(3, -4)})
	if invalid, ok := errors.AsType[*InputError](err); !ok || invalid.Index != 1 || invalid.Field != "mean" {
		t.Errorf("negative spend: got %v", err)
	}
}

func TestFit_canceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	rows := simulated(50)
	for name, fit := range fits {
		if _, _, err := fit(ctx, rows); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// simulated returns customers who differ in how often they buy and in how soon they
// leave, at whole opportunities, so that BG/BB takes them too.
func simulated(n int) []Summary {
	random := rand.New(rand.NewPCG(3, 4))
	var rows []Summary
	for range n {
		row := Summary{Age: float64(20 + random.IntN(20)), Mean: math.Exp(random.NormFloat64())}
		rate, quit := min(0.9, random.ExpFloat64()*random.ExpFloat64()/3), math.Pow(random.Float64(), 5)
		for at := 1.0; at <= row.Age; at++ {
			if random.Float64() < rate {
				row.Frequency++
				row.Recency = at
			}
			if random.Float64() < quit {
				break
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// Customers of whom nobody leaves, at rates that differ, have a purchase rate to be
// told and nothing else: a flat ridge, found out in good time.
func TestFit_nobody_leaves(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 8))
	var rows []Summary
	for range 300 {
		row := Summary{Age: 10 + 20*random.Float64()}
		rate := random.ExpFloat64() / 3
		for at := 0.0; ; row.Frequency++ {
			if at += random.ExpFloat64() / rate; at > row.Age {
				break
			}
			row.Recency = at
		}
		if row.Frequency > 0 { // None leaves, and all have been here more lately than by chance.
			row.Recency = (row.Recency + row.Age) / 2
		}
		rows = append(rows, row)
	}
	for _, name := range []string{"bgnbd", "mbgnbd", "paretonbd"} {
		m, _, err := fits[name](t.Context(), rows)
		failed, ok := errors.AsType[*FitError](err)
		if !ok || failed.Reason != ReasonFlat {
			t.Errorf("%s: got %+v, %v", name, m, err)
		}
		// What comes with the error says what was found: everybody is there.
		if p := m.PAlive(rows[0]); !(p > 0.98) {
			t.Errorf("%s: P(alive) is %v", name, p)
		}
	}
}

// Rows that are alike are one with a weight; the order of rows is no matter; and
// the unit of time changes parameters of time alone.
func TestFit_laws(t *testing.T) {
	rows := simulated(500)
	shuffled := slices.Clone(rows)
	rand.New(rand.NewPCG(5, 6)).Shuffle(len(rows), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	for name, fit := range fits {
		t.Run(name, func(t *testing.T) {
			want, rep, err := fit(t.Context(), rows)
			if err != nil {
				t.Fatal(err)
			}
			got, rep2, err := fit(t.Context(), shuffled)
			if diff := cmp.Diff(want, got); diff != "" || err != nil || !cmp.Equal(rep, rep2) {
				t.Errorf("the order of rows matters: %s %v", diff, err)
			}
			bare := slices.Clone(rows)
			for i := range bare {
				bare[i].Mean = 0
			}
			grouped, err := group(bare)
			if err != nil {
				t.Fatal(err)
			}
			got, _, err = fit(t.Context(), grouped)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("weights are not so many rows: %s %v", diff, err)
			}
			var sum float64
			for _, row := range rows {
				sum += want.LogLikelihood(row)
			}
			near(t, "sum of the log-likelihoods", sum, rep.LogLikelihood, 1e-8)
			if name == "bgbb" {
				return // Its opportunities have no unit.
			}
			inDays := slices.Clone(rows)
			for i := range inDays {
				inDays[i].Recency *= 7
				inDays[i].Age *= 7
			}
			days, _, err := fit(t.Context(), inDays)
			if err != nil {
				t.Fatal(err)
			}
			for i, row := range rows[:40] {
				near(t, "P(alive) "+strconv.Itoa(i), days.PAlive(inDays[i]), want.PAlive(row), 1e-6)
				nearly(t, "CET "+strconv.Itoa(i), days.ConditionalExpected(inDays[i], 70), want.ConditionalExpected(row, 10), 1e-5)
			}
		})
	}
}

// No answer is NaN, probabilities are within 0 and 1, and what is expected grows
// with time, for any rows and parameters whatever.
func TestModels_never_NaN(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SliceOfN(magnitude(1e-4, 1e4), 4, 4).Draw(t, "parameters")
		row := Summary{Age: magnitude(1e-3, 1e5).Draw(t, "age")}
		if rapid.Bool().Draw(t, "repeats") {
			row.Frequency = rapid.IntRange(1, 5000).Draw(t, "frequency")
			row.Recency = row.Age * rapid.Float64Range(1e-6, 1).Draw(t, "recency")
		}
		whole := Summary{Age: math.Ceil(min(row.Age, 2000))}
		if row.Frequency > 0 {
			whole.Recency = math.Ceil(row.Recency / row.Age * whole.Age)
			whole.Frequency = min(row.Frequency, int(whole.Recency))
		}
		horizon := magnitude(1e-3, 1e7).Draw(t, "horizon")
		for name, c := range map[string]struct {
			m   Model
			row Summary
		}{
			"bgnbd":     {BGNBD{p[0], p[1], p[2], p[3]}, row},
			"mbgnbd":    {MBGNBD{p[0], p[1], p[2], p[3]}, row},
			"paretonbd": {ParetoNBD{p[0], p[1], p[2], p[3]}, row},
			"bgbb":      {BGBB{p[0], p[1], p[2], p[3]}, whole},
		} {
			alive := c.m.PAlive(c.row)
			soon, later := c.m.ConditionalExpected(c.row, horizon), c.m.ConditionalExpected(c.row, 2*horizon)
			log := c.m.LogLikelihood(c.row)
			expected := c.m.Expected(horizon)
			if !(alive >= 0 && alive <= 1) || !(soon >= 0 && later >= soon*(1-1e-8)) || math.IsInf(later, 0) || !(expected >= 0) || math.IsNaN(log) || math.IsInf(log, 0) {
				t.Fatalf("%s %+v of %+v: P(alive) %v, CET %v and later %v, E %v, log-likelihood %v", name, c.m, c.row, alive, soon, later, expected, log)
			}
		}
		if v := (ParetoNBD{p[0], p[1], p[2], p[3]}).Residual(row, horizon); !(v >= 0) || math.IsInf(v, 0) {
			t.Fatalf("residual %v", v)
		}
		row.Mean = magnitude(1e-6, 1e9).Draw(t, "mean")
		spend := GammaGamma{p[0], p[1], p[2]}
		if v := CLV(BGNBD{p[0], p[1], p[2], p[3]}, spend, row, Horizon{Periods: 3, Length: horizon}); math.IsNaN(v) {
			t.Fatal("CLV is NaN")
		}
		if v := spend.LogLikelihood(row); math.IsNaN(v) || math.IsInf(v, 0) {
			t.Fatalf("log-likelihood of the mean: %v", v)
		}
	})
	for _, m := range []Model{
		BGNBD{0.2, 4, 0.8, 2}, BGNBD{0.2, 4, 8, 2}, MBGNBD{0.2, 1e-3, 0.8, 2}, ParetoNBD{0.5, 10, 0.5, 1e-3}, ParetoNBD{0.5, 10, 1, 1e-3}, BGBB{1, 1, 0.5, 1}, BGBB{1, 1, 2, 1},
	} {
		row := Summary{Frequency: 1, Recency: 1, Age: 2}
		forever := m.ConditionalExpected(row, math.Inf(1))
		if !(forever >= m.ConditionalExpected(row, 1e6)) || math.IsInf(forever, 0) || m.Expected(math.NaN()) != 0 || m.Expected(-1) != 0 || math.IsNaN(m.Expected(math.Inf(1))) {
			t.Errorf("%+v expects %v for ever", m, forever)
		}
	}
	for _, m := range []Model{BGNBD{}, MBGNBD{1, 1, 1, math.NaN()}, ParetoNBD{-1, 1, 1, 1}, BGBB{1, 1, math.Inf(1), 1}} {
		row := Summary{Frequency: 1, Recency: 1, Age: 1}
		if m.PAlive(row) != 0 || m.Expected(1) != 0 || m.ConditionalExpected(row, 1) != 0 || m.LogLikelihood(row) != 0 {
			t.Errorf("%+v is no model and answers", m)
		}
	}
}

// A search that ends beside the peak says so, and by how much.
func TestFit_not_converged(t *testing.T) {
	hill := func(p []float64, _ []Summary) float64 {
		a, b := math.Log(p[0]), math.Log(p[1])-1
		return -500 * (a*a + b*b)
	}
	f := fitting{model: "hill", starts: [][]float64{{1, 1}}, rows: simulated(3), customers: 100, total: hill}
	var rep Report
	failed, ok := errors.AsType[*FitError](f.judge([]float64{0, 1.01}, &rep))
	if !ok || failed.Reason != ReasonNotConverged {
		t.Errorf("beside the peak: got %v", failed)
	}
	near(t, "gain", rep.Gain, 500*0.01*0.01, 1e-6)
	at, rep, err := f.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	nearAll(t, "the peak", at, []float64{1, math.E}, 1e-6)
	nearAll(t, "standard errors", rep.StandardErrors, []float64{1 / math.Sqrt(1000), math.E / math.Sqrt(1000)}, 1e-6)
}

// The simplex shrinks where no step helps, and copes with walls and cliffs.
func TestSimplex(t *testing.T) {
	for name, tt := range map[string]struct {
		f          func([]float64) float64
		from, peak []float64
		within     float64
	}{
		"a curved valley": {func(p []float64) float64 {
			return math.Pow(1-p[0], 2) + 100*math.Pow(p[1]-p[0]*p[0], 2)
		}, []float64{-1, 1}, []float64{1, 1}, 1e-2},
		"a fold":        {func(p []float64) float64 { return math.Abs(p[0]-p[1]) + math.Abs(p[0]+p[1]-4)/10 }, []float64{9, -3}, []float64{2, 2}, 1e-2},
		"behind a wall": {func(p []float64) float64 { return wall(p[0]) + p[0]*p[0] + p[1]*p[1] }, []float64{5, 5}, []float64{1, 0}, 1e-2},
		"steps":         {func(p []float64) float64 { return math.Abs(math.Floor(10*p[0])) + math.Abs(math.Floor(10*p[1])) }, []float64{3, 4}, []float64{0.05, 0.05}, 0.1},
	} {
		t.Run(name, func(t *testing.T) {
			at, v := simplex(t.Context(), tt.f, tt.from, 2000)
			nearAll(t, "peak", at, tt.peak, tt.within)
			if v != tt.f(at) {
				t.Errorf("the value is %v, not %v", v, tt.f(at))
			}
		})
	}
}

func wall(x float64) float64 {
	if x < 1 {
		return math.Inf(1)
	}
	return 0
}

func TestErrors_say_what_is_wrong(t *testing.T) {
	_, _, err := FitBGNBD(t.Context(), []Summary{{Age: 3}, {Frequency: 1, Recency: 4, Age: 3}})
	if want := "value: row 1: recency: 4 is more than the age, 3"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	_, _, err = FitBGBB(t.Context(), []Summary{{Age: 3}})
	if want := "value: fit of bgbb: nobody has a repeat transaction"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
