package linkage

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// Evaluation tells how well clusters match the truth.
type Evaluation struct {
	// Records counts the records that were looked at.
	Records int `json:"records"`
	// People counts the true people.
	People int `json:"people"`
	// Pairs compares the pairs of records in one cluster with those of one person.
	Pairs PairQuality `json:"pairs"`
	// BCubed averages over records how much of a record's cluster is the same person
	// (precision) and how much of the person is in its cluster (recall).
	BCubed Quality `json:"bcubed"`
	// Clusters counts the clusters, and Largest the records in the largest.
	Clusters int `json:"clusters"`
	Largest  int `json:"largest"`
	// Sizes counts the clusters of each size, ascending.
	Sizes []SizeCount `json:"sizes"`
	// OverMerged is the share of clusters that hold two people or more, and
	// UnderMerged the share of people found in two clusters or more.
	OverMerged  float64 `json:"over_merged"`
	UnderMerged float64 `json:"under_merged"`
}

// Quality is a precision, a recall and their harmonic mean, each of 0 to 1. A
// share of nothing is 1: where nothing is claimed, nothing is claimed wrongly.
type Quality struct {
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
}

// PairQuality is a Quality with the counts that it comes from.
type PairQuality struct {
	Quality
	TruePositives  int64 `json:"true_positives"`
	FalsePositives int64 `json:"false_positives"`
	FalseNegatives int64 `json:"false_negatives"`
}

// SizeCount counts the clusters of one size.
type SizeCount struct {
	Size     int `json:"size"`
	Clusters int `json:"clusters"`
}

// EvaluationOptions restricts what is counted. Its zero value counts everything.
type EvaluationOptions struct {
	// Split, when above zero, is where the second of two lists starts: only pairs
	// across the lists count. All else is over all records.
	Split int32
	// Only, if not nil, reports whether a record counts, such as one whose truth is
	// known. The others are looked through as if they were not there.
	Only func(rec int32) bool
}

// Evaluate compares clusters, which holds the cluster of each record (any number
// that those of one cluster share), with truth, which holds its person. It is exact,
// takes O(n log n) for n records, and looks at no pair.
func Evaluate[T comparable](clusters []int32, truth []T, opt EvaluationOptions) (Evaluation, error) {
	if len(clusters) != len(truth) {
		return Evaluation{}, fmt.Errorf("linkage: clusters of %d records, truth of %d", len(clusters), len(truth))
	}
	numbers := map[T]int32{}
	cells := make([]cell, 0, len(clusters))
	for rec, c := range clusters {
		if opt.Only != nil && !opt.Only(int32(rec)) {
			continue
		}
		person, known := numbers[truth[rec]]
		if !known {
			person = int32(len(numbers))
			numbers[truth[rec]] = person
		}
		if opt.Split > 0 && int32(rec) >= opt.Split {
			cells = append(cells, cell{cluster: c, person: person, count: count{second: 1}})
		} else {
			cells = append(cells, cell{cluster: c, person: person, count: count{first: 1}})
		}
	}
	return tabulate(cells, len(numbers), opt.Split > 0), nil
}

// EvaluatePairs is Evaluate for a truth given as pairs of records that are the
// same person. Whom they name directly or through others is one person: with the
// pairs (1, 2) and (2, 3) the pair (1, 3) is true as well.
func EvaluatePairs(clusters []int32, truth [][2]int32, opt EvaluationOptions) (Evaluation, error) {
	f := newForest(len(clusters))
	for i, p := range truth {
		if min(p[0], p[1]) < 0 || int(max(p[0], p[1])) >= len(clusters) {
			return Evaluation{}, fmt.Errorf("linkage: true pair %d is of records %d and %d of %d", i, p[0], p[1], len(clusters))
		}
		if x, y := f.root(p[0]), f.root(p[1]); x != y {
			f.join(x, y)
		}
	}
	return Evaluate(clusters, f.labels(), opt)
}

// cell counts the records of one person in one cluster.
type cell struct {
	cluster, person int32
	count
}

// count counts records, those of the second list apart if there are two.
type count struct{ first, second int64 }

func (c *count) add(d count) {
	c.first += d.first
	c.second += d.second
}

func (c count) all() int64 { return c.first + c.second }

// pairs returns how many pairs the records make.
func (c count) pairs(across bool) int64 {
	if across {
		return c.first * c.second
	}
	return c.all() * (c.all() - 1) / 2
}

// tabulate evaluates cells, of which several may be of one cluster and person. It
// sorts and merges them in place.
func tabulate(cells []cell, people int, across bool) Evaluation {
	cells = mergeCells(cells)
	persons, found := make([]count, people), make([]int, people) // and the clusters of each
	for _, c := range cells {
		persons[c.person].add(c.count)
		found[c.person]++
	}
	e := Evaluation{People: people}
	var claimed, actual int64
	var precise, recalled float64
	sizes, over, under := map[int]int{}, 0, 0
	for from, to := 0, 0; from < len(cells); from = to {
		var all count
		for to = from; to < len(cells) && cells[to].cluster == cells[from].cluster; to++ {
			all.add(cells[to].count)
		}
		for _, c := range cells[from:to] {
			e.Pairs.TruePositives += c.pairs(across)
			both := float64(c.all())
			precise += both * both / float64(all.all())
			recalled += both * both / float64(persons[c.person].all())
		}
		claimed += all.pairs(across)
		sizes[int(all.all())]++
		e.Clusters++
		if to-from > 1 {
			over++
		}
	}
	for i, p := range persons {
		e.Records += int(p.all())
		actual += p.pairs(across)
		if found[i] > 1 {
			under++
		}
	}
	e.Pairs.FalsePositives = claimed - e.Pairs.TruePositives
	e.Pairs.FalseNegatives = actual - e.Pairs.TruePositives
	e.Pairs.Quality = quality(share(e.Pairs.TruePositives, claimed), share(e.Pairs.TruePositives, actual))
	e.BCubed = quality(1, 1)
	if e.Records > 0 {
		e.BCubed = quality(precise/float64(e.Records), recalled/float64(e.Records))
		e.OverMerged = float64(over) / float64(e.Clusters)
		e.UnderMerged = float64(under) / float64(people)
	}
	for _, size := range slices.Sorted(maps.Keys(sizes)) {
		e.Sizes = append(e.Sizes, SizeCount{Size: size, Clusters: sizes[size]})
		e.Largest = size
	}
	return e
}

// mergeCells sorts cells by cluster and person, and makes one of those that agree.
func mergeCells(cells []cell) []cell {
	slices.SortFunc(cells, func(x, y cell) int {
		return cmp.Or(cmp.Compare(x.cluster, y.cluster), cmp.Compare(x.person, y.person))
	})
	merged := cells[:0]
	for _, c := range cells {
		if last := len(merged) - 1; last >= 0 && merged[last].cluster == c.cluster && merged[last].person == c.person {
			merged[last].add(c.count)
		} else {
			merged = append(merged, c)
		}
	}
	return merged
}

// share returns a part of a whole, of which nothing is everything.
func share(part, whole int64) float64 {
	if whole == 0 {
		return 1
	}
	return float64(part) / float64(whole)
}

func quality(precision, recall float64) Quality {
	q := Quality{Precision: precision, Recall: recall}
	if sum := precision + recall; sum > 0 {
		q.F1 = 2 * precision * recall / sum
	}
	return q
}
