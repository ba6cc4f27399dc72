package crashdisk_test

import (
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/portraitdb/portrait/internal/crashdisk"
)

// Copies that are made while files are reused are whole, and nobody waits for ever.
func TestFS_CrashClone_beside_ReuseForWrite(t *testing.T) {
	disk := crashdisk.New()
	f, err := disk.Create("a", vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		from, to := "a", "b"
		for range 20_000 {
			f, err := disk.ReuseForWrite(from, to, vfs.WriteCategoryUnspecified)
			if err != nil {
				t.Error(err)
				return
			}
			if err := f.Close(); err != nil {
				t.Error(err)
			}
			from, to = to, from
		}
	})
	wg.Go(func() {
		for range 5_000 {
			if _, err := disk.CrashClone(vfs.CrashCloneCfg{}).List(""); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
}
