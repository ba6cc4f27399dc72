package oracle

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// Windows begin at the same instants, whatever a zone does to its clock: most
// instants are within a day of a change.
func TestCross_syntax_windows(t *testing.T) {
	const seed = 20261122
	r := rand.New(rand.NewPCG(seed, 7))
	var zones []*time.Location
	for _, name := range []string{
		"UTC", "Asia/Shanghai", "Asia/Kolkata", "Europe/Berlin", "America/New_York", "America/Sao_Paulo",
		"America/Havana", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu", "Africa/Monrovia",
	} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		zones = append(zones, zone)
	}
	from, to := instant(t, "1950-01-01T00:00:00Z"), instant(t, "2050-01-01T00:00:00Z")
	for range 10_000 {
		zone := zones[r.IntN(len(zones))]
		now := from + profile.Instant(r.Int64N(int64(to-from)))
		if _, change := now.Time().In(zone).ZoneBounds(); !change.IsZero() && r.IntN(3) > 0 {
			now = profile.InstantOf(change) + profile.Instant(r.Int64N(int64(48*time.Hour/time.Microsecond))) - profile.Instant(24*time.Hour/time.Microsecond)
		}
		ago := &syntax.Ago{N: 1 + r.IntN(40), Unit: syntax.Unit(r.IntN(6))}
		slow := windowStart(ago.N, ago.Unit, now, zone)
		if fast := ago.At(now, zone); fast != slow {
			t.Fatalf("seed %d: the last %d of unit %d at %v in %v: oracle says %v, syntax %v", seed, ago.N, ago.Unit, now, zone, slow, fast)
		}
	}
}
