package idlist

import (
	"context"
	"sync"
	"sync/atomic"
)

// sorted is a partition that is ready to be merged.
type sorted struct {
	records    []record // each token once, ascending
	duplicates int64
	err        error
}

// join hands the partitions to merge in their order, sorted and without their
// duplicates. The next ones are sorted meanwhile.
func join(ctx context.Context, sz sizes, parts *partitions, sh *sheet, merge func(context.Context, []record) error) (duplicates int64, err error) {
	inner, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	var results [partitionCount]chan sorted
	for i := range results {
		results[i] = make(chan sorted, 1)
	}
	// A sorter takes a buffer before it takes a partition, so the partition that
	// merge waits for is never the one that waits for a buffer.
	buffers := make(chan []record, sz.workers+1)
	for range cap(buffers) {
		buffers <- nil
	}
	var next atomic.Int32
	for range sz.workers {
		running.Go(func() {
			var s sorter
			for {
				select {
				case <-inner.Done():
					return
				case buf := <-buffers:
					i := int(next.Add(1)) - 1
					if i >= partitionCount {
						return
					}
					results[i] <- s.load(parts, i, buf, sz.run, sh)
				}
			}
		})
	}
	for i := range results {
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case part := <-results[i]:
			if part.err != nil {
				return 0, part.err
			}
			duplicates += part.duplicates
			if len(part.records) > 0 {
				if err := merge(ctx, part.records); err != nil {
					return 0, err
				}
			}
			buffers <- part.records[:0]
		}
	}
	return duplicates, nil
}

// load sorts a partition. It needs room for its distinct tokens, however often each
// is repeated: what is in hand is sorted, and its duplicates dropped, whenever the
// buffer is full.
func (s *sorter) load(parts *partitions, i int, buf []record, run int, sh *sheet) (out sorted) {
	want := int(min(parts.parts[i].records, int64(run)))
	if cap(buf) < want {
		buf = make([]record, 0, want)
	}
	duplicate := func(line uint32) {
		out.duplicates++
		sh.set(line, Duplicate)
	}
	out.err = parts.drain(i, func(rs []record) {
		for len(rs) > 0 {
			if len(buf) == cap(buf) {
				buf = unique(s.sort(buf), duplicate)
				if len(buf) > cap(buf)/2 {
					buf = append(make([]record, 0, 2*cap(buf)), buf...)
				}
			}
			n := copy(buf[len(buf):cap(buf)], rs)
			buf, rs = buf[:len(buf)+n], rs[n:]
		}
	})
	out.records = unique(s.sort(buf), duplicate)
	return out
}
