package export

import (
	"io"
	"testing"

	"github.com/portraitdb/portrait/profile"
)

// What parses is written as it was, and writes whatever a profile holds.
func FuzzParseColumns(f *testing.F) {
	for _, text := range append(every, "", "=", ":", "a=b=id", "trait:a=b", "identifer:email", "\xff=id", "=trait:x") {
		f.Add(text)
	}
	profiles := three()
	f.Fuzz(func(t *testing.T, text string) {
		cs, err := ParseColumns(nil, text)
		if err != nil {
			return
		}
		again, err := ParseColumns(nil, cs[0].String())
		if err != nil || again[0] != cs[0] {
			t.Fatalf("%q is read as %q, and that as %v, %v", text, cs[0], again, err)
		}
		if done, err := CSV(io.Discard, sequence(profiles, nil), cs, nil); err != nil || done.Rows != 3 {
			t.Fatalf("%q: %+v, %v", text, done, err)
		}
		if done, err := JSONLines(io.Discard, sequence(profiles, nil), cs, nil); err != nil || done.Rows != 3 {
			t.Fatalf("%q: %+v, %v", text, done, err)
		}
	})
}

// Whatever an identifier is, its form is refused or is a cell.
func FuzzHashed(f *testing.F) {
	for _, value := range []string{"", "a@gmail.com", "+86 138-1234-5678", "+44 (0)20", "(0)", "00", "AECE52E7-03EE-455A-B3C4-E57283966239", "\xff@\xff"} {
		f.Add(value, "86")
	}
	f.Fuzz(func(t *testing.T, value, code string) {
		p := &profile.Profile{Identifiers: []profile.Identifier{{Namespace: "x", Value: value}}}
		for s := range spellingNames {
			a := Audience{Columns: []AudienceColumn{{Namespace: "x", Form: Form{Spelling: Spelling(s), Hash: SHA256}}}, CallingCode: code}
			done, err := Hashed(io.Discard, sequence([]*profile.Profile{p}, nil), a, nil)
			if err == nil && (done.Rows+done.Refused != 1 || done.Bytes != 65*done.Rows || done.Missing != done.Refused) {
				t.Fatalf("%s of %q: %+v", Spelling(s), value, done)
			}
		}
	})
}
