package export

import (
	"fmt"
	"io"
	"iter"

	"github.com/portraitdb/portrait/profile"
)

// JSONLines writes the profiles as JSON lines, an object each with a member for every
// column, named by its header, in order. It returns how far it came, also beside an
// error.
//
// Numbers are the shortest decimals that read back as the same, times are text of
// RFC 3339 in UTC, a point is {"lat", "lon"}, a list or set is an array; what is
// missing is null.
func JSONLines(w io.Writer, profiles iter.Seq2[*profile.Profile, error], columns []Column, opts *Options) (Progress, error) {
	if err := check(columns); err != nil {
		return opts.begun(), err
	}
	names := make([][]byte, len(columns)) // each with its comma or brace before and its colon after
	for i, c := range columns {
		name, err := profile.String(c.header).MarshalJSON()
		if err != nil {
			return opts.begun(), fmt.Errorf("export: header of column %d: %w", i+1, err)
		}
		before := byte(',')
		if i == 0 {
			before = '{'
		}
		names[i] = append(append([]byte{before}, name...), ':')
	}
	f := format{layout: layout("json lines", columns)}
	f.rows = func(dst []byte, p *profile.Profile, done *Progress) (_ []byte, err error) {
		for i, c := range columns {
			if dst, err = c.appendJSON(append(dst, names[i]...), p); err != nil {
				return nil, fmt.Errorf("column %q: %w", c.header, err)
			}
		}
		done.Rows++
		return append(dst, '}', '\n'), nil
	}
	return f.write(w, profiles, opts)
}
