package keys

// Suppression is the space of the identifiers that are no longer taken in.
const Suppression = 'z' // z token

// AppendSuppression appends the key of a suppressed identifier.
func AppendSuppression(dst []byte, t Token) []byte { return append(append(dst, Suppression), t[:]...) }
