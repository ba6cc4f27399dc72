package portrait_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/cryptotest"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/internal/crashdisk"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/tags"
)

// drawLaxModel is drawModel without levels of authentication, which hold for
// events to come only.
func drawLaxModel(r *rand.Rand) string {
	return strings.NewReplacer(", auth: 1", "", ", auth: 2", "").Replace(drawRules(r))
}

// groupsOf lists the identifiers of every profile.
func groupsOf(t *testing.T, db *portrait.DB) map[string]bool {
	t.Helper()
	groups := map[string]bool{}
	for p, err := range allProfiles(t.Context(), db) {
		if err != nil {
			t.Fatal(err)
		}
		groups[fmt.Sprint(p.Identifiers)] = true
	}
	return groups
}

// TestApply_identity changes the rules of identity over a store that is in use:
// it comes to the same as if they had always been so, whatever crashes in
// between, and the dry run tells exactly which profiles become which.
func TestApply_identity(t *testing.T) {
	r := seed(t)
	changed := 0
	for range 2 * *rounds {
		steps := history(r, 40+r.IntN(150), r.IntN(20))
		before, after := drawLaxModel(r), drawLaxModel(r)
		fs := crashdisk.New()
		opts := func(fs *crashdisk.FS) *portrait.Options { return portrait.WithRecastBatch(small(fs), 1+r.IntN(20)) }
		db := open(t, "db", opts(fs))
		apply(t, db, before)
		play(t, db, steps, 1)
		old := groupsOf(t, db)

		dry, err := db.Apply(t.Context(), model(t, after), portrait.DryRun)
		if err != nil {
			t.Fatal(err)
		}
		dry.Moves, dry.Analysis = nil, tags.Analysis{} // which only a dry run works out
		if diff := cmp.Diff(old, groupsOf(t, db)); diff != "" {
			t.Fatalf("a dry run changed who is who:\n%s", diff)
		}
		clones := make(chan *crashdisk.FS, 1)
		go func() {
			for spin := r.IntN(200_000); spin > 0; spin-- {
				_ = len(clones)
			}
			clones <- fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50, RNG: rand.New(rand.NewPCG(1, 2))})
		}()
		plan, err := db.Apply(t.Context(), model(t, after))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(dry, plan); diff != "" {
			t.Errorf("plan (-dry run +apply):\n%s", diff)
		}
		now2 := groupsOf(t, db)
		checkRegroupings(t, plan, old, now2)
		if len(plan.Regroupings) > 0 {
			changed++
		}

		fresh := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
		apply(t, fresh, after)
		play(t, fresh, steps, 1)
		if got, want := digest(t, db, now), digest(t, fresh, now); got != want {
			t.Fatalf("digest %s under changed rules, %s under the same rules from the start", got, want)
		}
		// After a crash the store is under the old rules or under the new ones.
		crashed := open(t, "db", opts(<-clones))
		if got := groupsOf(t, crashed); !cmp.Equal(got, old) && !cmp.Equal(got, now2) {
			t.Errorf("after a crash the profiles are neither those of before nor of after:\n%s", cmp.Diff(now2, got))
		}
		apply(t, crashed, after)
		if got, want := digest(t, crashed, now), digest(t, fresh, now); got != want {
			t.Errorf("digest %s after a crash and another Apply, want %s", got, want)
		}
	}
	if changed == 0 {
		t.Error("no change of rules changed a profile: the test shows nothing")
	}
}

// checkRegroupings holds a plan against the profiles before and after it.
func checkRegroupings(t *testing.T, plan *portrait.Plan, before, after map[string]bool) {
	t.Helper()
	gone, added := len(before), 0
	for g := range after {
		if before[g] {
			gone--
		} else {
			added++
		}
	}
	for _, g := range plan.Regroupings {
		gone -= len(g.Before)
		for _, ids := range g.After {
			text := fmt.Sprint(ids)
			if !after[text] {
				t.Errorf("the plan has profile %s, the store has not", text)
			}
			if !before[text] {
				added--
			} else {
				gone++
			}
		}
	}
	if gone != 0 || added != 0 {
		t.Errorf("the plan misses %d profiles that went and %d that came", gone, added)
	}
}

// A value that turns out to be a placeholder is blocked, and those whom it had
// welded together come apart.
func TestApply_blocks_a_value(t *testing.T) {
	rules := "identity:\n  namespaces:\n    - {name: user_id, priority: 1}\n    - {name: device_id, priority: 2, kind: device%s}\n"
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	apply(t, db, fmt.Sprintf(rules, ""))
	for i, user := range []string{"a", "b", "c"} {
		seenOn(t, db, i, id("user_id", user), id("device_id", "emulator"))
	}
	seenOn(t, db, 9, id("device_id", "emulator"))
	blocked := model(t, fmt.Sprintf(rules, ", blocked: [emulator]"))
	plan, err := db.Apply(t.Context(), blocked, portrait.DryRun)
	if err != nil {
		t.Fatal(err)
	}
	p, err := db.Profile(t.Context(), id("user_id", "a"))
	if err != nil {
		t.Fatal(err)
	}
	want := []portrait.Regrouping{{
		Before: []profile.ID{p.ID},
		After:  [][]profile.Identifier{{id("user_id", "a")}, {id("user_id", "b")}, {id("user_id", "c")}},
	}}
	if diff := cmp.Diff(want, plan.Regroupings); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
	if !slices.Contains(plan.Changes, "identity: 1 profiles become 3") {
		t.Errorf("changes %q", plan.Changes)
	}
	if _, err := db.Apply(t.Context(), blocked); err != nil {
		t.Fatal(err)
	}
	if n, err := db.Count(t.Context(), everybody); n != 3 || err != nil {
		t.Errorf("%d people, %v", n, err)
	}
	seenOn(t, db, 10, id("user_id", "d"), id("device_id", "emulator"))
	if got := known(t, db, id("user_id", "d")); got != "[user_id:d]" {
		t.Errorf("d is known as %s", got)
	}
}

// What cannot be changed is refused by name, and nothing changes.
func TestApply_identity_refuses(t *testing.T) {
	rules := "identity:\n  namespaces:\n    - {name: user_id, priority: 1%s}\n    - {name: email, priority: 2}\n"
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	apply(t, db, fmt.Sprintf(rules, ""))
	seen(t, db, "1", id("user_id", "Ann"), id("email", "a@b.cn"))
	_, err := db.Apply(t.Context(), model(t, fmt.Sprintf(rules, ", normalize: [trim, lower]")))
	if !errorIs(err, portrait.ErrModel) || !strings.Contains(err.Error(), `namespace "user_id": 1 identifiers`) {
		t.Errorf("error %v", err)
	}
	if _, err := db.Apply(t.Context(), model(t, "traits: {city: {}}\n")); !errorIs(err, portrait.ErrModel) || !strings.Contains(err.Error(), "no namespaces") {
		t.Errorf("a model without namespaces: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := db.Apply(ctx, model(t, fmt.Sprintf(rules, ", unique: true"))); !errorIs(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if got := known(t, db, id("user_id", "Ann")); got != "[user_id:Ann email:a@b.cn]" {
		t.Errorf("known as %s", got)
	}
}

// Ranks may change: an edge then leads the other way.
func TestApply_identity_reranked(t *testing.T) {
	rules := "identity:\n  namespaces:\n    - {name: user_id, priority: %d, unique: true}\n    - {name: email, priority: 2}\n    - {name: phone, priority: 5}\n"
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	apply(t, db, fmt.Sprintf(rules, 1))
	seenOn(t, db, 1, id("user_id", "a"), id("email", "a@b.cn"), id("phone", "13912345678"))
	seenOn(t, db, 2, id("user_id", "b"), id("phone", "13912345678"))
	apply(t, db, fmt.Sprintf(rules, 3))
	if err := db.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	seenOn(t, db, 3, id("user_id", "a"), id("email", "new@b.cn"))
	if got, want := known(t, db, id("user_id", "a")), "[email:a@b.cn email:new@b.cn user_id:a phone:13912345678]"; got != want {
		t.Errorf("known as %s, want %s", got, want)
	}
}

// A dry run reads one epoch and keeps nobody waiting.
func TestApply_dry_run_while_events_flow(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	apply(t, db, testModel)
	seen(t, db, "1", id("user_id", "u"), id("device_id", "d"))
	if _, err := db.Count(t.Context(), everybody); err != nil { // nothing is due after it
		t.Fatal(err)
	}
	release := portrait.HoldWriter(db)
	plan, err := db.Apply(t.Context(), model(t, strings.Replace(testModel, "kind: device,", "kind: device, conflict: never,", 1)), portrait.DryRun)
	release()
	if err != nil || len(plan.Regroupings) != 1 {
		t.Errorf("%+v, %v", plan, err)
	}
}

// Who gets which ID when profiles come apart, or are somebody again, follows neither the
// key of the store nor how many nodes are changed at once; so what is told of them later
// is the same everywhere.
func TestApply_identity_ids(t *testing.T) {
	rules := func(user, device string) string {
		return "identity:\n  namespaces:\n    - {name: user_id, priority: 1" + user + "}\n    - {name: device_id, priority: 2, kind: device" + device +
			"}\ntags:\n  often: {rule: 'count(\"*\") >= 2'}\n"
	}
	var want string
	for key := range uint64(3) {
		for _, batch := range []int{1, 5, 1000} {
			cryptotest.SetGlobalRandom(t, key)
			db := open(t, t.TempDir(), portrait.WithRecastBatch(&portrait.Options{Clock: fixed(now)}, batch))
			apply(t, db, rules("", ""))
			day := 0
			for d := range 8 {
				for u := range 3 {
					seenOn(t, db, day, id("user_id", fmt.Sprint(d, "u", u)), id("device_id", fmt.Sprint(d)))
					day++
				}
				seenOn(t, db, day, id("user_id", fmt.Sprint(d, "u", d%3)))
				day++
			}
			seenOn(t, db, day, id("user_id", "guard"), id("device_id", "kiosk")) // somebody each after the other
			seenOn(t, db, day+1, id("device_id", "kiosk"))
			apply(t, db, rules("", ", blocked: [kiosk]"))
			apply(t, db, rules(", blocked: [guard]", ", max_partners: 2"))
			if n, err := db.Count(t.Context(), everybody); n != 25 || err != nil {
				t.Fatalf("%d profiles, %v", n, err)
			}
			for _, d := range []int{0, 2, 4, 6} { // of most pairs one has the tag
				pair := [2]profile.Identifier{id("user_id", fmt.Sprint(d, "u1")), id("user_id", fmt.Sprint(d+1, "u1"))}
				if err := only(db.Link(t.Context(), pair[0], pair[1], portrait.Decision{At: now, ID: fmt.Sprint(d)})); err != nil {
					t.Fatal(err)
				}
			}
			said, err := everything(t.Context(), db)
			if err != nil {
				t.Fatal(err)
			}
			if said = sortedLines(said); want == "" {
				want = said
			}
			if said != want {
				t.Fatalf("key %d, %d nodes at once:\n%s\nnot\n%s", key, batch, without(said, want), without(want, said))
			}
		}
	}
}
