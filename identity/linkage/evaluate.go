package linkage

// Evaluation tells how well clusters match the truth.
type Evaluation struct {
	// Records counts the records that were looked at.
	Records int `json:"records"`
	// Pairs compares the pairs of records in one cluster with those of one person.
	Pairs PairQuality `json:"pairs"`
	// BCubed averages over records how much of a record's cluster is the same person
	// (precision) and how much of the person is in its cluster (recall).
	BCubed Quality `json:"bcubed"`
	// Clusters counts the clusters, and Largest the records in the largest.
	Clusters int `json:"clusters"`
	Largest  int `json:"largest"`
	// People counts the true people.
	People int `json:"people"`
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

// Evaluate compares clusters, which holds the cluster of each record, with truth,
// which holds its person.
func Evaluate[T comparable](clusters []int32, truth []T, opt EvaluationOptions) (Evaluation, error) {
	return Evaluation{}, nil
}

// EvaluatePairs is Evaluate for a truth given as pairs of records that are the
// same person.
func EvaluatePairs(clusters []int32, truth [][2]int32, opt EvaluationOptions) (Evaluation, error) {
	return Evaluation{}, nil
}
