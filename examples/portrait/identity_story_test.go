package main

import "testing"

// A family of two with one tablet, under rules that let it weld them.
const (
	familyModel = `
identity:
  namespaces:
    - {name: user_id, priority: 1}
    - {name: email, priority: 2, kind: contact}
    - {name: anonymous_id, priority: 3, kind: cookie, conflict: refuse}
    - {name: device_id, priority: 4, kind: device}
`
	strictModel = `
identity:
  namespaces:
    - {name: user_id, priority: 1, unique: true}
    - {name: email, priority: 2, kind: contact}
    - {name: anonymous_id, priority: 3, kind: cookie, conflict: refuse}
    - {name: device_id, priority: 4, kind: device, conflict: shared, blocked: [kiosk]}
`
	familyEvents = `{"type":"identify","userId":"ann","messageId":"1","timestamp":"2026-06-01T08:00:00Z","identifiers":{"email":"Ann@Example.cn","device_id":"phone-a"}}
{"type":"page","userId":"bob","messageId":"2","timestamp":"2026-06-02T08:00:00Z","identifiers":{"device_id":"phone-b"}}
{"type":"page","userId":"ann","messageId":"3","timestamp":"2026-06-03T08:00:00Z","identifiers":{"device_id":"tablet"}}
{"type":"page","messageId":"4","timestamp":"2026-06-04T09:00:00Z","identifiers":{"device_id":"kiosk"}}
{"type":"page","userId":"null","messageId":"5","timestamp":"2026-06-05T09:00:00Z","identifiers":{"device_id":"phone-a","email":"noreply@example.cn","fax":"1"}}
`
	sharedTablet = `{"type":"page","userId":"bob","messageId":"6","timestamp":"2026-06-06T08:00:00Z","identifiers":{"device_id":"tablet"}}
`
	sharedCookie = `{"type":"page","userId":"ann","anonymousId":"c1","messageId":"7","timestamp":"2026-06-07T08:00:00Z"}
{"type":"page","userId":"bob","anonymousId":"c1","messageId":"8","timestamp":"2026-06-08T08:00:00Z"}
{"type":"page","anonymousId":"c1","messageId":"9","timestamp":"2026-06-08T09:00:00Z"}
`
)

// TestStory_identity has a shared tablet, a split and its withdrawal, stricter
// rules, and every way of deciding and asking.
func TestStory_identity(t *testing.T) {
	holdStory(t, "identity.golden", []call{
		{stdin: familyModel, args: []string{"apply", "-"}},
		{args: []string{"advance", "2026-06-10"}},
		{args: []string{"health"}},
		{stdin: familyEvents, args: []string{"ingest", "-"}},
		{args: []string{"related", "user_id:ann", "user_id:bob"}},
		{args: []string{"related", "email:ann@example.cn", "device_id:tablet"}},
		{stdin: sharedTablet, args: []string{"ingest", "-", "--json"}},
		{args: []string{"related", "user_id:ann", "user_id:bob"}},
		{args: []string{"digest"}},

		{args: []string{"split", "user_id:ann,device_id:tablet", "user_id:bob", "--id", "T-1", "--by", "lin", "--reason", "two people"}},
		{args: []string{"related", "device_id:tablet", "user_id:bob"}},
		{args: []string{"decisions"}},
		{args: []string{"merges"}},
		{args: []string{"withdraw", lastCommit, "--by", "lin", "--reason", "one after all"}},
		{args: []string{"withdraw", lastCommit}},
		{args: []string{"digest"}},
		{args: []string{"related", "device_id:tablet", "user_id:bob", "--json"}},

		{stdin: strictModel, args: []string{"apply", "-", "--dry-run"}},
		{stdin: strictModel, args: []string{"apply", "-", "--dry-run", "--json"}},
		{stdin: strictModel, args: []string{"apply", "-"}},
		{args: []string{"related", "user_id:ann", "user_id:bob"}},
		{stdin: sharedCookie, args: []string{"ingest", "-"}},
		{stdin: sharedCookie, args: []string{"ingest", "-", "--json"}},
		{args: []string{"health"}},
		{args: []string{"health", "--json"}},
		{args: []string{"refusals"}},
		{args: []string{"refusals", "--limit", "1"}},
		{args: []string{"refusals", "--from", "1", "--limit", "1", "--json"}},
		{args: []string{"refusals", "--from", "99", "--json"}},

		{args: []string{"link", "user_id:ann", "user_id:bob", "--id", "T-2"}},
		{args: []string{"link", "user_id:ann", "user_id:bob", "--withdraw", "--json"}},
		{args: []string{"unlink", "email:ann@example.cn", "user_id:ann"}},
		{args: []string{"unlink", "email:ann@example.cn", "user_id:ann", "--withdraw"}},
		{args: []string{"link", "device_id:phone-c", "user_id:bob", "--at", "2026-06-09"}},
		{args: []string{"link", "device_id:phone-c", "user_id:bob", "--withdraw", "--at", "2026-06-08"}},
		{args: []string{"veto", "device_id:phone-c", "user_id:bob"}},
		{args: []string{"withdraw", lastCommit}},
		{args: []string{"detach", "device_id:phone-b"}},
		{args: []string{"decisions", "--since", "1", "--limit", "1", "--json"}},
		{args: []string{"merges", "--limit", "1"}},
		{args: []string{"merges", "--json"}},
		{args: []string{"check"}},

		{args: []string{"related", "user_id:ann", "user_id:nobody"}},
		{args: []string{"related", "user_id:null", "user_id:ann"}},
		{args: []string{"related", "ann", "user_id:bob"}},
		{args: []string{"related", "user_id:ann"}},
		{args: []string{"link", "user_id:ann", "user_id:ann"}},
		{args: []string{"link", "user_id:ann", "user_id:null"}},
		{args: []string{"link", "user_id:ann", "user_id:bob", "--at", "someday"}},
		{args: []string{"detach", "device_id:nowhere"}},
		{args: []string{"split", "user_id:ann"}},
		{args: []string{"split", "user_id:ann,,user_id:bob", "user_id:eve"}},
		{args: []string{"split", "user_id:ann", "user_id:bob,user_id:ann"}},
		{args: []string{"split", "user_id:ann", "user_id:eve"}},
		{args: []string{"withdraw", "99"}},
		{args: []string{"withdraw", "yesterday"}},
		{args: []string{"withdraw", lastCommit, "--at", "2020-01-01"}},
		{args: []string{"refusals", "--limit=-1"}},
		{args: []string{"merges", "--since=-1"}},
	})
}
