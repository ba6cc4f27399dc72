package portrait

import (
	"bytes"

	"github.com/portraitdb/portrait/internal/keys"
)

// told makes sure that from every identifier those are found that heard its consents.
func (r *repair) told() error {
	if err := r.scan([]byte{keys.Heard}, func(key, _ []byte) error {
		hearer, teller, ok := keys.Pair(key)
		if !ok {
			r.lose("consents under a key of %d bytes", len(key))
			return nil
		}
		back := keys.AppendTold(nil, teller, hearer)
		have, there, err := r.snap.GetTo(nil, back)
		if err != nil {
			return err
		}
		r.put("consents", back, have, nil, there)
		return nil
	}); err != nil {
		return err
	}
	return r.scan([]byte{keys.Told}, func(key, _ []byte) error {
		teller, hearer, ok := keys.Pair(key)
		if ok && r.graph.lost(teller) {
			return nil // what it told cannot be read either, and is found by this
		}
		if ok {
			var err error
			if _, ok, err = r.snap.GetTo(nil, keys.AppendHeard(nil, hearer, teller)); err != nil {
				return err
			}
		}
		if !ok {
			r.kind("consents").Stray++
			r.batch.Delete(bytes.Clone(key))
		}
		return nil
	})
}
