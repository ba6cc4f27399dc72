package tags

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// Truth is what is known of a condition: where a value is missing, a condition on
// it is neither true nor false.
type Truth uint8

// The truths, in the order in which "and" takes the least and "or" the greatest.
const (
	False Truth = iota
	Unknown
	True
)

// String returns "false", "unknown" or "true".
func (t Truth) String() string {
	switch t {
	case False:
		return "false"
	case True:
		return "true"
	}
	return "unknown"
}

// MarshalText returns the truth as String does.
func (t Truth) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// Explanation tells of one condition what its answer is and why.
type Explanation struct {
	// Text is the condition in canonical form.
	Text string `json:"text"`
	// Holds is the answer: what counts in the whole. A condition on a missing
	// value does not hold, and its negation does.
	Holds bool `json:"holds"`
	// Truth is what is known: Unknown where the answer hangs on a missing value.
	Truth Truth `json:"truth"`
	// Values are the operands of a condition that are no constants.
	Values []Operand `json:"values,omitempty"`
	// Wants says, where a number is compared with a constant, how far it is from
	// another answer: "needs 2 more", "ends if it falls by 3". Empty where that is no
	// matter of a number, and of a tag, whose rule has it.
	Wants string `json:"wants,omitempty"`
	// Until is the instant at which Holds changes if nothing happens, or
	// [profile.Never], which JSON leaves out.
	Until profile.Instant `json:"-"`
	// Parts explain what the condition combines; of a tag, its rule, unless whoever asked
	// may not read that. All mentions of one tag share its explanation.
	Parts []*Explanation `json:"parts,omitempty"`
}

// MarshalJSON writes Until in RFC 3339 form.
func (e *Explanation) MarshalJSON() ([]byte, error) {
	type plain Explanation
	var until string
	if e.Until != profile.Never {
		until = e.Until.String()
	}
	return json.Marshal(struct {
		*plain
		Until string `json:"until,omitempty"`
	}{(*plain)(e), until})
}

// Operand is one value that a condition looked at.
type Operand struct {
	// Text is how the rule names it.
	Text string `json:"text"`
	// Value is what it was, null where it was missing.
	Value profile.Value `json:"value"`
	// Until is the instant at which Value changes if nothing happens, or an earlier
	// one, or [profile.Never], which JSON leaves out; of what goes on with now() it is
	// that at which it goes on otherwise.
	Until profile.Instant `json:"-"`
	// Witnesses are the stamps of the events that made Value so: of a sequence, those
	// of the match that ends last, a stamp for each step; of latest and earliest, one
	// for each value. Of what is counted and added up there are none.
	Witnesses []profile.Stamp `json:"-"`
	// Grounds says how sure Value is, of a place that a person is found at: "there on 14 of
	// 16 days", or "nowhere on 3 of 2 days" where that is why there is none; and where a consent comes from. Else empty.
	Grounds string `json:"grounds,omitempty"`
	// Events are what the log of the store still knows of the events behind Value, in
	// the order of time: those of Witnesses, and of what is counted and added up the
	// latest few. A program does not know them; the store fills them in.
	Events []Witness `json:"events,omitempty"`
	// Since is set where events before it are not in Value, since what it needs was
	// declared later and the log did not reach back. The store fills it in.
	Since time.Time `json:"since,omitzero"`
}

// Witness is one event that made a value what it is.
type Witness struct {
	At        time.Time `json:"at"` // UTC
	Event     string    `json:"event,omitempty"`
	Source    string    `json:"source,omitempty"`
	MessageID string    `json:"messageId,omitempty"`
}

// MarshalJSON writes Until and the times of Witnesses in RFC 3339 form.
func (o Operand) MarshalJSON() ([]byte, error) {
	type plain Operand
	var until string
	if o.Until != profile.Never {
		until = o.Until.String()
	}
	var witnesses []string
	for _, w := range o.Witnesses {
		witnesses = append(witnesses, w.At.String())
	}
	return json.Marshal(struct {
		plain
		Until     string   `json:"until,omitempty"`
		Witnesses []string `json:"witnesses,omitempty"`
	}{plain(o), until, witnesses})
}

// witness is an operand that knows which events made it what it is.
type witness interface {
	witnesses(st *profile.State, now profile.Instant) []profile.Stamp
}

// grounded is an operand that says how sure its value is.
type grounded interface {
	grounds(st *profile.State, now profile.Instant) string
}

// Explain returns why the rule holds of a state at now or does not.
func (p *Program) Explain(st *profile.State, now profile.Instant) *Explanation {
	return p.ExplainFor(st, now, func(string) bool { return false })
}

// ExplainFor is Explain to somebody who may not read the rules of the tags of which hidden
// holds, by name: of those it tells whether they hold, and until when. Neither Parts nor
// Truth then tell what a rule looked at, or that it was missing.
func (p *Program) ExplainFor(st *profile.State, now profile.Instant, hidden func(tag string) bool) *Explanation {
	x := &explainer{state: st, now: now, hidden: hidden, rules: map[*part]*Explanation{}}
	return x.explain(p.root)
}

type explainer struct {
	state *profile.State
	now   profile.Instant
	// hidden says of which tags the rules are not told.
	hidden func(tag string) bool
	rules  map[*part]*Explanation // of tags: each is explained once, however often it is named
}

// rule explains the rule of a tag.
func (x *explainer) rule(p *part) *Explanation {
	e, ok := x.rules[p]
	if !ok {
		e = x.explain(p)
		x.rules[p] = e
	}
	return e
}

func (x *explainer) explain(p *part) *Explanation {
	a := settle(p.node, x.state, x.now)
	e := &Explanation{Text: syntax.Print(p.expr), Holds: a.ok, Until: a.until}
	ref, isTag := p.expr.(*syntax.TagRef)
	if isTag && x.hidden(ref.Name) {
		e.Truth = truthOf(a.ok)
		return e
	}
	for _, sub := range p.parts {
		if isTag {
			e.Parts = append(e.Parts, x.rule(sub))
			continue
		}
		e.Parts = append(e.Parts, x.explain(sub))
	}
	missing := false
	for i, o := range p.operands {
		r := p.values[i].read(x.state, x.now)
		missing = missing || !r.ok
		if _, isConstant := o.(*syntax.Literal); !isConstant {
			e.Values = append(e.Values, x.operand(o, p.values[i], &r))
		}
	}
	if n, ok := p.node.(*agreed); ok && !isTag {
		e.Values = n.explain(x.state, x.now)
	}
	e.Truth = truth(p.expr, e.Parts, missing, a.ok)
	if ask, ok := p.node.(*ask); ok && !isTag { // A tag is asked as its rule is.
		e.Wants = ask.wants(x.state, x.now)
	}
	return e
}

// operand explains one value.
func (x *explainer) operand(o syntax.Operand, compiled operand, r *reading) Operand {
	out := Operand{Text: syntax.PrintOperand(o), Until: lasts(compiled, r, x.state, x.now)}
	if r.ok {
		out.Value = r.value
	}
	if r.clock != nil && r.clock.ago == nil {
		out.Until = r.until
	}
	if w, ok := compiled.(witness); ok {
		out.Witnesses = w.witnesses(x.state, x.now)
	}
	if g, ok := compiled.(grounded); ok {
		out.Grounds = g.grounds(x.state, x.now)
	}
	return out
}

// truth combines what is known of the parts (Kleene's logic).
func truth(e syntax.Expr, parts []*Explanation, missing, holds bool) Truth {
	switch e := e.(type) {
	case *syntax.And:
		return least(parts)
	case *syntax.Or:
		return greatest(parts)
	case *syntax.Not:
		return True - parts[0].Truth
	case *syntax.Minus:
		return min(parts[0].Truth, True-greatest(parts[1:]))
	case *syntax.TagRef:
		return parts[0].Truth
	case *syntax.Xor:
		if count(parts, Unknown) > 0 {
			return Unknown
		}
	case *syntax.AtLeast:
		yes, maybe := count(parts, True), count(parts, Unknown)
		if yes < e.K && yes+maybe >= e.K {
			return Unknown
		}
		return truthOf(yes >= e.K)
	case *syntax.Exists:
		return truthOf(holds)
	}
	if missing {
		return Unknown
	}
	return truthOf(holds)
}

func least(parts []*Explanation) Truth {
	t := True
	for _, p := range parts {
		t = min(t, p.Truth)
	}
	return t
}

func greatest(parts []*Explanation) Truth {
	t := False
	for _, p := range parts {
		t = max(t, p.Truth)
	}
	return t
}

func count(parts []*Explanation, t Truth) int {
	n := 0
	for _, p := range parts {
		if p.Truth == t {
			n++
		}
	}
	return n
}

func truthOf(holds bool) Truth {
	if holds {
		return True
	}
	return False
}

// String returns the explanation as an indented list, a line for each condition:
// its truth, its text, the values that it looked at and when it changes.
func (e *Explanation) String() string {
	var b strings.Builder
	e.write(&b, 0)
	return b.String()
}

func (e *Explanation) write(b *strings.Builder, depth int) {
	fmt.Fprintf(b, "%-8s%s%s", e.Truth, strings.Repeat("  ", depth), e.Text)
	for i, o := range e.Values {
		sep := ", "
		if i == 0 {
			sep = "  -- "
		}
		value := o.Value.String()
		if o.Value.IsNull() {
			value = "missing"
		}
		fmt.Fprintf(b, "%s%s is %s", sep, o.Text, value)
		if o.Grounds != "" {
			fmt.Fprintf(b, " (%s)", o.Grounds)
		}
		if !o.Since.IsZero() {
			fmt.Fprintf(b, " (of events since %s)", o.Since.Format(time.RFC3339Nano))
		}
	}
	if e.Wants != "" {
		b.WriteString(", " + e.Wants)
	}
	if e.Until != profile.Never {
		fmt.Fprintf(b, " (until %s)", e.Until)
	}
	b.WriteByte('\n')
	for _, o := range e.Values {
		for _, w := range o.Events {
			fmt.Fprintf(b, "%-8s%s  %s %s\n", "", strings.Repeat("  ", depth), w.At.Format(time.RFC3339Nano), w)
		}
	}
	for _, p := range e.Parts {
		p.write(b, depth+1)
	}
}

// String names the event, as far as it is known.
func (w Witness) String() string {
	parts := []string{}
	for _, s := range [...]string{w.Event, w.Source, w.MessageID} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if len(parts) == 0 {
		return "an event that is no longer kept"
	}
	return strings.Join(parts, " ")
}
