package portrait

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/privacy"
)

// PruneAudit takes the oldest records out of the audit log, in one commit, and returns the
// head of the last that went: keep it. A record of the pruning itself says that head too, and
// the store keeps it as the place where the log begins, so that VerifyAudit and Check go on
// to find whatever else is missing or changed. The whole log is verified first: where it is
// not as it was written nothing goes, and the error wraps ErrCorrupt. Where nothing is as old
// it returns the head of before and changes nothing.
//
// Records of legal holds go like others. Holds themselves stay; but Check and Repair find one
// that was lost by its record alone, so keep the records of a hold for as long as it lasts.
func (p *Privacy) PruneAudit(ctx context.Context, old privacy.OldRecords) (privacy.Head, error) {
	db := p.db
	if err := db.gate.enter(); err != nil {
		return privacy.Head{}, err
	}
	defer db.gate.leave()
	if old == (privacy.OldRecords{}) {
		return privacy.Head{}, errors.New("portrait: prune audit: neither Before nor UpTo is set")
	}
	e := db.acquire()
	defer e.release()
	anchor, last, err := e.oldAudit(ctx, old)
	if err != nil || last == anchor {
		return anchor, err
	}
	err = db.transact(ctx, func(t *txn) error {
		t.settled = true
		now, err := readHead(db.store, metaAnchor)
		if err != nil {
			return err
		}
		if now.Number >= last.Number { // another call was faster
			last = now
			return errPreview
		}
		t.batch.DeleteRange(keys.AppendChain(nil, 0), keys.AppendChain(nil, last.Number+1))
		t.batch.Set(keys.AppendMeta(nil, metaAnchor), appendHead(nil, last))
		t.attest(didPrune, last.String())
		return nil
	}, func(*txn) {})
	if err != nil && !errors.Is(err, errPreview) {
		return privacy.Head{}, err
	}
	return last, nil
}

// oldAudit returns the head that the log begins after, and that of the last record that is
// old; the same where none is.
func (e *epoch) oldAudit(ctx context.Context, old privacy.OldRecords) (anchor, last privacy.Head, err error) {
	if _, err = e.verifyAudit(ctx, nil); err == nil {
		anchor, err = readHead(e.snap, metaAnchor)
	}
	last = anchor
	for rec, fault := range e.audit(ctx, 0) {
		if err = cmp.Or(err, fault); err != nil || !old.Has(&rec) {
			break
		}
		last = rec.Head
	}
	if err != nil {
		return anchor, anchor, fmt.Errorf("portrait: prune audit: %w", err)
	}
	return anchor, last, nil
}
