package profile

import (
	"fmt"
	"strconv"
	"strings"
)

// ID names one profile. The high 32 bits are the partition (0 on a single
// machine), the low 32 bits a dense ordinal that is never reused.
//
// An ID belongs to one identifier for ever and leads to the profile that holds it
// today: after a merge the losing ID leads to the winner.
type ID uint64

// MakeID builds an ID from its partition and ordinal.
func MakeID(partition, ordinal uint32) ID {
	return ID(uint64(partition)<<32 | uint64(ordinal))
}

// Partition returns the partition that the profile lives in.
func (id ID) Partition() uint32 { return uint32(id >> 32) }

// Ordinal returns the profile's dense number within its partition.
func (id ID) Ordinal() uint32 { return uint32(id) }

// String returns the ID in decimal.
func (id ID) String() string { return strconv.FormatUint(uint64(id), 10) }

// Identifier is one name that a person is known by: a namespace such as
// "email" and a value within it.
type Identifier struct {
	Namespace string
	Value     string
}

// String returns the identifier as "namespace:value".
func (i Identifier) String() string { return i.Namespace + ":" + i.Value }

// Compare orders identifiers by namespace, then by value, bytewise.
func (i Identifier) Compare(o Identifier) int {
	if c := strings.Compare(i.Namespace, o.Namespace); c != 0 {
		return c
	}
	return strings.Compare(i.Value, o.Value)
}

// ParseIdentifier reads "namespace:value". Only the first colon separates, so
// a value may hold colons of its own.
func ParseIdentifier(s string) (Identifier, error) {
	ns, value, ok := strings.Cut(s, ":")
	if !ok || ns == "" || value == "" {
		return Identifier{}, fmt.Errorf("identifier %q: want namespace:value", s)
	}
	return Identifier{Namespace: ns, Value: value}, nil
}
