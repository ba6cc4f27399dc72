package portrait_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
)

// regrouping is who had which identifiers before a step, and who has them after it.
type regrouping struct{ was, is map[string]profile.ID }

// ownersOf returns whose each identifier is.
func ownersOf(a answers) map[string]profile.ID {
	of := map[string]profile.ID{}
	for who, id := range a.ids {
		for name := range strings.FieldsSeq(strings.Trim(who, "[]")) {
			of[name] = id
		}
	}
	return of
}

// sources returns of every profile whose identifiers it has.
func sources(from, to map[string]profile.ID) map[profile.ID]map[profile.ID]bool {
	of := map[profile.ID]map[profile.ID]bool{}
	for name, id := range to {
		if of[id] == nil {
			of[id] = map[profile.ID]bool{}
		}
		if before, ok := from[name]; ok {
			of[id][before] = true
		}
	}
	return of
}

// touched returns the profiles that have identifiers of others, or others theirs.
func (g regrouping) touched() map[profile.ID]bool {
	origins, heirs := sources(g.was, g.is), sources(g.is, g.was)
	ids := map[profile.ID]bool{}
	for id, from := range origins {
		for before := range from {
			if before != id || len(heirs[before]) > 1 || len(from) > 1 {
				ids[id], ids[before] = true, true
			}
		}
	}
	return ids
}

// faults holds what the feed tells of merges and splits against whose the identifiers
// were and are. Every ID that went and left its identifiers to others is told of once,
// with one of these; every new one that has identifiers of others, and no ID went for,
// is told of once, with one of these or who has theirs now.
func (g regrouping) faults(changes []portrait.Change) (faults []string) {
	origins, heirs := sources(g.was, g.is), sources(g.is, g.was)
	merged, split := map[profile.ID][]profile.ID{}, map[profile.ID][]profile.ID{}
	took := map[profile.ID]bool{}
	for _, c := range changes {
		switch c.Kind {
		case "merged":
			took[c.Profile] = true
			for _, id := range c.Others {
				merged[id] = append(merged[id], c.Profile)
			}
		case "split":
			for _, id := range c.Others {
				split[id] = append(split[id], c.Profile)
			}
		}
	}
	for id, to := range heirs {
		if _, stays := origins[id]; stays || len(to) == 0 {
			if len(merged[id]) > 0 {
				faults = append(faults, fmt.Sprintf("%s is told to have merged into %s", id, merged[id]))
			}
		} else if m := merged[id]; len(m) != 1 || !to[m[0]] {
			faults = append(faults, fmt.Sprintf("%s went to %v, it is told of %s", id, slices.Sorted(maps.Keys(to)), m))
		}
	}
	for id, from := range origins {
		_, stood := heirs[id]
		if s := split[id]; stood || len(from) == 0 || took[id] {
			if len(s) > 0 {
				faults = append(faults, fmt.Sprintf("%s is told to have split from %s", id, s))
			}
			continue
		}
		of := maps.Clone(from)
		for before := range from {
			maps.Copy(of, heirs[before])
		}
		if s := split[id]; len(s) != 1 || !of[s[0]] {
			faults = append(faults, fmt.Sprintf("%s came from %v, it is told of %s", id, slices.Sorted(maps.Keys(from)), s))
		}
	}
	return faults
}
