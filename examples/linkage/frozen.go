package main

import (
	"fmt"
	"reflect"
	"strconv"

	"github.com/portraitdb/portrait/identity/linkage"
)

// frozen reads a model, which must be of this configuration.
func (c *command) frozen(text []byte, cfg linkage.Config) (*linkage.Model, error) {
	model, err := linkage.ParseModel(text, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Model, err)
	}
	if what := departs(reflect.ValueOf(cfg), reflect.ValueOf(model.Config())); what != "" {
		return nil, fmt.Errorf("%s was trained with another configuration than %s: %s. Keep the new model in another file", c.Model, c.Config, what)
	}
	return model, nil
}

// departs names the first setting of a configuration that a model was trained
// without, or nothing. A setting that the configuration leaves to its default,
// which the model has filled in, is not looked at.
func departs(cfg, trained reflect.Value) string {
	switch {
	case cfg.IsZero() || cfg.Kind() == reflect.Map && cfg.Len() == 0:
		return ""
	case cfg.Kind() == reflect.Pointer: // To a number, of which zero is as good as any.
		if trained.IsNil() {
			return fmt.Sprintf(" is left to its default, not %v", cfg.Elem())
		}
		if cfg, trained = cfg.Elem(), trained.Elem(); cfg.Equal(trained) {
			return ""
		}
	case cfg.Kind() == reflect.Struct:
		for i := range cfg.NumField() {
			if what := departs(cfg.Field(i), trained.Field(i)); what != "" {
				return within(cfg.Type().Field(i).Name, what)
			}
		}
		return ""
	case cfg.Kind() == reflect.Slice && cfg.Len() == trained.Len():
		for i := range cfg.Len() {
			if what := departs(cfg.Index(i), trained.Index(i)); what != "" {
				return within(strconv.Itoa(i+1), what)
			}
		}
		return ""
	case reflect.DeepEqual(cfg.Interface(), trained.Interface()):
		return ""
	}
	return fmt.Sprintf(" is %v, not %v", trained, cfg)
}

// within puts the name of a part before what is said of it.
func within(name, what string) string {
	if what[0] == ' ' {
		return name + what
	}
	return name + "." + what
}
