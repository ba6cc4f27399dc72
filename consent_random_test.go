package portrait_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/portraitdb/portrait/profile"
)

// purposeNames are those of every random model; one more is told of and not declared.
var purposeNames = []string{"ads", "marketing", "scores"}

// drawPurposes returns the purposes of a model, under random terms.
func drawPurposes(r *rand.Rand) string {
	policy := []string{"", ", policy: v9", ", policy: v10"}
	age := []string{"", ", max_age: 20d", ", max_age: 36h", ", max_age: 90d"}
	var text strings.Builder
	text.WriteString("purposes:\n")
	for _, name := range purposeNames {
		text.WriteString(fmt.Sprintf("  %s: {automated: %t%s%s}\n", name, name == "scores", policy[r.IntN(len(policy))], age[r.IntN(len(age))]))
	}
	return text.String()
}

// drawConsents returns what an event of a time says of purposes, often nothing.
func drawConsents(r *rand.Rand, at time.Time) []profile.Consent {
	if r.IntN(3) > 0 {
		return nil
	}
	if r.IntN(10) == 0 {
		return []profile.Consent{{Purpose: profile.AllPurposes, Status: profile.ConsentStatus(r.IntN(2))}}
	}
	var list []profile.Consent
	for _, name := range append(purposeNames, "undeclared") {
		if r.IntN(2) == 0 {
			continue
		}
		c := profile.Consent{Purpose: name, Status: profile.ConsentGranted, Policy: []string{"", "v9", "v10", "v10"}[r.IntN(4)]}
		if r.IntN(4) == 0 {
			c.Status = profile.ConsentStatus(r.IntN(2))
		}
		if r.IntN(3) == 0 {
			c.Expires = at.Add(time.Duration(r.IntN(60*24)) * time.Hour)
		}
		list = append(list, c)
	}
	return list
}
