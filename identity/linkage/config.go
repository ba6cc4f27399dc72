package linkage

// Config declares how records are compared. Only Comparisons and Blocking.Keys
// have no default. It is a plain value; [ParseConfig] reads its YAML form, whose
// keys are the field names in snake_case, and [Train] checks it.
type Config struct {
	// ID names a column that names the records. It is carried for reports and may
	// be neither compared nor blocked on.
	ID string
	// TruthPattern is a regular expression for programs that evaluate: its first
	// group, in the column of the truth, is the person. Empty means the whole cell.
	TruthPattern string
	// Clean lists, by column, the steps that cells go through before anything
	// else: nfkc, lower, fold (no diacritics), space (blanks trimmed and joined),
	// punct (punctuation becomes blank), alnum, letters, digits (nothing else stays)
	// and blank (placeholders such as "n/a" become missing), or names of Adapters.
	// A column that is not listed has nfkc, lower, space, blank.
	Clean map[string][]string
	// Nicknames lists groups of given names that one person may go by. A name may
	// be in several groups; being in one group together is what counts.
	Nicknames [][]string
	// Comparisons are what is compared. At least one.
	Comparisons []Comparison
	// Blocking says which pairs are compared.
	Blocking Blocking
	// Training says how weights are learnt.
	Training Training
	// Thresholds says which weights count as what.
	Thresholds Thresholds
	// Clustering says which clusters may join.
	Clustering ClusterOptions
	// Constraints says which records never join.
	Constraints Constraints
	// WithinLists compares the records of one list with each other even if there
	// are two lists. By default, two lists are linked across only.
	WithinLists bool
	// Adapters are functions that the configuration may name as a cleaning step, as
	// a function of blocking keys, and in Comparison.EqualBy: pinyin, phone numbers
	// in E.164. They must be pure and safe for concurrent use; an empty result means
	// missing. They are no part of the file forms.
	Adapters map[string]func(string) string
}

// Kind says how a Comparison compares.
type Kind string

// The kinds of comparison, each with its levels, strongest first.
const (
	// Name compares a given name and a surname (two columns, in that order)
	// jointly, since they are not independent: both exact, swapped, by nickname or
	// EqualBy, both similar, swapped and similar, one of them exact, similar or in
	// the other's place, neither. Where one is missing only the other counts.
	Name Kind = "name"
	// Text compares a short text, such as a city or a single name: exact, nickname
	// or EqualBy if asked for, then one level per Similar, else.
	Text Kind = "text"
	// Tokens compares the words of a text without order, such as a full name with
	// titles and middle names: the same words, the same but for nicknames and
	// slips, the words of one all in the other, some shared, none.
	Tokens Kind = "tokens"
	// Date compares calendar days, whole or partial: the same, one digit off, day
	// and month swapped, the same month or year, nearly the same digits, else.
	Date Kind = "date"
	// Email compares e-mail addresses: the same, the same local part, a similar
	// address, a similar local part, else.
	Email Kind = "email"
	// Phone compares phone numbers: the same digits, the same last digits, one
	// digit off, else.
	Phone Kind = "phone"
	// Code compares codes such as postcodes and document numbers: the same, one
	// slip, two slips, the same first characters (if Prefix is set), else.
	Code Kind = "code"
	// Exact compares for equality only: device IDs, sex.
	Exact Kind = "exact"
	// Number compares numbers: one level per bound in Within, else.
	Number Kind = "number"
	// Address compares house numbers and words of an address apart: both the same,
	// words similar, words the same, words similar with another number, the number
	// alone, else. Several columns are read as one text.
	Address Kind = "address"
)

// Comparison is one thing that is compared. Fields that its kind does not use
// must be zero.
type Comparison struct {
	// Name names it in models and explanations. The default is the first column.
	Name string
	// Kind says how.
	Kind Kind
	// Columns are what it reads: two for Name, any number for Tokens and Address,
	// else one.
	Columns []string
	// Similar are the Jaro-Winkler similarities, descending, at which texts count
	// as similar. The default is 0.92, 0.85 for Text and 0.88 for the others (of
	// which only the first is used).
	Similar []float64
	// Nicknames lets given names be equal by Config.Nicknames (Name, Text, Tokens).
	Nicknames bool
	// EqualBy names an Adapter: values that it maps to one text are equal by it
	// (Name, Text). It has a level of its own with Nicknames.
	EqualBy string
	// Within are the absolute differences, ascending, of Number. The default is 0.
	Within []float64
	// Prefix is how many first characters Code compares last, or all but the last -n
	// of them; Suffix how many last digits Phone compares. The defaults are none
	// and 7.
	Prefix, Suffix int
	// Format is how dates are written: "ymd" (the default), "dmy" or "mdy", with or
	// without separators.
	Format string
	// Placeholders are the month-days, such as "01-01", that stand for a date of
	// which only the year is known (Date).
	Placeholders []string
	// Floor is the least frequency that a value counts as having: rarer values are
	// no stronger evidence. The default is 1e-4. Above 1, frequency does not matter.
	Floor float64
	// MissingDisagrees counts a missing value as the weakest level. By default it
	// is no evidence.
	MissingDisagrees bool
}

// Blocking says which pairs are compared: those that share the value of a key.
//
// A key is an expression over columns. Its parts are joined by +, and all of them
// must be there:
//
//	postcode
//	soundex(surname) + year(dob)
//	prefix(given, 1) + words(street)
//
//	prefix(x, n)  suffix(x, n)   the first or last n characters; with -n, all but
//	                             the last or first n
//	year(x) month(x) day(x)      of a date; yearday(x) is day and month
//	soundex(x)                   by sound, in English
//	skeleton(x)                  the first letter and the consonants after it
//	words(x)                     each word of x
//	sorted(x, y, ...)            the words of all, sorted
//	nickname(x)                  each group of nicknames that x is in, or x
//	any(x, y, ...)               each of them
//	local(x)                     what is before the @
//	digits(x)                    the digits
//	slips(x)                     x, and x without each one of its characters
//	NAME(x)                      an Adapter
//
// A part that gives several values (words, nickname, any, slips) gives several
// keys. Functions nest. A column whose name is no plain word is quoted with
// backquotes.
type Blocking struct {
	// Keys are the keys. At least one.
	Keys []string
	// MaxPosting is the most records that may share a value of a key: a longer list
	// is skipped and counted. The default is 1,000.
	MaxPosting int
	// MaxPairs is the most pairs that are kept; Link fails beyond it, saying so. A
	// pair takes 12 bytes. The default is 64 million.
	MaxPairs int
}

// Training says how weights are learnt.
type Training struct {
	// Blocks are the keys, in the language of Blocking, whose pairs teach how often
	// one person's records differ: one pass a key, in which the comparisons that
	// read the key's columns are not trained. Every comparison should be trained in
	// one pass at least. Good are keys that mostly one person's records share: see
	// Train. The default is Blocking.Keys.
	Blocks []string
	// BlockPairs is the most pairs of a pass, drawn from all. The default is 200,000.
	BlockPairs int
	// RandomPairs is how many pairs, drawn at random, tell how often two people
	// agree by chance. The default is 1,000,000.
	RandomPairs int
	// Rules are keys, in the language of Blocking, that only one person's records
	// share. With Recall they give the prior. Without rules the prior is estimated
	// from the candidate pairs.
	Rules []string
	// Recall is the guessed share of one person's pairs that the Rules find. The
	// default is 0.7. It matters little: from 0.6 to 0.95 is 0.7 bits.
	Recall float64
	// MaxWeight bounds the evidence of one comparison either way, in bits. The
	// default is 14.
	MaxWeight float64
	// Seed seeds the draws. The zero value is a seed like any other.
	Seed uint64
}

// Thresholds are weights in bits.
type Thresholds struct {
	// Match is the weight from which a pair counts as one person. The default, for
	// nil, is 6.6: 99 in 100.
	Match *float64
	// Review is the weight from which a pair is worth a person's look. The default,
	// for nil, is 0: even odds.
	Review *float64
	// Join is the weight from which a pair may start the joining of two clusters;
	// whether they join is decided by all pairs across them. The default is Match.
	Join *float64
}

// Constraints says which records are never in one cluster.
type Constraints struct {
	// Unique names columns of which a person has one value, such as a user ID. A
	// missing value is no constraint.
	Unique []string
	// OnePerList says that no list holds a person twice.
	OnePerList bool
}
