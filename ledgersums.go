package portrait

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"

	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/lifecycle"
	"github.com/portraitdb/portrait/segment"
)

// ledgerSums finds out whether there is anything to tell of the ledger without holding any
// move: it follows where everybody is, and adds up the hashes of the moves by time, of those
// by profile, and of both sides of what the feed told. It finds what ledgerCheck does, but
// for one case in 2^64, and does not say what.
type ledgerSums struct {
	*inspector
	reader *ledgerReader
	in     ordinalTable[uint32]        // the number of everybody's stage; 0 is none
	stages map[string]uint32           // their numbers
	fields map[segment.FieldID]*string // the stages that the feed's fields stand for, nil of others
	inside uint64                      // how many are in a stage
	at     int64
	epoch  uint64
	wrong  bool
	// byTime and byPath are of whole moves, since and told of their sides as far as the feed
	// goes back.
	byTime, byPath, since, told uint64
	buf                         []byte
}

// agree reports whether all is as it should be.
func (l *ledgerSums) agree() (bool, error) {
	for _, scan := range []struct {
		space byte
		each  func(key, value []byte) error
	}{{keys.StageMove, l.move}, {keys.StagePath, l.path}, {keys.Feed, l.tell}} {
		if err := l.scan(scan.space, scan.each); err != nil {
			return false, err
		}
	}
	if l.wrong || l.byTime != l.byPath || l.since != l.told {
		return false, nil
	}
	return l.members()
}

// members reports whether the moves lead to where the bitmaps have everybody.
func (l *ledgerSums) members() (bool, error) {
	fields, err := l.v.epoch.cat.stageFields()
	if err != nil {
		return false, err
	}
	for _, f := range fields {
		set, err := l.v.stageMembers(l.ctx, f)
		if err != nil {
			return false, err
		}
		stage, known := l.stages[f.name]
		for id := range set.Members() {
			if !known || l.in.at(id.Ordinal()) != stage {
				return false, nil
			}
			l.inside--
		}
	}
	return l.inside == 0, nil
}

func (l *ledgerSums) move(key, value []byte) error {
	at, epoch, _, ok := keys.ReadStageMove(key)
	if !ok || at < l.at || epoch < l.epoch {
		l.wrong = true
		return nil
	}
	l.at, l.epoch = at, epoch
	for _, m := range l.moves(value, at, epoch, 0) {
		from, to, ordinal := l.stage(m.From), l.stage(m.To), m.Profile.Ordinal()
		if l.in.at(ordinal) != from || from == to || ordinal >= l.in.bound {
			l.wrong = true
		}
		l.in.set(ordinal, to)
		if from == 0 {
			l.inside++
		}
		if to == 0 {
			l.inside--
		}
		l.byTime += l.hash(epoch, at, ordinal, m.Cause, m.From, m.To)
		if epoch >= l.v.epoch.meta.feedFrom {
			l.since += l.side(epoch, at, ordinal, m.Cause, "from", m.From) + l.side(epoch, at, ordinal, m.Cause, "to", m.To)
		}
	}
	return nil
}

func (l *ledgerSums) path(key, value []byte) error {
	block, at, epoch, _, ok := keys.ReadStagePath(key)
	if !ok {
		l.wrong = true
		return nil
	}
	for _, m := range l.moves(value, at, epoch, block*keys.StageBlock) {
		l.byPath += l.hash(epoch, at, m.Profile.Ordinal(), m.Cause, m.From, m.To)
	}
	return nil
}

func (l *ledgerSums) moves(value []byte, at int64, epoch uint64, base uint32) []lifecycle.Move {
	moves, err := l.reader.moves(nil, value, at, epoch, base)
	l.wrong = l.wrong || err != nil || epoch > l.v.epoch.number
	return moves
}

func (l *ledgerSums) tell(key, value []byte) error {
	epoch, _, ok := keys.ReadFeed(key)
	rec, err := decodeFeed(value)
	if !ok || err != nil {
		return nil //nolint:nilerr // The check of the feed tells of it.
	}
	for _, g := range rec.groups {
		stage, ok := l.staged(g.field)
		if !ok {
			continue
		}
		for _, o := range g.entered {
			l.told += l.side(epoch, int64(rec.at), o, g.cause.String(), "to", stage)
		}
		for _, o := range g.left {
			l.told += l.side(epoch, int64(rec.at), o, g.cause.String(), "from", stage)
		}
	}
	return nil
}

// staged returns the stage that a field of the feed stands for; false if that is no stage.
func (l *ledgerSums) staged(f segment.FieldID) (string, bool) {
	name, known := l.fields[f]
	if !known {
		if read, err := l.v.epoch.feedName(f); err == nil && !read.segment && read.name == syntax.StageTag {
			name = &read.value
		}
		l.fields[f] = name
	}
	if name == nil {
		return "", false
	}
	return *name, true
}

// stage returns the number of a stage.
func (l *ledgerSums) stage(name string) uint32 {
	number, ok := l.stages[name]
	if !ok {
		number = uint32(len(l.stages))
		l.stages[name] = number
	}
	return number
}

// side is the hash of one side of a move; 0 if it has none.
func (l *ledgerSums) side(epoch uint64, at int64, ordinal uint32, cause, side, stage string) uint64 {
	if stage == "" {
		return 0
	}
	return l.hash(epoch, at, ordinal, cause, side, stage)
}

func (l *ledgerSums) hash(epoch uint64, at int64, ordinal uint32, texts ...string) uint64 {
	b := binary.BigEndian.AppendUint64(l.buf[:0], epoch)
	b = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64(b, uint64(at)), ordinal)
	for _, s := range texts {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
	}
	l.buf = b
	return xxhash.Sum64(b)
}
