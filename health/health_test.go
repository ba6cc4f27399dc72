package health_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/health"
)

func TestReport_reads_well(t *testing.T) {
	r := health.Report{State: health.Degraded, Findings: []health.Finding{
		{Reason: health.DiskLow, State: health.Degraded, Detail: "1 byte is free"},
		{Reason: health.Filling, Detail: "3 of 5 profiles"},
	}}
	if got, want := r.String(), "degraded\ndegraded: disk_low: 1 byte is free\nok: filling: 3 of 5 profiles"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if !r.Has(health.Filling) || r.Has(health.Stalled) {
		t.Error("Has finds what is not there, or not what is")
	}
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"state":"degraded","writable":false,"findings":[{"reason":"disk_low","state":"degraded","detail":"1 byte is free"},{"reason":"filling","state":"ok","detail":"3 of 5 profiles"}]}`; string(data) != want {
		t.Errorf("%s, want %s", data, want)
	}
	var back health.Report
	if err := json.Unmarshal(data, &back); err != nil || !cmp.Equal(back, r) {
		t.Errorf("%+v, %v", back, err)
	}
	if err := new(health.State).UnmarshalText([]byte("fine")); err == nil {
		t.Error("an unknown state is read")
	}
}
