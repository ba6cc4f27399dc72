package syntax

import "github.com/portraitdb/portrait/internal/spelling"

// suggest returns the name that was probably meant, as a hint, or "".
func suggest(name string, names []string) string {
	if near := spelling.Nearest(name, names); near != "" {
		return "did you mean " + quote(near) + "?"
	}
	return ""
}
