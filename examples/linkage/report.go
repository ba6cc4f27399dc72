package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/portraitdb/portrait/examples/internal/table"
	"github.com/portraitdb/portrait/identity/linkage"
)

// report is the answer of a run. Where there is no truth, what compares with it
// is null. With --split-by-truth it is of the people that the model was not
// trained on, and has that of the others inside.
type report struct {
	Pairs    *linkage.PairQuality `json:"pairs"`
	BCubed   *linkage.Quality     `json:"bcubed"`
	Clusters int                  `json:"clusters"` // those of one record are counted
	Largest  int                  `json:"largest"`  // records
	Compared int64                `json:"compared"` // pairs
	Seconds  float64              `json:"seconds"`  // the sum of the three below

	Reading  float64 `json:"reading_seconds"`
	Training float64 `json:"training_seconds"`
	Linking  float64 `json:"linking_seconds"`

	Files       []string `json:"files"`
	Records     int      `json:"records"`
	Matches     int      `json:"matches"`   // pairs that weigh enough by themselves
	ToReview    int      `json:"to_review"` // pairs
	Groups      int      `json:"groups"`    // clusters of two records and more
	SkippedKeys int      `json:"skipped_keys"`
	People      int      `json:"people,omitempty"`
	OverMerged  *float64 `json:"over_merged,omitempty"`
	UnderMerged *float64 `json:"under_merged,omitempty"`
	Model       string   `json:"model"` // its version

	TrainingHalf *report    `json:"training_half,omitempty"`
	Explained    *waterfall `json:"explained,omitempty"`
	Review       []reviewed `json:"review,omitempty"`
	Weights      []weight   `json:"weights,omitempty"`

	weightTable string // the same for people
}

// weight is what one level of agreement tells.
type weight struct {
	Comparison string  `json:"comparison"`
	Level      string  `json:"level"`
	M          float64 `json:"m"` // how often it is seen for one person
	U          float64 `json:"u"` // and for two
	Bits       float64 `json:"bits"`
}

// count fills in what needs no truth.
func (l *linked) count() *report {
	n := l.result.Counts
	r := &report{
		Compared: n.Compared, Files: l.data.files, Records: n.Records, Matches: n.Matches,
		ToReview: len(l.result.Review), SkippedKeys: n.SkippedKeys, Model: l.model.Version(),
	}
	for _, members := range membersOf(l.result.Clusters) {
		r.Clusters++
		r.Largest = max(r.Largest, len(members))
		if len(members) > 1 {
			r.Groups++
		}
	}
	return r
}

// judge compares the clusters with the truth, if there is one. Records of which
// it is not known count neither way.
func (l *linked) judge() error {
	opt := linkage.EvaluationOptions{}
	if !l.model.Config().WithinLists {
		opt.Split = int32(l.data.records.SecondList())
	}
	var eval linkage.Evaluation
	var err error
	switch {
	case l.data.labels != nil:
		opt.Only = func(record int32) bool { return l.data.labels[record] != "" }
		eval, err = linkage.Evaluate(l.result.Clusters, l.data.labels, opt)
	case l.data.pairs != nil:
		eval, err = linkage.EvaluatePairs(l.result.Clusters, l.data.pairs, opt)
	default:
		return nil
	}
	if err != nil {
		return err
	}
	r := l.report
	r.Pairs, r.BCubed, r.People = &eval.Pairs, &eval.BCubed, eval.People
	r.OverMerged, r.UnderMerged = &eval.OverMerged, &eval.UnderMerged
	return nil
}

// took notes how long everything took.
func (r *report) took(reading, training time.Duration) {
	r.Reading, r.Training = reading.Seconds(), training.Seconds()
	r.Seconds = r.Reading + r.Training + r.Linking
}

// writeJSON prints the report as one object.
func (r *report) writeJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(r)
}

// writeText prints the report for people.
func (r *report) writeText(w io.Writer) error {
	if t := r.TrainingHalf; t != nil {
		if err := t.writeSection(w, "the half that the model was trained on"); err != nil {
			return err
		}
		if err := r.writeSection(w, "\nthe other half"); err != nil {
			return err
		}
		return nil
	}
	if err := r.writeSection(w, ""); err != nil {
		return err
	}
	if r.weightTable != "" {
		if _, err := fmt.Fprint(w, "\n", r.weightTable); err != nil {
			return err
		}
	}
	if r.Explained != nil {
		if err := r.Explained.writeText(w); err != nil {
			return err
		}
	}
	return writeReview(w, r.Review)
}

func (r *report) writeSection(w io.Writer, title string) error {
	if title != "" {
		if _, err := fmt.Fprintln(w, title); err != nil {
			return err
		}
	}
	var counts table.Table
	counts.Row("records", r.Records, "in "+table.Clean(strings.Join(r.Files, " and ")))
	counts.Row("compared", uint64(r.Compared), "pairs that share a blocking key"+skipped(r.SkippedKeys))
	counts.Row("matches", r.Matches, "pairs that match by themselves")
	counts.Row("to review", r.ToReview, "pairs that may be one person, in different clusters")
	counts.Row("clusters", r.Clusters, table.Count(uint64(r.Groups))+" of two records or more, the largest of "+table.Count(uint64(r.Largest)))
	counts.Row("seconds", seconds(r.Seconds), fmt.Sprintf("%s reading, %s training, %s linking", seconds(r.Reading), seconds(r.Training), seconds(r.Linking)))
	if _, err := counts.WriteTo(w); err != nil {
		return err
	}
	if r.Pairs == nil {
		return nil
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	var figures table.Table
	figures.Row("", "precision", "recall", "F1")
	figures.Row("pairs", figure(r.Pairs.Precision), figure(r.Pairs.Recall), figure(r.Pairs.F1))
	figures.Row("B-cubed", figure(r.BCubed.Precision), figure(r.BCubed.Recall), figure(r.BCubed.F1))
	if _, err := figures.WriteTo(w); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\nOf %s true people %s are in two clusters or more; of the clusters %s hold two people or more.\n",
		table.Count(uint64(r.People)), percentage(*r.UnderMerged), percentage(*r.OverMerged))
	return err
}

func skipped(keys int) string {
	if keys == 0 {
		return ""
	}
	return "; " + table.Count(uint64(keys)) + " keys are too common to tell"
}

func seconds(s float64) string    { return strconv.FormatFloat(s, 'f', 2, 64) }
func figure(x float64) string     { return strconv.FormatFloat(x, 'f', 4, 64) }
func percentage(x float64) string { return strconv.FormatFloat(100*x, 'f', 1, 64) + " %" }
