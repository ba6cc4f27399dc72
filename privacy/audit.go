package privacy

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"
)

// Head is a place in an audit log: a record's number, from 1, and its hash, which is over
// everything up to it. Whoever keeps heads elsewhere can tell later that nothing before
// them was changed, and nothing cut off.
type Head struct {
	Number uint64
	Hash   [32]byte
}

// String returns the number and the hash in hexadecimal.
func (h Head) String() string { return fmt.Sprintf("%d:%x", h.Number, h.Hash) }

// Pseudonym stands for an identifier in an audit log. It is keyed by the store: without
// the store's key nobody can tell whom it stands for, nor hold it against other records
// of the store.
type Pseudonym [16]byte

// String returns the pseudonym in hexadecimal.
func (p Pseudonym) String() string { return hex.EncodeToString(p[:]) }

// Record is one record of an audit log: what was done, and to whose data. No value of
// anybody is in it.
type Record struct {
	Head
	// Epoch is the commit that holds the record, with what it tells of, and At its time
	// by the store's clock.
	Epoch uint64
	At    time.Time
	// What was done: "erase", "anonymise", "suppress", "unsuppress", "restrict", "unrestrict",
	// "opt out", "opt in", "purge", "export", "hold", "release", "link", "unlink", "withdraw",
	// "veto", "lift" (of a veto), "suggest", "apply", "rekey", "repair", "backup",
	// "backup keys", "checkpoint", "upload list", "edit list", "drop list", "replay" (of a
	// ledger of erasures), "copy" (the store was opened for the first time since it was made
	// from another) or "prune" (of the audit log itself).
	What string
	// Detail is of what was done, such as the hash of the model that was applied, the
	// reference of a hold, the hash of the name of a list, or the head of the last record that was pruned.
	Detail string
	// Subjects are whose data it was, at most 1,000 a record, ascending: what concerns
	// more has several records.
	Subjects []Pseudonym
	// Note is what the host said of it.
	Note
}

// OldRecords says which records of an audit log are old: as many from the first on as every
// bound that is set holds of.
type OldRecords struct {
	Before time.Time // those of before this instant; zero sets no bound
	UpTo   uint64    // those up to this number; 0 sets no bound
}

// Has reports whether a record is old.
func (o OldRecords) Has(rec *Record) bool {
	return (o.Before.IsZero() || rec.At.Before(o.Before)) && (o.UpTo == 0 || rec.Number <= o.UpTo) && o != OldRecords{}
}

// Note is what a host says of what it asks, for the audit log, from which nobody is erased: so
// references that mean something to the host alone, and nobody's name. Each is at most 64
// of the ASCII letters, the digits and "-_.:/#".
type Note struct {
	By   string // who asked, such as the number of a member of staff
	Case string // what for, such as a ticket
}

// maxNote bounds either text of a Note, in bytes.
const maxNote = 64

// Validate tells what is wrong with a note.
func (n Note) Validate() error {
	for _, s := range [...]struct{ name, text string }{{"By", n.By}, {"Case", n.Case}} {
		if err := ValidReference(s.text); err != nil {
			return fmt.Errorf("privacy: Note.%s %w", s.name, err)
		}
	}
	return nil
}

// ValidReference tells what is wrong with a reference of the host's, such as a text of a
// Note or that of a legal hold.
func ValidReference(text string) error {
	if len(text) > maxNote {
		return fmt.Errorf("has %d bytes, the most is %d", len(text), maxNote)
	}
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '-', c == '_', c == '.', c == ':', c == '/', c == '#':
		default:
			return fmt.Errorf("has the byte %q at %d: letters, digits and -_.:/# may be in it", c, i)
		}
	}
	return nil
}

type noteKey struct{}

// WithNote returns a context whose calls leave the note in the audit log. A call whose
// note is not valid is refused.
func WithNote(ctx context.Context, n Note) context.Context {
	return context.WithValue(ctx, noteKey{}, n)
}

// NoteOf returns the note of a context; the zero Note where it has none.
func NoteOf(ctx context.Context) Note {
	n, _ := ctx.Value(noteKey{}).(Note)
	return n
}
