package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/portraitdb/portrait/profile"
	"pgregory.net/rapid"
)

// restored is the Progress as a host keeps it.
func restored(t *rapid.T, p Progress) Progress {
	data, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var back Progress
	if err := json.Unmarshal(data, &back); err != nil || back != p {
		t.Fatalf("%+v is kept as %+v, %v", p, back, err)
	}
	return back
}

// An export that breaks off at every byte in turn, and goes on from what was told
// last, writes the file of one that does not.
func TestExport_goes_on_where_it_broke_off(t *testing.T) {
	for name, write := range formats(t) {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				list := people(t)
				flush := rapid.SampledFrom([]int{0, 1, 50}).Draw(t, "flush")
				var whole bytes.Buffer
				all, err := write(&whole, sequence(list, nil), nil)
				if err != nil {
					t.Fatal(err)
				}
				step := 1 + whole.Len()/40
				for room := 0; room <= whole.Len(); room += step {
					var told Progress // As a host keeps it, the last one before the crash.
					opts := &Options{FlushBytes: flush, Flushed: func(p Progress) error { told = restored(t, p); return nil }}
					disk := shortWriter{room: room}
					done, err := write(&disk, sequence(list, nil), opts)
					if done != told {
						t.Fatalf("%+v was told and %+v returned", told, done)
					}
					if err == nil && room < whole.Len() || err != nil && !errors.Is(err, errBroken) {
						t.Fatal(err)
					}
					if uint64(disk.Len()) < told.Bytes {
						t.Fatalf("%d bytes are there of %d told", disk.Len(), told.Bytes)
					}
					disk.Truncate(int(told.Bytes))
					opts.After, disk.room = told, whole.Len()
					if done, err = write(&disk, sequence(list, nil), opts); err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(whole.String(), disk.String()); diff != "" {
						t.Fatalf("broken off at byte %d: %s", room, diff)
					}
					if done != all {
						t.Fatalf("%+v in two parts, %+v in one", done, all)
					}
				}
			})
		})
	}
}

// Broken off after every profile in turn, again and again, with the rest of the
// profiles alone or all of them.
func TestExport_goes_on_after_every_row(t *testing.T) {
	for name, write := range formats(t) {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				list := people(t)
				rest := rapid.Bool().Draw(t, "rest")
				var whole, parts bytes.Buffer
				all, err := write(&whole, sequence(list, nil), nil)
				if err != nil {
					t.Fatal(err)
				}
				var done Progress
				for i := range list {
					from := 0
					if rest {
						from = i
					}
					done, err = write(&parts, sequence(list[from:i+1], errBroken), &Options{After: restored(t, done)})
					if !errors.Is(err, errBroken) || done.Profiles != uint64(i+1) || done.Last != list[i].ID {
						t.Fatalf("%+v, %v", done, err)
					}
				}
				if done, err = write(&parts, sequence(list, nil), &Options{After: done}); err != nil || done != all {
					t.Fatalf("%+v, %v, want %+v", done, err, all)
				}
				if diff := cmp.Diff(whole.String(), parts.String()); diff != "" {
					t.Fatal(diff)
				}
			})
		})
	}
}

func TestExport_refuses_to_go_on(t *testing.T) {
	list := three()
	write := formats(t)["csv"]
	var b bytes.Buffer
	done, err := write(&b, sequence(list[:2], nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	// With other columns.
	if _, err := CSV(&b, sequence(list, nil), columns(t, "id"), &Options{After: done}); err == nil || !strings.Contains(err.Error(), "csv of id") {
		t.Errorf("other columns: %v", err)
	}
	// Backwards, when it may have to be continued, and when it is.
	slices.Reverse(list)
	nothing := func(Progress) error { return nil }
	for _, opts := range []*Options{{Flushed: nothing}, {After: done}} {
		if _, err := write(&b, sequence(list, nil), opts); err == nil || !strings.Contains(err.Error(), "profile 4 comes after") {
			t.Errorf("backwards: %v", err)
		}
	}
	// The same profile twice.
	if _, err := write(&b, sequence([]*profile.Profile{list[0], list[0]}, nil), &Options{Flushed: nothing}); err == nil {
		t.Error("a profile comes twice")
	}
	// Else the order does not matter, and what comes of it is not continued.
	done, err = write(&b, sequence(list, errBroken), nil)
	if !errors.Is(err, errBroken) || !done.Unordered || done.Rows != 3 {
		t.Errorf("%+v, %v", done, err)
	}
	if _, err = write(&b, sequence(list, nil), &Options{After: done}); err == nil || !strings.Contains(err.Error(), "ascending") {
		t.Error(err)
	}
}

// What Flushed returns ends the export, and counts as written.
func TestExport_error_of_the_host(t *testing.T) {
	var b bytes.Buffer
	opts := &Options{FlushBytes: 1, Flushed: func(p Progress) error {
		if p.Rows == 2 {
			return errBroken
		}
		return nil
	}}
	done, err := formats(t)["csv"](&b, sequence(three(), nil), opts)
	if !errors.Is(err, errBroken) || done.Rows != 2 || done.Bytes != uint64(b.Len()) {
		t.Errorf("%+v, %v", done, err)
	}
}

// A last row that fills the buffer leaves nothing to be told at the end.
func TestExport_tells_once(t *testing.T) {
	told := 0
	opts := &Options{FlushBytes: 1, Flushed: func(Progress) error { told++; return nil }}
	if _, err := formats(t)["csv"](io.Discard, sequence(three(), nil), opts); err != nil || told != 3 {
		t.Errorf("it was told %d times of 3 rows, %v", told, err)
	}
}

// Rows are written as they come, a buffer at a time.
func TestExport_streams(t *testing.T) {
	const n = 10_000
	var b bytes.Buffer
	var told []Progress
	opts := &Options{FlushBytes: 1000, Flushed: func(p Progress) error { told = append(told, p); return nil }}
	cs := columns(t, "id", "trait:city")
	lag := 0
	profiles := func(yield func(*profile.Profile, error) bool) {
		for i := range n {
			if !yield(&profile.Profile{ID: profile.ID(i)}, nil) {
				return
			}
			if len(told) > 0 {
				lag = max(lag, i+1-int(told[len(told)-1].Profiles))
			}
		}
	}
	done, err := CSV(&b, profiles, cs, opts)
	if len(slices.Compact(slices.Clone(told))) != len(told) {
		t.Error("it was told the same twice")
	}
	if err != nil || done.Rows != n || len(told) < b.Len()/1100 || lag > 400 {
		t.Errorf("%+v, %v: %d writes, %d rows behind", done, err, len(told), lag)
	}
}

// A sequence may yield the same memory again, with another profile in it.
func TestExport_profiles_in_the_same_memory(t *testing.T) {
	for name, write := range formats(t) {
		list := three()
		reused := func(yield func(*profile.Profile, error) bool) {
			var p profile.Profile
			for i := range list {
				if p = *list[i]; !yield(&p, nil) {
					return
				}
			}
		}
		var want, got bytes.Buffer
		all, err := write(&want, sequence(list, nil), nil)
		if err != nil {
			t.Fatal(err)
		}
		done, err := write(&got, reused, &Options{Flushed: func(Progress) error { return nil }})
		if err != nil || done != all || got.String() != want.String() {
			t.Errorf("%s: %+v, %v, want %+v", name, done, err, all)
		}
		slices.Reverse(list)
		if done, err = write(&got, reused, nil); err != nil || !done.Unordered {
			t.Errorf("%s backwards: %+v, %v", name, done, err)
		}
	}
}

// An export is continued under the options that the rows before were written under, and one
// of before these were kept goes on where it was begun without any.
func TestExport_goes_on_under_its_options(t *testing.T) {
	ways := map[string]Options{
		"": {}, ", without headers": {NoHeader: true}, ", with a byte order mark": {BOM: true}, ", with formulas guarded": {GuardFormulas: true},
		", with a byte order mark, without headers, with formulas guarded": {NoHeader: true, BOM: true, GuardFormulas: true},
	}
	list := three()
	for name, write := range formats(t) {
		plain, err := write(io.Discard, sequence(list[:2], nil), nil)
		if err != nil {
			t.Fatal(err)
		}
		for suffix, before := range ways {
			done, err := write(io.Discard, sequence(list[:2], nil), &before)
			if err != nil {
				t.Fatal(err)
			}
			want := plain.Layout + suffix
			switch name {
			case "json":
				want = plain.Layout // which knows none of them
			case "lines": // a platform whose files have no headers
				want = strings.ReplaceAll(want, ", without headers", "")
			}
			if done.Layout != want {
				t.Errorf("%s: the layout is %q, want %q", name, done.Layout, want)
			}
			for _, now := range ways {
				now.After = done
				again, err := write(io.Discard, sequence(list, nil), &now)
				now.After = Progress{}
				begun, other := write(io.Discard, sequence(list, nil), &now)
				if other != nil {
					t.Fatal(other)
				}
				if same := begun.Layout == want; same && (err != nil || again.Rows < done.Rows) {
					t.Errorf("%s begun %q, continued %q: %+v, %v", name, want, begun.Layout, again, err)
				} else if !same && (err == nil || !strings.Contains(err.Error(), "as "+begun.Layout+", and it was begun as "+want)) {
					t.Errorf("%s begun %q, continued %q: %v", name, want, begun.Layout, err)
				}
			}
		}
	}
	// As it was kept before.
	for name, layout := range map[string]string{
		"csv":   "csv of id, identifier:email, identifiers:phone, trait:city, tags, count",
		"json":  "json lines of id, identifier:email, identifiers:phone, trait:city, tags, count",
		"lines": "audience of phone (phone of China, md5)",
	} {
		if done, err := formats(t)[name](io.Discard, sequence(list, nil), nil); err != nil || done.Layout != layout {
			t.Errorf("%s: %q, %v, want %q", name, done.Layout, err, layout)
		}
	}
}
