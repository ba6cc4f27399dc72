package main

import (
	"runtime"
	"sync"
)

// jaroWinkler is the similarity of Jaro and Winkler of two ASCII strings of at
// most 64 bytes, as one writes it by hand.
func jaroWinkler(a, b string) float64 {
	if a == "" || b == "" {
		return 0
	}
	window := max(0, max(len(a), len(b))/2-1)
	var inA, inB uint64
	shared := 0
	for i := range len(a) {
		for k := max(0, i-window); k < min(len(b), i+window+1); k++ {
			if inB&(1<<k) == 0 && a[i] == b[k] {
				inA, inB = inA|1<<i, inB|1<<k
				shared++
				break
			}
		}
	}
	if shared == 0 {
		return 0
	}
	moved, k := 0, 0
	for i := range len(a) {
		if inA&(1<<i) == 0 {
			continue
		}
		for inB&(1<<k) == 0 {
			k++
		}
		if a[i] != b[k] {
			moved++
		}
		k++
	}
	m := float64(shared)
	jaro := (m/float64(len(a)) + m/float64(len(b)) + (m-float64(moved/2))/m) / 3
	prefix := 0
	for prefix < min(4, len(a), len(b)) && a[prefix] == b[prefix] {
		prefix++
	}
	return jaro + 0.1*float64(prefix)*(1-jaro)
}

// compareNames compares so many pairs of a list of names, divided among as many
// goroutines as there are processors to be used, and returns how many are alike.
func compareNames(names []string, pairs int64) int64 {
	workers := int64(runtime.GOMAXPROCS(0))
	alike := make([]int64, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			n := int64(0)
			// The distance grows by one a lap, so that no pair comes twice soon.
			for k := w * pairs / workers; k < (w+1)*pairs/workers; k++ {
				i := k % int64(len(names))
				other := (i + 1 + k/int64(len(names))) % int64(len(names))
				if jaroWinkler(names[i], names[other]) > 0.88 {
					n++
				}
			}
			alike[w] = n
		})
	}
	wg.Wait()
	total := int64(0)
	for _, n := range alike {
		total += n
	}
	return total
}
