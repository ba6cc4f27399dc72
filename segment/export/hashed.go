package export

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/portraitdb/portrait/profile"
)

// Audience says which identifiers a platform is given, in which form. [ParseAudience]
// makes one.
type Audience struct {
	// Columns are those of the file. One that stands there several times takes the
	// first identifier of a profile, the second, and so on.
	Columns []AudienceColumn
	// CallingCode is the country that phone numbers without a country code are of, such
	// as "86", or AlreadyInternational. Empty refuses such numbers. PhoneChina does not
	// ask for it.
	CallingCode string
}

// AudienceColumn is the identifiers of one namespace in one form.
type AudienceColumn struct {
	Namespace string
	Form      Form
}

// Hashed writes the identifiers of the profiles in the form of an advertising platform,
// as CSV, and returns how far it came, also beside an error. An audience of one column
// has a row for every identifier, one of several columns a row for every profile with
// the strongest identifier of each. A profile that has no identifier which the forms
// take has no row; [Progress] counts those profiles, and the identifiers refused.
//
// What one profile has twice, in the platform's spelling, is written once. What two
// profiles have is written twice, as no memory is kept of the rows; platforms take an
// audience as a set.
//
// There is a row of headers where the forms have headers. Only those who agreed to it
// should be in an audience: let the segment ask for that.
func Hashed(w io.Writer, profiles iter.Seq2[*profile.Profile, error], audience Audience, opts *Options) (Progress, error) {
	headers, err := audience.headers()
	if err != nil {
		return opts.begun(), fmt.Errorf("export: %w", err)
	}
	sheet := sheetOf(opts)
	sheet.bare = sheet.bare && headers != nil
	f := format{layout: audience.layout() + sheet.layout()}
	sheet.bare = sheet.bare || headers == nil
	f.header = sheet.header(headers)
	if len(audience.Columns) == 1 {
		f.rows = func(dst []byte, p *profile.Profile, done *Progress) ([]byte, error) {
			cells := audience.cells(p, audience.Columns[0], done)
			for _, cell := range cells {
				dst = append(sheet.append(dst, []byte(cell), true), '\n')
			}
			done.count(len(cells))
			return dst, nil
		}
		return f.write(w, profiles, opts)
	}
	f.rows = func(dst []byte, p *profile.Profile, done *Progress) ([]byte, error) {
		row := audience.row(p, done)
		if row == nil {
			done.count(0)
			return dst, nil
		}
		for i, cell := range row {
			if i > 0 {
				dst = append(dst, ',')
			}
			if cell != "" {
				dst = sheet.append(dst, []byte(cell), true)
			}
		}
		done.count(1)
		return append(dst, '\n'), nil
	}
	return f.write(w, profiles, opts)
}

// count counts the rows of one profile.
func (d *Progress) count(rows int) {
	d.Rows += uint64(rows)
	if rows == 0 {
		d.Missing++
	}
}

// headers checks the audience and returns its headers, nil if it has none.
func (a *Audience) headers() ([]string, error) {
	if len(a.Columns) == 0 {
		return nil, errors.New("an audience without columns")
	}
	code := a.CallingCode
	if code != AlreadyInternational && (len(code) > 3 || strings.Trim(code, "0123456789") != "" || strings.HasPrefix(code, "0")) {
		return nil, fmt.Errorf("calling code %q: want up to three digits, such as 86", code)
	}
	headers := make([]string, len(a.Columns))
	with := 0
	for i, c := range a.Columns {
		switch {
		case c.Namespace == "":
			return nil, fmt.Errorf("column %d of the audience has no namespace", i+1)
		case int(c.Form.Hash) >= len(hashNames):
			return nil, fmt.Errorf("column %d of the audience: unknown hash %d", i+1, c.Form.Hash)
		case int(c.Form.Spelling) >= len(spellingNames):
			return nil, fmt.Errorf("column %d of the audience: unknown spelling %d", i+1, c.Form.Spelling)
		}
		if headers[i] = c.Form.Header; headers[i] != "" {
			with++
		}
	}
	switch with {
	case 0:
		return nil, nil
	case len(headers):
		return headers, nil
	}
	return nil, fmt.Errorf("column %d of the audience has no header, and others have", slices.Index(headers, "")+1)
}

// layout is how a Progress names the audience.
func (a *Audience) layout() string {
	texts := make([]string, len(a.Columns))
	for i, c := range a.Columns {
		texts[i] = fmt.Sprintf("%s (%s, %s)", c.Namespace, c.Form.Spelling, c.Form.Hash)
	}
	text := "audience of " + strings.Join(texts, ", ")
	if a.CallingCode != "" {
		text += ", calling code " + a.CallingCode
	}
	return text
}

// cells returns the identifiers of a profile in the form of a column, strongest first.
func (a *Audience) cells(p *profile.Profile, c AudienceColumn, done *Progress) []string {
	var cells []string
	for _, id := range p.Identifiers {
		if id.Namespace != c.Namespace {
			continue
		}
		spelt, ok := c.Form.Spelling.of(id.Value, a.CallingCode)
		if !ok {
			done.Refused++
			continue
		}
		if cell := c.Form.Hash.of(spelt); !slices.Contains(cells, cell) {
			cells = append(cells, cell)
		}
	}
	return cells
}

// row returns the cells of a profile, nil if all are empty.
func (a *Audience) row(p *profile.Profile, done *Progress) []string {
	row := make([]string, len(a.Columns))
	filled := false
	for i, c := range a.Columns {
		if slices.Index(a.Columns, c) < i {
			continue // Filled with the first of its kind.
		}
		cells := a.cells(p, c, done)
		for j := i; j < len(row) && len(cells) > 0; j++ {
			if a.Columns[j] == c {
				row[j], cells, filled = cells[0], cells[1:], true
			}
		}
	}
	if !filled {
		return nil
	}
	return row
}
