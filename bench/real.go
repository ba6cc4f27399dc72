package main

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/portraitdb/portrait/segment"
)

// realModule holds files alone and no package, so that nothing can require it:
// the go command fetches it when the cases are run.
const realModule = "github.com/RoaringBitmap/real-roaring-datasets@v0.0.0-20190726190000-eb7c87156f76"

var realDatasets = []string{
	"census-income", "census-income_srt", "census1881", "census1881_srt", "dimension_003", "dimension_008", "dimension_033",
	"uscensus2000", "weather_sept_85", "weather_sept_85_srt", "wikileaks-noquotes", "wikileaks-noquotes_srt",
}

// realShapes are asked of all bitmaps of a dataset: of each with the next, and of
// all together.
var realShapes = []struct {
	name    string
	nodes   func(b []segment.Node) []segment.Node
	roaring func(b []*roaring.Bitmap) uint64
}{
	{"and-pairs", pairsOf(func(a, b segment.Node) segment.Node { return a.And(b) }), func(b []*roaring.Bitmap) uint64 {
		return sumPairs(b, (*roaring.Bitmap).AndCardinality)
	}},
	{"or-pairs", pairsOf(func(a, b segment.Node) segment.Node { return a.Or(b) }), func(b []*roaring.Bitmap) uint64 {
		return sumPairs(b, (*roaring.Bitmap).OrCardinality)
	}},
	{"andnot-pairs", pairsOf(func(a, b segment.Node) segment.Node { return a.AndNot(b) }), func(b []*roaring.Bitmap) uint64 {
		return sumPairs(b, func(a, b *roaring.Bitmap) uint64 { return a.GetCardinality() - a.AndCardinality(b) })
	}},
	{"or-all", func(b []segment.Node) []segment.Node { return []segment.Node{orNode(b)} }, func(b []*roaring.Bitmap) uint64 {
		return roaring.FastOr(b...).GetCardinality()
	}},
}

func pairsOf(op func(a, b segment.Node) segment.Node) func([]segment.Node) []segment.Node {
	return func(b []segment.Node) []segment.Node {
		out := make([]segment.Node, len(b)-1)
		for i := range out {
			out[i] = op(b[i], b[i+1])
		}
		return out
	}
}

func sumPairs(b []*roaring.Bitmap, op func(a, b *roaring.Bitmap) uint64) uint64 {
	sum := uint64(0)
	for i, a := range b[1:] {
		sum += op(b[i], a)
	}
	return sum
}

// realCases counts over bitmaps of real data. Where they cannot be fetched the
// report says so.
func realCases(ctx context.Context, cfg config, report *Report) error {
	matches := func(dataset string) bool {
		for _, s := range realShapes {
			if cfg.only.MatchString("real/" + dataset + "/" + s.name) {
				return true
			}
		}
		return false
	}
	if cfg.smoke || !slices.ContainsFunc(realDatasets, matches) {
		return nil
	}
	dir, err := moduleDir(ctx, realModule)
	if err != nil {
		report.Setting["real"] = "left out: " + err.Error()
		return nil
	}
	report.Setting["real"] = realModule
	for _, dataset := range realDatasets {
		if !matches(dataset) {
			continue
		}
		bitmaps, err := readDataset(filepath.Join(dir, dataset+".zip"))
		if err != nil {
			return err
		}
		index, err := indexOf(bitmaps)
		if err != nil {
			return err
		}
		inC, err := report.inC(bitmaps)
		if err != nil {
			return err
		}
		cfg := cfg
		cfg.profiles = 0
		for _, b := range bitmaps {
			cfg.profiles = max(cfg.profiles, int(b.Maximum())+1)
		}
		for _, s := range realShapes {
			name := "real/" + dataset + "/" + s.name
			if !cfg.only.MatchString(name) {
				continue
			}
			c, err := duel(ctx, cfg, name, index, s.nodes(fieldNodes(len(bitmaps))),
				append(inC(s.name, 0), contender{"roaring", func() uint64 { return s.roaring(bitmaps) }}))
			if err != nil {
				return err
			}
			report.Cases = append(report.Cases, c)
		}
	}
	return nil
}

// moduleDir returns where the go command keeps the files of a module.
func moduleDir(ctx context.Context, module string) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", module)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	runErr := cmd.Run()
	var got struct{ Dir, Error string }
	if err := json.Unmarshal(stdout.Bytes(), &got); err != nil || got.Dir == "" {
		return "", fmt.Errorf("%s: %s", module, cmp.Or(got.Error, strings.TrimSpace(stderr.String()), fmt.Sprint(runErr)))
	}
	return got.Dir, nil
}

// readDataset reads an archive of files each of which lists the members of one
// bitmap, separated by commas.
func readDataset(file string) ([]*roaring.Bitmap, error) {
	archive, err := zip.OpenReader(file)
	if err != nil {
		return nil, err
	}
	defer archive.Close()
	out := make([]*roaring.Bitmap, 0, len(archive.File))
	for _, f := range archive.File {
		b, err := readMembers(f)
		if err != nil {
			return nil, fmt.Errorf("%s, %s: %w", file, f.Name, err)
		}
		out = append(out, b)
	}
	return out, nil
}

func readMembers(f *zip.File) (*roaring.Bitmap, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	b := roaring.New()
	for field := range strings.SplitSeq(strings.TrimSpace(string(data)), ",") {
		x, err := strconv.ParseUint(field, 10, 32)
		if err != nil {
			return nil, err
		}
		b.Add(uint32(x))
	}
	b.RunOptimize()
	return b, nil
}
