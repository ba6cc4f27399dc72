package oracle

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/portraitdb/portrait/profile"
)

// content writes down all that an event says, but neither when it was received
// nor a correction of its time, which change when it is sent again. Identifiers
// count in any order and however often repeated.
func content(e *profile.Event) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %q %q %q", e.Type, e.Source, e.MessageID, e.Name)
	ids := slices.SortedFunc(slices.Values(e.Identifiers), profile.Identifier.Compare)
	for _, id := range slices.Compact(ids) {
		fmt.Fprintf(&b, " %q:%q", id.Namespace, id.Value)
	}
	if t := e.OriginalTime(); !t.IsZero() {
		fmt.Fprintf(&b, " at %d", profile.InstantOf(t))
	}
	for _, said := range []map[string]profile.Value{e.Properties, e.Traits} {
		b.WriteString(" |")
		for _, name := range slices.Sorted(maps.Keys(said)) {
			fmt.Fprintf(&b, " %q=", name)
			writeValue(&b, said[name])
		}
	}
	if e.Auth != 0 {
		fmt.Fprintf(&b, " auth %d", e.Auth)
	}
	said := slices.SortedFunc(slices.Values(e.Consent), func(a, b profile.Consent) int { return strings.Compare(a.Purpose, b.Purpose) })
	for _, c := range said {
		fmt.Fprintf(&b, " consent %q %v %q %q", c.Purpose, c.Status, c.Policy, c.Method)
		if !c.Expires.IsZero() {
			fmt.Fprintf(&b, " %d", profile.InstantOf(c.Expires))
		}
	}
	return b.String()
}

// writeValue writes a value so that different values are written differently.
func writeValue(b *strings.Builder, v profile.Value) {
	if v.Kind() != profile.KindList && v.Kind() != profile.KindSet {
		fmt.Fprintf(b, "%v %q", v.Kind(), v)
		return
	}
	fmt.Fprintf(b, "%v [", v.Kind())
	for _, e := range v.Elements() {
		writeValue(b, e)
		b.WriteByte(',')
	}
	b.WriteByte(']')
}
