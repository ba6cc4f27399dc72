package tags_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/internal/syntax/syntaxtest"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/tags"
)

// located is a sighting at a time of the zone's clock, such as "05-04 22:30" of 2026.
func located(t testing.TB, zone, when string, where profile.Value) profile.Event {
	t.Helper()
	z, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", "2026-"+when, z)
	if err != nil {
		t.Fatal(err)
	}
	return profile.Event{Name: "Located", MessageID: when + where.String(), Time: at, Properties: map[string]profile.Value{"at": where}}
}

var (
	flat   = profile.Point(31.2304, 121.4737)
	office = profile.Point(31.2400, 121.5000)
	park   = profile.Point(31.2000, 121.4300)
	hotel  = profile.Point(30.2500, 120.1600)
)

// commuter is at home at night, at work on weekdays, twice a week in a park, and was in
// a hotel for the last two nights before 20 May 2026, a Wednesday.
func commuter(t testing.TB) (*syntaxtest.Scope, []profile.Event) {
	t.Helper()
	s := shop(t, "Asia/Shanghai")
	for name, text := range map[string]string{
		"住": `dwell("Located", "at", during("home"))`, "工": `dwell("Located", "at", during("work"))`,
		"闲": `dwell("Located", "at", during("leisure"), except(住, 工), min_days(2))`,
	} {
		x, err := syntax.ParseOperand(text)
		if err != nil {
			t.Fatal(err)
		}
		s.Traits[name] = syntax.TraitInfo{Kind: profile.KindPoint, Compute: x}
	}
	var events []profile.Event
	see := func(when string, where profile.Value) {
		events = append(events, located(t, "Asia/Shanghai", when, where))
	}
	for day := 4; day <= 19; day++ {
		night := flat
		if day >= 18 {
			night = hotel
		}
		weekday := time.Date(2026, 5, day, 0, 0, 0, 0, time.UTC).Weekday()
		for _, hour := range []int{22, 23} {
			see(fmt.Sprintf("05-%02d %02d:30", day, hour), night)
		}
		for _, hour := range []int{0, 1, 5} {
			see(fmt.Sprintf("05-%02d %02d:10", day+1, hour), night)
		}
		switch weekday {
		case time.Saturday, time.Sunday:
			see(fmt.Sprintf("05-%02d 10:00", day), flat)
			see(fmt.Sprintf("05-%02d 11:00", day), flat)
			see(fmt.Sprintf("05-%02d 15:00", day), park)
			see(fmt.Sprintf("05-%02d 16:00", day), park)
		default:
			for _, hour := range []int{9, 11, 14, 17} {
				see(fmt.Sprintf("05-%02d %02d:00", day, hour), office)
			}
			see(fmt.Sprintf("05-%02d 20:00", day), flat)
		}
	}
	return s, events
}

func TestDwell_home_work_and_leisure(t *testing.T) {
	s, events := commuter(t)
	now := at(t, "2026-05-20T04:00:00Z")
	for _, rule := range []string{
		`near(住, 31.2304, 121.4737, "100m") and near(工, 31.24, 121.5, "100m") and near(闲, 31.2, 121.43, "100m")`,
		`days_at(住) = 14 and days_seen(住) = 16 and confidence(住) = 14 / 16`,
		`days_at(工) = 12 and confidence(工) = 1`,
		`days_at(闲) = 4 and days_seen(闲) = 4 and confidence(闲) = 1`,
		`days_at(dwell("Located", "at", during("leisure"))) = 16`,                                        // at home, most of it
		`near(dwell("Located", "at", during("home"), last("2d"), min_days(1)), 30.25, 120.16, "200m")`,   // the hotel
		`missing(dwell("Located", "at", during("home"), last("2d")))`,                                    // two nights are no home
		`near(dwell("Located", "at"), 31.2304, 121.4737, "100m")`,                                        // all hours
		`days_at(dwell("Located", "at", during("sat-sun 14-17"))) = 4`,                                   // the park
		`days_at(dwell("Located", "at", during("home"), where(exists(at)), since("2026-05-10"))) = 8`,    // from Sunday's night on
		`missing(dwell("Located", "at", during("home"), except(point(31.2304, 121.4737)), min_days(3)))`, // there is but the hotel
		`missing(dwell("Located", "at", during("3-4"), min_days(1))) and missing(confidence(dwell("Located", "at", during("3-4"))))`,
		`missing(dwell("Located", "nowhere")) and missing(dwell("Never", "at"))`,
	} {
		p := compile(t, s, rule)
		if ok, _ := p.Eval(fold(t, s, events...), now); !ok {
			t.Errorf("%s", p.Explain(fold(t, s, events...), now))
		}
	}
}

// A place ends at the very instant at which the day leaves that it stood on, and begins
// at that of a day to come.
func TestDwell_deadlines(t *testing.T) {
	s := shop(t, "Asia/Shanghai")
	var events []profile.Event
	for _, when := range []string{"05-04 23:00", "05-05 23:00", "05-08 03:00", "05-12 23:00"} { // the third counts to the 7th
		events = append(events, located(t, "Asia/Shanghai", when, flat))
	}
	for _, tt := range []struct{ rule, now, until string }{
		{`exists(dwell("Located", "at", during("home"), last("7d")))`, "2026-05-09T12:00:00+08:00", "2026-05-11T00:00:00+08:00"},
		{`missing(dwell("Located", "at", during("home"), last("7d")))`, "2026-05-11T00:00:00+08:00", "never"},
		{`exists(dwell("Located", "at", during("home"), last("9d"), min_days(4)))`, "2026-05-12T00:00:00+08:00", "2026-05-13T00:00:00+08:00"},
		{`missing(dwell("Located", "at", during("home"), last("9d"), min_days(4)))`, "2026-05-11T12:00:00+08:00", "2026-05-12T00:00:00+08:00"},
		{`confidence(dwell("Located", "at", during("home"), since("2026-05-01"))) = 1`, "2026-05-09T12:00:00+08:00", "never"},
		{`days_at(dwell("Located", "at", during("home"))) = 3`, "2026-05-09T12:00:00+08:00", "2026-05-12T00:00:00+08:00"},
		{`days_at(dwell("Located", "at", during("home"))) >= 4`, "2026-05-12T00:00:00+08:00", "2026-08-02T00:00:00+08:00"},
	} {
		p := compile(t, s, tt.rule)
		ok, until := p.Eval(fold(t, s, events...), at(t, tt.now))
		want := profile.Never
		if tt.until != "never" {
			want = at(t, tt.until)
		}
		if !ok || until != want {
			t.Errorf("%s at %s: %v until %v, want %v", tt.rule, tt.now, ok, until, tt.until)
		}
	}
	// What comes after midnight is part of the night that has begun, and of no day yet.
	p := compile(t, s, `exists(dwell("Located", "at", during("home"), min_days(1), last("1d"))) and count("Located", last("1d")) = 0`)
	if ok, _ := p.Eval(fold(t, s, located(t, "Asia/Shanghai", "05-08 01:00", flat)), at(t, "2026-05-07T12:00:00+08:00")); !ok {
		t.Error("the night has not begun")
	}
	x, err := tags.ParseFormula(`dwell("Located", "at", during("home"), last("7d"))`)
	if err != nil {
		t.Fatal(err)
	}
	v, err := tags.CompileValue(x.Tree(), s)
	if err != nil {
		t.Fatal(err)
	}
	// It stays where it is until it is gone, through a day that leaves before.
	if got, ok, until := v.Eval(fold(t, s, events...), at(t, "2026-05-08T12:00:00+08:00")); !ok || until != at(t, "2026-05-11T00:00:00+08:00") {
		t.Errorf("%v %v until %v", got, ok, until)
	}
}

// However the points of one place lie, it is one: where faces of the cube meet, at the
// poles and at the antimeridian too.
func TestDwell_neighbours(t *testing.T) {
	for name, around := range map[string][2]float64{
		"a city": {31.2304, 121.4737}, "a corner of the cube": {35.26438968, 45}, "an edge": {10, 45}, "a pole": {90, 0}, "the antimeridian": {10, 180},
	} {
		t.Run(name, func(t *testing.T) {
			s := shop(t, "UTC")
			var events []profile.Event
			for i := range 12 { // within some 70 m
				lat, lon := around[0]-0.0006*float64(i%2), around[1]+0.0003*float64(i%3-1)
				if lon > 180 {
					lon -= 360
				}
				events = append(events, located(t, "UTC", fmt.Sprintf("05-%02d %02d:00", 4+i%4, 8+i), profile.Point(lat, lon)))
			}
			events = append(events, located(t, "UTC", "05-04 23:00", profile.Point(-around[0]/2, 3)))
			p := compile(t, s, fmt.Sprintf(`near(dwell("Located", "at"), %v, %v, "200m") and days_at(dwell("Located", "at")) = 4 and confidence(dwell("Located", "at")) = 1`, around[0], around[1]))
			st := fold(t, s, events...)
			if ok, _ := p.Eval(st, at(t, "2026-05-09T00:00:00Z")); !ok {
				t.Error(p.Explain(st, at(t, "2026-05-09T00:00:00Z")))
			}
		})
	}
}

// A device that reports all the time counts no more than one that reports once an hour.
func TestDwell_often_is_not_long(t *testing.T) {
	s := shop(t, "UTC")
	var events []profile.Event
	for day := 4; day <= 6; day++ {
		for second := range 600 { // ten minutes in the office
			e := located(t, "UTC", fmt.Sprintf("05-%02d 10:%02d", day, second/60), office)
			e.Time = e.Time.Add(time.Duration(second%60) * time.Second)
			e.MessageID = fmt.Sprint(day, second)
			events = append(events, e)
		}
		for _, hour := range []int{12, 13} {
			events = append(events, located(t, "UTC", fmt.Sprintf("05-%02d %d:00", day, hour), flat))
		}
	}
	p := compile(t, s, `near(dwell("Located", "at"), 31.2304, 121.4737, "200m")`)
	if ok, _ := p.Eval(fold(t, s, events...), at(t, "2026-05-09T00:00:00Z")); !ok {
		t.Error("it is where most events came from")
	}
}

// Who was in more than 1,000 cells on a day has no place while that day is looked at.
func TestDwell_of_too_many_cells(t *testing.T) {
	s := shop(t, "UTC")
	var events []profile.Event
	for i := range 1001 {
		e := located(t, "UTC", "05-04 10:00", profile.Point(float64(i)/50, 0))
		e.MessageID = fmt.Sprint(i)
		events = append(events, e)
	}
	for day := 5; day <= 8; day++ {
		events = append(events, located(t, "UTC", fmt.Sprintf("05-%02d 10:00", day), flat))
	}
	const rule = `exists(dwell("Located", "at", last("7d")))`
	p := compile(t, s, rule)
	st := fold(t, s, events...)
	if ok, until := p.Eval(st, at(t, "2026-05-08T12:00:00Z")); ok || until != at(t, "2026-05-11T00:00:00Z") {
		t.Errorf("%v until %v", ok, until)
	}
	if ok, until := p.Eval(st, at(t, "2026-05-11T00:00:00Z")); !ok || until != at(t, "2026-05-13T00:00:00Z") {
		t.Errorf("without that day %v until %v", ok, until)
	}
	if got := st.Overflowed(); len(got) != 1 {
		t.Errorf("reported: %q", got)
	}
}

// Explain says how far the evidence is from enough.
func TestDwell_explained(t *testing.T) {
	s, events := commuter(t)
	p := compile(t, s, `days_at(住) >= 20`)
	why := p.Explain(fold(t, s, events...), at(t, "2026-05-20T04:00:00Z"))
	if why.Holds || why.Wants != "needs 6 more" || why.Values[0].Text != "days_at(住)" || why.Values[0].Value.Number() != 14 {
		t.Error(why)
	}
	for rule, want := range map[string]string{
		`confidence(住) > 0.5`: "true    confidence(住) > 0.5  -- confidence(住) is 0.875 (there on 14 of 16 days), ends if it falls by 0.375 (until 2026-08-12T16:00:00Z)\n",
		`exists(dwell("Located", "at", during("home"), min_days(30)))`: "false   exists(dwell(\"Located\", \"at\", during(\"22-7\"), min_days(30)))  -- dwell(\"Located\", \"at\", during(\"22-7\"), min_days(30)) is missing (nowhere on 30 of 16 days)\n",
	} {
		if got := compile(t, s, rule).Explain(fold(t, s, events...), at(t, "2026-05-20T04:00:00Z")).String(); got != want {
			t.Errorf("%s", got)
		}
	}
}
