package portrait

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/idlist"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// Upload reads a list of identifiers, one a line, plain or gzip, and makes it the list of
// that name, in the place of an earlier one. Identifiers that the store does not know
// are counted and not kept. Until all is read and written the earlier list is the one
// that answers. What cannot be the list that was meant changes nothing, and the error names
// the line: a gzip cut short, a line longer than 64 KiB, bytes that are no text, lines of two
// kinds or of another one than declared, and a list without a single identifier, an empty
// one too: Drop removes a list, and Edit takes identifiers out. docs/uploads.md has all of it.
//
// Tags, tracked segments and indexed traits that ask of the list change in the commit with
// which it becomes the one that answers; but where more than 16,384 profiles move, they are
// filled in the background from then on, as by Apply with Background.
//
// Events go in meanwhile: no commit of the upload takes long. Memory is some 20 bytes a
// line, at most 1 GiB, beyond which a temporary file in the store's directory holds keyed
// tokens, which is gone when the call returns; and then up to 16 bytes for each identifier
// found, twice, and 512 MiB for whose they are. A profile that comes to hold an identifier later is not in the list unless the
// store knew that identifier when the list was read. Whoever is erased meanwhile is not in it.
// The audit log has a record of it, in the commit with which the list becomes the one that answers.
//
// Upload reads on a goroutine of its own: the end of ctx, and Close with ErrClosed, end an
// Upload that is reading at once, even while a Read hangs. That goroutine ends when its Read
// returns, and until then nobody else may read from r. A panic of r is one of Upload.
func (l *Lists) Upload(ctx context.Context, name string, r io.Reader, o segment.Upload) (segment.Uploaded, error) {
	db := l.db
	if err := db.gate.enter(); err != nil {
		return segment.Uploaded{}, err
	}
	defer db.gate.leave()
	if err := validListName(name); err != nil {
		return segment.Uploaded{}, err
	}
	if err := privacy.NoteOf(ctx).Validate(); err != nil {
		return segment.Uploaded{}, err
	}
	w := &listWriter{db: db, list: &list{about: segment.List{Name: name, Namespace: o.Namespace}}}
	db.uploads.begin(w)
	defer db.uploads.end(w)
	v, err := db.view(ctx)
	if err != nil {
		return segment.Uploaded{}, err
	}
	w.found = v.epoch.number
	tokens, report, err := func() (*listTokens, segment.Uploaded, error) {
		defer v.epoch.release() // also where the reader panics
		return v.match(ctx, r, o)
	}()
	if err != nil {
		return segment.Uploaded{}, fmt.Errorf("portrait: list %q: %w", name, err)
	}
	if report.Lines > manyLines {
		runtime.GC()
	}
	if err := w.write(ctx, tokens); err != nil {
		return segment.Uploaded{}, errors.Join(err, w.undo())
	}
	defer w.shown.release()
	report.Profiles, err = w.shown.countList(ctx, w.list)
	return report, err
}

// manyLines is from how many lines on what matching a list has left behind is collected
// before it is written. Left to itself the collector would let the heap double first.
const manyLines = 1 << 22

// countList counts the profiles of a list that a commit has just written. The list is
// there, so that the end of ctx does not count any more.
func (e *epoch) countList(ctx context.Context, l *list) (uint64, error) {
	return segment.NewQuery(segment.Bits(l.field), universe).Count(context.WithoutCancel(ctx), segment.Source{Root: e.root, Loader: e, Epoch: e.number})
}

// match finds the identifiers of a list.
func (v *View) match(ctx context.Context, r io.Reader, o segment.Upload) (*listTokens, segment.Uploaded, error) {
	cat := v.epoch.cat
	if !slices.ContainsFunc(cat.identity().Namespaces, func(n identity.Namespace) bool { return n.Name == o.Namespace }) {
		return nil, segment.Uploaded{}, fmt.Errorf("the model declares no namespace %q", o.Namespace)
	}
	kind := idlist.Auto
	if o.Kind != "" {
		var ok bool
		if kind, ok = idlist.ParseKind(o.Kind); !ok {
			return nil, segment.Uploaded{}, fmt.Errorf("unknown kind %q: want auto, plain, md5, sha1 or sha256", o.Kind)
		}
	}
	keyring := cat.match[o.Namespace]
	if keyring == nil {
		if kind != idlist.Auto && kind != idlist.Plain {
			return nil, segment.Uploaded{}, fmt.Errorf("namespace %q has no index of %s: declare match: [%s]", o.Namespace, kind, kind)
		}
		kind = idlist.Plain
	}
	opts := idlist.Options{
		Kind: kind, Keys: keyring, MaxLines: o.MaxLines, MemoryBytes: v.db.listSizes.memory, Dir: v.db.dir, Verdicts: o.Verdicts,
		Format: idlist.Format{Column: o.Column, Comma: o.Comma, Header: o.Header},
		Normalize: func(value string) (string, error) {
			id, err := cat.rules.Clean(profile.Identifier{Namespace: o.Namespace, Value: value})
			if drop, ok := errors.AsType[*identity.DropError](err); ok && drop.Reason == identity.Blocked {
				return "", idlist.ErrBlocked
			}
			if err != nil {
				return "", errors.New("no identifier of the namespace") // without the text
			}
			return id.Value, nil
		},
		Plain: func(value string) idlist.Token {
			return idlist.Token(v.db.tokens.Token(profile.Identifier{Namespace: o.Namespace, Value: value}))
		},
	}
	tokens := new(listTokens)
	found := func(e idlist.Entry) (idlist.Verdict, error) {
		token := identity.Token(e.Token)
		if len(e.Value) == keys.TokenLen { // of a digest
			token = identity.Token(e.Value)
		}
		tokens.add(token)
		return idlist.Matched, nil
	}
	index := idlist.Index{Scan: v.scanMatches(o.Namespace), Lookup: v.lookUpMatch(o.Namespace)}
	var err error
	if index.Erased, err = v.suppressed(); err != nil {
		return nil, segment.Uploaded{}, err
	}
	reading, stop := v.db.gate.whileOpen(ctx)
	defer stop()
	got, err := idlist.Match(reading, r, index, opts, found)
	switch {
	case err == nil:
	case errors.Is(context.Cause(reading), ErrClosed):
		err = fmt.Errorf("broken off: %w", ErrClosed)
	case errors.Is(err, idlist.ErrNoIdentifier):
		err = fmt.Errorf("%w (Drop removes a list, Edit takes identifiers out of one)", err)
	}
	if err != nil {
		return nil, segment.Uploaded{}, err
	}
	report := segment.Uploaded{
		Kind: got.Kind.String(), Lines: got.Lines,
		Matched: got.Count(idlist.Matched), Duplicate: got.Count(idlist.Duplicate), Invalid: got.Count(idlist.Invalid), Blocked: got.Count(idlist.Blocked),
		Unknown: got.Count(idlist.Unknown), Erased: got.Count(idlist.Erased), Skipped: got.Count(idlist.Skipped),
	}
	for _, fault := range got.Faults {
		report.Faults = append(report.Faults, fault.Error())
	}
	return tokens, report, nil
}

// matchKey appends the key of an entry of a namespace's index: of a plain list it is the
// identifier's own record.
func matchKey(dst []byte, namespace uint64, kind idlist.Kind, t idlist.Token) []byte {
	if kind == idlist.Plain {
		return keys.AppendNode(dst, keys.Token(t))
	}
	return keys.AppendMatch(dst, namespace, byte(kind), keys.Token(t))
}

func (v *View) scanMatches(namespace string) func(idlist.Kind, idlist.Token, idlist.Token) iter.Seq2[idlist.Entry, error] {
	ns := xxhash.Sum64String(namespace)
	return func(kind idlist.Kind, from, to idlist.Token) iter.Seq2[idlist.Entry, error] {
		return func(yield func(idlist.Entry, error) bool) {
			upper := append(matchKey(nil, ns, kind, to), 0)
			for kv, err := range v.epoch.snap.Scan(matchKey(nil, ns, kind, from), upper) {
				if err != nil {
					yield(idlist.Entry{}, err)
					return
				}
				entry := idlist.Entry{Token: idlist.Token(kv.Key[len(kv.Key)-keys.TokenLen:])}
				if kind != idlist.Plain {
					entry.Value = kv.Value
				}
				if !yield(entry, nil) {
					return
				}
			}
		}
	}
}

// suppressed returns what says whether a plain identifier is suppressed; nil where none
// is. Of digests nothing is known: those of an erased person went with the plain values
// that they are made from, and of whom a ledger of erasures names there never were any.
func (v *View) suppressed() (func(idlist.Kind, idlist.Token) (bool, error), error) {
	var tokens []idlist.Token // ascending
	prefix := []byte{keys.Suppression}
	for kv, err := range v.epoch.snap.Scan(prefix, keys.End(prefix)) {
		if err != nil {
			return nil, err
		}
		token, err := tokenOf(kv.Key)
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, idlist.Token(token))
	}
	if len(tokens) == 0 {
		return nil, nil
	}
	return func(kind idlist.Kind, t idlist.Token) (bool, error) {
		_, is := slices.BinarySearchFunc(tokens, t, func(a, b idlist.Token) int { return bytes.Compare(a[:], b[:]) })
		return is && kind == idlist.Plain, nil
	}, nil
}

func (v *View) lookUpMatch(namespace string) func(idlist.Kind, idlist.Token) ([]byte, bool, error) {
	ns := xxhash.Sum64String(namespace)
	var key, data []byte
	return func(kind idlist.Kind, t idlist.Token) ([]byte, bool, error) {
		key = matchKey(key[:0], ns, kind, t)
		var ok bool
		var err error
		if data, ok, err = v.epoch.snap.GetTo(data[:0], key); !ok || err != nil {
			return nil, false, err
		}
		if kind == idlist.Plain {
			return nil, true, nil
		}
		return data, true, nil
	}
}
