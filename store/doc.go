// Package store keeps ordered keys and values durably, on Pebble. It is the
// only package that imports Pebble.
//
// # What a host uses
//
// [Keys], for Options.Keys of package portrait; the errors that this package declares;
// and [Metrics], which portrait.Metrics holds. All else is between Portrait's own
// packages, and may change. What [Open] and [Store.Commit] write into a directory of
// Portrait's breaks it.
//
// # Guarantees
//
//   - A batch is applied whole or not at all, also over a crash.
//   - When Commit with sync returns nil the batch survives kill -9 and the loss
//     of power.
//   - A Snapshot shows the store after one successful commit: never a commit
//     whose sync is under way, nor one that failed.
//   - No failure of the disk ends the process, panics or blocks for ever. The
//     store fails instead: the commit at hand and all later ones return ErrFailed
//     with the cause, reads go on, Close says why, and the next Open finds every
//     acknowledged commit. It is final on purpose. Whether a failed sync left its
//     bytes on the disk cannot be known, and a store that goes on after one is a
//     store that loses data.
//   - After Close every method that returns an error returns ErrClosed, whatever runs
//     beside it.
//
// # Failure
//
// Pebble holds a failed write of its log or MANIFEST to be the end of the
// process: it calls Logger.Fatalf, panics in goroutines of its own, or panics
// between two of its locks. So every file that it writes goes through a fuse
// (fuse.go, fusefs.go). The first failed mutation blows it; from then on nothing
// reaches the disk and Pebble is told that all is well, while Commit, which asks
// the fuse before it reports success, tells the truth. The directory is left as a
// crash at that instant would have left it. A full disk is no exception: make
// room and open the store again.
//
// Other traps of Pebble that are closed here:
//
//   - Memtables are reserved from the block cache, so their size comes on top of
//     Options.CacheBytes.
//   - A commit is visible to readers before its sync returns; hence views, which
//     are taken after it.
//   - A write that stalls holds the commit lock until a flush succeeds; hence a
//     wait of our own, which failure and Close end.
//   - Failing flushes and compactions are retried without pause; hence background
//     errors are final and compactions stop with the store.
//   - Opening a store of an older format upgrades it for ever; hence the format is
//     looked at first.
//   - Use after Close and a second Close panic; open iterators at Close are an
//     error. Close is guarded and closes them.
//   - The directory is synced once for a change of MANIFEST that takes three
//     steps; hence a sync between them (fuseFS.settle).
//   - A lock is by file name within one process, so the directory's name is made
//     canonical.
//   - A merge result that vanishes in a compaction uncovers older values in the
//     levels below; hence an emptied shard is a value of no bytes.
//
// # Encryption
//
// With Options.Keys a file system of our own lies between the fuse and the disk
// (cryptfs.go, cryptfile.go) that gives every file a header and a key (package
// atrest). No byte is written twice, so logs are not recycled. Content is not
// authenticated. Store.Rekey rewrites what is under old keys.
//
// # Shredding
//
// With Options.Shred values of some spaces of keys are sealed, each under the key of a number
// (package shred), and the keys lie in a file of their own that is replaced when one of them is
// destroyed (vault.go). The commit that wants that says so in the store, first and
// durably; then the key file is replaced; Open finishes what was interrupted. So a crash leaves
// every key that a living value needs, and, once the store is open again, none that
// was to go. Readers of before keep the keys of before, in memory. The file says too below which
// number all may have been given out, ahead of it, so that no number is ever given out twice, not by
// an older copy of the store either.
//
// # Merging
//
// Batch.Merge folds durable forms of one shard (package internal/shard), last
// writer wins. The operator is named portrait.shard.v1 and frozen.
package store
