package portrait

import (
	"context"
	"errors"
	"fmt"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
)

// damagedHold is the reference of a hold that could not be read any more.
const damagedHold = "damaged"

// rights looks after what people were promised: a record that cannot be read is taken for
// the one that promises the most, so that nobody is let go by damage.
func (r *repair) rights() error {
	now := r.now()
	if err := r.scan([]byte{keys.Suppression}, func(key, value []byte) error {
		token, err := tokenOf(key)
		if err != nil {
			r.lose("a suppression: whose it is: key of %d bytes", len(key))
			r.batch.Delete(key)
			return nil
		}
		if _, err := decodeSuppression(value); err != nil {
			r.lose("suppression of %s: %v: it is suppressed for good", token, err)
			r.batch.Set(key, suppression{at: now, lifted: profile.Never, unpurged: true}.append(nil))
		}
		return nil
	}); err != nil {
		return err
	}
	held := map[identity.Token]holds{}
	if err := r.scan([]byte{keys.Hold}, func(key, value []byte) error {
		token, err := tokenOf(key)
		if err != nil {
			r.lose("a hold: whose it is: key of %d bytes", len(key))
			r.batch.Delete(key)
			return nil
		}
		h, err := decodeHolds(value)
		if err != nil {
			r.lose("hold on %s: %v: it is held under %q", token, err, damagedHold)
			h = holds{{ref: damagedHold, at: now}}
			r.batch.Set(key, h.append(nil))
		}
		if r.graph.find(token) == nil {
			r.lose("hold on %s: the node is not there", token)
		}
		held[token] = h
		return nil
	}); err != nil {
		return err
	}
	return r.holdAgain(held)
}

// holdAgain puts those under a hold again who are, as the audit log has it.
func (r *repair) holdAgain(held map[identity.Token]holds) error {
	on, err := r.epoch().heldOnRecord(r.ctx)
	if err != nil || len(on) == 0 {
		return nil //nolint:nilerr // audit tells of it
	}
	for i := range r.graph.nodes {
		token := r.graph.nodes[i].token
		h, missing := held[token], uint64(0)
		for ref, since := range on[r.db.pseudonyms.of(token)] {
			if _, has := h.find(ref); !has {
				h = h.with(holds{{ref: ref, at: since}})
				missing++
			}
		}
		if missing > 0 {
			r.kind("holds").Missing += missing
			r.batch.Set(keys.AppendHold(nil, token), h.append(nil))
		}
	}
	return nil
}

// heldOnRecord returns who is held under which references and since when, as far as the
// audit log goes back.
func (e *epoch) heldOnRecord(ctx context.Context) (map[privacy.Pseudonym]map[string]profile.Instant, error) {
	on := map[privacy.Pseudonym]map[string]profile.Instant{}
	for rec, err := range e.audit(ctx, 0) {
		if err != nil {
			return nil, err
		}
		for _, s := range rec.Subjects {
			switch rec.What {
			case didHold:
				if on[s] == nil {
					on[s] = map[string]profile.Instant{}
				}
				if _, has := on[s][rec.Detail]; !has {
					on[s][rec.Detail] = profile.InstantOf(rec.At)
				}
			case didRelease:
				delete(on[s], rec.Detail)
			case didErase, didAnonymise, didReplay: // of a replay: who was held in a copy, and released later
				delete(on, s)
			}
		}
	}
	return on, nil
}

// audit looks whether the audit log is whole.
func (r *repair) audit() error {
	if _, err := r.auditEnd(); err != nil {
		return err
	}
	if r.head != nil && !r.begun {
		return nil // it is written with the record of the repair
	}
	_, err := r.epoch().verifyAudit(r.ctx, nil)
	if errors.Is(err, ErrCorrupt) {
		r.lose("%v", err)
		return nil
	}
	return err
}

// auditEnd is auditEnd of what the repair reads, and mends a head that cannot be read: the log is
// taken to end with its last record.
func (r *repair) auditEnd() (privacy.Head, error) {
	if r.head != nil {
		return *r.head, nil
	}
	head, err := auditEnd(r.snap)
	if !errors.Is(err, ErrCorrupt) {
		return head, err
	}
	r.lose("audit log: where it ends: %v", err)
	head = privacy.Head{}
	for rec, err := range r.epoch().audit(r.ctx, 0) {
		if err != nil {
			break
		}
		head = rec.Head
	}
	r.head = &head
	r.batch.Set(keys.AppendMeta(nil, metaAudit), appendHead(nil, head))
	return head, nil
}

// records looks for records of what happened that cannot be read: nothing else tells what
// they said.
func (r *repair) records() error {
	data, ok, err := r.snap.GetTo(nil, keys.AppendMeta(nil, metaTally))
	if err != nil {
		return err
	}
	if _, err := decodeTally(data); ok && err != nil {
		r.lose("the counts of refusals: %v: they begin anew", err)
		r.batch.Delete(keys.AppendMeta(nil, metaTally))
	}
	taken := uint64(0)
	for space, read := range recordReaders {
		if err := r.scan([]byte{space}, func(key, value []byte) error {
			if space == keys.Dedup {
				taken++
			}
			if err := read(key, value); err != nil {
				r.lose("%v", err)
			}
			return nil
		}); err != nil {
			return err
		}
	}
	if taken != r.meta.accepted {
		r.lose("accepted events: %d are on record, %d were accepted", taken, r.meta.accepted)
	}
	return nil
}

// recordReaders read the spaces of what happened, and say what is wrong with a record.
var recordReaders = map[byte]func(key, value []byte) error{
	keys.Audit:    func(key, value []byte) error { _, _, err := decodeDecided(key, value); return err },
	keys.MergeLog: func(key, value []byte) error { _, err := decodeMerge(key, value); return err },
	keys.Refusal:  func(key, value []byte) error { _, err := decodeRefusal(key, value); return err },
	keys.Revision: func(_, value []byte) error { _, err := decodeRevision(value); return err },
	keys.Dedup:    readDedup,
}

// readDedup makes sure that the record of an accepted event can be one.
func readDedup(key, value []byte) error {
	if len(key) != 1+4+keys.DedupHashLen || len(value) != 8 {
		return fmt.Errorf("%w: accepted event: key of %d bytes, value of %d", ErrCorrupt, len(key), len(value))
	}
	return nil
}

// end commits the rest, the store's own state where it changed, and a record of the repair.
func (r *repair) end() error {
	done := r.report()
	if done.Total() == 0 && done.LostTotal == 0 {
		r.batch.Reset()
		return nil
	}
	if err := r.turn(); err != nil { // the head of the audit log may be new
		return err
	}
	head, err := auditEnd(r.snap)
	if err != nil {
		return err
	}
	r.begun = true
	r.meta.epoch++
	chainAfter(r.batch, head, r.attested(fmt.Sprintf("mended %d, lost %d", done.Total(), done.LostTotal)))
	r.keepState()
	return r.commit(true)
}

// attested is a record of the repair for the audit log.
func (r *repair) attested(detail string) *privacy.Record {
	return &privacy.Record{Epoch: r.meta.epoch, At: r.now().Time(), What: didRepair, Detail: detail, Note: privacy.NoteOf(r.ctx)}
}

func (r *repair) now() profile.Instant {
	return max(r.meta.instant, profile.InstantOf(r.db.opts.Clock()))
}
