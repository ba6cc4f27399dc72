package store

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/portraitdb/portrait/internal/counts"
	"github.com/portraitdb/portrait/internal/crashdisk"
	"github.com/portraitdb/portrait/internal/seeds"
)

// A crash is what a loss of power left, and what had been acknowledged.
type crash struct {
	fs    *crashdisk.FS
	at    errorfs.Op // the operation that it came before
	acked int
}

// crashes runs the workload from batch first on, on a store that mem holds, and
// takes what a crash would leave before many an operation on the disk: before
// each of the first ones, when the store is opened, and then now and then. A
// random part of what was not synced survives, in no order.
func crashes(t *testing.T, rnd *rand.Rand, with options, mem *crashdisk.FS, first, last int) []crash {
	t.Helper()
	var (
		mu    sync.Mutex // what is below, which several goroutines of Pebble reach
		acked = first - 1
		ops   int
		next  = 1
		found []crash
	)
	watch := errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind.ReadOrWrite() != errorfs.OpIsWrite {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		if ops++; ops < next {
			return nil
		}
		next = ops + 1 + rnd.IntN(1+ops/24)
		found = append(found, crash{acked: acked, at: op, fs: mem.CrashClone(vfs.CrashCloneCfg{
			UnsyncedDataPercent: rnd.IntN(101), RNG: rnd,
		})})
		return nil
	})
	s := mustOpen(t, "db", with(errorfs.Wrap(mem, watch)))
	for i := first; i <= last; i++ {
		if _, err := workload(s, i, i); err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		acked = i
		mu.Unlock()
	}
	mustClose(t, s)
	return found
}

func TestStore_survives_a_crash_anywhere(t *testing.T) {
	for name, with := range kinds {
		t.Run(name, func(t *testing.T) { surviveCrashes(t, with) })
	}
}

func surviveCrashes(t *testing.T, with options) {
	rnd := rand.New(rand.NewPCG(seeds.Draw(t), 0))
	const many = 50
	mem, first := crashdisk.New(), 0
	for round := range 3 { // a new store, and then one that has crashed
		last := first + many
		found := crashes(t, rnd, with, mem, first, last)
		if len(found) < 50 {
			t.Errorf("only %d crashes", len(found))
		}
		for i, c := range found {
			s, err := Open("db", with(c.fs))
			if err != nil {
				t.Fatalf("round %d, crash %d before %v of %s, acknowledged %d: %v", round, i, c.at.Kind, c.at.Path, c.acked, err)
			}
			checkPrefix(t, s, c.acked)
			mustClose(t, s)
		}
		counts.Add(t, "crash clones", len(found))
		mem, first = mem.CrashClone(vfs.CrashCloneCfg{}), last+1
	}
}

// fill commits n values of 1 KiB without sync and flushes them.
func fill(t testing.TB, s *Store, n int) {
	t.Helper()
	b := s.NewBatch()
	for i := range n {
		b.Set(fmt.Appendf(nil, "k%06d", i), fmt.Appendf(nil, "%01024d", i))
		if err := s.Commit(b, false); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.db.Flush(); err != nil {
		t.Fatal(err)
	}
}

func TestStore_reports_damaged_tables(t *testing.T) {
	mem := vfs.NewMem()
	s := mustOpen(t, "db", small(mem))
	fill(t, s, 500)
	if err := s.db.Compact(t.Context(), []byte("a"), []byte("z"), false); err != nil {
		t.Fatal(err)
	}
	mustClose(t, s)
	names, err := mem.List("db")
	if err != nil {
		t.Fatal(err)
	}
	var largest []byte // not the one that Open reads
	for _, name := range names {
		if !strings.HasSuffix(name, ".sst") {
			continue
		}
		data, err := mem.UnsafeGetFileDataBuffer("db/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if len(data) > len(largest) {
			largest = data
		}
	}
	largest[len(largest)/3] ^= 0x10

	s = mustOpen(t, "db", small(mem))
	sn, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	var corrupt, good int
	for _, err := range sn.Scan(nil, nil) {
		if err == nil {
			good++
			continue
		}
		corrupt++
		if !errors.Is(err, ErrCorrupt) {
			t.Errorf("Scan: %v", err)
		}
	}
	if corrupt != 1 || good == 0 {
		t.Errorf("Scan: %d good pairs, then %d errors", good, corrupt)
	}
	// Damage ends writing, and what can be read stays readable.
	if err := s.Commit(s.NewBatch(), true); !errors.Is(err, ErrFailed) || !errors.Is(err, ErrCorrupt) {
		t.Errorf("Commit: %v", err)
	}
	if _, err := s.Get([]byte("k000000")); err != nil {
		t.Errorf("Get: %v", err)
	}
	if err := s.Close(); !errors.Is(err, ErrCorrupt) {
		t.Errorf("Close: %v", err)
	}
}

func TestStore_fails_when_a_compaction_cannot_read(t *testing.T) {
	mem := crashdisk.New()
	inj := &injector{fault: fault{op: "read", file: "table", nth: 1, err: syscall.EIO}, fs: mem}
	inj.off.Store(true)
	o := small(faulty(mem, inj))
	told := make(chan error, 1)
	o.OnFailure = func(err error) { told <- err }
	o.CacheBytes = 1 // so that compactions read the disk
	s := mustOpen(t, "db", o)
	fill(t, s, 100)
	inj.off.Store(false)
	b := s.NewBatch()
	for i := 0; s.Failed() == nil; i++ {
		b.Set(fmt.Appendf(nil, "k%06d", i%100), fmt.Appendf(nil, "%01024d", i))
		if err := s.Commit(b, false); err != nil && !errors.Is(err, ErrFailed) {
			t.Fatal(err)
		}
	}
	if err := <-told; !errors.Is(err, ErrFailed) || !errors.Is(err, syscall.EIO) {
		t.Errorf("OnFailure: %v", err)
	}
	inj.off.Store(true)
	if _, err := s.Get([]byte("k000000")); err != nil {
		t.Errorf("Get once the disk has mended: %v", err)
	}
	before := inj.seen.Load()
	m := s.Metrics()
	if m.CompactionsRunning > maxCompactions {
		t.Errorf("%d compactions run", m.CompactionsRunning)
	}
	if err := s.Close(); !errors.Is(err, ErrFailed) {
		t.Errorf("Close: %v", err)
	}
	if after := inj.seen.Load(); after-before > 1000 {
		t.Errorf("%d reads by compactions of a failed store", after-before)
	}
}
