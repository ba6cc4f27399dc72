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
	Name             string    `yaml:"name" json:"name,omitempty"`
	Kind             Kind      `yaml:"kind" json:"kind"`
	Column           string    `yaml:"column" json:"column,omitempty"`
	Columns          []string  `yaml:"columns" json:"columns,omitempty"`
	Similar          []float64 `yaml:"similar" json:"similar,omitempty"`
	Nicknames        bool      `yaml:"nicknames" json:"nicknames,omitempty"`
	EqualBy          string    `yaml:"equal_by" json:"equal_by,omitempty"`
	Within           []float64 `yaml:"within" json:"within,omitempty"`
	Prefix           int       `yaml:"prefix" json:"prefix,omitempty"`
	Suffix           int       `yaml:"suffix" json:"suffix,omitempty"`
	Format           string    `yaml:"format" json:"format,omitempty"`
	Placeholders     []string  `yaml:"placeholders" json:"placeholders,omitempty"`
	Floor            float64   `yaml:"floor" json:"floor,omitempty"`
	MissingDisagrees bool      `yaml:"missing_disagrees" json:"missing_disagrees,omitempty"`
}

type blockingFile struct {
	Keys       []string `yaml:"keys" json:"keys,omitempty"`
	MaxPosting int      `yaml:"max_posting" json:"max_posting,omitempty"`
	MaxPairs   int      `yaml:"max_pairs" json:"max_pairs,omitempty"`
}

type trainingFile struct {
	Blocks      []string `yaml:"blocks" json:"blocks,omitempty"`
	BlockPairs  int      `yaml:"block_pairs" json:"block_pairs,omitempty"`
	RandomPairs int      `yaml:"random_pairs" json:"random_pairs,omitempty"`
	Rules       []string `yaml:"rules" json:"rules,omitempty"`
	Recall      float64  `yaml:"recall" json:"recall,omitempty"`
	MaxWeight   float64  `yaml:"max_weight" json:"max_weight,omitempty"`
	Seed        uint64   `yaml:"seed" json:"seed,omitempty"`
}

type thresholdsFile struct {
	Match  *float64 `yaml:"match" json:"match,omitempty"`
	Review *float64 `yaml:"review" json:"review,omitempty"`
	Join   *float64 `yaml:"join" json:"join,omitempty"`
}

type clusteringFile struct {
	MinMean    *float64 `yaml:"min_mean" json:"min_mean,omitempty"`
	BySize     *float64 `yaml:"by_size" json:"by_size,omitempty"`
	Clamp      float64  `yaml:"clamp" json:"clamp,omitempty"`
	MaxSize    int      `yaml:"max_size" json:"max_size,omitempty"`
	Components bool     `yaml:"components" json:"components,omitempty"`
}

type constraintsFile struct {
	Unique     []string `yaml:"unique" json:"unique,omitempty"`
	OnePerList bool     `yaml:"one_per_list" json:"one_per_list,omitempty"`
}

func (f *configFile) config() (Config, error) {
	c := Config{
		ID: f.ID, TruthPattern: f.TruthPattern, Clean: f.Clean, Nicknames: f.Nicknames,
		Blocking: Blocking(f.Blocking), Training: Training(f.Training), Thresholds: Thresholds(f.Thresholds),
		Clustering: ClusterOptions(f.Clustering), Constraints: Constraints(f.Constraints), WithinLists: f.WithinLists,
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
			EqualBy: k.EqualBy, Within: k.Within, Prefix: k.Prefix, Suffix: k.Suffix, Format: k.Format,
			Placeholders: k.Placeholders, Floor: k.Floor, MissingDisagrees: k.MissingDisagrees,
		})
	}
	return c, nil
}

// fileOf returns the file form of a configuration.
func fileOf(c Config) configFile {
	f := configFile{
		ID: c.ID, TruthPattern: c.TruthPattern, Clean: c.Clean, Nicknames: c.Nicknames,
		Blocking: blockingFile(c.Blocking), Training: trainingFile(c.Training), Thresholds: thresholdsFile(c.Thresholds),
		Clustering: clusteringFile(c.Clustering), Constraints: constraintsFile(c.Constraints), WithinLists: c.WithinLists,
	}
	for _, k := range c.Comparisons {
		f.Comparisons = append(f.Comparisons, comparisonFile{
			Name: k.Name, Kind: k.Kind, Columns: k.Columns, Similar: k.Similar, Nicknames: k.Nicknames,
			EqualBy: k.EqualBy, Within: k.Within, Prefix: k.Prefix, Suffix: k.Suffix, Format: k.Format,
			Placeholders: k.Placeholders, Floor: k.Floor, MissingDisagrees: k.MissingDisagrees,
		})
	}
	return f
}
