package portrait

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/yamlfile"
)

// identityFile is the file form of the identity rules.
type identityFile struct {
	MaxNodes       yamlfile.Int    `yaml:"max_nodes,omitempty" json:"max_nodes,omitempty"`
	MaxIdentifiers yamlfile.Int    `yaml:"max_identifiers,omitempty" json:"max_identifiers,omitempty"`
	Namespaces     []namespaceFile `yaml:"namespaces,omitempty" json:"namespaces,omitempty"`
}

type namespaceFile struct {
	Name                string                  `yaml:"name" json:"name"`
	Priority            yamlfile.Int            `yaml:"priority" json:"priority"`
	Kind                string                  `yaml:"kind,omitempty" json:"kind,omitempty"`
	Unique              bool                    `yaml:"unique,omitempty" json:"unique,omitempty"`
	Limit               yamlfile.Int            `yaml:"limit,omitempty" json:"limit,omitempty"`
	Per                 string                  `yaml:"per,omitempty" json:"per,omitempty"`
	Conflict            string                  `yaml:"conflict,omitempty" json:"conflict,omitempty"`
	MaxEdges            map[string]yamlfile.Int `yaml:"max_edges,omitempty" json:"max_edges,omitempty"`
	Lookup              bool                    `yaml:"lookup,omitempty" json:"lookup,omitempty"`
	Auth                yamlfile.Int            `yaml:"auth,omitempty" json:"auth,omitempty"`
	MaxPartners         yamlfile.Int            `yaml:"max_partners,omitempty" json:"max_partners,omitempty"`
	Normalize           []string                `yaml:"normalize,omitempty" json:"normalize,omitzero"`
	Pattern             string                  `yaml:"pattern,omitempty" json:"pattern,omitempty"`
	MaxLength           yamlfile.Int            `yaml:"max_length,omitempty" json:"max_length,omitempty"`
	Blocked             []string                `yaml:"blocked,omitempty" json:"blocked,omitempty"`
	BlockedPatterns     []string                `yaml:"blocked_patterns,omitempty" json:"blocked_patterns,omitempty"`
	BlockedBy           []string                `yaml:"blocked_by,omitempty" json:"blocked_by,omitempty"`
	AllowDefaultBlocked bool                    `yaml:"allow_default_blocked,omitempty" json:"allow_default_blocked,omitempty"`
	Trait               string                  `yaml:"trait,omitempty" json:"trait,omitempty"`
	Match               []string                `yaml:"match,omitempty" json:"match,omitempty"`
}

// config returns what the file declares, and its faults.
func (f *identityFile) config() (identity.Config, []error) {
	var faults []error
	c := identity.Config{MaxNodes: int(f.MaxNodes), MaxIdentifiers: int(f.MaxIdentifiers)}
	for _, n := range f.Namespaces {
		fault := func(format string, args ...any) {
			faults = append(faults, fmt.Errorf("namespace %q: %w", n.Name, fmt.Errorf(format, args...)))
		}
		kind, policy := identity.Person, identity.Demote
		if n.Kind != "" {
			var ok bool
			if kind, ok = identity.ParseKind(n.Kind); !ok {
				fault("unknown kind %q: want person, contact, device, cookie, household or account", n.Kind)
			}
		}
		if n.Conflict != "" {
			var ok bool
			if policy, ok = identity.ParsePolicy(n.Conflict); !ok {
				fault("unknown conflict %q: want demote, newest, shared, refuse or never", n.Conflict)
			}
		}
		per, err := parsePeriod(n.Per)
		if err != nil {
			fault("per: %w", err)
		}
		c.Namespaces = append(c.Namespaces, identity.Namespace{
			Name: n.Name, Priority: int(n.Priority), Kind: kind, Unique: n.Unique, Limit: int(n.Limit), Per: per,
			Conflict: policy, MaxEdges: counts[int](n.MaxEdges), Lookup: n.Lookup, Auth: int(n.Auth), MaxPartners: int(n.MaxPartners),
			Normalize: n.Normalize, Pattern: n.Pattern, MaxLength: int(n.MaxLength), Blocked: n.Blocked,
			BlockedPatterns: n.BlockedPatterns, BlockedBy: n.BlockedBy, AllowDefaultBlocked: n.AllowDefaultBlocked, Trait: n.Trait, Match: n.Match,
		})
	}
	return c, faults
}

func identityFileOf(c identity.Config) identityFile {
	f := identityFile{MaxNodes: yamlfile.Int(c.MaxNodes), MaxIdentifiers: yamlfile.Int(c.MaxIdentifiers)}
	for _, n := range c.Namespaces {
		file := namespaceFile{
			Name: n.Name, Priority: yamlfile.Int(n.Priority), Kind: n.Kind.String(), Unique: n.Unique, Limit: yamlfile.Int(n.Limit), Per: formatPeriod(n.Per),
			MaxEdges: counts[yamlfile.Int](n.MaxEdges), Lookup: n.Lookup, Auth: yamlfile.Int(n.Auth), MaxPartners: yamlfile.Int(n.MaxPartners),
			Normalize: n.Normalize, Pattern: n.Pattern, MaxLength: yamlfile.Int(n.MaxLength), Blocked: n.Blocked,
			BlockedPatterns: n.BlockedPatterns, BlockedBy: n.BlockedBy, AllowDefaultBlocked: n.AllowDefaultBlocked, Trait: n.Trait, Match: n.Match,
		}
		if n.Conflict != identity.Demote {
			file.Conflict = n.Conflict.String()
		}
		f.Namespaces = append(f.Namespaces, file)
	}
	return f
}

// counts returns the same numbers as another type.
func counts[To, From ~int](in map[string]From) map[string]To {
	if in == nil {
		return nil
	}
	out := make(map[string]To, len(in))
	for name, n := range in {
		out[name] = To(n)
	}
	return out
}

const civilDay = 24 * time.Hour

// parsePeriod reads a length of time: a number of days or weeks, such as "365d"
// or "2w", or what time.ParseDuration reads. Empty is zero.
func parsePeriod(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	for _, unit := range [...]struct {
		suffix string
		length time.Duration
	}{{"d", civilDay}, {"w", 7 * civilDay}} {
		text, ok := strings.CutSuffix(s, unit.suffix)
		if !ok {
			continue
		}
		if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > 0 && n <= int64(math.MaxInt64/unit.length) {
			return time.Duration(n) * unit.length, nil
		}
		return 0, fmt.Errorf("%q is no length of time, such as 365d", s)
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%q is no length of time, such as 365d", s)
	}
	return d, nil
}

func formatPeriod(d time.Duration) string {
	switch {
	case d == 0:
		return ""
	case d%civilDay == 0:
		return strconv.FormatInt(int64(d/civilDay), 10) + "d"
	}
	return d.String()
}
