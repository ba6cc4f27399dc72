package portrait

import (
	"context"
	"time"

	"github.com/portraitdb/portrait/profile"
)

// FillEvery goes over everybody as a filling does, in batches of about so many nodes,
// where the first guess is that there are so many in all. It returns who was met, in that
// order, and in how many batches.
func FillEvery(ctx context.Context, db *DB, batch int, all uint64) (met []profile.ID, batches int, err error) {
	if err := db.lock(ctx); err != nil {
		return nil, 0, err
	}
	defer db.unlock()
	t := db.begin()
	defer t.abort()
	s := sweep{cat: t.cat, pace: newFillPace(batch, all)}
	for ; !s.swept; batches++ {
		b := s.nextBatch(db.current.Load())
		if err := b.read(ctx, &db.crew, db.judges.all(t)); err != nil {
			return nil, 0, err
		}
		for _, p := range b.parts {
			for _, f := range p.people {
				met = append(met, profile.MakeID(0, f.ordinal))
			}
		}
		last := &b.parts[len(b.parts)-1]
		s.from, s.swept = last.to, last.open
		s.pace.adapt(len(b.parts), b.nodes(), time.Microsecond)
	}
	return met, batches, nil
}

// FillSlowly is how wide a piece is that was so wide, after a batch as large as it should
// be that took so long.
func FillSlowly(width uint64, took time.Duration) uint64 {
	p := fillPace{nodes: 100, pieces: fillPieces, width: width}
	p.adapt(fillPieces, 100*fillPieces, took)
	return p.width
}

// FillTurn is how long a batch should take.
const FillTurn = fillTurn
