package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

const (
	trackCells = 14  // moments that are drawn of who came and went
	keptLines  = 200 // of the list of who came and went
)

// courses are the segments in the order in which people go through the shop, with what
// it means that time alone brought somebody in, or out.
var courses = [...]struct{ name, in, out string }{
	{name: "正在浏览", out: "nothing for 15 minutes"},
	{name: "等待付款", out: "2 hours went by"},
	{name: "弃购", in: "2 hours and no order", out: "2 days went by"},
	{name: "今日新客", out: "the day is over"},
	{name: "回头客", out: "7 days went by"},
	{name: "沉睡", in: "nothing for 36 hours"},
	{name: "等级", in: "30 days went by", out: "30 days went by"},
}

// courseOf returns where in the list a segment or tag is, or -1.
func courseOf(name string) int {
	for i := range courses {
		if courses[i].name == name {
			return i
		}
	}
	return -1
}

// board is what is shown: how many are in each segment, and who came and went.
type board struct {
	rows   []*row
	byKey  map[string]*row
	recent []happening // the latest last
}

// row is one tracked segment, or one tier of a tag.
type row struct {
	key         key
	title, note string
	size        int
	// Entered and left in each of the last moments, the running one last.
	entered, left [trackCells]int
}

// key names what somebody is in.
type key struct{ tag, value, segment string }

func (k key) String() string {
	if k.segment != "" {
		return k.segment
	}
	return strings.TrimSpace(k.tag + " " + k.value)
}

// newBoard has a row for each tracked segment and each tier of the tags of a store,
// with how many are in it now.
func newBoard(ctx context.Context, db *portrait.DB) (*board, error) {
	b := &board{byKey: map[string]*row{}}
	model := db.Model()
	slices.SortStableFunc(model.Segments, func(x, y tags.Definition) int {
		return courseOf(x.Name) - courseOf(y.Name)
	})
	for _, d := range model.Segments {
		if err := b.add(ctx, db, key{segment: d.Name}, d.Description, segment.Tag(d.Name)); err != nil {
			return nil, err
		}
	}
	for _, d := range model.Tags {
		for _, t := range d.Tiers {
			e := segment.MustParse(fmt.Sprintf("tag(%q, %q)", d.Name, t.Value)) // of the embedded model
			if err := b.add(ctx, db, key{tag: d.Name, value: t.Value}, t.Rule.String(), e); err != nil {
				return nil, err
			}
		}
	}
	return b, nil
}

func (b *board) add(ctx context.Context, db *portrait.DB, k key, note string, e segment.Expr) error {
	n, err := db.Count(ctx, e)
	if err != nil {
		return err
	}
	r := &row{key: k, title: k.String(), note: note, size: int(n)}
	b.rows = append(b.rows, r)
	b.byKey[r.title] = r
	return nil
}

// filter asks the feed for what the board has a row for, and for who turned out to be one
// person.
func (b *board) filter() []portrait.WatchFilter {
	var members portrait.WatchFilter
	for _, r := range b.rows {
		if r.key.segment != "" {
			members.Segments = append(members.Segments, r.key.segment)
		} else {
			members.Tags = append(members.Tags, r.key.tag)
		}
	}
	return []portrait.WatchFilter{members, {Kinds: []string{"merged"}}}
}

// tell notes one change.
func (b *board) tell(h happening) {
	if b.recent = append(b.recent, h); len(b.recent) > 2*keptLines {
		b.recent = append(b.recent[:0], b.recent[len(b.recent)-keptLines:]...)
	}
	r := b.byKey[keyOf(&h.Change).String()]
	if r == nil {
		return // of no row: people became one
	}
	if h.Kind == "entered" {
		r.size++
		r.entered[trackCells-1]++
	} else {
		r.size--
		r.left[trackCells-1]++
	}
}

func keyOf(c *portrait.Change) key { return key{c.Tag, c.Value, c.Segment} }

// turn ends a moment and begins the next.
func (b *board) turn() {
	for _, r := range b.rows {
		copy(r.entered[:], r.entered[1:])
		copy(r.left[:], r.left[1:])
		r.entered[trackCells-1], r.left[trackCells-1] = 0, 0
	}
}

// why tells in a few words what made somebody come or go.
func (h *happening) why() string {
	switch {
	case h.Cause == "deadline":
		return h.passed()
	case h.Kind == "merged":
		return "two profiles are one person"
	case h.gone:
		return "as the profile that is gone"
	case h.event == nil:
		return ""
	case h.event.Type == profile.Identify:
		return "logged in"
	}
	what := h.event.Name
	if p, ok := h.event.Properties["product"]; ok {
		what += " " + p.String()
	}
	return what
}

// passed tells what it means that time alone did it.
func (h *happening) passed() string {
	if i := courseOf(h.Segment + h.Tag); i < 0 {
		return ""
	} else if h.Kind == "entered" {
		return courses[i].in
	} else {
		return courses[i].out
	}
}

// what names what somebody came into or left.
func (h *happening) what() string {
	if k := keyOf(&h.Change).String(); k != "" {
		return k
	}
	return h.Kind
}
