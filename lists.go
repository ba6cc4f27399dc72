package portrait

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/pack"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// Lists are the uploaded lists of identifiers, which segments ask for with
// in_list("name"). A list holds identifiers that the store knows, by their keyed tokens;
// a profile is in it as long as one of its identifiers is. What is kept live may ask of a
// list that is there: it moves in the commit that changes the list. Its methods may be
// called from any goroutine.
type Lists struct{ db *DB }

// Lists returns the uploaded lists. View.Lists names them.
func (db *DB) Lists() *Lists { return &Lists{db} }

// Lists returns the lists of the view, by name. A view for a purpose does not say how many
// identifiers they hold, and one for a role that may not read what events say has none.
func (v *View) Lists() []segment.List {
	var all []segment.List
	for _, l := range v.epoch.lists {
		if !l.hidden && v.access.events() {
			about := l.about
			if v.access != nil {
				about.Identifiers = 0
			}
			all = append(all, about)
		}
	}
	slices.SortFunc(all, func(a, b segment.List) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// list is one uploaded list. It is immutable, but for relisted.
type list struct {
	about segment.List
	field segment.FieldID
	// hidden is set while it is being filled: commits keep it, and nobody can read it.
	hidden bool
	// relisted are those whose place in the list commits have worked out since it was
	// begun to be told whose its identifiers are; nil before and after. DB.write guards it.
	relisted ordinalSet
}

// appendList appends the record of a list.
func appendList(dst []byte, about *segment.List) []byte {
	dst = pack.AppendArray(append(dst, recordVersion), 4)
	dst = pack.AppendString(pack.AppendString(dst, about.Name), about.Namespace)
	dst = pack.AppendInt(dst, about.Identifiers)
	return pack.AppendInt(dst, int64(profile.InstantOf(about.At)))
}

func decodeList(data []byte) (about segment.List, err error) {
	r := openRecord(data)
	r.Fields("list", 4)
	about.Name, about.Namespace, about.Identifiers = r.String(), r.String(), r.Int()
	about.At = profile.Instant(r.Int()).Time()
	return about, closeRecord("list", &r)
}

// loadLists reads the lists that there are.
func (db *DB) loadLists() error {
	snap, err := db.store.Snapshot()
	if err != nil {
		return err
	}
	defer snap.Close()
	prefix := []byte{keys.List}
	for kv, err := range snap.Scan(prefix, keys.End(prefix)) {
		if err != nil {
			return err
		}
		field, ok := keys.ReadList(kv.Key)
		if !ok {
			return fmt.Errorf("%w: list key of %d bytes", ErrCorrupt, len(kv.Key))
		}
		about, err := decodeList(kv.Value)
		if err != nil {
			return err
		}
		db.lists = append(db.lists, &list{about: about, field: segment.FieldID(field)})
	}
	return nil
}

// mendLists removes what is left of lists that were broken off.
func (db *DB) mendLists() error {
	snap, err := db.store.Snapshot()
	if err != nil {
		return err
	}
	defer snap.Close()
	t := db.begin()
	t.settled = true
	broken := 0
	prefix := []byte{keys.Field}
	for kv, err := range snap.Scan(prefix, keys.End(prefix)) {
		if err != nil {
			t.abort()
			return err
		}
		rec, err := decodeField(kv.Value)
		if err != nil {
			t.abort()
			return err
		}
		id, _ := keys.ReadField(kv.Key)
		if rec.Use != useList || slices.ContainsFunc(db.lists, func(l *list) bool { return l.field == segment.FieldID(id) }) {
			continue
		}
		if !rec.Filling { // it was whole
			t.abort()
			return fmt.Errorf("%w: the record of list %q is not there", ErrCorrupt, rec.Name)
		}
		t.dropList(segment.FieldID(id))
		broken++
	}
	if broken == 0 {
		t.abort()
		return nil
	}
	return t.finish(false)
}

// dropList removes the field and the parts of a list.
func (t *txn) dropList(field segment.FieldID) {
	t.dropField(field)
	prefix := keys.AppendListParts(nil, uint32(field))
	t.batch.DeleteRange(prefix, keys.End(prefix))
	t.batch.Delete(keys.AppendList(nil, uint32(field)))
}

// find returns a list that can be read, or nil.
func findList(lists []*list, name string) *list {
	i := slices.IndexFunc(lists, func(l *list) bool { return !l.hidden && l.about.Name == name })
	if i < 0 {
		return nil
	}
	return lists[i]
}

// listed reports whether any of some identifiers is in a list.
func (t *txn) listed(l *list, members []identity.Token) (bool, error) {
	for _, m := range members {
		t.key = keys.AppendListPart(t.key[:0], uint32(l.field), m)
		part, ok, err := t.get(t.key)
		if err != nil {
			return false, err
		}
		if ok && inPart(part, m) {
			return true, nil
		}
	}
	return false, nil
}

// inPart reports whether a token is among the ascending ones of a part.
func inPart(part []byte, token identity.Token) bool {
	n := len(part) / keys.TokenLen
	i := sort.Search(n, func(i int) bool {
		return bytes.Compare(part[i*keys.TokenLen:(i+1)*keys.TokenLen], token[:]) >= 0
	})
	return i < n && bytes.Equal(part[i*keys.TokenLen:(i+1)*keys.TokenLen], token[:])
}

// relist moves those whose identifiers have changed into and out of the lists, and notes
// which of them everybody touched was in and is in.
func (t *txn) relist(afters map[uint32]bool) error {
	if len(t.db.lists) == 0 {
		return nil
	}
	for _, p := range t.befores {
		if err := t.enlist(p); err != nil {
			return err
		}
	}
	for ordinal := range t.befores {
		if !afters[ordinal] {
			for _, l := range t.db.lists {
				t.index.Set(l.field, ordinal, false)
			}
			t.relisted = append(t.relisted, ordinal)
		}
	}
	for _, c := range t.touched {
		if c.now == nil {
			continue
		}
		if before := t.befores[c.now.ordinal]; before != nil && !c.all {
			c.now.lists = before.lists
			continue
		}
		for _, l := range t.db.lists {
			on, err := t.listed(l, c.members)
			if err != nil {
				return err
			}
			t.index.Set(l.field, c.now.ordinal, on)
			if on && !l.hidden {
				c.now.lists = append(c.now.lists, l.about.Name)
			}
		}
		t.relisted = append(t.relisted, c.now.ordinal)
	}
	return nil
}

func validListName(name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return errors.New("portrait: a list without a name")
	case len(name) > 256 || !utf8.ValidString(name):
		return fmt.Errorf("portrait: list %.20q: the name is not valid UTF-8 of at most 256 bytes", name)
	case strings.ContainsFunc(name, unicode.IsControl):
		return fmt.Errorf("portrait: list %q: the name holds a control character", name)
	}
	return nil
}

// maxEdited is how many identifiers one Edit takes.
const maxEdited = 10_000

// Edit puts identifiers of a namespace, plain values, into a list, which is made if there is
// none, and takes others out, in one commit, with the tags that ask of it. Of a list that is there the namespace may be
// empty, and is else the list's own. Those that the store does not know are left out, and counted as
// Unknown, or as Erased where they are of a person who was erased. The audit log has whose were put in and taken out. It takes at most 10,000 of both; an identifier in both is taken out.
func (l *Lists) Edit(ctx context.Context, name, namespace string, add, remove []string) (segment.Uploaded, error) {
	db := l.db
	if err := db.gate.enter(); err != nil {
		return segment.Uploaded{}, err
	}
	defer db.gate.leave()
	if err := validListName(name); err != nil {
		return segment.Uploaded{}, err
	}
	if n := len(add) + len(remove); n > maxEdited {
		return segment.Uploaded{}, fmt.Errorf("portrait: list %q: %d identifiers are edited at once, the most is %d: upload it anew", name, n, maxEdited)
	}
	if err := db.lock(ctx); err != nil {
		return segment.Uploaded{}, err
	}
	defer db.unlock()
	if db.cat.Load().asksList(name) != "" {
		if err := db.fireDue(); err != nil {
			return segment.Uploaded{}, err
		}
	}
	t := db.begin()
	t.settled = true
	var report segment.Uploaded
	err := t.noted(ctx)
	if err == nil {
		report, err = t.editList(name, namespace, add, remove)
	}
	if err != nil {
		t.abort()
		return segment.Uploaded{}, err
	}
	if err := t.finish(false); err != nil {
		return segment.Uploaded{}, err
	}
	report.Profiles, err = db.current.Load().countList(ctx, findList(db.lists, name))
	return report, err
}

// Drop removes a list. Segments that ask for it are refused from then on. A list that
// is not there is an error, as is one that the model asks of: of what is kept live, which
// the error names. It is on record in the audit log.
func (l *Lists) Drop(ctx context.Context, name string) error {
	db := l.db
	if err := db.gate.enter(); err != nil {
		return err
	}
	defer db.gate.leave()
	if err := db.lock(ctx); err != nil {
		return err
	}
	defer db.unlock()
	old := findList(db.lists, name)
	if old == nil {
		return fmt.Errorf("portrait: there is no list %q", name)
	}
	if what := db.cat.Load().asksList(name); what != "" {
		return fmt.Errorf("portrait: list %q cannot be dropped: %s asks of it", name, what)
	}
	t := db.begin()
	t.settled = true
	if err := t.noted(ctx); err != nil {
		t.abort()
		return err
	}
	t.dropList(old.field)
	t.lists = without(db.lists, old)
	t.attest(didDrop, listDetail(name, 0))
	return t.finish(false)
}

// without returns the lists but for one; never nil.
func without(lists []*list, gone *list) []*list {
	rest := slices.Clone(lists)
	if rest == nil {
		rest = []*list{}
	}
	return slices.DeleteFunc(rest, func(l *list) bool { return l == gone })
}
