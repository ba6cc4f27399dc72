package portrait_test

import (
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/portraitdb/portrait/store"
)

// underWatch returns a file system all of whose operations an injector hears of, those on files
// that are used again too, which package errorfs leaves out.
func underWatch(fs store.FS, inj errorfs.Injector) store.FS {
	return toldFS{errorfs.Wrap(fs, inj), inj}
}

type toldFS struct {
	store.FS
	inj errorfs.Injector
}

func (fs toldFS) ReuseForWrite(old, name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := fs.FS.ReuseForWrite(old, name, category)
	if err != nil {
		return nil, err
	}
	return toldFile{f, name, fs.inj}, nil
}

// toldFile is a file that is used again.
type toldFile struct {
	vfs.File
	name string
	inj  errorfs.Injector
}

func (f toldFile) ask(kind errorfs.OpKind) error {
	return f.inj.MaybeError(errorfs.Op{Kind: kind, Path: f.name})
}

func (f toldFile) Write(p []byte) (int, error) {
	if err := f.ask(errorfs.OpFileWrite); err != nil {
		return 0, err
	}
	return f.File.Write(p)
}

func (f toldFile) Sync() error {
	if err := f.ask(errorfs.OpFileSync); err != nil {
		return err
	}
	return f.File.Sync()
}

func (f toldFile) SyncData() error {
	if err := f.ask(errorfs.OpFileSyncData); err != nil {
		return err
	}
	return f.File.SyncData()
}

func (f toldFile) SyncTo(length int64) (bool, error) {
	if err := f.ask(errorfs.OpFileSyncTo); err != nil {
		return false, err
	}
	return f.File.SyncTo(length)
}

func (f toldFile) Stat() (vfs.FileInfo, error) {
	if err := f.ask(errorfs.OpFileStat); err != nil {
		return nil, err
	}
	return f.File.Stat()
}
