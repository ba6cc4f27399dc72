package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/portraitdb/portrait/tags"
)

// catalogue lists the tags that the model declares, with how many have each: the sizes
// are read off the bitmaps. Those of query tags are counted, because they are asked for.
func (t *tour) catalogue(ctx context.Context) error {
	s := t.report.sheet("Tags: the catalogue", "tag", "size", "of all", "family", "who has it")
	entries, err := t.view.Tags(ctx, tags.Search{Query: true})
	if err != nil {
		return err
	}
	// By families, in this order; without them the catalogue goes by name.
	for _, family := range []string{tags.FamilyBasic, tags.FamilyDevice, tags.FamilyBehaviour, "list", "experiment", "consent"} {
		for _, e := range entries {
			if e.Family != family {
				continue
			}
			d := e.Definition
			s.row(d.Name, e.Size, share(e.Coverage), e.Family, cmp.Or(d.Rule.String(), d.Value.String(), "one of"))
			for _, v := range e.Values {
				s.row(d.Name+" "+v.Value.Text(), v.Size, share(float64(v.Size)/float64(t.profiles)), "", tier(d, v.Value.Text()))
			}
		}
	}
	return t.search(ctx)
}

func share(f float64) string { return fmt.Sprintf("%.1f %%", 100*f) }

// tier says who has a value of a tag with tiers: those for whom no tier before it holds.
func tier(d tags.Definition, value string) string {
	for _, tier := range d.Tiers {
		if tier.Value == value {
			return tier.Rule.String()
		}
	}
	if value == d.Else {
		return "everybody else"
	}
	return ""
}

// search finds tags in the catalogue.
func (t *tour) search(ctx context.Context) error {
	s := t.report.sheet("Tags: searching the catalogue")
	for _, q := range []struct {
		what string
		want tags.Search
	}{
		{`the words "three years"`, tags.Search{Text: "three years"}},
		{"the value 高端", tags.Search{Text: "高端"}},
		{"of devices, and half of all or more have it", tags.Search{Families: []string{tags.FamilyDevice}, MinCoverage: 0.5}},
		{"with tiers", tags.Search{Kinds: []tags.Kind{tags.ByTiers}}},
	} {
		entries, err := t.view.Tags(ctx, q.want)
		if err != nil {
			return err
		}
		var names []string
		for _, e := range entries {
			names = append(names, e.Definition.Name)
		}
		s.row(q.what, strings.Join(names, ", "))
	}
	return nil
}

// families are audiences of tags: of one family, of all three, and of any two of three.
func (t *tour) families(ctx context.Context) error {
	return t.ask(ctx, "By tags of the three families",
		group{"basic: women of middle age", `gender = "女" and tag("年龄段", "中年")`},
		group{"device: dear phones due for another", `tag("机型档次", "高端") and tag("待换机")`},
		group{"behaviour: active, and buying much", `tag("近月活跃") and tag("消费分层", "高")`},
		group{"one of each family", `tag("年轻人") and tag("机型档次", "高端") and tag("近月活跃")`},
		group{"any two of three", `at_least(2, tag("年轻人"), tag("消费分层", "高"), tag("待换机"))`},
	)
}
