package portrait_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/backup"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

// arguments are what methods are called with, by type. What is not among them is the zero
// value.
func arguments(ctx context.Context, target backup.Target) map[reflect.Type]reflect.Value {
	all := map[reflect.Type]reflect.Value{}
	for _, v := range []any{
		id("user_id", "u-1"), segment.MustParse(`orders >= 1`), tags.MustParseFormula("orders"), portrait.Decision{At: epoch0, ID: "d"},
		[]string{"a"}, "a", 2, now, time.Hour, profile.ID(1), portrait.Model{}, [][]profile.Identifier{{id("user_id", "u-1")}, {id("user_id", "u-2")}},
	} {
		all[reflect.TypeOf(v)] = reflect.ValueOf(v)
	}
	all[reflect.TypeFor[context.Context]()] = reflect.ValueOf(ctx)
	all[reflect.TypeFor[io.Reader]()] = reflect.ValueOf(strings.NewReader("x"))
	all[reflect.TypeFor[io.Writer]()] = reflect.ValueOf(io.Discard)
	all[reflect.TypeFor[backup.Target]()] = reflect.ValueOf(target)
	return all
}

// call calls a method, ranges over what it yields, and returns its error, which what it yields
// has once and last, with nothing beside it.
func call(ctx context.Context, method reflect.Value, target backup.Target) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	known := arguments(ctx, target)
	var in []reflect.Value
	for i := range method.Type().NumIn() {
		want := method.Type().In(i)
		if method.Type().IsVariadic() && i == method.Type().NumIn()-1 {
			want = want.Elem()
		}
		v, ok := known[want]
		if !ok || !v.IsValid() {
			v = reflect.Zero(want)
		}
		in = append(in, v)
	}
	for _, out := range method.Call(in) {
		switch {
		case out.Type() == reflect.TypeFor[error]() && !out.IsNil():
			err = out.Interface().(error)
		case out.Type().CanSeq2():
			for what, last := range out.Seq2() {
				if err != nil {
					return fmt.Errorf("panic: it goes on after %w", err)
				}
				if e, ok := last.Interface().(error); ok && e != nil {
					if err = e; !what.IsZero() {
						return fmt.Errorf("panic: it yields %v beside %w", what, err)
					}
				}
			}
		}
	}
	return err
}

// targetOf returns where a test's backups go.
func targetOf(t *testing.T) backup.Target {
	t.Helper()
	target, err := backup.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := target.Close(); err != nil {
			t.Error(err)
		}
	})
	return target
}

// handles are what has methods: a store, its handles and a view.
func handles(t *testing.T, db *portrait.DB) map[string]any {
	t.Helper()
	v, err := db.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return map[string]any{"DB": db, "View": v, "Privacy": db.Privacy(), "Admin": db.Admin(), "Lists": db.Lists()}
}

// answering are the methods that need nothing of the disk and go on answering; who holds
// what they return may ask it after Close. Each says whether it does, of a store that was
// asked the same before.
func answering(db *portrait.DB, v *portrait.View) map[string]func() error {
	model, repaired := db.Model(), db.Admin().Repaired()
	at, epoch, cursor, lists := v.AsOf(), v.Epoch(), v.Cursor(), v.Lists()
	same := func(is, was any, opts ...cmp.Option) error {
		if d := cmp.Diff(was, is, opts...); d != "" {
			return errors.New(d)
		}
		return nil
	}
	closed := func(err error) error {
		if !errors.Is(err, portrait.ErrClosed) {
			return fmt.Errorf("its calls: %w", err)
		}
		return nil
	}
	return map[string]func() error{
		"DB.Close": db.Close,
		"DB.Privacy": func() error {
			_, err := db.Privacy().Verify(context.Background())
			return closed(err)
		},
		"DB.Admin": func() error {
			_, err := db.Admin().Health(context.Background())
			return closed(err)
		},
		"DB.Lists":   func() error { return closed(db.Lists().Drop(context.Background(), "vip")) },
		"DB.Metrics": func() error { return same(db.Metrics(), portrait.Metrics{}) },
		"DB.Model": func() error {
			was, err := model.MarshalJSON()
			if err != nil {
				return err
			}
			is, err := db.Model().MarshalJSON()
			return errors.Join(err, same(string(is), string(was)))
		},
		"Admin.Repaired": func() error { return same(db.Admin().Repaired(), repaired) },
		"View.Close":     func() error { v.Close(); return nil },
		"View.AsOf":      func() error { return same(v.AsOf(), at) },
		"View.Epoch":     func() error { return same(v.Epoch(), epoch) },
		"View.Cursor":    func() error { return same(v.Cursor().String(), cursor.String()) },
		"View.Lists":     func() error { return same(v.Lists(), lists) },
	}
}

// After Close every method of everything says ErrClosed, or answers from memory.
func TestClose_every_method(t *testing.T) {
	mem := vfs.NewMem()
	db, err := portrait.Open("db", small(mem))
	if err != nil {
		t.Fatal(err)
	}
	apply(t, db, testModel)
	take(t, db, callOf(0)...)
	if _, err := db.Lists().Edit(t.Context(), "vip", "anonymous_id", []string{"a1"}, nil); err != nil {
		t.Fatal(err)
	}
	all, target := handles(t, db), targetOf(t)
	answers := answering(db, all["View"].(*portrait.View))
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	tried := 0
	for what, handle := range all {
		of := reflect.ValueOf(handle)
		for i := range of.NumMethod() {
			name := what + "." + of.Type().Method(i).Name
			err := call(t.Context(), of.Method(i), target)
			tried++
			if answer, ok := answers[name]; ok {
				if err := errors.Join(err, answer()); err != nil {
					t.Errorf("%s after Close: %v", name, err)
				}
				delete(answers, name)
			} else if !errors.Is(err, portrait.ErrClosed) || strings.HasPrefix(err.Error(), "panic") {
				t.Errorf("%s after Close: %v", name, err)
			}
		}
	}
	for name := range answers {
		t.Errorf("there is no %s", name)
	}
	if tried < 80 {
		t.Errorf("%d methods tried", tried)
	}
}

// While Close runs every method answers, refuses what it is asked, or says ErrClosed; none
// panics, none waits for ever, and none says of the store's end that its context ended, the disk
// failed or something is damaged. Views that nobody closed do not keep it, and no goroutine is left.
func TestClose_beside_everything(t *testing.T) {
	target := targetOf(t)
	for range 5 {
		before := goleak.IgnoreCurrent()
		db, err := portrait.Open("db", small(vfs.NewMem()))
		if err != nil {
			t.Fatal(err)
		}
		apply(t, db, testModel)
		for i := range 5 {
			take(t, db, callOf(i)...)
		}
		all := handles(t, db)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		var wg sync.WaitGroup
		begun := make(chan struct{}, 1000)
		for what, handle := range all {
			of := reflect.ValueOf(handle)
			for i := range of.NumMethod() {
				name := what + "." + of.Type().Method(i).Name
				if name == "DB.Close" || name == "View.Close" {
					continue
				}
				wg.Go(func() {
					begun <- struct{}{}
					err := call(ctx, of.Method(i), target)
					if err == nil || errors.Is(err, portrait.ErrClosed) && !strings.HasPrefix(err.Error(), "panic") {
						return
					}
					for _, wrong := range []error{context.Canceled, portrait.ErrFailed, portrait.ErrCorrupt} {
						if errors.Is(err, wrong) {
							t.Errorf("%s: %v", name, err)
						}
					}
					if strings.HasPrefix(err.Error(), "panic") || strings.Contains(err.Error(), "pebble") {
						t.Errorf("%s: %v", name, err)
					}
				})
			}
		}
		for range 20 {
			<-begun
		}
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		wg.Wait()
		if ctx.Err() != nil {
			t.Error("something waited for ever")
		}
		cancel()
		if err := goleak.Find(before); err != nil {
			t.Fatal(err)
		}
	}
}

// A second Close comes back when the first has ended, not before: whoever has its nil may
// open the directory again.
func TestClose_twice_at_once(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		db, err := portrait.Open("db", small(mem))
		if err != nil {
			t.Fatal(err)
		}
		take(t, db, callOf(0)...)
		var first, second atomic.Bool
		closing := func(done *atomic.Bool) {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
			done.Store(true)
		}
		v, err := db.View(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for range v.Profiles(t.Context(), nil) { // which the first waits for
			go closing(&first)
			synctest.Wait()
			go closing(&second)
			synctest.Wait()
			if first.Load() || second.Load() {
				t.Error("a Close came back from a store with a call under way")
			}
			break
		}
		synctest.Wait()
		if !first.Load() || !second.Load() {
			t.Error("a Close waits for ever")
		}
	})
}
