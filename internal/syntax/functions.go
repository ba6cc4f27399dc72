package syntax

import (
	"github.com/portraitdb/portrait/profile"
)

// functions lists every function as it is used.
var functions = map[string]string{
	"all": "all(a, b, ...)", "any": "any(a, b, ...)", "not": "not(a)", "xor": "xor(a, b, ...)", "minus": "minus(a, b, ...)", "at_least": "at_least(2, a, b, c)",
	"has": `has(trait, "value")`, "contains": `contains(trait, "text")`, "starts_with": `starts_with(trait, "text")`, "ends_with": `ends_with(trait, "text")`,
	"matches": `matches(trait, "pattern")`, "in_list": `in_list("name")`, "consent": `consent("purpose")`, "identified": `identified("namespace")`, "near": `near(point, 31.23, 121.47, "3km")`, "within": `within(point, "place")`, "exists": "exists(trait)", "missing": "missing(trait)", "tag": `tag("name") or tag("name", "value")`, "stage": `stage() = "name"`, "trait": `trait("name")`,
	"count": `count("event")`, "sum": `sum("event", "property")`, "avg": `avg("event", "property")`, "min": `min("event", "property")`,
	"max": `max("event", "property")`, "first": `first("event", "property")`, "last": `last("event", "property")`,
	"first_time": `first_time("event")`, "last_time": `last_time("event")`, "unique": `unique("event", "property")`,
	"most_frequent": `most_frequent("event", "property")`, "top": `top(3, "event", "property", by("number"))`,
	"latest": `latest(5, "event", "property")`, "earliest": `earliest(5, "event", "property")`,
	"days": `days("event")`, "share_of_days": `share_of_days("event", last("30d"))`, "streak": `streak("event")`, "longest_streak": `longest_streak("event")`,
	"sessions": `sessions("event", "30m")`, "first_day_sum": `first_day_sum("event", "property")`, "dwell": `dwell("event", "point", during("home"))`,
	"days_at": "days_at(home)", "days_seen": "days_seen(home)", "confidence": "confidence(home)",
	"sequence": `sequence("event", step("event", within("1h")), without("event"), within("2h"))`, "sequence_count": `sequence_count("event", "event", within("2h"))`,
	"interest": `interest("name") or interest("name", "key")`, "interests": `interests("name", 3)`,
	"namespaces": "namespaces()",
	"sample":     `sample("salt", 0.1)`, "draw": `draw("salt")`, "bucket": `bucket("salt", 3)`,
	"percentile": "percentile(number)", "rank": "rank(number)", "ntile": "ntile(number, 5)",
	"round": "round(x, 2)", "floor": "floor(x)", "ceil": "ceil(x)", "abs": "abs(x)", "least": "least(a, b, ...)", "greatest": "greatest(a, b, ...)",
	"coalesce": "coalesce(a, b, ...)", "if": "if(condition, a, b)", "days_since": "days_since(time)", "days_between": "days_between(a, b)",
	"now": `now() - "36h"`, "ago": `ago("30d")`, "date": `date("2026-01-31")`, "point": "point(31.23, 121.47)",
}

// aggregates are the functions that fold an event.
var aggregates = map[string]Fn{
	"count": Count, "sum": SumOf, "avg": AvgOf, "min": MinOf, "max": MaxOf, "first": FirstOf, "last": LastOf,
	"first_time": FirstTime, "last_time": LastTime, "unique": Unique, "most_frequent": MostFrequent, "top": Top, "latest": Latest, "earliest": Earliest,
	"days": Days, "share_of_days": ShareOfDays, "streak": Streak, "longest_streak": LongestStreak, "sessions": Sessions,
	"dwell": Dwell, "first_day_sum": FirstDaySum,
}

var (
	hasModes        = map[string]HasMode{"any_of": AnyOf, "all_of": AllOf, "none_of": NoneOf}
	matchModes      = map[string]MatchMode{"contains": Contains, "starts_with": StartsWith, "ends_with": EndsWith, "matches": Regex}
	comparisonWords = map[string]Op{"=": Eq, "==": Eq, "!=": Ne, "<": Lt, "<=": Le, ">": Gt, ">=": Ge}
	operatorWords   = [...]string{"and", "or", "in", "not", "any_of", "all_of", "none_of"}
)

// keywords cannot be the bare name of a trait.
var keywords = map[string]bool{
	"and": true, "or": true, "not": true, "in": true, "true": true, "false": true, "any_of": true, "all_of": true, "none_of": true,
}

// isConditionFunction reports whether a function is a condition, and no value.
func isConditionFunction(name string) bool {
	switch name {
	case "all", "any", "xor", "minus", "at_least", "has", "contains", "starts_with", "ends_with", "matches", "exists", "missing", "tag", "sequence", "sample", "near", "within", "in_list", "consent", "identified":
		return true
	}
	return false
}

// conditionCall reads a condition's function behind its opening bracket, up to the
// closing one.
func (p *parser) conditionCall(name token) (Expr, *Error) {
	switch name.text {
	case "all", "any":
		return p.each(name)
	case "xor":
		xs, err := p.exprs()
		return &Xor{X: xs}, err
	case "minus":
		return p.minus(name)
	case "at_least":
		return p.atLeast(name)
	case "has":
		return p.has(name)
	case "exists", "missing":
		return p.exists(name)
	case "tag":
		return p.tag(name)
	case "sample":
		return p.sample(name)
	case "near":
		return p.near(name)
	case "in_list":
		return p.inList(name)
	case "consent":
		return p.consent(name)
	case "identified":
		return p.identified(name)
	case "within":
		return p.inside(name)
	case "sequence":
		x, err := p.sequence(name)
		return &Happened{X: x}, err
	}
	return p.match(name)
}

func comparison(t token) (Op, bool) {
	op, ok := comparisonWords[t.text]
	return op, ok && t.kind == tokenSymbol
}

// isOperator reports whether the token can follow an operand in a condition.
func isOperator(t token) bool {
	_, has := hasModes[t.text]
	_, compares := comparison(t)
	return compares || t.kind == tokenName && (has || t.text == "in" || t.text == "not")
}

// exprs reads conditions up to the closing bracket.
func (p *parser) exprs() ([]Expr, *Error) {
	xs := []Expr{}
	for !p.is(")") {
		if len(xs) > 0 {
			if err := p.expect(",", "or )"); err != nil {
				return nil, err
			}
		}
		x, err := p.expr(precOr)
		if err != nil {
			return nil, err
		}
		xs = append(xs, x)
	}
	return xs, nil
}

func (p *parser) minus(name token) (Expr, *Error) {
	xs, err := p.exprs()
	if err == nil && len(xs) == 0 {
		err = p.misused(name)
	}
	return &Minus{X: xs}, err
}

func (p *parser) atLeast(name token) (Expr, *Error) {
	k, ok := 0, p.tok.kind == tokenNumber
	if ok {
		f, _ := number(p.tok.text)
		k = int(min(f, maxNodes+1))
		ok = float64(k) == min(f, maxNodes+1)
	}
	if !ok {
		return nil, p.misused(name)
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if !p.is(",") {
		return nil, p.misused(name)
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	xs, err := p.exprs()
	if err == nil && (k < 1 || k > len(xs)) {
		err = faultAt(name.pos, len(name.text), "", "at_least wants a number from 1 to that of its conditions, here %d", len(xs))
	}
	return &AtLeast{K: k, X: xs}, err
}

func (p *parser) has(name token) (Expr, *Error) {
	x, err := p.subject(name)
	if err != nil {
		return nil, err
	}
	v, err := p.value()
	return &Has{Mode: AnyOf, X: x, List: []profile.Value{v}, Pos: Pos(name.pos)}, err
}

func (p *parser) match(name token) (Expr, *Error) {
	x, err := p.subject(name)
	if err != nil {
		return nil, err
	}
	text := p.tok
	if text.kind != tokenString {
		return nil, p.misused(name)
	}
	mode := matchModes[name.text]
	if mode == Regex {
		if msg := patternFault(text.text); msg != "" {
			return nil, faultAt(text.pos, text.end-text.pos, "patterns are RE2: no look-around, no back references", "%s", msg)
		}
	}
	return &Match{Mode: mode, X: x, Pattern: text.text, Pos: Pos(name.pos)}, p.advance()
}

func (p *parser) exists(name token) (Expr, *Error) {
	if p.is(")") {
		return nil, p.misused(name)
	}
	x, err := p.operand()
	return &Exists{X: x, Missing: name.text == "missing", Pos: Pos(name.pos)}, err
}

func (p *parser) tag(name token) (Expr, *Error) {
	tag, err := p.string(name)
	if err != nil {
		return nil, err
	}
	e := &TagRef{Name: tag, Pos: Pos(name.pos)}
	if p.is(",") {
		err = p.second(name, func(t token) *Error {
			if e.Value = t.text; e.Value == "" {
				return faultAt(t.pos, t.end-t.pos, "a tag with any value is written without one", "the value is empty")
			}
			return nil
		})
	}
	if err == nil && !p.is(")") {
		err = p.misused(name)
	}
	return e, err
}

// each reads the arguments of all( or any(: conditions or, within where(), a list and
// a condition on its elements.
func (p *parser) each(name token) (Expr, *Error) {
	if p.listAhead() {
		x, err := p.primary()
		if err != nil {
			return nil, err
		}
		if err := p.comma(name); err != nil {
			return nil, err
		}
		if err := p.enter(); err != nil {
			return nil, err
		}
		where, err := p.where()
		if err != nil {
			return nil, err
		}
		return &Each{X: x, Where: where, All: name.text == "all", Pos: Pos(name.pos)}, p.expect(")", "to close where(")
	}
	if t, isName := p.tok, p.tok.kind == tokenQuoted || p.tok.kind == tokenName && !keywords[p.tok.text]; isName && p.followedBy(",") {
		hint := "compare it, or ask of the elements of a list as in " + name.text + "(" + shorten(t.text) + ", where(value = 1))"
		return nil, faultAt(t.pos, t.end-t.pos, hint, "a value is no condition by itself")
	}
	xs, err := p.exprs()
	if name.text == "all" {
		return &And{X: xs}, err
	}
	return &Or{X: xs}, err
}

// listAhead reports whether a name follows, and then where(.
func (p *parser) listAhead() bool {
	ahead, t := p.lexer, p.tok
	take := func(kind tokenKind, text string) bool {
		ok := t.kind == kind && (text == "" || t.text == text)
		var err *Error
		t, err = ahead.next()
		return ok && err == nil
	}
	switch {
	case t.kind == tokenQuoted:
		take(tokenQuoted, "")
	case t.kind == tokenName && !keywords[t.text]:
		called := t.text == "trait"
		take(tokenName, "")
		if called && t.text == "(" && (!take(tokenSymbol, "(") || !take(tokenString, "") || !take(tokenSymbol, ")")) {
			return false
		}
	default:
		return false
	}
	return take(tokenSymbol, ",") && take(tokenName, "where") && t.kind == tokenSymbol && t.text == "("
}

// subject reads a function's first operand and the comma behind it.
func (p *parser) subject(name token) (Operand, *Error) {
	if p.is(")") {
		return nil, p.misused(name)
	}
	x, err := p.operand()
	if err != nil {
		return nil, err
	}
	if !p.is(",") {
		return nil, p.misused(name)
	}
	return x, p.advance()
}
