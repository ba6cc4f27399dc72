package linkage

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// data is records as a plan sees them: a number of a value for every record and
// comparison, row by row, so that a record is read in one go.
type data struct {
	plan    *plan
	records *Records
	n       int
	rows    []uint32
	columns []boundColumn
}

// boundColumn is a clean column: what the values of a column of Records become.
type boundColumn struct {
	cells []uint32 // By record: the number of the value as given.
	clean []uint32 // By that number: the number of the clean text.
	texts interner
}

func (b *boundColumn) number(rec int32) uint32 { return b.clean[b.cells[rec]] }

func (b *boundColumn) textOf(rec int32) string { return b.texts.texts[b.number(rec)] }

// boundKey is a key with the hashes of those parts that read one column, by the
// number of the clean text.
type boundKey struct {
	key   *key
	seed  uint64
	parts []boundPart
}

type boundPart struct {
	column int // -1 for a part that reads several.
	starts []uint32
	hashes []uint64
}

// newData binds records to a plan. It looks at every distinct value once.
func newData(ctx context.Context, p *plan, recs *Records) (*data, error) {
	d := &data{plan: p, records: recs, n: recs.Len(), columns: make([]boundColumn, len(p.columns))}
	d.rows = make([]uint32, d.n*len(p.comparisons))
	err := parallel(ctx, len(p.columns), 0, func(i int) { d.columns[i].bind(&p.columns[i], recs) })
	if err != nil {
		return nil, err
	}
	err = parallel(ctx, len(p.comparisons), 0, func(i int) { d.fill(i) })
	return d, err
}

func (b *boundColumn) bind(c *cleanColumn, recs *Records) {
	values := &recs.values[c.source]
	b.cells = recs.cells[c.source]
	b.clean = make([]uint32, values.len())
	b.texts.intern("")
	for i, s := range values.texts {
		b.clean[i] = b.texts.intern(c.clean(s))
	}
}

// fill numbers the values of one comparison.
func (d *data) fill(i int) {
	c := &d.plan.comparisons[i]
	stride := len(d.plan.comparisons)
	cells := make([]string, len(d.columns))
	buf := make([]string, 0, len(c.reads))
	if len(c.reads) == 1 {
		column := &d.columns[c.reads[0]]
		numbers := make([]uint32, column.texts.len())
		for n, s := range column.texts.texts {
			cells[c.reads[0]] = s
			numbers[n] = c.add(cells, buf)
		}
		for r := range d.n {
			d.rows[r*stride+i] = numbers[column.number(int32(r))]
		}
		return
	}
	for r := range d.n {
		for _, k := range c.reads {
			cells[k] = d.columns[k].textOf(int32(r))
		}
		d.rows[r*stride+i] = c.add(cells, buf)
	}
}

// row returns the numbers of a record's values.
func (d *data) row(rec int32) []uint32 {
	stride := len(d.plan.comparisons)
	return d.rows[int(rec)*stride : (int(rec)+1)*stride]
}

// pairs returns how many pairs of records there are to link.
func (d *data) pairs() float64 {
	n := float64(d.n)
	if split := float64(d.split()); split > 0 {
		return split * (n - split)
	}
	return n * (n - 1) / 2
}

// split returns where the second list starts if pairs are across lists only, else 0.
func (d *data) split() int32 {
	if d.plan.config.WithinLists {
		return 0
	}
	return int32(d.records.second)
}

// block indexes the records by some keys.
func (d *data) block(ctx context.Context, keys []*key) (*candidates, error) {
	bound := make([]boundKey, len(keys))
	if err := parallel(ctx, len(keys), 0, func(i int) { bound[i] = d.bindKey(keys[i], i) }); err != nil {
		return nil, err
	}
	return newCandidates(d.n, func(rec int32, dst []uint64) []uint64 {
		for i := range bound {
			dst = d.keysOf(&bound[i], rec, dst)
		}
		return dst
	}, blockOptions{MaxPosting: d.plan.config.Blocking.MaxPosting, Split: d.split()})
}

// keySeed tells the keys of a configuration apart.
func keySeed(i int) uint64 { return combine(uint64(i), 0x9e3779b97f4a7c15) }

func (d *data) bindKey(k *key, i int) boundKey {
	b := boundKey{key: k, seed: keySeed(i), parts: make([]boundPart, len(k.parts))}
	for p, t := range k.parts {
		cols := t.columns(nil)
		if len(cols) != 1 {
			b.parts[p].column = -1
			continue
		}
		part := boundPart{column: cols[0], starts: []uint32{0}}
		var values []string
		for _, s := range d.columns[cols[0]].texts.texts {
			values = t.values(func(int) string { return s }, values[:0])
			part.hashes = appendHashes(part.hashes, values)
			part.starts = append(part.starts, uint32(len(part.hashes)))
		}
		b.parts[p] = part
	}
	return b
}

func (d *data) keysOf(b *boundKey, rec int32, dst []uint64) []uint64 {
	return b.key.hashes(b.seed, func(p int, found []uint64) []uint64 {
		part := &b.parts[p]
		if part.column < 0 {
			cell := func(column int) string { return d.columns[column].textOf(rec) }
			return appendHashes(found, b.key.parts[p].values(cell, nil))
		}
		n := d.columns[part.column].number(rec)
		return append(found, part.hashes[part.starts[n]:part.starts[n+1]]...)
	}, dst)
}

// parallel calls work for 0 to n-1 on some goroutines (0 means GOMAXPROCS) and
// returns when all are done, or the error of ctx if it ended before.
func parallel(ctx context.Context, n, workers int, work func(i int)) error {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(workers, n) {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				work(i)
			}
		})
	}
	group.Wait()
	return ctx.Err()
}
