// Package otel hands a store's figures to OpenTelemetry, by its API alone: which exporter
// they go to the host decides. It is a module of its own, so that OpenTelemetry reaches
// only those who want it.
//
//	stop, err := otel.Register(provider, db)
//	defer stop()
//
// OpenTelemetry's API has no instrument for a histogram that somebody else counts: those of how
// long calls took are for its SDK, by package [distributions] beside this one.
//
// Names and units are those of package metrics, which are OpenTelemetry's.
//
// [distributions]: https://pkg.go.dev/github.com/portraitdb/portrait/metrics/otel/distributions
package otel

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/metrics"
)

// Scope is the name of the instrumentation scope.
const Scope = "github.com/portraitdb/portrait/metrics/otel"

// Source is what has figures; a *portrait.DB is one.
type Source interface {
	Metrics() portrait.Metrics
}

// Register makes an asynchronous instrument of every figure but distributions. Attributes go to every point, and tell
// the stores of one program apart. The figures are asked for whenever the provider collects, at
// the cost of DB.Metrics. Stop ends that; call it before the store is closed.
func Register(provider metric.MeterProvider, from Source, attributes ...attribute.KeyValue) (stop func() error, err error) {
	meter := provider.Meter(Scope)
	families := portrait.Metrics{}.Families()
	instruments := make([]metric.Float64Observable, len(families))
	observables := make([]metric.Observable, 0, len(families))
	for i, f := range families {
		switch f.Kind {
		case metrics.Histogram: // see package distributions
			continue
		case metrics.Counter:
			instruments[i], err = meter.Float64ObservableCounter(f.Name, metric.WithUnit(f.Unit), metric.WithDescription(f.Help))
		default:
			instruments[i], err = meter.Float64ObservableGauge(f.Name, metric.WithUnit(f.Unit), metric.WithDescription(f.Help))
		}
		if err != nil {
			return nil, fmt.Errorf("otel: %s: %w", f.Name, err)
		}
		observables = append(observables, instruments[i])
	}
	common := metric.WithAttributeSet(attribute.NewSet(attributes...))
	registration, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		for i, f := range from.Metrics().Families() {
			for _, p := range f.Points {
				if f.Kind == metrics.Histogram {
					break
				}
				if f.Label == "" {
					o.ObserveFloat64(instruments[i], p.Value, common)
					continue
				}
				o.ObserveFloat64(instruments[i], p.Value, common, metric.WithAttributes(attribute.String(f.Label, p.Label)))
			}
		}
		return nil
	}, observables...)
	if err != nil {
		return nil, fmt.Errorf("otel: %w", err)
	}
	return registration.Unregister, nil
}
