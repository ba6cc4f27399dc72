package prometheus_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	client "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/metrics"
	"github.com/portraitdb/portrait/metrics/prometheus"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/store"
)

// figures is a source of always the same.
type figures portrait.Metrics

func (f figures) Metrics() portrait.Metrics { return portrait.Metrics(f) }

var sample = figures{
	Accepted: 12, Rejected: map[string]uint64{"too_large": 2, "blocked_identifier": 1},
	Refused:   []identity.RefusalCount{{Rule: "unique", Namespace: "email", Count: 3}, {Rule: "unique", Namespace: "phone", Count: 4}},
	CallTimes: map[string]metrics.Distribution{"count": {Bounds: []float64{0.001, 0.002}, Counts: []uint64{3, 0, 2}, Sum: 1.5}},
	Views:     1, Failed: errors.New("smoke"),
	Store: store.Metrics{FreeBytes: 1 << 30, CommitTime: 1_500_000_000, RefusedDisk: 5},
}

func TestCollector(t *testing.T) {
	c := prometheus.New(sample, map[string]string{"store": "main"})
	want := `
# HELP portrait_calls_time_seconds How long calls took that have ended, by what was called.
# TYPE portrait_calls_time_seconds histogram
portrait_calls_time_seconds_bucket{call="count",store="main",le="0.001"} 3
portrait_calls_time_seconds_bucket{call="count",store="main",le="0.002"} 3
portrait_calls_time_seconds_bucket{call="count",store="main",le="+Inf"} 5
portrait_calls_time_seconds_sum{call="count",store="main"} 1.5
portrait_calls_time_seconds_count{call="count",store="main"} 5
# HELP portrait_commit_time_seconds_total Time that commits took, with their syncs.
# TYPE portrait_commit_time_seconds_total counter
portrait_commit_time_seconds_total{store="main"} 1.5
# HELP portrait_disk_free_bytes Bytes that the file system has left; 0 where it does not tell.
# TYPE portrait_disk_free_bytes gauge
portrait_disk_free_bytes{store="main"} 1.073741824e+09
# HELP portrait_events_accepted_total Events taken in, over the life of the directory.
# TYPE portrait_events_accepted_total counter
portrait_events_accepted_total{store="main"} 12
# HELP portrait_events_rejected_total Events that were refused, by reason.
# TYPE portrait_events_rejected_total counter
portrait_events_rejected_total{reason="blocked_identifier",store="main"} 1
portrait_events_rejected_total{reason="too_large",store="main"} 2
# HELP portrait_failed 1 once the store refuses all writes until it is opened anew, else 0.
# TYPE portrait_failed gauge
portrait_failed{store="main"} 1
# HELP portrait_identity_refused_total What identity rules refused, over the life of the directory, by rule.
# TYPE portrait_identity_refused_total counter
portrait_identity_refused_total{rule="unique",store="main"} 7
# HELP portrait_writes_refused_total Writes that were refused, by cause.
# TYPE portrait_writes_refused_total counter
portrait_writes_refused_total{cause="disk",store="main"} 5
portrait_writes_refused_total{cause="failed",store="main"} 0
portrait_writes_refused_total{cause="stalled",store="main"} 0
`
	if err := testutil.CollectAndCompare(c, strings.NewReader(want),
		"portrait_calls_time_seconds", "portrait_commit_time_seconds_total", "portrait_disk_free_bytes", "portrait_events_accepted_total", "portrait_events_rejected_total",
		"portrait_failed", "portrait_identity_refused_total", "portrait_writes_refused_total"); err != nil {
		t.Error(err)
	}
	problems, err := testutil.CollectAndLint(c)
	if err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}

// A collector of a DB is registered before anything has happened, and tells what does, after
// Close too.
func TestCollector_of_a_store(t *testing.T) {
	db, err := portrait.Open(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	registry := client.NewPedanticRegistry()
	if err := registry.Register(prometheus.New(db, nil)); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		_, err := db.Ingest(t.Context(), profile.Event{Name: "Seen", MessageID: fmt.Sprint(i), Identifiers: []profile.Identifier{{Namespace: "user_id", Value: "ann"}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	accepted := func(want float64) {
		t.Helper()
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			if f.GetName() != "portrait_events_accepted_total" {
				continue
			}
			if got := f.GetMetric()[0].GetCounter().GetValue(); got != want {
				t.Errorf("%v events, want %v", got, want)
			}
			return
		}
		t.Error("no count of events")
	}
	accepted(3)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	accepted(0)
}
