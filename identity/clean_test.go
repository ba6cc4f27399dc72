package identity

import (
	"errors"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/portraitdb/portrait/profile"
)

// steps has one namespace for every normaliser, and some odd lists of them.
func steps(t testing.TB) *Rules {
	t.Helper()
	c := Default()
	lists := [][]string{
		{},
		{"lower", "nfkc"},
		{"fold", "trim", "nfkc"},
		{"phone", "email"},
		{"trim", "nfkc", "email-provider"},
		{"device", "digits"},
		{"width", "device", "trim"},
	}
	for _, name := range normalizerNames() {
		lists = append(lists, []string{name})
	}
	for i, list := range lists {
		c.Namespaces = append(c.Namespaces, Namespace{
			Name: "steps/" + strings.Join(list, "+"), Priority: 100 + i, Normalize: list, AllowDefaultBlocked: true,
		})
	}
	r, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRules_Clean(t *testing.T) {
	r := steps(t)
	long := strings.Repeat("x", 1025)
	tests := []struct {
		in, want string
		reason   Reason
		rule     string
	}{
		{in: "user_id:u1", want: "u1"},
		{in: "user_id: \u00a0\u200bu1\ufeff\n", want: "u1"},
		{in: "user_id:Ａ１", want: "A1"},
		{in: "user_id:张伟", want: "张伟"},
		{in: "user_id:777", want: "777"},
		{in: "user_id:a:b", want: "a:b"},
		{in: "email: Jane@Example.COM ", want: "jane@example.com"},
		{in: "email:ｊａｎｅ＠ｅｘａｍｐｌｅ．ｃｏｍ", want: "jane@example.com"},
		{in: "email:名前@例え.jp", want: "名前@例え.jp"},
		{in: "phone:+86 138-1234-5678", want: "8613812345678"},
		{in: "phone:tel:+86-138-1234-5678;ext=2", want: "8613812345678"},
		{in: "phone:0086 13812345678", want: "8613812345678"},
		{in: "phone:１３８１２３４５６７８", want: "13812345678"},
		{in: "phone:٠١٢٣٤٥٦٧٨٩", want: "0123456789"},
		{in: "phone:(021) 5555-1234", want: "02155551234"},
		{in: "steps/lower:ÄBC", want: "äbc"},
		{in: "steps/fold:Straße", want: "strasse"},
		{in: "steps/digits:a1b٢c𝟛", want: "123"},
		{in: "steps/lower+nfkc:Ａ™", want: "atm"},
		{in: "steps/: x ", want: " x "},
		{in: "steps/:null", want: "null"},

		{in: "fax:1", reason: UnknownNamespace},
		{in: "user_id:\u3000 \t", reason: Empty},
		{in: "steps/digits:abc", reason: Empty},
		{in: "user_id:" + long, reason: TooLong, rule: "1024 bytes"},
		{in: "user_id:" + strings.Repeat("ﷺ", 100), reason: TooLong, rule: "1024 bytes"}, // 18 letters each
		{in: "user_id:" + strings.Repeat(long, 2000), reason: TooLong, rule: "1024 bytes"},
		{in: "user_id:a\xffb", reason: Invalid, rule: "utf-8"},
		{in: "user_id:a\x00b", reason: Invalid, rule: "control character"},
		{in: "email:jane", reason: Invalid, rule: "email"},
		{in: "email:@example.com", reason: Invalid, rule: "email"},
		{in: "email:jane@", reason: Invalid, rule: "email"},
		{in: "email:jane doe@example.com", reason: Invalid, rule: "email"},
		{in: "phone:1234", reason: Invalid, rule: "phone"},
		{in: "phone:1234567890123456", reason: Invalid, rule: "phone"},
		{in: "phone:+86 13812345678 ext 9", reason: Invalid, rule: "phone"},
		{in: "user_id:null", reason: Blocked, rule: "null"},
		{in: "email:noreply@shop.cn", reason: Blocked, rule: "noreply@*"},
	}
	for _, tt := range tests {
		t.Run(tt.in[:min(len(tt.in), 60)], func(t *testing.T) {
			id := ident(tt.in)
			got, err := r.Clean(id)
			if tt.reason == "" {
				if want := (profile.Identifier{Namespace: id.Namespace, Value: tt.want}); err != nil || got != want {
					t.Fatalf("Clean = %q, %v; want %q", got, err, want)
				}
				return
			}
			drop, ok := errors.AsType[*DropError](err)
			if !ok {
				t.Fatalf("Clean = %q, %v; want a DropError", got, err)
			}
			if diff := cmp.Diff(&DropError{Namespace: id.Namespace, Reason: tt.reason, Rule: tt.rule}, drop); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDropError_HidesTheValue(t *testing.T) {
	r := steps(t)
	_, err := r.Clean(ident("email:secret"))
	if want := `identifier of "email" dropped: invalid (email)`; err == nil || err.Error() != want {
		t.Errorf("error = %v, want %s", err, want)
	}
	_, err = r.Clean(ident("fax:secret"))
	if want := `identifier of "fax" dropped: unknown_namespace`; err == nil || err.Error() != want {
		t.Errorf("error = %v, want %s", err, want)
	}
}

func TestRules_Select(t *testing.T) {
	c := Default()
	c.MaxIdentifiers = 3
	r, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	in := []profile.Identifier{
		ident("anonymous_id:z"), ident("email:B@x.com"), ident("fax:1"), ident("anonymous_id:a"),
		ident("email:b@x.com"), ident("user_id:null"), ident("user_id:u"),
	}
	kept, dropped := r.Select(in)
	want := []profile.Identifier{ident("user_id:u"), ident("email:b@x.com"), ident("anonymous_id:a")}
	if diff := cmp.Diff(want, kept); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
	wantDropped := []*DropError{
		{Namespace: "anonymous_id", Position: 0, Reason: TooMany},
		{Namespace: "fax", Position: 2, Reason: UnknownNamespace},
		{Namespace: "user_id", Position: 5, Reason: Blocked, Rule: "null"},
	}
	if diff := cmp.Diff(wantDropped, dropped); diff != "" {
		t.Errorf("dropped (-want +got):\n%s", diff)
	}
	if kept, dropped := r.Select(nil); len(kept)+len(dropped) > 0 {
		t.Errorf("of nothing: %v, %v", kept, dropped)
	}
}

// digit rests on the ranges of decimal digits being whole sets of ten.
func TestDigit_UnicodeTable(t *testing.T) {
	for _, r := range unicode.Nd.R16 {
		if r.Stride != 1 || (r.Hi-r.Lo+1)%10 != 0 {
			t.Errorf("range %x to %x", r.Lo, r.Hi)
		}
	}
	for _, r := range unicode.Nd.R32 {
		if r.Stride != 1 || (r.Hi-r.Lo+1)%10 != 0 {
			t.Errorf("range %x to %x", r.Lo, r.Hi)
		}
	}
	for c := range rune(unicode.MaxRune) {
		if _, ok := digit(c); ok != unicode.Is(unicode.Nd, c) {
			t.Fatalf("digit(%U) = %v", c, ok)
		}
	}
}

func FuzzRules_Clean(f *testing.F) {
	for _, s := range []string{
		"", "a@b.cn", " ＪＡＮＥ＠x.com", "+86 138", "tel:0086138001380001;x", "\ufdfa", "™ Ⅷ", "İ", "ß", "\u200b\u0301", "0x0", "'null'", "\xff", "ǅ", "\u1e9e", "ﬃ",
	} {
		f.Add(s)
	}
	r := steps(f)
	f.Fuzz(func(t *testing.T, value string) {
		for _, ns := range r.byRank {
			once, err := r.Clean(profile.Identifier{Namespace: ns.name, Value: value})
			if err != nil {
				if _, ok := errors.AsType[*DropError](err); !ok {
					t.Fatalf("%s %q: error of type %T", ns.name, value, err)
				}
				continue
			}
			if v := once.Value; v == "" || len(v) > maxValueLen || !utf8.ValidString(v) {
				t.Fatalf("%s %q: clean value %q", ns.name, value, v)
			}
			if twice, err := r.Clean(once); err != nil || twice != once {
				t.Fatalf("%s %q: cleaned to %q, then to %q, %v", ns.name, value, once.Value, twice.Value, err)
			}
		}
	})
}
