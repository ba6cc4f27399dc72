package crowd

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestScore(t *testing.T) {
	for name, c := range map[string]struct {
		items []Item
		want  Quality
	}{
		"nothing": {nil, Quality{Precision: 1, Recall: 1, BPrecision: 1, BRecall: 1}},
		"only machines": {
			[]Item{{-1, 3}, {-1, 4}},
			Quality{Precision: 1, Recall: 1, BPrecision: 1, BRecall: 1},
		},
		"all apart": {
			[]Item{{1, 1}, {1, 2}, {2, 3}},
			Quality{Items: 3, Groups: 3, Persons: 2, Precision: 1, BPrecision: 1, BRecall: 2.0 / 3, UnderMerged: 0.5, Largest: 1},
		},
		"all in one": {
			[]Item{{1, 9}, {1, 9}, {2, 9}},
			Quality{Items: 3, Groups: 1, Persons: 2, Precision: 1.0 / 3, Recall: 1, BPrecision: 5.0 / 9, BRecall: 1, OverMerged: 1, Largest: 3},
		},
		"no profile is nobody's company": {
			[]Item{{1, -1}, {1, -1}},
			Quality{Items: 2, Groups: 2, Persons: 1, Precision: 1, BPrecision: 1, BRecall: 0.5, UnderMerged: 1, Largest: 1},
		},
	} {
		if diff := cmp.Diff(c.want, Score(c.items), cmpopts.EquateApprox(0, 1e-12)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

// Score by its definition, pair by pair.
func slowScore(items []Item) Quality {
	var scored []Item
	for i, item := range items {
		if item.Group < 0 {
			item.Group = -1 - i
		}
		if item.Person >= 0 {
			scored = append(scored, item)
		}
	}
	q := Quality{Items: len(scored), Precision: 1, Recall: 1, BPrecision: 1, BRecall: 1}
	if len(scored) == 0 {
		return q
	}
	var both, sameGroup, samePerson float64
	persons, groups := map[int]bool{}, map[int]bool{}
	mixed, spread := map[int]bool{}, map[int]bool{}
	q.BPrecision, q.BRecall = 0, 0
	for i, a := range scored {
		persons[a.Person], groups[a.Group] = true, true
		var with, inGroup, ofPerson int
		for j, b := range scored {
			g, p := a.Group == b.Group, a.Person == b.Person
			if g {
				inGroup++
				mixed[a.Group] = mixed[a.Group] || !p
			}
			if p {
				ofPerson++
				spread[a.Person] = spread[a.Person] || !g
			}
			if g && p {
				with++
			}
			if i < j {
				both, sameGroup, samePerson = both+one(g && p), sameGroup+one(g), samePerson+one(p)
			}
		}
		q.Largest = max(q.Largest, inGroup)
		q.BPrecision += float64(with) / float64(inGroup) / float64(len(scored))
		q.BRecall += float64(with) / float64(ofPerson) / float64(len(scored))
	}
	if sameGroup > 0 {
		q.Precision = both / sameGroup
	}
	if samePerson > 0 {
		q.Recall = both / samePerson
	}
	for _, m := range mixed {
		q.OverMerged += one(m) / float64(len(groups))
	}
	for _, s := range spread {
		q.UnderMerged += one(s) / float64(len(persons))
	}
	q.Groups, q.Persons = len(groups), len(persons)
	return q
}

func one(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func TestScore_against_its_definition(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 0))
		items := make([]Item, r.IntN(40))
		for i := range items {
			items[i] = Item{Person: r.IntN(8) - 1, Group: r.IntN(8) - 1}
		}
		got := Score(items)
		if diff := cmp.Diff(slowScore(items), got, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
			t.Fatalf("seed %d (-want +got)\n%s", seed, diff)
		}
		if again := Score(items); again != got {
			t.Fatalf("seed %d: %+v, then %+v", seed, got, again)
		}
	}
}

func TestQuality_F1(t *testing.T) {
	q := Quality{Precision: 0.5, Recall: 1, BPrecision: 0, BRecall: 0}
	if q.F1() != 2.0/3 || q.BF1() != 0 {
		t.Errorf("F1 %v, B-cubed %v", q.F1(), q.BF1())
	}
}
