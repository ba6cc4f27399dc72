// Package health says how a store does, in terms that a program can act on and a person
// can read. It imports nothing of the library; the root makes reports.
package health

import (
	"fmt"
	"strings"
)

// State is how well something does; the greater, the worse.
type State uint8

// The states.
const (
	// OK is as it should be.
	OK State = iota
	// Degraded answers, but less than it should: some of what it says is of before, is
	// incomplete, or writes are refused for now. Nobody has to reopen it.
	Degraded
	// Failed takes no writes until it is opened anew. Reads go on.
	Failed
)

// String returns "ok", "degraded" or "failed".
func (s State) String() string {
	switch s {
	case OK:
		return "ok"
	case Degraded:
		return "degraded"
	case Failed:
		return "failed"
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}

// MarshalText implements [encoding.TextMarshaler] by String.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (s *State) UnmarshalText(text []byte) error {
	for _, known := range [...]State{OK, Degraded, Failed} {
		if known.String() == string(text) {
			*s = known
			return nil
		}
	}
	return fmt.Errorf("health: unknown state %q", text)
}

// Reason names what is the matter, for programs. More may come with later versions.
type Reason string

// The reasons.
const (
	// StoreFailed: the disk refused a write, or files are damaged. Open the store anew.
	StoreFailed Reason = "store_failed"
	// Interrupted: a change in several steps broke off. Open the store anew to finish it.
	Interrupted Reason = "interrupted"
	// DiskLow: less of the disk is free than is left alone. Make room.
	DiskLow Reason = "disk_low"
	// Stalled: flushes or compactions are behind, and writes wait. Write more slowly, or
	// get a faster disk.
	Stalled Reason = "write_stalled"
	// ClockStepped: the machine's clock was set ahead too far to be followed. Set it
	// right, or call DB.Advance.
	ClockStepped Reason = "clock_stepped"
	// AdvanceLate: what time alone changes has come due and is not applied.
	AdvanceLate Reason = "advance_late"
	// Filling: new tags or indexes are being filled; answers that need them say so.
	Filling Reason = "filling"
	// OldView: a view has been open for long. It keeps old bytes on the disk. Close it.
	OldView Reason = "old_view"
	// KeyMissing: the current encryption key is not to be had; new files go on under
	// the last one.
	KeyMissing Reason = "key_missing"
	// Damaged: stored bytes could not be decoded, and were passed over. Call DB.Check.
	Damaged Reason = "damaged"
	// Background: what is done in the background met an error at some time since Open. What
	// it left undone is a finding of its own.
	Background Reason = "background"
)

// Finding is one thing that is worth telling.
type Finding struct {
	Reason Reason `json:"reason"`
	// State is what this alone makes of the whole: OK for what will pass by itself.
	State State `json:"state"`
	// Detail is for a person to read, with figures and without values of people.
	Detail string `json:"detail"`
}

// Report is how a store does at one moment.
type Report struct {
	// State is the worst of the findings', OK without any.
	State State `json:"state"`
	// Writable says that nothing is known which would refuse a write now.
	Writable bool `json:"writable"`
	// Findings begin with the worst.
	Findings []Finding `json:"findings,omitempty"`
}

// Has reports whether something of that reason was found.
func (r *Report) Has(reason Reason) bool {
	for _, f := range r.Findings {
		if f.Reason == reason {
			return true
		}
	}
	return false
}

// String tells the state, and every finding in a line of its own.
func (r *Report) String() string {
	var b strings.Builder
	b.WriteString(r.State.String())
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "\n%s: %s: %s", f.State, f.Reason, f.Detail)
	}
	return b.String()
}

// Mended counts what a repair changed of one kind of derived record.
type Mended struct {
	Kind    string `json:"kind"`    // such as "bitmaps" or "deadlines"; docs/guarantees.md lists them
	Missing uint64 `json:"missing"` // records, or places in them, that were not there
	Wrong   uint64 `json:"wrong"`   // that said something else
	Stray   uint64 `json:"stray"`   // that should not have been there
}

// Repairs says what a repair did.
type Repairs struct {
	// Mended begins with what the rest depends on. Kinds that were whole are not listed.
	Mended []Mended `json:"mended,omitempty"`
	// Lost names damage to what nothing else tells, which a repair leaves alone: at most 1,000
	// of it. A copy of the directory of before may have it.
	Lost []string `json:"lost,omitempty"`
	// LostTotal counts all of it.
	LostTotal int `json:"lost_total"`
}

// Total returns how many records were mended.
func (r *Repairs) Total() (n uint64) {
	for _, m := range r.Mended {
		n += m.Missing + m.Wrong + m.Stray
	}
	return n
}

// String tells it in words, without values of people.
func (r *Repairs) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "mended %d, lost %d", r.Total(), r.LostTotal)
	for _, m := range r.Mended {
		fmt.Fprintf(&b, "\n%s: %d missing, %d wrong, %d stray", m.Kind, m.Missing, m.Wrong, m.Stray)
	}
	for _, l := range r.Lost {
		b.WriteString("\nlost: " + l)
	}
	return b.String()
}
