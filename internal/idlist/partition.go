package idlist

import "sync"

// partitionCount is the number of values of a token's first byte.
const partitionCount = 256

// partitions holds the records of a list by the first byte of their tokens: in
// memory up to a limit, and what exceeds it in a file. Several goroutines may push
// at once; they have ended when the partitions are read.
type partitions struct {
	limit int64 // records that may be held in memory
	chunk int   // records in one piece
	dir   string

	mu    sync.Mutex // guards what follows
	parts [partitionCount]part
	held  int64 // records in memory
	free  [][]record
	file  *spill // nil until the memory is exceeded
}

// part is one partition.
type part struct {
	chunks  [][]record
	extents []extent
	records int64 // in memory and in the file
}

func newPartitions(memory int64, chunk int, dir string) *partitions {
	return &partitions{limit: memory / recordBytes, chunk: chunk, dir: dir}
}

// push takes over a piece of a partition.
func (p *partitions) push(part byte, rs []record) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	to := &p.parts[part]
	to.chunks = append(to.chunks, rs)
	to.records += int64(len(rs))
	if p.held += int64(len(rs)); p.held > p.limit {
		return p.spillAll()
	}
	return nil
}

// empty returns an empty piece.
func (p *partitions) empty() []record {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.free)
	if n == 0 {
		return make([]record, 0, p.chunk)
	}
	rs := p.free[n-1]
	p.free = p.free[:n-1]
	return rs[:0]
}

// spillAll writes what is in memory to the file, each partition in one piece.
func (p *partitions) spillAll() error {
	if p.file == nil {
		file, err := newSpill(p.dir)
		if err != nil {
			return err
		}
		p.file = file
	}
	for i := range p.parts {
		to := &p.parts[i]
		if len(to.chunks) == 0 {
			continue
		}
		at, err := p.file.write(to.chunks)
		if err != nil {
			return err
		}
		to.extents = append(to.extents, at)
		for _, rs := range to.chunks {
			if cap(rs) == p.chunk {
				p.free = append(p.free, rs)
			}
		}
		clear(to.chunks)
		to.chunks = to.chunks[:0]
	}
	p.held = 0
	return nil
}

// records returns how many records there are.
func (p *partitions) records() (n int64) {
	for i := range p.parts {
		n += p.parts[i].records
	}
	return n
}

// drain hands the records of a partition over, in pieces and in no order. What was in
// memory is let go. Different partitions may be drained at once.
func (p *partitions) drain(i int, take func([]record)) error {
	from := &p.parts[i]
	for c, rs := range from.chunks {
		take(rs)
		from.chunks[c] = nil
	}
	from.chunks = nil
	if len(from.extents) == 0 {
		return nil
	}
	buf := make([]record, p.chunk)
	raw := make([]byte, p.chunk*recordBytes)
	for _, at := range from.extents {
		if err := p.file.read(at, buf, raw, take); err != nil {
			return err
		}
	}
	return nil
}

// close removes the file, if there is one.
func (p *partitions) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.file == nil {
		return nil
	}
	file := p.file
	p.file = nil
	return file.close()
}
