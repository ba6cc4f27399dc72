package main

import (
	"context"
	"fmt"

	"github.com/portraitdb/portrait/segment"
)

// saved are segments that the model keeps under a name: tracked ones, which are live, and
// query tags, which are answered when they are asked. Others are asked for by name as tags
// are, so that one may stand in another, and a program may put them together.
func (t *tour) saved(ctx context.Context) error {
	model := t.db.Model()
	s := t.report.sheet("By saved segments")
	row := func(name, what string, e segment.Expr) error {
		n, err := t.view.Count(ctx, e)
		s.row(name, n, what)
		return err
	}
	for _, def := range model.Segments {
		if err := row(def.Name, fmt.Sprint("tracked: ", def.Rule), segment.Tag(def.Name)); err != nil {
			return err
		}
	}
	for _, def := range model.Tags {
		if !def.Query {
			continue
		}
		if err := row(def.Name, fmt.Sprint("asked: ", def.Rule), segment.Tag(def.Name)); err != nil {
			return err
		}
	}
	both := segment.And(segment.Tag("附近值得挽留"), segment.Tag("前两成"))
	if err := row("both of two saved ones", fmt.Sprint("put together: ", both), both); err != nil {
		return err
	}
	one := segment.And(segment.Tag("值得挽留"), segment.Not(segment.Or(segment.Tag("附近值得挽留"), segment.Tag("种子人群"))))
	return row("one without two others", fmt.Sprint("put together: ", one), one)
}
