package linkage

import (
	"errors"
	"fmt"

	"github.com/portraitdb/portrait/internal/yamlfile"
)

// ParseConfig reads a configuration in its YAML (or JSON) form. The keys are the
// field names of Config in snake_case; `column: x` may stand for `columns: [x]`.
// Adapters are set on the result. The error wraps ErrConfig and names the line; what
// only columns can tell is checked by Train.
func ParseConfig(data []byte) (Config, error) {
	var f configFile
	if err := yamlfile.Decode(data, &f); err != nil {
		return Config{}, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	c, err := f.config()
	if err == nil {
		full := c.withDefaults()
		err = errors.Join(full.check()...)
	}
	if err != nil {
		return Config{}, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return c, nil
}

// configFile is the file form of a Config.
type configFile struct {
	ID           string              `yaml:"id" json:"id,omitempty"`
	TruthPattern string              `yaml:"truth_pattern" json:"truth_pattern,omitempty"`
	Clean        map[string][]string `yaml:"clean" json:"clean,omitempty"`
	Nicknames    [][]string          `yaml:"nicknames" json:"nicknames,omitempty"`
	Comparisons  []comparisonFile    `yaml:"comparisons" json:"comparisons"`
	Blocking     blockingFile        `yaml:"blocking" json:"blocking"`
	Training     trainingFile        `yaml:"training" json:"training"`
	Thresholds   thresholdsFile      `yaml:"thresholds" json:"thresholds"`
	Clustering   clusteringFile      `yaml:"clustering" json:"clustering"`
	Constraints  constraintsFile     `yaml:"constraints" json:"constraints"`
	WithinLists  bool                `yaml:"within_lists" json:"within_lists,omitempty"`
}

type comparisonFile struct {
	Name             string       `yaml:"name" json:"name,omitempty"`
	Kind             Kind         `yaml:"kind" json:"kind"`
	Column           string       `yaml:"column" json:"column,omitempty"`
	Columns          []string     `yaml:"columns" json:"columns,omitempty"`
	Similar          []float64    `yaml:"similar" json:"similar,omitempty"`
	Nicknames        bool         `yaml:"nicknames" json:"nicknames,omitempty"`
	EqualBy          string       `yaml:"equal_by" json:"equal_by,omitempty"`
	Within           []float64    `yaml:"within" json:"within,omitempty"`
	Prefix           yamlfile.Int `yaml:"prefix" json:"prefix,omitempty"`
	Suffix           yamlfile.Int `yaml:"suffix" json:"suffix,omitempty"`
	Format           string       `yaml:"format" json:"format,omitempty"`
	Placeholders     []string     `yaml:"placeholders" json:"placeholders,omitempty"`
	Floor            float64      `yaml:"floor" json:"floor,omitempty"`
	MissingDisagrees bool         `yaml:"missing_disagrees" json:"missing_disagrees,omitempty"`
}

type blockingFile struct {
	Keys       []string     `yaml:"keys" json:"keys,omitempty"`
	MaxPosting yamlfile.Int `yaml:"max_posting" json:"max_posting,omitempty"`
	MaxPairs   yamlfile.Int `yaml:"max_pairs" json:"max_pairs,omitempty"`
}

type trainingFile struct {
	Blocks      []string      `yaml:"blocks" json:"blocks,omitempty"`
	BlockPairs  yamlfile.Int  `yaml:"block_pairs" json:"block_pairs,omitempty"`
	RandomPairs yamlfile.Int  `yaml:"random_pairs" json:"random_pairs,omitempty"`
	Rules       []string      `yaml:"rules" json:"rules,omitempty"`
	Recall      float64       `yaml:"recall" json:"recall,omitempty"`
	MaxWeight   float64       `yaml:"max_weight" json:"max_weight,omitempty"`
	Seed        yamlfile.Uint `yaml:"seed" json:"seed,omitempty"`
}

type thresholdsFile struct {
	Match  *float64 `yaml:"match" json:"match,omitempty"`
	Review *float64 `yaml:"review" json:"review,omitempty"`
	Join   *float64 `yaml:"join" json:"join,omitempty"`
}

type clusteringFile struct {
	MinMean    *float64     `yaml:"min_mean" json:"min_mean,omitempty"`
	BySize     *float64     `yaml:"by_size" json:"by_size,omitempty"`
	Clamp      float64      `yaml:"clamp" json:"clamp,omitempty"`
	MaxSize    yamlfile.Int `yaml:"max_size" json:"max_size,omitempty"`
	Components bool         `yaml:"components" json:"components,omitempty"`
}

type constraintsFile struct {
	Unique     []string `yaml:"unique" json:"unique,omitempty"`
	OnePerList bool     `yaml:"one_per_list" json:"one_per_list,omitempty"`
}

func (f *configFile) config() (Config, error) {
	c := Config{
		ID: f.ID, TruthPattern: f.TruthPattern, Clean: f.Clean, Nicknames: f.Nicknames,
		Blocking: f.Blocking.blocking(), Training: f.Training.training(), Thresholds: Thresholds(f.Thresholds),
		Clustering: f.Clustering.options(), Constraints: Constraints(f.Constraints), WithinLists: f.WithinLists,
	}
	for i, k := range f.Comparisons {
		if k.Column != "" {
			if len(k.Columns) > 0 {
				return Config{}, fmt.Errorf("comparison %d: both column and columns", i+1)
			}
			k.Columns = []string{k.Column}
		}
		c.Comparisons = append(c.Comparisons, Comparison{
			Name: k.Name, Kind: k.Kind, Columns: k.Columns, Similar: k.Similar, Nicknames: k.Nicknames,
			EqualBy: k.EqualBy, Within: k.Within, Prefix: int(k.Prefix), Suffix: int(k.Suffix), Format: k.Format,
			Placeholders: k.Placeholders, Floor: k.Floor, MissingDisagrees: k.MissingDisagrees,
		})
	}
	return c, nil
}

// fileOf returns the file form of a configuration.
func fileOf(c Config) configFile {
	f := configFile{
		ID: c.ID, TruthPattern: c.TruthPattern, Clean: c.Clean, Nicknames: c.Nicknames,
		Blocking: blockingFileOf(c.Blocking), Training: trainingFileOf(c.Training), Thresholds: thresholdsFile(c.Thresholds),
		Clustering: clusteringFileOf(c.Clustering), Constraints: constraintsFile(c.Constraints), WithinLists: c.WithinLists,
	}
	for _, k := range c.Comparisons {
		f.Comparisons = append(f.Comparisons, comparisonFile{
			Name: k.Name, Kind: k.Kind, Columns: k.Columns, Similar: k.Similar, Nicknames: k.Nicknames,
			EqualBy: k.EqualBy, Within: k.Within, Prefix: yamlfile.Int(k.Prefix), Suffix: yamlfile.Int(k.Suffix), Format: k.Format,
			Placeholders: k.Placeholders, Floor: k.Floor, MissingDisagrees: k.MissingDisagrees,
		})
	}
	return f
}

func (f blockingFile) blocking() Blocking {
	return Blocking{Keys: f.Keys, MaxPosting: int(f.MaxPosting), MaxPairs: int(f.MaxPairs)}
}

func blockingFileOf(b Blocking) blockingFile {
	return blockingFile{Keys: b.Keys, MaxPosting: yamlfile.Int(b.MaxPosting), MaxPairs: yamlfile.Int(b.MaxPairs)}
}

func (f trainingFile) training() Training {
	return Training{
		Blocks: f.Blocks, BlockPairs: int(f.BlockPairs), RandomPairs: int(f.RandomPairs), Rules: f.Rules,
		Recall: f.Recall, MaxWeight: f.MaxWeight, Seed: uint64(f.Seed),
	}
}

func trainingFileOf(t Training) trainingFile {
	return trainingFile{
		Blocks: t.Blocks, BlockPairs: yamlfile.Int(t.BlockPairs), RandomPairs: yamlfile.Int(t.RandomPairs), Rules: t.Rules,
		Recall: t.Recall, MaxWeight: t.MaxWeight, Seed: yamlfile.Uint(t.Seed),
	}
}

func (f clusteringFile) options() ClusterOptions {
	return ClusterOptions{MinMean: f.MinMean, BySize: f.BySize, Clamp: f.Clamp, MaxSize: int(f.MaxSize), Components: f.Components}
}

func clusteringFileOf(o ClusterOptions) clusteringFile {
	return clusteringFile{MinMean: o.MinMean, BySize: o.BySize, Clamp: o.Clamp, MaxSize: yamlfile.Int(o.MaxSize), Components: o.Components}
}
