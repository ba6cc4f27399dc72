package syntax

// Refused stands for a condition that was put together and is larger than any may be: no
// part of it is kept, so that whatever walks over a tree ends soon. It is refused wherever
// a condition is checked or written.
type Refused struct {
	// Err says which limit was passed.
	Err *Error
}

func (*Refused) expr() {}

// Bounded returns e, or a [Refused] in its place where it is too deep or too large. It
// looks at no more parts than there may be, so that it may be asked at every step of what
// is put together step by step.
func Bounded(e Expr) Expr {
	if err := withinLimits(e); err != nil {
		return &Refused{Err: err}
	}
	return e
}

// appendRefused says why there is nothing to write: text for people, which Parse refuses.
func appendRefused(b []byte, e *Refused) []byte {
	return append(append(append(b, "refused("...), e.Err.Msg...), ')')
}
