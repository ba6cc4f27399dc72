package portrait

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/pack"
	"github.com/portraitdb/portrait/profile"
)

// Refusal is one record of what identity rules refused: an identifier of an
// event that was dropped, or an edge that an event or a decision brought and
// that united nothing. It tells what was so when it was written; ask
// [View.ExplainIdentity] for what is so now.
type Refusal struct {
	// Number counts the records of the store, from 0.
	Number uint64
	// Epoch is the commit that wrote it.
	Epoch uint64
	// Rule is the reason: of a dropped identifier one of package identity's Reason,
	// such as "blocked", of an edge one of its Rule, such as "unique".
	Rule string
	// Detail says more where there is more to say, such as the entry of a blocked
	// list.
	Detail string
	// Namespace is that of the dropped identifier, or the one whose rule refused
	// the edge; empty where the rule is none of a namespace.
	Namespace string
	// A and B are the ends of a refused edge, the weaker first. They are zero for a
	// dropped identifier, whose value is not kept.
	A, B profile.Identifier
	// Hash is a keyed hash of a dropped identifier, equal for equal ones; empty of one
	// that is suppressed.
	Hash string
	// Source, MessageID and Time are those of the event. Of a decision Source is
	// "decision", MessageID its ID and Time its time; of a Suggest it is "linkage",
	// with the time of the call.
	Source, MessageID string
	Time              time.Time
}

// cause is what brought about a refusal.
type cause struct {
	source, id string
	of         identity.Token // the strongest identifier of the event; zero of anything else
	at         profile.Instant
	index      int // of the event in its request
	req        *request
	tell       identity.Pair // of a decision: the one whose refusal it is told of
}

// tally counts refusals by rule and namespace. One that is shared is not
// changed.
type tally map[[2]string]uint64

// refuseEdges records the edges that the resolver refused, and warns of them
// where the policy of the weaker end asks for it.
func (t *txn) refuseEdges(refused []identity.Refusal, why *cause) error {
	for _, r := range refused {
		if why.req != nil {
			why.req.result.Refused++
			weak, err := t.must(r.Pair.Weak)
			if err != nil {
				return err
			}
			if t.cat.rules.Conflict(weak.id.Namespace) == identity.Refuse {
				strong, err := t.must(r.Pair.Strong)
				if err != nil {
					return err
				}
				why.req.result.Warnings = append(why.req.result.Warnings, Warning{
					Index: why.index, Rule: r.Rule.String(),
					Detail: fmt.Sprintf("%s and %s were not united", weak.id.Namespace, strong.id.Namespace),
				})
			}
		}
		if r.Pair == why.tell {
			ref := Refusal{
				Number: t.meta.refusals, Epoch: t.meta.epoch + 1, Rule: r.Rule.String(), Namespace: r.Namespace,
				Source: why.source, MessageID: why.id, Time: why.at.Time(),
			}
			for _, end := range [...]struct {
				token identity.Token
				into  *profile.Identifier
			}{{r.Pair.Weak, &ref.A}, {r.Pair.Strong, &ref.B}} {
				n, err := t.must(end.token)
				if err != nil {
					return err
				}
				*end.into = n.id
			}
			t.refused = append(t.refused, ref)
		}
		t.refuse(r.Rule.String(), "", r.Namespace, r.Pair.Weak[:], r.Pair.Strong[:], why)
	}
	return nil
}

// maxDetail is how many bytes of a namespace that is not declared are kept.
const maxDetail = 64

// drop records the identifiers of an event that do not count.
func (t *txn) drop(drops []drop, why *cause) {
	for _, d := range drops {
		namespace, detail := d.err.Namespace, d.err.Rule
		if d.err.Reason == identity.UnknownNamespace { // senders may invent any number
			namespace, detail = "", strings.ToValidUTF8(namespace[:min(len(namespace), maxDetail)], "")
		}
		token := d.token
		if _, suppressed := t.suppression(token); suppressed || d.err.Reason == identity.Suppressed {
			token = identity.Token{} // Nothing may lead to somebody who was erased.
		}
		t.refuse(string(d.err.Reason), detail, namespace, token[:], nil, why)
	}
}

// refuse writes one record and counts it.
func (t *txn) refuse(rule, detail, namespace string, a, b []byte, why *cause) {
	if t.tally == nil {
		t.tally = tally{}
		maps.Copy(t.tally, t.db.tally)
	}
	t.tally[[2]string{rule, namespace}]++
	if t.db.opts.MaxRefusals < 0 {
		return
	}
	t.key = keys.AppendRefusal(t.key[:0], t.meta.refusals)
	t.meta.refusals++
	rec := refusalRecord{a: a, b: b, of: why.of, Refusal: Refusal{
		Epoch: t.meta.epoch + 1, Rule: rule, Detail: detail, Namespace: namespace,
		Source: t.withoutErased(why.source), MessageID: t.withoutErased(why.id), Time: why.at.Time(),
	}}
	t.scratch = rec.append(t.scratch[:0])
	t.batch.Set(t.key, t.scratch)
}

// withoutErased returns a text that a sender gave something; empty where it is an identifier
// that is suppressed.
func (t *txn) withoutErased(text string) string {
	if text == "" || len(t.db.suppressed)+len(t.suppressed) == 0 {
		return text
	}
	gone := func(id profile.Identifier) bool {
		_, suppressed := t.suppression(t.db.tokens.Token(id))
		return suppressed
	}
	if t.cat.rules.Spells(profile.String(text), gone) {
		return ""
	}
	return text
}

// writeTally stores the counts, and trims the records beyond Options.MaxRefusals.
func (t *txn) writeTally() {
	if t.tally == nil {
		return
	}
	t.key = keys.AppendMeta(t.key[:0], metaTally)
	t.scratch = t.tally.append(t.scratch[:0])
	t.batch.Set(t.key, t.scratch)
	most := uint64(max(t.db.opts.MaxRefusals, 0))
	if kept := t.meta.refusals - t.meta.trimmed; kept > most+most/8 {
		from := t.meta.trimmed
		t.meta.trimmed = t.meta.refusals - most
		t.batch.DeleteRange(keys.AppendRefusal(nil, from), keys.AppendRefusal(nil, t.meta.trimmed))
	}
}

func (c tally) append(dst []byte) []byte {
	dst = append(dst, recordVersion)
	dst = pack.AppendArray(dst, 3*len(c))
	for _, n := range c.counts() {
		dst = pack.AppendString(dst, n.Rule)
		dst = pack.AppendString(dst, n.Namespace)
		dst = pack.AppendUint(dst, n.Count)
	}
	return dst
}

// counts lists the tally in the order of its rules and namespaces.
func (c tally) counts() []identity.RefusalCount {
	out := make([]identity.RefusalCount, 0, len(c))
	for k, n := range c {
		out = append(out, identity.RefusalCount{Rule: k[0], Namespace: k[1], Count: n})
	}
	slices.SortFunc(out, func(a, b identity.RefusalCount) int {
		if c := strings.Compare(a.Rule, b.Rule); c != 0 {
			return c
		}
		return strings.Compare(a.Namespace, b.Namespace)
	})
	return out
}

func decodeTally(data []byte) (tally, error) {
	r := openRecord(data)
	n := r.Array(1)
	if n%3 != 0 {
		r.Fail(fmt.Errorf("%d fields", n))
	}
	c := tally{}
	var last [2]string
	for i := 0; i < n && r.Err() == nil; i += 3 {
		kind := [2]string{r.String(), r.String()}
		if i > 0 && slices.Compare(last[:], kind[:]) >= 0 {
			r.Fail(errors.New("kinds are not ascending"))
		}
		c[kind], last = r.Uint(), kind
	}
	return c, closeRecord("tally", &r)
}

// Refusals yields the records of what identity rules refused, oldest first, from
// a number on. The oldest are trimmed; see Options.MaxRefusals. An error comes at
// most once, last.
func (v *View) Refusals(ctx context.Context, from uint64) iter.Seq2[Refusal, error] {
	return records(ctx, v, keys.AppendRefusal(nil, from), keys.Refusal, v.epoch.refusal)
}

// refusal reads one record.
func (e *epoch) refusal(key, data []byte) (Refusal, error) {
	rec, err := decodeRefusal(key, data)
	if err != nil {
		return Refusal{}, err
	}
	out := rec.Refusal
	if len(rec.b) == 0 {
		if identity.Token(rec.a) != (identity.Token{}) {
			out.Hash = hex.EncodeToString(rec.a)
		}
		return out, nil
	}
	out.A, out.B, err = e.ends(identity.Pair{Weak: identity.Token(rec.a), Strong: identity.Token(rec.b)})
	return out, err
}

// refusalRecord is a Refusal as it is stored: with the tokens of its ends, of
// which a dropped identifier has only one, and whose event it was.
type refusalRecord struct {
	Refusal
	a, b []byte
	of   identity.Token // zero where it was nobody's event
}

func (rec *refusalRecord) append(dst []byte) []byte {
	dst = append(dst, recordVersion)
	dst = pack.AppendArray(dst, 10)
	dst = pack.AppendUint(dst, rec.Epoch)
	for _, s := range [...]string{rec.Rule, rec.Detail, rec.Namespace} {
		dst = pack.AppendString(dst, s)
	}
	dst = pack.AppendBin(dst, rec.a)
	dst = pack.AppendBin(dst, rec.b)
	dst = pack.AppendString(dst, rec.Source)
	dst = pack.AppendString(dst, rec.MessageID)
	dst = pack.AppendInt(dst, int64(profile.InstantOf(rec.Time)))
	if rec.of == (identity.Token{}) {
		return pack.AppendBin(dst, nil)
	}
	return pack.AppendBin(dst, rec.of[:])
}

func decodeRefusal(key, data []byte) (rec refusalRecord, err error) {
	number, ok := keys.ReadRefusal(key)
	if !ok {
		return rec, fmt.Errorf("%w: refusal key of %d bytes", ErrCorrupt, len(key))
	}
	r := openRecord(data)
	r.Fields("refusal", 10)
	rec.Number, rec.Epoch = number, r.Uint()
	rec.Rule, rec.Detail, rec.Namespace = r.String(), r.String(), r.String()
	rec.a, rec.b = slices.Clone(r.Bin()), slices.Clone(r.Bin())
	if r.Err() == nil && (len(rec.a) != keys.TokenLen || len(rec.b) != 0 && len(rec.b) != keys.TokenLen) {
		r.Fail(fmt.Errorf("tokens of %d and %d bytes", len(rec.a), len(rec.b)))
	}
	rec.Source, rec.MessageID = r.String(), r.String()
	rec.Time = profile.Instant(r.Int()).Time()
	switch of := r.Bin(); {
	case r.Err() != nil || len(of) == 0:
	case len(of) != keys.TokenLen || identity.Token(of) == identity.Token{}:
		r.Fail(fmt.Errorf("a token of %d bytes, or of nobody", len(of)))
	default:
		rec.of = identity.Token(of)
	}
	return rec, closeRecord("refusal", &r)
}
