package store

import (
	"sync"

	"github.com/cockroachdb/pebble/v2"
)

// scheduler starts compactions, as many at once as Pebble asks for. It differs
// from Pebble's own in two things: none starts before Open has returned or
// after the store has failed (Pebble would retry a failing one without pause),
// and it uses no timer.
type scheduler struct {
	fuse *fuse
	db   pebble.DBForCompaction // set by Register, before any other use
	poke chan struct{}          // holds one: there may be something to start
	stop chan struct{}          // closed at the end
	end  sync.Once
	wg   sync.WaitGroup

	mu      sync.Mutex // running, open
	running int
	open    bool
}

var (
	_ pebble.CompactionScheduler   = (*scheduler)(nil)
	_ pebble.CompactionGrantHandle = (*scheduler)(nil)
)

func newScheduler(f *fuse) *scheduler {
	return &scheduler{fuse: f, poke: make(chan struct{}, 1), stop: make(chan struct{})}
}

// begin lets compactions start.
func (s *scheduler) begin() {
	s.mu.Lock()
	s.open = true
	s.mu.Unlock()
	s.kick()
}

// Register implements pebble.CompactionScheduler.
func (s *scheduler) Register(_ int, db pebble.DBForCompaction) {
	s.db = db
	s.wg.Go(s.grant)
}

// Unregister implements pebble.CompactionScheduler. It may be called again, and
// without Register.
func (s *scheduler) Unregister() {
	s.end.Do(func() {
		s.mu.Lock()
		s.open = false
		s.mu.Unlock()
		close(s.stop)
	})
	s.wg.Wait()
}

// TrySchedule implements pebble.CompactionScheduler.
func (s *scheduler) TrySchedule() (bool, pebble.CompactionGrantHandle) {
	if !s.take() {
		return false, nil
	}
	return true, s
}

// UpdateGetAllowedWithoutPermission implements pebble.CompactionScheduler. It
// is called under Pebble's locks, so the work is left to grant.
func (s *scheduler) UpdateGetAllowedWithoutPermission() { s.kick() }

// Started implements pebble.CompactionGrantHandle.
func (s *scheduler) Started() {}

// MeasureCPU implements pebble.CompactionGrantHandle.
func (s *scheduler) MeasureCPU(pebble.CompactionGoroutineKind) {}

// CumulativeStats implements pebble.CompactionGrantHandle.
func (s *scheduler) CumulativeStats(pebble.CompactionGrantHandleStats) {}

// Done implements pebble.CompactionGrantHandle.
func (s *scheduler) Done() {
	s.giveBack()
	s.kick()
}

// take reserves the right to run one more compaction, if there is one.
func (s *scheduler) take() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.open || s.fuse.blown() || s.running >= s.db.GetAllowedWithoutPermission() {
		return false
	}
	s.running++
	return true
}

func (s *scheduler) giveBack() {
	s.mu.Lock()
	s.running--
	s.mu.Unlock()
}

func (s *scheduler) kick() {
	select {
	case s.poke <- struct{}{}:
	default:
	}
}

// grant starts waiting compactions whenever it is poked, until the end.
func (s *scheduler) grant() {
	for {
		select {
		case <-s.stop:
			return
		case <-s.poke:
		}
		for s.take() {
			if waiting, _ := s.db.GetWaitingCompaction(); waiting && s.db.Schedule(s) {
				continue
			}
			s.giveBack()
			break
		}
	}
}
