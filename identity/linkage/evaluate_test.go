package linkage

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// naiveEvaluation looks at every pair of the records that count.
func naiveEvaluation(clusters []int32, truth []string, opt EvaluationOptions) Evaluation {
	var recs []int
	for rec := range clusters {
		if opt.Only == nil || opt.Only(int32(rec)) {
			recs = append(recs, rec)
		}
	}
	e := Evaluation{Records: len(recs), BCubed: Quality{1, 1, 1}}
	for i, a := range recs {
		for _, b := range recs[:i] {
			if opt.Split > 0 && (a < int(opt.Split)) == (b < int(opt.Split)) {
				continue
			}
			switch together, same := clusters[a] == clusters[b], truth[a] == truth[b]; {
			case together && same:
				e.Pairs.TruePositives++
			case together:
				e.Pairs.FalsePositives++
			case same:
				e.Pairs.FalseNegatives++
			}
		}
	}
	ratio := func(part, rest int64) float64 {
		if part+rest == 0 {
			return 1
		}
		return float64(part) / float64(part+rest)
	}
	f1 := func(q *Quality) {
		q.F1 = 0
		if q.Precision+q.Recall > 0 {
			q.F1 = 2 / (1/q.Precision + 1/q.Recall)
		}
	}
	e.Pairs.Precision = ratio(e.Pairs.TruePositives, e.Pairs.FalsePositives)
	e.Pairs.Recall = ratio(e.Pairs.TruePositives, e.Pairs.FalseNegatives)
	f1(&e.Pairs.Quality)

	people, found := map[int32]map[string]int{}, map[string]map[int32]int{}
	for _, a := range recs {
		if people[clusters[a]] == nil {
			people[clusters[a]] = map[string]int{}
		}
		if found[truth[a]] == nil {
			found[truth[a]] = map[int32]int{}
		}
		people[clusters[a]][truth[a]]++
		found[truth[a]][clusters[a]]++
	}
	if len(recs) > 0 {
		e.BCubed = Quality{}
	}
	sizes := map[int]int{}
	for _, a := range recs {
		var both, cluster, person float64
		for _, b := range recs {
			if clusters[a] == clusters[b] {
				cluster++
			}
			if truth[a] == truth[b] {
				person++
			}
			if clusters[a] == clusters[b] && truth[a] == truth[b] {
				both++
			}
		}
		e.BCubed.Precision += both / cluster / float64(len(recs))
		e.BCubed.Recall += both / person / float64(len(recs))
		sizes[int(cluster)]++ // a cluster of that size counts so many times
	}
	f1(&e.BCubed)
	for size := range len(recs) + 1 {
		if sizes[size] > 0 {
			e.Sizes = append(e.Sizes, SizeCount{size, sizes[size] / size})
			e.Clusters += sizes[size] / size
			e.Largest = size
		}
	}
	e.People = len(found)
	for _, in := range people {
		if len(in) > 1 {
			e.OverMerged += 1 / float64(e.Clusters)
		}
	}
	for _, in := range found {
		if len(in) > 1 {
			e.UnderMerged += 1 / float64(e.People)
		}
	}
	return e
}

var close9 = cmpopts.EquateApprox(0, 1e-9)

func TestEvaluate_equals_brute_force(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 40).Draw(t, "n")
		clusters := rapid.SliceOfN(rapid.Int32Range(-3, 8), n, n).Draw(t, "clusters")
		truth := rapid.SliceOfN(rapid.StringMatching(`[a-h]?`), n, n).Draw(t, "truth")
		opt := EvaluationOptions{Split: int32(rapid.IntRange(0, n).Draw(t, "split"))}
		if rapid.Bool().Draw(t, "only some") {
			opt.Only = func(rec int32) bool { return truth[rec] != "" }
		}
		got, err := Evaluate(clusters, truth, opt)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(naiveEvaluation(clusters, truth, opt), got, close9); diff != "" {
			t.Errorf("evaluation (-want +got):\n%s", diff)
		}
	})
}

func TestEvaluatePairs_is_the_closure(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 20).Draw(t, "n")
		rec := rapid.Int32Range(0, int32(n-1))
		clusters := rapid.SliceOfN(rec, n, n).Draw(t, "clusters")
		pairs := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) [2]int32 {
			return [2]int32{rec.Draw(t, "a"), rec.Draw(t, "b")}
		}), 0, 20).Draw(t, "pairs")
		// The least record that can be reached, found by going round until nothing moves.
		person := make([]int32, n)
		for i := range person {
			person[i] = int32(i)
		}
		for range n {
			for _, p := range pairs {
				least := min(person[p[0]], person[p[1]])
				person[p[0]], person[p[1]] = least, least
			}
		}
		want, err := Evaluate(clusters, person, EvaluationOptions{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := EvaluatePairs(clusters, pairs, EvaluationOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("evaluation (-want +got):\n%s", diff)
		}
	})
}

func TestEvaluate_examples(t *testing.T) {
	q := func(p, r, f1 float64) Quality { return Quality{p, r, f1} }
	tests := []struct {
		name     string
		clusters []int32
		truth    []string
		opt      EvaluationOptions
		want     Evaluation
	}{
		{
			"nobody", nil, nil,
			EvaluationOptions{},
			Evaluation{Pairs: PairQuality{Quality: q(1, 1, 1)}, BCubed: q(1, 1, 1)},
		},
		{
			"three of one person, of which one was missed, and a wrong one",
			[]int32{0, 0, 2, 0},
			[]string{"a", "a", "a", "b"},
			EvaluationOptions{},
			Evaluation{
				Records: 4, People: 2, Clusters: 2, Largest: 3, Sizes: []SizeCount{{1, 1}, {3, 1}},
				Pairs: PairQuality{
					Quality: q(1.0/3, 1.0/3, 1.0/3), TruePositives: 1, FalsePositives: 2, FalseNegatives: 2,
				},
				// (2/3 + 2/3 + 1 + 1/3) / 4 and (2/3 + 2/3 + 1/3 + 1) / 4.
				BCubed:     q(2.0/3, 2.0/3, 2.0/3),
				OverMerged: 0.5, UnderMerged: 0.5,
			},
		},
		{
			"nothing joined: nothing wrong, nothing found",
			[]int32{0, 1},
			[]string{"a", "a"},
			EvaluationOptions{},
			Evaluation{
				Records: 2, People: 1, Clusters: 2, Largest: 1, Sizes: []SizeCount{{1, 2}},
				Pairs:  PairQuality{Quality: q(1, 0, 0), FalseNegatives: 1},
				BCubed: q(1, 0.5, 2.0/3), UnderMerged: 1,
			},
		},
		{
			"two lists: the pair within the first does not count",
			[]int32{0, 0, 0, 3},
			[]string{"a", "a", "a", "b"},
			EvaluationOptions{Split: 2},
			Evaluation{
				Records: 4, People: 2, Clusters: 2, Largest: 3, Sizes: []SizeCount{{1, 1}, {3, 1}},
				Pairs:  PairQuality{Quality: q(1, 1, 1), TruePositives: 2},
				BCubed: q(1, 1, 1),
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Evaluate(test.clusters, test.truth, test.opt)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, close9); diff != "" {
				t.Errorf("evaluation (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEvaluate_errors(t *testing.T) {
	if _, err := Evaluate([]int32{0}, []string{"a", "b"}, EvaluationOptions{}); err == nil || !strings.Contains(err.Error(), "truth of 2") {
		t.Errorf("error %v does not say how long the truth is", err)
	}
	for _, p := range [][2]int32{{0, 2}, {-1, 0}} {
		_, err := EvaluatePairs([]int32{0, 1}, [][2]int32{{0, 1}, p}, EvaluationOptions{})
		if want := fmt.Sprintf("true pair 1 is of records %d and %d of 2", p[0], p[1]); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

func TestEvaluation_as_JSON(t *testing.T) {
	e, err := Evaluate([]int32{0, 0}, []string{"a", "a"}, EvaluationOptions{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"records":2,"people":1,` +
		`"pairs":{"precision":1,"recall":1,"f1":1,"true_positives":1,"false_positives":0,"false_negatives":0},` +
		`"bcubed":{"precision":1,"recall":1,"f1":1},` +
		`"clusters":1,"largest":2,"sizes":[{"size":2,"clusters":1}],"over_merged":0,"under_merged":0}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
}

func BenchmarkEvaluate(b *testing.B) {
	const n = 1_000_000
	rng := rand.New(rand.NewPCG(9, 10))
	clusters, truth := make([]int32, n), make([]int32, n)
	for i := range n {
		truth[i] = int32(rng.IntN(n / 4))
		clusters[i] = truth[i]
		if rng.IntN(10) == 0 {
			clusters[i] = int32(rng.IntN(n))
		}
	}
	b.Run(fmt.Sprintf("records=%d", n), func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Evaluate(clusters, truth, EvaluationOptions{}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "records/s")
	})
}
