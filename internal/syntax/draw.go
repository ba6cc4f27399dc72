package syntax

import (
	"strconv"
	"unicode/utf8"

	"github.com/portraitdb/portrait/profile"
)

const maxBuckets = 1_000_000

// draw reads the arguments of draw( or bucket(.
func (p *parser) draw(name token) (Operand, *Error) {
	salt, err := p.string(name)
	if err != nil {
		return nil, err
	}
	x := &Draw{Salt: salt, Pos: Pos(name.pos)}
	if name.text == "bucket" {
		if err := p.comma(name); err != nil {
			return nil, err
		}
		if x.N, err = p.wholeNumber(name, maxBuckets); err != nil {
			return nil, err
		}
	}
	if !p.is(")") {
		return nil, p.misused(name)
	}
	return x, p.advance()
}

// sample reads the arguments of sample(: those whose lot is below a share of all.
func (p *parser) sample(name token) (Expr, *Error) {
	salt, err := p.string(name)
	if err != nil {
		return nil, err
	}
	if err := p.comma(name); err != nil {
		return nil, err
	}
	at := p.tok
	share, err := p.signed()
	switch {
	case err != nil:
		return nil, err
	case share < 0 || share > 1:
		return nil, faultAt(at.pos, p.tok.pos-at.pos, "a tenth is 0.1", "sample wants a share from 0 to 1")
	case !p.is(")"):
		return nil, p.misused(name)
	}
	pos := Pos(name.pos)
	return &Compare{Op: Lt, L: &Draw{Salt: salt, Pos: pos}, R: &Literal{Value: profile.Number(share), Pos: Pos(at.pos)}, Pos: pos}, nil
}

// sampled returns the salt and share of what [parser.sample] makes.
func (e *Compare) sampled() (salt string, share float64, ok bool) {
	x, isDraw := e.L.(*Draw)
	k, isConstant := e.R.(*Literal)
	if e.Op != Lt || !isDraw || x.N != 0 || !isConstant || k.Value.Kind() != profile.KindNumber {
		return "", 0, false
	}
	share = k.Value.Number()
	return x.Salt, share, share >= 0 && share <= 1
}

func (c *checker) draw(x *Draw) {
	switch {
	case c.place != ofProfile:
		c.fault(x.Pos, "", "lots are of profiles: sample(), draw() and bucket() cannot stand in where()")
	case !utf8.ValidString(x.Salt):
		c.fault(x.Pos, "", "the salt is not valid UTF-8")
	case x.N < 0 || x.N > maxBuckets:
		c.fault(x.Pos, "", "bucket makes 1 to %d parts", maxBuckets)
	}
}

func (w *encoder) draw(x *Draw) {
	if x.N == 0 {
		w.open("draw")
		w.text(x.Salt)
		w.raw("}")
		return
	}
	w.open("bucket")
	w.raw(`{"salt":`)
	w.text(x.Salt)
	w.raw(`,"n":` + strconv.Itoa(x.N) + "}}")
}

func (d *decoder) bucket() (Operand, *Error) {
	x := &Draw{Pos: -1}
	return x, d.fields([]string{"salt", "n"}, func(key string) (err *Error) {
		if key == "salt" {
			x.Salt, err = d.text()
		} else {
			x.N, err = d.wholeNumber(maxBuckets)
		}
		return err
	})
}
