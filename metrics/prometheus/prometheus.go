// Package prometheus hands a store's figures to Prometheus: a collector that asks for them
// whenever it is scraped. It is a module of its own, so that Prometheus's client reaches
// only those who want it.
//
//	registry.MustRegister(prometheus.New(db, nil))
//
// Distributions are histograms. Figures are called as Portrait calls them, with underscores, their unit and, for counters,
// "_total": portrait.disk.free is portrait_disk_free_bytes.
package prometheus

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/metrics"
)

// Source is what has figures; a *portrait.DB is one.
type Source interface {
	Metrics() portrait.Metrics
}

// Collector is a [prometheus.Collector] of one store. Its methods may be called from any
// goroutine.
type Collector struct {
	from  Source
	descs map[string]*prometheus.Desc // by the family's name; never changed
	order []*prometheus.Desc
}

// New returns a collector. Labels go to every figure, and tell the stores of one program
// apart; nil is none.
func New(from Source, labels map[string]string) *Collector {
	c := &Collector{from: from, descs: map[string]*prometheus.Desc{}}
	for _, f := range (portrait.Metrics{}).Families() {
		var names []string
		if f.Label != "" {
			names = []string{f.Label}
		}
		d := prometheus.NewDesc(Name(&f), f.Help, names, labels)
		c.descs[f.Name] = d
		c.order = append(c.order, d)
	}
	return c
}

// Describe implements prometheus.Collector.
func (c *Collector) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range c.order {
		descs <- d
	}
}

// Collect implements prometheus.Collector. It costs what DB.Metrics does.
func (c *Collector) Collect(into chan<- prometheus.Metric) {
	for _, f := range c.from.Metrics().Families() {
		if f.Kind == metrics.Histogram {
			c.collectHistogram(&f, into)
			continue
		}
		kind := prometheus.GaugeValue
		if f.Kind == metrics.Counter {
			kind = prometheus.CounterValue
		}
		for _, p := range f.Points {
			var labels []string
			if f.Label != "" {
				labels = []string{p.Label}
			}
			into <- prometheus.MustNewConstMetric(c.descs[f.Name], kind, p.Value, labels...)
		}
	}
}

// collectHistogram hands on how something is distributed: Prometheus adds the buckets up.
func (c *Collector) collectHistogram(f *metrics.Family, into chan<- prometheus.Metric) {
	for _, p := range f.Points {
		below, buckets := uint64(0), make(map[float64]uint64, len(p.Distribution.Bounds))
		for i, bound := range p.Distribution.Bounds {
			below += p.Distribution.Counts[i]
			buckets[bound] = below
		}
		var labels []string
		if f.Label != "" {
			labels = []string{p.Label}
		}
		into <- prometheus.MustNewConstHistogram(c.descs[f.Name], p.Distribution.Count(), p.Distribution.Sum, buckets, labels...)
	}
}

// Name returns what Prometheus calls a family.
func Name(f *metrics.Family) string {
	name := strings.ReplaceAll(f.Name, ".", "_")
	switch f.Unit {
	case metrics.Bytes:
		name += "_bytes"
	case metrics.Seconds:
		name += "_seconds"
	}
	if f.Kind == metrics.Counter {
		name += "_total"
	}
	return name
}
