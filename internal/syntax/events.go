package syntax

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/portraitdb/portrait/profile"
)

// clauses are what stands within a function of events, as it is used.
var clauses = map[string]string{
	"where": `count("event", where(price > 100))`, "by": `top(3, "event", "property", by("number"))`,
	"last": `count("event", last("30d"))`, "between": `count("event", between("60d", "30d"))`, "since": `count("event", since("2026-01-31"))`,
	"this": `count("event", this("month"))`, "today": `count("event", today())`,
	"step": `sequence(step("event", where(price > 100), within("1h")), "event")`, "without": `sequence("event", without("event"), "event")`,
	"within": `sequence("event", "event", within("2h"))`, "same": `sequence("event", "event", same("property"))`,
	"overlapping": `sequence_count("event", "event", overlapping())`,
	"during":      `dwell("event", "point", during("22-7"))`, "cell": `dwell("event", "point", cell(16))`,
	"min_days": `dwell("event", "point", min_days(3))`, "except": `dwell("event", "point", during("leisure"), except(home, work))`,
}

// Bounds of what a function of events may ask for.
const (
	maxValues   = 1_000 // that top, latest, earliest and interests give
	maxSteps    = 20
	maxFilters  = 60 // of a sequence
	maxMinutes  = 10_080
	maxHours    = 8_784
	maxDays     = 36_600
	maxDecimals = 6
)

var periodNames = [...]string{ThisDay: "day", ThisWeek: "week", ThisMonth: "month", ThisQuarter: "quarter", ThisYear: "year"}

// aggregate reads the arguments of a function that folds events.
func (p *parser) aggregate(name token, fn Fn) (Operand, *Error) {
	x := &Aggregate{Fn: fn, Pos: Pos(name.pos)}
	if fn == Dwell {
		x.Stay = usualStay()
	}
	if fn.picks() {
		n, err := p.wholeNumber(name, maxValues)
		if err != nil {
			return nil, err
		}
		if err := p.comma(name); err != nil {
			return nil, err
		}
		x.N = n
	}
	event := p.tok
	var err *Error
	if x.Event, err = p.string(name); err != nil {
		return nil, err
	}
	if x.Event == "" {
		return nil, faultAt(event.pos, event.end-event.pos, "", "the event's name is empty")
	}
	switch {
	case fn.folds():
		err = p.second(name, func(t token) *Error {
			x.Property = t.text
			if t.text == "" {
				return faultAt(t.pos, t.end-t.pos, "", "the property's name is empty")
			}
			return nil
		})
	case fn == Sessions:
		err = p.second(name, func(t token) (err *Error) {
			x.Gap, err = p.span(t)
			return err
		})
	}
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for p.is(",") {
		if err := p.advance(); err != nil {
			return nil, err
		}
		if err := p.aggregateClause(name, x, seen); err != nil {
			return nil, err
		}
	}
	if !p.is(")") {
		return nil, p.noClause(name)
	}
	return x, p.advance()
}

// second reads the second string of a function.
func (p *parser) second(name token, take func(t token) *Error) *Error {
	if err := p.comma(name); err != nil {
		return err
	}
	t := p.tok
	if _, err := p.string(name); err != nil {
		return err
	}
	return take(t)
}

func (p *parser) aggregateClause(name token, x *Aggregate, seen map[string]bool) *Error {
	clause, err := p.clause(name)
	if err != nil {
		return err
	}
	kind := clause.text
	if isWindow(kind) {
		kind = "window"
	}
	if seen[kind] {
		if kind == "window" {
			return faultAt(clause.pos, len(clause.text), "", "%s has one window already", name.text)
		}
		return faultAt(clause.pos, len(clause.text), "", "%s(...) comes twice", clause.text)
	}
	seen[kind] = true
	switch {
	case kind == "where":
		x.Where, err = p.where()
	case kind == "window":
		x.Window, err = p.window(clause)
	case x.Fn == Dwell && isStayClause(kind):
		err = p.stayClause(clause, x.Stay)
	case kind == "by" && x.Fn == Top:
		by := p.tok
		var texts []string
		if texts, err = p.strings(clause, 1); err != nil {
			return err
		}
		if x.By = texts[0]; x.By == "" {
			return faultAt(by.pos, by.end-by.pos, "", "the property's name is empty")
		}
	default:
		more := ""
		if x.Fn == Dwell {
			more = ", during(...), cell(...), min_days(...), except(...)"
		}
		return faultAt(clause.pos, len(clause.text), "what may stand there is where(...)"+more+" and one window: last, between, since, this or today", "%s(...) means nothing in %s", clause.text, name.text)
	}
	if err != nil {
		return err
	}
	return p.expect(")", "to close "+clause.text+"(")
}

// clause reads the name of a clause and its opening bracket.
func (p *parser) clause(of token) (token, *Error) {
	clause := p.tok
	if clause.kind != tokenName || !p.followedBy("(") {
		return clause, p.noClause(of)
	}
	if _, ok := clauses[clause.text]; !ok {
		names := slices.Sorted(maps.Keys(clauses))
		hint := strings.ReplaceAll(suggest(clause.text, names), `"`, "")
		if hint == "" {
			hint = of.text + " is written " + functions[of.text]
			if _, ok := aggregates[of.text]; ok && of.kind != tokenClause {
				hint += "; behind that may follow where(...) and one window: last, between, since, this or today"
			}
		}
		return clause, faultAt(clause.pos, len(clause.text), hint, "%s(...) means nothing in %s", shorten(clause.text), of.text)
	}
	clause.kind = tokenClause
	return clause, p.enter()
}

// noClause is the error that something else stands where a clause may.
func (p *parser) noClause(of token) *Error {
	err := p.misused(of)
	if _, ok := aggregates[of.text]; ok && of.kind != tokenClause {
		err.Hint = `behind that may follow where(...) and one window, such as last("30d")`
	}
	return err
}

// where reads the condition on events within where(.
func (p *parser) where() (Expr, *Error) {
	if p.is(")") {
		return nil, faultAt(p.tok.pos, 1, "as in "+clauses["where"], "where wants a condition on the event's properties")
	}
	return p.expr(precOr)
}

func isWindow(clause string) bool {
	switch clause {
	case "last", "between", "since", "this", "today":
		return true
	}
	return false
}

// window reads the arguments of a window.
func (p *parser) window(name token) (Window, *Error) {
	first := p.tok
	n := 1
	switch name.text {
	case "today":
		n = 0
	case "between":
		n = 2
	}
	texts, err := p.strings(name, n)
	if err != nil {
		return Window{}, err
	}
	w, msg, hint := newWindow(name.text, texts)
	if msg != "" {
		end := first.end
		if n == 2 {
			end = max(first.end, p.before)
		}
		return Window{}, faultAt(first.pos, end-first.pos, hint, "%s", msg)
	}
	return w, nil
}

// newWindow returns the window that a clause means, or what is wrong with it.
func newWindow(kind string, texts []string) (w Window, msg, hint string) {
	switch kind {
	case "today":
		return Window{Kind: This, Period: ThisDay}, "", ""
	case "this":
		i := slices.Index(periodNames[:], texts[0])
		if i < 0 {
			return w, quote(shorten(texts[0])) + " is no period", `the periods are "day", "week", "month", "quarter" and "year"`
		}
		return Window{Kind: This, Period: Period(i)}, "", ""
	case "since":
		v, ok := dateValue(texts[0])
		if !ok {
			if _, _, msg, _ := parseWindow(texts[0]); msg == "" {
				return w, quote(texts[0]) + " is no time", "the running unit and those before it are last(" + quote(texts[0]) + ")"
			}
			return w, quote(shorten(texts[0])) + " is no time", dateHelp
		}
		return Window{Kind: Since, Since: v}, "", ""
	case "between":
		w.Kind = Between
		var unit Unit
		if w.N, w.Unit, msg, hint = parseWindow(texts[0]); msg != "" {
			return w, msg, hint
		}
		if w.M, unit, msg, hint = parseWindow(texts[1]); msg != "" {
			return w, msg, hint
		}
		if unit != w.Unit {
			return w, "both ends of between are counted in one unit", `as in between("60d", "30d")`
		}
	default:
		w.Kind = Last
		if w.N, w.Unit, msg, hint = parseWindow(texts[0]); msg != "" {
			return w, msg, hint
		}
	}
	msg, hint = w.fault()
	return w, msg, hint
}

// fault says what is wrong with a window, or "".
func (w Window) fault() (msg, hint string) {
	switch w.Kind {
	case Lifetime, Since:
		return "", ""
	case This:
		if w.Period > ThisYear {
			return "an unknown period", ""
		}
		return "", ""
	case Last, Between:
	default:
		return "an unknown kind of window", ""
	}
	switch {
	case w.Unit > Year || w.N < 1 || w.N > maxWindow[w.Unit]:
		return "a window is 1 to 200 years long", ""
	case w.Kind == Between && (w.M < 1 || w.M >= w.N):
		return "between goes from the longer time ago to the shorter", fmt.Sprintf(`as in between("60d", "30d"): not the last 30 days, but the 30 before them; the last %s is last("%s")`, windowText(w.N, w.Unit), windowText(w.N, w.Unit))
	}
	most, hint := maxDays, ""
	switch w.Unit {
	case Minute:
		most, hint = maxMinutes, "count longer windows in hours or days"
	case Hour:
		most, hint = maxHours, "count longer windows in days"
	}
	if w.buckets() > most {
		return fmt.Sprintf("a window of %s is too long: at most %d %ss", windowText(w.N, w.Unit), most, unitNames[w.Grain()]), hint
	}
	return "", ""
}

var unitNames = [...]string{profile.ByMinute: "minute", profile.ByHour: "hour", profile.ByDay: "day"}
