package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/examples/internal/table"
	"github.com/portraitdb/portrait/segment"
)

type countVerb struct {
	Expr string `arg:"" name:"EXPR" help:"An expression over tags and traits."`
}

// Run prints how many members a segment has.
func (v *countVerb) Run(s *session) error {
	e, err := segment.Parse(v.Expr)
	if err != nil {
		return err
	}
	return s.view(func(view *portrait.View) error {
		n, err := view.Count(s, e)
		if err != nil {
			return e.Locate(err)
		}
		type answer struct {
			Count uint64 `json:"count"`
			at
		}
		return s.answer(answer{n, atOf(view)}, func(w io.Writer) error {
			_, err := fmt.Fprintln(w, n)
			return err
		})
	})
}

type membersVerb struct {
	Expr  string `arg:"" name:"EXPR" help:"An expression over tags and traits."`
	Limit int    `placeholder:"N" help:"List at most so many; 0 means all."`
}

// Run prints the members of a segment, ascending by ID, without holding them all
// in memory.
func (v *membersVerb) Run(s *session) error {
	if v.Limit < 0 {
		return usageError{fmt.Errorf("--limit is %d: want 0 or more", v.Limit)}
	}
	e, err := segment.Parse(v.Expr)
	if err != nil {
		return err
	}
	return s.view(func(view *portrait.View) error {
		set, err := view.Segment(s, e)
		if err != nil {
			return e.Locate(err)
		}
		out := bufio.NewWriter(s.stdout)
		if s.json {
			err = s.membersJSON(out, view, set, v.Limit)
		} else {
			printMembers(out, set, v.Limit)
		}
		if err != nil {
			return err
		}
		return out.Flush()
	})
}

func printMembers(out *bufio.Writer, set *segment.Set, limit int) {
	n := 0
	for id := range set.Members() {
		fmt.Fprintln(out, id)
		if n++; n == limit {
			return
		}
	}
}

// member is one entry of the list in JSON.
type member struct {
	ID          uint64   `json:"id"`
	Identifiers []string `json:"identifiers"`
}

// membersJSON writes {"count", "as_of", "epoch", "members": [...]} as it reads.
func (s *session) membersJSON(out *bufio.Writer, view *portrait.View, set *segment.Set, limit int) error {
	head, err := json.Marshal(struct {
		Count uint64 `json:"count"`
		at
	}{set.Count(), atOf(view)})
	if err != nil {
		return err
	}
	out.Write(head[:len(head)-1])
	out.WriteString(`,"members":[`)
	n := 0
	for p, err := range view.Profiles(s, set) {
		if err != nil {
			return err
		}
		data, err := json.Marshal(member{uint64(p.ID), texts(p.Identifiers)})
		if err != nil {
			return err
		}
		if n > 0 {
			out.WriteByte(',')
		}
		out.Write(data)
		if n++; n == limit {
			break
		}
	}
	_, err = out.WriteString("]}\n")
	return err
}

type tagsVerb struct{}

// tagged is how many have each tag, and each of the values that it declares, and how many
// are in each tracked segment.
type tagged struct {
	Tags     map[string]uint64            `json:"tags"`
	Values   map[string]map[string]uint64 `json:"values"`
	Segments map[string]uint64            `json:"segments"`
	at
}

// Run lists the tags, and the tracked segments below them, with their counts.
func (v *tagsVerb) Run(s *session) error {
	return s.with(false, func(db *portrait.DB) error {
		view, err := db.View(s)
		if err != nil {
			return err
		}
		defer view.Close()
		answer := tagged{map[string]uint64{}, map[string]map[string]uint64{}, map[string]uint64{}, atOf(view)}
		everybody, err := view.Count(s, segment.MustParse("true"))
		if err != nil {
			return err
		}
		var t table.Table
		model := db.Model()
		for _, tag := range model.Tags {
			n, err := view.Count(s, segment.Tag(tag.Name))
			if err != nil {
				return err
			}
			answer.Tags[tag.Name] = n
			t.Row(table.Clean(tag.Name), n, table.Share(n, everybody), table.Clean(meaning(tag)))
			for _, value := range tag.Values() {
				if n, err = countValue(s, view, tag.Name, value); err != nil {
					return err
				}
				if answer.Values[tag.Name] == nil {
					answer.Values[tag.Name] = map[string]uint64{}
				}
				answer.Values[tag.Name][value] = n
				t.Row("  "+table.Clean(value), n, table.Share(n, everybody))
			}
		}
		for _, sg := range model.Segments {
			n, err := view.Count(s, segment.Tag(sg.Name)) // as rules ask for it
			if err != nil {
				return err
			}
			answer.Segments[sg.Name] = n
			t.Row("segment "+table.Clean(sg.Name), n, table.Share(n, everybody), table.Clean(meaning(sg)))
		}
		return s.answer(answer, func(w io.Writer) error {
			_, err := t.WriteTo(w)
			return err
		})
	})
}

// countValue counts who has a tag with one of its values.
func countValue(s *session, view *portrait.View, tag, value string) (uint64, error) {
	var text [2]string
	for i, name := range [...]string{tag, value} {
		data, err := json.Marshal(name) // The language's texts have the escapes of JSON.
		if err != nil {
			return 0, err
		}
		text[i] = string(data)
	}
	e, err := segment.Parse("tag(" + text[0] + ", " + text[1] + ")")
	if err != nil {
		return 0, err
	}
	return view.Count(s, e)
}
