package main

import (
	"fmt"
	"slices"

	"github.com/portraitdb/portrait/identity/linkage"
)

// columns returns the columns that the configuration reads, and refuses a
// configuration that does not fit one of the files or that reads the truth.
func (c *command) columns(cfg linkage.Config) ([]string, error) {
	used, err := cfg.Columns()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Config, err)
	}
	if c.Truth != "" && c.Truth != cfg.ID && slices.Contains(used, c.Truth) {
		return nil, usageError{fmt.Errorf("%s reads the column %q, which is the truth: it would be told what it is to find out", c.Config, c.Truth)}
	}
	for _, path := range c.Records {
		header, err := headerOf(path)
		if err != nil {
			return nil, err
		}
		for _, name := range used {
			if !slices.Contains(header, name) {
				return nil, fmt.Errorf("%s has no column %q, which %s reads%s", path, name, c.Config, meant(name, header))
			}
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
