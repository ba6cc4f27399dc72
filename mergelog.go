package portrait

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/pack"
	"github.com/portraitdb/portrait/profile"
)

// logMerges counts and records the profiles that were regrouped: a record for
// each profile that now holds nodes of several earlier ones, or of one that
// others hold nodes of too. Nodes may also go from one profile to another, so
// that profiles merge and split and there are as many as before: only those that
// are gone, or new, are counted. afters are the ordinals of the profiles touched.
func (t *txn) logMerges(afters map[uint32]bool) {
	was := map[identity.Token]uint32{}
	for ordinal, p := range t.befores {
		for _, m := range p.comp.members {
			was[m] = ordinal
		}
	}
	sources := make(map[*component][]uint32)
	uses := map[uint32]int{}
	for _, c := range t.touched {
		if !c.all || c.now == nil {
			continue
		}
		var from []uint32
		for _, m := range c.members {
			if o, ok := was[m]; ok && !slices.Contains(from, o) {
				from = append(from, o)
				uses[o]++
			}
		}
		slices.Sort(from)
		sources[c] = from
	}
	groups := slices.SortedFunc(maps.Keys(sources), func(a, b *component) int {
		return cmp.Compare(a.now.ordinal, b.now.ordinal)
	})
	for _, c := range groups {
		from := sources[c]
		split := slices.ContainsFunc(from, func(o uint32) bool { return uses[o] > 1 })
		if len(from) == 0 || len(from) == 1 && !split && from[0] == c.now.ordinal {
			continue
		}
		for _, o := range from {
			if !afters[o] {
				afters[o] = true // counted
				t.meta.merges++
			}
		}
		if t.befores[c.now.ordinal] == nil {
			t.meta.splits++
		}
		t.putMerge(c.now.ordinal, from)
	}
}

// putMerge writes one record of the merge log: the profile, and the profiles
// whose identifiers it took in.
func (t *txn) putMerge(into uint32, from []uint32) {
	t.key = keys.AppendMergeLog(t.key[:0], t.meta.epoch+1, uint32(len(t.merged)))
	m := Merge{Epoch: t.meta.epoch + 1, Into: profile.MakeID(0, into), From: make([]profile.ID, len(from))}
	for i, o := range from {
		m.From[i] = profile.MakeID(0, o)
	}
	t.merged = append(t.merged, m)
	t.scratch = appendMerge(t.scratch[:0], into, from)
	t.batch.Set(t.key, t.scratch)
}

// Merge is one record of the merge log: after the commit of Epoch the profile
// Into held identifiers of the profiles From, of which there are several after a
// merge, and which others hold identifiers of too after a split. From is one other
// ID where that went because its identifier names nobody any more.
type Merge struct {
	Epoch uint64
	Into  profile.ID
	From  []profile.ID
}

// Merges yields the merge log, oldest first, from an epoch on, that one included.
// An error comes at most once, last.
func (v *View) Merges(ctx context.Context, since uint64) iter.Seq2[Merge, error] {
	return records(ctx, v, keys.AppendMergeLog(nil, since, 0), keys.MergeLog, decodeMerge)
}

// records yields the records of one log, from a key on.
func records[T any](ctx context.Context, v *View, from []byte, space byte, decode func(key, data []byte) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var rec T
		if err := v.unbounded("a record of identity"); err != nil {
			yield(rec, err)
			return
		}
		if err := v.enter(); err != nil {
			yield(rec, err)
			return
		}
		defer v.leave()
		for kv, err := range v.epoch.snap.Scan(from, keys.End([]byte{space})) {
			if err == nil && ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			if err == nil {
				rec, err = decode(kv.Key, kv.Value)
			}
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			if !yield(rec, nil) {
				return
			}
		}
	}
}

func appendMerge(dst []byte, into uint32, from []uint32) []byte {
	dst = append(dst, recordVersion)
	dst = pack.AppendArray(dst, 2)
	dst = pack.AppendUint(dst, uint64(into))
	dst = pack.AppendArray(dst, len(from))
	for _, o := range from {
		dst = pack.AppendUint(dst, uint64(o))
	}
	return dst
}

func decodeMerge(key, data []byte) (Merge, error) {
	epoch, ok := keys.ReadLog(key)
	if !ok {
		return Merge{}, fmt.Errorf("%w: merge log key of %d bytes", ErrCorrupt, len(key))
	}
	r := openRecord(data)
	r.Fields("merge", 2)
	m := Merge{Epoch: epoch, Into: profile.MakeID(0, r.Uint32())}
	m.From = make([]profile.ID, r.Array(1))
	for i := range m.From {
		m.From[i] = profile.MakeID(0, r.Uint32())
	}
	if err := closeRecord("merge", &r); err != nil {
		return Merge{}, err
	}
	return m, nil
}
