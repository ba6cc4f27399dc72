package oracle

import (
	"fmt"
	"testing"
)

func TestStore_Why(t *testing.T) {
	s := NewStore(testRules(), testSchema(), newTestStore().clean)
	for second, who := range []string{
		"user:a email:x", "email:x anon:1", "user:a anon:1", "user:b email:x", "user:b phone:1",
	} {
		s.Ingest(visit(t, second, who))
	}
	for _, tt := range []struct {
		a, b     string
		together bool
		chain    string
	}{
		{"user:a", "email:x", true, "[user:a email:x]"},
		{"email:x", "user:a", true, "[email:x user:a]"},
		// The edge of user and anon is stronger than that of email and anon.
		{"anon:1", "email:x", true, "[anon:1 user:a email:x]"},
		{"user:b", "phone:1", true, "[user:b phone:1]"},
		{"user:b", "user:b", true, "[user:b]"},
		{"user:b", "email:x", false, "[]"},
		{"user:a", "phone:1", false, "[]"},
		{"user:a", "phone:never-seen", false, "[]"},
		{"phone:never-seen", "user:a", false, "[]"},
		{"phone:never-seen", "anon:never-seen", false, "[]"},
		{"phone:never-seen", "phone:never-seen", true, "[]"},
	} {
		together, chain := s.Why(id(t, tt.a), id(t, tt.b))
		if got := fmt.Sprint(chain); together != tt.together || got != tt.chain {
			t.Errorf("%s and %s: %t by %s, want %t by %s", tt.a, tt.b, together, got, tt.together, tt.chain)
		}
	}
}
