package syntax

import (
	"errors"
	"regexp"
	resyntax "regexp/syntax"
)

// patternFault says what is wrong with a regular expression, or "".
func patternFault(pattern string) string {
	_, err := regexp.Compile(pattern)
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*resyntax.Error](err); ok {
		return "the pattern is invalid: " + e.Code.String() + " in " + quote(shorten(e.Expr))
	}
	return "the pattern is invalid: " + err.Error()
}
