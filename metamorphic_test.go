package portrait_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/store"
)

var metamorphicFlag = flag.Int("metamorphic", 3, "how many histories TestMetamorphic plays into stores of two configurations")

// A move is an act of a history that happens to two stores, and whether each is opened
// again before it.
type move struct {
	act
	reopen [2]bool
}

// A configuration is the choices of a store that change nothing of what it says.
type configuration struct {
	opts                           portrait.Options
	feedPart, advanceBatch, recast int
}

func (c configuration) String() string {
	return fmt.Sprintf("cache %d, states %d, index %d, memtables %d, refusals %d, NoSync %t, encrypted %t, shredded %t; parts of %d, advances of %d, recasts of %d",
		c.opts.CacheBytes, c.opts.StateCacheBytes, c.opts.IndexBytes, c.opts.MemTableBytes, c.opts.MaxRefusals, c.opts.NoSync, c.opts.Keys != nil, c.opts.Shred,
		c.feedPart, c.advanceBatch, c.recast)
}

func drawConfiguration(r *rand.Rand) configuration {
	c := configuration{feedPart: 1 + r.IntN(20), advanceBatch: 1 + r.IntN(20), recast: 1 + r.IntN(40)}
	c.opts = portrait.Options{
		CacheBytes: 1 << (20 + r.IntN(4)), StateCacheBytes: 1 << r.IntN(24), IndexBytes: 1 << (20 + r.IntN(4)),
		MemTableBytes: 256 << (10 + r.IntN(4)), NoSync: r.IntN(2) == 0, Shred: r.IntN(3) == 0, MaxRefusals: []int{-1, 5, 0}[r.IntN(3)],
	}
	if r.IntN(3) == 0 {
		c.opts.Keys = &keySet{current: "a"}
	}
	return c
}

func (c configuration) options(h *host, fs store.FS) *portrait.Options {
	o := portrait.WithFS(h.options(c.opts), fs)
	return portrait.WithRecastBatch(portrait.WithAdvanceBatch(portrait.WithFeedPart(o, c.feedPart), c.advanceBatch), c.recast)
}

// TestMetamorphic plays random histories of everything that can happen to a store into two
// that differ in their options and are opened again at other moments: they say the same at
// every step. A history that shows a difference is made short before it is told.
func TestMetamorphic(t *testing.T) {
	r := seed(t)
	for range *metamorphicFlag {
		var moves []move
		for _, a := range drawActs(t, r, 60) {
			moves = append(moves, move{act: a, reopen: [2]bool{r.IntN(8) == 0, r.IntN(8) == 0}})
		}
		of := [2]configuration{drawConfiguration(r), drawConfiguration(r)}
		fault := disagreement(t, of, moves)
		if fault == "" {
			continue
		}
		for tries := 0; tries < 300; {
			shorter, tried := shorten(moves, func(some []move) bool {
				found := disagreement(t, of, some)
				if found != "" {
					fault = found
				}
				return found != ""
			})
			tries += tried
			if len(shorter) == len(moves) {
				break
			}
			moves = shorter
		}
		var acts []act
		for _, m := range moves {
			m.name = fmt.Sprint(m.name, " ", m.reopen)
			acts = append(acts, m.act)
		}
		t.Fatalf("%s\nunder %s\nand   %s\nafter\n%s", fault, of[0], of[1], namesOf(acts))
	}
}

// shorten leaves out as many moves as it can of which the fault does not need any, in ever
// smaller groups.
func shorten(moves []move, fails func([]move) bool) (shorter []move, tried int) {
	for size := len(moves) / 2; size > 0; size /= 2 {
		for at := 0; at < len(moves); {
			rest := slices.Delete(slices.Clone(moves), at, min(at+size, len(moves)))
			if tried++; fails(rest) {
				moves = rest
			} else {
				at += size
			}
		}
	}
	return moves, tried
}

// disagreement plays a history into two stores and tells the first thing that they say
// differently; nothing if they agree.
func disagreement(t *testing.T, of [2]configuration, moves []move) string {
	t.Helper()
	var hosts [2]*host
	var disks [2]*vfs.MemFS
	for i := range hosts {
		h := newHost(t)
		hosts[i], disks[i] = h, vfs.NewMem()
		h.disk, h.on = disks[i], func(fs store.FS) *portrait.Options { return of[i].options(h, fs) }
		var err error
		if hosts[i].db, err = portrait.Open("db", of[i].options(hosts[i], disks[i])); err != nil {
			return err.Error()
		}
		defer func() {
			hosts[i].release()
			_ = hosts[i].db.Close() // may be closed already
		}()
	}
	for k, m := range moves {
		var said [2]string
		for i, h := range hosts {
			if m.reopen[i] {
				if err := h.reopen(of[i].options(h, disks[i])); err != nil {
					return fmt.Sprintf("move %d, reopening: %v", k, err)
				}
			}
			answer, err := m.do(h)
			if err != nil && !refusal(err) {
				return fmt.Sprintf("move %d, %s: %v", k, m.name, err)
			}
			is, bad := state(h.ctx, h.db)
			said[i] = fmt.Sprintf("%s\n%v\n%s\n%v", sortedLines(answer), err, is, bad)
		}
		if said[0] != said[1] {
			return fmt.Sprintf("move %d, %s: one says\n%s\nand the other\n%s", k, m.name, without(said[0], said[1]), without(said[1], said[0]))
		}
	}
	var all [2]string
	for i, h := range hosts {
		said, err := everything(h.ctx, h.db)
		if err == nil {
			err = h.db.Check(h.ctx)
		}
		if all[i] = sortedLines(said); err != nil {
			return fmt.Sprintf("in the end: %v", err)
		}
	}
	if all[0] != all[1] {
		return fmt.Sprintf("in the end one says\n%s\nand the other\n%s", without(all[0], all[1]), without(all[1], all[0]))
	}
	return ""
}

// without returns the lines of a text that another has not.
func without(text, other string) string {
	left := map[string]int{}
	for line := range strings.Lines(other + "\n") {
		left[line]++
	}
	var b strings.Builder
	for line := range strings.Lines(text + "\n") {
		if left[line]--; left[line] < 0 {
			b.WriteString(line)
		}
	}
	return b.String()
}

// sortedLines puts lines in order: in what order the parts of one commit are told depends
// on their size.
func sortedLines(text string) string {
	lines := strings.Split(text, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// reopen closes the store and opens it again. Views that were held are gone.
func (h *host) reopen(opts *portrait.Options) (err error) {
	h.release()
	if err := h.db.Close(); err != nil {
		return err
	}
	h.db, err = portrait.Open("db", opts)
	return err
}
