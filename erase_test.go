package portrait_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/store"
)

// story is a random history that names who is in it.
type story struct {
	events    []profile.Event
	decisions []decision
}

// decision is a decision about a pair.
type decision struct {
	a, b profile.Identifier
	d    portrait.Decision
	kind int
}

func drawStory(r *rand.Rand, n, decisions int) story {
	people := 2 + n/12
	random := func() profile.Identifier {
		k := r.IntN(people)
		return [...]profile.Identifier{
			id("user_id", fmt.Sprint("u-", k)), id("email", fmt.Sprint("e-", k, "@example.cn")),
			id("device_id", fmt.Sprint("d-", k)), id("anonymous_id", fmt.Sprint("a-", r.IntN(2*people))),
		}[r.IntN(4)]
	}
	var s story
	for i := range n {
		e := drawEvent(r, i, random)
		delete(e.Traits, "email") // see TestErase_traits
		s.events = append(s.events, e)
	}
	for i := range decisions {
		s.decisions = append(s.decisions, decision{
			a: random(), b: random(), kind: r.IntN(5),
			d: portrait.Decision{At: epoch0.Add(time.Duration(r.IntN(5)) * time.Hour), ID: fmt.Sprint("d", i), Withdraw: r.IntN(6) == 0},
		})
	}
	return s
}

// play takes a story in. Decisions about somebody who is suppressed are refused.
func (s story) play(t *testing.T, db *portrait.DB, gone map[profile.Identifier]bool) {
	t.Helper()
	for i := 0; i < len(s.events); i += 7 {
		if _, err := db.Ingest(t.Context(), s.events[i:min(i+7, len(s.events))]...); err != nil {
			t.Fatal(err)
		}
	}
	for _, x := range s.decisions {
		if x.a == x.b {
			continue
		}
		call := (*portrait.DB).Link
		switch {
		case x.kind == 0:
			call = (*portrait.DB).Veto
		case x.kind < 3:
			call = (*portrait.DB).Unlink
		}
		err := only(call(db, t.Context(), x.a, x.b, x.d))
		if named := gone[x.a] || gone[x.b]; named != (err != nil) {
			t.Fatalf("decision about %v and %v, of whom one is suppressed: %t: %v", x.a, x.b, named, err)
		}
	}
}

// TestErase_never_was erases people out of random histories: what is left is what a
// store holds that never was told of them, whose suppressed identifiers it refused.
func TestErase_never_was(t *testing.T) {
	r := seed(t)
	opts := &portrait.Options{Clock: fixed(now), NoSync: true}
	for range 3 * *rounds {
		text := strings.NewReplacer(", per: 30d", "", ", per: 720h", "", ", per: 90d", "").Replace(drawModel(r))
		if !strings.Contains(text, "\nstages:") {
			text += "\nstages:\n  - {name: loyal, rule: 'orders >= 3'}\n  - {name: active, rule: 'last_order >= ago(\"60d\")'}\n  - {name: others}\n"
		}
		s := drawStory(r, 30+r.IntN(120), r.IntN(20))
		dir, plain := t.TempDir(), opts
		opts := sealedAtTimes(r, plain)
		db := open(t, dir, opts)
		apply(t, db, text)
		s.play(t, db, nil)
		gone := map[profile.Identifier]bool{}
		for range 1 + r.IntN(4) {
			whom := eraseSome(t, r, db)
			for _, id := range whom {
				gone[id] = true
			}
			if r.IntN(3) == 0 {
				checkAndClose(t, db)
				db = open(t, dir, opts)
			}
		}
		never := open(t, t.TempDir(), plain)
		apply(t, never, text)
		for id := range gone {
			if err := never.Privacy().Suppress(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		}
		s.play(t, never, gone)
		want := digest(t, never, now)
		if got := digest(t, db, now); got != want {
			t.Fatalf("digest %s, of the store that never knew them %s, under\n%s", got, want, text)
		}
		if !strings.Contains(text, "auth:") { // an event below it leaves no evidence of whom it names
			leftOver(t, db, never, s)
		}
		s.play(t, db, gone) // sent once more
		if got := digest(t, db, now); got != want {
			t.Fatalf("digest %s after all was sent again, want %s, under\n%s", got, want, text)
		}
		if found, err := db.Privacy().Verify(t.Context()); err != nil || found.Keyed != 0 || found.Identifiers != len(gone) || found.Records == 0 {
			t.Fatalf("verified: %+v, %v", found, err)
		}
		checkAndClose(t, db)
		checkAndClose(t, never)
	}
}

// leftOver makes sure that a store knows no identifier that one does not know that never was
// told of who was erased, but for those that decisions told apart from them.
func leftOver(t *testing.T, db, never *portrait.DB, s story) {
	t.Helper()
	known := identifiersIn(t, never)
	for _, x := range s.decisions {
		known = append(known, x.a, x.b)
	}
	for _, id := range identifiersIn(t, db) {
		if !slices.Contains(known, id) {
			t.Errorf("%v is left, of whom only those told who were erased", id)
		}
	}
}

// identifiersIn returns all identifiers that a store knows, sorted.
func identifiersIn(t *testing.T, db *portrait.DB) (all []profile.Identifier) {
	t.Helper()
	v, err := db.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	for s, err := range v.Identifiers(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s.Identifier)
	}
	slices.SortFunc(all, profile.Identifier.Compare)
	return all
}

// eraseSome erases one or two people by any of their identifiers, and holds what a
// preview said against what happened.
func eraseSome(t *testing.T, r *rand.Rand, db *portrait.DB) []profile.Identifier {
	t.Helper()
	var all []profile.Identifier
	for p, err := range allProfiles(t.Context(), db) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p.Identifiers[r.IntN(len(p.Identifiers))])
	}
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	whom := all[:min(len(all), 1+r.IntN(2))]
	if len(whom) == 0 {
		return nil // they are all gone
	}
	before := digest(t, db, now)
	preview, err := db.Privacy().Preview(t.Context(), whom...)
	if err != nil {
		t.Fatal(err)
	}
	if digest(t, db, now) != before {
		t.Fatal("a preview changed something")
	}
	got, err := db.Privacy().Erase(t.Context(), whom...)
	if err != nil {
		t.Fatal(err)
	}
	if got.Epoch == 0 || preview.Epoch != 0 {
		t.Errorf("epochs %d and %d", got.Epoch, preview.Epoch)
	}
	preview.Epoch, preview.Audit, preview.Nameless, preview.Verified = got.Epoch, got.Audit, 0, true
	if fmt.Sprint(preview) != fmt.Sprint(got) {
		t.Errorf("erased\n%+v, a preview said\n%+v", got, preview)
	}
	for _, id := range got.Identifiers {
		if _, err := db.Profile(t.Context(), id); !errors.Is(err, portrait.ErrNotFound) {
			t.Errorf("%v is still somebody: %v", id, err)
		}
	}
	erasedInFeed(t, db, got)
	return got.Identifiers
}

// erasedInFeed makes sure that the feed tells of an erasure.
func erasedInFeed(t *testing.T, db *portrait.DB, e *privacy.Erasure) {
	t.Helper()
	v, err := db.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	var told []profile.ID
	for c, err := range v.Changes(t.Context(), portrait.CursorAt(db, e.Epoch)) {
		if err != nil {
			t.Fatal(err)
		}
		if c.Kind == "erased" {
			told = append(told, c.Profile)
		}
	}
	if !slices.Equal(told, e.Profiles) {
		t.Errorf("the feed tells that %v were erased, want %v", told, e.Profiles)
	}
}

// TestErase_traits erases somebody whose e-mail address other people's events name too:
// their attributes and kept events name it no more, and never will.
func TestErase_traits(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	apply(t, db, `
identity:
  namespaces:
    - {name: user_id, priority: 1, kind: person, unique: true}
    - {name: email, priority: 2, kind: contact, limit: 1, trait: email}
    - {name: device_id, priority: 3, kind: device}
traits:
  email: {}
  city: {index: true}
  friends: {type: set, merge: union, index: true}
log: {retain: 365d}
`)
	mail := profile.String("Mei@Example.cn")
	told := func(n int, e profile.Event) portrait.Result {
		t.Helper()
		e.MessageID, e.Time, e.Source = fmt.Sprint("m", n), epoch0.Add(time.Duration(n)*time.Hour), "web"
		res, err := db.Ingest(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	mei := []profile.Identifier{id("user_id", "mei"), id("device_id", "kiosk")}
	told(1, profile.Event{Type: profile.Identify, Identifiers: mei, Traits: map[string]profile.Value{"email": mail, "city": profile.String("Mei's village")}})
	// Somebody else claims her address, and is refused it.
	bo := profile.Event{
		Type: profile.Identify, Identifiers: []profile.Identifier{id("user_id", "bo")},
		Traits: map[string]profile.Value{"email": mail, "city": profile.String("上海"), "friends": profile.Set(mail, profile.String("an"))},
	}
	told(2, bo)
	erased, err := db.Privacy().Erase(t.Context(), id("email", "mei@example.cn"))
	if err != nil {
		t.Fatal(err)
	}
	if len(erased.Identifiers) != 3 || erased.Stripped != 2 || erased.Events != 1 {
		t.Errorf("erased %+v", erased)
	}
	check := func() {
		t.Helper()
		p, err := db.Profile(t.Context(), id("user_id", "bo"))
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(p.Identifiers, p.Traits); strings.Contains(strings.ToLower(got), "mei@") || !strings.Contains(got, "an") || !strings.Contains(got, "上海") {
			t.Errorf("he is told of as %s", got)
		}
	}
	check()
	// She is named again, as the strongest: refused; beside others: left out.
	if res := told(3, profile.Event{Type: profile.Identify, Identifiers: mei, Traits: map[string]profile.Value{"city": profile.String("北京")}}); res.Accepted != 0 || len(res.Rejected) != 1 ||
		res.Rejected[0].Reason != profile.ReasonSuppressed || res.Rejected[0].Field != "identifiers" {
		t.Errorf("her own event: %+v", res)
	}
	bo.Properties = map[string]profile.Value{"to": mail}
	if res := told(4, bo); res.Accepted != 1 || res.Dropped != 1 {
		t.Errorf("his event: %+v", res)
	}
	check()
	// The next user of the kiosk is not locked out.
	if res := told(5, profile.Event{Name: "Order Completed", Identifiers: []profile.Identifier{id("user_id", "li"), id("device_id", "kiosk")}}); res.Accepted != 1 || res.Dropped != 1 {
		t.Errorf("the kiosk's next event: %+v", res)
	}
	for _, of := range []profile.Identifier{id("device_id", "kiosk"), id("email", "mei@example.cn"), id("user_id", "mei")} {
		if err := only(db.Link(t.Context(), id("user_id", "bo"), of, portrait.Decision{})); err == nil || !strings.Contains(err.Error(), "suppressed") {
			t.Errorf("a link to %v: %v", of, err)
		}
	}
	unsuppressed(t, db, mei[0], told)
}

// TestErase_elements erases somebody whom others' lists name, at any depth: what else is
// in them stays.
func TestErase_elements(t *testing.T) {
	db := forgetful(t, fixed(now))
	takenIn(t, db, "1", profile.Event{Name: "Order Completed", Identifiers: mei})
	her, an := profile.String("Mei@example.cn"), profile.String("an")
	takenIn(t, db, "2", profile.Event{
		Type: profile.Identify, Identifiers: []profile.Identifier{bo[0], mei[1]},
		Traits: map[string]profile.Value{
			"contacts": profile.List(an, her), "circles": profile.List(profile.List(her, an), an), "only": profile.List(her),
		},
		Properties: map[string]profile.Value{"circles": profile.List(profile.List(an, her), an)},
	})
	if _, err := db.Privacy().Erase(t.Context(), mei[0]); err != nil {
		t.Fatal(err)
	}
	p, err := db.Profile(t.Context(), bo[0])
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(p.Traits), "[{circles [[an], an]} {contacts [an]}]"; got != want {
		t.Errorf("his traits are %s, want %s", got, want)
	}
	if got := keptOf(t, db, bo[0]); strings.Contains(strings.ToLower(got), "mei@") || !strings.Contains(got, "map[circles:[[an], an]]") {
		t.Errorf("he is said to have done\n%s", got)
	}
}

// unsuppressed admits somebody again: what is later counts, what came before never will.
func unsuppressed(t *testing.T, db *portrait.DB, who profile.Identifier, told func(int, profile.Event) portrait.Result) {
	t.Helper()
	if err := db.Privacy().Unsuppress(t.Context(), who, who); err != nil {
		t.Fatal(err)
	}
	old := profile.Event{Name: "Order Completed", Identifiers: []profile.Identifier{who}}
	if res := told(6, old); res.Accepted != 0 {
		t.Errorf("an event of before: %+v", res)
	}
	late, err := db.Ingest(t.Context(), profile.Event{
		MessageID: "new", Time: now.Add(time.Minute), Source: "web", Name: "Order Completed", Identifiers: []profile.Identifier{who},
	})
	if err != nil || late.Accepted != 1 {
		t.Errorf("an event of after: %+v, %v", late, err)
	}
	if _, err := db.Profile(t.Context(), who); err != nil {
		t.Error(err)
	}
	if err := db.Privacy().Unsuppress(t.Context(), id("user_id", "nobody")); !errors.Is(err, portrait.ErrNotFound) {
		t.Errorf("nobody is unsuppressed: %v", err)
	}
	if err := db.Privacy().Suppress(t.Context(), who); err == nil {
		t.Error("somebody who is in the store was suppressed")
	}
}

// TestErasedMeansErased plants a person's values all over a store, erases and purges:
// no file of the directory has any of them, in any form, then and after reopening.
func TestErasedMeansErased(t *testing.T) {
	for _, few := range []bool{true, false} {
		t.Run(fmt.Sprintf("few=%t", few), func(t *testing.T) { erasedMeansErased(t, few, nil, (*portrait.Privacy).Erase) })
	}
	t.Run("anonymised", func(t *testing.T) { erasedMeansErased(t, true, nil, (*portrait.Privacy).Anonymise) })
	t.Run("encrypted", func(t *testing.T) { erasedMeansErased(t, true, &keySet{current: "a"}, (*portrait.Privacy).Erase) })
}

const canaryModel = `
identity:
  namespaces:
    - {name: user_id, priority: 1, kind: person, unique: true}
    - {name: email, priority: 2, kind: contact, limit: 1, trait: email, match: [md5, sha1, sha256]}
    - {name: phone, priority: 3, kind: contact, match: [md5, sha256]}
    - {name: device_id, priority: 4, kind: device}
events:
  Order Completed: {numbers: [revenue], unique: [order_id]}
traits:
  name: {index: true}
  village: {index: true}
  friends: {type: set, merge: union, index: true}
  orders: {compute: 'unique("Order Completed", "order_id")', index: true}
  latest: {compute: 'last("Order Completed", "order_id")', index: true}
tags:
  of: {value: 'village'}
  buyer: {rule: 'count("Order Completed") >= 1'}
log: {retain: 3650d}
`

// eraser is Erase or Anonymise.
type eraser func(*portrait.Privacy, context.Context, ...profile.Identifier) (*privacy.Erasure, error)

func erasedMeansErased(t *testing.T, few bool, keys store.Keys, erase eraser) {
	dir := t.TempDir()
	opts := &portrait.Options{Clock: fixed(now), MemTableBytes: 1 << 20, NoSync: true, Keys: keys}
	db := open(t, dir, opts)
	apply(t, db, canaryModel)
	const mail, phone, name, village, order, gadget = "canary.mail@example.cn", "13777418829", "Canarina Songbird", "Canaryville", "order-canary-991", "device-canary-17"
	const second, apart = "second.canary@example.net", "apart-canary-23" // beyond the limit, and by a decision not hers
	planted := []string{mail, phone, name, village, order, gadget, "user-canary", second, apart}
	forms := formsOf(planted...)
	crowd := func(from, to int) {
		t.Helper()
		var events []profile.Event
		for i := from; i < to; i++ {
			events = append(events, profile.Event{
				MessageID: fmt.Sprint("c", i), Source: "web", Time: epoch0.Add(time.Duration(i) * time.Minute), Type: profile.Identify,
				Identifiers: []profile.Identifier{id("user_id", fmt.Sprint("u", i%997)), id("device_id", fmt.Sprint("d", i%499))},
				Traits:      map[string]profile.Value{"name": profile.String(fmt.Sprint("n", i)), "village": profile.String(fmt.Sprint("v", i%50))},
			})
		}
		if _, err := db.Ingest(t.Context(), events...); err != nil {
			t.Fatal(err)
		}
	}
	crowd(0, 3000)
	her := []profile.Identifier{id("user_id", "user-canary"), id("email", mail), id("phone", phone), id("device_id", gadget)}
	events := []profile.Event{
		{MessageID: "1", Type: profile.Identify, Identifiers: her, Traits: map[string]profile.Value{
			"name": profile.String(name), "village": profile.String(village), "email": profile.String(mail), "note": profile.String(name),
		}},
		{MessageID: "2", Name: "Order Completed", Identifiers: her[:2], Properties: map[string]profile.Value{
			"order_id": profile.String(order), "revenue": profile.Number(12.5), "to": profile.String(phone),
		}},
		// Of another person, who names her, with and without a message ID.
		{MessageID: "3", Name: "Gift Sent", Identifiers: []profile.Identifier{id("user_id", "u1"), her[3]}, Properties: map[string]profile.Value{"to": profile.String(mail)}},
		{Name: "Gift Sent", Identifiers: []profile.Identifier{id("user_id", "u2"), her[3]}},
		{MessageID: "5", Name: "Letter Opened", Identifiers: []profile.Identifier{her[0], id("email", second), id("device_id", apart)}},
	}
	for i := range events {
		events[i].Source, events[i].Time = "web", epoch0.Add(time.Hour*time.Duration(i+1))
	}
	if res, err := db.Ingest(t.Context(), events...); err != nil || res.Accepted != len(events) {
		t.Fatal(res, err)
	}
	if _, err := db.Link(t.Context(), her[0], id("user_id", "u5"), portrait.Decision{Reason: "asked by " + name}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Detach(t.Context(), id("device_id", apart), portrait.Decision{}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Lists().Edit(t.Context(), "vip", "phone", []string{phone}, nil); err != nil {
		t.Fatal(err)
	}
	apply(t, db, canaryModel+"segments:\n  vips: {rule: 'in_list(\"vip\")'}\n")
	crowd(3000, 6000)
	before := strings.Join(inFiles(t, dir, keys, forms), "\n")
	if err := db.Admin().Checkpoint(t.Context(), dir+"-seen"); err != nil {
		t.Fatal(err)
	}
	inside := strings.Join(inTables(t, dir+"-seen", keys, forms), "\n")
	for _, text := range planted {
		if !strings.Contains(before, "plain "+text) || !strings.Contains(inside, "plain "+text) {
			t.Errorf("%s was not found in the files, or in the tables, before: the search is blind", text)
		}
	}
	if hits := inFiles(t, dir, nil, forms); keys != nil && len(hits) > 0 {
		t.Errorf("encrypted files show\n%s", strings.Join(hits, "\n"))
	}
	old, err := db.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	whom := her[:1]
	if !few {
		for i := range 100 {
			whom = append(slices.Clip(whom), id("user_id", fmt.Sprint("u", i+10)))
		}
	}
	if _, err := erase(db.Privacy(), t.Context(), whom...); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Privacy().Purge(t.Context()); !errors.Is(err, privacy.ErrBusy) {
		t.Errorf("a purge under an old view: %v", err)
	}
	old.Close()
	done, err := db.Privacy().Purge(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if hits := inTables(t, dir, keys, forms); len(hits) > 0 {
		t.Errorf("after a purge tables hold\n%s", strings.Join(hits, "\n"))
	}
	if done.Identifiers < 4 || done.Values < 2 {
		t.Errorf("purged %+v", done)
	}
	if hits := inFiles(t, dir, keys, forms); len(hits) > 0 {
		t.Errorf("after a purge there is\n%s", strings.Join(hits, "\n"))
	}
	up, err := db.Lists().Upload(t.Context(), "late", strings.NewReader(phone+"\n13900000000\n"), segment.Upload{Namespace: "phone"})
	if err != nil || up.Erased != 1 || up.Unknown != 1 {
		t.Errorf("a list that names her: %+v, %v", up, err)
	}
	crowd(6000, 7000)
	if _, err := db.Ingest(t.Context(), events...); err != nil {
		t.Fatal(err)
	}
	checkAndClose(t, db)
	inRecords(t, dir, forms, keys)
	checkAndClose(t, open(t, dir, opts))
	if hits := inClosed(t, dir, keys, forms); len(hits) > 0 {
		t.Errorf("after being opened again there is\n%s", strings.Join(hits, "\n"))
	}
}

// inRecords makes sure that no record of a store holds any of some forms, whatever the
// compression of its files hides.
func inRecords(t *testing.T, dir string, forms map[string][]byte, keys store.Keys) {
	t.Helper()
	st, err := store.Open(dir, store.Options{Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	snap, err := st.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	for kv, err := range snap.Scan(nil, nil) {
		if err != nil {
			t.Fatal(err)
		}
		for name, form := range forms {
			if bytes.Contains(kv.Key, form) || bytes.Contains(kv.Value, form) {
				t.Errorf("record %q holds %s", kv.Key, name)
			}
		}
	}
}

// TestErase_during_an_upload erases people while a list that names them is being written.
func TestErase_during_an_upload(t *testing.T) {
	r := seed(t)
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	apply(t, db, canaryModel)
	const people = 400
	var lines strings.Builder
	var events []profile.Event
	for i := range people {
		mail := fmt.Sprintf("p%d@example.cn", i)
		fmt.Fprintln(&lines, mail)
		events = append(events, profile.Event{
			MessageID: fmt.Sprint(i), Source: "web", Time: epoch0, Name: "Order Completed",
			Identifiers: []profile.Identifier{id("user_id", fmt.Sprint("u", i)), id("email", mail)},
		})
	}
	if _, err := db.Ingest(t.Context(), events...); err != nil {
		t.Fatal(err)
	}
	portrait.SmallLists(db, 16, 1)
	done := make(chan error)
	go func() {
		_, err := db.Lists().Upload(t.Context(), "all", strings.NewReader(lines.String()), segment.Upload{Namespace: "email"})
		done <- err
	}()
	var err error
	erased := 0
	for uploading := true; uploading && erased < people/2; {
		if _, e := db.Privacy().Erase(t.Context(), id("user_id", fmt.Sprint("u", erased))); e != nil {
			t.Fatal(e)
		}
		erased++
		select {
		case err = <-done:
			uploading = false
		default:
		}
		if r.IntN(4) == 0 {
			runtime.Gosched()
		}
	}
	if erased == people/2 {
		err = <-done
	}
	if err != nil {
		t.Fatal(err)
	}
	n, err := db.Count(t.Context(), segment.MustParse(`in_list("all")`))
	if err != nil || n != uint64(people-erased) {
		t.Errorf("%d of the %d who are left are in the list: %v", n, people-erased, err)
	}
}

// TestErase_barred erases somebody of whom the model no longer allows a namespace: what
// was hers of it goes too, and stays where somebody else was seen with it.
func TestErase_barred(t *testing.T) {
	db := forgetful(t, fixed(now))
	own, desk := id("device_id", "mei-phone"), id("device_id", "desk")
	takenIn(t, db, "1", profile.Event{Name: "Opened", Identifiers: []profile.Identifier{mei[0], own}})
	takenIn(t, db, "2", profile.Event{Name: "Opened", Identifiers: []profile.Identifier{own}})
	takenIn(t, db, "3", profile.Event{Name: "Opened", Identifiers: []profile.Identifier{mei[0], desk}})
	takenIn(t, db, "4", profile.Event{Name: "Opened", Identifiers: []profile.Identifier{bo[0], desk}})
	apply(t, db, strings.Replace(forgetfulModel, "    - {name: device_id, priority: 3, kind: device}\n", "", 1))
	erased, err := db.Privacy().Erase(t.Context(), mei[0])
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]profile.Identifier{own, mei[0]}, erased.Identifiers); diff != "" {
		t.Errorf("erased (-want +got):\n%s", diff)
	}
	left := identifiersIn(t, db)
	if diff := cmp.Diff([]profile.Identifier{desk, bo[0]}, left); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
}
