package portrait_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/internal/counts"
	"github.com/portraitdb/portrait/internal/crashdisk"
	"github.com/portraitdb/portrait/store"
)

// TestDamageIsTold flips bits in every table and log of a store whose process was killed:
// Open, a reader or Check names the file, or all answers are right.
func TestDamageIsTold(t *testing.T) {
	for name, options := range map[string]func(store.FS) *portrait.Options{"plain": small, "encrypted": sealed(&keySet{current: "a"})} {
		t.Run(name, func(t *testing.T) {
			r := seed(t)
			mem := crashdisk.New()
			db := open(t, "db", options(mem))
			apply(t, db, testModel)
			for i := range 250 {
				take(t, db, callOf(i)...)
			}
			want, err := everything(t.Context(), db)
			if err != nil {
				t.Fatal(err)
			}
			killed := mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: r})
			names, err := killed.List("db")
			if err != nil {
				t.Fatal(err)
			}
			tried, told := 0, 0
			for _, name := range names {
				if !strings.HasSuffix(name, ".sst") && !strings.HasSuffix(name, ".log") {
					continue
				}
				for range 2 {
					disk := killed.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: r})
					flip(t, disk, killed.PathJoin("db", name), r.IntN)
					got, err := reopened(t.Context(), options(disk))
					switch {
					case err != nil && !strings.Contains(err.Error(), strings.TrimSuffix(name, ".sst")):
						t.Errorf("%s: %v", name, err)
					case err == nil && got != want:
						t.Errorf("%s: nothing is said, and the answers are others", name)
					case err != nil:
						told++
					}
					tried++
				}
			}
			t.Logf("%d files damaged, told in %d cases", tried, told)
			counts.Add(t, "corruptions tried", tried)
			counts.Add(t, "corruptions detected", told)
			counts.Add(t, "corruptions harmless", tried-told)
			if told == 0 {
				t.Error("nothing was told")
			}
		})
	}
}

// flip flips one bit of a file.
func flip(t *testing.T, disk *crashdisk.FS, name string, draw func(int) int) {
	t.Helper()
	f, err := disk.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(f)
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	data = slices.Clone(data)
	data[draw(len(data))] ^= 1 << draw(8)
	w, err := disk.Create(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Write(slices.Clone(data)) // which Write may change
	if err = errors.Join(err, w.Sync(), w.Close()); err != nil {
		t.Fatal(err)
	}
}

// everything returns all that a store says of everybody.
func everything(ctx context.Context, db *portrait.DB) (string, error) {
	v, err := db.View(ctx)
	if err != nil {
		return "", err
	}
	defer v.Close()
	return everythingIn(ctx, v)
}

// everythingIn returns all that a view says.
func everythingIn(ctx context.Context, v *portrait.View) (string, error) {
	var b strings.Builder
	for p, err := range v.Profiles(ctx, nil) {
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "%+v\n", *p)
	}
	for c, err := range v.Changes(ctx, portrait.Cursor{}) {
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "%s %s %s %v\n", c.Kind, c.Tag, c.Cause, c.Profile)
	}
	d, err := v.Digest(ctx, v.AsOf())
	return fmt.Sprintf("%s%s", b.String(), d), err
}

// reopened opens a store, asks it everything and checks it.
func reopened(ctx context.Context, opts *portrait.Options) (said string, err error) {
	db, err := portrait.Open("db", opts)
	if err != nil {
		return "", err
	}
	said, err = everything(ctx, db)
	return said, errors.Join(err, db.Check(ctx), db.Close())
}
