package portrait_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

const listModel = `
identity:
  namespaces:
    - {name: user_id, priority: 1, unique: true}
    - {name: phone, priority: 2, kind: contact, match: [md5, sha256]}
    - {name: email, priority: 3, kind: contact}
tags:
  asked: {rule: 'in_list("vip") and not in_list("blocked")', query: true}
`

func md5Of(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

func sha256Of(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func phoneOf(i int) string { return fmt.Sprintf("86138%08d", i) }

// peopleIn are those of the people user0 to userN-1 who are in a segment.
func peopleIn(t *testing.T, db *portrait.DB, text string, people int) []int {
	t.Helper()
	set, err := db.Segment(t.Context(), segment.MustParse(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	var in []int
	for i := range people {
		p, err := db.Profile(t.Context(), id("user_id", fmt.Sprint("user", i)))
		if err != nil {
			t.Fatal(err)
		}
		if set.Contains(p.ID) {
			in = append(in, i)
		}
	}
	return in
}

func openLists(t *testing.T, dir string, people int) *portrait.DB {
	t.Helper()
	db := open(t, dir, &portrait.Options{Clock: fixed(now), NoSync: true})
	apply(t, db, listModel)
	for i := range people {
		take(t, db, profile.Event{Type: profile.Page, MessageID: fmt.Sprint(i), Time: epoch0, Identifiers: []profile.Identifier{
			id("user_id", fmt.Sprint("user", i)), id("phone", phoneOf(i)), id("email", fmt.Sprintf("u%d@example.cn", i)),
		}})
	}
	return db
}

// Every kind of list finds whom it names; each line is counted once, and the same file
// gives the same set.
func TestUpload(t *testing.T) {
	const people = 60
	dir := t.TempDir()
	db := openLists(t, dir, people)
	lists := db.Lists()
	plain := "8613800000001\n+86 138 0000 0002\n\n8613800000001\nno phone\n8613899999999\n13800138000\n"
	for kind, text := range map[string]string{
		"plain": plain,
		"md5":   strings.ToUpper(md5Of(phoneOf(1))) + "\r\n" + md5Of(phoneOf(2)) + "\n\n" + md5Of(phoneOf(1)) + "\nzz\n" + md5Of("nobody") + "\n" + md5Of("13800138000"),
		"sha256": sha256Of(phoneOf(1)) + "\n" + sha256Of(phoneOf(2)) + "\n\n" + strings.ToUpper(sha256Of(phoneOf(1))) + "\nzz\n" + sha256Of("nobody") + "\n" +
			sha256Of("13800138000"),
	} {
		var verdicts bytes.Buffer
		got, err := lists.Upload(t.Context(), kind, strings.NewReader(text), segment.Upload{Namespace: "phone", Kind: kind, Verdicts: &verdicts})
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		want := segment.Uploaded{Kind: kind, Lines: 7, Matched: 2, Duplicate: 1, Invalid: 1, Unknown: 1, Blocked: 1, Skipped: 1, Profiles: 2, Faults: got.Faults}
		if kind != "plain" {
			want.Blocked, want.Unknown = 0, 2 // a digest does not tell
		}
		if fmt.Sprint(got) != fmt.Sprint(want) || len(got.Faults) != 1 || !strings.Contains(got.Faults[0], "5") {
			t.Errorf("%s: %+v, want %+v", kind, got, want)
		}
		if lines := strings.Split(verdicts.String(), "\n"); len(lines) != 8 || lines[0] != "1,matched" || lines[3] != "4,duplicate" || lines[4] != "5,invalid" {
			t.Errorf("%s: %q", kind, lines)
		}
		if in := peopleIn(t, db, fmt.Sprintf("in_list(%q)", kind), people); !slices.Equal(in, []int{1, 2}) {
			t.Errorf("%s: %v", kind, in)
		}
	}
	// In the place of an earlier one; gzip, a column.
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	fmt.Fprint(z, "name,phone\n")
	for i := range 50 {
		fmt.Fprintf(z, "x,%q\n", phoneOf(i))
	}
	z.Close()
	got, err := lists.Upload(t.Context(), "md5", bytes.NewReader(zipped.Bytes()), segment.Upload{Namespace: "phone", Kind: "plain", Column: 2, Header: true})
	if err != nil || got.Matched != 50 || got.Skipped != 1 || got.Profiles != 50 {
		t.Errorf("%+v, %v", got, err)
	}
	// Of a namespace without an index of digests.
	if got, err := lists.Upload(t.Context(), "mail", strings.NewReader("U3@Example.CN\nu4@example.cn"), segment.Upload{Namespace: "email"}); err != nil || got.Profiles != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	for text, want := range map[string][]int{
		`in_list("mail") or in_list("sha256")`:     {1, 2, 3, 4},
		`in_list("md5") and not in_list("sha256")`: append([]int{0}, count(3, 50)...),
	} {
		if in := peopleIn(t, db, text, people); !slices.Equal(in, want) {
			t.Errorf("%s: %v", text, in)
		}
	}
	why, err := db.Explain(t.Context(), segment.MustParse(`in_list("mail") and not in_list("sha256")`), id("user_id", "user3"))
	if err != nil || !why.Holds || why.Parts[0].Text != `in_list("mail")` || !why.Parts[0].Holds {
		t.Errorf("%+v, %v", why, err)
	}
	if names := viewOf(t, db).Lists(); len(names) != 4 || names[0].Name != "mail" || names[1].Identifiers != 50 {
		t.Errorf("%+v", names)
	}
	check := func() {
		t.Helper()
		if err := db.Check(t.Context()); err != nil {
			t.Error(err)
		}
	}
	check()
	if err := lists.Drop(t.Context(), "md5"); err != nil {
		t.Error(err)
	}
	if _, err := db.Count(t.Context(), segment.MustParse(`true and in_list("md5")`)); err == nil || !strings.Contains(err.Error(), `1:10: unknown list "md5"`) {
		t.Error(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = open(t, dir, &portrait.Options{Clock: fixed(now), NoSync: true})
	if in := peopleIn(t, db, `in_list("mail")`, people); !slices.Equal(in, []int{3, 4}) {
		t.Errorf("after a reopening: %v", in)
	}
	check()
}

// count returns the numbers from one to below another.
func count(from, to int) (all []int) {
	for i := from; i < to; i++ {
		all = append(all, i)
	}
	return all
}

// A profile is in a list as long as one of its identifiers is: through merges, splits,
// edits, events while a list is written, changes of the model and reopenings.
func TestLists_random(t *testing.T) {
	r := seed(t)
	const people = 25
	dir := t.TempDir()
	db := openLists(t, dir, people)
	held := map[string]map[profile.Identifier]bool{}
	for i := range 3 {
		if _, err := db.Lists().Edit(t.Context(), fmt.Sprint("list", i), "phone", nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	apply(t, db, listModel+`  live: {rule: 'in_list("list0") and not in_list("list1")'}
  some: {tiers: [{value: a, rule: 'at_least(2, in_list("list0"), in_list("list1"), in_list("list2"))'}, {value: b, rule: 'in_list("list2") and count("$page", last("30d")) > 0'}]}
traits:
  size: {compute: 'if(in_list("list2"), count("$page"), 0)', index: true}
segments:
  all: {rule: 'tag("live") or size > 1'}
`)
	known := func() profile.Identifier {
		i := r.IntN(people)
		return []profile.Identifier{id("phone", phoneOf(i)), id("email", fmt.Sprintf("u%d@example.cn", i))}[r.IntN(2)]
	}
	compare := func() {
		t.Helper()
		for db.Metrics().ToFill > 0 { // behind an upload
			continue
		}
		for name, in := range held {
			listHolds(t, db, name, in)
		}
		if err := db.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	steps := 40 * *rounds / 6
	if testing.Short() {
		steps /= 3
	}
	for i := range steps {
		switch r.IntN(7) {
		case 0:
			name, in := fmt.Sprint("list", r.IntN(3)), map[profile.Identifier]bool{}
			namespace, lines := []string{"phone", "email"}[r.IntN(2)], ""
			for range r.IntN(12) {
				if who := known(); who.Namespace == namespace {
					in[who] = true
					line := who.Value
					if namespace == "phone" {
						line = md5Of(line)
					}
					lines += line + "\n"
				}
			}
			portrait.MovesOfLists(db, r.IntN(8))
			if lines == "" {
				if _, err := db.Lists().Upload(t.Context(), name, strings.NewReader(lines), segment.Upload{Namespace: namespace}); err == nil {
					t.Fatal("an empty list is taken")
				}
				break
			}
			if _, err := db.Lists().Upload(t.Context(), name, strings.NewReader(lines), segment.Upload{Namespace: namespace}); err != nil {
				t.Fatal(err)
			}
			held[name] = in
		case 1:
			for name, in := range held {
				var add, remove []string
				namespace := ""
				for id := range in {
					namespace = id.Namespace
				}
				if namespace == "" {
					continue
				}
				for range 4 {
					who := known()
					if who.Namespace != namespace {
						continue
					}
					if r.IntN(2) == 0 {
						add = append(add, who.Value)
						if !slices.Contains(remove, who.Value) {
							in[who] = true
						}
						continue
					}
					remove = append(remove, who.Value)
					delete(in, who)
				}
				if _, err := db.Lists().Edit(t.Context(), name, namespace, add, remove); err != nil {
					t.Fatal(err)
				}
				break
			}
		case 2, 3:
			call := []func() error{
				func() error {
					_, err := db.Link(t.Context(), known(), known(), portrait.Decision{ID: fmt.Sprint(i)})
					return err
				},
				func() error {
					_, err := db.Unlink(t.Context(), known(), known(), portrait.Decision{ID: fmt.Sprint(i)})
					return err
				},
				func() error {
					_, err := db.Veto(t.Context(), known(), known(), portrait.Decision{ID: fmt.Sprint(i)})
					return err
				},
			}[r.IntN(3)]
			_ = call() // of one identifier with itself it is refused
		case 4:
			take(t, db, profile.Event{Type: profile.Page, MessageID: fmt.Sprint("more", i), Time: epoch0.AddDate(0, 0, i%100), Identifiers: []profile.Identifier{known(), known()}})
		case 5:
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			db = open(t, dir, &portrait.Options{Clock: fixed(now), NoSync: true})
		case 6:
			m := db.Model()
			for j := range m.Identity.Namespaces {
				if n := &m.Identity.Namespaces[j]; n.Name == "phone" {
					n.Match = [][]string{{"md5", "sha256"}, {"md5"}, {"sha1", "md5"}}[r.IntN(3)]
				}
			}
			if _, err := db.Apply(t.Context(), m); err != nil {
				t.Fatal(err)
			}
		}
		compare()
	}
}

// Events and decisions go in between the commits that write a list. One that is broken
// off, by its caller or with the process, leaves nothing behind.
func TestUpload_between(t *testing.T) {
	const people = 30
	r := seed(t)
	dir := t.TempDir()
	times := 12
	if testing.Short() {
		times = 4
	}
	for breakOff := range times {
		db := openLists(t, dir, people)
		portrait.SmallLists(db, 2, breakOff%3)
		var text strings.Builder
		in := map[int]bool{}
		for i := range people {
			if r.IntN(2) == 0 {
				in[i] = true
				fmt.Fprintln(&text, md5Of(phoneOf(i)))
			}
		}
		inner, cancel := context.WithCancel(t.Context())
		busy := false
		ctx := &hooked{Context: inner, before: func(time int) {
			if busy {
				return
			}
			busy = true
			defer func() { busy = false }()
			if time > 3*breakOff && breakOff%2 == 1 {
				cancel()
				return
			}
			i, j := r.IntN(people), r.IntN(people)
			if _, err := db.Link(t.Context(), id("phone", phoneOf(i)), id("email", fmt.Sprintf("u%d@example.cn", j)), portrait.Decision{ID: fmt.Sprint(breakOff, time)}); err != nil {
				t.Error(err)
			}
			if _, err := db.Unlink(t.Context(), id("phone", phoneOf(j)), id("user_id", fmt.Sprint("user", j)), portrait.Decision{ID: fmt.Sprint(breakOff, time)}); err != nil {
				t.Error(err)
			}
		}}
		name := fmt.Sprint("list", breakOff)
		_, err := db.Lists().Upload(ctx, name, strings.NewReader(text.String()), segment.Upload{Namespace: "phone"})
		cancel()
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if _, asked := db.Count(t.Context(), segment.MustParse(fmt.Sprintf("in_list(%q)", name))); (asked == nil) != (err == nil) {
			t.Errorf("uploaded: %v, asked: %v", err, asked)
		}
		if err := portrait.BreakOffList(t.Context(), db, "broken off", id("phone", phoneOf(1)), id("phone", phoneOf(2))); err != nil {
			t.Fatal(err)
		}
		if err := db.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		db = open(t, dir, &portrait.Options{Clock: fixed(now), NoSync: true})
		if n := portrait.FieldsOf(db, "broken off"); n != 0 {
			t.Errorf("%d fields are left of a list that was broken off", n)
		}
		if err := db.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// ends is a context that ends once it has been looked at so often.
type ends struct {
	context.Context
	left atomic.Int64
}

func (c *ends) Err() error {
	if c.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

// The error says whether a list was changed, wherever the context ends.
func TestLists_the_end_of_the_context(t *testing.T) {
	db := openLists(t, t.TempDir(), 20)
	portrait.SmallLists(db, 2, 1)
	var text strings.Builder
	for i := range 20 {
		fmt.Fprintln(&text, phoneOf(i))
	}
	lists := db.Lists()
	for what, change := range map[string]func(ctx context.Context, name string) error{
		"upload": func(ctx context.Context, name string) error {
			got, err := lists.Upload(ctx, name, strings.NewReader(text.String()), segment.Upload{Namespace: "phone", Kind: "plain"})
			if err == nil && got.Profiles != 20 {
				t.Errorf("%d profiles", got.Profiles)
			}
			return err
		},
		"edit": func(ctx context.Context, name string) error {
			got, err := lists.Edit(ctx, name, "phone", []string{phoneOf(1)}, nil)
			if err == nil && got.Profiles != 1 {
				t.Errorf("%d profiles", got.Profiles)
			}
			return err
		},
	} {
		done := 0
		for n := int64(0); done < 3; n++ {
			ctx := &ends{Context: t.Context()}
			ctx.left.Store(n)
			name := fmt.Sprint(what, n)
			err := change(ctx, name)
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			there := slices.ContainsFunc(viewOf(t, db).Lists(), func(l segment.List) bool { return l.Name == name })
			if there != (err == nil) {
				t.Errorf("%s ended at look %d: %v, and the list is there: %t", what, n, err, there)
			}
			if err == nil {
				done++
			}
		}
	}
}
