package portrait_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// What users of other systems complain of most, each as a test by the name of the
// thread in which they do.

// shop is a store with a clock that the test moves.
type shop struct {
	*portrait.DB
	t     *testing.T
	clock time.Time
	n     int
}

func openShop(t *testing.T, model string) *shop {
	t.Helper()
	s := &shop{t: t, clock: epoch0}
	s.DB = open(t, t.TempDir(), &portrait.Options{Clock: func() time.Time { return s.clock }, NoSync: true})
	apply(t, s.DB, model)
	return s
}

// event takes in one event of this moment.
func (s *shop) event(name string, ids ...profile.Identifier) {
	s.t.Helper()
	s.n++
	res, err := s.Ingest(s.t.Context(), profile.Event{
		MessageID: fmt.Sprint(s.n), Name: name, Time: s.clock, Identifiers: ids,
	})
	if err != nil || res.Accepted != 1 {
		s.t.Fatalf("%s: %+v, %v", name, res, err)
	}
}

// holds says whether a profile is in the segment, as its bitmap and as Explain have it.
func (s *shop) holds(text string, who profile.Identifier) bool {
	s.t.Helper()
	e := segment.MustParse(text)
	set, err := s.Segment(s.t.Context(), e)
	if err != nil {
		s.t.Fatal(err)
	}
	p, err := s.Profile(s.t.Context(), who)
	if err != nil {
		s.t.Fatal(err)
	}
	why, err := s.Explain(s.t.Context(), e, who)
	if err != nil {
		s.t.Fatal(err)
	}
	in := set.Contains(p.ID)
	if in != why.Holds {
		s.t.Errorf("%s at %s: the set says %t, Explain %t", text, s.clock, in, why.Holds)
	}
	return in
}

func (s *shop) want(text string, who profile.Identifier, want bool) {
	s.t.Helper()
	if got := s.holds(text, who); got != want {
		s.t.Errorf("at %s: %s is %t of %s, want %t", s.clock.Format(time.RFC3339Nano), text, got, who, want)
	}
}

// Past-event counts are never set back to 0 when the window has passed; segments are
// not worked out again. (apache/unomi pull 340).
func TestComplaint_unomi_340_counts_that_never_reset(t *testing.T) {
	s := openShop(t, `
traits:
  recent: {compute: 'count("Order Completed", last("3d"))', index: true}
tags:
  active: {rule: 'count("Order Completed", last("3d")) >= 2'}
`)
	jane := id("user_id", "jane")
	s.event("Order Completed", jane)
	s.clock = s.clock.Add(time.Hour)
	s.event("Order Completed", jane)
	s.want(`tag("active")`, jane, true)
	s.want(`recent = 2`, jane, true)
	ends := epoch0.AddDate(0, 0, 3) // both are of the day before the last three
	s.clock = ends.Add(-time.Microsecond)
	s.want(`tag("active") and recent = 2`, jane, true)
	s.clock = ends
	s.want(`tag("active")`, jane, false)
	s.want(`recent = 0`, jane, true)
	s.clock = ends.AddDate(1, 0, 0)
	s.event("Order Completed", jane)
	s.want(`recent = 1 and not tag("active")`, jane, true)
}

// A merge leaves the old person in the cohort and the survivor out of it, for ever.
// (PostHog/posthog pull 70883).
func TestComplaint_posthog_70883_merged_people_left_in_a_segment(t *testing.T) {
	s := openShop(t, `
tags:
  buyer: {rule: 'count("Order Completed", last("30d")) >= 1'}
  two: {rule: 'count("Order Completed", last("30d")) >= 2'}
segments:
  buyers: {rule: 'tag("buyer")'}
`)
	jane, phone := id("user_id", "jane"), id("anonymous_id", "a-1")
	s.event("Product Viewed", jane)
	s.event("Order Completed", phone)
	s.event("Order Completed", phone)
	s.want(`tag("buyer")`, jane, false)
	s.want(`tag("buyer") and tag("two")`, phone, true)
	gone, err := s.Profile(t.Context(), phone)
	if err != nil {
		t.Fatal(err)
	}
	s.event("Signed In", jane, phone) // one person now
	s.want(`tag("buyer") and tag("two")`, jane, true)
	for _, text := range []string{`tag("buyer")`, `tag("two")`, `true`} {
		set, err := s.Segment(t.Context(), segment.MustParse(text))
		if err != nil {
			t.Fatal(err)
		}
		p, _ := s.Profile(t.Context(), jane)
		if set.Count() != 1 || !set.Contains(p.ID) || gone.ID != p.ID && set.Contains(gone.ID) {
			t.Errorf("%s: %d members after the merge, want the one person", text, set.Count())
		}
	}
	// Taken apart again everybody is where they were.
	if _, err := s.Unlink(t.Context(), jane, phone, portrait.Decision{At: s.clock, ID: "1"}); err != nil {
		t.Fatal(err)
	}
	s.want(`tag("buyer")`, jane, false)
	s.want(`tag("two")`, phone, true)
	s.clock = s.clock.AddDate(0, 0, 30)
	s.want(`tag("buyer")`, phone, false)
}

// The number of visits doubles after a merge. (Tracardi/tracardi issue 850).
func TestComplaint_tracardi_850_doubled_visits_after_merge(t *testing.T) {
	s := openShop(t, `
traits:
  visits: {compute: 'count("Visit")', index: true}
  visits_30d: {compute: 'count("Visit", last("30d"))', index: true}
  sessions: {compute: 'sessions("Visit", "30m")'}
  days: {compute: 'days("Visit")', index: true}
`)
	jane, a, b := id("user_id", "jane"), id("anonymous_id", "a"), id("anonymous_id", "b")
	for range 3 {
		s.event("Visit", a)
		s.event("Visit", b)
		s.clock = s.clock.AddDate(0, 0, 1)
	}
	for range 2 { // a merge, and one that changes nothing
		s.event("Signed In", jane, a)
		s.event("Signed In", jane, b)
		s.want(`visits = 6 and visits_30d = 6 and days = 3 and sessions = 3`, jane, true)
	}
}

// Recalculation is silently limited to 50 rules. (apache/unomi pull 510).
func TestComplaint_unomi_510_a_limit_of_50_rules(t *testing.T) {
	const rules = 300
	var model strings.Builder
	model.WriteString("tags:\n")
	for i := range rules {
		fmt.Fprintf(&model, "  t%d: {rule: 'count(\"E\", last(\"%dd\")) >= 1'}\n", i, i+1)
	}
	s := openShop(t, model.String())
	jane := id("user_id", "jane")
	s.event("E", jane)
	for _, days := range []int{0, 1, 49, 50, 51, 299} {
		s.clock = epoch0.AddDate(0, 0, days)
		p, err := s.Profile(t.Context(), jane)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Tags) != rules-days {
			t.Errorf("after %d days there are %d tags, want %d", days, len(p.Tags), rules-days)
		}
		for i := range rules {
			n, err := s.Count(t.Context(), segment.Tag(fmt.Sprint("t", i)))
			if want := i >= days; err != nil || (n == 1) != want || slices.Contains(p.Tags, fmt.Sprint("t", i)) != want {
				t.Fatalf("after %d days tag t%d has %d, want %t, %v", days, i, n, want, err)
			}
		}
	}
}

// "Did not happen" and "at most n times" are wrong. (apache/unomi pulls 383 and 363).
func TestComplaint_unomi_383_negative_past_events(t *testing.T) {
	s := openShop(t, `
traits:
  city: {}
tags:
  never: {rule: 'count("Order Completed") = 0'}
  not lately: {rule: 'count("Order Completed", last("7d")) = 0'}
  at most two: {rule: 'count("Order Completed", last("7d")) <= 2'}
  lapsed: {rule: 'count("Order Completed", last("7d")) = 0 and count("Order Completed") > 0'}
  viewed and did not buy: {rule: 'count("Product Viewed", last("7d")) >= 1 and not count("Order Completed", last("7d")) >= 1'}
`)
	jane := id("user_id", "jane")
	s.event("Product Viewed", jane)
	s.want(`tag("never") and tag("not lately") and tag("at most two") and not tag("lapsed") and tag("viewed and did not buy")`, jane, true)
	for n := 1; n <= 3; n++ {
		s.event("Order Completed", jane)
		s.want(`tag("at most two")`, jane, n <= 2)
		s.want(`tag("never") or tag("not lately") or tag("lapsed") or tag("viewed and did not buy")`, jane, false)
	}
	s.clock = epoch0.AddDate(0, 0, 7).Add(-time.Microsecond)
	s.want(`tag("at most two") or tag("not lately")`, jane, false)
	s.clock = epoch0.AddDate(0, 0, 7)
	s.want(`tag("at most two") and tag("not lately") and tag("lapsed") and not tag("never")`, jane, true)
	s.want(`tag("viewed and did not buy")`, jane, false)
}
