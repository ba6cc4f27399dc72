package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/examples/internal/table"
	"github.com/portraitdb/portrait/tags"
)

type historyVerb struct {
	Tag     string `arg:"" name:"TAG" help:"The name of a tag, also of one that was dropped."`
	Segment bool   `help:"Of the tracked segment of that name."`
}

// revision is one edit of a definition in JSON.
type revision struct {
	Number     uint32          `json:"number"`
	Epoch      uint64          `json:"epoch"`
	At         time.Time       `json:"at"`
	Dropped    bool            `json:"dropped"`
	Definition tags.Definition `json:"definition"`
}

// Run lists the edits of a tag, the oldest first.
func (v *historyVerb) Run(s *session) error {
	return s.view(func(view *portrait.View) error {
		what, ask := "tag", view.TagHistory
		if v.Segment {
			what, ask = "tracked segment", view.SegmentHistory
		}
		list, err := ask(s, v.Tag)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return fmt.Errorf("there never was a %s %q", what, v.Tag)
		}
		answer := struct {
			Revisions []revision `json:"revisions"`
			at
		}{make([]revision, len(list)), atOf(view)}
		var t table.Table
		for i, r := range list {
			answer.Revisions[i] = revision{r.Number, r.Epoch, r.At, r.Dropped, r.Definition}
			t.Row(number(uint64(r.Number)), "commit "+number(r.Epoch), minute(r.At), table.Clean(outline(r)))
		}
		return s.answer(answer, func(w io.Writer) error {
			_, err := t.WriteTo(w)
			return err
		})
	})
}

// outline tells in one line what a revision says.
func outline(r tags.Revision) string {
	if r.Dropped {
		return "dropped"
	}
	return meaning(r.Definition)
}

// meaning tells in one line who has a tag.
func meaning(d tags.Definition) string {
	switch d.Kind() {
	case tags.ByRule:
		return d.Rule.String()
	case tags.ByTiers:
		var parts []string
		for _, t := range d.Tiers {
			parts = append(parts, t.Value+" if "+t.Rule.String())
		}
		if d.Else != "" {
			parts = append(parts, "else "+d.Else)
		}
		return strings.Join(parts, ", ")
	case tags.ByValue:
		return d.Value.String()
	}
	text := "told, " + string(d.Told)
	if len(d.Choices) > 0 {
		text += ": " + strings.Join(d.Choices, ", ")
	}
	return text
}

type rollbackVerb struct {
	Tag    string `arg:"" name:"TAG" help:"The name of a tag, also of one that was dropped."`
	Number uint32 `arg:"" name:"N" help:"The revision that it becomes again, as history numbers them."`
}

// Run defines a tag as it once was. What is kept of it stays: it is one more edit.
func (v *rollbackVerb) Run(s *session) error {
	return s.with(false, func(db *portrait.DB) error {
		list, err := s.revisions(db, v.Tag)
		if err != nil {
			return err
		}
		last := list[len(list)-1]
		if v.Number < 1 || v.Number > last.Number {
			return fmt.Errorf("the tag %q has revisions 1 to %d", v.Tag, last.Number)
		}
		to := list[v.Number-1]
		if to.Dropped {
			return fmt.Errorf("revision %d dropped the tag %q: name an earlier one, or apply a model without it", v.Number, v.Tag)
		}
		if err := db.DefineTag(s, to.Definition); err != nil {
			return err
		}
		if list, err = s.revisions(db, v.Tag); err != nil {
			return err
		}
		now := list[len(list)-1]
		return s.answer(revision{now.Number, now.Epoch, now.At, now.Dropped, now.Definition}, func(w io.Writer) error {
			text := fmt.Sprintf("revision %d, as %d", now.Number, v.Number)
			if now.Number == last.Number {
				text = fmt.Sprintf("revision %d is so already", now.Number)
			}
			_, err := fmt.Fprintf(w, "%s: %s\n", text, table.Clean(meaning(now.Definition)))
			return err
		})
	})
}

// revisions returns the edits of a tag, at least one.
func (s *session) revisions(db *portrait.DB, tag string) ([]tags.Revision, error) {
	view, err := db.View(s)
	if err != nil {
		return nil, err
	}
	defer view.Close()
	list, err := view.TagHistory(s, tag)
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("there never was a tag %q", tag)
	}
	return list, err
}
