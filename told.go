package portrait

import (
	"fmt"
	"slices"
	"strings"

	"github.com/portraitdb/portrait/internal/spelling"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/tags"
)

// checkTold refuses an event that tells what nobody would ever be shown: of a tag that
// the model does not declare as told, or a value that is none of its choices. Of
// several faults it names the first by the alphabet.
func (c *catalog) checkTold(e *profile.Event) error {
	var fault *profile.FieldError
	for trait, v := range e.Traits {
		name, isValue := tags.ToldTag(trait)
		if name == "" {
			continue
		}
		t := c.tag(name)
		var reason, detail string
		switch {
		case t == nil || t.def.Kind() != tags.ByTelling:
			reason, detail = profile.ReasonUnknownTag, c.noToldTag(name)
		case isValue && v.Kind() == profile.KindString && len(t.def.Choices) > 0 && !slices.Contains(t.def.Choices, v.Text()):
			reason, detail = profile.ReasonNotAChoice, notAChoice(v.Text(), t.def.Choices)
		default:
			continue
		}
		if field := "traits." + trait; fault == nil || field < fault.Field {
			fault = &profile.FieldError{Field: field, Reason: reason, Detail: detail}
		}
	}
	if fault == nil {
		return nil
	}
	return fault
}

func (c *catalog) noToldTag(name string) string {
	var told []string
	for _, t := range c.tags {
		if !t.segment && t.def.Kind() == tags.ByTelling {
			told = append(told, t.def.Name)
		}
	}
	text := fmt.Sprintf("the model declares no told tag %.60q", name)
	if near := spelling.Nearest(name, told); near != "" {
		text += fmt.Sprintf(", did you mean %q?", near)
	}
	return text
}

// mostChoices is how many choices an error lists.
const mostChoices = 20

func notAChoice(value string, choices []string) string {
	shown := choices[:min(len(choices), mostChoices)]
	text := fmt.Sprintf("%.60q is none of %s", value, strings.Join(shown, ", "))
	if more := len(choices) - len(shown); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	if near := spelling.Nearest(value, choices); near != "" {
		text += fmt.Sprintf(", did you mean %q?", near)
	}
	return text
}
