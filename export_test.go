package portrait

import "github.com/portraitdb/portrait/store"

// WithFS returns options on a file system of the test's.
func WithFS(o Options, fs store.FS) *Options {
	o.fs = fs
	return &o
}
