package otel_test

import (
	"fmt"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/metrics"
	"github.com/portraitdb/portrait/metrics/otel"
	"github.com/portraitdb/portrait/profile"
)

// collect returns every metric of the scope by its name.
func collect(t *testing.T, reader *sdk.ManualReader) map[string]metricdata.Metrics {
	t.Helper()
	var data metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &data); err != nil {
		t.Fatal(err)
	}
	byName := map[string]metricdata.Metrics{}
	for _, scope := range data.ScopeMetrics {
		if scope.Scope.Name != otel.Scope {
			t.Errorf("scope %q", scope.Scope.Name)
		}
		for _, m := range scope.Metrics {
			byName[m.Name] = m
		}
	}
	return byName
}

// points returns the points of a metric, by their attributes.
func points(t *testing.T, m metricdata.Metrics, kind metrics.Kind) map[string]float64 {
	t.Helper()
	var list []metricdata.DataPoint[float64]
	switch data := m.Data.(type) {
	case metricdata.Sum[float64]:
		if list = data.DataPoints; kind != metrics.Counter || !data.IsMonotonic {
			t.Errorf("%s is a sum", m.Name)
		}
	case metricdata.Gauge[float64]:
		if list = data.DataPoints; kind != metrics.Gauge {
			t.Errorf("%s is a gauge", m.Name)
		}
	default:
		t.Errorf("%s is a %T", m.Name, data)
	}
	byLabel := map[string]float64{}
	for _, p := range list {
		byLabel[p.Attributes.Encoded(attribute.DefaultEncoder())] = p.Value
	}
	return byLabel
}

// Every figure of a store arrives, with its name, unit, kind and text, and none once it is
// stopped.
func TestRegister(t *testing.T) {
	db, err := portrait.Open(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	reader := sdk.NewManualReader()
	stop, err := otel.Register(sdk.NewMeterProvider(sdk.WithReader(reader)), db, attribute.String("store", "main"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		_, err := db.Ingest(t.Context(), profile.Event{Name: "Seen", MessageID: fmt.Sprint(i), Identifiers: []profile.Identifier{{Namespace: "user_id", Value: "ann"}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.Ingest(t.Context(), profile.Event{Name: "Seen", Identifiers: []profile.Identifier{{Namespace: "user_id", Value: "null"}}}); err != nil {
		t.Fatal(err)
	}
	got := collect(t, reader)
	for _, f := range db.Metrics().Families() {
		m, ok := got[f.Name]
		if !ok {
			if f.Kind != metrics.Histogram && len(f.Points) > 0 {
				t.Errorf("no %s", f.Name)
			}
			continue
		}
		if m.Unit != f.Unit || m.Description != f.Help {
			t.Errorf("%s: unit %q, %q", m.Name, m.Unit, m.Description)
		}
		if n := len(points(t, m, f.Kind)); n != len(f.Points) {
			t.Errorf("%s has %d points, want %d", m.Name, n, len(f.Points))
		}
	}
	if n := points(t, got["portrait.events.accepted"], metrics.Counter)["store=main"]; n != 3 {
		t.Errorf("%v events", n)
	}
	if n := points(t, got["portrait.events.rejected"], metrics.Counter)["reason=blocked_identifier,store=main"]; n != 1 {
		t.Errorf("rejected: %v", points(t, got["portrait.events.rejected"], metrics.Counter))
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if got := collect(t, reader); len(got) != 0 {
		t.Errorf("%d figures after the stop", len(got))
	}
}
