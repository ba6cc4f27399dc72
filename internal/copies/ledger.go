package copies

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

const ledgerHeading = "portrait erasure ledger 1"

// Never is the Lifted of an entry that nothing lifted.
const Never = math.MaxInt64

// Ledger is who was erased from a store, by keyed tokens.
type Ledger struct {
	// Key is the fingerprint of the key that the tokens are under, in hexadecimal.
	Key string
	// Taken is when the ledger was written, in microseconds since 1970.
	Taken int64
	// Entries ascend by token.
	Entries []Entry
}

// Entry is one identifier that is not taken in.
type Entry struct {
	Token [16]byte
	// At is since when, and Lifted from when on events count again, in microseconds since
	// 1970.
	At, Lifted int64
	// Nameless says that whom it named was anonymised: numbers stayed.
	Nameless bool
}

// keyLen is the length of a fingerprint in hexadecimal.
const keyLen = 32

// Append appends the ledger's text.
func (l *Ledger) Append(dst []byte) []byte {
	text := fmt.Appendf(nil, "%s\nkey %s\ntaken %d\nentries %d\n", ledgerHeading, l.Key, l.Taken, len(l.Entries))
	for i := range l.Entries {
		e := &l.Entries[i]
		text = append(hex.AppendEncode(text, e.Token[:]), ' ')
		text = append(strconv.AppendInt(text, e.At, 10), ' ')
		if e.Lifted == Never {
			text = append(text, '-')
		} else {
			text = strconv.AppendInt(text, e.Lifted, 10)
		}
		kind := " -\n"
		if e.Nameless {
			kind = " " + nameless + "\n"
		}
		text = append(text, kind...)
	}
	return append(dst, Seal(text)...)
}

// ReadLedger reads a ledger. It takes exactly what Append writes. Of one that was cut short
// or changed the error, which wraps ErrSeal, names the line where that shows, if it does.
func ReadLedger(data []byte) (*Ledger, error) {
	text, err := Unseal(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, broken(data))
	}
	if text, err = heading(text, ledgerHeading); err != nil {
		return nil, err
	}
	l := &Ledger{}
	var entries int64
	if l.Key, text, err = field(text, "key "); err != nil {
		return nil, err
	}
	if len(l.Key) != keyLen || strings.Trim(l.Key, "0123456789abcdef") != "" {
		return nil, fmt.Errorf("key %.60q is no fingerprint", l.Key)
	}
	if l.Taken, text, err = number(text, "taken "); err != nil {
		return nil, err
	}
	if entries, text, err = number(text, "entries "); err != nil {
		return nil, err
	}
	if n := bytes.Count(text, []byte{'\n'}); int64(n) != entries {
		return nil, fmt.Errorf("%d entries, want %d", n, entries)
	}
	l.Entries = make([]Entry, 0, entries)
	for len(text) > 0 {
		one, rest, _ := line(text)
		e, err := readEntry(one)
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", len(l.Entries)+1, err)
		}
		if n := len(l.Entries); n > 0 && bytes.Compare(l.Entries[n-1].Token[:], e.Token[:]) >= 0 {
			return nil, fmt.Errorf("entry %d: tokens do not ascend", n+1)
		}
		l.Entries, text = append(l.Entries, e), rest
	}
	return l, nil
}

// broken says where a text whose checksum does not hold is no ledger.
func broken(data []byte) string {
	const head = 4 // lines before the entries
	entries, n := int64(math.MaxInt64), int64(0)
	var before [16]byte
	for rest := data; len(rest) > 0; {
		n++
		one, next, whole := line(rest)
		if !whole {
			return fmt.Sprintf("it ends within line %d", n)
		}
		var err error
		switch {
		case n == 1:
			_, err = heading(rest, ledgerHeading)
		case n == 2:
			_, _, err = field(rest, "key ")
		case n == 3:
			_, _, err = number(rest, "taken ")
		case n == head:
			entries, _, err = number(rest, "entries ")
		case n-head == entries+1:
			if !strings.HasPrefix(one, sealPrefix) || len(one)+1 != sealLen {
				err = errors.New("want the checksum")
			} else if len(next) > 0 {
				err = errors.New("nothing follows the checksum")
			}
		default:
			var e Entry
			if e, err = readEntry(one); err == nil && n > head+1 && bytes.Compare(before[:], e.Token[:]) >= 0 {
				err = errors.New("tokens do not ascend")
			}
			before = e.Token
		}
		if err != nil {
			return fmt.Sprintf("line %d: %v", n, err)
		}
		rest = next
	}
	if n < head || n-head <= entries {
		return fmt.Sprintf("it ends after line %d", n)
	}
	return "every line has its form, and one of them is another than was written"
}

// Find returns the entry of a token.
func (l *Ledger) Find(token [16]byte) (Entry, bool) {
	i, ok := slices.BinarySearchFunc(l.Entries, token, func(e Entry, t [16]byte) int { return bytes.Compare(e.Token[:], t[:]) })
	if !ok {
		return Entry{}, false
	}
	return l.Entries[i], true
}

func field(text []byte, name string) (value string, rest []byte, err error) {
	value, rest, ok := line(text)
	if ok {
		value, ok = strings.CutPrefix(value, name)
	}
	if !ok {
		return "", nil, fmt.Errorf("no line with %q", name)
	}
	return value, rest, nil
}

func number(text []byte, name string) (n int64, rest []byte, err error) {
	value, rest, err := field(text, name)
	if err == nil {
		n, err = readInt(value)
	}
	return n, rest, err
}

// readInt reads a number in the one way in which it is written.
func readInt(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err == nil && strconv.FormatInt(n, 10) != text {
		err = fmt.Errorf("%.60q is no number", text)
	}
	return n, err
}

const nameless = "nameless"

var errEntry = errors.New("want a token of 32 digits, an instant, an instant or -, and a kind")

func readEntry(one string) (e Entry, err error) {
	parts := strings.Split(one, " ")
	if len(parts) != 4 || len(parts[0]) != 2*len(e.Token) || strings.ToLower(parts[0]) != parts[0] {
		return e, errEntry
	}
	if _, err := hex.Decode(e.Token[:], []byte(parts[0])); err != nil {
		return e, errEntry
	}
	if e.At, err = readInt(parts[1]); err != nil {
		return e, err
	}
	e.Lifted, e.Nameless = Never, parts[3] == nameless
	if !e.Nameless && parts[3] != "-" {
		return e, errEntry
	}
	if parts[2] == "-" {
		return e, nil
	}
	if e.Lifted, err = readInt(parts[2]); err == nil && e.Lifted == Never {
		err = errEntry
	}
	return e, err
}
