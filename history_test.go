package portrait_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/internal/seeds"
	"github.com/portraitdb/portrait/profile"
)

// seed returns what a random test draws from.
func seed(t testing.TB) *rand.Rand {
	t.Helper()
	return rand.New(rand.NewPCG(seeds.Draw(t), 0))
}

// epoch0 is when the tests' histories begin; now when they are asked about.
var (
	epoch0 = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	now    = epoch0.AddDate(0, 6, 0)
)

func fixed(at time.Time) func() time.Time { return func() time.Time { return at } }

// open opens a store for a test; when the test ends the store is checked whole
// and closed.
func open(t testing.TB, dir string, opts *portrait.Options) *portrait.DB {
	t.Helper()
	db, err := portrait.Open(dir, opts)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() { checkAndClose(t, db) })
	return db
}

func checkAndClose(t testing.TB, db *portrait.DB) {
	t.Helper()
	err := db.Check(context.Background())
	if errors.Is(err, portrait.ErrClosed) {
		return
	}
	if diff, ok := errors.AsType[*portrait.CheckError](err); ok {
		t.Errorf("check: %d differences:\n%s", diff.Total, strings.Join(diff.Differences[:min(20, len(diff.Differences))], "\n"))
	} else if err != nil {
		t.Errorf("check: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

const testModel = `
zone: Asia/Shanghai
identity:
  max_nodes: 8
  namespaces:
    - {name: user_id, priority: 1, kind: person, unique: true}
    - {name: email, priority: 2, kind: contact, limit: 2, max_partners: 5, trait: email}
    - {name: device_id, priority: 3, kind: device, max_partners: 4}
    - {name: anonymous_id, priority: 4, kind: cookie, max_partners: 3}
events:
  Order Completed: {numbers: [revenue], unique: [order_id]}
  Product Viewed: {unique: [sku]}
traits:
  city: {index: true}
  vip: {type: bool, index: true}
  age: {type: number, index: true}
  registered: {type: time, merge: min, index: true}
  interests: {type: set, merge: union, index: true}
  first_channel: {merge: first}
  best: {type: number, merge: max, index: true}
  points: {type: number, merge: sum, index: true}
  note: {merge: nonEmpty}
  orders: {compute: 'count("Order Completed")', index: true}
  spent: {compute: 'sum("Order Completed", "revenue")', index: true}
  last_order: {compute: 'last_time("Order Completed")', index: true}
  skus: {compute: 'unique("Product Viewed", "sku")', index: true}
tags:
  买家: {rule: 'orders >= 1'}
  高频购买者: {rule: 'orders >= 3 and spent > 100'}
  沉睡: {rule: 'last_order < ago("30d")'}
  老客: {rule: 'registered < now() - "45d" and not tag("沉睡")'}
  上海: {rule: 'city in ["上海", "shanghai"]'}
  运动: {rule: 'interests any_of ["运动"] or points > 50'}
  无名: {rule: 'missing(city) and missing(registered)'}
`

func model(t testing.TB, text string) portrait.Model {
	t.Helper()
	m, err := portrait.ParseModel([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func apply(t testing.TB, db *portrait.DB, text string) {
	t.Helper()
	if _, err := db.Apply(t.Context(), model(t, text)); err != nil {
		t.Fatalf("apply: %v", err)
	}
}

// step is one thing that happens to a store, in any order with the others.
type step func(ctx context.Context, db *portrait.DB) error

// history draws events of a few people on shared devices, with late, doubled and
// unlucky ones among them, and decisions about their identifiers.
func history(r *rand.Rand, events, decisions int) []step {
	people := 2 + events/12
	pick := func(ns string, n int) profile.Identifier {
		return profile.Identifier{Namespace: ns, Value: fmt.Sprintf("%s-%d", ns[:1], r.IntN(n))}
	}
	random := func() profile.Identifier {
		switch r.IntN(8) {
		case 0, 1:
			return pick("user_id", people)
		case 2, 3:
			id := pick("email", people)
			id.Value += "@example.cn"
			return id
		case 4:
			return pick("device_id", people)
		}
		return pick("anonymous_id", 2*people)
	}
	var steps []step
	for i := range events {
		e := drawEvent(r, i, random)
		steps = append(steps, ingest(e))
		if r.IntN(8) == 0 {
			steps = append(steps, ingest(e))
		}
	}
	for i := range decisions {
		a, b := random(), random()
		d := portrait.Decision{At: epoch0.Add(time.Duration(r.IntN(5)) * time.Hour), ID: fmt.Sprint("d", i), Withdraw: r.IntN(6) == 0}
		kind := r.IntN(5)
		steps = append(steps, func(ctx context.Context, db *portrait.DB) error {
			switch {
			case a == b:
				return nil
			case kind == 0:
				return only(db.Veto(ctx, a, b, d))
			case kind < 3:
				return only(db.Unlink(ctx, a, b, d))
			}
			return only(db.Link(ctx, a, b, d))
		})
	}
	return steps
}

// drawModel returns the test model under random rules of identity, with random
// computed traits, tags and segments besides.
func drawModel(r *rand.Rand) string { return drawBehaviour(r, drawRules(r)) }

// drawRules returns the test model under random rules of identity.
func drawRules(r *rand.Rand) string {
	conflict := func() string {
		return [...]string{"demote", "newest", "shared", "refuse", "never"}[r.IntN(5)]
	}
	some := func(texts ...string) string { return texts[r.IntN(len(texts))] }
	rules := fmt.Sprintf(`
  max_nodes: %d
  namespaces:
    - {name: user_id, priority: 1, kind: person, unique: true%s}
    - {name: email, priority: 2, kind: contact, trait: email, max_partners: 5, conflict: %s%s%s}
    - {name: device_id, priority: 3, kind: device, max_partners: %d, conflict: %s%s}
    - {name: anonymous_id, priority: 4, kind: cookie, max_partners: 3%s}
`, 4+r.IntN(8),
		some("", ", max_edges: {anonymous_id: 1}", ", max_edges: {email: 2, device_id: 1}"),
		conflict(), some("", ", limit: 2", ", limit: 1, per: 30d", ", limit: 2, per: 720h"), some("", ", auth: 1"),
		3+r.IntN(4), conflict(), some("", ", limit: 2, per: 90d", ", limit: 3"),
		some("", ", lookup: true", ", conflict: shared", ", conflict: newest", ", conflict: refuse, auth: 2"))
	head, rest, _ := strings.Cut(testModel, "\nidentity:")
	_, rest, _ = strings.Cut(rest, "\nevents:")
	return head + "\nidentity:" + rules + "events:" + rest
}

// only returns the error of a decision.
func only(_ portrait.Effect, err error) error { return err }

// collect returns all that a sequence yields, or its error.
func collect[T any](seq iter.Seq2[T, error]) ([]T, error) {
	var all []T
	for v, err := range seq {
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

func ingest(e profile.Event) step {
	return func(ctx context.Context, db *portrait.DB) error {
		res, err := db.Ingest(ctx, e)
		if err == nil && len(res.Rejected) > 0 {
			err = fmt.Errorf("rejected: %+v", res.Rejected[0])
		}
		return err
	}
}

func drawEvent(r *rand.Rand, i int, identifier func() profile.Identifier) profile.Event {
	e := profile.Event{
		MessageID: fmt.Sprint("m", i), Source: []string{"web", "pos"}[r.IntN(2)],
		Time:     epoch0.Add(time.Duration(r.IntN(150*24)) * time.Hour),
		Received: epoch0.Add(time.Duration(r.IntN(180*24)) * time.Hour),
		Auth:     uint8(r.IntN(3)),
	}
	for range 1 + r.IntN(3) {
		e.Identifiers = append(e.Identifiers, identifier())
	}
	text := func(of ...string) profile.Value { return profile.String(of[r.IntN(len(of))]) }
	switch r.IntN(6) {
	case 0, 1:
		e.Type = profile.Identify
		all := map[string]profile.Value{
			"city": text("上海", "北京", "shanghai", ""), "vip": profile.Bool(r.IntN(2) == 0),
			"age": profile.Number(float64(r.IntN(80))), "registered": profile.Time(epoch0.Add(time.Duration(r.IntN(150*24)) * time.Hour)),
			"interests": profile.List(text("运动", "旅行", "美食")), "first_channel": text("a", "b"),
			"best": profile.Number(r.Float64() * 100), "points": profile.Number(float64(r.IntN(40)) - 10),
			"note": text("", "x", "y"), "undeclared": text("p", "q"), "email": text("e-1@example.cn", "e-2@example.cn"),
		}
		e.Traits = map[string]profile.Value{}
		for k, v := range all {
			if i%3 != 0 || len(k)%2 == 0 {
				e.Traits[k] = v
			}
		}
		if i%7 == 0 {
			e.Traits["city"] = profile.Value{}
		}
	case 2, 3:
		e.Name = "Order Completed"
		e.Properties = map[string]profile.Value{
			"revenue": profile.Number(float64(r.IntN(20000)) / 100), "order_id": text("1", "2", "3", "4"),
		}
	case 4:
		e.Name = "Product Viewed"
		e.Properties = map[string]profile.Value{
			"sku": text("s1", "s2", "s3"), "unused": profile.Number(1),
			"category": text("运动", "旅行", "美食"), "address.city": text("上海", "北京"),
			"items": profile.List(
				text(`{"price":5,"kind":"a"}`, `{"price":15,"kind":"a"}`, `{"price":15,"kind":"b"}`),
				text(`{"price":25,"kind":"a"}`, `{"kind":"a"}`, `x`),
			),
			"at": profile.Point(31.23+float64(r.IntN(3))*0.001, 121.47),
		}
		for _, p := range []string{"category", "address.city", "items"} {
			if r.IntN(4) == 0 {
				delete(e.Properties, p)
			}
		}
	default:
		e.Type = profile.Page
	}
	e.Consent = drawConsents(r, e.Time)
	return e
}

// play runs steps from several goroutines.
func play(t testing.TB, db *portrait.DB, steps []step, goroutines int) {
	t.Helper()
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for i := g; i < len(steps); i += goroutines {
				if err := steps[i](t.Context(), db); err != nil {
					t.Errorf("step %d: %v", i, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func digest(t testing.TB, db *portrait.DB, at time.Time) portrait.Digest {
	t.Helper()
	v, err := db.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	d, err := v.Digest(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// allProfiles yields all profiles as of the moment of the loop.
func allProfiles(ctx context.Context, db *portrait.DB) iter.Seq2[*profile.Profile, error] {
	return func(yield func(*profile.Profile, error) bool) {
		v, err := db.View(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		defer v.Close()
		v.Profiles(ctx, nil)(yield)
	}
}

func id(ns, value string) profile.Identifier {
	return profile.Identifier{Namespace: ns, Value: value}
}
