package export

import (
	"bytes"
	"encoding/csv"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/portraitdb/portrait/profile"
	"pgregory.net/rapid"
)

func audience(t testing.TB, platform string, kinds ...string) Audience {
	t.Helper()
	a, err := ParseAudience(platform, kinds...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// What the platforms publish as examples comes out as they publish it.
func TestHashed_published_examples(t *testing.T) {
	tests := []struct{ platform, kind, value, want string }{
		{"meta", "email", " John_Smith@gmail.com ", "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"},
		{"meta", "phone", "(650)555-1212", "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176"},
		{"tiktok", "email", "Jane Doe@gmail.com", "d6117306485ed0e50afab3ac871e98f81699151f30281527d63ff5f233656c69"},
		{"snap", "email", "Person@Example.com", "542d240129883c019e106e3b1b2d3f3cb3537c43c425364de8e951d5a3083345"},
		{"tencent", "idfa", "FF1999CD-7177-4937-A474-74937A102630", "2c010ed96aef2fc34983e1e7e9176b7e"},
		{"tencent", "idfa", "ff1999cd71774937a47474937a102630", "2c010ed96aef2fc34983e1e7e9176b7e"},
		{"tencent", "imei", "A000002C9060F7", "f2d5a650733ca8c27d502b1c08da14e5"},
		{"tencent", "mac", "02:00:00:00:00:00", "e3f5536a141811db40efd6400f1d0a4e"},
		{"tencent", "oaid", "1fe9a970-efbb-29e0-0bdd-f5dbbf751ab5", "83e9158a4fb54c0e1ef0b238639a23ae"},
	}
	for _, tt := range tests {
		a := audience(t, tt.platform, tt.kind)
		a.CallingCode = "1"
		p := &profile.Profile{Identifiers: []profile.Identifier{{Namespace: tt.kind, Value: tt.value}}}
		var b bytes.Buffer
		if _, err := Hashed(&b, sequence([]*profile.Profile{p}, nil), a, &Options{NoHeader: true}); err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSuffix(b.String(), "\n"); got != tt.want {
			t.Errorf("%s %s %q: %q, want %q", tt.platform, tt.kind, tt.value, got, tt.want)
		}
	}
}

// The rules, before the hash; refused where want is empty.
func TestSpelling(t *testing.T) {
	tests := []struct {
		spelling       Spelling
		in, code, want string
	}{
		{Verbatim, " AbC ", "", "AbC"},
		{Verbatim, " \t", "", ""},
		{EmailLower, " Jane.Doe+x@GMail.com\n", "", "jane.doe+x@gmail.com"},
		{EmailLower, "jane doe@x.cn", "", ""},
		{EmailLower, "jane@", "", ""},
		{EmailLower, "@x.cn", "", ""},
		{EmailCompact, " Jane Doe @x.CN", "", "janedoe@x.cn"},
		{EmailGoogle, "Jane.Doe+x@GMail.com", "", "janedoe+x@gmail.com"},
		{EmailGoogle, "J.D@googlemail.com", "", "jd@googlemail.com"},
		{EmailGoogle, "j.d@x.cn", "", "j.d@x.cn"},
		{EmailGoogle, "j.d@my.gmail.com", "", "j.d@my.gmail.com"},
		{EmailGoogle, ".@gmail.com", "", ".@gmail.com"},

		{PhoneE164, "+86 138-1234-5678", "", "+8613812345678"},
		{PhoneE164, "0086 138 1234 5678", "", "+8613812345678"},
		{PhoneE164, "13812345678", "", ""},
		{PhoneE164, "13812345678", "86", "+8613812345678"},
		{PhoneE164, "8613812345678", "86", "+8613812345678"},
		{PhoneE164, "8613812345678", "+", "+8613812345678"},
		{PhoneE164, "013812345678", "+", ""},
		{PhoneE164, "021-5555 1234", "86", "+862155551234"},
		{PhoneE164, "(800)555-0100", "1", "+18005550100"},
		{PhoneE164, "1 (800) 555.0100", "1", "+18005550100"},
		{PhoneE164, "+44 (0)20 7946 0958", "86", "+442079460958"},
		{PhoneE164, "020 7946 0958", "44", "+442079460958"},
		{PhoneE164, "333456789", "33", "+33333456789"},
		{PhoneE164, "06 1234567", "39", "+39061234567"},
		{PhoneE164, "138****5678", "86", ""},
		{PhoneE164, "13812345678x9", "86", ""},
		{PhoneE164, "+", "86", ""},
		{PhoneE164, "", "86", ""},
		{PhoneE164, "+0812345678", "", ""},
		{PhoneE164, "10086", "", ""},
		{PhoneE164, "1234567890123456", "86", ""},
		{PhoneDigits, "+44 844 412 4653", "", "448444124653"},
		{PhoneChina, "+86 138-1234-5678", "", "13812345678"},
		{PhoneChina, "8613812345678", "", "13812345678"},
		{PhoneChina, "13812345678", "", "13812345678"},
		{PhoneChina, "12812345678", "", ""},
		{PhoneChina, "021-55551234", "", ""},
		{PhoneChina, "+1 415 555 2671", "", ""},
		{PhoneChina, "1381234567", "", ""},

		{UUIDLower, "AECE52E7-03EE-455A-B3C4-E57283966239", "", "aece52e7-03ee-455a-b3c4-e57283966239"},
		{UUIDUpper, "aece52e703ee455ab3c4e57283966239", "", "AECE52E7-03EE-455A-B3C4-E57283966239"},
		{UUIDUpper, "00000000-0000-0000-0000-000000000000", "", ""},
		{UUIDUpper, "aece52e7-03ee-455a-b3c4-e5728396623g", "", ""},
		{UUIDUpper, "aece52e7+03ee-455a-b3c4-e57283966239", "", ""},
		{UUIDLower, "", "", ""},
		{IMEILower, "86-9677023945-285", "", "869677023945285"},
		{IMEILower, "A000002C9060F7", "", "a000002c9060f7"},
		{IMEILower, "000000000000000", "", ""},
		{IMEILower, "8696770239452850", "", ""},
		{IMEILower, "86967702394528x", "", ""},
		{MACUpper, "10-2a-b3-69-1b-9b", "", "102AB3691B9B"},
		{MACUpper, "102a.b369.1b9b", "", "102AB3691B9B"},
		{MACUpper, "10:2a", "", ""},
	}
	for _, tt := range tests {
		got, ok := tt.spelling.of(tt.in, tt.code)
		if ok != (tt.want != "") || ok && got != tt.want {
			t.Errorf("%s of %q (%s): %q, %v, want %q", tt.spelling, tt.in, tt.code, got, ok, tt.want)
		}
	}
}

// What is spelt once is spelt so for good: a hash does not depend on how often an
// identifier went through a platform's rule.
func TestSpelling_settles(t *testing.T) {
	forms := `[ a-fA-F.+@:0-9-]{0,18}|\+?[0-9 ]{5,17}|[a-c.]{1,4}@(gmail|x)\.com|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(rapid.String(), rapid.StringMatching(forms)).Draw(t, "value")
		code := rapid.SampledFrom([]string{"", "1", "86", "39", "+"}).Draw(t, "code")
		for s := range spellingNames {
			once, ok := Spelling(s).of(value, code)
			if !ok {
				continue
			}
			again := code
			if Spelling(s) == PhoneDigits {
				again = AlreadyInternational // The plus that said so is gone.
			}
			if twice, ok := Spelling(s).of(once, again); !ok || twice != once {
				t.Fatalf("%s of %q: %q, and again %q, %v", Spelling(s), value, once, twice, ok)
			}
		}
	})
}

func TestHashed_rows(t *testing.T) {
	ids := func(id profile.ID, texts ...string) *profile.Profile {
		p := &profile.Profile{ID: id}
		for _, text := range texts {
			parsed, err := profile.ParseIdentifier(text)
			if err != nil {
				t.Fatal(err)
			}
			p.Identifiers = append(p.Identifiers, parsed)
		}
		return p
	}
	list := []*profile.Profile{
		ids(1, "email:a@x.cn", "email:A@x.cn", "email:b@x.cn", "email:c@x.cn", "mobile:+8613812345678"),
		ids(2, "mobile:02155551234", "mobile:13912345678"),
		ids(3, "user_id:7"),
		ids(4, "email:nonsense", "mobile:138****5678"),
	}
	plain := func(a Audience) Audience { // So that the rows can be read.
		for i := range a.Columns {
			a.Columns[i].Form.Hash = Plain
		}
		return a
	}
	tests := []struct {
		name             string
		audience         Audience
		opts             Options
		want             string
		rows             uint64
		missing, refused uint64
	}{
		{
			"two of one kind beside another", plain(audience(t, "meta", "email", "phone=mobile", "email")), Options{},
			"email,phone,email\na@x.cn,8613812345678,b@x.cn\n", 1, 3, 4,
		},
		{
			"one column", plain(audience(t, "tencent", "phone=mobile")), Options{},
			"13812345678\n13912345678\n", 2, 2, 2,
		},
		{
			"one column with a header", plain(audience(t, "google", "email")), Options{BOM: true},
			"\ufeffEmail\na@x.cn\nb@x.cn\nc@x.cn\n", 3, 3, 1,
		},
		{
			"guarded", plain(audience(t, "google", "phone=mobile")), Options{GuardFormulas: true, NoHeader: true},
			"\"'+8613812345678\"\n", 1, 3, 3,
		},
	}
	for _, tt := range tests {
		var b bytes.Buffer
		done, err := Hashed(&b, sequence(list, nil), tt.audience, &tt.opts)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, b.String()); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
		if done.Profiles != 4 || done.Rows != tt.rows || done.Missing != tt.missing || done.Refused != tt.refused || done.Bytes != uint64(b.Len()) {
			t.Errorf("%s: %+v", tt.name, done)
		}
	}
}

// Every platform's every form: what was hashed is nowhere in the file.
func TestHashed_nothing_plain(t *testing.T) {
	for _, platform := range platforms {
		for _, f := range platform.forms {
			if f.form.Hash == Plain {
				continue
			}
			p := &profile.Profile{}
			values := []string{"jane@x.cn", "+8613812345678", "aece52e7-03ee-455a-b3c4-e57283966239", "869677023945285", "10:2a:b3:69:1b:9b"}
			for _, v := range values {
				p.Identifiers = append(p.Identifiers, profile.Identifier{Namespace: f.namespace, Value: v})
			}
			var b bytes.Buffer
			done, err := Hashed(&b, sequence([]*profile.Profile{p}, nil), audience(t, platform.name, f.kind), nil)
			if err != nil || done.Rows == 0 {
				t.Errorf("%s %s: %+v, %v", platform.name, f.kind, done, err)
			}
			rows, err := csv.NewReader(&b).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			if f.form.Header != "" {
				rows = rows[1:]
			}
			for _, row := range rows {
				if cell := row[0]; strings.Trim(cell, "0123456789abcdef") != "" || len(cell) != 32 && len(cell) != 64 {
					t.Errorf("%s %s: %q", platform.name, f.kind, cell)
				}
			}
		}
	}
}

// docs/export.md has every form of every platform, with its hash and its header.
func TestDocs_platforms(t *testing.T) {
	text, err := os.ReadFile("../../docs/export.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(text), "| platform | kind |")
	if !ok {
		t.Fatal("docs/export.md has no table of platforms")
	}
	hashes := map[Hash]string{Plain: "none", MD5: "MD5", SHA256: "SHA-256"}
	rows := map[string]string{} // by platform and kind
	platform := ""
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) < 7 {
			continue
		}
		if name := strings.Split(cells[1], "`"); len(name) == 3 {
			platform = name[1]
		}
		for i, kind := range strings.Split(cells[2], "`") {
			if i%2 == 1 {
				rows[platform+" "+kind] = line
			}
		}
	}
	n := 0
	for _, p := range platforms {
		for _, f := range p.forms {
			n++
			row := rows[p.name+" "+f.kind]
			if !strings.Contains(row, hashes[f.form.Hash]) || !strings.Contains(row, "| "+f.form.Header) && !strings.Contains(row, ", "+f.form.Header) {
				t.Errorf("%s %s: %q", p.name, f.kind, row)
			}
		}
	}
	if len(rows) != n {
		t.Errorf("%d kinds in the table, there are %d", len(rows), n)
	}
}

func TestParseAudience_faults(t *testing.T) {
	tests := []struct {
		platform string
		kinds    []string
		want     string
	}{
		{"gogle", []string{"email"}, `export: unknown platform "gogle", did you mean "google"?`},
		{"tencent", []string{"email", "phone="}, "export: column 1, \"email\": tencent takes no email but phone, imei, idfa, oaid, mac, qq, imei_plain, idfa_plain\n" +
			`export: column 2, "phone=": want a namespace after the equals sign`},
		{"meta", nil, "export: no columns"},
	}
	for _, tt := range tests {
		if _, err := ParseAudience(tt.platform, tt.kinds...); err == nil || err.Error() != tt.want {
			t.Errorf("%s %q:\n got %v\nwant %s", tt.platform, tt.kinds, err, tt.want)
		}
	}
}

func TestHashed_refuses(t *testing.T) {
	mixed := audience(t, "google", "email", "phone")
	mixed.Columns[1].Form.Header = ""
	tests := map[string]Audience{
		"no columns":      {},
		"no namespace":    {Columns: []AudienceColumn{{}}},
		"unknown hash":    {Columns: []AudienceColumn{{Namespace: "x", Form: Form{Hash: 9}}}},
		"unknown form":    {Columns: []AudienceColumn{{Namespace: "x", Form: Form{Spelling: 99}}}},
		"half a header":   mixed,
		"calling code +1": {Columns: mixed.Columns[:1], CallingCode: "+1"},
		"calling code 01": {Columns: mixed.Columns[:1], CallingCode: "01"},
		"calling code CN": {Columns: mixed.Columns[:1], CallingCode: "CN"},
	}
	for name, a := range tests {
		var b bytes.Buffer
		if _, err := Hashed(&b, sequence(three(), nil), a, nil); err == nil || b.Len() > 0 {
			t.Errorf("%s: %v, %d bytes", name, err, b.Len())
		}
	}
	if Hash(9).String() != "hash(?)" || Spelling(99).String() != "spelling(?)" {
		t.Error("names of what there is not")
	}
}
