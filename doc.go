// Package portrait is an embedded library of customer profiles and segments. A
// host application hands it events; it answers three questions, exactly and at
// once: who is this customer, what do we know of them, and which segments are
// they in. One process, one directory, no server.
//
// # The four nouns
//
// A [DB] is one directory. A [Model] declares what matters in it: which
// identifiers name a person, which traits and events are kept, which tags there
// are. A [profile.Event] is what the host hands in. A [View] is everything as
// of one commit and one instant; the methods of DB that ask a question open a
// View for that one question.
//
// # The way of an event
//
// Ingest finds whose event it is, folds it into that person's state,
// re-evaluates the rules that read what it touched, flips the bits of their
// bitmaps, and writes all of it in one commit. When it returns nil the events
// survive a crash of the process and of the machine.
//
// # Time
//
// Every answer says its instant (AsOf). A rule about time, such as
// `registered < ago("30d")`, changes at its exact instant without an event: the
// commit that stored the profile also stored when that will be, and a query
// first applies what has come due. Under the machine's clock a timer does so even
// where nobody asks. docs/behaviour.md tells of windows, sequences, interests,
// tags of every kind and the feed.
//
// # Testing
//
// A host's own tests give the DB a clock that they set, a directory that goes with them,
// and small buffers:
//
//	db, err := portrait.Open(t.TempDir(), &portrait.Options{
//		Clock:  func() time.Time { return now },
//		NoSync: true, CacheBytes: 8 << 20, MemTableBytes: 1 << 20,
//	})
//
// Move now and ask, or call [DB.Advance]: under such a clock there is no timer, so that
// [DB.Watch] tells of deadlines only then. The instant never goes back.
//
// # Goroutines
//
// Every method of DB and View may be called from any goroutine. Readers never
// block the writer, nor the writer them. Portrait starts no goroutine that
// outlives a call, but for those of its store, its timer and what is filled in the
// background (by an Apply with [Background], or a [Lists.Upload] that moves more than
// 16,384 profiles), which end with Close; and the one that reads a list for an Upload
// which was broken off, while its Read hangs.
package portrait
