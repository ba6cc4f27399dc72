package idlist

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"runtime"
)

// Options says how a list is read. The zero value of a field is its default.
type Options struct {
	// Kind is what the lines are. The default is Auto.
	Kind Kind
	// Keys makes the tokens of the namespace. Nil only with Plain, for a namespace
	// that has no index of digests.
	Keys *Keys
	// Normalize brings a plain value to the spelling that the index was built from,
	// or says why it is no identifier; ErrBlocked is told apart. It is called by
	// several goroutines at once, with valid UTF-8 of at most 64 KiB; of a list of
	// digests for the lines that are none. Nil means that a
	// value is taken as it stands.
	Normalize func(value string) (string, error)
	// Plain makes the token of a normalised value of a plain list, for an index that
	// does not go by digests. It is called by several goroutines at once. Nil means
	// the token of the value's digest in the strongest kind of Keys.
	Plain func(value string) Token
	// Blocked reports whether the identifier with that token is blocked. It is asked
	// of every valid line, by several goroutines at once. Nil blocks none.
	Blocked func(Token) bool
	// Format says where in a line the identifier stands.
	Format Format
	// MaxLines is the most lines that a list may have, 2^32-1 at most. The default is
	// 50,000,000.
	MaxLines int64
	// MemoryBytes is how much the tokens of the list may take in memory, beside some
	// 40 MB of buffers for each processor, and a byte a line for Verdicts. What exceeds
	// it goes to a temporary file. The default is 1 GiB, which holds 50,000,000 lines.
	MemoryBytes int64
	// Dir is where the temporary file lies. It holds keyed tokens and line numbers, is
	// unlinked while in use where the system can do that, and gone when Match returns.
	// Empty means that a list which exceeds MemoryBytes is refused with ErrMemory.
	Dir string
	// Verdicts receives "line,verdict" for each line, in order, once all is matched.
	// This costs one byte of memory a line. Nil means that only counts are kept.
	Verdicts io.Writer
}

// Format says where in a line the identifier stands. The zero value is the whole
// line. Quotes around the identifier and blanks around either are cut off.
type Format struct {
	// Column is the number of the CSV column, counted from 1. Zero means that a line
	// is one value. A quoted field ends in the line in which it begins.
	Column int
	// Comma separates the columns. The default is a comma.
	Comma byte
	// Header says that the first line is no identifier.
	Header bool
}

// Index is what a list is matched against. Its functions are called by the goroutine
// that called Match.
type Index struct {
	// Scan yields the entries of one kind from a token to another, both included, in
	// strictly ascending order. Scanning the whole kind in pieces, each token range
	// once, must see one state of the index. For plain lists the kind is Plain if
	// Options.Plain is set, else the strongest kind of Options.Keys. Required.
	Scan func(kind Kind, from, to Token) iter.Seq2[Entry, error]
	// Lookup returns the value of one entry, or false if there is none. The value is
	// valid until the next call. Nil means that a Scan of one token is used.
	Lookup func(kind Kind, t Token) (value []byte, found bool, err error)
	// Erased reports whether an identifier that the index does not hold belonged to
	// a person who was erased. It is asked of each such identifier once, in ascending
	// order. Nil means no.
	Erased func(kind Kind, t Token) (bool, error)
}

// Entry is one identifier of an index.
type Entry struct {
	Token Token
	Value []byte // what the index knows of it; valid until the next step
}

const (
	defaultMaxLines    = 50_000_000
	defaultMemoryBytes = 1 << 30
	mostLines          = int64(math.MaxUint32)
)

// sizes are the measures that follow from the options. Tests choose their own.
type sizes struct {
	workers int
	block   int // bytes that are read at once; more than line+2
	line    int // the longest line in bytes, without its end
	chunk   int // records that a worker gathers before it hands them over
	run     int // records that are sorted at once, to begin with
}

const (
	maxLine     = 64 << 10
	blockBytes  = 1 << 20
	minChunk    = 16
	maxChunk    = 1 << 10
	runRecords  = 1 << 18
	chunkShares = 8 // the chunks in the making take at most one part in so many
)

func (o *Options) sizes() sizes {
	workers := runtime.GOMAXPROCS(0)
	chunk := o.MemoryBytes / recordBytes / partitionCount / int64(workers) / chunkShares
	return sizes{
		workers: workers, block: blockBytes, line: maxLine,
		chunk: int(min(max(chunk, minChunk), maxChunk)), run: runRecords,
	}
}

// withDefaults returns the options with every default filled in, or all their faults.
func (o Options) withDefaults(list io.Reader, index Index) (Options, error) {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf(format, args...))
	}
	if list == nil {
		fault("there is no list to read: the reader is nil")
	}
	if o.MaxLines == 0 {
		o.MaxLines = defaultMaxLines
	}
	if o.MemoryBytes == 0 {
		o.MemoryBytes = defaultMemoryBytes
	}
	if o.Format.Comma != 0 && o.Format.Column == 0 {
		fault("Comma is %q and Column is 0: a line that is one identifier has no columns", o.Format.Comma)
	}
	if o.Format.Comma == 0 {
		o.Format.Comma = ','
	}
	if o.MaxLines < 0 || o.MaxLines > mostLines {
		fault("MaxLines is %d: the most is %d", o.MaxLines, mostLines)
	}
	if o.MemoryBytes < 0 {
		fault("MemoryBytes is %d", o.MemoryBytes)
	}
	if o.Format.Column < 0 {
		fault("Column is %d: columns are counted from 1", o.Format.Column)
	}
	if c := o.Format.Comma; c == '"' || c == '\n' || c == '\r' || c >= 0x80 {
		fault("Comma is %q: it cannot separate columns", c)
	}
	if index.Scan == nil {
		fault("the index has no Scan")
	}
	switch kind := o.Kind; {
	case kind > SHA256:
		fault("Kind is %d", kind)
	case o.Keys == nil && o.Plain == nil:
		fault("neither Keys nor Plain is given")
	case kind != Auto && !o.indexed(kind):
		fault("%s: %w", kind, ErrNotIndexed)
	}
	return o, errors.Join(faults...)
}

// indexed reports whether lines of that kind have tokens.
func (o *Options) indexed(kind Kind) bool {
	if kind == Plain {
		return o.Plain != nil || o.Keys != nil
	}
	return o.Keys.has(kind)
}

// scanned returns the kind of token that lines of a kind are matched by.
func (o *Options) scanned(kind Kind) Kind {
	if kind == Plain && o.Plain == nil {
		kind, _ = o.Keys.strongest()
	}
	return kind
}
