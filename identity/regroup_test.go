package identity

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRegroup_Stories(t *testing.T) {
	plain := plain()
	tests := []struct {
		name  string
		rules Config
		tell  func(w *world)
		want  [][]string
	}{
		{
			"a limit of one user demotes the shared e-mail", plain,
			func(w *world) {
				w.regroup(w.event(at(1), ident("user_id:abc123"), ident("email:jane@x.com"))...)
				w.regroup(w.event(at(2), ident("user_id:abc456"), ident("email:jane@x.com"))...)
			},
			[][]string{{"email:jane@x.com", "user_id:abc123"}, {"user_id:abc456"}},
		},
		{
			"the earlier login wins the e-mail even when it arrives late", plain,
			func(w *world) {
				w.regroup(w.event(at(2), ident("user_id:abc456"), ident("email:jane@x.com"))...)
				w.regroup(w.event(at(1), ident("user_id:abc123"), ident("email:jane@x.com"))...)
			},
			[][]string{{"email:jane@x.com", "user_id:abc123"}, {"user_id:abc456"}},
		},
		{
			"two logins on one device never become one person", plain,
			func(w *world) {
				w.regroup(w.event(at(1), ident("anonymous_id:a"), ident("device_id:d"))...)
				w.regroup(w.event(at(2), ident("user_id:b"), ident("anonymous_id:a"))...)
				w.regroup(w.event(at(3), ident("user_id:c"), ident("device_id:d"))...)
				w.regroup(w.event(at(4), ident("user_id:c"), ident("anonymous_id:a"))...)
			},
			// The device is stronger than the cookie, so its link comes first.
			[][]string{{"anonymous_id:a", "user_id:b"}, {"device_id:d", "user_id:c"}},
		},
		{
			"merged then unlinked is never merged", plain,
			func(w *world) {
				w.regroup(w.event(at(1), ident("email:a@x.com"), ident("anonymous_id:a"))...)
				w.regroup(w.event(at(2), ident("email:b@x.com"), ident("anonymous_id:b"))...)
				w.regroup(w.decide(Link, at(3), ident("email:a@x.com"), ident("email:b@x.com"))...)
				w.regroup(w.decide(Unlink, at(4), ident("email:a@x.com"), ident("email:b@x.com"))...)
			},
			[][]string{{"anonymous_id:a", "email:a@x.com"}, {"anonymous_id:b", "email:b@x.com"}},
		},
		{
			"an unlink holds against a later event, and a link before any", plain,
			func(w *world) {
				w.regroup(w.decide(Unlink, at(1), ident("email:a@x.com"), ident("anonymous_id:a"))...)
				w.regroup(w.event(at(2), ident("email:a@x.com"), ident("anonymous_id:a"))...)
				w.regroup(w.decide(Link, at(3), ident("email:b@x.com"), ident("anonymous_id:b"))...)
			},
			[][]string{{"anonymous_id:a"}, {"anonymous_id:b", "email:b@x.com"}, {"email:a@x.com"}},
		},
		{
			"a link does not override a unique namespace", plain,
			func(w *world) {
				w.regroup(w.decide(Link, at(1), ident("user_id:b"), ident("user_id:c"))...)
			},
			[][]string{{"user_id:b"}, {"user_id:c"}},
		},
		{
			"a veto keeps every path apart and cuts the latest link", plain,
			func(w *world) {
				w.regroup(w.event(at(1), ident("email:a@x.com"), ident("anonymous_id:a"))...)
				w.regroup(w.event(at(2), ident("email:b@x.com"), ident("anonymous_id:a"))...)
				w.regroup(w.veto(ident("email:a@x.com"), ident("email:b@x.com"), true)...)
				w.regroup(w.decide(Link, at(3), ident("email:a@x.com"), ident("email:b@x.com"))...)
			},
			[][]string{{"anonymous_id:a", "email:a@x.com"}, {"email:b@x.com"}},
		},
		{
			"a device with too many partners links nobody",
			Config{Namespaces: []Namespace{
				{Name: "user_id", Priority: 1}, {Name: "device_id", Priority: 2, Kind: Device, MaxPartners: 2},
			}},
			func(w *world) {
				for i := range 3 {
					w.regroup(w.event(at(i), ident(fmt.Sprint("user_id:u", i)), ident("device_id:kiosk"))...)
				}
			},
			[][]string{{"device_id:kiosk"}, {"user_id:u0"}, {"user_id:u1"}, {"user_id:u2"}},
		},
		{
			"a link decided again takes its later place", plain,
			func(w *world) {
				w.regroup(w.decide(Link, at(1), ident("user_id:b"), ident("device_id:d"))...)
				w.regroup(w.decide(Link, at(2), ident("user_id:c"), ident("device_id:d"))...)
				w.regroup(w.decide(Link, at(3), ident("user_id:b"), ident("device_id:d"))...)
			},
			[][]string{{"device_id:d", "user_id:c"}, {"user_id:b"}},
		},
		{
			"a match that weighs less gives way", plain,
			func(w *world) {
				d := ident("device_id:d")
				w.regroup(w.match(Match{Weak: true, Weight: 5}, ident("user_id:b"), d)...)
				w.regroup(w.match(Match{Weak: true, Weight: 3}, ident("user_id:c"), d)...)
				w.regroup(w.match(Match{Weak: true, Weight: 1}, ident("user_id:b"), d)...)
			},
			[][]string{{"device_id:d", "user_id:c"}, {"user_id:b"}},
		},
		{
			"a match that becomes a suggestion unites nothing", plain,
			func(w *world) {
				w.regroup(w.match(Match{Weak: true, Weight: 5}, ident("user_id:b"), ident("device_id:d"))...)
				w.regroup(w.match(Match{Weight: 5}, ident("user_id:b"), ident("device_id:d"))...)
			},
			[][]string{{"device_id:d"}, {"user_id:b"}},
		},
		{
			"a withdrawn link takes the place of its sighting", plain,
			func(w *world) {
				w.regroup(w.event(at(5), ident("user_id:b"), ident("device_id:d"))...)
				w.regroup(w.event(at(3), ident("user_id:c"), ident("device_id:d"))...)
				w.regroup(w.decide(Link, at(6), ident("user_id:b"), ident("device_id:d"))...)
				w.regroup(w.decide(Withdraw, at(7), ident("user_id:b"), ident("device_id:d"))...)
			},
			[][]string{{"device_id:d", "user_id:c"}, {"user_id:b"}},
		},
		{
			"an unlink frees the other side of a refused link", plain,
			func(w *world) {
				w.regroup(w.event(at(1), ident("user_id:b"), ident("anonymous_id:a"))...)
				w.regroup(w.event(at(2), ident("user_id:c"), ident("anonymous_id:a"))...)
				w.regroup(w.decide(Unlink, at(3), ident("user_id:b"), ident("anonymous_id:a"))...)
			},
			[][]string{{"anonymous_id:a", "user_id:c"}, {"user_id:b"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, tt.rules)
			tt.tell(w)
			if diff := cmp.Diff(tt.want, w.partition()); diff != "" {
				t.Errorf("partition (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(w.naive(), w.partition()); diff != "" {
				t.Errorf("partition (-naive +got):\n%s", diff)
			}
		})
	}
}

// TestRegroup_Change reads one change in full.
func TestRegroup_Change(t *testing.T) {
	w := newWorld(t, plain())
	w.regroup(w.event(at(5), ident("user_id:b"), ident("anonymous_id:a"))...)
	changed := w.event(at(3), ident("user_id:c"), ident("anonymous_id:a"), ident("email:c@x.com"))
	ch := w.regroup(changed...)
	show := func(cs [][]Token) (out [][]string) {
		for _, c := range cs {
			out = append(out, w.names(c))
		}
		return out
	}
	want := [][]string{{"anonymous_id:a", "user_id:b"}, {"email:c@x.com"}, {"user_id:c"}}
	if diff := cmp.Diff(want, show(ch.Old)); diff != "" {
		t.Errorf("old (-want +got):\n%s", diff)
	}
	want = [][]string{{"anonymous_id:a", "email:c@x.com", "user_id:c"}, {"user_id:b"}}
	if diff := cmp.Diff(want, show(ch.New)); diff != "" {
		t.Errorf("new (-want +got):\n%s", diff)
	}
	ch = w.regroup(w.event(at(9), ident("user_id:d"), ident("anonymous_id:a"))...)
	p := w.pair(ident("user_id:d"), ident("anonymous_id:a"))
	if diff := cmp.Diff(Change{Refused: []Refusal{{p, RuleUnique, "user_id"}}}, ch); diff != "" {
		t.Errorf("refused change (-want +got):\n%s", diff)
	}
}
