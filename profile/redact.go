package profile

import "log/slog"

// What follows is how people look in the logs of package slog: without their values. It
// holds for an argument that is one of these types or a pointer to one; slog does not look
// into slices, maps and structs for them.

// redacted stands in the place of a value.
const redacted = "[redacted]"

// LogValue implements [slog.LogValuer]: the namespace, and not the value.
func (i Identifier) LogValue() slog.Value { return slog.StringValue(i.Namespace + ":" + redacted) }

// LogValue implements [slog.LogValuer]: the kind of the value.
func (v Value) LogValue() slog.Value { return slog.StringValue("[" + v.Kind().String() + "]") }

// LogValue implements [slog.LogValuer]: the name and the value's kind.
func (t Trait) LogValue() slog.Value {
	return slog.GroupValue(slog.String("name", t.Name), slog.Any("value", t.Value))
}

// LogValue implements [slog.LogValuer]: what the event is, when it happened, and how much
// it says. Names of properties are not shown: whoever sends an event chooses them.
func (e Event) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("type", e.Type.String()), slog.String("source", e.Source), slog.String("name", e.Name), slog.Time("time", e.Time),
		slog.Any("namespaces", namespaces(e.Identifiers)),
		slog.Int("properties", len(e.Properties)), slog.Int("traits", len(e.Traits)), slog.Int("consents", len(e.Consent)),
	)
}

// LogValue implements [slog.LogValuer]: the ID, and how much is known.
func (p Profile) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("id", p.ID.String()), slog.Any("namespaces", namespaces(p.Identifiers)),
		slog.Int("traits", len(p.Traits)), slog.Int("tags", len(p.Tags)), slog.Uint64("events", p.Events),
	)
}

func namespaces(ids []Identifier) []string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = id.Namespace
	}
	return names
}
