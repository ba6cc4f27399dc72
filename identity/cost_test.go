package identity

import (
	"errors"
	"fmt"
	"testing"
)

// A hot identifier costs the same at its thousandth event as at its hundredth.
func TestRegroup_HotGenericNodeIsCheap(t *testing.T) {
	w := newWorld(t, plain())
	w.regroup(w.event(at(0), ident("email:noone@x.com"), ident("device_id:kiosk"))...)
	for i := range 1000 {
		changed := w.event(at(i+1), ident(fmt.Sprint("user_id:u", i)), ident("device_id:kiosk"))
		w.reads.node, w.reads.edge, w.reads.edges, w.reads.component = 0, 0, 0, 0
		ch := w.regroup(changed...)
		if i < 20 { // the kiosk's partners are one e-mail and 20 users
			continue
		}
		if r := w.reads; r.node > 2 || r.edge > 1 || r.edges > 0 || r.component > 1 || len(ch.New) > 0 {
			t.Fatalf("event %d: %+v reads", i, r)
		}
	}
	if got := len(w.part[w.id(ident("device_id:kiosk"))]); got != 1 {
		t.Errorf("the kiosk is in a component of %d", got)
	}
}

// When a node becomes generic its own edges are not read.
func TestRegroup_BecomingGenericReadsNoEdgesOfItsOwn(t *testing.T) {
	c := plain()
	w := newWorld(t, c)
	for i := range 20 {
		w.regroup(w.event(at(i+1), ident(fmt.Sprint("user_id:u", i)), ident("device_id:kiosk"))...)
	}
	changed := w.event(at(99), ident("user_id:last"), ident("device_id:kiosk"))
	w.reads.edges = 0
	ch := w.regroup(changed...)
	if len(ch.Old) != 1 || len(ch.New) != 2 {
		t.Fatalf("%d components became %d, want 1 and 2", len(ch.Old), len(ch.New))
	}
	if w.reads.edges > 1 { // that of u0 to the kiosk
		t.Errorf("%d edges read", w.reads.edges)
	}
}

// A chain of pairwise links stops at the cap and says so.
func TestRegroup_ChainStopsAtTheCap(t *testing.T) {
	w := newWorld(t, plain())
	refused := 0
	for i := range 2000 {
		changed := w.event(at(i), ident(fmt.Sprint("email:", i, "@x.com")), ident(fmt.Sprint("email:", i+1, "@x.com")))
		w.regroup(changed...)
		for _, r := range w.refused {
			if r.Rule != RuleNodes {
				t.Fatalf("refused by %v", r.Rule)
			}
			refused++
		}
	}
	for _, c := range w.part {
		if len(c) > 200 {
			t.Fatalf("a component of %d nodes", len(c))
		}
	}
	if refused != 10 { // 2,001 nodes in components of 200
		t.Errorf("%d links refused, want 10", refused)
	}
}

// At the cap a new cookie does not cost a scan of the person's own edges.
func TestRegroup_FullPersonIsNotScanned(t *testing.T) {
	w := newWorld(t, plain())
	for i := range 1000 {
		changed := w.event(at(i), ident("user_id:hub"), ident(fmt.Sprint("anonymous_id:a", i)))
		w.reads.edges = 0
		w.regroup(changed...)
		if w.reads.edges > 200 {
			t.Fatalf("event %d: %d edges read", i, w.reads.edges)
		}
	}
	if got := len(w.part[w.id(ident("user_id:hub"))]); got != 200 {
		t.Errorf("component of %d nodes, want 200", got)
	}
}

// broken is a Graph that contradicts itself in one way.
type broken struct {
	*world
	component func(Token) []Token
	node      func(Node) Node
}

func (b broken) Component(t Token) ([]Token, error) {
	if b.component != nil {
		return b.component(t), nil
	}
	return b.world.Component(t)
}

func (b broken) Node(t Token) (Node, error) {
	n, err := b.world.Node(t)
	if b.node != nil {
		n = b.node(n)
	}
	return n, err
}

func TestRegroup_ReportsWhatItCannotRead(t *testing.T) {
	w := newWorld(t, plain())
	a, b := ident("user_id:b"), ident("anonymous_id:a")
	w.regroup(w.event(at(1), a, b)...)
	p := w.pair(a, b)
	other := w.pair(ident("user_id:c"), ident("anonymous_id:z"))
	wrong := errors.New("disk on fire")
	tests := []struct {
		name  string
		graph func() Graph
		pair  Pair
	}{
		{"a read that fails", func() Graph { w.fail = wrong; return w }, p},
		{"an unknown node", func() Graph { return w }, Pair{Token{1}, Token{2}}},
		{"a component without its node", func() Graph {
			return broken{world: w, component: func(Token) []Token { return []Token{p.Weak} }}
		}, Pair{p.Strong, p.Strong}},
		{"an empty component", func() Graph { return broken{world: w, component: func(Token) []Token { return nil }} }, p},
		{"overlapping components", func() Graph {
			return broken{world: w, component: func(t Token) []Token { return []Token{t, other.Weak} }}
		}, p},
		{"a node in the place of another", func() Graph {
			return broken{world: w, node: func(n Node) Node { n.Token[0]++; return n }}
		}, p},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := tt.graph()
			_, err := w.rules.Regroup(g, tt.pair)
			if err == nil {
				t.Error("no error")
			}
			if w.fail != nil && !errors.Is(err, wrong) {
				t.Errorf("error %q does not wrap the cause", err)
			}
			w.fail = nil
		})
	}
	if ch, err := w.rules.Regroup(w); err != nil || len(ch.Old)+len(ch.New) > 0 {
		t.Errorf("no change: %v, %v", ch, err)
	}
}
