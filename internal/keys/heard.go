package keys

// The spaces of what identifiers heard of consents.
const (
	Heard = 'C' // C hearer teller
	Told  = 'T' // T teller hearer
)

// AppendHeard appends the key of what one identifier heard of consents in the events that
// lie at another, or at itself.
func AppendHeard(dst []byte, hearer, teller Token) []byte {
	return appendPair(dst, Heard, hearer, teller)
}

// AppendTold appends the key that leads from the identifier at which events lie to one that
// heard what they told of consents.
func AppendTold(dst []byte, teller, hearer Token) []byte {
	return appendPair(dst, Told, teller, hearer)
}
