package portrait

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/portraitdb/portrait/health"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/syntax"
)

// pathMove is one move between stages, as either half of the ledger has it.
type pathMove struct {
	at    int64
	epoch uint64
	step  ledgerStep
}

// repairPaths makes the moves by profile what the moves by time say. It holds those of
// some blocks of profiles at a time, however long the ledger is.
type repairPaths struct {
	*repair
	reader *ledgerReader
	// in holds who is in each stage, unless the stages are being filled.
	in       map[string]ordinalSet
	filling  bool
	from, to uint32                // the blocks that are read: to is not one of them
	byTime   map[uint32][]pathMove // by ordinal
	// unsound are those whose moves by time are not whole: theirs by profile may be all there is.
	unsound map[uint32]bool
}

// paths makes sure that the ledger has of every profile, under its block, the moves that it
// has by time. Of the moves by time nothing else tells: where they do not lead from one to the
// next, and to the stage that the profile is in, some are lost, and both halves are left
// as they are.
func (r *repair) paths() error {
	p := &repairPaths{repair: r, reader: r.epoch().ledger(), in: map[string]ordinalSet{}}
	fields, err := r.cat.stageFields()
	if err != nil {
		return err
	}
	for _, f := range fields {
		if !f.none {
			p.in[f.name] = r.want.bits[f.field]
		}
	}
	if t := r.cat.label(false, syntax.StageTag); t != nil {
		p.filling = t.filling
	}
	counts, err := p.count()
	if err != nil {
		return err
	}
	for blocks := uint32(len(counts)); p.from < math.MaxUint32; p.from = p.to {
		held := 0
		for p.to = p.from; p.to < blocks && (held == 0 || held+int(counts[p.to]) <= r.db.opts.repairBatch/2); p.to++ {
			held += int(counts[p.to])
		}
		if p.to == blocks {
			p.to = math.MaxUint32 // and whatever lies beyond
		}
		if err := p.window(); err != nil {
			return err
		}
	}
	return nil
}

// moves yields the moves by time that can be read.
func (p *repairPaths) moves(each func(m pathMove, ordinals []uint32), lost func(format string, args ...any)) error {
	var last pathMove
	return p.scan([]byte{keys.StageMove}, func(key, value []byte) error {
		at, epoch, _, ok := keys.ReadStageMove(key)
		if !ok {
			lost("moves between stages: a key of %d bytes", len(key))
			return nil
		}
		groups, err := decodeLedger(value)
		switch {
		case err != nil:
			lost("moves between stages of commit %d: %v", epoch, err)
			return nil
		case at < last.at || epoch < last.epoch:
			lost("moves between stages of commit %d: they come after those of commit %d", epoch, last.epoch)
		}
		last.at, last.epoch = at, epoch
		for _, g := range groups {
			each(pathMove{at, epoch, ledgerStep{g.from, g.to, g.cause}}, g.ordinals)
		}
		return nil
	})
}

// count tells how many moves each block of profiles made, and what is lost of them.
func (p *repairPaths) count() ([]uint32, error) {
	counts := make([]uint32, p.meta.nextOrdinal/keys.StageBlock+1)
	return counts, p.moves(func(m pathMove, ordinals []uint32) {
		for _, o := range ordinals {
			if o >= p.meta.nextOrdinal {
				p.lose("moves between stages of commit %d: of ordinal %d, which was given to nobody", m.epoch, o)
				return
			}
			counts[o/keys.StageBlock]++
		}
	}, p.lose)
}

// window mends some blocks.
func (p *repairPaths) window() error {
	p.byTime, p.unsound = map[uint32][]pathMove{}, map[uint32]bool{}
	if err := p.moves(func(m pathMove, ordinals []uint32) {
		for _, o := range ordinals {
			if block := o / keys.StageBlock; block >= p.from && block < p.to && o < p.meta.nextOrdinal {
				p.byTime[o] = append(p.byTime[o], m)
			}
		}
	}, func(string, ...any) {}); err != nil { // count told of those
		return err
	}
	p.follow()
	return p.mend()
}

// follow finds those whose moves by time are not whole.
func (p *repairPaths) follow() {
	broken := func(ordinal uint32, format string, args ...any) {
		p.unsound[ordinal] = true
		p.lose("moves between stages of ordinal %d: "+format, append([]any{ordinal}, args...)...)
	}
	for _, ordinal := range sortedKeys(p.byTime) {
		stage := ""
		for _, m := range p.byTime[ordinal] {
			from, err := p.reader.stage(m.step.from)
			to, toErr := p.reader.stage(m.step.to)
			if err = cmp.Or(err, toErr); err != nil {
				broken(ordinal, "%v", err)
				break
			}
			if from != stage || to == stage {
				broken(ordinal, "commit %d has it go from stage %q to %q, where it was in %q", m.epoch, from, to, stage)
				break
			}
			stage = to
		}
		if !p.filling && !p.unsound[ordinal] && stage != "" && !p.in[stage].has(ordinal) {
			broken(ordinal, "they lead to stage %q, where it is not", stage)
		}
	}
	if p.filling {
		return
	}
	for _, stage := range sortedKeys(p.in) {
		for ordinal := range p.in[stage].from(p.from * keys.StageBlock) {
			if ordinal/keys.StageBlock >= p.to {
				break
			}
			moves := p.byTime[ordinal]
			if p.unsound[ordinal] {
				continue
			}
			if len(moves) == 0 {
				broken(ordinal, "it is in stage %q, and nothing says how it came there", stage)
			} else if to, _ := p.reader.stage(moves[len(moves)-1].step.to); to != stage {
				broken(ordinal, "it is in stage %q, and they lead to %q", stage, to)
			}
		}
	}
}

// pathBlock is what is stored of one block.
type pathBlock struct {
	number     uint32
	have       [keys.StageBlock + 1][]pathMove // the last: of ordinals that are not of the block
	unreadable uint64
}

// mend compares what is stored by profile with what is there by time.
func (p *repairPaths) mend() error {
	missing := map[uint32]bool{} // blocks that have moves by time and none by profile
	for ordinal := range p.byTime {
		missing[ordinal/keys.StageBlock] = true
	}
	var block *pathBlock
	flush := func() {
		if block != nil {
			delete(missing, block.number)
			p.block(block)
		}
	}
	end := keys.End([]byte{keys.StagePath})
	if p.to < math.MaxUint32 {
		end = keys.AppendStagePaths(nil, p.to)
	}
	for kv, err := range p.snap.Scan(keys.AppendStagePaths(nil, p.from), end) {
		if err == nil && p.ctx.Err() != nil {
			err = context.Cause(p.ctx)
		}
		if err == nil {
			err = p.spill()
		}
		if err != nil {
			return err
		}
		number, at, epoch, _, ok := keys.ReadStagePath(kv.Key)
		if !ok {
			p.kind(stagePaths).Stray++
			p.batch.Delete(kv.Key)
			continue
		}
		if block == nil || block.number != number {
			flush()
			block = &pathBlock{number: number}
		}
		groups, err := decodeLedger(kv.Value)
		if err != nil {
			block.unreadable++
			continue
		}
		for _, g := range groups {
			for _, o := range g.ordinals {
				i := min(o, keys.StageBlock)
				block.have[i] = append(block.have[i], pathMove{at, epoch, ledgerStep{g.from, g.to, g.cause}})
			}
		}
	}
	flush()
	for _, number := range sortedKeys(missing) {
		p.block(&pathBlock{number: number})
		if err := p.spill(); err != nil {
			return err
		}
	}
	return nil
}

// stagePaths is what a repair calls the moves by profile.
const stagePaths = "stage paths"

// wanted returns the moves by time of the i-th profile of a block.
func (p *repairPaths) wanted(block uint32, i int) (moves []pathMove, unsound bool) {
	ordinal := uint64(block)*keys.StageBlock + uint64(i)
	if i == keys.StageBlock || ordinal >= uint64(p.meta.nextOrdinal) {
		return nil, false
	}
	return p.byTime[uint32(ordinal)], p.unsound[uint32(ordinal)]
}

// block makes the records of one block say what the moves by time do.
func (p *repairPaths) block(b *pathBlock) {
	differ, lost := health.Mended{Wrong: b.unreadable}, false
	for i, have := range b.have {
		want, unsound := p.wanted(b.number, i)
		lost = lost || unsound
		switch {
		case slices.Equal(have, want):
		case len(have) == 0:
			differ.Missing++
		case len(want) == 0:
			differ.Stray++
		default:
			differ.Wrong++
		}
	}
	if differ == (health.Mended{}) {
		return
	}
	if lost {
		first := uint64(b.number) * keys.StageBlock
		p.lose("stage paths of ordinals %d to %d: they are not what the moves by time say, and some of those are lost", first, first+keys.StageBlock-1)
		return
	}
	m := p.kind(stagePaths)
	m.Missing, m.Wrong, m.Stray = m.Missing+differ.Missing, m.Wrong+differ.Wrong, m.Stray+differ.Stray
	p.rewrite(b.number)
}

// rewrite writes the records of a block anew.
func (p *repairPaths) rewrite(block uint32) {
	prefix := keys.AppendStagePaths(nil, block)
	p.batch.DeleteRange(prefix, keys.End(prefix))
	parts := map[string]*ledgerPart{}
	for i := range keys.StageBlock {
		moves, _ := p.wanted(block, i)
		seq := uint32(0)
		for n, m := range moves {
			if seq++; n == 0 || moves[n-1].epoch != m.epoch {
				seq = 0
			}
			key := string(keys.AppendStagePath(nil, block, m.at, m.epoch, seq))
			if parts[key] == nil {
				parts[key] = &ledgerPart{}
			}
			parts[key].add(m.step, uint32(i))
		}
	}
	for _, key := range sortedKeys(parts) {
		p.batch.Set([]byte(key), parts[key].append(nil))
	}
}
