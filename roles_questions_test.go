package portrait_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/segment/insight"
	"github.com/portraitdb/portrait/tags"
)

// askedOfRoles are the expressions that roles are asked about: first what the clerk may ask.
var askedOfRoles = []segment.Expr{
	segment.MustParse(`true`), segment.MustParse(`not tag("adult")`), segment.MustParse(`city = "上海" or age > 40`),
	segment.MustParse(`tag("best")`), segment.MustParse(`percentile(age) >= 0.5`), segment.MustParse(`stage() = "buyer"`),
	segment.MustParse(`tag("rich") and not tag("ill")`), segment.MustParse(`tag("paid", "much")`), segment.MustParse(`tag("paid", "little")`), segment.MustParse(`grade = "high"`),
	segment.MustParse(`near(home, 31, 121, "5000m")`), segment.MustParse(`tag("wealthy") or tag("recent")`), segment.MustParse(`sample("s", 0.5)`),
	segment.MustParse(`tag("flush") or tag("flush", "most")`),
	segment.MustParse(`salary > 3000`), segment.MustParse(`percentile(salary) > 0.3`), segment.MustParse(`rank(salary) <= 2 or age > 3`),
	segment.MustParse(`diagnosis = "zz"`), segment.MustParse(`near(clinic, 31, 121, "900m")`), segment.MustParse(`within(clinic, "mitte")`),
	segment.MustParse(`count("Visit") > 1`), segment.MustParse(`sequence("Visit", "Order Completed", within("9d"))`), segment.MustParse(`tag("vip")`), segment.MustParse(`exists("$tag.vip")`),
	segment.MustParse(`tag("around")`), segment.MustParse(`tag("seen")`), segment.MustParse(`tag("ward")`), segment.MustParse(`in_list("榜")`), segment.MustParse(`consent("scoring")`), segment.MustParse(`tag("consent:scoring")`),
	segment.MustParse(`identified("email")`), segment.MustParse(`email = "e05@a.cn"`), segment.MustParse(`risk > 0`), segment.MustParse(`visits > 2`), segment.MustParse(`at_least(1, tag("adult"), visits > 2)`),
	segment.MustParse(`if(diagnosis = "zz", 1, 0) > 0`), segment.MustParse(`spent > 20 and age > 1`), segment.MustParse(`latent = "a"`), segment.MustParse(`tag("adult")`), segment.MustParse(`bucket("s", 1000) > 500`),
}

// measuredOfRoles are the formulas that roles are asked about.
var measuredOfRoles = []tags.Formula{
	tags.MustParseFormula("age"), tags.MustParseFormula("age * 2"), tags.MustParseFormula("spent"), tags.MustParseFormula("salary"), tags.MustParseFormula("salary - age"),
	tags.MustParseFormula("visits"), tags.MustParseFormula(`count("Visit")`), tags.MustParseFormula(`if(diagnosis = "zz", 1, 0)`), tags.MustParseFormula("risk"),
}

func perFormula(ask func(f tags.Formula) any) any {
	var answers []any
	for _, f := range measuredOfRoles {
		answers = append(answers, f.String(), ask(f))
	}
	return answers
}

// groupedOfRoles are the names that roles are asked to divide people by.
var groupedOfRoles = []string{"city", "paid", "flush", "grade", "diagnosis", "salary", "vip", "twin", "stage", "nothing", "email", "visits", "latent"}

// texted is a value in its Go and its JSON form.
func texted(x any, err error) any {
	if err != nil {
		return err
	}
	text, bad := json.Marshal(x)
	return []any{fmt.Sprintf("%+v", x), string(text), bad}
}

// definitions is what of the edits of a definition does not hang on when they were made.
func definitions(list []tags.Revision, err error) any {
	for i := range list {
		list[i].At, list[i].Epoch = time.Time{}, 0
	}
	return texted(list, err)
}

// roleQuestions are asked of roles: instead of those of the name in questions, which hide
// what differs between stores, or besides.
var roleQuestions = map[string]func(a *asking) any{
	"Counts": func(a *asking) any {
		return a.perExpr(func(e segment.Expr) any { return answer(a.v.Counts(a.Context(), e, a.asked[0])) })
	},
	"Cross": func(a *asking) any {
		return a.perExpr(func(e segment.Expr) any {
			return answer(a.v.Cross(a.Context(), e, []segment.Expr{a.asked[1], a.asked[2]}))
		})
	},
	"Withheld": func(a *asking) any {
		return a.perExpr(func(e segment.Expr) any { return answer(a.v.Withheld(a.Context(), e)) })
	},
	"Plan": func(a *asking) any {
		return a.perExpr(func(e segment.Expr) any { return texted(a.v.Plan(a.Context(), e)) })
	},
	"Explain": func(a *asking) any {
		return a.perExpr(func(e segment.Expr) any {
			return a.each(func(id profile.Identifier) (any, error) {
				why, err := a.v.Explain(a.Context(), e, id)
				if err != nil {
					return nil, err
				}
				return []any{why.String(), texted(why, nil)}, nil
			})
		})
	},
	"Profile": func(a *asking) any {
		return a.each(func(id profile.Identifier) (any, error) {
			p, err := a.v.Profile(a.Context(), id)
			return texted(p, err), nil
		})
	},
	"Provenance": func(a *asking) any {
		return a.each(func(id profile.Identifier) (any, error) { return texted(a.v.Provenance(a.Context(), id)), nil })
	},
	"Timeline": func(a *asking) any {
		return a.each(func(id profile.Identifier) (any, error) {
			return texted(all(a.v.Timeline(a.Context(), id, time.Time{}, time.Time{}))), nil
		})
	},
	"Export": func(a *asking) any {
		return a.each(func(id profile.Identifier) (any, error) {
			var b bytes.Buffer
			err := a.v.Export(a.Context(), id, &b)
			return []any{b.String(), err}, nil
		})
	},
	"Evidence": func(a *asking) any {
		return a.each(func(id profile.Identifier) (any, error) { return texted(a.v.Evidence(a.Context(), id)), nil })
	},
	"ExplainIdentity": func(a *asking) any {
		return a.each(func(id profile.Identifier) (any, error) {
			var whys []any
			for _, other := range a.who {
				whys = append(whys, texted(a.v.ExplainIdentity(a.Context(), other, id)))
			}
			return whys, nil
		})
	},
	"Tags": func(a *asking) any {
		entries, err := a.v.Tags(a.Context(), tags.Search{Query: true})
		return texted(entries, err)
	},
	"TagHistory": func(a *asking) any {
		return a.perLabel(func(name string) any { return definitions(a.v.TagHistory(a.Context(), name)) })
	},
	"SegmentHistory": func(a *asking) any {
		return a.perLabel(func(name string) any { return definitions(a.v.SegmentHistory(a.Context(), name)) })
	},
	"Facets": func(a *asking) any {
		answers := []any{answer(a.v.Facets(a.Context()))}
		for _, name := range groupedOfRoles {
			answers = append(answers, answer(a.v.Facets(a.Context(), name)))
		}
		return answers
	},
	"Flows": func(a *asking) any {
		return a.perExpr(func(e segment.Expr) any { return answer(all(a.v.Flows(a.Context(), e, epoch0))) })
	},
	"Changes": func(a *asking) any {
		changes, err := all(a.v.Changes(a.Context(), portrait.Cursor{}))
		for i := range changes {
			changes[i].Cursor = portrait.Cursor{} // a place among all changes
		}
		return texted(changes, err)
	},
	"Summary": func(a *asking) any {
		return a.measured(func(f tags.Formula, e segment.Expr) any { return answer(a.v.Summary(a.Context(), f, e)) })
	},
	"Quantiles": func(a *asking) any {
		return a.measured(func(f tags.Formula, e segment.Expr) any { return answer(a.v.Quantiles(a.Context(), f, e, 0, 0.3, 1)) })
	},
	"Histogram": func(a *asking) any {
		return a.measured(func(f tags.Formula, e segment.Expr) any { return answer(a.v.Histogram(a.Context(), f, e, 4)) })
	},
	"Bins": func(a *asking) any {
		return a.measured(func(f tags.Formula, e segment.Expr) any {
			return answer(a.v.Bins(a.Context(), f, e, profile.Number(20)))
		})
	},
	"Top": func(a *asking) any {
		return a.measured(func(f tags.Formula, e segment.Expr) any { return answer(a.v.Top(a.Context(), f, e, 3, true)) })
	},
	"Cutoffs": func(a *asking) any {
		return perFormula(func(f tags.Formula) any { return answer(a.v.Cutoffs(a.Context(), f, 3)) })
	},
	"Groups": func(a *asking) any {
		var answers []any
		for _, name := range groupedOfRoles {
			answers = append(answers, perFormula(func(f tags.Formula) any { return answer(a.v.Groups(a.Context(), f, a.asked[0], name)) }))
		}
		return answers
	},
	"Lists": func(a *asking) any { return len(a.v.Lists()) },
	"insight, characterised": func(a *asking) any {
		return a.perExpr(func(e segment.Expr) any {
			c, err := insight.Characterise(a.Context(), a.v, insight.Characterisation{Audience: e})
			text, bad := json.Marshal(c)
			return []any{string(text), err, bad}
		})
	},
	"StageMoves": func(a *asking) any { return texted(all(a.v.StageMoves(a.Context(), time.Time{}, time.Time{}))) },
	"StageTimes": func(a *asking) any { return texted(a.v.StageTimes(a.Context(), "buyer", time.Time{}, time.Time{})) },
	"StageFlow":  func(a *asking) any { return texted(a.v.StageFlow(a.Context(), epoch0, a.v.AsOf())) },
}

// perLabel asks one thing of each tag and tracked segment.
func (a *asking) perLabel(ask func(name string) any) any {
	var answers []any
	for name := range strings.FieldsSeq("adult rich paid best flush ill around seen ward vip old stage recent wealthy twin consent:scoring consent:marketing nothing") {
		answers = append(answers, name, ask(name))
	}
	return answers
}

// measured asks one thing of each formula over some segments.
func (a *asking) measured(ask func(f tags.Formula, e segment.Expr) any) any {
	return perFormula(func(f tags.Formula) any {
		var answers []any
		for _, e := range slices.Concat(a.asked[:4], a.asked[14:16]) {
			answers = append(answers, ask(f, e))
		}
		return answers
	})
}

// unaskedOfRoles are the methods that no role is asked, since what they answer is of no
// trait, tag, purpose or identifier.
var unaskedOfRoles = map[string]string{
	"Close": "it ends the view", "Cursor": "a place in the feed", "Epoch": "a number of the store",
}
