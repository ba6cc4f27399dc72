package identity

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/portraitdb/portrait/profile"
)

// told is one piece of evidence of a worked example.
type told func(w *world) []Pair

func sees(time int, ids ...string) told {
	return func(w *world) []Pair {
		var named []profile.Identifier
		for _, id := range ids {
			named = append(named, ident(id))
		}
		return w.event(at(time), named...)
	}
}

func decides(d Decision, time int, a, b string) told {
	return func(w *world) []Pair { return w.decide(d, at(time), ident(a), ident(b)) }
}

func matches(weight int32, a, b string) told {
	return func(w *world) []Pair { return w.match(Match{Weak: true, Weight: weight, Model: 1}, ident(a), ident(b)) }
}

// crm is a shop whose contacts, devices and cookies follow one policy.
func crm(p Policy) Config {
	return Config{Namespaces: []Namespace{
		{Name: "crm", Priority: 1, Unique: true},
		{Name: "email", Priority: 2, Kind: Contact, Conflict: p},
		{Name: "device", Priority: 3, Kind: Device, Conflict: p},
		{Name: "ecid", Priority: 4, Kind: Cookie, Conflict: p},
	}}
}

// TestWorked holds the examples that the field's own documents work out, and the
// rules of this package at their plainest, against the partition, whatever the
// order in which the evidence arrives.
func TestWorked(t *testing.T) {
	tests := []struct {
		name  string
		rules Config
		steps []told
		want  [][]string
	}{
		{
			"Segment: a limit of one user ID demotes the e-mail of the second", crm(Demote),
			[]told{sees(1, "crm:abc123", "email:jane"), sees(2, "crm:abc456", "email:jane")},
			[][]string{{"crm:abc123", "email:jane"}, {"crm:abc456"}},
		},
		{
			"Adobe: on a shared device the cookie moves to the last who logged in", crm(Newest),
			[]told{sees(1, "crm:tom", "ecid:1"), sees(2, "crm:summer", "ecid:1")},
			[][]string{{"crm:summer", "ecid:1"}, {"crm:tom"}},
		},
		{
			"Adobe: and moves back with the next login", crm(Newest),
			[]told{sees(1, "crm:tom", "ecid:1"), sees(2, "crm:summer", "ecid:1"), sees(3, "crm:tom", "ecid:1")},
			[][]string{{"crm:summer"}, {"crm:tom", "ecid:1"}},
		},
		{
			"Adobe: of a bad e-mail the older link goes", crm(Newest),
			[]told{
				sees(1, "crm:1", "email:test@test.com"), sees(2, "crm:1", "ecid:1"),
				sees(3, "crm:2", "email:test@test.com"), sees(4, "crm:2", "ecid:2"),
			},
			[][]string{{"crm:1", "ecid:1"}, {"crm:2", "ecid:2", "email:test@test.com"}},
		},
		{
			"Snowplow: what Alice and Bob share is nobody's, and the same anonymous one each time", crm(Shared),
			[]told{
				sees(1, "crm:alice", "device:d"), sees(2, "crm:bob", "device:d"), sees(3, "device:d"), sees(4, "device:d"),
				sees(5, "crm:alice", "ecid:a"), sees(6, "crm:bob", "ecid:b"),
			},
			[][]string{{"crm:alice", "ecid:a"}, {"crm:bob", "ecid:b"}, {"device:d"}},
		},
		{
			"Senzing: a record that fits two entities joins neither", crm(Shared),
			[]told{
				sees(1, "crm:1", "device:1"), sees(1, "crm:2", "device:2"),
				sees(2, "crm:1", "email:j.smith"), sees(3, "crm:2", "email:j.smith"), sees(4, "email:j.smith", "ecid:x"),
			},
			[][]string{{"crm:1", "device:1"}, {"crm:2", "device:2"}, {"ecid:x"}, {"email:j.smith"}},
		},
		{
			"Senzing: until a person decides whose it is", crm(Shared),
			[]told{
				sees(2, "crm:1", "email:j.smith"), sees(3, "crm:2", "email:j.smith"), sees(4, "email:j.smith", "ecid:x"),
				decides(Link, 9, "crm:2", "email:j.smith"),
			},
			[][]string{{"crm:1"}, {"crm:2", "email:j.smith"}, {"ecid:x"}},
		},
		{
			"shared: what linkage suggests makes nothing shared, and yields", crm(Shared),
			[]told{sees(1, "crm:1", "email:a"), matches(9, "crm:2", "email:a")},
			[][]string{{"crm:1", "email:a"}, {"crm:2"}},
		},
		{
			"shared: an unlink gives the value back to the other", crm(Shared),
			[]told{
				sees(1, "crm:1", "email:a"), sees(2, "crm:2", "email:a"), sees(3, "email:a", "ecid:x"),
				decides(Unlink, 4, "crm:1", "email:a"),
			},
			[][]string{{"crm:1"}, {"crm:2", "ecid:x", "email:a"}},
		},
		{
			"newest: a link settles it, whoever comes later", crm(Newest),
			[]told{decides(Link, 1, "crm:1", "device:d"), sees(2, "crm:2", "device:d"), sees(3, "crm:3", "device:d")},
			[][]string{{"crm:1", "device:d"}, {"crm:2"}, {"crm:3"}},
		},
		{
			"newest: until it is withdrawn", crm(Newest),
			[]told{decides(Link, 1, "crm:1", "device:d"), sees(2, "crm:2", "device:d"), decides(Withdraw, 3, "crm:1", "device:d")},
			[][]string{{"crm:1"}, {"crm:2", "device:d"}},
		},
		{
			"newest: linkage counts while nobody was seen, the heaviest first", crm(Newest),
			[]told{matches(5, "crm:1", "device:d"), matches(7, "crm:2", "device:d"), sees(1, "crm:3", "device:e"), matches(9, "crm:4", "device:e")},
			[][]string{{"crm:1"}, {"crm:2", "device:d"}, {"crm:3", "device:e"}, {"crm:4"}},
		},
		{
			"never: a kiosk has no persons, but the cookies on it", crm(Never),
			[]told{
				sees(1, "crm:1", "device:kiosk"), sees(2, "email:a", "device:kiosk"), sees(3, "device:kiosk", "ecid:x"),
				sees(4, "crm:2", "email:b"), // an e-mail under Never is apart from persons as well
			},
			[][]string{{"crm:1"}, {"crm:2"}, {"device:kiosk", "ecid:x"}, {"email:a"}, {"email:b"}},
		},
		{
			"unlink holds against a weak match, and withdrawn no more",
			crm(Demote),
			[]told{
				matches(3, "email:a", "ecid:x"), decides(Unlink, 1, "email:a", "ecid:x"),
				matches(3, "email:b", "ecid:y"), decides(Unlink, 1, "email:b", "ecid:y"), decides(Withdraw, 2, "email:b", "ecid:y"),
			},
			[][]string{{"ecid:x"}, {"ecid:y", "email:b"}, {"email:a"}},
		},
		{
			"linkage comes after all that was seen", crm(Demote),
			[]told{matches(9, "crm:1", "ecid:x"), sees(5, "crm:2", "ecid:x"), matches(1, "crm:1", "ecid:y"), matches(2, "crm:2", "ecid:y")},
			[][]string{{"crm:1"}, {"crm:2", "ecid:x", "ecid:y"}},
		},
		{
			"max edges: a user has the two cookies that came first",
			Config{Namespaces: []Namespace{
				{Name: "crm", Priority: 1, MaxEdges: map[string]int{"ecid": 2}}, {Name: "ecid", Priority: 2},
			}},
			[]told{sees(3, "crm:1", "ecid:c"), sees(1, "crm:1", "ecid:a"), sees(2, "crm:1", "ecid:b"), sees(4, "crm:2", "ecid:c")},
			[][]string{{"crm:1", "ecid:a", "ecid:b"}, {"crm:2", "ecid:c"}},
		},
		{
			"lookup: a phone finds a profile and unites no two",
			Config{Namespaces: []Namespace{{Name: "email", Priority: 1}, {Name: "phone", Priority: 2, Lookup: true}}},
			[]told{sees(1, "email:a", "phone:1"), sees(2, "email:b", "phone:1"), sees(3, "phone:1", "phone:2")},
			[][]string{{"email:a", "phone:1"}, {"email:b"}, {"phone:2"}},
		},
		{
			"per: two in any stretch of ten",
			Config{Namespaces: []Namespace{{Name: "crm", Priority: 1}, {Name: "ecid", Priority: 2, Limit: 2, Per: 10 * time.Microsecond}}},
			[]told{
				sees(0, "crm:1", "ecid:a"), sees(9, "crm:1", "ecid:b"), sees(9, "crm:1", "ecid:c"),
				sees(10, "crm:1", "ecid:d"), // a window that begins with b is full of b and d
			},
			[][]string{{"crm:1", "ecid:a", "ecid:b", "ecid:d"}, {"ecid:c"}},
		},
		{
			"per: a value that only a decision named has no time, and does not count",
			Config{Namespaces: []Namespace{{Name: "crm", Priority: 1}, {Name: "ecid", Priority: 2, Limit: 1, Per: 10 * time.Microsecond}}},
			[]told{decides(Link, 1, "crm:1", "ecid:a"), decides(Link, 2, "crm:1", "ecid:b"), sees(3, "crm:1", "ecid:c")},
			[][]string{{"crm:1", "ecid:a", "ecid:b", "ecid:c"}},
		},
		{
			"per: nor does it stand for the dawn of time",
			Config{Namespaces: []Namespace{{Name: "crm", Priority: 1}, {Name: "ecid", Priority: 2, Limit: 2, Per: 10 * time.Microsecond}}},
			[]told{
				decides(Link, 1, "crm:1", "ecid:a"), decides(Link, 1, "crm:1", "ecid:b"),
				sees(1, "crm:1", "ecid:c"), sees(20, "crm:1", "ecid:d"), sees(40, "crm:1", "ecid:e"),
			},
			[][]string{{"crm:1", "ecid:a", "ecid:b", "ecid:c", "ecid:d", "ecid:e"}},
		},
		{
			"per: once it is seen, it does",
			Config{Namespaces: []Namespace{{Name: "crm", Priority: 1}, {Name: "ecid", Priority: 2, Limit: 1, Per: 10 * time.Microsecond}}},
			[]told{decides(Link, 1, "crm:1", "ecid:a"), decides(Link, 2, "crm:1", "ecid:b"), sees(3, "ecid:b"), sees(4, "ecid:a")},
			[][]string{{"crm:1", "ecid:a"}, {"ecid:b"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for order := range permutations(len(tt.steps)) {
				w := newWorld(t, tt.rules)
				for _, i := range order {
					w.regroup(tt.steps[i](w)...)
				}
				if diff := cmp.Diff(tt.want, w.partition()); diff != "" {
					t.Fatalf("order %v: partition (-want +got):\n%s", order, diff)
				}
				if diff := cmp.Diff(w.naive(), w.partition()); diff != "" {
					t.Fatalf("order %v: partition (-naive +got):\n%s", order, diff)
				}
			}
		})
	}
}

// permutations yields the orders of n things. The slice is good until the next.
func permutations(n int) func(yield func([]int) bool) {
	return func(yield func([]int) bool) {
		order := make([]int, 0, n)
		var place func() bool
		place = func() bool {
			if len(order) == n {
				return yield(order)
			}
			for i := range n {
				if slices.Contains(order, i) {
					continue
				}
				order = append(order, i)
				if !place() {
					return false
				}
				order = order[:len(order)-1]
			}
			return true
		}
		place()
	}
}
