package portrait_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/portraitdb/portrait"
)

var errLeft = errors.New("the caller has left")

// leaving is a context that ends, with errLeft for its cause, once it was asked so many
// times.
type leaving struct {
	context.Context
	end  context.CancelCauseFunc
	left atomic.Int64
}

func leavingAfter(ctx context.Context, asked int) *leaving {
	c := &leaving{}
	c.Context, c.end = context.WithCancelCause(ctx)
	c.left.Store(int64(asked))
	return c
}

func (c *leaving) ask() context.Context {
	if c.left.Add(-1) < 0 {
		c.end(errLeft)
	}
	return c.Context
}

func (c *leaving) Err() error { return c.ask().Err() }

func (c *leaving) Done() <-chan struct{} { return c.ask().Done() }

// Whenever a context ends in the midst of a question the error is its cause.
func TestView_cause(t *testing.T) {
	asks := map[string]func(context.Context) error{}
	for name, ask := range lookups(crowdedView(t)) {
		asks[name+" of a crowd"] = ask
	}
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	apply(t, db, testModel)
	for i := range 5 {
		take(t, db, callOf(i)...)
	}
	if _, err := db.Lists().Edit(t.Context(), "vip", "anonymous_id", []string{"a1"}, nil); err != nil {
		t.Fatal(err)
	}
	target := targetOf(t)
	of := reflect.ValueOf(viewOf(t, db))
	for i := range of.NumMethod() {
		if name := of.Type().Method(i).Name; name != "Close" {
			asks[name] = func(ctx context.Context) error { return call(ctx, of.Method(i), target) }
		}
	}
	told := 0
	for name, ask := range asks {
		says := false
		for asked := 0; asked < 60; asked += 1 + asked/8 {
			ctx := leavingAfter(t.Context(), asked)
			err := ask(ctx)
			switch {
			case errors.Is(err, context.Canceled), err != nil && strings.HasPrefix(err.Error(), "panic"):
				t.Errorf("%s, which may ask %d times: %v", name, asked, err)
			case errors.Is(err, errLeft):
				says = true
			}
			ctx.end(nil)
		}
		if says {
			told++
		}
	}
	if told < 20 {
		t.Errorf("only %d of %d calls end with their context", told, len(asks))
	}
}
