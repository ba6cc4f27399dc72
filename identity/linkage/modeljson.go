package linkage

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
)

// ErrModel is what every error about the bytes of a Model wraps.
var ErrModel = errors.New("linkage: model")

// modelFormat is the number of the JSON form. A form of another number is refused.
const modelFormat = 1

// modelFile is the JSON form of a Model.
type modelFile struct {
	Format      int         `json:"format"`
	Version     string      `json:"version"`
	Config      configFile  `json:"config"`
	Prior       float64     `json:"prior"`
	Comparisons []fieldFile `json:"comparisons"`
	Blocks      []blockFile `json:"blocks,omitempty"`
}

type blockFile struct {
	Key   string  `json:"key"`
	Pairs int     `json:"pairs"`
	Share float64 `json:"share"`
	Own   float64 `json:"own"`
}

type fieldFile struct {
	Name        string            `json:"name"`
	Levels      []levelFile       `json:"levels"`
	Frequencies []frequenciesFile `json:"frequencies"`
}

type levelFile struct {
	Name string  `json:"name"`
	M    float64 `json:"m"`
	U    float64 `json:"u"`
	Bits float64 `json:"bits"`
}

type frequenciesFile struct {
	Role   string      `json:"role"`
	Chance float64     `json:"chance"`
	Common []valueFile `json:"common"`
}

type valueFile struct {
	Value string  `json:"value"`
	Share float64 `json:"share"`
}

// MarshalJSON returns the model in its JSON form, which ParseModel reads. The same
// model gives the same bytes.
func (m *Model) MarshalJSON() ([]byte, error) {
	f := modelFile{Format: modelFormat, Version: m.version, Config: fileOf(m.config), Prior: m.prior}
	for i, in := range m.fields {
		out := fieldFile{Name: m.config.Comparisons[i].Name}
		for _, l := range in.levels {
			out.Levels = append(out.Levels, levelFile{l.name, l.m, l.u, l.bits})
		}
		for _, in := range in.common {
			fq := frequenciesFile{Role: in.role, Chance: in.chance, Common: []valueFile{}}
			for _, v := range slices.Sorted(maps.Keys(in.common)) {
				fq.Common = append(fq.Common, valueFile{v, in.common[v]})
			}
			out.Frequencies = append(out.Frequencies, fq)
		}
		f.Comparisons = append(f.Comparisons, out)
	}
	for _, t := range m.blocks {
		f.Blocks = append(f.Blocks, blockFile{t.key, t.pairs, t.share, t.own})
	}
	return json.Marshal(f)
}

// ParseModel reads the JSON form of a model. adapters are those that its
// configuration names. It refuses a form that was changed since it was written:
// the version would no longer be that of the content. The error wraps ErrModel.
func ParseModel(data []byte, adapters map[string]func(string) string) (*Model, error) {
	var f modelFile
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrModel, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: more than one value", ErrModel)
	}
	if math.Abs(f.Prior) > 64 {
		return nil, fmt.Errorf("%w: a prior of %v bits", ErrModel, f.Prior)
	}
	if f.Format != modelFormat {
		return nil, fmt.Errorf("%w: format %d, this program reads %d", ErrModel, f.Format, modelFormat)
	}
	m, err := f.model(adapters)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrModel, err)
	}
	if err := m.seal(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrModel, err)
	}
	if m.version != f.Version {
		return nil, fmt.Errorf("%w: its version is %q, its content that of %q", ErrModel, f.Version, m.version)
	}
	return m, nil
}

func (f *modelFile) model(adapters map[string]func(string) string) (*Model, error) {
	c, err := f.Config.config()
	if err != nil {
		return nil, err
	}
	c.Adapters = adapters
	// The columns are whatever the configuration says; records are checked by NewLinker.
	p, err := newPlan(c, func(string) (int, error) { return 0, nil })
	if err != nil {
		return nil, err
	}
	if len(f.Comparisons) != len(p.comparisons) {
		return nil, fmt.Errorf("%d comparisons, its config has %d", len(f.Comparisons), len(p.comparisons))
	}
	m := &Model{config: p.config, prior: f.Prior}
	for i := range f.Comparisons {
		in, err := f.Comparisons[i].field(&p.comparisons[i])
		if err != nil {
			return nil, fmt.Errorf("comparison %q: %w", p.comparisons[i].Name, err)
		}
		m.fields = append(m.fields, in)
	}
	for _, t := range f.Blocks {
		if t.Pairs < 0 || !(t.Share >= 0 && t.Share <= 1) || !(t.Own >= 0 && t.Own <= 1) {
			return nil, fmt.Errorf("training block %q: %d pairs, shares %v and %v", t.Key, t.Pairs, t.Share, t.Own)
		}
		m.blocks = append(m.blocks, blockReport{t.Key, t.Pairs, t.Share, t.Own})
	}
	return m, nil
}

func (f *fieldFile) field(c *planned) (field, error) {
	roles := c.roles()
	switch {
	case f.Name != c.Name:
		return field{}, fmt.Errorf("named %q", f.Name)
	case len(f.Levels) != len(c.steps):
		return field{}, fmt.Errorf("%d levels, want %d", len(f.Levels), len(c.steps))
	case len(f.Frequencies) != len(roles):
		return field{}, fmt.Errorf("%d frequencies, want %d", len(f.Frequencies), len(roles))
	}
	var out field
	for i, l := range f.Levels {
		step := c.steps[i]
		if l.Name != step.name || !(l.M > 0 && l.M <= 1) || !(l.U > 0 && l.U <= 1) || math.Abs(l.Bits) > 64 {
			return field{}, fmt.Errorf("level %q: m %v, u %v, %v bits is not what level %q can be", l.Name, l.M, l.U, l.Bits, step.name)
		}
		out.levels = append(out.levels, levelWeight{step.name, step.group, l.M, l.U, l.Bits})
	}
	for i, fq := range f.Frequencies {
		if fq.Role != roles[i] || !(fq.Chance >= 0 && fq.Chance <= 1) {
			return field{}, fmt.Errorf("frequencies of %q: chance %v", fq.Role, fq.Chance)
		}
		common := make(map[string]float64, len(fq.Common))
		for _, v := range fq.Common {
			if !(v.Share > 0 && v.Share <= 1) {
				return field{}, fmt.Errorf("frequency %v of %q", v.Share, v.Value)
			}
			common[v.Value] = v.Share
		}
		out.common = append(out.common, &frequencies{fq.Role, fq.Chance, common})
	}
	return out, nil
}
