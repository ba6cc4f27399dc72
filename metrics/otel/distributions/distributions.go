// Package distributions hands a store's histograms to OpenTelemetry's SDK: how long calls
// took. All other figures go by package otel, which needs the API alone.
//
//	reader := metric.NewPeriodicReader(exporter, metric.WithProducer(distributions.New(db)))
package distributions

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/portraitdb/portrait/metrics"
	"github.com/portraitdb/portrait/metrics/otel"
)

// Producer is a [metric.Producer] of one store. Its methods may be called from any
// goroutine.
type Producer struct {
	from       otel.Source
	attributes []attribute.KeyValue
	since      time.Time
}

var _ metric.Producer = (*Producer)(nil)

// New returns a producer. Make it when the store has been opened: its counts are said to
// begin then. Attributes go to every point, and tell the stores of one program apart.
func New(from otel.Source, attributes ...attribute.KeyValue) *Producer {
	return &Producer{from, attributes, time.Now()}
}

// Produce implements metric.Producer, at the cost of DB.Metrics.
func (p *Producer) Produce(context.Context) ([]metricdata.ScopeMetrics, error) {
	now := time.Now()
	var scope metricdata.ScopeMetrics
	scope.Scope.Name = otel.Scope
	for _, f := range p.from.Metrics().Families() {
		if f.Kind != metrics.Histogram || len(f.Points) == 0 {
			continue
		}
		data := metricdata.Histogram[float64]{Temporality: metricdata.CumulativeTemporality}
		for _, point := range f.Points {
			attributes := p.attributes[:len(p.attributes):len(p.attributes)]
			if f.Label != "" {
				attributes = append(attributes, attribute.String(f.Label, point.Label))
			}
			d := point.Distribution
			data.DataPoints = append(data.DataPoints, metricdata.HistogramDataPoint[float64]{
				Attributes: attribute.NewSet(attributes...), StartTime: p.since, Time: now,
				Bounds: d.Bounds, BucketCounts: d.Counts, Count: d.Count(), Sum: d.Sum,
			})
		}
		scope.Metrics = append(scope.Metrics, metricdata.Metrics{Name: f.Name, Description: f.Help, Unit: f.Unit, Data: data})
	}
	return []metricdata.ScopeMetrics{scope}, nil
}
