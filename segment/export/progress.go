package export

import "github.com/portraitdb/portrait/profile"

// Progress says how far an export has come: what was written in whole, in this run
// and the ones that it continues. It is plain data and may be kept as JSON. The zero
// Progress is the beginning.
type Progress struct {
	// Layout names the format and the columns, and NoHeader, BOM and GuardFormulas where
	// they are set. An export is continued in the same.
	Layout string `json:"layout"`
	// Last is the profile after which the export goes on; without meaning while
	// Profiles is 0.
	Last profile.ID `json:"last"`
	// Unordered says that IDs did not ascend, so that the export cannot be continued.
	Unordered bool `json:"unordered,omitempty"`
	// Profiles is how many profiles were dealt with.
	Profiles uint64 `json:"profiles"`
	// Rows is how many rows were written, the header apart.
	Rows uint64 `json:"rows"`
	// Bytes is how long the file is.
	Bytes uint64 `json:"bytes"`
	// Missing is how many of the profiles are in none of the rows of [Hashed], having
	// no identifier that the platform takes; 0 for other formats.
	Missing uint64 `json:"missing,omitempty"`
	// Refused is how many identifiers Hashed met that their form does not take, such
	// as a landline where mobile phones are asked for; 0 for other formats.
	Refused uint64 `json:"refused,omitempty"`
}

// Options are the choices of an export. The zero value of each is the default, and
// nil Options are those.
type Options struct {
	// After continues an export, see the package. The zero value begins one.
	After Progress
	// Flushed is told after each write how far the export has come, for the host to
	// make it durable: the file first, the Progress then. An error ends the export.
	// Once it is set, profiles must ascend by ID.
	Flushed func(Progress) error
	// FlushBytes is how much is gathered before it is written, in whole rows. 0 means
	// 64 KiB; 1 writes every row by itself.
	FlushBytes int

	// NoHeader leaves out the row of headers. Of CSV and Hashed.
	NoHeader bool
	// BOM begins the file with a byte order mark, by which Excel knows UTF-8. Of CSV
	// and Hashed.
	BOM bool
	// GuardFormulas puts an apostrophe before text that a spreadsheet would run as a
	// formula: what begins with = + - @ or the full-width form of one of these, a tab, a
	// carriage return or a line feed. It alters the data, phone numbers with a plus among
	// them, so it is for files that people open, not for those that programs read. Of CSV
	// and Hashed.
	GuardFormulas bool
}

// begun is how far the export came before.
func (o *Options) begun() Progress {
	if o == nil {
		return Progress{}
	}
	return o.After
}
