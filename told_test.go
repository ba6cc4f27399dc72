package portrait_test

import (
	"testing"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

// A told tag holds until when it says, to the microsecond, goes over in a merge and
// comes back in a split; the attributes that keep it are not shown as traits.
func TestTold(t *testing.T) {
	s := openShop(t, `tags: {名单: {told: manual, choices: [金, 银]}}`)
	jane, phone := id("user_id", "jane"), id("anonymous_id", "a")
	until := epoch0.AddDate(0, 0, 3)
	take(t, s.DB,
		profile.Event{Type: profile.Identify, MessageID: "t1", Time: epoch0, Identifiers: []profile.Identifier{phone}, Traits: tags.Assign("名单", "金", until, "lin")},
		profile.Event{Type: profile.Page, MessageID: "t2", Time: epoch0, Identifiers: []profile.Identifier{jane}})
	s.want(`tag("名单", "金") and not tag("名单", "银")`, phone, true)
	s.want(`tag("名单")`, jane, false)
	p, err := s.Profile(t.Context(), phone)
	if err != nil || len(p.Traits) != 0 || p.TagValues["名单"].Text() != "金" {
		t.Errorf("%+v, %v", p, err)
	}
	s.event("Signed In", jane, phone)
	s.want(`tag("名单", "金")`, jane, true)
	if _, err := s.Unlink(t.Context(), jane, phone, portrait.Decision{At: s.clock, ID: "1"}); err != nil {
		t.Fatal(err)
	}
	s.want(`tag("名单")`, jane, false)
	s.want(`tag("名单")`, phone, true)
	s.clock = until.Add(-time.Microsecond)
	s.want(`tag("名单", "金")`, phone, true)
	s.clock = until
	s.want(`tag("名单")`, phone, false)
	take(t, s.DB, profile.Event{Type: profile.Identify, MessageID: "t3", Time: until, Identifiers: []profile.Identifier{phone}, Traits: tags.Assign("名单", "银", time.Time{}, "")})
	s.want(`tag("名单", "银")`, phone, true)
	take(t, s.DB, profile.Event{Type: profile.Identify, MessageID: "t4", Time: until.Add(time.Hour), Identifiers: []profile.Identifier{phone}, Traits: tags.Unassign("名单", "")})
	if n, err := s.Count(t.Context(), segment.Tag("名单")); err != nil || n != 0 {
		t.Errorf("%d, %v", n, err)
	}
}
