package identity

import (
	"fmt"
	"testing"
)

// TestHotNode_UnderEachPolicy has thousands come to one value, and looks at what
// an event in the crowd reads, in Judge and Regroup together. The counts hold from
// the hundredth event to the last.
func TestHotNode_UnderEachPolicy(t *testing.T) {
	const many = 1 << 20
	config := func(hot Namespace) Config {
		hot.Name, hot.Priority = "hot", 3
		if hot.MaxPartners == 0 {
			hot.MaxPartners = many
		}
		return Config{Namespaces: []Namespace{
			{Name: "user_id", Priority: 1, Unique: true},
			{Name: "email", Priority: 2, Kind: Contact},
			hot,
			{Name: "anonymous_id", Priority: 4, Kind: Cookie},
		}}
	}
	type reads struct{ node, edge, edges, component int }
	login := func(w *world, i int) []Pair {
		return w.event(at(i), ident(fmt.Sprint("user_id:u", i)), ident("hot:h"))
	}
	tests := []struct {
		name   string
		rules  Config
		events int
		event  func(w *world, i int) []Pair
		want   reads // at most
		alone  bool  // the hot node ends up alone
	}{
		{
			name: "shared", rules: config(Namespace{Kind: Device, Conflict: Shared}), events: 1000, event: login,
			want: reads{node: 4, edge: 2, component: 1}, alone: true,
		},
		{
			name: "newest, each takes it from the one before", rules: config(Namespace{Kind: Device, Conflict: Newest, MaxPartners: 200}), events: 1000, event: login,
			// The device's own edges are read as it moves, until it is generic.
			want: reads{node: 205, edge: 5, edges: 2 * 205, component: 3}, alone: true,
		},
		{
			name: "newest, and nobody takes it", rules: config(Namespace{Kind: Device, Conflict: Newest}), events: 1000,
			event: func(w *world, i int) []Pair {
				return w.event(at(many-i), ident(fmt.Sprint("user_id:u", i)), ident("hot:h"))
			},
			want: reads{node: 5, edge: 3, component: 1},
		},
		{
			name: "max_edges", rules: config(Namespace{Kind: Household, MaxEdges: map[string]int{"anonymous_id": 3}}), events: 5000,
			event: func(w *world, i int) []Pair {
				return w.event(at(i), ident("hot:h"), ident(fmt.Sprint("anonymous_id:a", i)))
			},
			want: reads{node: 7, edge: 5, component: 1},
		},
		{
			name: "max_edges, each before the last", rules: config(Namespace{Kind: Household, MaxEdges: map[string]int{"anonymous_id": 3}, MaxPartners: 200}), events: 1000,
			event: func(w *world, i int) []Pair {
				return w.event(at(many-i), ident("hot:h"), ident(fmt.Sprint("anonymous_id:a", i)))
			},
			want: reads{node: 210, edge: 7, edges: 2 * 205, component: 3}, alone: true,
		},
		{
			name: "lookup", rules: config(Namespace{Kind: Contact, Lookup: true}), events: 1000, event: login,
			want: reads{node: 5, edge: 3, component: 1},
		},
		{
			name: "never", rules: config(Namespace{Kind: Device, Conflict: Never}), events: 1000, event: login,
			want: reads{node: 4, edge: 2, component: 1}, alone: true,
		},
		{
			name: "barred", rules: config(Namespace{Kind: Device}), events: 1000,
			event: func(w *world, i int) []Pair {
				if i == 50 {
					return w.bar(ident("hot:h"), true)
				}
				return login(w, i)
			},
			want: reads{node: 4, edge: 2, component: 1}, alone: true,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, tt.rules)
			for i := range tt.events {
				w.reads.node, w.reads.edge, w.reads.edges, w.reads.component = 0, 0, 0, 0
				w.regroup(tt.event(w, i)...)
				r := reads(w.reads)
				if i >= 100 && (r.node > tt.want.node || r.edge > tt.want.edge || r.edges > tt.want.edges || r.component > tt.want.component) {
					t.Fatalf("event %d: %+v reads, want at most %+v", i, r, tt.want)
				}
			}
			if got := len(w.part[w.id(ident("hot:h"))]); tt.alone != (got == 1) {
				t.Errorf("the hot node is in a component of %d", got)
			}
		})
	}
}
