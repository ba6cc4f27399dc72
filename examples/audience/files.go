package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/segment/export"
)

// files hands the campaign on: as rows for people and programs, and as hashed identifiers
// for an advertising platform. They are written to memory here, to show how they begin.
func (t *tour) files(ctx context.Context) error {
	set, err := t.view.Segment(ctx, segment.MustParse(campaign.text))
	if err != nil {
		return err
	}
	columns, err := export.ParseColumns(nil, "id", "user=identifier:user_id", "city=trait:city", "spent=trait:spent",
		"phone=value:机型档次", "vip=tag:贵宾")
	if err != nil {
		return err
	}
	audience, err := export.ParseAudience("oceanengine", "phone") // MD5 of eleven digits
	if err != nil {
		return err
	}
	for _, f := range []struct {
		title string
		write func(io.Writer) (export.Progress, error)
	}{
		{"The campaign as CSV", func(w io.Writer) (export.Progress, error) {
			return export.CSV(w, t.view.Profiles(ctx, set), columns, nil)
		}},
		{"The campaign as JSON lines", func(w io.Writer) (export.Progress, error) {
			return export.JSONLines(w, t.view.Profiles(ctx, set), columns, nil)
		}},
		{"The campaign as an advertising platform takes it", func(w io.Writer) (export.Progress, error) {
			return export.Hashed(w, t.view.Profiles(ctx, set), audience, nil)
		}},
	} {
		var b bytes.Buffer
		done, err := f.write(&b)
		if err != nil {
			return err
		}
		s := t.report.sheet(f.title)
		s.row("rows", done.Rows)
		s.Lines = head(b.String(), 3)
	}
	return nil
}

func head(text string, lines int) []string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	return all[:min(len(all), lines)]
}

// handedBack brings sets in from elsewhere: as a bitmap that any roaring library reads and
// writes, and as IDs that another program has chosen. Either is an operand like any other.
func (t *tour) handedBack(ctx context.Context) error {
	set, err := t.view.Segment(ctx, segment.MustParse(campaign.text))
	if err != nil {
		return err
	}
	bitmap := set.AppendRoaring(nil)
	read, err := segment.ParseSet(set.Partition(), bitmap)
	if err != nil {
		return err
	}
	chosen, err := t.chosenElsewhere(ctx, set)
	if err != nil {
		return err
	}
	s := t.report.sheet("Sets from elsewhere")
	for _, from := range []struct {
		name string
		e    segment.Expr
		how  string
	}{
		{"the campaign, read from a bitmap", segment.Members(read), fmt.Sprintf(", by ParseSet of %d bytes", len(bitmap))},
		{"of them, with dear phones", segment.And(segment.Members(read), segment.TagValue("机型档次", "高端")), ""},
		{"chosen by a program that read the CSV", segment.Members(chosen), ", by CollectSet of IDs"},
		{"of them, under thirty", segment.And(segment.Members(chosen), segment.MustParse(`age < 30`)), ""},
	} {
		n, err := t.view.Count(ctx, from.e)
		if err != nil {
			return err
		}
		s.row(from.name, n, from.e.String()+from.how)
	}
	return nil
}

// chosenElsewhere is what another program makes of an export: the IDs of the rows in which
// much was spent.
func (t *tour) chosenElsewhere(ctx context.Context, set *segment.Set) (*segment.Set, error) {
	columns, err := export.ParseColumns(nil, "id", "trait:spent")
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if _, err := export.CSV(&b, t.view.Profiles(ctx, set), columns, &export.Options{NoHeader: true}); err != nil {
		return nil, err
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		return nil, err
	}
	return segment.CollectSet(func(yield func(profile.ID) bool) {
		for _, row := range rows {
			id, err := strconv.ParseUint(row[0], 10, 64)
			spent, _ := strconv.ParseFloat(row[1], 64) // nothing where there is none
			if err == nil && spent >= 500 && !yield(profile.ID(id)) {
				return
			}
		}
	})
}
