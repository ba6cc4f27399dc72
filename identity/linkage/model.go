package linkage

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
)

// Model is a trained configuration: the weight of every level of every comparison,
// and how common values are. It is immutable and safe for concurrent use.
type Model struct {
	config  Config // With defaults.
	prior   float64
	fields  []field
	blocks  []blockReport
	version string
}

// blockReport says what one training block had to teach from.
type blockReport struct {
	key   string
	pairs int
	share float64 // Of its pairs that are one person's, by the whole model.
	own   float64 // The same by the block alone.
}

// field is one comparison of a model.
type field struct {
	levels []levelWeight
	common []*frequencies // By role.
}

// levelWeight is what one level tells.
type levelWeight struct {
	name  string
	group int
	m, u  float64
	bits  float64
}

// Weight is the evidence of one level of one comparison.
type Weight struct {
	// Comparison and Level are their names.
	Comparison string
	Level      string
	// M is how often two records of one person fall into the level, U how often two
	// records of two people do, each among the levels that were possible.
	M, U float64
	// Bits is the evidence, log2(M/U) within the bounds of Training.MaxWeight, for a
	// value of average frequency.
	Bits float64
}

// Version identifies the content of the model: models of one version score alike.
// It is the beginning of a SHA-256 in hexadecimal.
func (m *Model) Version() string { return m.version }

// Number is Version as a number, never 0: what the graph of package identity keeps
// as Match.Model beside the pairs that the model found.
func (m *Model) Number() uint64 {
	n, err := strconv.ParseUint(m.version, 16, 64)
	if err != nil {
		return 1 // Of no model: the version is hexadecimal.
	}
	return max(1, n)
}

// Prior returns the weight before anything is compared, in bits.
func (m *Model) Prior() float64 { return m.prior }

// Config returns the configuration that the model was trained with, its defaults
// filled in. It must not be changed.
func (m *Model) Config() Config { return m.config }

// Weights returns every weight, by comparison and level. The caller owns the slice.
func (m *Model) Weights() []Weight {
	var all []Weight
	for i, f := range m.fields {
		for _, l := range f.levels {
			all = append(all, Weight{m.config.Comparisons[i].Name, l.name, l.m, l.u, l.bits})
		}
	}
	return all
}

// String returns a table of the prior and every weight, and one of the training
// blocks: how many pairs share each, the share of them that are one person's by the
// model, and the share that the block alone would say. Train tells how to read them.
func (m *Model) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "model %s, prior %+.2f bits\n", m.version, m.prior)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "comparison\tlevel\tone person\ttwo people\tbits")
	for _, l := range m.Weights() {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%.5f\t%.7f\t%+.2f\n", l.Comparison, l.Level, l.M, l.U, l.Bits)
	}
	_ = w.Flush() // into memory
	if len(m.blocks) > 0 {
		_, _ = fmt.Fprintln(w, "training block\tpairs\tof one person\tby itself")
		for _, t := range m.blocks {
			_, _ = fmt.Fprintf(w, "%s\t%d\t%.1f %%\t%.1f %%\n", t.key, t.pairs, 100*t.share, 100*t.own)
		}
		_ = w.Flush()
	}
	return b.String()
}

// seal gives the model its version.
func (m *Model) seal() error {
	m.version = ""
	data, err := m.MarshalJSON()
	if err != nil {
		return err
	}
	sum := sha256.Sum256(data)
	m.version = hex.EncodeToString(sum[:8])
	return nil
}

// weigh sets the bits of every level from its chances.
func (f *field) weigh(limit float64) {
	for i := range f.levels {
		l := &f.levels[i]
		l.bits = clamp(math.Log2(l.m/l.u), limit)
	}
}

// clamp bounds w to +-limit.
func clamp(w, limit float64) float64 { return max(-limit, min(limit, w)) }
