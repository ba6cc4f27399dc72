package identity

import (
	"slices"
	"strings"
	"unicode"
)

// email lower-cases an e-mail address. The local part may be case-sensitive by
// the standard and is not in practice.
func email(s string) (string, bool) {
	at := strings.LastIndexByte(s, '@')
	if at <= 0 || at == len(s)-1 || strings.ContainsFunc(s, unicode.IsSpace) {
		return "", false
	}
	return strings.ToLower(s), true
}

// provider says which spellings of an address a provider delivers to one mailbox.
type provider struct {
	domains []string // the first one stands for all of them if they are one
	one     bool     // the domains name the same mailboxes
	dots    bool     // dots in the local part do not count
	tag     byte     // what follows it in the local part does not count
}

// providerOf returns the provider of a domain, or nil. Only what a provider
// documents of its own domains is listed: a company may run its own domain on the
// same servers and keep other rules.
//
//	provider   domains                     dots     a tag begins with
//	Google     one mailbox                 ignored  +
//	Apple      one mailbox                          +
//	Microsoft                                       +
//	Fastmail                                        +
//	Proton                                          +
//	Yahoo                                           -
//
// A user name of Yahoo's cannot hold a dash: it parts the base name of disposable
// addresses from their keyword. The base name is not the user name, so disposable
// addresses become one with each other and not with the main one. Yahoo Japan is
// another company and not listed.
func providerOf(domain string) *provider {
	for i := range providers {
		if slices.Contains(providers[i].domains, domain) {
			return &providers[i]
		}
	}
	return nil
}

// providers is read only.
var providers = [...]provider{
	{domains: []string{"gmail.com", "googlemail.com"}, one: true, dots: true, tag: '+'},
	{domains: []string{"icloud.com", "me.com", "mac.com"}, one: true, tag: '+'},
	{domains: []string{
		"outlook.com", "outlook.de", "outlook.es", "outlook.fr", "outlook.it", "outlook.jp", "outlook.kr", "outlook.sg", "outlook.com.au",
		"outlook.com.br", "hotmail.com", "hotmail.co.jp", "hotmail.co.uk", "hotmail.de", "hotmail.es", "hotmail.fr", "hotmail.it", "live.ca",
		"live.cn", "live.co.uk", "live.com", "live.com.au", "live.de", "live.fr", "live.it", "live.jp", "live.nl", "msn.com",
	}, tag: '+'},
	{domains: []string{"fastmail.com", "fastmail.fm"}, tag: '+'},
	{domains: []string{"proton.me", "protonmail.com", "protonmail.ch", "pm.me"}, tag: '+'},
	{domains: []string{
		"yahoo.com", "yahoo.ca", "yahoo.co.id", "yahoo.co.in", "yahoo.co.uk", "yahoo.com.ar", "yahoo.com.au", "yahoo.com.br", "yahoo.com.hk",
		"yahoo.com.mx", "yahoo.com.ph", "yahoo.com.sg", "yahoo.com.tw", "yahoo.com.vn", "yahoo.de", "yahoo.es", "yahoo.fr", "yahoo.ie",
		"yahoo.in", "yahoo.it", "ymail.com", "rocketmail.com",
	}, tag: '-'},
}

// mailbox is email, and brings the spellings that a large provider delivers to one
// mailbox to one. An address of which nothing would be left stays as it is.
func mailbox(s string) (string, bool) {
	s, ok := email(s)
	if !ok {
		return "", false
	}
	at := strings.LastIndexByte(s, '@')
	local, domain := s[:at], s[at+1:]
	p := providerOf(domain)
	if p == nil || local[0] == '"' { // in quotes every sign counts
		return s, true
	}
	if i := strings.IndexByte(local, p.tag); i >= 0 {
		local = local[:i]
	}
	if p.dots && strings.Contains(local, ".") {
		local = strings.ReplaceAll(local, ".", "")
	}
	if local == "" {
		return s, true
	}
	if p.one {
		domain = p.domains[0]
	}
	if len(local) == at && domain == s[at+1:] {
		return s, true
	}
	return local + "@" + domain, true
}
