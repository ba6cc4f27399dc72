package syntaxtest

import (
	"time"

	"github.com/portraitdb/portrait/profile"
)

// purposes are those of the shop.
var purposes = []string{"ads", "mail", "scores"}

// Consents returns what an event near an instant may say of purposes, often nothing.
func (r *Random) Consents(at time.Time) []profile.Consent {
	if r.IntN(3) > 0 {
		return nil
	}
	if r.IntN(8) == 0 {
		return []profile.Consent{{Purpose: profile.AllPurposes, Status: profile.ConsentWithdrawn}}
	}
	c := profile.Consent{
		Purpose: pick(r, purposes), Policy: pick(r, []string{"", "v8", "v9", "v10"}),
		Status: pick(r, []profile.ConsentStatus{profile.ConsentDenied, profile.ConsentWithdrawn, profile.ConsentGranted, profile.ConsentGranted, profile.ConsentGranted}),
	}
	if r.IntN(2) == 0 {
		c.Expires = at.Add(time.Duration(r.IntN(96)) * time.Hour)
	}
	return []profile.Consent{c}
}
