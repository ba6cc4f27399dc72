// Package export writes the members of a segment to files: chosen columns as CSV
// or JSON lines, and identifiers in the form in which advertising platforms take
// audiences. Parquet is in a module of its own, segment/export/parquet.
//
// # What is written
//
// The source is a sequence of profiles, as View.Profiles yields it.
// What is taken of each is said by columns in a small text form, see
// [ParseColumns]:
//
//	columns, err := export.ParseColumns(nil, "id", "identifier:email", "city=trait:home_city", "tag:VIP")
//	done, err := export.CSV(file, view.Profiles(ctx, set), columns, nil)
//
// # Memory, errors and cancelling
//
// Rows are written as they come: memory holds one profile and one buffer. The
// first error ends an export, that of the sequence, of the writer or of a value
// that the format has no form for; to cancel is to cancel the context that the
// sequence was made with. Rows that were complete when the sequence failed are
// still written.
//
// # Resuming
//
// Every export returns a [Progress]: the last profile of which all is written, and
// how many bytes that took. [Options.Flushed] is told it after each write. An export
// that broke off goes on when its file is cut down to [Progress.Bytes] and the
// Progress is given as [Options.After]: profiles up to the last one are passed over
// and the header is not repeated. The finished file is the one that an export in
// one go had written, if both read the same View. A View does not outlive its
// process: where the rest is read from a newer one, each row is as of the epoch at
// which it was written, and the members must be asked for anew, for those of an
// older set may have merged since, which is told as an error.
//
// To resume, profiles must come in ascending order of ID, as those of a set do and
// those of everybody (a nil set) do not.
//
// # Goroutines
//
// Nothing here keeps state between calls. Columns, audiences and forms are values,
// and may be used from any number of goroutines.
package export
