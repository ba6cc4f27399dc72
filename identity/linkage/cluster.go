package linkage

import "context"

// Edge is a pair of records that may be the same person.
type Edge struct {
	// A and B are the numbers of the records.
	A, B int32
	// Weight is the evidence that they are, in bits.
	Weight float32
}

// ClusterOptions says which clusters may join. Its zero value holds the defaults.
type ClusterOptions struct {
	// MinMean is the least mean weight in bits over all pairs across two clusters,
	// each clamped to Clamp, at which the clusters join. The default, for nil, is -2.
	MinMean *float64
	// Clamp bounds what one pair counts for or against a join, in bits. The default
	// is 12.
	Clamp float64
	// MaxSize is the most records in a cluster. The default is 200.
	MaxSize int
	// Cannot, if not nil, reports whether two records must not be in one cluster.
	Cannot func(a, b int32) bool
	// Components gives the connected components of the edges, with no regard to
	// the other options. They are there to compare with, not to be used: one wrong
	// edge welds two people together.
	Components bool
}

// cluster groups the records 0 to n-1 and returns the cluster of each: the least
// record number in it. score is asked for the weight of pairs that have no edge.
func cluster(ctx context.Context, n int, edges []Edge, score func(a, b int32) float64, opt ClusterOptions) ([]int32, error) {
	return nil, ctx.Err()
}
