package portrait_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/segment/insight"
	"github.com/portraitdb/portrait/tags"
)

// asking is one view under question.
type asking struct {
	*testing.T
	v *portrait.View
	// who are all identifiers there are, of whomever.
	who []profile.Identifier
	// told collects every ID that an answer has.
	told map[profile.ID]bool
	host bool // nothing bounds the view
	// asked are the expressions that questions are about.
	asked []segment.Expr
}

// name returns what a profile is called in whatever store: its least identifier.
func (a *asking) name(id profile.ID) string {
	a.told[id] = true
	p, err := a.v.Resolve(a.Context(), id)
	if err != nil {
		return "somebody"
	}
	return leastName(p)
}

func leastName(p *profile.Profile) string {
	return fmt.Sprint(slices.MinFunc(p.Identifiers, profile.Identifier.Compare))
}

func (a *asking) set(s *segment.Set, err error) any {
	var names []string
	for id := range s.Members() {
		names = append(names, a.name(id))
	}
	slices.Sort(names)
	return []any{names, err}
}

// each asks of everybody by their identifiers, and leaves out whom the view does not know.
func (a *asking) each(ask func(id profile.Identifier) (any, error)) any {
	answers := map[string]any{}
	for _, id := range a.who {
		x, err := ask(id)
		if errors.Is(err, portrait.ErrNotFound) {
			continue
		}
		answers[fmt.Sprint(id)] = []any{x, err}
	}
	return answers
}

func all[T any](seq iter.Seq2[T, error]) ([]T, error) { return collect(seq) }

// asked are the expressions that TestFor_nobody asks of.
var asked = []segment.Expr{
	segment.MustParse(`true`), segment.MustParse(`not tag("adult")`), segment.MustParse(`city = "上海" or age > 40`),
	segment.MustParse(`percentile(spent) >= 0.5`), segment.MustParse(`rank(age) <= 3`), segment.MustParse(`ntile(spent, 3) = 2`),
	segment.MustParse(`stage() = "buyer"`), segment.MustParse(`missing(city)`), segment.MustParse(`count("Order Completed", last("30d")) > 0`),
	segment.MustParse(`in_list("榜") or tag("top")`), segment.MustParse(`starts_with(note, "n")`), segment.MustParse(`near(home, 31, 121, "5000m")`),
	segment.MustParse(`consent("scoring")`),
}

// perExpr asks one thing of each of them.
func (a *asking) perExpr(ask func(e segment.Expr) any) any {
	var answers []any
	for _, e := range a.asked {
		answers = append(answers, ask(e))
	}
	return answers
}

func answer[T any](x T, err error) any { return []any{x, err} }

// spent is what is measured.
var spent, plain = tags.MustParseFormula("spent"), tags.MustParseFormula("age * 2")

// questions ask a view all that a view answers. A view for a purpose has to answer as a
// store does that was never told of anybody else.
var questions = map[string]func(a *asking) any{
	"Count": func(a *asking) any {
		return a.perExpr(func(e segment.Expr) any { return answer(a.v.Count(a.Context(), e)) })
	},
	"Segment": func(a *asking) any {
		return a.perExpr(func(e segment.Expr) any { return a.set(a.v.Segment(a.Context(), e)) })
	},
	"Counts": func(a *asking) any { return answer(a.v.Counts(a.Context(), a.asked...)) },
	"Cross": func(a *asking) any {
		return answer(a.v.Cross(a.Context(), a.asked[0], a.asked[1:4], a.asked[5:8]))
	},
	"Summary": func(a *asking) any {
		return a.perExpr(func(e segment.Expr) any {
			return []any{answer(a.v.Summary(a.Context(), spent, e)), answer(a.v.Summary(a.Context(), plain, e))}
		})
	},
	"Quantiles": func(a *asking) any {
		return a.perExpr(func(e segment.Expr) any { return answer(a.v.Quantiles(a.Context(), spent, e, 0, 0.3, 1)) })
	},
	"Top": func(a *asking) any {
		return a.perExpr(func(e segment.Expr) any {
			top, err := a.v.Top(a.Context(), plain, e, 3, false)
			var names []string
			for _, s := range top {
				names = append(names, fmt.Sprint(a.name(s.ID), s.Value))
			}
			return []any{names, err}
		})
	},
	"Histogram": func(a *asking) any {
		return a.perExpr(func(e segment.Expr) any { return answer(a.v.Histogram(a.Context(), spent, e, 4)) })
	},
	"Bins": func(a *asking) any {
		return a.perExpr(func(e segment.Expr) any { return answer(a.v.Bins(a.Context(), plain, e, profile.Number(40))) })
	},
	"Groups": func(a *asking) any {
		return a.perExpr(func(e segment.Expr) any {
			return []any{answer(a.v.Groups(a.Context(), spent, e, "city", "stage")), answer(a.v.Groups(a.Context(), tags.Formula{}, e, "city"))}
		})
	},
	"Cutoffs": func(a *asking) any { return answer(a.v.Cutoffs(a.Context(), spent, 3)) },
	"Facets":  func(a *asking) any { return answer(a.v.Facets(a.Context())) },
	"Tags": func(a *asking) any {
		entries, err := a.v.Tags(a.Context(), tags.Search{Query: true})
		for i := range entries {
			entries[i].Changed = time.Time{}
		}
		return []any{entries, err}
	},
	"Profile": func(a *asking) any {
		return a.each(func(id profile.Identifier) (any, error) {
			p, err := a.v.Profile(a.Context(), id)
			if err != nil {
				return nil, err
			}
			a.told[p.ID] = true
			p.ID, p.Masked = 0, nil
			return *p, nil
		})
	},
	"Profiles": func(a *asking) any {
		var everybody []string
		list, err := all(a.v.Profiles(a.Context(), nil))
		host, _ := a.v.Segment(a.Context(), a.asked[0])
		more, fault := all(a.v.Profiles(a.Context(), host))
		for _, p := range append(list, more...) {
			a.told[p.ID] = true
			everybody = append(everybody, leastName(p))
		}
		slices.Sort(everybody)
		return []any{everybody, err, fault}
	},
	"Resolve": func(a *asking) any {
		found := 0
		for o := range uint32(200) {
			if p, err := a.v.Resolve(a.Context(), profile.MakeID(0, o)); err == nil {
				a.told[p.ID] = true
				found = 1
			}
		}
		return found
	},
	"Explain": func(a *asking) any {
		return a.perExpr(func(e segment.Expr) any {
			return a.each(func(id profile.Identifier) (any, error) {
				why, err := a.v.Explain(a.Context(), e, id)
				if err != nil {
					return nil, err
				}
				return why.String(), nil
			})
		})
	},
	"Provenance": func(a *asking) any {
		return a.each(func(id profile.Identifier) (any, error) { return a.v.Provenance(a.Context(), id) })
	},
	"Timeline": func(a *asking) any {
		return a.each(func(id profile.Identifier) (any, error) {
			events, err := all(a.v.Timeline(a.Context(), id, time.Time{}, time.Time{}))
			if err != nil {
				return nil, err
			}
			p, err := a.v.Profile(a.Context(), id)
			for i := range events { // The host's view names those who were split off, too.
				events[i].Identifiers = slices.DeleteFunc(events[i].Identifiers, func(id profile.Identifier) bool { return a.host && !slices.Contains(p.Identifiers, id) })
			}
			return events, err
		})
	},
	"Export": func(a *asking) any {
		return a.each(func(id profile.Identifier) (any, error) {
			var b bytes.Buffer
			if err := a.v.Export(a.Context(), id, &b); err != nil {
				return nil, err
			}
			var d map[string]any
			err := json.Unmarshal(b.Bytes(), &d)
			for _, of := range []string{"epoch", "profile", "as_of", "stages", "events"} { // of the store, and of what it saw; as Timeline
				delete(d, of)
			}
			return d, err
		})
	},
	"Evidence": func(a *asking) any {
		return a.each(func(id profile.Identifier) (any, error) {
			if _, err := a.v.Profile(a.Context(), id); err != nil {
				return nil, err
			}
			steps, err := a.v.Evidence(a.Context(), id)
			for _, s := range steps { // of a pair that is one person in either store
				if !slices.ContainsFunc(a.who, func(id profile.Identifier) bool { return id == s.From }) {
					return s, err
				}
			}
			return nil, err
		})
	},
	"ExplainIdentity": func(a *asking) any {
		return a.each(func(id profile.Identifier) (any, error) {
			if _, err := a.v.Profile(a.Context(), id); err != nil {
				return nil, err
			}
			why, err := a.v.ExplainIdentity(a.Context(), id, id)
			return err == nil && why.Together, err
		})
	},
	"FlipsBefore": func(a *asking) any {
		return a.perExpr(func(e segment.Expr) any {
			flips, err := all(a.v.FlipsBefore(a.Context(), e, a.v.AsOf().AddDate(1, 0, 0)))
			if err != nil {
				return err.Error()
			}
			var names []string
			for _, f := range flips {
				names = append(names, fmt.Sprint(f.At, a.name(f.Profile), f.Enters))
			}
			slices.Sort(names)
			return names
		})
	},
	"Follow": func(a *asking) any {
		ordinals := make([]profile.ID, 200)
		for i := range ordinals {
			ordinals[i] = profile.MakeID(0, uint32(i))
		}
		set, err := segment.CollectSet(slices.Values(ordinals))
		if err != nil {
			a.Fatal(err)
		}
		return a.set(a.v.Follow(a.Context(), set))
	},
	"Stuck": func(a *asking) any {
		set, err := a.v.Stuck(a.Context(), "buyer", 0)
		return err == nil && a.set(set, err) != nil
	},
	"StageMoves": func(a *asking) any {
		moves, err := all(a.v.StageMoves(a.Context(), time.Time{}, time.Time{}))
		for _, m := range moves {
			a.name(m.Profile)
		}
		return err
	},
	"StagePath": func(a *asking) any {
		for o := range uint32(200) {
			if path, err := a.v.StagePath(a.Context(), profile.MakeID(0, o)); err == nil && len(path) > 0 {
				a.name(profile.MakeID(0, o))
			}
		}
		return nil
	},
	"StageFlow": func(a *asking) any {
		flow, err := a.v.StageFlow(a.Context(), epoch0, a.v.AsOf())
		if err != nil {
			return err
		}
		sizes := make([]uint64, len(flow.Stages))
		for _, row := range flow.Counts {
			for i, n := range row {
				sizes[i] += n
			}
		}
		return []any{flow.Stages[:2], sizes[:2]}
	},
	"StageTimes": func(a *asking) any {
		times, err := a.v.StageTimes(a.Context(), "buyer", time.Time{}, time.Time{})
		return err == nil && times != nil
	},
	"Changes": func(a *asking) any {
		changes, err := all(a.v.Changes(a.Context(), portrait.Cursor{}))
		for _, c := range changes {
			a.name(c.Profile)
			for _, o := range c.Others {
				a.name(o)
			}
		}
		return err
	},
	"Lists": func(a *asking) any { return len(a.v.Lists()) },
	"Plan": func(a *asking) any {
		_, err := a.v.Plan(a.Context(), a.asked[3])
		return err
	},
	"insight, with a report": func(a *asking) any {
		audience := segment.MustParse(`age > 40`)
		c, err := insight.Characterise(a.Context(), a.v, insight.Characterisation{Audience: audience})
		if err != nil {
			return err
		}
		m, err := insight.Measure(a.Context(), a.v, spent, insight.NumberQuestion{Audience: audience})
		if err != nil {
			return err
		}
		both, err := insight.Overlap(a.Context(), a.v, segment.Expr{}, 0, insight.Segment{Name: "a", Expr: a.asked[2]}, insight.Segment{Name: "b", Expr: a.asked[6]})
		if err != nil {
			return err
		}
		r := &insight.Report{Title: "people"}
		r.Audience("audience", c, 10)
		r.Numbers("numbers", m)
		r.Overlap("overlap", both, 3)
		var page bytes.Buffer
		err = r.WriteHTML(&page)
		figures, fault := json.Marshal([]any{c, m, both})
		return []any{string(figures), page.String(), err, fault}
	},
	"AsOf": func(a *asking) any { return a.v.AsOf() },
}

// unasked are the methods that answer nothing about anybody, or are asked otherwise.
var unasked = map[string]string{
	"Close": "it ends the view", "Cursor": "a place in the feed", "Epoch": "a number of the store",
	"TagHistory": "definitions alone", "SegmentHistory": "definitions alone",
	"Withheld": "the number of those left out, in TestFor_nobody", "Flows": "numbers, in TestFor_nobody",
	"Digest": "refused", "Identifiers": "refused", "IdentityHealth": "refused", "Merges": "refused", "Decisions": "refused",
	"Refusals": "refused", "Suggestions": "refused",
}

// refusedFor asks a view for a purpose what it does not answer.
func refusedFor(t *testing.T, v *portrait.View) {
	t.Helper()
	errs := map[string]error{}
	_, errs["Digest"] = v.Digest(t.Context(), time.Time{})
	_, errs["IdentityHealth"] = v.IdentityHealth(t.Context())
	_, errs["Identifiers"] = all(v.Identifiers(t.Context()))
	_, errs["Merges"] = all(v.Merges(t.Context(), 0))
	_, errs["Decisions"] = all(v.Decisions(t.Context(), 0))
	_, errs["Refusals"] = all(v.Refusals(t.Context(), 0))
	_, errs["Suggestions"] = all(v.Suggestions(t.Context()))
	for name, reason := range unasked {
		if reason == "refused" && !errors.Is(errs[name], privacy.ErrNotAllowed) {
			t.Errorf("View.%s is not refused: %v", name, errs[name])
		}
	}
}
