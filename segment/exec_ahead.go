package segment

// What the kernels read comes from memory, block after block of each operand, and each
// block lies elsewhere: the processor, which reads on by itself where one line follows
// another, begins anew at every one. So whoever is done with the words of a block, and
// still has something to compute, asks for the beginnings of the next ones.

// ahead is blocks that are likely to be read next.
type ahead struct {
	next [aheadMax]*words
	n    int
}

const (
	// aheadMax is the most operands whose next blocks are asked for.
	aheadMax = 8
	// aheadBytes is how much of each block is: what comes meanwhile.
	aheadBytes = 12 * 64
)

// foresee keeps a block of the bitmap, if there is one and it is words.
func (a *ahead) foresee(m *bitmap, i int) {
	if m.blocks == nil || i >= len(m.blocks) || a.n == aheadMax {
		return
	}
	if b := m.blocks[i]; b != nil {
		a.next[a.n] = b.words // nobody waits for what it is
		a.n++
	}
}

// ask asks for the blocks, and forgets them.
func (a *ahead) ask() {
	if a.n > 0 {
		prefetch(a.next[:a.n])
		a.n = 0
	}
}
