package portrait

// HoldUploads keeps commits from telling uploads of who was erased until release is called.
func HoldUploads(db *DB) (release func()) {
	db.uploads.mu.Lock()
	return db.uploads.mu.Unlock
}
