package portrait

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/lifecycle"
	"github.com/portraitdb/portrait/profile"
)

// Export writes everything that the store has about the person whom an identifier names,
// as one JSON object: what people may ask to see, and to take elsewhere. docs/privacy.md
// draws it. Events are written as they are read, however many are kept, and last; each is
// one that [profile.ParseEvent] reads. It is ErrNotFound where the identifier leads to
// nobody, with nothing written; an error of w is returned as it is. A view for a role
// writes what the role may read; objections and legal holds only where that is everything
// but what is sensitive.
func (v *View) Export(ctx context.Context, id profile.Identifier, w io.Writer) error {
	if w == nil {
		return errors.New("portrait: export: the writer is nil")
	}
	_, err := inside(v, func() (struct{}, error) { return struct{}{}, v.export(ctx, id, w) })
	return err
}

// disclosure is an Export but for its events.
type disclosure struct {
	Format      string           `json:"format"`
	AsOf        time.Time        `json:"as_of"`
	Epoch       uint64           `json:"epoch"`
	Profile     string           `json:"profile"`
	Identifiers []disclosedID    `json:"identifiers"`
	Links       []disclosedLink  `json:"links"`
	Traits      []disclosedTrait `json:"traits"`
	Tags        []disclosedTag   `json:"tags"`
	Segments    []string         `json:"segments"`
	Lists       []string         `json:"lists"`
	Stages      []disclosedStay  `json:"stages"`
	Holds       []disclosedHold  `json:"legal_holds"`
	Consents    []disclosedWord  `json:"consents"`
	Counters    []disclosedCount `json:"event_counts"`
}

type disclosedID struct {
	Namespace string `json:"namespace"`
	Value     string `json:"value"`
}

type disclosedLink struct {
	From     disclosedID `json:"from"`
	To       disclosedID `json:"to"`
	First    *time.Time  `json:"first_seen,omitempty"`
	Last     *time.Time  `json:"last_seen,omitempty"`
	Decision string      `json:"decision,omitempty"`
	Decided  *time.Time  `json:"decided,omitempty"`
}

type disclosedTrait struct {
	Name      string        `json:"name"`
	Value     profile.Value `json:"value"`
	Computed  string        `json:"computed,omitempty"`
	At        *time.Time    `json:"at,omitempty"`
	Source    string        `json:"source,omitempty"`
	MessageID string        `json:"message_id,omitempty"`
}

// disclosedWord is a consent, or an objection, that one of the identifiers holds.
type disclosedWord struct {
	Purpose   string     `json:"purpose,omitempty"`
	Objection string     `json:"objection,omitempty"`
	Status    string     `json:"status"`
	Policy    string     `json:"policy,omitempty"`
	Method    string     `json:"method,omitempty"`
	At        time.Time  `json:"at"`
	Expires   *time.Time `json:"expires,omitempty"`
	Source    string     `json:"source,omitempty"`
	MessageID string     `json:"message_id,omitempty"`
}

type disclosedTag struct {
	Name  string         `json:"name"`
	Value *profile.Value `json:"value,omitempty"`
}

type disclosedStay struct {
	Stage   string     `json:"stage"`
	Entered *time.Time `json:"entered,omitempty"`
	Left    *time.Time `json:"left,omitempty"`
}

type disclosedHold struct {
	Reference string     `json:"reference"`
	Since     *time.Time `json:"since"`
}

type disclosedCount struct {
	Event string     `json:"event"`
	Count uint64     `json:"count"`
	First *time.Time `json:"first,omitempty"`
	Last  *time.Time `json:"last,omitempty"`
}

// known returns a time for JSON, where there is one.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func (v *View) export(ctx context.Context, id profile.Identifier, w io.Writer) error {
	m, err := v.find(id)
	if err != nil {
		return err
	}
	d, err := v.disclose(ctx, m, id)
	if err != nil {
		return err
	}
	tokens := make([]identity.Token, len(m.nodes))
	for i, n := range m.nodes {
		tokens[i] = n.token
	}
	if err := v.db.attestAlone(ctx, didExport, tokens...); err != nil {
		return err
	}
	head, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("portrait: export: %w", err)
	}
	out := bufio.NewWriter(w)
	out.Write(head[:len(head)-1])
	out.WriteString(`,"events":[`)
	n := 0
	for e, err := range v.disclosedEvents(ctx, id) {
		if err != nil {
			return err
		}
		text, err := e.MarshalJSON()
		if err != nil {
			return fmt.Errorf("portrait: export: event %q: %w", e.MessageID, err)
		}
		if n++; n > 1 {
			out.WriteByte(',')
		}
		out.WriteByte('\n')
		if _, err := out.Write(text); err != nil {
			return err
		}
	}
	out.WriteString("]}\n")
	return out.Flush()
}

// disclose gathers what is known of a person.
func (v *View) disclose(ctx context.Context, m *member, id profile.Identifier) (*disclosure, error) {
	p, err := v.describe(m)
	if err != nil {
		return nil, err
	}
	d := &disclosure{
		Format: "portrait-person/1", AsOf: v.AsOf().UTC(), Epoch: v.Epoch(), Profile: p.ID.String(),
		Identifiers: []disclosedID{}, Links: []disclosedLink{}, Traits: []disclosedTrait{}, Tags: []disclosedTag{},
		Segments: []string{}, Stages: []disclosedStay{}, Consents: v.discloseWords(m.state()), Holds: []disclosedHold{}, Counters: []disclosedCount{},
	}
	for _, id := range p.Identifiers {
		d.Identifiers = append(d.Identifiers, disclosedID(id))
	}
	for _, c := range p.Counters {
		d.Counters = append(d.Counters, disclosedCount{c.Event, c.Count, known(c.First.Time()), known(c.Last.Time())})
	}
	for _, name := range p.Tags {
		t := disclosedTag{Name: name}
		if value, ok := p.TagValues[name]; ok {
			t.Value = &value
		}
		d.Tags = append(d.Tags, t)
	}
	from, err := v.provenance(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, t := range from {
		d.Traits = append(d.Traits, disclosedTrait{t.Name, t.Value, t.Compute, known(t.At), t.Source, t.MessageID})
	}
	if err := v.discloseLinks(m, d); err != nil {
		return nil, err
	}
	if v.access.everything() {
		if err := v.discloseHolds(m, d); err != nil {
			return nil, err
		}
	}
	return d, v.discloseMembership(ctx, m, d)
}

// discloseWords lists what is held of purposes, and objections.
func (v *View) discloseWords(st *profile.State) []disclosedWord {
	words := []disclosedWord{}
	for purpose := range st.Purposes() {
		if v.access != nil && !permits(v.access.role.Purposes, purpose) {
			continue
		}
		for _, r := range st.Consents(purpose) {
			words = append(words, disclosedWord{
				Purpose: purpose, Status: r.Status.String(), Policy: r.Policy, Method: r.Method,
				At: r.At, Expires: known(r.Expires), Source: r.Source, MessageID: r.MessageID,
			})
			if w := &words[len(words)-1]; !v.access.events() {
				w.Source, w.MessageID = "", ""
			}
		}
	}
	if !v.access.everything() {
		return words
	}
	for _, o := range [...]struct {
		objection profile.Objection
		name      string
	}{{profile.Restricted, "restriction"}, {profile.NoAutomation, "automated decisions"}} {
		for _, r := range st.Objections(o.objection) {
			status := "stands"
			if r.Status == profile.ConsentGranted {
				status = "lifted"
			}
			words = append(words, disclosedWord{Objection: o.name, Status: status, Method: r.Method, At: r.At})
		}
	}
	return words
}

// disclosedEvents yields the events of the person: none where what they say may not be read.
func (v *View) disclosedEvents(ctx context.Context, id profile.Identifier) iter.Seq2[profile.Event, error] {
	if !v.access.events() {
		return func(func(profile.Event, error) bool) {}
	}
	return v.timeline(ctx, id, time.Time{}, time.Time{})
}

// discloseLinks adds what is known of pairs of the person's identifiers.
func (v *View) discloseLinks(m *member, d *disclosure) error {
	names := map[identity.Token]disclosedID{}
	for _, n := range m.nodes {
		names[n.token] = disclosedID(n.id)
	}
	for _, n := range m.nodes {
		for e, err := range storedEdges(v.epoch.snap, n.token) {
			if err != nil {
				return err
			}
			to, ours := names[e.Strong]
			if e.Weak != n.token || !ours {
				continue
			}
			if !v.access.namespace(names[e.Weak].Namespace) || !v.access.namespace(to.Namespace) {
				continue
			}
			link := disclosedLink{From: names[e.Weak], To: to}
			if e.Seen && v.access.hears(profile.AnyEvent) {
				link.First, link.Last = known(e.First.At.Time()), known(e.Last.At.Time())
			}
			if e.Decision != 0 {
				link.Decision, link.Decided = e.Decision.String(), known(e.Decided.At.Time())
			}
			d.Links = append(d.Links, link)
		}
	}
	slices.SortFunc(d.Links, func(a, b disclosedLink) int {
		return slices.Compare([]string{a.From.Namespace, a.From.Value, a.To.Namespace, a.To.Value}, []string{b.From.Namespace, b.From.Value, b.To.Namespace, b.To.Value})
	})
	return nil
}

// discloseHolds adds the legal holds on the person.
func (v *View) discloseHolds(m *member, d *disclosure) error {
	var all holds
	for _, n := range m.nodes {
		data, ok, err := v.epoch.snap.GetTo(nil, keys.AppendHold(nil, n.token))
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		h, err := decodeHolds(data)
		if err != nil {
			return err
		}
		all = all.with(h)
	}
	for _, h := range all {
		d.Holds = append(d.Holds, disclosedHold{h.ref, known(h.at.Time())})
	}
	return nil
}

// discloseMembership adds which tracked segments and lists the person is in, and the path
// through the stages.
func (v *View) discloseMembership(ctx context.Context, m *member, d *disclosure) error {
	var lists []string
	for _, l := range v.Lists() {
		lists = append(lists, l.Name)
	}
	var err error
	if d.Lists, err = v.epoch.listed(m.ordinal, lists); err != nil {
		return err
	}
	if d.Lists == nil {
		d.Lists = []string{}
	}
	for _, t := range v.epoch.cat.tags {
		if !t.segment || t.filling || !v.access.tag(t.def.Name) {
			continue
		}
		in, err := v.epoch.root.Contains(v.epoch, t.field, m.ordinal)
		if err != nil {
			return err
		}
		if in {
			d.Segments = append(d.Segments, t.def.Name)
		}
	}
	slices.SortFunc(d.Segments, strings.Compare)
	if !v.access.tag(syntax.StageTag) {
		return nil
	}
	var path lifecycle.Path
	if path, err = v.epoch.ledger().path(ctx, m.ordinal); err != nil {
		return err
	}
	for _, s := range path {
		d.Stages = append(d.Stages, disclosedStay{s.Stage, known(s.Entered), known(s.Left)})
	}
	return nil
}
