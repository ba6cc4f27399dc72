package portrait

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// editList changes a list, or makes it.
func (t *txn) editList(name, namespace string, add, remove []string) (segment.Uploaded, error) {
	report := segment.Uploaded{Kind: "plain", Lines: int64(len(add) + len(remove))}
	old := findList(t.db.lists, name)
	l := &list{about: segment.List{Name: name, Namespace: namespace}}
	if old != nil {
		if namespace != "" && namespace != old.about.Namespace {
			return report, fmt.Errorf("portrait: list %q: it holds identifiers of %q, not of %q", name, old.about.Namespace, namespace)
		}
		*l = *old
	}
	if err := t.knownNamespace(l.about.Namespace); err != nil {
		return report, fmt.Errorf("portrait: list %q: %w", name, err)
	}
	if old == nil {
		l.field = t.newField(fieldRecord{Use: useList, Name: name}, segment.Bitmap)
	}
	wanted := map[identity.Token]bool{}
	for i, text := range slices.Concat(add, remove) {
		token, known, err := t.lookUp(l.about.Namespace, text, &report)
		if err != nil {
			return report, err
		}
		if known {
			if _, twice := wanted[token]; twice {
				report.Duplicate++
				report.Matched--
			}
			wanted[token] = i < len(add)
		}
	}
	tokens := slices.SortedFunc(maps.Keys(wanted), compareTokens)
	for len(tokens) > 0 {
		n := samePart(tokens)
		if err := t.editPart(l, tokens[:n], wanted); err != nil {
			return report, err
		}
		tokens = tokens[n:]
	}
	l.about.At = profile.Instant(max(int64(t.meta.instant), int64(t.db.now()))).Time()
	t.batch.Set(keys.AppendList(nil, uint32(l.field)), appendList(nil, &l.about))
	t.lists = append(without(t.db.lists, old), l)
	t.attest(didEdit, listDetail(name, l.about.Identifiers), slices.Collect(maps.Keys(wanted))...)
	asked := t.cat.asksList(name) != ""
	if asked {
		t.passTimeOfPeople()
	}
	moves, err := t.relistMembers(l, wanted)
	if err == nil && asked {
		err = t.moveListed(name, moves)
	}
	return report, err
}

// knownNamespace returns an error for a namespace that the model does not declare.
func (t *txn) knownNamespace(namespace string) error {
	for _, n := range t.cat.identity().Namespaces {
		if n.Name == namespace {
			return nil
		}
	}
	return fmt.Errorf("the model declares no namespace %q", namespace)
}

// lookUp finds the identifier that a text names, and counts what became of it.
func (t *txn) lookUp(namespace, text string, report *segment.Uploaded) (token identity.Token, known bool, err error) {
	id, err := t.cat.rules.Clean(profile.Identifier{Namespace: namespace, Value: text})
	if err != nil {
		if drop, ok := errors.AsType[*identity.DropError](err); ok && drop.Reason == identity.Blocked {
			report.Blocked++
		} else {
			report.Invalid++
		}
		return token, false, nil
	}
	token = t.db.tokens.Token(id)
	n, err := t.node(token)
	if err != nil {
		return token, false, err
	}
	if n == nil {
		if _, gone := t.suppression(token); gone {
			report.Erased++
		} else {
			report.Unknown++
		}
		return token, false, nil
	}
	report.Matched++
	return token, true, nil
}

// editPart puts tokens of one part into it, or takes them out.
func (t *txn) editPart(l *list, tokens []identity.Token, wanted map[identity.Token]bool) error {
	key := keys.AppendListPart(nil, uint32(l.field), tokens[0])
	data, _, err := t.get(key)
	if err != nil {
		return err
	}
	have, err := readPart(data)
	if err != nil {
		return err
	}
	before := len(have)
	have = slices.DeleteFunc(have, func(token identity.Token) bool {
		_, edited := slices.BinarySearchFunc(tokens, token, compareTokens)
		return edited
	})
	for _, token := range tokens {
		if wanted[token] {
			have = append(have, token)
		}
	}
	slices.SortFunc(have, compareTokens)
	l.about.Identifiers += int64(len(have) - before)
	if len(have) == 0 {
		t.batch.Delete(key)
		return nil
	}
	t.batch.Set(key, appendPart(nil, have))
	return nil
}

// relistMembers sets the bits of the profiles of some identifiers, which are in the list
// or not as wanted says, and of the others as the list was before. It returns whom that
// moves, in the order of their tokens.
func (t *txn) relistMembers(l *list, wanted map[identity.Token]bool) (moves []listMove, err error) {
	done := map[identity.Token]bool{}
	tokens := slices.SortedFunc(maps.Keys(wanted), compareTokens)
	for _, token := range tokens {
		n, err := t.must(token)
		if err != nil {
			return nil, err
		}
		if done[n.root] {
			continue
		}
		done[n.root] = true
		c, err := t.component(n)
		if err != nil {
			return nil, err
		}
		p, err := t.personBefore(c)
		if err != nil {
			return nil, err
		}
		if p == nil {
			continue
		}
		on := false
		for _, m := range c.members {
			is, edited := wanted[m]
			if !edited {
				if is, err = t.listed(l, []identity.Token{m}); err != nil {
					return nil, err
				}
			}
			on = on || is
		}
		was, err := t.db.index.Root().Contains(t, l.field, p.ordinal)
		if err != nil {
			return nil, err
		}
		if was != on {
			t.index.Set(l.field, p.ordinal, on)
			moves = append(moves, listMove{p, on})
		}
	}
	return moves, nil
}

func compareTokens(a, b identity.Token) int { return bytes.Compare(a[:], b[:]) }
