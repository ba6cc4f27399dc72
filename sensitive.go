package portrait

import (
	"slices"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/tags"
)

// sensitivity is what of a model only some roles may read.
type sensitivity struct {
	// traits are those that are declared sensitive, and computed ones that read such.
	traits map[string]bool
	// veiled are the events whose properties they are computed from.
	veiled nameSet
	// guarded and hushed are the events that traits declared sensitive name themselves: for
	// what their properties say, and, where that they happened is what the trait tells, for
	// that alone.
	guarded, hushed nameSet
	// labels is what tags and tracked segments read of it, by name; nil for one that reads
	// nothing.
	labels map[string]*secrets
}

// secrets is what one tag reads, through others too, that only some roles may.
type secrets struct {
	traits []string
	events bool // what traits declared sensitive are computed from
}

// nameSet is names of events, AnyEvent among them for all.
type nameSet map[string]bool

// touches reports whether an event, or any where it is AnyEvent, is in the set.
func (s nameSet) touches(event string) bool {
	return s[event] || s[profile.AnyEvent] || event == profile.AnyEvent && len(s) > 0
}

// sense works out what is sensitive.
func (c *catalog) sense() {
	c.sensitive = sensitivity{traits: map[string]bool{}, veiled: nameSet{}, guarded: nameSet{}, hushed: nameSet{}, labels: map[string]*secrets{}}
	for name, t := range c.model.Traits {
		if !t.Sensitive {
			continue
		}
		c.sensitive.traits[name] = true
		if x := c.traits[name].Compute; x != nil {
			c.guard(syntax.MentionsOf(x))
		}
	}
	if len(c.sensitive.traits) == 0 {
		return
	}
	for name, info := range c.traits {
		if info.Compute != nil && c.reveals(&syntax.Exists{X: info.Compute}, map[string]bool{}) {
			c.sensitive.traits[name] = true
		}
	}
	for name := range c.sensitive.traits {
		if value := c.computed[name]; value != nil {
			for _, event := range value.Deps().Events {
				c.sensitive.veiled[event] = true
			}
		}
	}
	for t := range c.labels() {
		s := &secrets{}
		if c.secretsOf(t, s, map[string]bool{}); s.events || len(s.traits) > 0 {
			c.sensitive.labels[t.def.Name] = s
		}
	}
}

// guard notes the events that a trait declared sensitive names.
func (c *catalog) guard(named []syntax.Mention) {
	for _, m := range named {
		switch {
		case m.Kind == syntax.MentionEvent && m.Bare:
			c.sensitive.hushed[m.Name] = true
		case m.Kind == syntax.MentionEvent:
			c.sensitive.guarded[m.Name] = true
		case m.Kind == syntax.MentionInterest:
			for _, s := range c.interests[m.Name].Sources {
				c.sensitive.guarded[s.Event] = true
			}
		}
	}
}

// guards reports whether what is asked of events is what a trait declared sensitive is
// computed from.
func (c *catalog) guards(m syntax.Mention) bool {
	s := &c.sensitive
	if m.Kind == syntax.MentionInterest {
		return slices.ContainsFunc(c.interests[m.Name].Sources, func(x syntax.InterestSource) bool {
			return s.hushed.touches(x.Event) || s.guarded.touches(x.Event)
		})
	}
	return m.Kind == syntax.MentionEvent && (s.hushed.touches(m.Name) || !m.Bare && s.guarded.touches(m.Name))
}

// secretsOf adds what a tag reads that only some roles may. What a computed trait reads
// that is not sensitive the model has said everybody may.
func (c *catalog) secretsOf(t *tag, s *secrets, done map[string]bool) {
	if done[t.def.Name] {
		return
	}
	done[t.def.Name] = true
	for _, m := range mentioned(t.def) {
		switch m.Kind {
		case syntax.MentionTrait:
			if c.sensitive.traits[m.Name] {
				s.traits = append(s.traits, m.Name)
			}
		case syntax.MentionTag:
			if inner := c.labelledAny(m.Name); inner != nil {
				c.secretsOf(inner, s, done)
			}
		default:
			s.events = s.events || c.guards(m)
		}
	}
}

// mentioned lists what the rules and the formula of a definition name.
func mentioned(d tags.Definition) []syntax.Mention {
	all := syntax.Mentions(d.Rule.Tree())
	for _, tier := range d.Tiers {
		all = append(all, syntax.Mentions(tier.Rule.Tree())...)
	}
	if !d.Value.IsZero() {
		all = append(all, syntax.MentionsOf(d.Value.Tree())...)
	}
	return all
}

// reveals reports whether an expression reads a sensitive trait, through whatever tags and
// computed traits. done has the names that were looked at.
func (c *catalog) reveals(e syntax.Expr, done map[string]bool) bool {
	reads := syntax.Read(e)
	for _, name := range reads.Traits {
		if c.sensitive.traits[name] {
			return true
		}
		if info := c.traits[name]; info.Compute != nil && !done["trait "+name] {
			done["trait "+name] = true
			if c.reveals(&syntax.Exists{X: info.Compute}, done) {
				return true
			}
		}
	}
	for _, name := range reads.Tags {
		if done["tag "+name] {
			continue
		}
		done["tag "+name] = true
		if t := c.labelledAny(name); t != nil && c.tagReveals(t, done) {
			return true
		}
	}
	return false
}

// tagReveals is reveals of a tag: of its rule and of its values.
func (c *catalog) tagReveals(t *tag, done map[string]bool) bool {
	if c.reveals(t.rule, done) {
		return true
	}
	x := t.def.Operand()
	return x != nil && c.reveals(&syntax.Exists{X: x}, done)
}
