package syntax

import (
	"errors"
	"time"
)

// ParseSpan reads an exact length of time, such as "36h", of at most 200 years.
func ParseSpan(text string) (time.Duration, error) {
	d, msg, hint := parseSpan(text)
	switch {
	case msg == "":
		return d, nil
	case hint == "":
		return 0, errors.New(msg)
	}
	return 0, errors.New(msg + ": " + hint)
}

// PrintSpan writes a length of time as ParseSpan reads it, cut to microseconds.
func PrintSpan(d time.Duration) string {
	sign, text := signAndSpan(d.Truncate(time.Microsecond))
	if sign == '-' {
		return "-" + text
	}
	return text
}
