package portrait

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/store"
)

// Options tune a DB. The zero value of every field is its documented default;
// a nil *Options means all defaults.
type Options struct {
	// CacheBytes is the memory for blocks read from disk. The default is 256 MiB.
	CacheBytes int64
	// MemTableBytes is the size of one write buffer; up to five are reserved on
	// top of CacheBytes. The default is 32 MiB.
	MemTableBytes int64
	// StateCacheBytes is the memory, roughly, for the decoded states of the
	// people whose events come in. The default is 64 MiB.
	StateCacheBytes int64
	// IndexBytes is the memory for decoded bitmaps and columns; what does not
	// fit is read again when asked. The default is 512 MiB.
	IndexBytes int64
	// NoSync acknowledges commits before they are on disk: a crash of the
	// machine or the process may lose the last of them, never half of one. The
	// default waits for the disk.
	NoSync bool
	// Clock tells the time. It serves events without a received time, the bound
	// on times in the future, and the instant of answers. It may be called from any
	// goroutine. The default is time.Now, with a timer that applies what comes due
	// without waiting for a query; under a clock of the host's own there is none.
	Clock func() time.Time
	// Limits bound what one event may hold. See [profile.Limits] for defaults; below zero is
	// the default there, and never "no bound", as it is in fields below.
	Limits profile.Limits
	// MaxRefusals is how many records of what identity rules refused are kept, the
	// newest; see View.Refusals. The default is 1,000,000; below zero none is kept.
	// Refusals are counted in any case.
	MaxRefusals int
	// FillRate is how many profiles a second an Apply in the background evaluates at
	// most. The default sets no bound.
	FillRate int
	// FeedRetention is how long the feed keeps what changed; see DB.Watch. The default
	// is 30 days; below zero it is kept for ever.
	FeedRetention time.Duration
	// MaxFeedBytes is how much of the disk the feed takes, about: beyond it the oldest changes go
	// however young they are, some at a time, and who has not read them gets ErrTrimmed. What is
	// not flushed yet (at most some MemTableBytes) does not count; Metrics.FeedBytes is what does. The
	// default is 4 GiB, the least 16 KiB; below zero there is no bound.
	MaxFeedBytes int64
	// MinFreeBytes is how much of the disk is left to others: while less is free writes are
	// refused with a [store.DiskError], which wraps store.ErrDiskLow, and reads go on;
	// writing goes on by itself when there is room. The default is 1 GiB, or a twentieth
	// of a file system smaller than 20 GiB; below zero nobody looks.
	MinFreeBytes int64
	// MaxStall is how long a write waits for flushes and compactions before it is refused
	// with a [store.StallError], which wraps store.ErrStalled and says when to try again;
	// an end of its context ends it likewise. Nothing of it was taken in then. The default is 1
	// minute; below zero it waits as long as it takes.
	MaxStall time.Duration
	// MaxViewAge is how long a View may stay open, since it keeps old bytes on the disk:
	// after it the view's calls return ErrClosed. The default is 1 hour; below zero views
	// stay open until they are closed.
	MaxViewAge time.Duration
	// Normalizers and Blockers are functions of the host's own that the model's
	// namespaces name, as normalisers and as tests for values that are never
	// identifiers; see [identity.Config] for what they have to be. A model that
	// names one is refused, by Open too, where it is missing. The default is none.
	Normalizers map[string]func(string) (string, bool)
	Blockers    map[string]func(string) bool
	// Keys encrypt the directory, except names and lengths of files and the temporary file
	// of a long upload, which holds keyed tokens and no value; see
	// docs/encryption.md for what that protects from. A directory is encrypted when
	// it is made or not at all: Open returns a [store.KeyError] for a plain one with keys,
	// and for an encrypted one without them or with others. Which keys are still
	// needed Metrics.Store.KeysInUse tells. The default encrypts nothing.
	Keys store.Keys
	// Shred seals everything that is known of a person under keys that an erasure destroys at
	// once, so that old files and copies of the directory can be read no more without waiting
	// for [Privacy.Purge]; see docs/encryption.md for what is sealed. A directory is made so or not at all: Open
	// returns a [store.KeyError] for one that was made without. One that was made with it
	// stays so, set here or not, and is refused if its key file is missing or another one's. The default, for a new
	// directory, is not to.
	Shred bool
	// Repair has Open do what Admin.Repair does, before anything else: for a directory that
	// it refuses because of damage to what can be derived. Admin.Repaired tells what that was.
	// In an old copy under the key file of now it leaves alone whom that has no key of: Open
	// takes these out after it. The default refuses.
	Repair bool
	// Logger receives warnings and the store's messages. The default is silence.
	Logger *slog.Logger
	// OnFailure is called once, when the store enters the failed state. It must
	// not block or call the DB. The default does nothing.
	OnFailure func(error)

	fs store.FS
	// elapsed is the time since some moment, by a clock that nobody sets. Where it is
	// nil the host's Clock is taken at its word.
	elapsed func() time.Duration
	// after is time.After, for the timer; without it there is none.
	after func(time.Duration) <-chan time.Time
	// advanceBatch is how many deadlines one commit of an Advance fires.
	advanceBatch int
	// feedPart is how many changes one part of the feed holds at most, which a reader
	// decodes at once.
	feedPart int
	// purgeBatch is of how many identifiers one commit at the end of a Purge tells.
	purgeBatch int
	// repairBatch is about how many bytes one commit of a repair writes.
	repairBatch int
	// recastBatch is about how many nodes one commit changes when identity rules do, or
	// when nodes catch up on new folds.
	recastBatch int
}

func (o *Options) withDefaults() (Options, error) {
	var c Options
	if o != nil {
		c = *o
	}
	var faults []error
	size := func(name string, v *int64, standard, least int64) {
		if *v == 0 {
			*v = standard
		}
		if *v < least {
			faults = append(faults, fmt.Errorf("portrait: Options.%s is %d, the least is %d", name, *v, least))
		}
	}
	size("CacheBytes", &c.CacheBytes, 256<<20, 1<<20)
	size("MemTableBytes", &c.MemTableBytes, 32<<20, 256<<10)
	size("StateCacheBytes", &c.StateCacheBytes, 64<<20, 0)
	size("IndexBytes", &c.IndexBytes, 512<<20, 1<<20)
	if c.MaxRefusals == 0 {
		c.MaxRefusals = 1_000_000
	}
	if c.purgeBatch == 0 {
		c.purgeBatch = maxErased
	}
	if c.repairBatch == 0 {
		c.repairBatch = 8 << 20
	}
	if c.recastBatch == 0 {
		c.recastBatch = 4096
	}
	if c.advanceBatch == 0 {
		c.advanceBatch = 4096
	}
	if c.feedPart == 0 {
		c.feedPart = 1 << 14
	}
	if c.FeedRetention == 0 {
		c.FeedRetention = 30 * 24 * time.Hour
	}
	if c.MaxFeedBytes == 0 {
		c.MaxFeedBytes = 4 << 30
	}
	if c.MaxFeedBytes > 0 {
		size("MaxFeedBytes", &c.MaxFeedBytes, 4<<30, 16<<10)
	}
	if c.MaxViewAge == 0 {
		c.MaxViewAge = time.Hour
	}
	if c.Clock == nil {
		start := time.Now()
		c.Clock, c.after = time.Now, time.After
		c.elapsed = func() time.Duration { return time.Since(start) }
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c, errors.Join(faults...)
}
