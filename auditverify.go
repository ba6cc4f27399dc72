package portrait

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
)

// Audit yields the audit log from a number on, oldest first: what was done to whose data,
// by keyed pseudonyms; see [Privacy.Pseudonym]. Numbers count from 1 without gaps; the oldest
// are gone that [Privacy.PruneAudit] took out. An error comes at most once, last.
func (p *Privacy) Audit(ctx context.Context, from uint64) iter.Seq2[privacy.Record, error] {
	return func(yield func(privacy.Record, error) bool) {
		if err := p.db.gate.enter(); err != nil {
			yield(privacy.Record{}, err)
			return
		}
		defer p.db.gate.leave()
		e := p.db.acquire()
		defer e.release()
		for rec, err := range e.audit(ctx, from) {
			if !yield(rec, err) || err != nil {
				return
			}
		}
	}
}

// audit yields the audit log of an epoch, not yet held against its hashes.
func (e *epoch) audit(ctx context.Context, from uint64) iter.Seq2[privacy.Record, error] {
	return func(yield func(privacy.Record, error) bool) {
		for kv, err := range e.snap.Scan(keys.AppendChain(nil, from), keys.End([]byte{keys.Chain})) {
			if err == nil && ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			var rec privacy.Record
			if err == nil {
				rec, err = decodeChained(kv.Key, kv.Value)
			}
			if err != nil {
				yield(privacy.Record{}, err)
				return
			}
			if !yield(rec, nil) {
				return
			}
		}
	}
}

// Pseudonym returns what stands for an identifier in the audit log, whether or not the
// store knows the identifier, or did.
func (p *Privacy) Pseudonym(id profile.Identifier) (privacy.Pseudonym, error) {
	if err := p.db.gate.enter(); err != nil {
		return privacy.Pseudonym{}, err
	}
	defer p.db.gate.leave()
	clean, err := p.db.cat.Load().clean(id)
	if err != nil {
		return privacy.Pseudonym{}, fmt.Errorf("portrait: %w", err)
	}
	return p.db.pseudonyms.of(p.db.tokens.Token(clean)), nil
}

// VerifyAudit reads the whole audit log, and makes sure that every record is the one that
// was written, after the one that was before it, up to the head, which it returns. Heads
// that were kept elsewhere, such as those of receipts, have to be in it: only they can
// tell of one who rewrote all that followed. Of records that [Privacy.PruneAudit] took out
// only the last can be held against a head; those before it are passed over. The error names the
// first record that is not as it was, and wraps ErrCorrupt.
func (p *Privacy) VerifyAudit(ctx context.Context, kept ...privacy.Head) (privacy.Head, error) {
	if err := p.db.gate.enter(); err != nil {
		return privacy.Head{}, err
	}
	defer p.db.gate.leave()
	e := p.db.acquire()
	defer e.release()
	return e.verifyAudit(ctx, kept)
}

func (e *epoch) verifyAudit(ctx context.Context, kept []privacy.Head) (privacy.Head, error) {
	anchor, err := readHead(e.snap, metaAnchor)
	if err != nil {
		return privacy.Head{}, err
	}
	w := auditWalk{head: anchor, want: map[uint64][32]byte{}}
	for _, h := range kept {
		if err := w.keep(h, anchor); err != nil {
			return privacy.Head{}, err
		}
	}
	for rec, err := range e.audit(ctx, 0) {
		if err == nil {
			err = w.next(&rec)
		}
		if err != nil {
			return privacy.Head{}, err
		}
	}
	stored, err := auditHead(e.snap)
	if err != nil {
		return privacy.Head{}, err
	}
	if stored != w.head {
		return privacy.Head{}, fmt.Errorf("%w: audit log: it ends with record %d, the store says with %d", ErrCorrupt, w.head.Number, stored.Number)
	}
	if anchor.Number > 0 && w.pruned != anchor.String() {
		return privacy.Head{}, fmt.Errorf("%w: audit log: nothing is on record of the pruning of what comes before record %d", ErrCorrupt, anchor.Number+1)
	}
	for _, n := range sortedKeys(w.want) {
		return privacy.Head{}, fmt.Errorf("%w: audit log: record %d was kept, and is not there", ErrCorrupt, n)
	}
	return w.head, nil
}

// auditWalk follows the audit log from record to record.
type auditWalk struct {
	head   privacy.Head        // of the record before
	want   map[uint64][32]byte // hashes that were kept elsewhere, of records to come
	pruned string              // what the last record of a pruning says of it
}

// keep notes a head that was kept elsewhere.
func (w *auditWalk) keep(h, anchor privacy.Head) error {
	switch other, twice := w.want[h.Number]; {
	case h.Number == 0 && h != privacy.Head{}:
		return fmt.Errorf("%w: audit log: a hash of record 0 was kept, and there never is one", ErrCorrupt)
	case h.Number < anchor.Number || h == privacy.Head{}: // pruned, or of the empty log
		return nil
	case h.Number == anchor.Number && h != anchor:
		return fmt.Errorf("%w: audit log: record %d, the last that was pruned, is not the one whose hash was kept", ErrCorrupt, h.Number)
	case h == anchor:
		return nil
	case twice && other != h.Hash:
		return fmt.Errorf("%w: audit log: two hashes of record %d were kept", ErrCorrupt, h.Number)
	}
	w.want[h.Number] = h.Hash
	return nil
}

// next makes sure that a record is the one that was written after the one before.
func (w *auditWalk) next(rec *privacy.Record) error {
	switch hash, asked := w.want[rec.Number]; {
	case rec.Number != w.head.Number+1:
		return fmt.Errorf("%w: audit log: record %d comes after record %d", ErrCorrupt, rec.Number, w.head.Number)
	case rec.Hash != chained(w.head.Hash, rec):
		return fmt.Errorf("%w: audit log: record %d, or one before it, is not as it was written", ErrCorrupt, rec.Number)
	case asked && hash != rec.Hash:
		return fmt.Errorf("%w: audit log: record %d is not the one whose hash was kept", ErrCorrupt, rec.Number)
	}
	delete(w.want, rec.Number)
	if w.head = rec.Head; rec.What == didPrune {
		w.pruned = rec.Detail
	}
	return nil
}

// checkAudit makes sure that the audit log is whole, and no younger than the commit.
func (c *inspector) checkAudit() error {
	_, err := c.v.epoch.verifyAudit(c.ctx, nil)
	if errors.Is(err, ErrCorrupt) {
		c.differ("%v", err)
		return nil
	}
	return err
}
