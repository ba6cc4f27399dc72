package portrait_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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

// What a model would show of nobody is refused by itself, with what there is.
func TestTold_refuses(t *testing.T) {
	many := make([]string, 30)
	for i := range many {
		many[i] = fmt.Sprint("v", i)
	}
	s := openShop(t, `tags:
  名单: {told: manual, choices: [gold, silver]}
  any: {told: imported}
  rule: {rule: 'true'}
  many: {told: manual, choices: [`+strings.Join(many, ", ")+`]}`)
	who := id("user_id", "jane")
	for i, tt := range []struct {
		name                  string
		traits                map[string]profile.Value
		field, reason, detail string // none: accepted
	}{
		{"a choice", tags.Assign("名单", "gold", time.Time{}, ""), "", "", ""},
		{"taken away", tags.Unassign("名单", "lin"), "", "", ""},
		{"anything", tags.Assign("any", "thing", time.Time{}, ""), "", "", ""},
		{"no tag's", map[string]profile.Value{"$tags": profile.String("x"), "$tag": profile.String("x"), "$tag.": profile.String("x")}, "", "", ""},
		{"no choice", tags.Assign("名单", "sliver", time.Time{}, ""), "traits.$tag.名单", profile.ReasonNotAChoice, `"sliver" is none of gold, silver, did you mean "silver"?`},
		{"no value", tags.Assign("名单", "", time.Time{}, ""), "traits.$tag.名单", profile.ReasonNotAChoice, `"" is none of gold, silver`},
		{"many choices", tags.Assign("many", "铂金", time.Time{}, ""), "traits.$tag.many", profile.ReasonNotAChoice, `"铂金" is none of v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15, v16, v17, v18, v19 and 10 more`},
		{"an unknown tag", tags.Assign("mnay", "v1", time.Time{}, ""), "traits.$tag.mnay", profile.ReasonUnknownTag, `the model declares no told tag "mnay", did you mean "many"?`},
		{"a tag with a rule", tags.Assign("rule", "", time.Time{}, "lin"), "traits.$tag.rule", profile.ReasonUnknownTag, `the model declares no told tag "rule"`},
		{"an unknown tag taken away", tags.Unassign("x", ""), "traits.$tag.x", profile.ReasonUnknownTag, `the model declares no told tag "x"`},
		{"another type", map[string]profile.Value{"$tag.名单": profile.Number(1)}, "traits.$tag.名单", profile.ReasonTraitType, "want string, got number"},
	} {
		e := profile.Event{Type: profile.Identify, MessageID: fmt.Sprint(i), Time: epoch0, Identifiers: []profile.Identifier{who}, Traits: tt.traits}
		res, err := s.Ingest(t.Context(), e)
		var want []portrait.Rejection
		if tt.reason != "" {
			want = []portrait.Rejection{{Field: tt.field, Reason: tt.reason, Detail: tt.detail}}
		}
		if diff := cmp.Diff(want, res.Rejected); diff != "" || err != nil {
			t.Errorf("%s: %v, (-want +got)\n%s", tt.name, err, diff)
		}
	}
}
