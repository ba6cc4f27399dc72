package oracle

import (
	"math/big"

	"github.com/cespare/xxhash/v2"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// lot returns what a person draws: by the definition in docs/language.md, in whole
// numbers of any size.
func (w *world) lot(o *syntax.Draw) (v profile.Value, ok bool) {
	id := w.person.Canonical
	if id == (profile.Identifier{}) {
		return profile.Value{}, false
	}
	two64 := new(big.Int).Lsh(big.NewInt(1), 64)
	wrap := func(x *big.Int) *big.Int { return x.Mod(x, two64) }
	mixed := func(x *big.Int) *big.Int {
		for _, step := range []struct {
			shift  uint
			factor string
		}{{30, "bf58476d1ce4e5b9"}, {27, "94d049bb133111eb"}, {31, "1"}} {
			factor, _ := new(big.Int).SetString(step.factor, 16)
			x = new(big.Int).Xor(x, new(big.Int).Rsh(x, step.shift))
			x = wrap(x.Mul(x, factor))
		}
		return x
	}
	key := new(big.Int).SetUint64(xxhash.Sum64String(id.Namespace + "\x00" + id.Value))
	salt := new(big.Int).SetUint64(xxhash.Sum64String(o.Salt))
	drawn := mixed(wrap(new(big.Int).Add(mixed(new(big.Int).Xor(key, salt)), salt)))
	if o.N == 0 {
		kept := new(big.Int).Rsh(drawn, 11)
		f, _ := new(big.Rat).SetFrac(kept, new(big.Int).Lsh(big.NewInt(1), 53)).Float64()
		return profile.Number(f), true
	}
	part := new(big.Int).Rsh(new(big.Int).Mul(drawn, big.NewInt(int64(o.N))), 64)
	return profile.Number(float64(part.Int64() + 1)), true
}
