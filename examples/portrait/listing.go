package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/examples/internal/table"
	"github.com/portraitdb/portrait/profile"
)

// limit is how many records a verb lists.
type limit struct {
	Limit int `placeholder:"N" help:"List at most so many; 0 means all."`
}

func (l limit) check() error {
	if l.Limit < 0 {
		return usageError{fmt.Errorf("--limit is %d: want 0 or more", l.Limit)}
	}
	return nil
}

// listing is how the records of one log are printed.
type listing[T any] struct {
	name string // of the list in JSON
	flag string // that goes on after a limit; "" where none does
	row  func(*table.Table, T)
	item func(T) any // in JSON
	at   func(T) any // where a record lies, as the flag takes it: a number or a text
}

// tableRows is how many rows are lined up with each other: a log may be long.
const tableRows = 500

// print lists records as it reads them, without holding them all in memory: in
// JSON {"as_of", "epoch", NAME: [...], "next"}. next is where the list goes on
// after a limit, and null at its end.
func (l *listing[T]) print(s *session, view *portrait.View, most int, records iter.Seq2[T, error]) error {
	out := bufio.NewWriter(s.stdout)
	if s.json {
		head, err := json.Marshal(atOf(view))
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s,%q:[", head[:len(head)-1], l.name)
	}
	var t table.Table
	var next any
	n := 0
	for rec, err := range records {
		if err != nil {
			return errors.Join(err, out.Flush())
		}
		if most > 0 && n == most {
			next = l.at(rec)
			break
		}
		if s.json {
			if n > 0 {
				out.WriteByte(',')
			}
			data, err := json.Marshal(l.item(rec))
			if err != nil {
				return err
			}
			out.Write(data)
		} else if l.row(&t, rec); n%tableRows == tableRows-1 {
			if _, err := t.WriteTo(out); err != nil {
				return err
			}
			t = table.Table{}
		}
		n++
	}
	if s.json {
		end, err := json.Marshal(next)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "],\"next\":%s}\n", end)
		return out.Flush()
	}
	if _, err := t.WriteTo(out); err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return err
	}
	switch {
	case next == nil:
	case l.flag == "":
		s.printf("... and more\n")
	default:
		s.printf("... and more: %s %v goes on\n", l.flag, next)
	}
	return nil
}

// number writes a number that names something, and so is typed in again: without
// separators.
func number(n uint64) string { return strconv.FormatUint(n, 10) }

// minute writes a time for people.
func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }

// second writes a time for people, to the second; what is between is cut off.
func second(t time.Time) string { return t.UTC().Format(time.DateTime) }

// identifiersOf returns whom a profile is known as: nobody where it is gone.
func identifiersOf(s *session, view *portrait.View, id profile.ID) ([]string, error) {
	p, err := view.Resolve(s, id)
	switch {
	case errors.Is(err, portrait.ErrNotFound):
		return []string{}, nil
	case err != nil:
		return nil, err
	}
	return texts(p.Identifiers), nil
}

// pairOf writes two identifiers; one that was erased is gone.
func pairOf(a, b profile.Identifier) string {
	names := make([]string, 2)
	for i, id := range [...]profile.Identifier{a, b} {
		if names[i] = id.String(); id == (profile.Identifier{}) {
			names[i] = "(gone)"
		}
	}
	return table.Clean(strings.Join(names, " - "))
}

func textOrNull(id profile.Identifier) *string {
	if id == (profile.Identifier{}) {
		return nil
	}
	return new(id.String())
}
