package identity

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/portraitdb/portrait/profile"
)

// The greatest lengths of a value in bytes: of a clean one, and of one that is
// worth normalising at all.
const (
	maxValueLen = 1024
	maxRawLen   = 8 * maxValueLen
)

// Reason says why an identifier was dropped.
type Reason string

// The reasons for dropping an identifier.
const (
	UnknownNamespace Reason = "unknown_namespace" // not declared
	Blocked          Reason = "blocked"           // a placeholder, or on the namespace's list
	Empty            Reason = "empty"             // nothing, or nothing left by the normalisers
	TooLong          Reason = "too_long"          // more than Namespace.MaxLength
	Invalid          Reason = "invalid"           // not UTF-8, a control character, or not of the namespace's form
	TooMany          Reason = "too_many"          // beyond Config.MaxIdentifiers
	Suppressed       Reason = "suppressed"        // of somebody who was erased, or whom Privacy.Suppress keeps out
)

// DropError says why an identifier does not count. It holds no part of the
// value, so that it may be logged.
type DropError struct {
	// Namespace is the identifier's own, declared or not.
	Namespace string
	// Position is the place in the list that was given to Select; 0 from Clean.
	Position int
	// Reason is the class of the fault.
	Reason Reason
	// Rule is what the value broke: the rule of the default list, the pattern, the
	// name of the function or of the normaliser, with "panicked" behind it where a
	// function of the host's did. It is empty where the reason says all: for
	// UnknownNamespace, Empty, TooMany and Suppressed.
	Rule string
}

// Error names the namespace, the reason and the rule.
func (e *DropError) Error() string {
	if e.Rule == "" {
		return fmt.Sprintf("identifier of %q dropped: %s", e.Namespace, e.Reason)
	}
	return fmt.Sprintf("identifier of %q dropped: %s (%s)", e.Namespace, e.Reason, e.Rule)
}

// Clean brings an identifier to the one spelling of its namespace. The error is
// a *DropError. Cleaning a clean identifier gives the same.
func (r *Rules) Clean(id profile.Identifier) (profile.Identifier, error) {
	ns := r.byName[id.Namespace]
	if ns == nil || ns.name == Nameless {
		return profile.Identifier{}, &DropError{Namespace: id.Namespace, Reason: UnknownNamespace}
	}
	value, reason, rule := ns.clean(id.Value)
	if reason != "" {
		return profile.Identifier{}, &DropError{Namespace: ns.name, Reason: reason, Rule: rule}
	}
	return profile.Identifier{Namespace: ns.name, Value: value}, nil
}

// Nameless is the namespace of profiles that name nobody: what stays of people who were
// made anonymous. No rules declare it, Clean refuses it, so that nothing that comes in
// reaches one, and none of them has an edge.
const Nameless = "nameless"

// Kept is Clean of an identifier that is stored: a nameless one is as it should be.
func (r *Rules) Kept(id profile.Identifier) (profile.Identifier, error) {
	if id.Namespace == Nameless {
		return id, nil
	}
	return r.Clean(id)
}

// clean returns the normalised value, or why there is none.
func (ns *namespace) clean(raw string) (value string, reason Reason, rule string) {
	if len(raw) > maxRawLen {
		return "", TooLong, ns.tooLong()
	}
	if !utf8.ValidString(raw) {
		return "", Invalid, "utf-8"
	}
	plain := plainForm(raw)
	if plain == "" {
		return "", Empty, ""
	}
	// A placeholder is told by its plain form, before a normaliser takes its
	// letters away, and by its normal form, after one took its dashes.
	if reason, rule := ns.blocks(plain); reason != "" {
		return "", reason, rule
	}
	value, fault := ns.normalize(raw)
	switch {
	case fault != "":
		return "", Invalid, fault
	case value == "":
		return "", Empty, ""
	case len(value) > ns.longest:
		return "", TooLong, ns.tooLong()
	case strings.ContainsFunc(value, unicode.IsControl):
		return "", Invalid, "control character"
	}
	if value != plain {
		for _, form := range [...]string{value, plainForm(value)} {
			if form == "" {
				return "", Empty, ""
			}
			if reason, rule := ns.blocks(form); reason != "" {
				return "", reason, rule
			}
		}
	}
	if ns.accept != nil && !ns.accept.MatchString(value) {
		return "", Invalid, ns.accept.String()
	}
	return value, "", ""
}

// tooLong is the rule that a value broke by its length.
func (f *form) tooLong() string { return fmt.Sprintf("%d bytes", f.longest) }

// plainForm is the form in which a value is compared with the blocked lists,
// whatever the namespace's own normalisers are.
func plainForm(s string) string { return trim(nfkc(s)) }

// blocks says by which rule a value is no identifier. The reason is empty if none
// blocks it.
func (ns *namespace) blocks(s string) (reason Reason, rule string) {
	if ns.blocked[s] {
		return Blocked, "blocked value"
	}
	for _, p := range ns.patterns {
		if p.MatchString(s) {
			return Blocked, p.String()
		}
	}
	if ns.defaults {
		if rule, bad := blockedByDefault(s, ns.kind); bad {
			return Blocked, rule
		}
	}
	for _, b := range ns.blockers {
		if reason, rule := b.run(s); reason != "" {
			return reason, rule
		}
	}
	return "", ""
}

// run asks the host's test. A value on which it panics is not of the namespace's
// form, for nobody knows whether it is blocked.
func (b blocker) run(s string) (reason Reason, rule string) {
	defer func() {
		if recover() != nil {
			reason, rule = Invalid, panicked(b.name)
		}
	}()
	if b.test(s) {
		return Blocked, b.name
	}
	return "", ""
}

// Select cleans the identifiers of one event. It returns the ones that count,
// each once, strongest first, at most Config.MaxIdentifiers of them, and says of
// every other why it was dropped, in the order of their positions. The caller
// owns both results; ids is not changed.
func (r *Rules) Select(ids []profile.Identifier) (kept []profile.Identifier, dropped []*DropError) {
	type placed struct {
		id profile.Identifier
		at int
	}
	found := make([]placed, 0, len(ids))
	for i, id := range ids {
		clean, err := r.Clean(id)
		if drop, bad := errors.AsType[*DropError](err); bad {
			drop.Position = i
			dropped = append(dropped, drop)
			continue
		}
		found = append(found, placed{clean, i})
	}
	slices.SortStableFunc(found, func(a, b placed) int { return r.Compare(a.id, b.id) })
	found = slices.CompactFunc(found, func(a, b placed) bool { return a.id == b.id })
	for _, f := range found[min(len(found), r.perCall):] {
		dropped = append(dropped, &DropError{Namespace: f.id.Namespace, Position: f.at, Reason: TooMany})
	}
	slices.SortFunc(dropped, func(a, b *DropError) int { return a.Position - b.Position })
	kept = make([]profile.Identifier, 0, min(len(found), r.perCall))
	for _, f := range found[:min(len(found), r.perCall)] {
		kept = append(kept, f.id)
	}
	return kept, dropped
}
