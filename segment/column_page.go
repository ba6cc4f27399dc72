package segment

import (
	"sync/atomic"

	"github.com/portraitdb/portrait/internal/shard"
)

// chunkPage is a part of the directory of a block, small enough to be copied for one
// value. It is immutable.
type chunkPage struct {
	chunks [pageChunks]*shard.Chunk
	wide   *widePage // nil: the chunks lie above
}

// chunk returns the i-th chunk; nil where no one has a value.
func (p *chunkPage) chunk(i int) *shard.Chunk {
	if p.wide == nil {
		return p.chunks[i]
	}
	return p.wide.chunk(i)
}

// all returns the chunks, which may lie in room.
func (p *chunkPage) all(room *[pageChunks]*shard.Chunk) *[pageChunks]*shard.Chunk {
	switch {
	case p == nil:
		*room = [pageChunks]*shard.Chunk{}
	case p.wide == nil:
		return &p.chunks
	default:
		for i := range room {
			room[i] = p.wide.chunk(i)
		}
	}
	return room
}

// clone returns a page that nobody else has seen.
func (p *chunkPage) clone() *chunkPage {
	if p.wide != nil {
		return &chunkPage{wide: p.wide.clone()}
	}
	d := *p
	return &d
}

// put sets the i-th chunk of a page that nobody else has seen.
func (p *chunkPage) put(i int, c *shard.Chunk) {
	if p.wide == nil {
		p.chunks[i] = c
		return
	}
	p.wide.late[i].Store(nil)
	p.wide.chunks[i].Store(c)
}

// replace keeps a value of the i-th chunk for later, in a page that nobody else has seen;
// false: it has to go to its place at once.
func (p *chunkPage) replace(i int, cell shard.Cell) bool {
	if p.wide == nil {
		if c := p.chunks[i]; c == nil || c.Width < wideWidth || !c.Replaces(cell) {
			return false
		}
		p.wide = new(widePage)
		for j, c := range p.chunks {
			p.wide.chunks[j].Store(c)
		}
		p.chunks = [pageChunks]*shard.Chunk{}
	}
	return p.wide.replace(i, cell)
}

// widePage is the chunks of a page with wide values, a chunk of which takes 2 KiB. It is
// not copied for each value that is replaced: the page keeps the value, and the first
// reader puts it in its place, or the commit that finds too many of them. So the page
// changes, but all readers find the same in it.
type widePage struct {
	chunks [pageChunks]atomic.Pointer[shard.Chunk]
	late   [pageChunks]atomic.Pointer[lateCell]
}

// lateCell is a value that a chunk does not have yet. What it takes is not counted:
// nobody would know by how much when a reader is done with it.
type lateCell struct {
	cell   shard.Cell
	before *lateCell
	n      int // how many there are with it
}

const (
	// lateMax is how many values of a chunk wait at most.
	lateMax = 15
	// wideWidth is from how many bytes a value on it pays.
	wideWidth = 8
)

func (p *widePage) chunk(i int) *shard.Chunk {
	if l := p.late[i].Load(); l != nil {
		return p.settle(i, l)
	}
	return p.chunks[i].Load()
}

// settle puts the values that wait in their places. Several readers may do so at once,
// and whoever has seen that values wait, but finds the chunk that has them already,
// replaces them by themselves. So the chunk is stored first, and always loaded last.
func (p *widePage) settle(i int, l *lateCell) *shard.Chunk {
	var cells [lateMax]shard.Cell
	n := l.n
	for ; l != nil; l = l.before {
		cells[l.n-1] = l.cell
	}
	c := p.chunks[i].Load().Replace(cells[:n])
	p.chunks[i].Store(c)
	p.late[i].Store(nil)
	return c
}

func (p *widePage) clone() *widePage {
	d := new(widePage)
	for i := range p.chunks {
		if l := p.late[i].Load(); l != nil {
			d.late[i].Store(l)
		}
		if c := p.chunks[i].Load(); c != nil {
			d.chunks[i].Store(c)
		}
	}
	return d
}

func (p *widePage) replace(i int, cell shard.Cell) bool {
	l := p.late[i].Load()
	c := p.chunks[i].Load()
	if c == nil || c.Width < wideWidth || !c.Replaces(cell) {
		return false
	}
	d := &lateCell{cell: cell, n: 1}
	switch {
	case l == nil:
	case l.n == lateMax:
		p.settle(i, l)
	default:
		d.before, d.n = l, l.n+1
	}
	p.late[i].Store(d)
	return true
}
