package portrait

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"

	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/pack"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/tags"
)

// TagHistory returns the edits of a tag's definition, the oldest first: of the one that
// has the name now and of earlier ones. It is empty where there never was one. A view for a
// role has no rules that name what it may not read.
func (v *View) TagHistory(_ context.Context, name string) ([]tags.Revision, error) {
	return inside(v, func() ([]tags.Revision, error) { return v.revisions(false, name) })
}

// SegmentHistory is TagHistory of a tracked segment.
func (v *View) SegmentHistory(_ context.Context, name string) ([]tags.Revision, error) {
	return inside(v, func() ([]tags.Revision, error) { return v.revisions(true, name) })
}

func (v *View) revisions(segment bool, name string) ([]tags.Revision, error) {
	if v.access != nil && !v.access.tag(name) {
		return nil, fmt.Errorf("%w: %q may not be read here", privacy.ErrNotAllowed, name)
	}
	list, err := v.epoch.revisions(segment, name)
	for i := range list {
		list[i].Definition, list[i].Masked = v.access.definition(list[i].Definition)
	}
	return list, err
}

func (e *epoch) revisions(segment bool, name string) ([]tags.Revision, error) {
	var list []tags.Revision
	prefix := keys.AppendRevisions(nil, segment, name)
	for kv, err := range e.snap.Scan(prefix, keys.End(prefix)) {
		if err != nil {
			return nil, err
		}
		if len(kv.Key) != len(prefix)+4 {
			return nil, fmt.Errorf("%w: revision key of %d bytes", ErrCorrupt, len(kv.Key))
		}
		rev, err := decodeRevision(kv.Value)
		if err != nil {
			return nil, err
		}
		rev.Number = binary.BigEndian.Uint32(kv.Key[len(prefix):])
		list = append(list, rev)
	}
	return list, nil
}

// revise records how the definitions of a catalog differ from those of the next.
func (t *txn) revise(cur, next *catalog) error {
	for now := range next.labels() {
		old := cur.labelled(now.segment, now.def.Name)
		if old != nil && jsonEqual(old.def, now.def) {
			continue
		}
		if err := t.addRevision(now, false); err != nil {
			return err
		}
	}
	for old := range cur.labels() {
		if next.labelled(old.segment, old.def.Name) == nil {
			if err := t.addRevision(old, true); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *txn) addRevision(tg *tag, dropped bool) error {
	last, err := t.db.current.Load().revisions(tg.segment, tg.def.Name)
	if err != nil {
		return err
	}
	number := uint32(1)
	if len(last) > 0 {
		number = last[len(last)-1].Number + 1
	}
	def, err := json.Marshal(tg.def)
	if err != nil {
		return err
	}
	rec := appendRevision(t.scratch[:0], t.meta.epoch+1, max(t.meta.instant, t.db.now()), dropped, def)
	t.scratch = rec
	t.batch.Set(keys.AppendRevision(nil, tg.segment, tg.def.Name, number), rec)
	return nil
}

// appendRevision appends the record of a definition, in JSON.
func appendRevision(dst []byte, epoch uint64, at profile.Instant, dropped bool, def []byte) []byte {
	dst = pack.AppendArray(append(dst, recordVersion), 4)
	dst = pack.AppendInt(pack.AppendUint(dst, epoch), int64(at))
	return pack.AppendBin(pack.AppendBool(dst, dropped), def)
}

func decodeRevision(data []byte) (tags.Revision, error) {
	r := openRecord(data)
	r.Fields("revision", 4)
	rev := tags.Revision{Epoch: r.Uint()}
	rev.At = profile.Instant(r.Int()).Time()
	rev.Dropped = r.Bool()
	def := r.Bin()
	if err := closeRecord("revision", &r); err != nil {
		return tags.Revision{}, err
	}
	if err := json.Unmarshal(def, &rev.Definition); err != nil {
		return tags.Revision{}, fmt.Errorf("%w: revision record: %w", ErrCorrupt, err)
	}
	return rev, nil
}
