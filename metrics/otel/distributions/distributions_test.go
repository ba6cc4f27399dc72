package distributions_test

import (
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/metrics/otel"
	"github.com/portraitdb/portrait/metrics/otel/distributions"
	"github.com/portraitdb/portrait/profile"
)

// A reader is told how long the calls of a store took, by what was called.
func TestProducer(t *testing.T) {
	db, err := portrait.Open(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	reader := sdk.NewManualReader(sdk.WithProducer(distributions.New(db, attribute.String("store", "main"))))
	sdk.NewMeterProvider(sdk.WithReader(reader))
	ann := profile.Identifier{Namespace: "user_id", Value: "ann"}
	for range 3 {
		if _, err := db.Ingest(t.Context(), profile.Event{Name: "Seen", Identifiers: []profile.Identifier{ann}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.Profile(t.Context(), ann); err != nil {
		t.Fatal(err)
	}
	var data metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &data); err != nil {
		t.Fatal(err)
	}
	if len(data.ScopeMetrics) != 1 || data.ScopeMetrics[0].Scope.Name != otel.Scope || len(data.ScopeMetrics[0].Metrics) != 1 {
		t.Fatalf("%+v", data.ScopeMetrics)
	}
	m := data.ScopeMetrics[0].Metrics[0]
	got := map[string]uint64{}
	for _, p := range m.Data.(metricdata.Histogram[float64]).DataPoints {
		call, _ := p.Attributes.Value("call")
		store, _ := p.Attributes.Value("store")
		if got[call.AsString()] = p.Count; store.AsString() != "main" || len(p.BucketCounts) != len(p.Bounds)+1 || (p.Count > 0) != (p.Sum > 0) {
			t.Errorf("%+v", p)
		}
	}
	if m.Name != "portrait.calls.time" || m.Unit != "s" || got["ingest"] != 3 || got["profile"] != 1 || got["count"] != 0 || len(got) != 5 {
		t.Errorf("%s in %q: %v", m.Name, m.Unit, got)
	}
}
