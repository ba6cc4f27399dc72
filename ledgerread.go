package portrait

import (
	"context"
	"fmt"
	"iter"

	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/lifecycle"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// ledgerReader reads the ledger as of one epoch.
type ledgerReader struct {
	e     *epoch
	names map[segment.FieldID]string
	// shown says of whom is told; nil: of everybody.
	shown func(profile.ID) (bool, error)
}

// ledger returns a reader of what the ledger has of those whom the view's answers are of.
func (v *View) ledger() *ledgerReader {
	r := v.epoch.ledger()
	if v.access != nil {
		r.shown = v.shown
	}
	return r
}

// tells reports whether it is told of a profile.
func (r *ledgerReader) tells(ordinal uint32) (bool, error) {
	if r.shown == nil {
		return true, nil
	}
	return r.shown(profile.MakeID(0, ordinal))
}

func (e *epoch) ledger() *ledgerReader {
	return &ledgerReader{e: e, names: map[segment.FieldID]string{0: ""}}
}

// stage returns the name of the stage that a field held.
func (r *ledgerReader) stage(f segment.FieldID) (string, error) {
	if name, ok := r.names[f]; ok {
		return name, nil
	}
	name, err := r.e.feedName(f)
	if err == nil && (name.segment || name.name != syntax.StageTag) {
		err = fmt.Errorf("%w: the ledger of stages has a move of %s", ErrCorrupt, name)
	}
	if err != nil {
		return "", err
	}
	r.names[f] = name.value
	return name.value, nil
}

// moves appends the moves of one record, whose ordinals begin at a base.
func (r *ledgerReader) moves(dst []lifecycle.Move, data []byte, at int64, epoch uint64, base uint32) ([]lifecycle.Move, error) {
	groups, err := decodeLedger(data)
	if err != nil {
		return nil, err
	}
	for _, g := range groups {
		m := lifecycle.Move{At: profile.Instant(at).Time(), Epoch: epoch, Cause: g.cause.String()}
		if m.From, err = r.stage(g.from); err != nil {
			return nil, err
		}
		if m.To, err = r.stage(g.to); err != nil {
			return nil, err
		}
		for _, o := range g.ordinals {
			m.Profile = profile.MakeID(0, base+o)
			dst = append(dst, m)
		}
	}
	return dst, nil
}

// since yields the moves after an instant, in the order of commits.
func (r *ledgerReader) since(ctx context.Context, after profile.Instant) iter.Seq2[lifecycle.Move, error] {
	return func(yield func(lifecycle.Move, error) bool) {
		var part []lifecycle.Move
		for kv, err := range r.e.snap.Scan(keys.AppendStageMove(nil, int64(after)+1, 0, 0), keys.End([]byte{keys.StageMove})) {
			if err == nil && ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			if err == nil {
				at, epoch, _, ok := keys.ReadStageMove(kv.Key)
				if ok {
					part, err = r.moves(part[:0], kv.Value, at, epoch, 0)
				} else {
					err = fmt.Errorf("%w: stage move key of %d bytes", ErrCorrupt, len(kv.Key))
				}
			}
			if err != nil {
				yield(lifecycle.Move{}, err)
				return
			}
			for _, m := range part {
				ok, err := r.tells(m.Profile.Ordinal())
				if err != nil {
					yield(lifecycle.Move{}, err)
					return
				}
				if ok && !yield(m, nil) {
					return
				}
			}
		}
	}
}

// stageBlock is the paths of the profiles of one block.
type stageBlock struct {
	first uint32 // the ordinal of the first
	paths [keys.StageBlock]lifecycle.Path
}

// blocks yields the paths of all blocks from one on, and their numbers, until an end.
func (r *ledgerReader) blocks(ctx context.Context, from []byte, end []byte) iter.Seq2[*stageBlock, error] {
	return func(yield func(*stageBlock, error) bool) {
		var paths *stageBlock
		var last uint32
		var part []lifecycle.Move
		for kv, err := range r.e.snap.Scan(from, end) {
			if err == nil && ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			block, at, epoch, _, ok := keys.ReadStagePath(kv.Key)
			switch {
			case err != nil:
			case !ok:
				err = fmt.Errorf("%w: stage path key of %d bytes", ErrCorrupt, len(kv.Key))
			default:
				part, err = r.moves(part[:0], kv.Value, at, epoch, 0)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if paths == nil || block != last {
				if paths != nil && !yield(paths, nil) {
					return
				}
				paths, last = &stageBlock{first: block * keys.StageBlock}, block
			}
			for _, m := range part {
				i := m.Profile.Ordinal()
				if i >= keys.StageBlock {
					yield(nil, fmt.Errorf("%w: a stage path of profile %d of a block", ErrCorrupt, i))
					return
				}
				paths.paths[i] = paths.paths[i].Follow(m)
			}
		}
		if paths != nil {
			yield(paths, nil)
		}
	}
}

// paths yields the paths of everybody who ever was in a stage.
func (r *ledgerReader) paths(ctx context.Context) iter.Seq2[lifecycle.Path, error] {
	return func(yield func(lifecycle.Path, error) bool) {
		for block, err := range r.blocks(ctx, []byte{keys.StagePath}, keys.End([]byte{keys.StagePath})) {
			if err != nil {
				yield(nil, err)
				return
			}
			for i, p := range block.paths {
				if len(p) == 0 {
					continue
				}
				ok, err := r.tells(block.first + uint32(i))
				if err != nil {
					yield(nil, err)
					return
				}
				if ok && !yield(p, nil) {
					return
				}
			}
		}
	}
}

// path returns the path of one profile.
func (r *ledgerReader) path(ctx context.Context, ordinal uint32) (lifecycle.Path, error) {
	prefix := keys.AppendStagePaths(nil, ordinal/keys.StageBlock)
	for block, err := range r.blocks(ctx, prefix, keys.End(prefix)) {
		if err != nil {
			return nil, err
		}
		return block.paths[ordinal%keys.StageBlock], nil
	}
	return nil, nil
}

// stageField is the field that holds who is in a stage, as the ledger knows it.
type stageField struct {
	name  string
	field segment.FieldID
	none  bool // nobody has been in it, and there is no field
}

// stageFields returns the stages of the model in its order, and behind them, while that
// is being filled, the others that the ledger still knows somebody in.
func (c *catalog) stageFields() ([]stageField, error) {
	tg := c.label(false, syntax.StageTag)
	if tg == nil {
		return nil, nil
	}
	known := map[string]segment.FieldID{}
	for key, field := range tg.known() {
		value, _, err := profile.DecodeValue([]byte(key))
		if err != nil {
			return nil, fmt.Errorf("%w: a stage: %w", ErrCorrupt, err)
		}
		known[valueText(value)] = field
	}
	var fields []stageField
	for _, name := range tg.def.Values() {
		field, ok := known[name]
		fields = append(fields, stageField{name, field, !ok})
		delete(known, name)
	}
	for _, name := range sortedKeys(known) {
		fields = append(fields, stageField{name: name, field: known[name]})
	}
	return fields, nil
}

// stageSize returns how many are in a stage.
func (v *View) stageSize(ctx context.Context, s stageField) (uint64, error) {
	if s.none {
		return 0, nil
	}
	return v.query(segment.Bits(s.field)).Count(ctx, v.source())
}

// stageMembers returns who is in a stage.
func (v *View) stageMembers(ctx context.Context, s stageField) (*segment.Set, error) {
	if s.none {
		return segment.NewSet(v.source(), nil), nil
	}
	return v.query(segment.Bits(s.field)).Set(ctx, v.source())
}
