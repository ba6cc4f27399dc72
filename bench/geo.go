package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// geoQuestion is a question about places, in the words of each contender.
type geoQuestion struct {
	name  string
	expr  segment.Expr
	plain func(w *world) uint64
	// banded is a loop that has sorted the edges of a polygon beforehand, or nil.
	banded func(w *world) uint64
	// What DuckDB is asked, which has no polygons: a circle, or all stations.
	circle   *disc
	stations bool
}

func geoQuestions(w *world) []geoQuestion {
	near := func(c disc) segment.Expr {
		return segment.MustParse(fmt.Sprintf(`near(home, %v, %v, "%vm")`, c.lat, c.lon, c.radius))
	}
	questions := []geoQuestion{
		{name: "near/3km", expr: near(w.small), plain: func(w *world) uint64 { return w.within(w.small) }, circle: &w.small},
		{name: "near/100km", expr: near(w.large), plain: func(w *world) uint64 { return w.within(w.large) }, circle: &w.large},
		{name: "within/1000-circles", expr: segment.MustParse(`within(home, "stations")`), plain: (*world).nearStations, stations: true},
		{name: "within/polygon", expr: segment.MustParse(`within(home, "district")`), plain: (*world).inDistrict},
	}
	for _, c := range w.coasts {
		questions = append(questions, geoQuestion{
			name:   "within/" + c.name,
			expr:   segment.MustParse(fmt.Sprintf(`within(home, %q)`, c.name)),
			plain:  func(w *world) uint64 { return w.inPolygon(c.rings) },
			banded: w.bandedScan(c.rings[0]),
		})
	}
	return questions
}

// geoSuite counts the profiles whose home lies in a place.
func geoSuite(ctx context.Context, cfg config) (report *Report, err error) {
	dir, err := os.MkdirTemp(cfg.dir, "portrait-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	cfg.logf("drawing and loading %d homes", cfg.profiles)
	w := drawWorld(cfg.profiles)
	report = &Report{
		Suite: "geo", Machine: thisMachine(), Summary: map[string]float64{},
		Setting: map[string]string{
			"threads":  "1",
			"homes":    fmt.Sprintf("nine of ten in %d cities, the others anywhere; to a millionth of a degree", len(w.cities)),
			"stations": fmt.Sprintf("%d circles of %v m, in the cities", len(w.stations), w.stations[0].radius),
			"district": fmt.Sprintf("a polygon of %d corners about the greatest city, %d of them of holes", w.corners(), w.corners()-len(w.district[0])),
			"coasts":   fmt.Sprintf("rough polygons of %v corners about it", coastCorners),
		},
	}
	db, err := loadWorld(ctx, filepath.Join(dir, "store"), w)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	duck, err := newDuckGeo(ctx, w)
	switch {
	case errors.Is(err, errAbsent):
		report.Setting["duckdb"] = "skipped: " + err.Error()
	case err != nil:
		return nil, fmt.Errorf("duckdb: %w", err)
	default:
		defer func() { err = errors.Join(err, duck.close()) }()
	}
	// Above four million profiles Portrait would count on all cores.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for _, q := range geoQuestions(w) {
		if !cfg.only.MatchString(q.name) {
			continue
		}
		cfg.logf("%s", q.name)
		c, err := q.put(ctx, cfg, w, db, duck)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", q.name, err)
		}
		report.Cases = append(report.Cases, c)
	}
	for _, who := range []string{"plain_scan", "banded_scan", "duckdb"} {
		report.tellGeomean(who)
	}
	return report, nil
}

// put asks every contender one question: first the answers, then the times.
func (q geoQuestion) put(ctx context.Context, cfg config, w *world, db *portrait.DB, duck *duckGeo) (Case, error) {
	var failure error
	try := func(ask func() (uint64, error)) func() uint64 {
		return func() uint64 {
			n, err := ask()
			failure = cmp.Or(failure, err)
			return n
		}
	}
	contenders := []contender{
		{"plain_scan", func() uint64 { return q.plain(w) }},
		{subject, try(func() (uint64, error) { return db.Count(ctx, q.expr) })},
	}
	if q.banded != nil {
		contenders = append(contenders, contender{"banded_scan", func() uint64 { return q.banded(w) }})
	}
	if duck != nil && (q.circle != nil || q.stations) {
		ask, err := duck.prepare(ctx, q)
		if err != nil {
			return Case{}, err
		}
		contenders = append(contenders, contender{"duckdb", try(ask)})
	}
	want := contenders[0].ask()
	for _, c := range contenders[1:] {
		if got := c.ask(); got != want || failure != nil {
			return Case{}, fmt.Errorf("%s counts %d (error: %v), %s %d", c.name, got, failure, contenders[0].name, want)
		}
	}
	out := newCase(q.name, len(w.homes), compete(cfg, contenders))
	out.tell("count", subject, float64(want))
	return out, errors.Join(failure, ctx.Err())
}

// loadWorld makes a store of the homes, one profile each.
func loadWorld(ctx context.Context, dir string, w *world) (_ *portrait.DB, err error) {
	db, err := openAt(dir, usual, true, func() time.Time { return clock })
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close())
		}
	}()
	model, err := w.model()
	if err != nil {
		return nil, err
	}
	if _, err := db.Apply(ctx, model); err != nil {
		return nil, err
	}
	for from := 0; from < len(w.homes); from += 10_000 {
		events := make([]profile.Event, min(10_000, len(w.homes)-from))
		for i := range events {
			at := w.homes[from+i]
			id := customerID(uint32(from + i))
			events[i] = profile.Event{
				MessageID: id, Name: "Signed Up", Time: opened,
				Identifiers: []profile.Identifier{{Namespace: "user_id", Value: id}},
				Traits:      map[string]profile.Value{"home": profile.Point(at.lat, at.lon)},
			}
		}
		if err := takeIn(ctx, db, events); err != nil {
			return nil, err
		}
	}
	settle(func() bool { return db.Metrics().Store.CompactionsRunning == 0 })
	return db, nil
}
