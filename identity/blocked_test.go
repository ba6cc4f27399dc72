package identity

import (
	"errors"
	"strings"
	"testing"

	"github.com/portraitdb/portrait/profile"
)

// The lists as their sources have them, each value with the rule that drops it.
var (
	// PostHog, illegal in any case.
	posthogAnyCase = []string{
		"anonymous", "guest", "distinctid", "distinct_id", "id", "not_authenticated", "email", "undefined", "true", "false",
	}
	// PostHog, illegal as written.
	posthogAsWritten = map[string]string{
		"[object Object]": "[object Object]", "NaN": "NaN", "None": "none", "none": "none", "null": "null", "0": "^[0-]*$", "undefined": "undefined",
	}
	// Segment's suggestion: ^[0-]*$, -1, null, anonymous.
	segmentSuggested = map[string]string{
		"0": "^[0-]*$", "000000": "^[0-]*$", "-": "^[0-]*$", "--": "^[0-]*$", "0-0": "^[0-]*$",
		"00000000-0000-0000-0000-000000000000": "^[0-]*$", // the zero UUID, and the IDFA of who refused tracking
		"-1":                                   "-1", "null": "null", "anonymous": "anonymous",
	}
	adobeInvalid = map[string]string{"null": "null", "anonymous": "anonymous", "invalid": "invalid"}
	// The ID on nearly all events of a wallet that set it before it had one.
	metamask = map[string]string{"0x0": "^0x0+$", "0X00": "^0x0+$", "0x0000000000000000000000000000000000000000": "^0x0+$"}
	// Met in the field.
	field = map[string]string{
		"unknown": "unknown", "Unknown": "unknown", "n/a": "n/a", "N/A": "n/a", "none": "none", "NONE": "none", "NULL": "null", "Null": "null",
		"nil": "nil", "test": "test", "TEST": "test", "test@test.com": "test@test.com", "Test@Test.com": "test@test.com",
		"noreply@shop.cn": "noreply@*", "NoReply@Shop.cn": "noreply@*", "no-reply@shop.cn": "no-reply@*", "No-Reply@x": "no-reply@*",
		"(null)": "(null)", "<null>": "<null>", "(none)": "(none)", "(not set)": "(not set)", "<nil>": "<nil>",
		"1234567890": "1234567890", "13800138000": "13800138000", "8613800138000": "8613800138000", "+8613800138000": "+8613800138000",
		"１３８００１３８０００": "13800138000",
		"11111111":    "one repeated digit", "99999999999": "one repeated digit", "+88888888888": "one repeated digit",
		"00:00:00:00:00:00": "zeros and signs", "{00000000-0000-0000-0000-000000000000}": "zeros and signs",
		"+000": "zeros and signs", "(000) 000-0000": "zeros and signs", "0.0": "zeros and signs",
		"?": "zeros and signs", "***": "zeros and signs", ".": "zeros and signs", "/": "zeros and signs",
		"02:00:00:00:00:00": "02:00:00:00:00:00", "02-00-00-00-00-00": "02-00-00-00-00-00", "020000000000": "020000000000",
		"ff:ff:ff:ff:ff:ff": "all ones", "FFFFFFFFFFFF": "all ones", "ffffffff-ffff-ffff-ffff-ffffffffffff": "all ones",
		"9774d56d682e549c": "9774d56d682e549c", "9774D56D682E549C": "9774d56d682e549c",
	}
)

// wantBlocked demands that a value is dropped by that rule, in every namespace of
// the default rules and however it is quoted.
func wantBlocked(t *testing.T, r *Rules, value, rule string) {
	t.Helper()
	forms := []string{value, "'" + value + "'", `"` + value + `"`, " " + value + "\n", `" ` + value + ` "`}
	for _, form := range forms {
		for _, ns := range []string{"user_id", "unionid", "email", "phone", "device_id", "anonymous_id"} {
			_, err := r.Clean(profile.Identifier{Namespace: ns, Value: form})
			if drop, ok := errors.AsType[*DropError](err); !ok || drop.Reason != Blocked || drop.Rule != rule {
				t.Errorf("%s %q: %v, want it blocked by %s", ns, form, err, rule)
			}
		}
	}
}

func TestRules_Clean_blocks_the_lists_of_the_field(t *testing.T) {
	r := steps(t)
	for _, v := range posthogAnyCase {
		alternating := strings.ToUpper(v[:1]) + v[1:2] + strings.ToUpper(v[2:])
		for _, cased := range []string{v, strings.ToUpper(v), strings.ToUpper(v[:1]) + v[1:], alternating} {
			wantBlocked(t, r, cased, v)
		}
	}
	for _, list := range []map[string]string{posthogAsWritten, segmentSuggested, adobeInvalid, metamask, field} {
		for v, rule := range list {
			wantBlocked(t, r, v, rule)
		}
	}
	for _, v := range []string{"", " ", "\t\n", "\u3000", "\u200b"} {
		_, err := r.Clean(profile.Identifier{Namespace: "user_id", Value: v})
		if drop, ok := errors.AsType[*DropError](err); !ok || drop.Reason != Empty {
			t.Errorf("%q: %v, want it empty", v, err)
		}
	}
	for _, v := range []string{"''", `""`, "' '"} {
		if _, err := r.Clean(profile.Identifier{Namespace: "user_id", Value: v}); err == nil {
			t.Errorf("%q is kept", v)
		}
	}
}

func TestRules_Clean_keeps_near_misses(t *testing.T) {
	r := steps(t)
	for _, v := range []string{
		"nan", "Nan", "NAN", "[object object]", "[Object Object]", // illegal as written only: Nan is a name
		"anonymous2", "anonymou", "guestbook", "nonexistent", "nullable", "idx", "i", "e-mail", "emails", "truest", "falsetto", "testa", "unknownx",
		"undefined1", "not authenticated", "distinct-id",
		"0x1", "0x01", "0x", "x0", "10", "01", "-2", "1-0", "0-1", "00000000-0000-0000-0000-000000000001", "00000000-0000-4000-8000-000000000000",
		"test@test.com.cn", "atest@test.com", "mynoreply@x.cn", "noreply", "noreplies@x.cn", "no.reply@x.cn",
		"13800138001", "23800138000", "123456789", "12345678901", "12345", "111", "7777777", "11111112", "+1", "ffffffffff", "face:b00c",
		"02:00:00:00:00:01", "fe:ff:ff:ff:ff:ff", "9774d56d682e549d", "0.1", "a", "*a*", "王", "＊王＊", "''a''", "'anonymous", `anonymous"`, `'anonymous"`,
		"''anonymous''",
	} {
		got, err := r.Clean(profile.Identifier{Namespace: "user_id", Value: v})
		if want := nfkc(v); err != nil || got.Value != want {
			t.Errorf("user_id %q: %q, %v, want it kept as %q", v, got, err, want)
		}
	}
}

// Hosts number their people, so the shortest repeated digit depends on the kind.
func TestRules_Clean_repeated_digit_by_kind(t *testing.T) {
	r := steps(t)
	for _, tt := range []struct {
		namespace string
		shortest  int
	}{{"user_id", 8}, {"unionid", 8}, {"device_id", 3}, {"anonymous_id", 3}} {
		for n := 1; n < 10; n++ {
			_, err := r.Clean(profile.Identifier{Namespace: tt.namespace, Value: strings.Repeat("7", n)})
			if (err != nil) != (n >= tt.shortest) {
				t.Errorf("%s of %d sevens: %v", tt.namespace, n, err)
			}
		}
	}
}

func TestRules_Clean_blocks_what_only_the_normaliser_shows(t *testing.T) {
	r, err := New(Config{Namespaces: []Namespace{
		{Name: "phone", Priority: 1, Kind: Contact},
		{Name: "device", Priority: 2, Kind: Device, Normalize: []string{"trim", "device"}},
		{Name: "mail", Priority: 3, Kind: Contact, Normalize: []string{"trim", "email-provider"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for value, rule := range map[string]string{
		"phone:+86 138 0013 8000":                              "8613800138000",
		"phone:008613800138000":                                "8613800138000",
		"phone:[111] 111-1111":                                 "one repeated digit",
		"device:0200.0000.0000":                                "020000000000",
		"device:{9774D56D682E549C}":                            "9774d56d682e549c",
		"device:urn:uuid:00000000-0000-0000-0000-000000000000": "^[0-]*$",
		"device:{ffffffff-ffff-ffff-ffff-ffffffffffff}":        "all ones",
		"mail:no.reply+7@gmail.com":                            "noreply@*",
	} {
		_, err := r.Clean(ident(value))
		if drop, ok := errors.AsType[*DropError](err); !ok || drop.Reason != Blocked || drop.Rule != rule {
			t.Errorf("%s: %v, want it blocked by %s", value, err, rule)
		}
	}
}

func TestRules_Clean_own_blocked(t *testing.T) {
	r, err := New(Config{
		Namespaces: []Namespace{
			{
				Name: "email", Priority: 1, Blocked: []string{"Info@Shop.cn"}, BlockedPatterns: []string{`@mailinator\.com$`, `^QA-`},
				BlockedBy: []string{"staff", "short"},
			},
			{Name: "raw", Priority: 2, AllowDefaultBlocked: true, Blocked: []string{"null"}},
		},
		Blockers: map[string]func(string) bool{
			"staff":  func(s string) bool { return strings.HasSuffix(s, "@staff.cn") },
			"short":  func(s string) bool { return len(s) < 6 },
			"unused": func(string) bool { return true },
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for value, rule := range map[string]string{
		"email:info@shop.cn":       "blocked value",
		"email: INFO@shop.cn":      "blocked value",
		"email:x@Mailinator.com":   `@mailinator\.com$`,
		"email:QA-1@shop.cn":       `^QA-`, // gone once it is lower case
		"email:me@staff.cn":        "staff",
		"email:me@STAFF.cn":        "staff", // after normalisation
		"email:a@b.c":              "short",
		"raw:null":                 "blocked value",
		"email:undefined":          "undefined",
		"email:'no-reply@shop.cn'": "no-reply@*",
	} {
		_, err := r.Clean(ident(value))
		if drop, ok := errors.AsType[*DropError](err); !ok || drop.Reason != Blocked || drop.Rule != rule {
			t.Errorf("%s: %v, want it blocked by %s", value, err, rule)
		}
	}
	for _, value := range []string{"email:sales@shop.cn", "raw:undefined", "raw:0", "raw:x@staff.cn"} {
		if _, err := r.Clean(ident(value)); err != nil {
			t.Errorf("%s: %v", value, err)
		}
	}
}
