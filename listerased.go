package portrait

import (
	"slices"
	"sync"

	"github.com/portraitdb/portrait/identity"
)

// uploads are the lists that are being uploaded, and who was erased meanwhile. Whoever is
// erased and comes back by an identifier that was admitted again is not who the list named.
type uploads struct {
	mu   sync.Mutex // guards what follows
	gone map[*listWriter][]erasedToken
}

// erasedToken is an identifier of somebody who was erased, and the commit that did so.
type erasedToken struct {
	token identity.Token
	epoch uint64
}

// begin notes from now on who is erased, for an upload that has not opened its view yet.
func (u *uploads) begin(w *listWriter) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.gone == nil {
		u.gone = map[*listWriter][]erasedToken{}
	}
	u.gone[w] = nil
}

func (u *uploads) end(w *listWriter) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.gone, w)
}

// note notes who goes with a commit, once it is published: an upload that begins before that
// may have read a commit before it. Nobody else may write meanwhile, so that none has looked
// for its identifiers since.
func (u *uploads) note(gone map[identity.Token]bool, epoch uint64) {
	if len(gone) == 0 {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	for w := range u.gone {
		for token := range gone {
			u.gone[w] = append(u.gone[w], erasedToken{token, epoch})
		}
	}
}

// take returns, in order, the identifiers that were erased after a commit and since the last
// time.
func (u *uploads) take(w *listWriter, after uint64) []identity.Token {
	u.mu.Lock()
	defer u.mu.Unlock()
	var tokens []identity.Token
	for _, one := range u.gone[w] {
		if one.epoch > after {
			tokens = append(tokens, one.token)
		}
	}
	if _, under := u.gone[w]; under {
		u.gone[w] = nil
	}
	slices.SortFunc(tokens, compareTokens)
	return slices.Compact(tokens)
}

// forget takes those out of a list that has been written who were erased since its
// identifiers were found, and returns them. Commits go by the identifiers as soon as they are
// there: whoever has one of those by now may have come into the list by it. Nobody else may
// write meanwhile.
func (w *listWriter) forget() ([]identity.Token, error) {
	gone := w.db.uploads.take(w, w.found)
	if len(gone) == 0 {
		return nil, nil
	}
	t := w.db.begin()
	t.settled = true
	out, err := t.forgetListed(*w.list, gone)
	if err != nil {
		t.abort()
		return nil, err
	}
	w.out += int64(out)
	return gone, t.finish(false)
}

// forgetListed takes identifiers out of a list, and returns how many were in it.
func (t *txn) forgetListed(l list, gone []identity.Token) (int, error) {
	out, err := t.takeOut(&l, gone)
	if err != nil {
		return 0, err
	}
	again := map[identity.Token]bool{}
	for _, token := range gone {
		n, err := t.node(token)
		if err != nil {
			return 0, err
		}
		if n != nil {
			again[token] = false
		}
	}
	_, err = t.relistMembers(&l, again)
	return out, err
}
