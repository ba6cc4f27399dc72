package portrait_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// privacyAct is one of those by which people are forgotten, and stay so.
func privacyAct(r *rand.Rand, id profile.Identifier) act {
	switch r.IntN(7) {
	case 0:
		return act{name: "purge", commits: 2, do: func(h *host) (string, error) {
			h.release()
			_, err := h.db.Privacy().Purge(h.ctx)
			return "", err
		}}
	case 1:
		return act{name: fmt.Sprint("suppress ", id), commits: 1, do: func(h *host) (string, error) {
			return "", h.db.Privacy().Suppress(h.ctx, id)
		}}
	case 2:
		return act{name: fmt.Sprint("unsuppress ", id), commits: 1, do: func(h *host) (string, error) {
			return "", h.db.Privacy().Unsuppress(h.ctx, id)
		}}
	case 3, 4:
		return eraseAct("anonymise", id, (*portrait.Privacy).Anonymise)
	}
	return eraseAct("erase", id, (*portrait.Privacy).Erase)
}

func eraseAct(name string, id profile.Identifier, call eraser) act {
	return act{name: fmt.Sprint(name, " ", id), commits: 2, do: func(h *host) (string, error) {
		e, err := call(h.db.Privacy(), h.ctx, id)
		if err != nil {
			return "", err
		}
		return fmt.Sprint(len(e.Profiles), e.Identifiers, e.Links, e.Events, e.Nameless, e.Verified), nil
	}}
}

// ledgerAct keeps the ledger of erasures, or replays the one that was kept last.
func ledgerAct(r *rand.Rand) act {
	if r.IntN(2) == 0 {
		return act{name: "export the ledger", do: func(h *host) (string, error) {
			var b bytes.Buffer
			if err := h.db.Privacy().ExportLedger(h.ctx, &b); err != nil {
				return "", err
			}
			h.ledger = b.Bytes()
			return fmt.Sprint(bytes.Count(h.ledger, []byte("\n"))), nil
		}}
	}
	return act{name: "replay the ledger", commits: 2, do: func(h *host) (string, error) {
		if h.ledger == nil {
			return "", nil
		}
		done, err := h.db.Privacy().ReplayLedger(h.ctx, bytes.NewReader(h.ledger))
		return fmt.Sprint(done.Entries, done.Suppressed, done.Identifiers, done.Nameless, len(done.Profiles)), err
	}}
}

// rightsAct is one of those by which people are kept as they are, or left alone.
func rightsAct(r *rand.Rand, id profile.Identifier) act {
	ref := fmt.Sprint("case-", r.IntN(3))
	switch r.IntN(6) {
	case 0:
		return act{name: fmt.Sprint("hold ", ref, " ", id), commits: 1, do: func(h *host) (string, error) {
			return "", h.db.Privacy().Hold(h.ctx, ref, id)
		}}
	case 1:
		return act{name: fmt.Sprint("release ", ref, " ", id), commits: 1, do: func(h *host) (string, error) {
			return "", h.db.Privacy().Release(h.ctx, ref, id)
		}}
	case 2:
		return act{name: "release " + ref, commits: 1, do: func(h *host) (string, error) {
			return "", h.db.Privacy().ReleaseAll(h.ctx, ref)
		}}
	case 3:
		return act{name: "prove the audit log", do: func(h *host) (string, error) {
			head, err := h.db.Privacy().VerifyAudit(h.ctx)
			return fmt.Sprint(head.Number), err
		}}
	}
	objections := []struct {
		name string
		call func(*portrait.Privacy, context.Context, ...profile.Identifier) error
	}{
		{"restrict", (*portrait.Privacy).Restrict}, {"unrestrict", (*portrait.Privacy).Unrestrict},
		{"opt out", (*portrait.Privacy).OptOut}, {"opt in", (*portrait.Privacy).OptIn},
	}
	o := objections[r.IntN(len(objections))]
	return act{name: fmt.Sprint(o.name, " ", id), commits: 1, do: func(h *host) (string, error) {
		return "", o.call(h.db.Privacy(), h.ctx, id)
	}}
}

// askForAct asks for a purpose.
func askForAct(r *rand.Rand, id profile.Identifier) act {
	purpose, text := purposeNames[r.IntN(len(purposeNames))], fireQueries[r.IntN(len(fireQueries))]
	return act{name: fmt.Sprint("ask for ", purpose, " of ", id, " and ", text), do: func(h *host) (string, error) {
		v, err := h.db.For(h.ctx, privacy.Access{Purpose: purpose})
		if err != nil {
			return "", err
		}
		defer v.Close()
		e, err := segment.Parse(text)
		if err != nil {
			return err.Error(), nil
		}
		n, err := v.Count(h.ctx, e)
		if err != nil {
			return "", err
		}
		left, err := v.Withheld(h.ctx, e)
		if err != nil {
			return "", err
		}
		p, err := v.Profile(h.ctx, id)
		if errors.Is(err, portrait.ErrNotFound) {
			return fmt.Sprint(n, left, " nobody"), nil
		}
		if err != nil {
			return "", err
		}
		return fmt.Sprint(n, left, p.Events, p.Traits, p.Tags), nil
	}}
}
