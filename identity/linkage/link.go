package linkage

// Options are what a run of Link may be told apart from the model. The zero value
// and nil are the defaults.
type Options struct {
	// Apart lists pairs of records that must not be in one cluster, whatever their
	// weight.
	Apart [][2]int
	// Workers is how many goroutines score. The default is GOMAXPROCS. The result
	// does not depend on it.
	Workers int
	// Progress, if not nil, is told now and then how many of the pairs to compare
	// are done. It is called by one goroutine at a time and must not block.
	Progress func(done, total int64)
}

// Result is what Link found.
type Result struct {
	// Pairs are the pairs with at least the weight of Thresholds.Review (or Join, if
	// that is less), strongest first, then by A and B.
	Pairs []Edge
	// Clusters is the cluster of each record: the least record number in it.
	Clusters []int32
	// Review are the Pairs of at least the weight of Thresholds.Review whose records
	// are in different clusters: what a person should look at, strongest first.
	Review []Edge
	// Counts says how much work it was.
	Counts Counts
}

// Counts says how much work a Link was.
type Counts struct {
	// Records, and Compared pairs of them.
	Records  int
	Compared int64
	// Matches counts the pairs of at least the weight of Thresholds.Match.
	Matches int
	// Keys counts the distinct values of blocking keys. SkippedKeys of them were
	// shared by more than Blocking.MaxPosting records, LongestKey by the most.
	Keys        int
	SkippedKeys int
	LongestKey  int
}
