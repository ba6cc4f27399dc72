package portrait

import (
	"context"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// Provenance returns where each trait of the profile that an identifier leads to has
// its value from, by name, or ErrNotFound. Sources and message IDs are those of events
// that the model's log still keeps. A view for a role has the traits that it may read,
// without what they are computed of where it may not read that, and without the events
// where it may not read what these say.
func (v *View) Provenance(ctx context.Context, id profile.Identifier) ([]profile.Provenance, error) {
	return inside(v, func() ([]profile.Provenance, error) { return v.provenance(ctx, id) })
}

func (v *View) provenance(_ context.Context, id profile.Identifier) ([]profile.Provenance, error) {
	m, err := v.find(id)
	if err != nil {
		return nil, err
	}
	cat := v.epoch.cat
	if err := v.epoch.enlist(m, cat.lists); err != nil {
		return nil, err
	}
	st := m.state()
	var list []profile.Provenance
	for _, t := range cat.traitsOf(st, v.at) {
		if !v.access.trait(t.Name) {
			continue
		}
		p := profile.Provenance{Trait: t}
		info, declared := cat.traits[t.Name]
		if declared && info.Compute != nil {
			if p.Masked = !v.access.text(syntax.MentionsOf(info.Compute)); !p.Masked {
				p.Compute = cat.model.Traits[t.Name].Compute
			}
			list = append(list, p)
			continue
		}
		p.Policy, p.Declared = info.Policy, declared
		if !declared && t.Name == profile.GroupsTrait {
			p.Policy = profile.Union
		}
		stamp, ok := st.Told(t.Name, p.Policy)
		if !ok || !v.access.events() {
			list = append(list, p)
			continue
		}
		p.At = stamp.At.Time()
		e, ok, err := v.eventAt(m, stamp)
		if err != nil {
			return nil, err
		}
		if ok && v.access.hears(e.CountedName()) {
			p.Source, p.MessageID = e.Source, e.MessageID
		}
		list = append(list, p)
	}
	return list, nil
}
