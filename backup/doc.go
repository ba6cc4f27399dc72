// Package backup keeps copies of stores apart from them: incremental, checked byte by
// byte, and put back by the epoch. [portrait.Admin.Backup] makes them; this package lists,
// verifies, prunes and restores them, without opening a store. docs/backup.md is the guide.
//
// # What a target holds
//
//	objects/SHA256    a file of a store, by the hash of its content, as it lay on the
//	                  disk: encrypted if the store is
//	manifests/ID      one backup: which files under which names make the store again
//	keys/ID           with Options.Shred, the newest key file of a store and its copies, for all
//	                  backups: what an erasure destroyed since cannot be read in any of them
//
// A table of a store never changes, so a backup puts only those that the target has not
// got. The manifest is put last: a backup is there whole, or not at all.
//
// # Trust
//
// Every object is checked against its hash whenever it is read, every manifest against its
// own. That finds damage, not malice: who can write to the target can make it hold what
// they like. Content is as readable as the files of the store are.
//
// [portrait.Admin.Backup]: https://pkg.go.dev/github.com/portraitdb/portrait#Admin.Backup
package backup
