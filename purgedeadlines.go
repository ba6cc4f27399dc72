package portrait

import (
	"context"
	"fmt"

	"github.com/portraitdb/portrait/internal/keys"
)

// disarmed is how many deadlines one commit of a Purge removes.
const disarmed = 10_000

// disarm removes the deadlines of ordinals that nobody has any more. An erasure leaves them:
// which those of one person are is not known without reading all, and they lead nowhere.
func (w *purge) disarm(ctx context.Context) error {
	if len(w.tokens) == 0 {
		return nil
	}
	e := w.db.acquire()
	defer e.release()
	given, err := givenOrdinals(ctx, e)
	if err != nil {
		return err
	}
	var stale [][]byte
	remove := func() error {
		if len(stale) == 0 {
			return nil
		}
		return w.db.transact(ctx, func(t *txn) error {
			t.settled = true
			for _, key := range stale {
				t.batch.Delete(key)
			}
			return nil
		}, func(*txn) { stale = stale[:0] })
	}
	n := 0
	for kv, err := range e.snap.Scan([]byte{keys.Deadline}, keys.End([]byte{keys.Deadline})) {
		if n++; err == nil && n&1023 == 0 && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return err
		}
		_, ordinal, ok := keys.ReadDeadline(kv.Key)
		if !ok {
			return fmt.Errorf("%w: deadline key of %d bytes", ErrCorrupt, len(kv.Key))
		}
		if given.has(ordinal) {
			continue
		}
		if stale = append(stale, append([]byte(nil), kv.Key...)); len(stale) == disarmed {
			if err := remove(); err != nil {
				return err
			}
		}
	}
	return remove()
}

// givenOrdinals returns the ordinals that lead to a node.
func givenOrdinals(ctx context.Context, e *epoch) (ordinalSet, error) {
	given := ordinalSet{}
	n := 0
	for kv, err := range e.snap.Scan([]byte{keys.Ordinal}, keys.End([]byte{keys.Ordinal})) {
		if n++; err == nil && n&1023 == 0 && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return nil, err
		}
		ordinal, ok := keys.ReadOrdinal(kv.Key)
		if !ok {
			return nil, fmt.Errorf("%w: ordinal key of %d bytes", ErrCorrupt, len(kv.Key))
		}
		given.add(ordinal)
	}
	return given, nil
}
