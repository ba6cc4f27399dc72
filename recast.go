package portrait

func (db *DB) resumeRecast() error { return nil }
