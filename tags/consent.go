package tags

import (
	"fmt"
	"strings"
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// agreed holds of who may be processed for a purpose.
type agreed struct {
	name    string
	purpose syntax.Purpose
}

func (n *agreed) eval(st *profile.State, now profile.Instant) answer {
	if st.Objects(profile.Restricted) || n.purpose.Automated && st.Objects(profile.NoAutomation) {
		return always(false)
	}
	ok, until := st.Agrees(n.name, n.purpose.Terms, now)
	return answer{ok: ok, until: until, exact: true}
}

// consent compiles a condition on a consent.
func (c *compiler) consent(e *syntax.Consent) node {
	purpose, _ := c.scope.Purpose(e.Purpose)
	c.deps.Attributes = append(c.deps.Attributes, e.Purpose, string(profile.Restricted))
	if purpose.Automated {
		c.deps.Attributes = append(c.deps.Attributes, string(profile.NoAutomation))
	}
	// A grant may have an end of its own.
	c.deps.Timed = true
	return &agreed{name: e.Purpose, purpose: purpose}
}

// explain says what the answer rests on: each word that an identifier holds, and the
// objections that stand.
func (n *agreed) explain(st *profile.State, now profile.Instant) []Operand {
	var all []Operand
	say := func(text, value, grounds string) {
		all = append(all, Operand{Text: text, Value: profile.String(value), Grounds: grounds, Until: profile.Never})
	}
	if st.Objects(profile.Restricted) {
		say("restriction", "asked for", grounds(st.Objections(profile.Restricted)))
	}
	if n.purpose.Automated && st.Objects(profile.NoAutomation) {
		say("opt-out of automated decisions", "asked for", grounds(st.Objections(profile.NoAutomation)))
	}
	for _, r := range st.Consents(n.name) {
		status := r.Status.String()
		one, until := n.ends(r)
		if r.Status == profile.ConsentGranted && one != "" {
			status = one
		} else if r.Status == profile.ConsentGranted && until <= now {
			status = "expired"
		}
		say("status", status, grounds([]profile.ConsentRecord{r}))
		if status == "granted" {
			all[len(all)-1].Until = until
		}
	}
	return all
}

// ends says why a grant does not meet the terms of the purpose, or when it ends.
func (n *agreed) ends(r profile.ConsentRecord) (fault string, until profile.Instant) {
	terms := n.purpose.Terms
	if terms.Policy != "" && profile.ComparePolicies(r.Policy, terms.Policy) < 0 {
		return fmt.Sprintf("granted under policy %q, and not %q", r.Policy, terms.Policy), 0
	}
	until = profile.Never
	if !r.Expires.IsZero() {
		until = profile.InstantOf(r.Expires)
	}
	if terms.MaxAge > 0 {
		until = min(until, profile.InstantOf(r.At.Add(terms.MaxAge)))
	}
	return "", until
}

// grounds says where records come from.
func grounds(records []profile.ConsentRecord) string {
	var parts []string
	for _, r := range records {
		var text strings.Builder
		text.WriteString("of " + r.At.Format(time.RFC3339))
		for _, one := range [...]struct{ before, text string }{{" at ", r.Source}, {", message ", r.MessageID}, {", policy ", r.Policy}, {", by ", r.Method}} {
			if one.text != "" {
				text.WriteString(one.before + one.text)
			}
		}
		parts = append(parts, text.String())
	}
	return strings.Join(parts, "; ")
}
