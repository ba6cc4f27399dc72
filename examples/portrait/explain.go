package main

import (
	"io"
	"strings"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/examples/internal/table"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

type explainVerb struct {
	Expr       string `arg:"" name:"EXPR" help:"An expression over tags and traits."`
	Identifier string `arg:"" name:"NS:VALUE" help:"An identifier such as email:li@example.com."`
}

// Run explains an expression for one profile. The answer is no, and so is the
// exit status, where it does not hold.
func (v *explainVerb) Run(s *session) error {
	id, err := identifier(v.Identifier)
	if err != nil {
		return err
	}
	e, err := segment.Parse(v.Expr)
	if err != nil {
		return err
	}
	return s.view(func(view *portrait.View) error {
		why, err := view.Explain(s, e, id)
		if err != nil {
			return e.Locate(found(err, v.Identifier))
		}
		type answer struct {
			Holds       bool              `json:"holds"`
			Explanation *tags.Explanation `json:"explanation"`
			at
		}
		err = s.answer(answer{why.Holds, why, atOf(view)}, func(w io.Writer) error {
			lines := []string{"no"}
			if why.Holds {
				lines[0] = "yes"
			}
			for line := range strings.Lines(why.String()) {
				lines = append(lines, table.Clean(strings.TrimRight(line, "\n")))
			}
			return printLines(w, lines)
		})
		if err == nil && !why.Holds {
			return errNo
		}
		return err
	})
}
