package main

import (
	"context"
	"crypto/md5" //nolint:gosec // lists of hashed identifiers come in MD5
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

//go:embed model.yaml
var modelFile []byte

// ways are the target groups, by how each is built.
var ways = []struct{ way, name, text string }{
	{"tags", "young and active", `tag("年轻人") and tag("近月活跃")`},
	{"tags", "women of 25 to 40 who buy much", `gender = "女" and age >= 25 and age <= 40 and tag("消费分层", "高")`},
	{"tags", "any two of three", `at_least(2, tag("年轻人"), tag("高消费"), tag("地铁常客"))`},
	{"apps", "map and taxi, no games", `apps all_of ["地图", "打车"] and apps none_of ["游戏"]`},
	{"apps", "two of food, video, fitness", `at_least(2, has(apps, "外卖"), has(apps, "视频"), has(apps, "健身"))`},
	{"lists", "of the CRM, by MD5 of phones", `in_list("crm-2026-11")`},
	{"lists", "of the ad platform, by MD5 of devices", `in_list("exposed")`},
	{"lists", "of the CRM and not yet exposed", `in_list("crm-2026-11") and not in_list("exposed")`},
	{"places", "live within 2 km of People's Square", `near(home, 31.2304, 121.4737, "2km")`},
	{"places", "live in Lujiazui", `within(home, "陆家嘴")`},
	{"places", "seen at stations on two days of 30", `tag("地铁常客")`},
	{"places", "found at home on 4 nights of 5", `confidence(residence) >= 0.8 and days_at(residence) >= 4`},
	{"places", "found to live and work downtown", `near(residence, 31.2304, 121.4737, "4km") and near(workplace, 31.2304, 121.4737, "4km")`},
	{"standing", "the top fifth by spending", `tag("前两成")`},
	{"standing", "the 100 best customers", `rank(spent) <= 100`},
	{"mixture", "the campaign", `(tag("前两成") or in_list("crm-2026-11")) and apps any_of ["外卖", "打车"] and (near(home, 31.2304, 121.4737, "5km") or tag("地铁常客")) and not in_list("exposed") and not tag("对照组")`},
}

// report is what the tour found out.
type report struct {
	People  uint64            `json:"people"`
	Lists   []uploaded        `json:"lists"`
	Groups  []group           `json:"groups"`
	Overlap [][]uint64        `json:"overlap"` // of those of overlapOf, pair by pair
	Split   []uint64          `json:"split"`   // the campaign in three
	Held    uint64            `json:"held_out"`
	Spent   segment.Stats     `json:"-"`
	Summary map[string]string `json:"summary"`
	Plan    string            `json:"plan"`
	Cities  map[string]uint64 `json:"cities"`
	Took    time.Duration     `json:"counted_in_ns"`
}

type uploaded struct {
	Name string `json:"name"`
	segment.Uploaded
}

type group struct {
	Way   string `json:"way"`
	Name  string `json:"name"`
	Text  string `json:"text"`
	Count uint64 `json:"count"`
}

// tour makes the city and asks about it.
func tour(ctx context.Context, f flags) (r *report, err error) {
	dir := f.dir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "audience"); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	// Everything happens at one instant, so that the same city gives the same answers.
	db, err := portrait.Open(dir, &portrait.Options{Clock: func() time.Time { return today }})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	model, err := portrait.ParseModel(modelFile)
	if err != nil {
		return nil, err
	}
	if _, err := db.Apply(ctx, model); err != nil {
		return nil, err
	}
	c := city{f.seed}
	if err := c.settle(ctx, db, f.people); err != nil {
		return nil, err
	}
	r = &report{Summary: map[string]string{}, Cities: map[string]uint64{}}
	if err := r.upload(ctx, db, f.people); err != nil {
		return nil, err
	}
	return r, r.ask(ctx, db)
}

// settle takes everybody's events in.
func (c city) settle(ctx context.Context, db *portrait.DB, people int) error {
	var batch []profile.Event
	for n := range people {
		batch = append(batch, c.events(n)...)
		if len(batch) < 5000 && n < people-1 {
			continue
		}
		res, err := db.Ingest(ctx, batch...)
		if err != nil {
			return err
		}
		if len(res.Rejected) > 0 {
			return fmt.Errorf("event refused: %+v", res.Rejected[0])
		}
		batch = batch[:0]
	}
	return nil
}

// upload hands two lists of hashed identifiers in, as CRMs and ad platforms write them.
// Both name people that nobody has seen, and some twice.
func (r *report) upload(ctx context.Context, db *portrait.DB, people int) error {
	for _, l := range []struct {
		name, namespace string
		step            int
		line            func(n int) string
	}{
		{"crm-2026-11", "phone", 3, phoneOf},
		{"exposed", "oaid", 4, oaidOf},
	} {
		text, lines := io.Pipe()
		go func() {
			var err error
			for n := 0; n < people+people/10 && err == nil; n += l.step {
				sum := md5.Sum([]byte(l.line(n))) //nolint:gosec // see above
				for range 1 + n%7/6 {
					_, err = fmt.Fprintln(lines, hex.EncodeToString(sum[:]))
				}
			}
			lines.CloseWithError(err)
		}()
		got, err := db.Lists().Upload(ctx, l.name, text, segment.Upload{Namespace: l.namespace, Kind: "md5"})
		if err = errors.Join(err, text.Close()); err != nil {
			return err
		}
		r.Lists = append(r.Lists, uploaded{l.name, got})
	}
	return nil
}

// ask asks everything of one view: all answers agree with each other.
func (r *report) ask(ctx context.Context, db *portrait.DB) error {
	v, err := db.View(ctx)
	if err != nil {
		return err
	}
	defer v.Close()
	everybody := segment.And()
	if r.People, err = v.Count(ctx, everybody); err != nil {
		return err
	}
	es := make([]segment.Expr, len(ways))
	for i, w := range ways {
		if es[i], err = segment.Parse(w.text); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
	}
	begin := time.Now()
	counts, err := v.Counts(ctx, es...) // in one pass
	if err != nil {
		return err
	}
	r.Took = time.Since(begin)
	for i, w := range ways {
		r.Groups = append(r.Groups, group{w.way, w.name, w.text, counts[i]})
	}
	target := es[len(es)-1]
	if err := r.compare(ctx, v, es); err != nil {
		return err
	}
	if err := r.divide(ctx, v, target); err != nil {
		return err
	}
	return r.describe(ctx, v, target)
}

// overlapOf are the groups whose overlap is shown, by their place in ways.
var overlapOf = []int{0, 3, 5, 8, 13}

// compare counts who is in two groups at once, as sets of one epoch.
func (r *report) compare(ctx context.Context, v *portrait.View, es []segment.Expr) error {
	sets := make([]*segment.Set, len(overlapOf))
	for i, n := range overlapOf {
		var err error
		if sets[i], err = v.Segment(ctx, es[n]); err != nil {
			return err
		}
	}
	for i := range sets {
		row := make([]uint64, len(sets))
		for j := range sets {
			row[j] = sets[i].And(sets[j]).Count()
		}
		r.Overlap = append(r.Overlap, row)
	}
	return nil
}

// divide cuts the campaign into three variants, and counts who is held out of it.
func (r *report) divide(ctx context.Context, v *portrait.View, target segment.Expr) error {
	variants := make([]segment.Expr, 3)
	for i := range variants {
		variants[i] = segment.And(target, segment.MustParse(fmt.Sprintf(`bucket("campaign-11", 3) = %d`, i+1)))
	}
	var err error
	if r.Split, err = v.Counts(ctx, variants...); err != nil {
		return err
	}
	r.Held, err = v.Count(ctx, segment.MustParse(`tag("对照组")`))
	return err
}

// describe says who the campaign reaches.
func (r *report) describe(ctx context.Context, v *portrait.View, target segment.Expr) error {
	spent := tags.MustParseFormula("spent")
	s, err := v.Summary(ctx, spent, target)
	if err != nil {
		return err
	}
	r.Summary["customers with orders"] = strconv.FormatUint(s.Count, 10)
	r.Summary["spent in all"] = fmt.Sprintf("%.2f", s.Sum)
	r.Summary["on average"] = fmt.Sprintf("%.2f", s.Avg.Number())
	quantiles, err := v.Quantiles(ctx, spent, target, 0.5, 0.9)
	if err != nil {
		return err
	}
	if quantiles != nil {
		r.Summary["median"], r.Summary["nine tenths below"] = quantiles[0].String(), quantiles[1].String()
	}
	groups, err := v.Groups(ctx, spent, target, "city")
	if err != nil {
		return err
	}
	for _, g := range groups {
		r.Cities[g.Values[0].Text()] = g.Count
	}
	plan, err := v.Plan(ctx, target)
	r.Plan = plan.Text
	return err
}
