package linkage

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTrain_recovers makes records whose chances are known: learning must find them.
func TestTrain_recovers(t *testing.T) {
	const seed, people, values = 3, 4000, 50
	agree := []float64{0.95, 0.9, 0.8, 0.7, 0.6}
	r := rand.New(rand.NewPCG(seed, 0))
	recs, err := NewRecords("k1", "k2", "a", "b", "c", "d", "e")
	if err != nil {
		t.Fatal(err)
	}
	for range people {
		base := []string{strconv.Itoa(r.IntN(2000)), strconv.Itoa(r.IntN(2000))}
		truth := make([]int, len(agree))
		for i := range truth {
			truth[i] = r.IntN(values)
		}
		for range 2 {
			row := append([]string{}, base...)
			for i, v := range truth {
				// Each of two copies keeps the value with the root of the chance that both do.
				if p := math.Sqrt(agree[i]); r.Float64() > p {
					v = values + r.IntN(1000)
				}
				row = append(row, strconv.Itoa(v))
			}
			if _, err := recs.Add(row...); err != nil {
				t.Fatal(err)
			}
		}
	}
	c := Config{
		Blocking: Blocking{Keys: []string{"k1", "k2"}},
		Training: Training{Rules: []string{"k1 + k2"}, Recall: 1, MaxWeight: 30},
	}
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		c.Comparisons = append(c.Comparisons, Comparison{Kind: Exact, Columns: []string{name}, Floor: 1})
	}
	m, err := Train(t.Context(), recs, c)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range m.fields {
		if got := f.levels[0].m; math.Abs(got-agree[i]) > 0.02 {
			t.Errorf("seed %d: field %d agrees for one person with %.3f, want %.3f", seed, i, got, agree[i])
		}
		kept := math.Sqrt(agree[i])
		want := kept*kept/values + (1-kept)*(1-kept)/1000
		if got := f.levels[0].u; math.Abs(got-want) > 0.1*want {
			t.Errorf("seed %d: field %d agrees for two people with %.5f, want %.5f", seed, i, got, want)
		}
		if got, want := f.levels[0].bits, math.Log2(f.levels[0].m/f.levels[0].u); got != want {
			t.Errorf("field %d: %v bits, want %v", i, got, want)
		}
		if sum := f.levels[0].m + f.levels[1].m; math.Abs(sum-1) > 1e-9 {
			t.Errorf("field %d: chances add up to %v", i, sum)
		}
	}
	want := math.Log2(people / (float64(2*people) * (2*people - 1) / 2))
	if math.Abs(m.Prior()-want) > 0.05 {
		t.Errorf("prior %.3f bits, want %.3f", m.Prior(), want)
	}
}

// TestTrain_prior compares the prior that the candidates give with that of the truth.
func TestTrain_prior(t *testing.T) {
	recs, truth := newPeople(4).records(t, 3000)
	m, err := Train(t.Context(), recs, peopleConfig())
	if err != nil {
		t.Fatal(err)
	}
	sizes, pairs := map[int32]int{}, 0
	for _, who := range truth {
		pairs += sizes[who]
		sizes[who]++
	}
	if want := logOdds(float64(pairs), 3000*2999/2); math.Abs(m.Prior()-want) > 0.3 {
		t.Errorf("prior %.2f bits, want %.2f", m.Prior(), want)
	}
}

// TestTrain_namesakes trains with a block that far more namesakes share than people,
// whose e-mails are made of their names: it must not spoil what the others teach.
func TestTrain_namesakes(t *testing.T) {
	const seed, people = 9, 1500
	r := rand.New(rand.NewPCG(seed, 0))
	recs, err := NewRecords("given", "surname", "dob", "email", "phone")
	if err != nil {
		t.Fatal(err)
	}
	made := func(n int) string { return name(r.IntN(n), 2) }
	namesakes := map[string]int{}
	for range people {
		given, surname := made(20), made(20)
		namesakes[given+" "+surname]++
		row := []string{
			given, surname, fmt.Sprintf("%d-%02d-%02d", 1940+r.IntN(60), 1+r.IntN(12), 1+r.IntN(28)),
			fmt.Sprintf("%s.%s%d@example.com", given, surname, r.IntN(100)), strconv.Itoa(13000000 + r.IntN(1000000)),
		}
		for range 2 {
			cells := slices.Clone(row)
			for i := 2; i < len(cells); i++ {
				if r.IntN(5) == 0 {
					cells[i] = ""
				}
			}
			if _, err := recs.Add(cells...); err != nil {
				t.Fatal(err)
			}
		}
	}
	c := Config{
		Comparisons: []Comparison{
			{Name: "name", Kind: Name, Columns: []string{"given", "surname"}},
			{Kind: Date, Columns: []string{"dob"}},
			{Kind: Email, Columns: []string{"email"}},
			{Kind: Phone, Columns: []string{"phone"}},
		},
		Blocking: Blocking{Keys: []string{"dob", "email", "phone", "given + surname"}},
	}
	m, err := Train(t.Context(), recs, c)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range m.Weights() {
		if w.Comparison == "dob" && w.Level == "different" && w.Bits > -4 {
			t.Errorf("seed %d: a date that differs weighs %.2f bits, though a person has one:\n%s", seed, w.Bits, m)
		}
	}
	// Its report has the true share of the namesakes' block, which alone is deceived.
	all := 0
	for _, n := range namesakes {
		all += 2 * n * (2*n - 1) / 2
	}
	b := m.blocks[3]
	if share := float64(people) / float64(all); b.key != "given + surname" || b.pairs != all || math.Abs(b.share-share) > 0.05 {
		t.Errorf("block %+v, want %d pairs, a share of %.3f", b, all, share)
	}
}

// TestTrain_bounds holds the weight of a field that is all but unique, and in the
// blocks too, within its bound.
func TestTrain_bounds(t *testing.T) {
	recs, _ := newPeople(5).records(t, 3000)
	c := peopleConfig()
	c.Training.MaxWeight = 9
	m, err := Train(t.Context(), recs, c)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range m.Weights() {
		if !(math.Abs(w.Bits) <= 9) || !(w.M > 0 && w.M < 1 && w.U > 0 && w.U < 1) {
			t.Errorf("%+v is out of bounds", w)
		}
	}
	l, err := NewLinker(recs, m)
	if err != nil {
		t.Fatal(err)
	}
	for a := range 100 {
		for _, f := range l.Score(a, a+1).Fields {
			if !(math.Abs(f.Weight) <= 9) {
				t.Errorf("records %d and %d: %+v", a, a+1, f)
			}
		}
	}
}

// TestDeterminism trains and links on one core and on eight, and with another number
// of workers: model and result must be the same to the byte.
func TestDeterminism(t *testing.T) {
	recs, _ := newPeople(6).records(t, 4000)
	c := peopleConfig()
	c.Training.BlockPairs, c.Training.RandomPairs = 500, 50_000 // Less than there are, so that draws matter.
	run := func(procs, workers int) ([]byte, *Result) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		m, err := Train(t.Context(), recs, c)
		if err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		l, err := NewLinker(recs, m)
		if err != nil {
			t.Fatal(err)
		}
		res, err := l.Link(t.Context(), &Options{Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		return data, res
	}
	model, want := run(1, 0)
	for _, procs := range []int{2, 8} {
		data, got := run(procs, procs-1)
		if !bytes.Equal(model, data) {
			t.Errorf("on %d cores the model is another", procs)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("on %d cores the result is another:\n%s", procs, d)
		}
	}
	c.Training.Seed++
	if data, _ := run(1, 0); bytes.Equal(model, data) {
		t.Error("another seed gives the same model: the draws do not depend on it")
	}
}
