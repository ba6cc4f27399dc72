package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/examples/internal/table"
	"github.com/portraitdb/portrait/profile"
)

type watchVerb struct {
	Since   string   `placeholder:"N|CURSOR" help:"Begin with the commit of this number, or go on from a cursor; default is the oldest that is kept."`
	Tag     []string `sep:"none" placeholder:"NAME" help:"Only who gains or loses this tag; may be repeated."`
	Segment []string `sep:"none" placeholder:"NAME" help:"Only who enters or leaves this tracked segment; may be repeated."`
	Value   []string `sep:"none" placeholder:"VALUE" help:"Only this value of a tag with values; may be repeated."`
	Follow  bool     `help:"Go on with what time changes from now on, until interrupted."`
	Names   bool     `help:"Also tell whom each profile is known as now."`
	limit   `embed:""`
}

// Run prints the changes of the feed, one a line, and with --json one object a line.
func (v *watchVerb) Run(s *session) error {
	if err := v.check(); err != nil {
		return err
	}
	since, first, err := v.start()
	if err != nil {
		return err
	}
	pin, err := readPin(s.dir)
	if err != nil {
		return err
	}
	if v.Follow && pin.set {
		return usageError{errors.New("--follow: the clock is pinned, so that nothing more changes; 'advance now' lets it go")}
	}
	s.live = v.Follow
	return s.with(false, func(db *portrait.DB) error {
		view, err := db.View(s)
		if err != nil {
			return err
		}
		defer view.Close()
		filter, err := v.filter(s, view)
		if err != nil {
			return err
		}
		changes := view.Changes(s, since, filter)
		if v.Follow {
			changes = db.Watch(s, since, filter)
		}
		out := &changeList{session: s}
		if v.Names {
			out.resolve = func(ctx context.Context, id profile.ID) (*profile.Profile, error) {
				now, err := db.View(ctx) // who it leads to once the change is there
				if err != nil {
					return nil, err
				}
				defer now.Close()
				return now.Resolve(ctx, id)
			}
		}
		last, full, err := v.print(out, changes, since, first)
		switch {
		case err != nil:
			return err
		case !v.Follow && !full:
			last = view.Cursor() // past what the filter left out
		}
		if !s.json {
			s.printf("--since %s goes on\n", last)
		}
		return nil
	})
}

// print writes changes as they come, but for those of commits before the first that is
// wanted. It returns where the last ends, and whether that is because there were as
// many as were asked for.
func (v *watchVerb) print(list *changeList, changes iter.Seq2[portrait.Change, error], since portrait.Cursor, first uint64) (last portrait.Cursor, full bool, err error) {
	out := bufio.NewWriter(list.stdout)
	defer func() { err = errors.Join(err, out.Flush()) }()
	last = since
	n := 0
	for c, err := range changes {
		switch {
		case v.Follow && errors.Is(err, context.Canceled):
			return last, false, nil // Interrupted: that is how it ends.
		case err != nil:
			return last, false, err
		}
		last = c.Cursor
		if c.Epoch < first {
			continue
		}
		if err := list.tell(out, c); err != nil {
			return last, false, err
		}
		if v.Follow { // Whoever follows wants to see it now.
			if err := out.Flush(); err != nil {
				return last, false, err
			}
		}
		if n++; n == v.Limit {
			return last, true, nil
		}
	}
	return last, false, nil
}

// start reads --since: a cursor, or the number of the first commit.
func (v *watchVerb) start() (since portrait.Cursor, first uint64, err error) {
	if first, err = strconv.ParseUint(v.Since, 10, 64); err == nil {
		return since, first, nil
	}
	if err = since.UnmarshalText([]byte(v.Since)); err != nil {
		err = usageError{fmt.Errorf("--since: %q is neither the number of a commit nor a cursor", v.Since)}
	}
	return since, 0, err
}

// filter says what is asked for. A name that no tag or segment ever had is an error.
func (v *watchVerb) filter(s *session, view *portrait.View) (portrait.WatchFilter, error) {
	for _, name := range v.Tag {
		if list, err := view.TagHistory(s, name); err != nil || len(list) == 0 {
			return portrait.WatchFilter{}, errors.Join(err, fmt.Errorf("there never was a tag %q", name))
		}
	}
	for _, name := range v.Segment {
		if list, err := view.SegmentHistory(s, name); err != nil || len(list) == 0 {
			return portrait.WatchFilter{}, errors.Join(err, fmt.Errorf("there never was a tracked segment %q", name))
		}
	}
	return portrait.WatchFilter{Tags: v.Tag, Segments: v.Segment, Values: v.Value}, nil
}

// changeList prints changes one by one.
type changeList struct {
	*session
	// resolve looks a profile up to name it; nil: it is not named.
	resolve func(context.Context, profile.ID) (*profile.Profile, error)
}

// namedChange is a change in JSON.
type namedChange struct {
	portrait.Change
	Identifiers []string `json:"identifiers,omitempty"`
}

// tell prints one change. Columns are as wide as most that stands in them: lines come
// one by one.
func (l *changeList) tell(w io.Writer, c portrait.Change) error {
	line := namedChange{Change: c}
	if l.resolve != nil {
		p, err := l.resolve(l, c.Profile)
		switch {
		case err == nil:
			line.Identifiers = texts(p.Identifiers)
		case !errors.Is(err, portrait.ErrNotFound): // Somebody erased has no names.
			return err
		}
	}
	if l.json {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		return enc.Encode(line)
	}
	text := subjectOf(&c)
	if len(line.Identifiers) > 0 {
		text += "  " + named(line.Identifiers)
	}
	_, err := fmt.Fprintf(w, "%6d  %s  %-10s  %-7s  %s\n", c.Epoch, second(c.At), c.Cause, c.Kind, table.Clean(text))
	return err
}

// subjectOf tells whom a change is about, and which tag or segment.
func subjectOf(c *portrait.Change) string {
	who := c.Profile.String()
	switch {
	case c.Segment != "":
		return who + "  segment " + c.Segment
	case c.Tag != "":
		return who + "  tag " + strings.TrimSuffix(c.Tag+" = "+c.Value, " = ")
	case len(c.Others) > 0:
		verb := " took in "
		if c.Kind == "split" {
			verb = " became "
		}
		return who + verb + listed(numbers64(c.Others))
	}
	return who
}
