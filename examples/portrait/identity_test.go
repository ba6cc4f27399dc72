package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
)

// newFamily makes a store in which a shared tablet has made one person of two. Its
// clock stands still.
func newFamily(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	do(t, exitOK, familyModel, "--dir", dir, "apply", "-")
	do(t, exitOK, "", "--dir", dir, "advance", "2026-06-10")
	do(t, exitOK, familyEvents+sharedTablet, "--dir", dir, "ingest", "-")
	return dir
}

// ask runs the program with --json and reads its answer.
func ask[T any](t *testing.T, want int, dir string, args ...string) T {
	t.Helper()
	var got T
	out := do(t, want, "", append([]string{"--dir", dir, "--json"}, args...)...)
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatalf("%s: %v: %s", args, err, out)
	}
	return got
}

// TestWithdraw_leaves_what_was_decided_later splits two people, has somebody else
// unlink a pair of the split too, and takes the split back.
func TestWithdraw_leaves_what_was_decided_later(t *testing.T) {
	dir := newFamily(t)
	split := ask[effect](t, exitOK, dir, "split", "user_id:ann,device_id:tablet", "user_id:bob")
	ask[effect](t, exitOK, dir, "unlink", "user_id:bob", "device_id:tablet", "--by", "somebody else")
	commit := fmt.Sprint(split.Epoch)
	back := ask[effect](t, exitOK, dir, "withdraw", commit)
	if len(back.Changes) != 0 {
		t.Errorf("changes %v: the tablet was unlinked by somebody else too", back.Changes)
	}
	if r := ask[relation](t, exitNo, dir, "related", "user_id:ann", "user_id:bob"); r.Path[1].Rule != "unlinked" {
		t.Errorf("they are kept apart by %+v", r.Path)
	}
	do(t, exitNo, "", "--dir", dir, "withdraw", commit)

	// What was decided for the same instant counts as later.
	const noon = "2026-06-09T12:00:00Z"
	link := ask[effect](t, exitOK, dir, "link", "user_id:bob", "device_id:new", "--at", noon)
	ask[effect](t, exitOK, dir, "unlink", "user_id:bob", "device_id:new", "--at", noon)
	do(t, exitNo, "", "--dir", dir, "withdraw", fmt.Sprint(link.Epoch))
}

// TestWithdraw_detach takes back a detachment: nobody can tell that it was made.
func TestWithdraw_detach(t *testing.T) {
	dir := newFamily(t)
	before := do(t, exitOK, "", "--dir", dir, "digest")
	detached := ask[effect](t, exitOK, dir, "detach", "device_id:tablet")
	if got := detached.Changes; len(got) != 1 || got[0].What != "split" || len(got[0].After) != 2 {
		t.Errorf("changes %+v, want a split of ann and bob", got)
	}
	ask[effect](t, exitOK, dir, "withdraw", fmt.Sprint(detached.Epoch))
	if after := do(t, exitOK, "", "--dir", dir, "digest"); after != before {
		t.Errorf("digest %s, before the detachment %s", after, before)
	}
}

// TestWithdraw_of_the_future takes back a decision whose time is still to come.
func TestWithdraw_of_the_future(t *testing.T) {
	dir := newFamily(t)
	veto := ask[effect](t, exitOK, dir, "veto", "user_id:ann", "user_id:bob", "--at", "2026-06-10T18:00:00Z")
	back := ask[effect](t, exitOK, dir, "withdraw", fmt.Sprint(veto.Epoch))
	if len(back.Changes) != 1 || back.Changes[0].What != "merge" {
		t.Errorf("changes %+v, want that they merge again", back.Changes)
	}
}

// TestDecide_while_the_clock_stands has later decisions hold against earlier ones
// of the same instant, but not put off by one whose time was given.
func TestDecide_while_the_clock_stands(t *testing.T) {
	dir := newFamily(t)
	ask[effect](t, exitOK, dir, "veto", "user_id:ann", "device_id:elsewhere", "--at", "2026-06-10T18:00:00Z")
	for range 3 {
		for _, verb := range []string{"unlink", "link"} {
			ask[effect](t, exitOK, dir, verb, "user_id:bob", "device_id:tablet")
			want := map[string]int{"unlink": exitNo, "link": exitOK}[verb]
			ask[relation](t, want, dir, "related", "user_id:ann", "user_id:bob")
		}
	}
	log := ask[struct{ Decisions []decided }](t, exitOK, dir, "decisions", "--since", "1")
	latest := log.Decisions[len(log.Decisions)-1].At
	if want := time.Date(2026, 6, 10, 0, 0, 0, 5000, time.UTC); !latest.Equal(want) {
		t.Errorf("the sixth decision is of %s, want %s", latest, want)
	}
}

func TestDecide_by_the_machine(t *testing.T) {
	dir := t.TempDir()
	do(t, exitOK, familyModel, "--dir", dir, "apply", "-")
	before := time.Now().Truncate(time.Microsecond)
	ask[effect](t, exitOK, dir, "link", "user_id:ann", "device_id:phone")
	log := ask[struct{ Decisions []decided }](t, exitOK, dir, "decisions")
	if len(log.Decisions) != 1 || log.Decisions[0].At.Before(before) {
		t.Errorf("decisions %+v, want one after %s", log.Decisions, before)
	}
}

// TestListing reads more records than are lined up at once, and page by page.
func TestListing(t *testing.T) {
	const all = 2*tableRows + 7
	dir := t.TempDir()
	var file strings.Builder
	for i := range all {
		fmt.Fprintf(&file, "{\"type\":\"page\",\"userId\":\"u\",\"anonymousId\":\"null\",\"messageId\":\"%d\"}\n", i)
	}
	do(t, exitOK, file.String(), "--dir", dir, "ingest", "-")
	text := do(t, exitOK, "", "--dir", dir, "refusals")
	if n := strings.Count(text, "\n"); n != all {
		t.Errorf("%d lines, want %d", n, all)
	}
	if !strings.HasPrefix(text, "  0  ") { // As wide as 499.
		t.Errorf("the first line is %.40q", text)
	}
	type page struct {
		Refusals []refusal
		Next     *uint64
	}
	var numbers []uint64
	for from := new(uint64); from != nil; {
		p := ask[page](t, exitOK, dir, "refusals", "--from", fmt.Sprint(*from), "--limit", "400")
		for _, r := range p.Refusals {
			numbers = append(numbers, r.Number)
		}
		from = p.Next
	}
	if len(numbers) != all || !slices.IsSorted(numbers) || numbers[all-1] != all-1 {
		t.Errorf("%d records of %d came page by page", len(numbers), all)
	}
}

func TestIngest_counts_all_warnings(t *testing.T) {
	const people = maxRejections + 20
	dir := t.TempDir()
	do(t, exitOK, strictModel, "--dir", dir, "apply", "-")
	var file strings.Builder
	for i := range people {
		fmt.Fprintf(&file, "{\"type\":\"page\",\"userId\":\"u%d\",\"anonymousId\":\"c\",\"messageId\":\"%d\"}\n\n", i, i)
	}
	var got ingested
	if err := json.Unmarshal([]byte(do(t, exitOK, file.String(), "--dir", dir, "ingest", "-", "--json")), &got); err != nil {
		t.Fatal(err)
	}
	// The cookie is generic once it was seen with more than 20 people.
	counted := 0
	for _, n := range got.Warned {
		counted += n
	}
	if counted == 0 || counted != got.Refused || len(got.Warnings) != min(counted, maxRejections) {
		t.Errorf("warned of %v, %d listed, %d refused", got.Warned, len(got.Warnings), got.Refused)
	}
	for _, w := range got.Warnings {
		if w.Line%2 == 0 || w.Line > 2*people {
			t.Fatalf("a warning is of line %d, which is blank", w.Line)
		}
	}
}

func TestGroup(t *testing.T) {
	id := func(ns, value string) profile.Identifier { return profile.Identifier{Namespace: ns, Value: value} }
	for _, tt := range []struct {
		text string
		want []profile.Identifier // nil: wrong usage
	}{
		{"user_id:u1", []profile.Identifier{id("user_id", "u1")}},
		{"user_id:u1,email:a@b.cn", []profile.Identifier{id("user_id", "u1"), id("email", "a@b.cn")}},
		{`"user_id:a,b",user_id:c`, []profile.Identifier{id("user_id", "a,b"), id("user_id", "c")}},
		{`user_id:5"`, []profile.Identifier{id("user_id", `5"`)}},
		{"", nil},
		{"u1", nil},
		{"user_id:u1,", nil},
		{"user_id:u1\nuser_id:u2", nil},
	} {
		got, err := group(tt.text)
		_, usage := errors.AsType[usageError](err)
		if diff := cmp.Diff(tt.want, got); diff != "" || usage != (tt.want == nil) {
			t.Errorf("%q: %v (-want +got):\n%s", tt.text, err, diff)
		}
	}
}

func TestChangesOf(t *testing.T) {
	merge := func(into profile.ID, from ...profile.ID) portrait.Merge {
		return portrait.Merge{Into: into, From: from}
	}
	now := func(ids ...uint64) []known {
		var all []known
		for _, id := range ids {
			all = append(all, known{ID: id})
		}
		return all
	}
	for _, tt := range []struct {
		name   string
		merges []portrait.Merge
		want   []change
	}{
		{"nothing", nil, nil},
		{"a merge", []portrait.Merge{merge(1, 1, 5, 9)}, []change{{"merge", []uint64{1, 5, 9}, now(1)}}},
		{"a split", []portrait.Merge{merge(2, 2), merge(7, 2), merge(8, 2)}, []change{{"split", []uint64{2}, now(2, 7, 8)}}},
		{"one goes over", []portrait.Merge{merge(1, 1, 2), merge(2, 2)}, []change{{"regroup", []uint64{1, 2}, now(1, 2)}}},
		{"two of their own", []portrait.Merge{merge(1, 1, 2), merge(3, 3, 4)}, []change{{"merge", []uint64{1, 2}, now(1)}, {"merge", []uint64{3, 4}, now(3)}}},
		{"the last joins the others", []portrait.Merge{merge(1, 1), merge(3, 3), merge(5, 1, 3)}, []change{{"split", []uint64{1, 3}, now(1, 3, 5)}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := changesOf(tt.merges)
			if diff := cmp.Diff(tt.want, got, cmpopts.SortSlices(func(a, b change) bool { return a.Before[0] < b.Before[0] })); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestHealth_histogram(t *testing.T) {
	h := health{Profiles: 10, PerProfile: map[int]uint64{1: 4, 10: 2, 11: 1, 20: 1, 200: 1, 201: 1}}
	var out strings.Builder
	if err := h.print(&out); err != nil {
		t.Fatal(err)
	}
	for _, row := range []string{
		"  1           4  40.0 %  ████████████████████████████████████████\n",
		"  2           0   0.0 %\n",
		"  10          2  20.0 %  ████████████████████\n",
		"  11 to 20    2  20.0 %  ",
		"  101 to 200  1  10.0 %  ",
		"  over 200    1  10.0 %  ██████████\n",
	} {
		if !strings.Contains(out.String(), row) {
			t.Errorf("%q is not in\n%s", row, out.String())
		}
	}
	var small strings.Builder
	if err := (&health{Profiles: 1, PerProfile: map[int]uint64{2: 1}}).print(&small); err != nil || strings.Contains(small.String(), "\n  3 ") {
		t.Errorf("%v: rows beyond the largest profile:\n%s", err, small.String())
	}
}

func TestPrintRegroupings_is_bounded(t *testing.T) {
	names := make([]string, 30)
	for i := range names {
		names[i] = fmt.Sprint("user_id:\x1b", i)
	}
	groups := make([]regrouping, 25)
	for i := range groups {
		groups[i] = regrouping{What: "split", Before: []uint64{uint64(i), 1000}, After: slices.Repeat([][]string{names}, 9)}
	}
	groups[1] = regrouping{What: "appear", After: [][]string{names[:1]}}
	var out strings.Builder
	if err := printRegroupings(&out, groups); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"  split   24\n  appear   1\n",
		"0 and 1000 become\n  user_id:·0, user_id:·1, user_id:·2, user_id:·3 and 26 more\n",
		"  ... and 4 more profiles\n",
		"new\n  user_id:·0\n",
		"... and 5 more; --json lists all\n",
	} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("%q is not in the text", line)
		}
	}
	if n := strings.Count(out.String(), "\n"); n != 2+19*(1+maxParts+1)+2+1 {
		t.Errorf("%d lines:\n%s", n, out.String())
	}
}
