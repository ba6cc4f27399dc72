package main

import (
	"errors"

	"github.com/RoaringBitmap/roaring/v2"
)

// inC copies bitmaps into CRoaring, and returns what gives the contender that asks it a
// question, named as the last part of a case's name, over the first few of them, or over
// all with 0. Where this build has no CRoaring there is no such contender, and the
// report says so.
func (r *Report) inC(bitmaps []*roaring.Bitmap) (func(question string, takes int) []contender, error) {
	ask, err := newCRoaring(bitmaps)
	if errors.Is(err, errAbsent) {
		r.Setting["gocroaring"] = "skipped: " + err.Error()
		return func(string, int) []contender { return nil }, nil
	}
	return func(question string, takes int) []contender {
		return []contender{{"gocroaring", ask(question, takes)}}
	}, err
}

// tellStanding reports, for those of the cases that a rival took part in, the mean of
// its ratios and what all its times together are beside Portrait's.
func (r *Report) tellStanding(of string, cases []Case, who string) {
	var took []Case
	var theirs, ours float64
	for _, c := range cases {
		if ns, ok := c.NsPerOp[who]; ok {
			took = append(took, c)
			theirs += ns
			ours += c.NsPerOp[subject]
		}
	}
	if len(took) > 0 {
		r.Summary["geometric_mean_of_ratio_to_"+who+",_"+of] = geomean(took, who)
		r.Summary["ratio_of_sums_to_"+who+",_"+of] = theirs / ours
	}
}
