package syntax

// Mention is a name of the model, or of what events say, that an expression asks about.
type Mention struct {
	Kind MentionKind
	Name string // as the model has it; of an event, its name
	Pos  Pos
	// Bare says of an event that it is asked whether and when it happened, and not what its
	// properties say.
	Bare bool
}

// MentionKind says what a Mention is of.
type MentionKind uint8

// The kinds of Mention.
const (
	MentionTrait MentionKind = iota
	MentionTag
	MentionPurpose
	MentionList
	MentionEvent // what events say: folds, sequences
	MentionInterest
	MentionNames // which identifiers somebody has
	MentionLot   // the lot, a hash of one of the identifiers
)

// String returns the kind for messages.
func (k MentionKind) String() string {
	return [...]string{"trait", "tag", "purpose", "list", "event", "interest", "identifiers", "lot"}[k]
}

// Mentions lists what an expression names itself, in the order of the tree. What its tags
// and computed traits read is not among it.
func Mentions(e Expr) []Mention {
	var all mentions
	v := all.visitor()
	v.visit(e)
	return all
}

// MentionsOf is Mentions of an operand.
func MentionsOf(x Operand) []Mention {
	var all mentions
	v := all.visitor()
	v.visitOperand(x)
	return all
}

type mentions []Mention

func (m *mentions) add(kind MentionKind, name string, pos Pos) {
	*m = append(*m, Mention{Kind: kind, Name: name, Pos: pos})
}

func (m *mentions) event(name string, bare bool, pos Pos) {
	*m = append(*m, Mention{Kind: MentionEvent, Name: name, Pos: pos, Bare: bare})
}

func (m *mentions) visitor() visitor {
	return visitor{expr: m.expr, operand: m.operand}
}

func (m *mentions) expr(e Expr) bool {
	switch e := e.(type) {
	case *TagRef:
		m.add(MentionTag, e.Name, e.Pos)
	case *Consent:
		m.add(MentionPurpose, e.Purpose, e.Pos)
	case *InList:
		m.add(MentionList, e.Name, e.Pos)
	}
	return true
}

func (m *mentions) operand(x Operand) bool {
	switch x := x.(type) {
	case *Trait:
		m.add(MentionTrait, x.Name, x.Pos)
	case *Aggregate:
		m.event(x.Event, x.Property == "" && x.Where == nil, x.Pos)
	case *Sequence:
		for _, f := range x.filters() {
			m.event(f.Event, f.Where == nil && x.Same == "", x.Pos)
		}
	case *Interest:
		m.add(MentionInterest, x.Name, x.Pos)
	case *Interests:
		m.add(MentionInterest, x.Name, x.Pos)
	case *Namespaces:
		m.add(MentionNames, "", x.Pos)
	case *Draw:
		m.add(MentionLot, "", x.Pos)
	}
	return true
}
