package identity

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/portraitdb/portrait/profile"
)

func TestNormalizers(t *testing.T) {
	tests := []struct{ name, in, want string }{ // refused where want is empty
		{"trim", " \u200bx\u3000", "x"},
		{"trim", "x\u2028\n", "x"},
		{"nfkc", "Ａ①ﬁ", "A1fi"},
		{"width", "Ａ１＠ｶﾞ", "A1@ガ"},
		{"width", "user²①ﬁ", "user²①ﬁ"}, // unlike nfkc
		{"lower", "ÄB", "äb"},
		{"fold", "STRASSE", "strasse"},
		{"fold", "Straße", "strasse"},
		{"digits", "a1b٢", "12"},

		{"email", "Jane.Doe+x@GMail.com", "jane.doe+x@gmail.com"},
		{"email", "jane@", ""},
		{"email-provider", "Jane.Doe+x@GMail.com", "janedoe@gmail.com"},
		{"email-provider", "j.a.n.e@googlemail.com", "jane@gmail.com"},
		{"email-provider", "jane+a+b@gmail.com", "jane@gmail.com"},
		{"email-provider", "jane@gmail.com", "jane@gmail.com"},
		{"email-provider", "Jane.Doe+x@Outlook.com", "jane.doe@outlook.com"},
		{"email-provider", "jane+x@hotmail.co.uk", "jane@hotmail.co.uk"}, // not jane@hotmail.com
		{"email-provider", "jane+x@live.com", "jane@live.com"},
		{"email-provider", "jane.doe+x@me.com", "jane.doe@icloud.com"},
		{"email-provider", "jane@mac.com", "jane@icloud.com"},
		{"email-provider", "jane@icloud.com", "jane@icloud.com"},
		{"email-provider", "jane+x@fastmail.fm", "jane@fastmail.fm"},
		{"email-provider", "jane.doe+x@proton.me", "jane.doe@proton.me"},
		{"email-provider", "jane+x@pm.me", "jane@pm.me"},
		{"email-provider", "base-shop@yahoo.com", "base@yahoo.com"},
		{"email-provider", "base-a-b@ymail.com", "base@ymail.com"},
		{"email-provider", "jane+x@yahoo.com", "jane+x@yahoo.com"},
		{"email-provider", "base-shop@yahoo.co.jp", "base-shop@yahoo.co.jp"}, // another company
		{"email-provider", "Jane.Doe+x@Example.com", "jane.doe+x@example.com"},
		{"email-provider", "jane.doe+x@mail.gmail.com", "jane.doe+x@mail.gmail.com"},
		{"email-provider", "jane+x@notgmail.com", "jane+x@notgmail.com"},
		{"email-provider", "+x@gmail.com", "+x@gmail.com"}, // nothing would be left
		{"email-provider", "...@googlemail.com", "...@googlemail.com"},
		{"email-provider", "-x@yahoo.com", "-x@yahoo.com"},
		{"email-provider", `"a.b+c"@gmail.com`, `"a.b+c"@gmail.com`}, // in quotes every sign counts
		{"email-provider", "a@b@gmail.com", "a@b@gmail.com"},
		{"email-provider", "gmail.com", ""},
		{"email-provider", "a b@gmail.com", ""},

		{"phone", "+86 138-1234-5678", "8613812345678"},
		{"phone", "(+86)138.1234.5678", "8613812345678"},
		{"phone", "＋86‐138–1234−5678", "8613812345678"},
		{"phone", "\u202a+86 138\u00a01234\u200b5678\u202c", "8613812345678"}, // as contacts are copied
		{"phone", "TEL:+1-415-555-2671;phone-context=x", "14155552671"},
		{"phone", "0711/123456", "0711123456"},
		{"phone", "138****5678", ""}, // masked: shared by a thousand people
		{"phone", "138＊＊＊＊5678", ""},
		{"phone", "138••••5678", ""},
		{"phone", "13812345678,13812345679", ""},
		{"phone", "5551234;5551235", ""},
		{"phone", "5551234+5551235", ""},
		{"phone", "13812345678#9", ""},
		{"phone", "13812345678x9", ""},
		{"phone", "12:34:56", ""},
		{"phone", "", ""},

		{"device", "{6F1C0A9E-77B1-4A4E-9A3E-1F0C8D1B2A3C}", "6f1c0a9e-77b1-4a4e-9a3e-1f0c8d1b2a3c"},
		{"device", "6F1C0A9E77B14A4E9A3E1F0C8D1B2A3C", "6f1c0a9e-77b1-4a4e-9a3e-1f0c8d1b2a3c"},
		{"device", "6f1c0a9e-77b1-4a4e-9a3e-1f0c8d1b2a3c", "6f1c0a9e-77b1-4a4e-9a3e-1f0c8d1b2a3c"},
		{"device", "URN:UUID:6f1c0a9e-77b1-4a4e-9a3e-1f0c8d1b2a3c", "6f1c0a9e-77b1-4a4e-9a3e-1f0c8d1b2a3c"},
		{"device", "6F1C0A9E-77B14A4E-9A3E-1F0C-8D1B2A3C", "6F1C0A9E-77B14A4E-9A3E-1F0C-8D1B2A3C"}, // no UUID
		{"device", "6F1C0A9E-77B14-A4E-9A3E-1F0C8D1B2A3C", "6F1C0A9E-77B14-A4E-9A3E-1F0C8D1B2A3C"},
		{"device", "AA:BB:CC:DD:EE:0F", "aabbccddee0f"},
		{"device", "aa-bb-cc-dd-ee-0f", "aabbccddee0f"},
		{"device", "aabb.ccdd.ee0f", "aabbccddee0f"},
		{"device", "AABBCCDDEE0F", "aabbccddee0f"},
		{"device", "AA:BB-CC:DD-EE:0F", "AA:BB-CC:DD-EE:0F"},
		{"device", "AAB:BCC:DDE:E0F", "AAB:BCC:DDE:E0F"},
		{"device", "35-209900-176148-1", "352099001761481"},
		{"device", "35 209900 176148 1", "352099001761481"},
		{"device", "352099001761481", "352099001761481"},
		{"device", "352099001761480", "352099001761480"},      // the check digit is wrong
		{"device", "35-209900-176148", "35209900176148"},      // without check digit
		{"device", "35-209900-176148-23", "3520990017614823"}, // IMEISV
		{"device", "35--209900-176148-1", "35--209900-176148-1"},
		{"device", "35209900176148-", "35209900176148-"},
		{"device", "-35209900176148", "-35209900176148"},
		{"device", "1-2345-6789-0123", "1-2345-6789-0123"}, // too short
		{"device", "35-209900-176148-1a", "35-209900-176148-1a"},
		{"device", "9774D56D682E549D", "9774d56d682e549d"}, // an Android ID
		{"device", "A1000009ABCDEF", "a1000009abcdef"},     // an MEID
		{"device", strings.Repeat("AB", 32), strings.Repeat("ab", 32)},
		{"device", "DEADBEEF", "DEADBEEF"},                             // a word
		{"device", "cT3uXyZ9QkOa_1:APA91bF", "cT3uXyZ9QkOa_1:APA91bF"}, // case counts
		{"device", "{{Xy}}", "Xy"},
		{"device", "{Xy", "{Xy"},
	}
	for _, tt := range tests {
		apply := builtIn(tt.name)
		got, ok := apply(tt.in)
		if ok != (tt.want != "") || ok && got != tt.want {
			t.Errorf("%s %q: %q, %v, want %q", tt.name, tt.in, got, ok, tt.want)
			continue
		}
		if again, still := apply(got); ok && (!still || again != got) {
			t.Errorf("%s %q: again %q, %v", tt.name, got, again, still)
		}
	}
}

// No domain stands in two lists, for the first would win by its place.
func TestProviders_are_distinct(t *testing.T) {
	seen := map[string]bool{}
	for i := range providers {
		p := &providers[i]
		for _, d := range p.domains {
			if seen[d] || d != strings.ToLower(d) || providerOf(d) != p {
				t.Errorf("%s is listed twice or spelled wrong", d)
			}
			seen[d] = true
		}
	}
}

func TestRules_Clean_form_of_a_namespace(t *testing.T) {
	r, err := New(Config{
		Namespaces: []Namespace{
			{Name: "member", Priority: 1, Normalize: []string{"trim", "upper"}, Pattern: `^M\d+$`, MaxLength: 8, Blocked: []string{"m404"}},
			{Name: "part", Priority: 2, Pattern: `\d`},
			{Name: "twice", Priority: 3, Normalize: []string{"drop-x", "trim"}},
			{Name: "odd", Priority: 4, Normalize: []string{"panics"}, Blocked: []string{"boom"}},
			{Name: "text", Priority: 5, Normalize: []string{"bytes", "lower"}},
			{Name: "grows", Priority: 6, Normalize: []string{"grow"}},
			{Name: "flips", Priority: 7, Normalize: []string{"flip"}},
			{Name: "asks", Priority: 8, BlockedBy: []string{"panics"}},
			{Name: "control", Priority: 9, Normalize: []string{"bell"}},
			{Name: "blank", Priority: 10, Normalize: []string{"blank"}},
		},
		Normalizers: map[string]func(string) (string, bool){
			"upper":  func(s string) (string, bool) { return strings.ToUpper(s), true },
			"drop-x": func(s string) (string, bool) { return strings.TrimPrefix(s, "x "), s != "no" },
			"panics": func(s string) (string, bool) { return s[100:], true },
			"bytes":  func(s string) (string, bool) { return s[:1], true },
			"grow":   func(s string) (string, bool) { return s + s, true },
			"flip":   func(s string) (string, bool) { return s[1:] + s[:1], true },
			"bell":   func(string) (string, bool) { return "a\ab", true },
			"blank":  func(string) (string, bool) { return "\u200b", true },
		},
		Blockers: map[string]func(string) bool{
			"panics": func(s string) bool { return s[5] == 'x' },
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		in, want string
		reason   Reason
		rule     string
	}{
		{in: "member: m12 ", want: "M12"},
		{in: "member:M1234567", want: "M1234567"},
		{in: "member:m12345678", reason: TooLong, rule: "8 bytes"},
		{in: "member:12", reason: Invalid, rule: `^M\d+$`},
		{in: "member:m12x", reason: Invalid, rule: `^M\d+$`},
		{in: "member:M404", reason: Blocked, rule: "blocked value"},
		{in: "part:a1b", want: "a1b"}, // the pattern is anchored as written
		{in: "part:ab", reason: Invalid, rule: `\d`},
		{in: "twice:x  x y", want: "y"},
		{in: "twice:no", reason: Invalid, rule: "drop-x"},
		{in: "odd:abc", reason: Invalid, rule: "panics panicked"},
		{in: "odd:boom", reason: Blocked, rule: "blocked value"}, // its normal form is unknown, it itself is not
		{in: "text:ABC", want: "a"},
		{in: "text:é", reason: Invalid, rule: "bytes"},
		{in: "grows:abc", reason: Invalid, rule: "does not settle"},
		{in: "grows:" + strings.Repeat("abcdefgh", 100), reason: TooLong, rule: "1024 bytes"},
		{in: "flips:aaaa", want: "aaaa"},
		{in: "flips:abc", reason: Invalid, rule: "does not settle"},
		{in: "asks:abcdef", want: "abcdef"},
		{in: "asks:abcdex", reason: Blocked, rule: "panics"},
		{in: "asks:abc", reason: Invalid, rule: "panics panicked"},
		{in: "control:abc", reason: Invalid, rule: "control character"},
		{in: "blank:abc", reason: Empty},
	}
	for _, tt := range tests {
		id := ident(tt.in)
		got, err := r.Clean(id)
		if tt.reason == "" {
			if want := (profile.Identifier{Namespace: id.Namespace, Value: tt.want}); err != nil || got != want {
				t.Errorf("%s: %q, %v, want %q", tt.in, got, err, want)
			}
			continue
		}
		drop, _ := errors.AsType[*DropError](err)
		if diff := cmp.Diff(&DropError{Namespace: id.Namespace, Reason: tt.reason, Rule: tt.rule}, drop); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.in, diff)
		}
	}
}

func TestNew_faults_of_forms(t *testing.T) {
	same := func(s string) (string, bool) { return s, true }
	never := func(string) bool { return false }
	_, err := New(Config{
		Namespaces: []Namespace{
			{Name: "a", Priority: 1, Normalize: []string{"emial", "device-ids", "Trim"}, MaxLength: 1025},
			{Name: "b", Priority: 2, MaxLength: -1, Pattern: "(", BlockedBy: []string{"staf", "empty"}},
		},
		Normalizers: map[string]func(string) (string, bool){"": same, "trim": same, "device-id": same, "nothing": nil},
		Blockers:    map[string]func(string) bool{"": never, "staff": never, "empty": nil},
	})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		`namespace "a": unknown normaliser "emial": want one of trim, nfkc, width,`, `did you mean "email"?`,
		`unknown normaliser "device-ids"`, `did you mean "device-id"?`,
		`unknown normaliser "Trim"`, `did you mean "trim"?`,
		`namespace "a": max length 1025: want 0 to 1024`, `namespace "b": max length -1: want 0 to 1024`, `namespace "b": pattern: error parsing regexp`,
		`namespace "b": unknown blocker "staf": want one of`, `did you mean "staff"?`, `unknown blocker "empty"`,
		"a normaliser has an empty name", `normaliser "trim": the name is that of a built-in one`, `normaliser "nothing" is nil`,
		"a blocker has an empty name", `blocker "empty" is nil`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error does not mention %s:\n%v", want, err)
		}
	}
	_, err = New(Config{Namespaces: []Namespace{{Name: "a", Priority: 1, BlockedBy: []string{"x"}}}})
	if err == nil || !strings.Contains(err.Error(), `unknown blocker "x": none is declared`) {
		t.Errorf("error = %v", err)
	}
}

func TestNearest(t *testing.T) {
	known := []string{"trim", "email", "email-provider", "phone"}
	for name, want := range map[string]string{
		"trmi": "trim", "tirm": "trim", "mirt": "", "trimm": "trim", "TRIM": "trim", "trim": "", "emal": "email", "email_provider": "email-provider", "fone": "", "fhone": "phone",
		"": "", "x": "", "upper": "", strings.Repeat("e", 1000): "",
	} {
		if got := nearest(name, known); got != want {
			t.Errorf("nearest(%q) = %q, want %q", name[:min(len(name), 20)], got, want)
		}
	}
}

// A clean value is the common case: it costs no memory.
func TestRules_Clean_allocates_nothing_for_clean_ASCII(t *testing.T) {
	r := steps(t)
	for _, v := range []string{
		"user_id:u-102938", "user_id:U-102938", "email:someone@example.com", "phone:8613812345678", "anonymous_id:6f1c0a9e-77b1-4a4e-9a3e-1f0c8d1b2a3c",
		"steps/trim+nfkc+email-provider:jane@gmail.com", "steps/device:6f1c0a9e-77b1-4a4e-9a3e-1f0c8d1b2a3c", "steps/device:aabbccddee0f",
		"steps/fold:strasse", "steps/width:abc", "steps/lower:abc", "steps/digits:123",
	} {
		id := ident(v)
		n := testing.AllocsPerRun(100, func() {
			if got, err := r.Clean(id); err != nil || got != id {
				t.Fatalf("%s: %q, %v", id, got, err)
			}
		})
		if n > 0 {
			t.Errorf("%s: %v allocations", v, n)
		}
	}
}

// Each normaliser, on its own: it never panics, and what it accepts is text that
// settles at once.
func FuzzNormalizers(f *testing.F) {
	for _, s := range []string{
		"", "J.a+b@GoogleMail.com", "a-b@yahoo.com", "..@gmail.com", "{{}}", "urn:uuid:urn:uuid:", "AA:BB:CC:DD:EE:0F", "35-209900-176148-1",
		"6F1C0A9E77B14A4E9A3E1F0C8D1B2A3C", "tel:+86;x", "ｶﾞ", "™", "\u200bx", "İ@x", "١٢٣", "\xff", "ﬁ", "\"a\"@gmail.com",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return // refused before any normaliser sees it
		}
		for _, name := range normalizerNames() {
			alone := form{steps: []step{{name: name, apply: builtIn(name)}}}
			once, fault := alone.normalize(s)
			if fault != "" {
				continue
			}
			if !utf8.ValidString(once) {
				t.Fatalf("%s %q: %q", name, s, once)
			}
			if twice, fault := alone.normalize(once); fault != "" || twice != once {
				t.Fatalf("%s %q: %q, then %q, %s", name, s, once, twice, fault)
			}
			if _, ok := builtIn(name)(once); !ok {
				t.Fatalf("%s refuses its own %q", name, once)
			}
		}
	})
}
