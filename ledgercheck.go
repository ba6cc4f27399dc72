package portrait

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/lifecycle"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// checkLedger replays the moves between stages: every record can be read, they follow
// each other in time, everybody leaves the stage that they are in, at the end they are
// where the bitmaps have them, and the moves by profile are the same. As far as the feed
// goes back it tells of the same moves in the same commits. If sums of all of them already
// say so that is all; otherwise they are held against each other, of some ordinals at a
// time.
func (c *inspector) checkLedger() error {
	sums := ledgerSums{
		inspector: c, reader: c.v.epoch.ledger(), in: newOrdinalTable(c.byOrdinal.bound, uint32(0)),
		stages: map[string]uint32{"": 0}, fields: map[segment.FieldID]*string{},
	}
	if agree, err := sums.agree(); err != nil || agree {
		return err
	}
	for from := uint64(0); from <= math.MaxUint32; from += c.replay {
		l := ledgerCheck{
			inspector: c, reader: c.v.epoch.ledger(), from: from, to: from + c.replay,
			byTime: map[uint32][]lifecycle.Move{}, byPath: map[uint32][]lifecycle.Move{},
			told: map[ledgerPlace]lifecycle.Move{},
		}
		if l.to >= uint64(c.byOrdinal.bound) {
			l.to = math.MaxUint32 + 1
		}
		if err := l.replay(); err != nil || l.to > math.MaxUint32 {
			return err
		}
	}
	return nil
}

func (l *ledgerCheck) replay() error {
	for _, step := range []func() error{
		func() error { return l.scan(keys.StageMove, l.move) },
		func() error { return l.scan(keys.StagePath, l.path) },
		l.checkPaths, l.checkMembers,
		func() error { return l.scan(keys.Feed, l.tell) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	l.checkTold()
	return nil
}

// ledgerCheck is how far the replay has come, of the moves of some ordinals. What is no
// ordinal's is checked with the first of them.
type ledgerCheck struct {
	*inspector
	reader         *ledgerReader
	from, to       uint64
	at             int64
	epoch          uint64
	byTime, byPath map[uint32][]lifecycle.Move // by ordinal
	told           map[ledgerPlace]lifecycle.Move
}

func (l *ledgerCheck) follows(ordinal uint32) bool {
	return uint64(ordinal) >= l.from && uint64(ordinal) < l.to
}

// ledgerPlace is a profile, a commit and a cause, which a commit moves the profile for
// once at most.
type ledgerPlace struct {
	epoch   uint64
	profile profile.ID
	cause   string
}

func (l *ledgerCheck) move(key, value []byte) error {
	at, epoch, _, ok := keys.ReadStageMove(key)
	if !ok {
		if l.from == 0 {
			l.differ("ledger: a key of %d bytes", len(key))
		}
		return nil
	}
	if l.from == 0 && (at < l.at || epoch < l.epoch) {
		l.differ("ledger: commit %d of %s comes after commit %d of %s", epoch, profile.Instant(at), l.epoch, profile.Instant(l.at))
	}
	l.at, l.epoch = at, epoch
	l.gather(l.byTime, value, at, epoch, 0)
	return nil
}

func (l *ledgerCheck) path(key, value []byte) error {
	block, at, epoch, _, ok := keys.ReadStagePath(key)
	if !ok {
		if l.from == 0 {
			l.differ("ledger: a path key of %d bytes", len(key))
		}
		return nil
	}
	l.gather(l.byPath, value, at, epoch, block*keys.StageBlock)
	return nil
}

func (l *ledgerCheck) gather(into map[uint32][]lifecycle.Move, value []byte, at int64, epoch uint64, base uint32) {
	moves, err := l.reader.moves(nil, value, at, epoch, base)
	if l.from == 0 {
		l.checkRecord("move between stages", epoch, err)
	}
	for _, m := range moves {
		if o := m.Profile.Ordinal(); l.follows(o) {
			into[o] = append(into[o], m)
		}
	}
}

// checkPaths holds each profile's moves against those by profile, and each against the
// one before it.
func (l *ledgerCheck) checkPaths() error {
	for _, ordinal := range sortedKeys(l.byTime) {
		stage := ""
		for _, m := range l.byTime[ordinal] {
			if m.From != stage || m.To == stage {
				l.differ("ledger: commit %d: ordinal %d goes from stage %q to %q, where it was in %q", m.Epoch, ordinal, m.From, m.To, stage)
			}
			stage = m.To
		}
		if !slices.Equal(l.byTime[ordinal], l.byPath[ordinal]) {
			l.differ("ledger: ordinal %d: by time it made the moves %v, by profile %v", ordinal, l.byTime[ordinal], l.byPath[ordinal])
		}
		delete(l.byPath, ordinal)
	}
	for _, ordinal := range sortedKeys(l.byPath) {
		l.differ("ledger: ordinal %d has moves by profile, and none by time", ordinal)
	}
	return nil
}

// checkMembers holds where the moves lead against the bitmaps.
func (l *ledgerCheck) checkMembers() error {
	in := map[uint32]string{}
	for ordinal, moves := range l.byTime {
		if to := moves[len(moves)-1].To; to != "" {
			in[ordinal] = to
		}
	}
	fields, err := l.v.epoch.cat.stageFields()
	if err != nil {
		return err
	}
	for _, f := range fields {
		set, err := l.v.stageMembers(l.ctx, f)
		if err != nil {
			return err
		}
		for _, ordinal := range (span{&places{base: uint32(l.from)}, l.to}).ordinals(set) {
			if in[ordinal] != f.name {
				l.differ("ledger: ordinal %d is in stage %q, its moves lead to %q", ordinal, f.name, in[ordinal])
			}
			delete(in, ordinal)
		}
	}
	for _, ordinal := range sortedKeys(in) {
		l.differ("ledger: the moves of ordinal %d lead to stage %q, where it is not", ordinal, in[ordinal])
	}
	return nil
}

// tell gathers what one record of the feed has of stages.
func (l *ledgerCheck) tell(key, value []byte) error {
	epoch, _, ok := keys.ReadFeed(key)
	rec, err := decodeFeed(value)
	if !ok || err != nil {
		return nil //nolint:nilerr // The check of the feed tells of it.
	}
	for _, g := range rec.groups {
		name, err := l.v.epoch.feedName(g.field)
		if err != nil || name.segment || name.name != syntax.StageTag {
			continue
		}
		for _, side := range [...]struct {
			list []uint32
			set  func(*lifecycle.Move)
		}{
			{g.entered, func(m *lifecycle.Move) { m.To = name.value }},
			{g.left, func(m *lifecycle.Move) { m.From = name.value }},
		} {
			for _, o := range side.list {
				if !l.follows(o) {
					continue
				}
				place := ledgerPlace{epoch, profile.MakeID(0, o), g.cause.String()}
				m, ok := l.told[place]
				if !ok {
					m = lifecycle.Move{Profile: place.profile, At: rec.at.Time(), Epoch: epoch, Cause: place.cause}
				}
				side.set(&m)
				l.told[place] = m
			}
		}
	}
	return nil
}

// checkTold holds the moves against what the feed told of them.
func (l *ledgerCheck) checkTold() {
	for _, ordinal := range sortedKeys(l.byTime) {
		for _, m := range l.byTime[ordinal] {
			if m.Epoch < l.v.epoch.meta.feedFrom {
				continue
			}
			place := ledgerPlace{m.Epoch, m.Profile, m.Cause}
			if told, ok := l.told[place]; !ok || told != m {
				l.differ("ledger: commit %d: ordinal %d goes from stage %q to %q, the feed has it go from %q to %q", m.Epoch, ordinal, m.From, m.To, told.From, told.To)
			}
			delete(l.told, place)
		}
	}
	left := slices.SortedFunc(maps.Keys(l.told), func(a, b ledgerPlace) int {
		return cmp.Or(cmp.Compare(a.epoch, b.epoch), cmp.Compare(a.profile, b.profile), cmp.Compare(a.cause, b.cause))
	})
	for _, place := range left {
		m := l.told[place]
		l.differ("ledger: commit %d: the feed has profile %s go from stage %q to %q, the ledger has not", place.epoch, place.profile, m.From, m.To)
	}
}
