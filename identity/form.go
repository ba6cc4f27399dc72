package identity

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/portraitdb/portrait/internal/spelling"
)

// form is what a namespace demands of the spelling of its values, made ready for
// use. It is immutable.
type form struct {
	steps    []step
	accept   *regexp.Regexp // nil: any value
	longest  int            // in bytes
	defaults bool           // the default list of blocked values applies
	blocked  map[string]bool
	patterns []*regexp.Regexp
	blockers []blocker
}

// blocker is a test of the host's own.
type blocker struct {
	name string
	test func(string) bool
}

// compileForm makes the form of a namespace ready and reports its faults.
func compileForm(decl Namespace, c *Config, fault func(format string, args ...any)) form {
	f := form{
		longest:  cmp.Or(decl.MaxLength, maxValueLen),
		defaults: !decl.AllowDefaultBlocked,
		blocked:  make(map[string]bool, len(decl.Blocked)),
	}
	if decl.MaxLength < 0 || decl.MaxLength > maxValueLen {
		fault("max length %d: want 0 to %d", decl.MaxLength, maxValueLen)
	}
	if decl.Pattern != "" {
		re, err := regexp.Compile(decl.Pattern)
		if err != nil {
			fault("pattern: %w", err)
		}
		f.accept = re
	}
	steps := decl.Normalize
	if steps == nil {
		steps = defaultSteps(decl.Name)
	}
	for _, name := range steps {
		st, ok := stepOf(name, c.Normalizers)
		if !ok {
			known := append(normalizerNames(), slices.Sorted(maps.Keys(c.Normalizers))...)
			fault("unknown normaliser %q: %s", name, wanted(name, known))
			continue
		}
		f.steps = append(f.steps, st)
	}
	for _, v := range decl.Blocked {
		f.blocked[v] = true
		if v, fault := f.normalize(v); fault == "" {
			f.blocked[v] = true
		}
	}
	for _, p := range decl.BlockedPatterns {
		re, err := regexp.Compile(p)
		if err != nil {
			fault("blocked pattern: %w", err)
			continue
		}
		f.patterns = append(f.patterns, re)
	}
	for _, name := range decl.BlockedBy {
		test := c.Blockers[name]
		if test == nil {
			fault("unknown blocker %q: %s", name, wanted(name, slices.Sorted(maps.Keys(c.Blockers))))
			continue
		}
		f.blockers = append(f.blockers, blocker{name, test})
	}
	return f
}

// checkHooks says what is wrong with the functions of a Config.
func checkHooks(c *Config) []error {
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(c.Normalizers)) {
		switch {
		case name == "":
			faults = append(faults, errors.New("identity: a normaliser has an empty name"))
		case c.Normalizers[name] == nil:
			faults = append(faults, fmt.Errorf("identity: normaliser %q is nil", name))
		case builtIn(name) != nil:
			faults = append(faults, fmt.Errorf("identity: normaliser %q: the name is that of a built-in one", name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Blockers)) {
		switch {
		case name == "":
			faults = append(faults, errors.New("identity: a blocker has an empty name"))
		case c.Blockers[name] == nil:
			faults = append(faults, fmt.Errorf("identity: blocker %q is nil", name))
		}
	}
	return faults
}

// wanted ends the message about a name that is not there: which there are, and
// which of them is near.
func wanted(name string, known []string) string {
	known = slices.DeleteFunc(known, func(k string) bool { return k == "" })
	if len(known) == 0 {
		return "none is declared"
	}
	list := "want one of " + strings.Join(known, ", ")
	if near := nearest(name, known); near != "" {
		list += fmt.Sprintf("; did you mean %q?", near)
	}
	return list
}

// nearest returns the other name that was probably meant, or "".
func nearest(name string, known []string) string {
	return spelling.Nearest(name, slices.DeleteFunc(slices.Clone(known), func(k string) bool { return k == name }))
}
