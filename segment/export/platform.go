package export

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// platformForm is one kind of identifier that a platform takes.
type platformForm struct {
	kind string
	// namespace is where the identifiers are unless it is told.
	namespace string
	form      Form
}

// platform is an advertising platform, with the forms that it takes. Where each rule
// is from is in docs/export.md.
type platform struct {
	name  string
	forms []platformForm
}

// platforms is read only.
var platforms = [...]platform{
	{"google", []platformForm{
		{"email", "email", Form{EmailGoogle, SHA256, "Email"}},
		{"phone", "phone", Form{PhoneE164, SHA256, "Phone"}},
		{"idfa", "idfa", Form{UUIDUpper, Plain, "Mobile Device ID"}},
		{"gaid", "gaid", Form{UUIDLower, Plain, "Mobile Device ID"}},
	}},
	{"meta", []platformForm{
		{"email", "email", Form{EmailLower, SHA256, "email"}},
		{"phone", "phone", Form{PhoneDigits, SHA256, "phone"}},
		{"idfa", "idfa", Form{UUIDLower, Plain, "madid"}},
		{"gaid", "gaid", Form{UUIDLower, Plain, "madid"}},
	}},
	{"tiktok", []platformForm{
		{"email", "email", Form{EmailCompact, SHA256, "Email_SHA256"}},
		{"phone", "phone", Form{PhoneE164, SHA256, "Phone_SHA256"}},
		{"idfa", "idfa", Form{UUIDLower, SHA256, "MAID_SHA256"}},
		{"gaid", "gaid", Form{UUIDLower, SHA256, "MAID_SHA256"}},
		{"idfa_md5", "idfa", Form{UUIDLower, MD5, "MAID_MD5"}},
		{"gaid_md5", "gaid", Form{UUIDLower, MD5, "MAID_MD5"}},
	}},
	{"snap", []platformForm{
		{"email", "email", Form{EmailLower, SHA256, ""}},
		{"phone", "phone", Form{PhoneDigits, SHA256, ""}},
	}},
	{"x", []platformForm{
		{"email", "email", Form{EmailLower, SHA256, ""}},
		{"idfa", "idfa", Form{UUIDLower, SHA256, ""}},
		{"gaid", "gaid", Form{UUIDLower, SHA256, ""}},
	}},
	{"tencent", []platformForm{
		{"phone", "phone", Form{PhoneChina, MD5, ""}},
		{"imei", "imei", Form{IMEILower, MD5, ""}},
		{"idfa", "idfa", Form{UUIDUpper, MD5, ""}},
		{"oaid", "oaid", Form{Verbatim, MD5, ""}},
		{"mac", "mac", Form{MACUpper, MD5, ""}},
		{"qq", "qq", Form{Verbatim, MD5, ""}},
		{"imei_plain", "imei", Form{IMEILower, Plain, ""}},
		{"idfa_plain", "idfa", Form{UUIDUpper, Plain, ""}},
	}},
	{"oceanengine", []platformForm{
		{"phone", "phone", Form{PhoneChina, MD5, ""}},
		{"phone_sha256", "phone", Form{PhoneChina, SHA256, ""}},
		{"imei", "imei", Form{IMEILower, MD5, ""}},
		{"idfa", "idfa", Form{UUIDUpper, MD5, ""}},
		{"oaid", "oaid", Form{Verbatim, Plain, ""}},
		{"oaid_md5", "oaid", Form{Verbatim, MD5, ""}},
	}},
	{"baidu", []platformForm{
		{"phone", "phone", Form{PhoneChina, MD5, ""}},
		{"imei", "imei", Form{IMEILower, MD5, ""}},
		{"idfa", "idfa", Form{UUIDUpper, MD5, ""}},
		{"oaid", "oaid", Form{Verbatim, MD5, ""}},
	}},
}

// ParseAudience returns what a platform takes: google, meta, tiktok, snap, x, tencent
// (广点通), oceanengine (巨量引擎) or baidu. Each column is a kind of identifier:
//
//	google       email phone idfa gaid
//	meta         email phone idfa gaid
//	tiktok       email phone idfa gaid idfa_md5 gaid_md5
//	snap         email phone
//	x            email idfa gaid
//	tencent      phone imei idfa oaid mac qq imei_plain idfa_plain
//	oceanengine  phone phone_sha256 imei idfa oaid oaid_md5
//	baidu        phone imei idfa oaid
//
// Its identifiers are those of the namespace of that name, less _md5 and the like, or
// of the one after an equals sign: "phone=mobile". The rules, and where each is from,
// are in docs/export.md; platforms change them, so try a small file first.
//
// The error joins one for each fault, which names the column and says what there is.
func ParseAudience(name string, columns ...string) (Audience, error) {
	i := slices.IndexFunc(platforms[:], func(p platform) bool { return p.name == name })
	if i < 0 {
		return Audience{}, fmt.Errorf("export: %w", unknown("platform", name, names(platforms[:], func(p platform) string { return p.name })))
	}
	forms := platforms[i].forms
	var (
		a      Audience
		faults []error
	)
	for i, text := range columns {
		kind, namespace, told := strings.Cut(text, "=")
		j := slices.IndexFunc(forms, func(f platformForm) bool { return f.kind == kind })
		switch {
		case j < 0:
			known := names(forms, func(f platformForm) string { return f.kind })
			err := fmt.Errorf("export: column %d, %q: %s takes no %s but %s", i+1, text, name, kind, strings.Join(known, ", "))
			faults = append(faults, err)
			continue
		case told && namespace == "":
			faults = append(faults, fmt.Errorf("export: column %d, %q: want a namespace after the equals sign", i+1, text))
			continue
		case !told:
			namespace = forms[j].namespace
		}
		a.Columns = append(a.Columns, AudienceColumn{Namespace: namespace, Form: forms[j].form})
	}
	if len(columns) == 0 {
		faults = append(faults, errors.New("export: no columns"))
	}
	if err := errors.Join(faults...); err != nil {
		return Audience{}, err
	}
	return a, nil
}
