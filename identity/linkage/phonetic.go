package linkage

import "strings"

// soundexCodes are the codes of the letters a to z; 0 is a vowel, which parts two
// equal codes, and 9 is h or w, which does not.
const soundexCodes = "01230129022455012623019202"

// soundex returns the code of Odell and Russell, such as r163 for robert, or the
// text itself if it does not begin with a letter of a to z.
func soundex(s string) string {
	s = strings.ToLower(foldMarks(s))
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	out := make([]byte, 1, 4)
	out[0] = s[0]
	last := soundexCodes[s[0]-'a']
	for i := 1; i < len(s) && len(out) < 4; i++ {
		if s[i] < 'a' || s[i] > 'z' {
			continue
		}
		c := soundexCodes[s[i]-'a']
		if c == '9' {
			continue
		}
		if c != '0' && c != last {
			out = append(out, c)
		}
		last = c
	}
	for len(out) < 4 {
		out = append(out, '0')
	}
	return string(out)
}

// skeleton returns the first letter and the consonants after it, each once in a
// row. A text without letters of a to z is returned as it is.
func skeleton(s string) string {
	s = strings.ToLower(foldMarks(s))
	var out []byte
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 0x80:
			return s
		case c < 'a' || c > 'z':
			continue
		case len(out) == 0:
			out = append(out, c)
		case strings.IndexByte("aeiouyhw", c) < 0 && out[len(out)-1] != c:
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		return s
	}
	return string(out)
}
