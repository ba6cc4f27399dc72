package profile

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// spans walks what Spans hold, the latest first.
type spans struct {
	scan
	gap   uint64
	span  SpanFold
	begun bool
}

func (w *spans) next() bool {
	if w.done() {
		return false
	}
	if !w.begun {
		w.begun, w.span.Last = true, Instant(w.int())
	} else {
		room := uint64(w.span.First) ^ 1<<63 // how far back there are instants
		pause := w.uint()
		if room <= w.gap || pause > room-w.gap-1 {
			w.fail()
		}
		w.span.Last = w.span.First - Instant(w.gap) - Instant(pause) - 1
	}
	w.span.First = w.earlier(w.span.Last)
	w.span.Events = w.uint()
	return !w.bad
}

// appendSpans appends runs that ascend, the latest first.
func appendSpans(dst []byte, all []SpanFold, gap uint64) []byte {
	for i, v := range slices.Backward(all) {
		if i == len(all)-1 {
			dst = appendZigzag(dst, int64(v.Last))
		} else {
			dst = binary.AppendUvarint(dst, uint64(all[i+1].First-v.Last)-gap-1)
		}
		dst = binary.AppendUvarint(binary.AppendUvarint(dst, uint64(v.Last-v.First)), v.Events)
	}
	return dst
}

// joinSpans unites the runs of both and appends them.
func (s *series) joinSpans(dst []byte, o *series) []byte {
	all := append(s.Spans(), o.Spans()...)
	slices.SortFunc(all, func(a, b SpanFold) int { return cmp.Compare(a.First, b.First) })
	kept := all[:1]
	for _, v := range all[1:] {
		last := &kept[len(kept)-1]
		if v.First <= last.Last || uint64(v.First-last.Last) <= s.param {
			last.Last, last.Events = max(last.Last, v.Last), addCount(last.Events, v.Events)
		} else {
			kept = append(kept, v)
		}
	}
	s.oldest = int64(kept[0].First)
	return appendSpans(dst, kept, s.param)
}

// cut drops the runs that end more than a gap before an instant, and what of the
// others lies before it.
func (s *series) cut(begin Instant) {
	all := s.Spans()
	kept := all[:0]
	for _, v := range all {
		if v.Last < begin && uint64(begin-v.Last) > s.param {
			continue
		}
		if v.First < begin {
			v.First, v.Events = min(v.Last, begin-1), 0
		}
		kept = append(kept, v)
	}
	if s.body = ""; len(kept) > 0 {
		s.oldest, s.body = int64(kept[0].First), string(appendSpans(nil, kept, s.param))
	}
}
