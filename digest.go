package portrait

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/bits"
	"slices"
	"time"

	"github.com/portraitdb/portrait/internal/pack"
	"github.com/portraitdb/portrait/profile"
)

// Digest is a fingerprint of everybody in a store: which identifiers each
// profile has, what was folded into it, and its tags at one instant. Two stores
// that took the same events and decisions in, in whatever order and batches,
// under one model, have the same Digest of an instant that neither has passed.
type Digest [32]byte

// String returns the digest in hexadecimal.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// Digest fingerprints the view with its traits and tags as they are at an instant;
// the zero time means the view's own. What lies before the store's instant is no
// longer kept: such an instant is an error. It reads every profile.
func (v *View) Digest(ctx context.Context, at time.Time) (Digest, error) {
	return inside(v, func() (Digest, error) { return v.digest(ctx, at) })
}

// digest adds up, as 256-bit integers, the hash of each profile: the sum does
// not depend on the order of the profiles, nor on their IDs.
func (v *View) digest(ctx context.Context, at time.Time) (sum Digest, err error) {
	if err := v.unbounded("the digest"); err != nil {
		return sum, err
	}
	instant := v.at
	if !at.IsZero() {
		if instant = profile.InstantOf(at); instant < v.epoch.instant {
			return Digest{}, fmt.Errorf("portrait: digest at %s: the store has gone on to %s", instant, v.epoch.instant)
		}
	}
	var buf []byte
	for m, err := range v.members(ctx, nil, v.epoch.cat.lists) {
		if err != nil {
			return Digest{}, err
		}
		buf = v.appendMember(buf[:0], m, instant)
		sum.add(sha256.Sum256(buf))
	}
	return sum, nil
}

// appendMember appends the canonical form of one profile.
func (v *View) appendMember(dst []byte, m *member, at profile.Instant) []byte {
	ids := make([]profile.Identifier, len(m.nodes))
	for i, n := range m.nodes {
		ids[i] = n.id
	}
	slices.SortFunc(ids, profile.Identifier.Compare)
	dst = pack.AppendArray(dst, len(ids))
	for _, id := range ids {
		dst = pack.AppendString(pack.AppendString(dst, id.Namespace), id.Value)
	}
	st := m.state()
	cat := v.epoch.cat
	dst = cat.appendKnown(dst, st, at)
	for _, name := range sortedKeys(cat.computed) {
		if cat.lags(cat.computed[name].Deps()) {
			continue
		}
		if value, ok, _ := cat.computed[name].Eval(st, at); ok && fits(value, cat.traits[name]) {
			dst = profile.AppendValue(pack.AppendString(dst, name), value)
		}
	}
	for _, t := range cat.tags {
		if ok, _ := t.program.Eval(st, at); ok && !t.filling {
			dst = pack.AppendString(pack.AppendBool(dst, t.segment), t.def.Name)
			if t.values != nil {
				value, _, _ := t.value(st, at)
				dst = profile.AppendValue(dst, value)
			}
		}
	}
	return dst
}

// appendKnown appends what is known of a person: what the state reads as, and not
// its bytes, which also tell what was declared when an event came.
func (c *catalog) appendKnown(dst []byte, st *profile.State, at profile.Instant) []byte {
	first, last, _ := st.Span()
	dst = pack.AppendUint(dst, st.Events())
	dst = pack.AppendInt(pack.AppendInt(dst, int64(first.At)), int64(last.At))
	for t, policy := range st.Attributes() {
		if retain := c.traits[t.Name].Retain; retain > 0 && policy == c.traits[t.Name].Policy {
			if _, ok, _ := st.Kept(t.Name, policy, retain, at); !ok {
				continue
			}
		}
		dst = pack.AppendUint(pack.AppendString(dst, t.Name), uint64(policy))
		dst = profile.AppendValue(dst, t.Value)
	}
	dst = append(appendConsents(dst, st), 0)
	for c := range st.Counters() {
		dst = pack.AppendUint(pack.AppendString(dst, c.Event), c.Count)
		dst = pack.AppendInt(pack.AppendInt(dst, int64(c.First)), int64(c.Last))
		for _, n := range c.Numbers {
			dst = pack.AppendUint(pack.AppendString(dst, n.Property), n.Count)
			dst = pack.AppendString(dst, n.Sum.String())
			for _, x := range [...]float64{n.Min, n.Max, n.First, n.Last} {
				dst = profile.AppendValue(dst, profile.Number(x))
			}
			for _, at := range [...]profile.Instant{n.MinAt, n.MaxAt, n.FirstAt, n.LastAt} {
				dst = pack.AppendInt(dst, int64(at))
			}
		}
		for _, u := range c.Uniques {
			dst = pack.AppendUint(pack.AppendString(dst, u.Property), uint64(u.Count))
			dst = pack.AppendBool(dst, u.Overflowed)
		}
	}
	return append(dst, 0)
}

// appendConsents appends what is held of purposes, and objections.
func appendConsents(dst []byte, st *profile.State) []byte {
	add := func(records []profile.ConsentRecord) {
		for _, r := range records {
			dst = profile.AppendConsents(append(dst, 1), []profile.Consent{r.Consent})
			dst = pack.AppendInt(dst, int64(profile.InstantOf(r.At)))
			dst = pack.AppendString(pack.AppendString(dst, r.Source), r.MessageID)
		}
	}
	for purpose := range st.Purposes() {
		add(st.Consents(purpose))
	}
	add(st.Objections(profile.Restricted))
	add(st.Objections(profile.NoAutomation))
	return dst
}

func (d *Digest) add(h [32]byte) {
	var carry uint64
	for i := 24; i >= 0; i -= 8 {
		var word uint64
		word, carry = bits.Add64(binary.BigEndian.Uint64(d[i:]), binary.BigEndian.Uint64(h[i:]), carry)
		binary.BigEndian.PutUint64(d[i:], word)
	}
}
