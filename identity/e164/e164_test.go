package e164

import (
	"strings"
	"testing"
)

func TestNormalizer(t *testing.T) {
	tests := []struct{ region, in, want string }{
		{"CN", "13812345678", "+8613812345678"},
		{"cn", "138 1234 5678", "+8613812345678"},
		{"CN", "138-1234-5678", "+8613812345678"},
		{"CN", "+86 138-1234-5678", "+8613812345678"},
		{"CN", "0086 13812345678", "+8613812345678"},
		{"CN", "8613812345678", "+8613812345678"},
		{"CN", "tel:+86-138-1234-5678", "+8613812345678"},
		{"CN", "１３８１２３４５６７８", "+8613812345678"},
		{"CN", "＋８６ １３８ １２３４ ５６７８", "+8613812345678"},
		{"CN", "(021) 5555-1234", "+862155551234"},
		{"CN", "021-55551234", "+862155551234"},
		{"CN", "+1 415 555 2671", "+14155552671"},
		{"CN", "13800138000", "+8613800138000"}, // valid: only the blocked list knows better

		{"US", "(415) 555-2671", "+14155552671"},
		{"US", "1-415-555-2671", "+14155552671"},
		{"US", "4155552671", "+14155552671"},
		{"US", "011 86 138 1234 5678", "+8613812345678"},
		{"US", "+44 20 7946 0958", "+442079460958"},

		{"GB", "020 7946 0958", "+442079460958"},
		{"GB", "+44 (0)20 7946 0958", "+442079460958"},
		{"GB", "07400 123456", "+447400123456"},
		{"GB", "00 86 13812345678", "+8613812345678"},
		{"GB", "tel:020-7946-0958;phone-context=+44", "+442079460958"},

		{"", "+8613812345678", "+8613812345678"},
		{"ZZ", "+8613812345678", "+8613812345678"},
	}
	for _, tt := range tests {
		f := Normalizer(tt.region)
		got, ok := f(tt.in)
		if !ok || got != tt.want {
			t.Errorf("%s %q: %q, %v, want %q", tt.region, tt.in, got, ok, tt.want)
			continue
		}
		if twice, ok := f(got); !ok || twice != got {
			t.Errorf("%s %q: again %q, %v", tt.region, got, twice, ok)
		}
	}
}

func TestNormalizer_refuses(t *testing.T) {
	tests := []struct{ region, in string }{
		{"CN", ""},
		{"CN", "+"},
		{"CN", "12345678901"},           // no such prefix
		{"CN", "1381234567"},            // a digit short
		{"CN", "138123456789"},          // a digit too many
		{"CN", "10086"},                 // a short code
		{"CN", "138****5678"},           // masked
		{"CN", "138＊＊＊＊5678"},           // masked
		{"CN", "13812345678 ext. 9"},    // an extension
		{"CN", "13812345678x9"},         // an extension
		{"CN", "13812345678;ext=9"},     // an extension
		{"CN", "电话13812345678"},         // words
		{"CN", "tel:13812345678;ext=9"}, // an extension
		{"CN", "13812345678,13812345679"},
		{"US", "1-800-FLOWERS"}, // not a person's
		{"US", "555-2671"},      // the area is missing
		{"US", "(000) 555-2671"},
		{"GB", "0207946095"},   // a digit short
		{"GB", "07700 900123"}, // kept free for films
		{"", "13812345678"},
		{"ZZ", "13812345678"},
		{"CN", "\xff\xfe"},
		{"CN", strings.Repeat("1", 1000)},
	}
	for _, tt := range tests {
		if got, ok := Normalizer(tt.region)(tt.in); ok || got != "" {
			t.Errorf("%s %q: %q, %v, want it refused", tt.region, tt.in, got, ok)
		}
	}
}

func FuzzNormalizer(f *testing.F) {
	for _, s := range []string{"", "+86 138-1234-5678", "tel:020-7946-0958;phone-context=+44", "١٣٨", "(0)", "+1 (415) 555-2671", "\xff", "；ext=1"} {
		f.Add(s)
	}
	regions := map[string]func(string) (string, bool){}
	for _, r := range []string{"", "CN", "US", "GB", "IT", "AR", "BR", "MX"} {
		regions[r] = Normalizer(r)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for r, normalize := range regions {
			once, ok := normalize(s)
			if !ok {
				continue
			}
			if len(once) < 4 || len(once) > 18 || once[0] != '+' || strings.Trim(once[1:], "0123456789") != "" {
				t.Fatalf("%s %q: %q is not E.164", r, s, once)
			}
			if twice, ok := normalize(once); !ok || twice != once {
				t.Fatalf("%s %q: %q, then %q, %v", r, s, once, twice, ok)
			}
		}
	})
}

func BenchmarkNormalizer(b *testing.B) {
	normalize := Normalizer("CN")
	b.ReportAllocs()
	for b.Loop() {
		normalize("+86 138-1234-5678")
	}
}
