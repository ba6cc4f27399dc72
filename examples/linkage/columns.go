package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/portraitdb/portrait/identity/linkage"
)

// columns returns the columns that the configuration reads, in the order of the
// first file, and refuses a configuration that does not fit one of the files or
// that reads the truth.
func (c *command) columns(cfg linkage.Config) ([]string, error) {
	var used []string
	for _, path := range c.Records {
		header, err := headerOf(path)
		if err != nil {
			return nil, err
		}
		seen := slices.DeleteFunc(slices.Clone(header), func(name string) bool { return name == "" || name == c.Truth && name != cfg.ID })
		if err := fits(cfg, seen); err != nil {
			if c.Truth != "" && slices.Contains(header, c.Truth) && fits(cfg, append(seen, c.Truth)) == nil {
				return nil, usageError{fmt.Errorf("%s reads the column %q, which is the truth: it would be told what it is to find out", c.Config, c.Truth)}
			}
			return nil, fmt.Errorf("%s on %s: %w", c.Config, path, err)
		}
		if used == nil {
			used = slices.DeleteFunc(seen, func(name string) bool {
				return fits(cfg, slices.DeleteFunc(slices.Clone(header), func(n string) bool { return n == "" || n == name })) == nil
			})
		}
	}
	return used, nil
}

func headerOf(path string) ([]string, error) {
	file, err := openRecords(path)
	if err != nil {
		return nil, err
	}
	return file.header, file.close()
}

// fits tells what is wrong with the configuration for records of such columns.
func fits(cfg linkage.Config, columns []string) error {
	none, err := linkage.NewRecords(columns...)
	if err != nil {
		return err
	}
	// Nothing can be learnt from no records, but the configuration is looked at
	// first.
	if _, err := linkage.Train(context.Background(), none, cfg); errors.Is(err, linkage.ErrConfig) {
		return err
	}
	return nil
}
