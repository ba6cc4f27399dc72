package idlist

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// Match reads a list and finds its identifiers in an index. It calls found for each
// entry that a line names, once, in ascending order of tokens, on the goroutine that
// called Match; found says what the line's verdict is: Matched, Blocked, Erased or
// Unknown. The entry's value is valid during the call. Nil means that each is Matched.
//
// The result depends on the text of the list, the options and the index alone.
//
// A list that is refused or cannot be read gives a *LineError that names the line
// at fault, and found is never called. Refused is what cannot be the list that was meant:
// a line that is too long or no text, one of another kind than the others or than was
// declared, more lines than may be, and a list without a single identifier. A line that
// is merely no identifier of the namespace is Invalid. After any other error (of the index, of found,
// of a temporary file, of the writer of verdicts, of the context) some entries may have
// been passed to found already: what was made of them must be dropped. Verdicts are
// written once all is matched.
//
// Match ends with its context even where a read of the list hangs. The goroutine that
// reads then ends once its Read returns; until then the list must not be read elsewhere.
func Match(ctx context.Context, list io.Reader, index Index, opts Options, found func(Entry) (Verdict, error)) (Report, error) {
	opts, err := opts.withDefaults(list, index)
	if err != nil {
		return Report{}, err
	}
	if found == nil {
		found = func(Entry) (Verdict, error) { return Matched, nil }
	}
	return match(ctx, list, index, &opts, opts.sizes(), found)
}

func match(ctx context.Context, list io.Reader, index Index, opts *Options, sz sizes, found func(Entry) (Verdict, error)) (_ Report, err error) {
	parts := newPartitions(opts.MemoryBytes, sz.chunk, opts.Dir)
	defer func() { err = errors.Join(err, parts.close()) }()
	read := reading{opts: opts, sizes: sz, parts: parts}
	if opts.Verdicts != nil {
		read.sheet = newSheet(opts.MaxLines)
	}
	report, err := read.run(ctx, list)
	if err != nil {
		return Report{}, err
	}
	m := merger{index: index, kind: opts.scanned(report.Kind), found: found, sheet: read.sheet}
	if m.seek, err = sparse(index, m.kind, parts.records()); err != nil {
		return Report{}, err
	}
	duplicates, err := join(ctx, sz, parts, read.sheet, m.merge)
	if err != nil {
		return Report{}, err
	}
	report.counts[Duplicate] += duplicates
	for v, n := range m.counts {
		report.counts[v] += n
	}
	if opts.Verdicts != nil {
		if err := read.sheet.write(ctx, opts.Verdicts, report.Lines); err != nil {
			return Report{}, fmt.Errorf("idlist: verdicts: %w", err)
		}
	}
	return report, nil
}

const (
	// seekCost is how many entries are scanned in the time of one lookup.
	seekCost = 64
	// probeEntries is how many entries the size of an index is told from.
	probeEntries = 1 << 10
)

// sparse reports whether so few records are sought that looking each up is cheaper
// than a scan. The size of the index is told from how densely its first entries lie,
// for tokens are evenly spread.
func sparse(index Index, kind Kind, records int64) (bool, error) {
	if records == 0 {
		return true, nil
	}
	lookups := float64(records) * seekCost // in entries
	last := Token(slices.Repeat([]byte{0xff}, len(Token{})))
	entries := 0
	for e, err := range index.Scan(kind, Token{}, last) {
		if err != nil {
			return false, inIndex(err)
		}
		entries++
		if float64(entries) > lookups {
			return true, nil
		}
		if entries == probeEntries {
			share := (float64(binary.BigEndian.Uint64(e.Token[:])) + 1) / math.MaxUint64
			return float64(entries)/share > lookups, nil
		}
	}
	return false, nil
}

// firstFaults returns the faults of the first lines, in order.
func firstFaults(all []LineError) []LineError {
	slices.SortFunc(all, func(a, b LineError) int { return cmp.Compare(a.Line, b.Line) })
	return all[:min(len(all), maxFaults)]
}
