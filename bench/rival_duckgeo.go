//go:build cgo && !noduckdb && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math"

	"github.com/marcboeker/go-duckdb/v2"
)

// duckGeo is the homes in a table of DuckDB, in memory, on one thread. Its extension for
// geometry has to be fetched from the network, and is not used.
type duckGeo struct {
	db   *sql.DB
	conn *sql.Conn
}

// cellsPerDegree divides the map into the cells by which stations are joined to homes.
const cellsPerDegree = 100

func newDuckGeo(ctx context.Context, w *world) (_ *duckGeo, err error) {
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		return nil, err
	}
	d := &duckGeo{db: sql.OpenDB(connector)}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.close())
		}
	}()
	if d.conn, err = d.db.Conn(ctx); err != nil {
		return nil, err
	}
	for _, text := range []string{
		"SET threads TO 1",
		"CREATE TABLE homes (id UINTEGER, lat DOUBLE, lon DOUBLE, y INTEGER, x INTEGER)",
		"CREATE TABLE stations (lat DOUBLE, lon DOUBLE, cos DOUBLE, radius DOUBLE, y INTEGER, x INTEGER)",
	} {
		if _, err := d.conn.ExecContext(ctx, text); err != nil {
			return nil, err
		}
	}
	cell := func(degrees float64) int32 { return int32(math.Floor(degrees * cellsPerDegree)) }
	return d, d.conn.Raw(func(c any) error {
		conn := c.(driver.Conn)
		homes := func(add func(...driver.Value) error) error {
			for i, h := range w.homes {
				if err := add(uint32(i), h.lat, h.lon, cell(h.lat), cell(h.lon)); err != nil {
					return err
				}
			}
			return nil
		}
		// A station stands in every cell that its circle may touch.
		stations := func(add func(...driver.Value) error) error {
			for _, s := range w.stations {
				lat, lon := s.box()
				for y := cell(s.lat - lat); y <= cell(s.lat+lat); y++ {
					for x := cell(s.lon - lon); x <= cell(s.lon+lon); x++ {
						if err := add(s.lat, s.lon, math.Cos(radiansOf(s.lat)), s.radius, y, x); err != nil {
							return err
						}
					}
				}
			}
			return nil
		}
		return errors.Join(appendRows(conn, "homes", homes), appendRows(conn, "stations", stations))
	})
}

func appendRows(conn driver.Conn, table string, each func(add func(...driver.Value) error) error) error {
	rows, err := duckdb.NewAppenderFromConn(conn, "", table)
	if err != nil {
		return err
	}
	return errors.Join(each(rows.AppendRow), rows.Close())
}

func (d *duckGeo) close() error {
	var err error
	if d.conn != nil {
		err = d.conn.Close()
	}
	return errors.Join(err, d.db.Close())
}

// haversine is the distance of a home and a place in SQL: its latitude, longitude and
// the cosine of the one.
const haversine = "%v * asin(sqrt(pow(sin(radians(h.lat - %s) / 2), 2) + %s * cos(radians(h.lat)) * pow(sin(radians(h.lon - %s) / 2), 2)))"

// prepare returns what answers a question about circles. Numbers stand in the text,
// where DuckDB takes them for constants.
func (d *duckGeo) prepare(ctx context.Context, q geoQuestion) (func() (uint64, error), error) {
	text := "SELECT count(DISTINCT h.id) FROM homes h JOIN stations s ON h.y = s.y AND h.x = s.x WHERE " +
		fmt.Sprintf(haversine, 2*earthRadius, "s.lat", "s.cos", "s.lon") + " <= s.radius"
	if at := q.circle; at != nil {
		lat, lon := at.box()
		number := func(v float64) string { return fmt.Sprintf("%.17g::DOUBLE", v) }
		text = fmt.Sprintf("SELECT count(*) FROM homes h WHERE h.lat BETWEEN %s AND %s AND h.lon BETWEEN %s AND %s AND %s <= %s",
			number(at.lat-lat), number(at.lat+lat), number(at.lon-lon), number(at.lon+lon),
			fmt.Sprintf(haversine, 2*earthRadius, number(at.lat), number(math.Cos(radiansOf(at.lat))), number(at.lon)), number(at.radius))
	}
	stmt, err := d.conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	return func() (n uint64, err error) {
		err = stmt.QueryRowContext(ctx).Scan(&n)
		return n, err
	}, nil
}
