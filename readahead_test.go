package portrait

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"
)

func upTo(n int) func(func(int) bool) {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// Whatever is read ahead comes in order, to the end, to the first error or to the break; and
// nobody reads any more once the loop is over.
func TestReadAhead(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	r := rand.New(rand.NewPCG(1, 9))
	fault := errors.New("fault")
	for range 400 {
		n := r.IntN(3000) >> r.IntN(10)
		failAt, breakAt, cancelAt := n+1, n+1, n+1
		switch r.IntN(4) {
		case 0:
			failAt = r.IntN(n + 1)
		case 1:
			breakAt = r.IntN(n + 1)
		case 2:
			cancelAt = r.IntN(n + 1)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		var reading, most atomic.Int64
		yielded, last := 0, -1
		var got error
		for x, err := range readAhead(ctx, &crew{}, upTo(n), func(i int) (int, bool, error) {
			reading.Add(1)
			defer reading.Add(-1)
			for m := most.Load(); int64(i) > m && !most.CompareAndSwap(m, int64(i)); m = most.Load() {
			}
			if i == failAt {
				return 0, false, fault
			}
			return i, i%3 != 0, nil
		}) {
			if got != nil {
				t.Fatal("an error was not the last")
			}
			if got = err; err != nil {
				continue
			}
			if x <= last || x%3 == 0 || x-last > 2 {
				t.Fatalf("%d after %d", x, last)
			}
			last = x
			if yielded++; last >= breakAt {
				break
			}
			if last >= cancelAt {
				cancel(fault)
			}
		}
		cancel(nil)
		if reading.Load() != 0 {
			t.Fatal("somebody reads on")
		}
		if ahead := int(most.Load()) - last; ahead > 9*aheadShare {
			t.Fatalf("%d items ahead", ahead)
		}
		whole := n - (n+2)/3
		switch {
		case failAt < n && (!errors.Is(got, fault) || yielded != failAt-(failAt+2)/3):
			t.Fatalf("of %d, a fault at %d: %d came, %v", n, failAt, yielded, got)
		case failAt > n && breakAt > n && cancelAt > n && (got != nil || yielded != whole):
			t.Fatalf("of %d: %d came, %v", n, yielded, got)
		case cancelAt <= n && got == nil && yielded != whole, cancelAt <= n && got != nil && !errors.Is(got, fault):
			t.Fatalf("of %d, cancelled at %d: %d came, %v", n, cancelAt, yielded, got)
		case breakAt <= n && got != nil:
			t.Fatalf("broken off: %v", got)
		}
	}
}
