package syntax

import (
	"encoding/json"
	"time"
)

func (d *decoder) sequence() (*Sequence, *Error) {
	x := &Sequence{Pos: -1}
	err := d.fields([]string{"steps"}, func(key string) (err *Error) {
		switch key {
		case "steps":
			if err = d.array(func() *Error { return d.step(x) }); err == nil && len(x.Steps) == 0 {
				err = d.fault("", "a sequence has at least one step")
			}
		case "within":
			x.Within, err = d.length()
		case "same":
			x.Same, err = d.name("property")
		case "window":
			x.Window, err = d.window()
		case "overlapping":
			x.Overlap, err = d.flag()
		}
		return err
	}, "within", "same", "window", "overlapping")
	return x, err
}

// step reads a step of a sequence, or what is forbidden behind those before it.
func (d *decoder) step(x *Sequence) *Error {
	add := func(f Filter, within time.Duration) {
		x.Steps = append(x.Steps, Step{Filter: f, Within: within, Without: x.Without})
		x.Without = nil
	}
	return d.single(func(t json.Token) *Error {
		event, ok := t.(string)
		if !ok {
			return d.fault("", `a step should be here: the name of an event, {"step": ...} or {"without": ...}`)
		}
		add(Filter{Event: event, Pos: -1}, 0)
		return d.named(event, "event")
	}, func(key string) *Error {
		var within time.Duration
		switch key {
		case "step":
			f, err := d.filter(&within)
			if err == nil && within != 0 && len(x.Steps) == 0 {
				err = d.fault("", "nothing comes before the first step that it could be within")
			}
			add(f, within)
			return err
		case "without":
			f, err := d.filter(nil)
			if err == nil && len(x.Steps) == 0 {
				err = d.fault("", "nothing can be forbidden before the first step")
			}
			x.Without = append(x.Without, f)
			return err
		}
		return d.fault(suggest(key, []string{"step", "without"}), "unknown part of a sequence %s", quote(shorten(key)))
	})
}

// filter reads an event's name, or an object that says more of it.
func (d *decoder) filter(within *time.Duration) (f Filter, err *Error) {
	f.Pos = -1
	options := []string{"where"}
	if within != nil {
		options = append(options, "within")
	}
	err = d.textOr(func(text string) *Error {
		f.Event = text
		return d.named(text, "event")
	}, func() *Error {
		return d.object([]string{"event"}, options, func(key string) (err *Error) {
			switch key {
			case "event":
				f.Event, err = d.name("event")
			case "where":
				f.Where, err = d.expr()
			case "within":
				*within, err = d.length()
			}
			return err
		})
	})
	return f, err
}

func (d *decoder) flag() (bool, *Error) {
	t, err := d.token()
	b, ok := t.(bool)
	if err == nil && !ok {
		err = d.fault("", "true or false should be here")
	}
	return b, err
}
