package lifecycle

// Naming gives scores the names of segments.
type Naming interface {
	// Name returns the segment of s.
	Name(s Score) string
}

// Others is the name of what no box or code holds.
const Others = "others"

// Span is a range of scores, both ends within it. The zero Span is every score.
type Span struct {
	From, To int
}

func (s Span) holds(score int) bool { return s == Span{} || score >= s.From && score <= s.To }

// Box is the name of the scores within three spans.
type Box struct {
	Name    string
	R, F, M Span
}

// Boxes is a Naming where the first box that holds a score names it. They may
// overlap.
type Boxes []Box

// Name implements [Naming].
func (b Boxes) Name(s Score) string {
	for _, box := range b {
		if box.R.holds(s.R) && box.F.holds(s.F) && box.M.holds(s.M) {
			return box.Name
		}
	}
	return Others
}

// Codes is a Naming by lists of scores.
type Codes map[Score]string

// Name implements [Naming].
func (c Codes) Name(s Score) string {
	if name, ok := c[s]; ok {
		return name
	}
	return Others
}

// Putler returns the ten segments of Putler, which divide the 25 scores of recency
// and frequency by quintiles without a gap or an overlap.
func Putler() Boxes {
	return Boxes{
		{Name: "hibernating", R: Span{1, 2}, F: Span{1, 2}},
		{Name: "at_risk", R: Span{1, 2}, F: Span{3, 4}},
		{Name: "cant_lose", R: Span{1, 2}, F: Span{5, 5}},
		{Name: "about_to_sleep", R: Span{3, 3}, F: Span{1, 2}},
		{Name: "need_attention", R: Span{3, 3}, F: Span{3, 3}},
		{Name: "loyal", R: Span{3, 4}, F: Span{4, 5}},
		{Name: "promising", R: Span{4, 4}, F: Span{1, 1}},
		{Name: "new", R: Span{5, 5}, F: Span{1, 1}},
		{Name: "potential_loyalists", R: Span{4, 5}, F: Span{2, 3}},
		{Name: "champions", R: Span{5, 5}, F: Span{4, 5}},
	}
}

// RPackage returns the ten segments in the manual of the package rfm of R, for
// quintiles with [LeftClosed] edges. The boxes overlap, and leave some scores to
// [Others].
func RPackage() Boxes {
	return Boxes{
		{"champions", Span{5, 5}, Span{5, 5}, Span{5, 5}},
		{"potential_loyalist", Span{3, 5}, Span{3, 5}, Span{2, 5}},
		{"loyal", Span{2, 4}, Span{2, 4}, Span{2, 4}},
		{"promising", Span{3, 4}, Span{1, 3}, Span{3, 5}},
		{"new", Span{4, 5}, Span{1, 3}, Span{1, 5}},
		{"cant_lose", Span{1, 2}, Span{3, 4}, Span{4, 5}},
		{"at_risk", Span{1, 2}, Span{2, 5}, Span{4, 5}},
		{"need_attention", Span{1, 3}, Span{3, 5}, Span{3, 5}},
		{"about_to_sleep", Span{2, 3}, Span{1, 3}, Span{1, 4}},
		{"lost", Span{1, 1}, Span{1, 5}, Span{1, 5}},
	}
}

// Quartiles returns the segments of pymc-marketing, for four parts with [Shrinking]
// edges and Monetary as a mean with the first purchase in it.
func Quartiles() Codes {
	codes := Codes{}
	for name, list := range map[string][]int{
		"premium":     {334, 443, 444, 344, 434, 433, 343, 333},
		"repeat":      {244, 234, 232, 332, 143, 233, 243, 242},
		"top_spender": {424, 414, 144, 314, 324, 124, 224, 423, 413, 133, 323, 313, 134},
		"at_risk":     {422, 223, 212, 122, 222, 132, 322, 312, 412, 123, 214},
		"inactive":    {411, 111, 113, 114, 112, 211, 311},
	} {
		for _, code := range list {
			codes[Score{R: code / 100, F: code / 10 % 10, M: code % 10}] = name
		}
	}
	return codes
}
