package crowd

import (
	"maps"
	"slices"
)

// Item is an identifier or an event: whose it is, and where it was put.
type Item struct {
	// Person is the true person. An item of a negative one is not scored.
	Person int
	// Group is the profile. A negative one stands for no profile: the item is alone.
	Group int
}

// Quality is how well a partition tells people apart. Rates are between 0 and 1;
// one of nothing is 1 for precision and recall, and 0 for the others.
type Quality struct {
	// Items is how many were scored, in how many groups, of how many persons.
	Items, Groups, Persons int
	// Precision is the share of pairs in one group that are one person's, Recall
	// the share of pairs of one person that are in one group.
	Precision, Recall float64
	// BPrecision and BRecall are B-cubed: the same shares for each item, over its
	// group and its person with the item itself, averaged over the items.
	BPrecision, BRecall float64
	// OverMerged is the share of groups with items of two or more persons.
	OverMerged float64
	// UnderMerged is the share of persons with items in two or more groups.
	UnderMerged float64
	// Largest is the number of items in the largest group.
	Largest int
}

// F1 is the harmonic mean of precision and recall over pairs.
func (q Quality) F1() float64 { return harmonic(q.Precision, q.Recall) }

// BF1 is that of B-cubed.
func (q Quality) BF1() float64 { return harmonic(q.BPrecision, q.BRecall) }

func harmonic(a, b float64) float64 {
	if a+b == 0 {
		return 0
	}
	return 2 * a * b / (a + b)
}

// Score compares a partition of items with the truth. Its cost is linear.
func Score(items []Item) Quality {
	cells, ofPerson, ofGroup := map[Item]int{}, map[int]int{}, map[int]int{}
	n := 0
	for i, item := range items {
		if item.Person < 0 {
			continue
		}
		if item.Group < 0 {
			item.Group = -1 - i
		}
		n++
		cells[item]++
		ofPerson[item.Person]++
		ofGroup[item.Group]++
	}
	q := Quality{Items: n, Groups: len(ofGroup), Persons: len(ofPerson)}
	both := 0
	personsIn, groupsOf := map[int]int{}, map[int]int{}
	bySize, byShare := map[int]int{}, map[int]int{}
	for c, n := range cells {
		both += pairs(n)
		personsIn[c.Group]++
		groupsOf[c.Person]++
		bySize[ofGroup[c.Group]] += n * n
		byShare[ofPerson[c.Person]] += n * n
	}
	sameGroup, samePerson := 0, 0
	for _, n := range ofGroup {
		sameGroup += pairs(n)
		q.Largest = max(q.Largest, n)
	}
	for _, n := range ofPerson {
		samePerson += pairs(n)
	}
	q.Precision, q.Recall = share(both, sameGroup), share(both, samePerson)
	q.BPrecision, q.BRecall = meanShare(bySize, n), meanShare(byShare, n)
	if n > 0 {
		q.OverMerged = share(several(personsIn), len(personsIn))
		q.UnderMerged = share(several(groupsOf), len(groupsOf))
	}
	return q
}

// pairs is the number of pairs among n.
func pairs(n int) int { return n * (n - 1) / 2 }

// several counts those with two or more.
func several(counts map[int]int) int {
	n := 0
	for _, c := range counts {
		if c > 1 {
			n++
		}
	}
	return n
}

// share is a part of a whole, and 1 of nothing.
func share(part, whole int) float64 {
	if whole == 0 {
		return 1
	}
	return float64(part) / float64(whole)
}

// meanShare is the mean of B-cubed over n items, from the sums of squares for each
// size. It adds in the order of the sizes: that of a map would show in the last
// digit.
func meanShare(squares map[int]int, n int) float64 {
	if n == 0 {
		return 1
	}
	sum := 0.0
	for _, size := range slices.Sorted(maps.Keys(squares)) {
		sum += float64(squares[size]) / float64(size)
	}
	return sum / float64(n)
}
