// Package privacy is the vocabulary of what people may ask of those who keep data about
// them. A *portrait.Privacy answers it; docs/privacy.md sets the duties of the law beside
// the calls.
package privacy

import "errors"

// ErrBusy is wrapped by the errors of what something open or under way keeps from being
// done: close it, or wait for it, and ask again.
var ErrBusy = errors.New("portrait: in use")

// ErrHeld is wrapped by the error of erasing somebody, or making them anonymous, who is
// under a legal hold.
var ErrHeld = errors.New("portrait: under legal hold")
