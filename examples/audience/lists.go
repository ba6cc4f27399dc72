package main

import (
	"bytes"
	"context"
	"crypto/md5" //nolint:gosec // lists of hashed identifiers come in MD5
	"crypto/sha256"
	"fmt"
	"io"

	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

// upload is a list of identifiers as somebody else writes it.
type upload struct {
	name, what string
	how        segment.Upload
	step       int // every how many-th is in it
	line       func(n int) string
	before     string // lines before the first
	after      string // and after the last
}

// uploads are plain and hashed lists. Each names some people that nobody has seen, and
// some twice.
var uploads = []upload{
	{
		name: "vip", what: "plain phones in a CSV", step: 50,
		how:    segment.Upload{Namespace: "phone", Kind: "plain", Column: 2, Header: true},
		before: "name,phone\n",
		line:   func(n int) string { return fmt.Sprintf(`"customer, %d",+86 139-%04d-%04d`, n, n/10_000, n%10_000) },
		after:  "somebody,n/a\nsomebody,not known\n",
	},
	{
		name: "crm-2026-11", what: "MD5 of phones", step: 3,
		how:  segment.Upload{Namespace: "phone", Kind: "md5"},
		line: func(n int) string { return fmt.Sprintf("%x", md5.Sum([]byte(phoneOf(n)))) }, //nolint:gosec // see above
	},
	{
		name: "members", what: "SHA-256 of phones", step: 5,
		how:  segment.Upload{Namespace: "phone"}, // the kind is told from the lines
		line: func(n int) string { return fmt.Sprintf("%X", sha256.Sum256([]byte(phoneOf(n)))) },
	},
	{
		name: "exposed", what: "MD5 of OAIDs", step: 4,
		how:  segment.Upload{Namespace: "oaid", Kind: "md5"},
		line: func(n int) string { return fmt.Sprintf("%x", md5.Sum([]byte(oaidOf(n)))) }, //nolint:gosec // see above
	},
}

// text is the file for a city of so many people.
func (u upload) text(people int) io.Reader {
	var b bytes.Buffer
	b.WriteString(u.before)
	for n := 0; n < people+people/10; n += u.step {
		for range 1 + n%7/6 {
			fmt.Fprintln(&b, u.line(n))
		}
	}
	b.WriteString(u.after)
	return &b
}

// lists uploads them. A list stays as it is when others come to be known; uploading one of
// the same name takes its place.
func (t *tour) lists(ctx context.Context) error {
	s := t.report.sheet("Lists: what became of their lines",
		"list", "lines", "matched", "duplicate", "unknown", "invalid", "blocked", "people", "what a line is")
	for _, u := range uploads {
		got, err := t.db.Lists().Upload(ctx, u.name, u.text(len(t.people)), u.how)
		if err != nil {
			return err
		}
		s.row(u.name, uint64(got.Lines), uint64(got.Matched), uint64(got.Duplicate), uint64(got.Unknown),
			uint64(got.Invalid), uint64(got.Blocked), got.Profiles, u.what)
	}
	return nil
}

// edit changes a small list in place: in one commit, with the live tag that asks of it.
func (t *tour) edit(ctx context.Context) error {
	err := t.db.DefineTag(ctx, tags.Definition{Name: "贵宾", Rule: tags.MustParse(`in_list("vip")`), Family: "list"})
	if err != nil {
		return err
	}
	before, err := t.db.Count(ctx, segment.Tag("贵宾"))
	if err != nil {
		return err
	}
	var add, remove []string
	for n := 1; n < min(len(t.people), 1000); n += 50 { // those after the ones that are in it
		add = append(add, phoneOf(n))
	}
	for n := 0; n < min(len(t.people), 300); n += 50 {
		remove = append(remove, phoneOf(n))
	}
	add = append(add, phoneOf(len(t.people)+1)) // whom nobody knows
	got, err := t.db.Lists().Edit(ctx, "vip", "phone", add, remove)
	if err != nil {
		return err
	}
	after, err := t.db.Count(ctx, segment.Tag("贵宾"))
	if err != nil {
		return err
	}
	s := t.report.sheet("Lists: editing one in place")
	s.row("have the tag 贵宾 before", before, `in_list("vip")`)
	s.row("phones put in or taken out", uint64(got.Matched), "by Lists.Edit")
	s.row("phones that nobody has", uint64(got.Unknown), "which are left out")
	s.row("have the tag 贵宾 after", after, "in the same commit")
	return nil
}

// listed are audiences of uploaded lists.
func (t *tour) listed(ctx context.Context) error {
	return t.ask(ctx, "By lists",
		group{"of the CRM", `in_list("crm-2026-11")`},
		group{"of the CRM and not yet exposed", `in_list("crm-2026-11") and not in_list("exposed")`},
		group{"in any two of three lists", `at_least(2, in_list("crm-2026-11"), in_list("members"), in_list("exposed"))`},
		group{"guests of honour, young", `tag("贵宾") and tag("年轻人")`},
	)
}
