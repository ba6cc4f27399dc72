package tags_test

import (
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/tags"
)

// The one event of each line is in its window from one instant to another, to the
// microsecond.
func TestProgram_windows_to_the_microsecond(t *testing.T) {
	const always, never = "always", "never"
	tests := []struct {
		name, zone, window, event string
		from, to                  string
		week                      time.Weekday
	}{
		{"minutes", "Asia/Kolkata", `last("2m")`, "2026-05-10T04:00:59.999999Z", "2026-05-10T04:00:00Z", "2026-05-10T04:02:00Z", 0},
		{"an hour is one of UTC", "Asia/Kolkata", `last("1h")`, "2026-05-10T04:15:00Z", "2026-05-10T04:00:00Z", "2026-05-10T05:00:00Z", 0},
		{"an event to come, by the hour", "UTC", `between("3h", "1h")`, "2026-05-10T04:15:00Z", "2026-05-10T05:00:00Z", "2026-05-10T07:00:00Z", 0},

		{"a day in Berlin", "Europe/Berlin", `last("1d")`, "2026-05-10T22:00:00Z", "2026-05-10T22:00:00Z", "2026-05-11T22:00:00Z", 0},
		{"the last microsecond of a day", "Europe/Berlin", `last("1d")`, "2026-05-10T21:59:59.999999Z", "2026-05-09T22:00:00Z", "2026-05-10T22:00:00Z", 0},
		{"over the hour left out in Berlin", "Europe/Berlin", `last("2d")`, "2026-03-28T12:00:00Z", "2026-03-27T23:00:00Z", "2026-03-29T22:00:00Z", 0},
		{"over the hour that comes twice in Berlin", "Europe/Berlin", `last("2d")`, "2026-10-24T12:00:00Z", "2026-10-23T22:00:00Z", "2026-10-25T23:00:00Z", 0},
		{"over the hour left out in New York", "America/New_York", `last("2d")`, "2026-03-07T12:00:00Z", "2026-03-07T05:00:00Z", "2026-03-09T04:00:00Z", 0},
		{"over the hour that comes twice in New York", "America/New_York", `last("2d")`, "2026-10-31T12:00:00Z", "2026-10-31T04:00:00Z", "2026-11-02T05:00:00Z", 0},
		{"over half an hour left out", "Australia/Lord_Howe", `last("2d")`, "2026-10-03T12:00:00Z", "2026-10-02T13:30:00Z", "2026-10-04T13:00:00Z", 0},
		{"over half an hour that comes twice", "Australia/Lord_Howe", `last("2d")`, "2026-04-04T12:00:00Z", "2026-04-03T13:00:00Z", "2026-04-05T13:30:00Z", 0},
		{"where midnight is left out", "America/Sao_Paulo", `last("1d")`, "2018-11-04T03:00:00Z", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z", 0},
		{"where midnight comes twice", "America/Havana", `last("1d")`, "2026-11-01T05:00:00Z", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z", 0},
		{"the whole hour that comes twice", "Europe/Berlin", `last("1h")`, "2026-10-25T00:30:00Z", "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z", 0},

		{"a leap day, by the month", "UTC", `last("1mo")`, "2028-02-29T12:00:00Z", "2028-02-29T00:00:00Z", "2028-03-29T00:00:00Z", 0},
		{"a leap day, by the year", "UTC", `last("1y")`, "2028-02-29T12:00:00Z", "2028-02-29T00:00:00Z", "2029-03-01T00:00:00Z", 0},
		{"the last of February", "UTC", `last("1mo")`, "2026-02-28T12:00:00Z", "2026-02-28T00:00:00Z", "2026-03-28T00:00:00Z", 0},
		{"the last of a month before a short one", "UTC", `last("1mo")`, "2026-03-31T12:00:00Z", "2026-03-31T00:00:00Z", "2026-05-01T00:00:00Z", 0},
		{"the 30th of January", "UTC", `last("1mo")`, "2026-01-30T12:00:00Z", "2026-01-30T00:00:00Z", "2026-03-01T00:00:00Z", 0},
		{"the month before", "UTC", `between("2mo", "1mo")`, "2026-03-31T12:00:00Z", "2026-05-01T00:00:00Z", "2026-05-31T00:00:00Z", 0},

		{"this day", "Asia/Shanghai", `today()`, "2026-05-10T16:00:00Z", "2026-05-10T16:00:00Z", "2026-05-11T16:00:00Z", 0},
		{"this week from Monday", "Asia/Shanghai", `this("week")`, "2026-05-10T15:59:59.999999Z", "2026-05-09T16:00:00Z", "2026-05-10T16:00:00Z", time.Monday},
		{"this week from Sunday", "Asia/Shanghai", `this("week")`, "2026-05-10T15:59:59.999999Z", "2026-05-09T16:00:00Z", "2026-05-16T16:00:00Z", time.Sunday},
		{"this month", "Europe/Berlin", `this("month")`, "2026-03-01T12:00:00Z", "2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z", 0},
		{"this quarter", "America/New_York", `this("quarter")`, "2026-03-31T12:00:00Z", "2026-03-31T04:00:00Z", "2026-04-01T04:00:00Z", 0},
		{"this year, a leap one", "UTC", `this("year")`, "2028-02-29T12:00:00Z", "2028-02-29T00:00:00Z", "2029-01-01T00:00:00Z", 0},

		{"since its own instant", "Asia/Shanghai", `since("2026-05-10T04:00:00Z")`, "2026-05-10T04:00:00Z", always, never, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := shop(t, tt.zone)
			s.FirstDay = tt.week
			p := compile(t, s, `count("E", `+tt.window+`) = 1`)
			state := fold(t, s, profile.Event{Name: "E", MessageID: "1", Time: at(t, tt.event).Time()})
			from, to := profile.Instant(math.MinInt64), profile.Never
			if tt.from != always {
				from = at(t, tt.from)
			}
			if tt.to != never {
				to = at(t, tt.to)
			}
			middle := at(t, tt.event)
			for _, c := range []struct {
				now   profile.Instant
				is    bool
				until profile.Instant
			}{
				{from - 400*day, false, from},
				{from - 1, false, from},
				{from, true, to},
				{from + 1, true, to},
				{max(from, middle), true, to},
				{to - 1, true, to},
				{to, false, profile.Never},
				{to + 1, false, profile.Never},
				{to + 400*day, false, profile.Never},
			} {
				if tt.to == never && c.now != middle {
					continue
				}
				if is, until := p.Eval(state, c.now); is != c.is || until != c.until {
					t.Errorf("at %v: %v until %v, want %v until %v", c.now, is, until, c.is, c.until)
				}
			}
		})
	}
}

// An event is late by its own time, not by when it is told: it counts in the windows
// that it was in, whatever came in between.
func TestProgram_windows_of_late_events(t *testing.T) {
	s := shop(t, "UTC")
	p := compile(t, s, `count("E", last("3d")) >= 2`)
	event := func(id, time string) profile.Event {
		return profile.Event{Name: "E", MessageID: id, Time: at(t, time).Time()}
	}
	now := at(t, "2026-05-10T12:00:00Z")
	before := fold(t, s, event("1", "2026-05-10T11:00:00Z"))
	after := before.Combine(fold(t, s, event("2", "2026-05-08T23:59:59.999999Z")))
	if is, until := p.Eval(before, now); is || until != profile.Never {
		t.Errorf("before: %v until %v", is, until)
	}
	if is, until := p.Eval(after, now); !is || until.String() != "2026-05-11T00:00:00Z" {
		t.Errorf("after: %v until %v", is, until)
	}
	expired := after.Combine(fold(t, s, event("3", "2026-05-07T23:59:59.999999Z")))
	if is, until := p.Eval(expired, now); !is || until.String() != "2026-05-11T00:00:00Z" {
		t.Errorf("with one too late to count: %v until %v", is, until)
	}
}

// What a window loses may be more than a day at once, and may raise what it sums.
func TestProgram_windows_that_lose(t *testing.T) {
	s := shop(t, "UTC")
	var events []profile.Event
	for i, p := range []float64{1, 9, 5, -5, 10, -20, 20} {
		events = append(events, profile.Event{
			Name: "E", MessageID: string(rune('a' + i)), Time: at(t, "2026-05-01T12:00:00Z").Time().AddDate(0, 0, i),
			Properties: map[string]profile.Value{"p": profile.Number(p)},
		})
	}
	now := at(t, "2026-05-07T18:00:00Z") // the day of the last
	const never = "never"
	for _, tt := range []struct {
		rule  string
		want  bool
		until string
	}{
		{`count("E", this("month")) != 1`, true, never},
		{`count("E", this("month")) = 1`, false, never},
		{`count("E", this("month")) < 7`, false, "2026-06-01T00:00:00Z"},
		{`count("E", last("7d")) = 1`, false, "2026-05-13T00:00:00Z"},
		{`days("E", this("month")) != 1`, true, never},
		{`days("E", last("7d")) <= 3`, false, "2026-05-11T00:00:00Z"},
		{`sum("E", "p", last("4d")) >= 5`, true, "2026-05-09T00:00:00Z"},
		{`sum("E", "p", last("4d")) < 5`, false, "2026-05-09T00:00:00Z"},
		{`sum("E", "p", last("3d")) > 10`, false, "2026-05-09T00:00:00Z"},
		{`sum("E", "p", last("3d")) <= 0`, false, "2026-05-08T00:00:00Z"},
		{`sum("E", "p", last("7d")) = 15`, false, never},
		{`sum("E", "p", last("7d")) = 20`, true, "2026-05-08T00:00:00Z"},
		{`sum("E", "p", where(p > 0), last("7d")) < 30`, false, "2026-05-12T00:00:00Z"},
		{`sum("E", "p", where(p < 0), last("7d")) >= 0`, false, never},
		{`sum("E", "p", where(p < 0), last("7d")) > -25`, false, "2026-05-11T00:00:00Z"},
		{`avg("E", "p", last("7d")) > 3`, false, "2026-05-08T00:00:00Z"},
		{`avg("E", "p", between("8d", "5d")) > 5`, false, "2026-05-14T00:00:00Z"},
		{`avg("E", "p", between("8d", "5d")) < 4`, false, "2026-05-09T00:00:00Z"},
		{`max("E", "p", last("7d")) < 20`, false, never},
		{`max("E", "p", between("8d", "5d")) > 9`, false, "2026-05-10T00:00:00Z"},
		{`min("E", "p", last("7d")) > -20`, false, "2026-05-13T00:00:00Z"},
		{`min("E", "p", last("7d")) <= -20`, true, "2026-05-13T00:00:00Z"},
		{`first_time("E", last("7d")) > "2026-05-04"`, false, "2026-05-10T00:00:00Z"},
		{`last_time("E", last("7d")) > "2026-05-04"`, true, "2026-05-14T00:00:00Z"},
		{`unique("E", "p", last("7d")) >= 3`, true, "2026-05-12T00:00:00Z"},
		{`first("E", "p", last("7d")) = -5`, false, "2026-05-10T00:00:00Z"},
		{`streak("E") >= 3`, true, "2026-05-09T00:00:00Z"},
		{`streak("E", last("5d")) = 5`, true, "2026-05-08T00:00:00Z"},
		{`longest_streak("E", last("7d")) >= 5`, true, "2026-05-10T00:00:00Z"},
		{`share_of_days("E") >= 0.5`, true, "2026-05-15T00:00:00Z"},
		{`sessions("E", "30h", last("7d")) = 1`, true, "2026-05-08T00:00:00Z"},
		{`sessions("E", "1h", last("7d")) > 5`, true, "2026-05-09T00:00:00Z"},
	} {
		p := compile(t, s, tt.rule)
		if ok, until := p.Eval(fold(t, s, events...), now); ok != tt.want || until.String() != tt.until {
			t.Errorf("%s: %v until %v, want %v until %v", tt.rule, ok, until, tt.want, tt.until)
		}
	}
}

// What a day had too many of is missing as long as the day is in the window.
func TestProgram_windows_that_overflow(t *testing.T) {
	s := shop(t, "UTC")
	begin := at(t, "2026-05-08T00:00:00Z")
	events := []profile.Event{
		{Name: "E", MessageID: "late", Time: (begin + day).Time(), Properties: map[string]profile.Value{"p": profile.Number(-1)}},
		{Name: "E", MessageID: "later", Time: (begin + day + 1).Time()},
	}
	for i := range 1001 {
		events = append(events, profile.Event{
			Name: "E", MessageID: strconv.Itoa(i), Time: (begin + profile.Instant(i)).Time(), Properties: map[string]profile.Value{"p": profile.Number(float64(i))},
		})
	}
	rules := []string{`unique("E", "p", last("3d")) = 1`, `sequence("E", "E", last("3d"))`, `exists(top(1, "E", "p", last("3d")))`, `sequence_count("E", "E", last("3d")) = 1`}
	for _, rule := range rules {
		compile(t, s, rule)
	}
	state := fold(t, s, events...)
	for _, rule := range rules {
		p := compile(t, s, rule)
		if is, until := p.Eval(state, begin+2*day); is || until != begin+3*day {
			t.Errorf("%s: %v until %v", rule, is, until)
		}
		if is, until := p.Eval(state, begin+3*day); !is || until != begin+4*day {
			t.Errorf("%s: %v until %v a day later", rule, is, until)
		}
		e := p.Explain(state, begin+2*day)
		if rule[:6] != "exists" && e.Truth != tags.Unknown {
			t.Errorf("%s is %v", rule, e.Truth)
		}
	}
}
