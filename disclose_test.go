package portrait_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
)

// exported is what a program reads out of an Export.
type exported struct {
	Format      string
	Profile     string
	Identifiers []struct{ Namespace, Value string }
	Links       []struct {
		From, To struct{ Namespace, Value string }
		Last     *time.Time `json:"last_seen"`
		Decision string
	}
	Traits []struct {
		Name, Source string
		MessageID    string `json:"message_id"`
		Value        any
	}
	Tags            []struct{ Name, Value string }
	Segments, Lists []string
	Stages          []struct {
		Stage         string
		Entered, Left *time.Time
	}
	Counts []struct {
		Event string
		Count int
	} `json:"event_counts"`
	Events []json.RawMessage
}

func exportOf(t *testing.T, db *portrait.DB, id profile.Identifier) (exported, error) {
	t.Helper()
	v, err := db.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	var out bytes.Buffer
	err = v.Export(t.Context(), id, &out)
	var e exported
	if err == nil {
		if bad := json.Unmarshal(out.Bytes(), &e); bad != nil {
			t.Fatalf("%v in\n%s", bad, out.String())
		}
	}
	return e, err
}

func TestExport(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	apply(t, db, canaryModel+`
segments:
  buyers: {rule: 'tag("buyer")'}
stages:
  - {name: buyer, rule: 'count("Order Completed") >= 1'}
  - {name: guest}
`)
	her := []profile.Identifier{id("user_id", "mei"), id("email", "mei@example.cn"), id("phone", "13800138001")}
	events := []profile.Event{
		{MessageID: "1", Type: profile.Identify, Identifiers: her[:2], Traits: map[string]profile.Value{"name": profile.String(`Mei "</script>`), "village": profile.String("上海")}},
		{MessageID: "2", Name: "Order Completed", Identifiers: her[:1], Properties: map[string]profile.Value{"order_id": profile.String("o1"), "revenue": profile.Number(12.5)}},
	}
	for i := range events {
		events[i].Source, events[i].Time = "web", epoch0.Add(time.Duration(i)*time.Hour)
		if res, err := db.Ingest(t.Context(), events[i]); err != nil || res.Accepted != 1 {
			t.Fatal(res, err)
		}
	}
	if _, err := db.Link(t.Context(), her[0], her[2], portrait.Decision{Reason: "she said so"}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Lists().Edit(t.Context(), "vip", "phone", []string{her[2].Value}, nil); err != nil {
		t.Fatal(err)
	}
	e, err := exportOf(t, db, her[1])
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	say := func(format string, args ...any) { got = append(got, fmt.Sprintf(format, args...)) }
	for _, id := range e.Identifiers {
		say("%s %s", id.Namespace, id.Value)
	}
	for _, l := range e.Links {
		say("%s - %s %s %t", l.From.Namespace, l.To.Namespace, l.Decision, l.Last != nil)
	}
	for _, x := range e.Traits {
		say("trait %s %v %s %s", x.Name, x.Value, x.Source, x.MessageID)
	}
	for _, x := range e.Tags {
		say("tag %s %s", x.Name, x.Value)
	}
	for _, x := range e.Stages {
		say("stage %s, left %t", x.Stage, x.Left != nil)
	}
	for _, x := range e.Counts {
		say("%s %d", x.Event, x.Count)
	}
	say("%v %v %s", e.Segments, e.Lists, e.Format)
	want := []string{
		"user_id mei", "email mei@example.cn", "phone 13800138001",
		"email - user_id  true", "phone - user_id link false",
		"trait latest o1  ", `trait name Mei "</script> web 1`, "trait orders 1  ", "trait village 上海 web 1",
		"tag buyer ", "tag of 上海", "tag stage buyer", "stage guest, left true", "stage buyer, left false", "Order Completed 1",
		"[buyers] [vip] portrait-person/1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("exported (-want +got):\n%s", diff)
	}
	for i, text := range e.Events {
		back, err := profile.ParseEvent(text)
		if err != nil || back.MessageID != events[i].MessageID || !back.Time.Equal(events[i].Time) {
			t.Errorf("event %d: %+v, %v", i, back, err)
		}
	}
	if len(e.Events) != len(events) {
		t.Errorf("%d events", len(e.Events))
	}
	exportFails(t, db, her[0])
}

// exportFails asks for nobody, into a writer that fails, and for somebody erased.
func exportFails(t *testing.T, db *portrait.DB, who profile.Identifier) {
	t.Helper()
	if _, err := exportOf(t, db, id("user_id", "nobody")); !errors.Is(err, portrait.ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
	v, err := db.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Export(t.Context(), who, failing{}); !errors.Is(err, errFull) {
		t.Errorf("into a full disk: %v", err)
	}
	v.Close()
	if err := v.Export(t.Context(), who, failing{}); !errors.Is(err, portrait.ErrClosed) {
		t.Errorf("of a closed view: %v", err)
	}
	if _, err := db.Privacy().Erase(t.Context(), who); err != nil {
		t.Fatal(err)
	}
	if _, err := exportOf(t, db, who); !errors.Is(err, portrait.ErrNotFound) {
		t.Errorf("somebody erased: %v", err)
	}
}

var errFull = errors.New("disk full")

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errFull }
