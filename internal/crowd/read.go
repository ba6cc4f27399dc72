package crowd

import (
	"cmp"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// surveys are the files that know where people live. A person is taken from the
// first of them that has one.
var surveys = [...]string{
	"current_population_survey.csv.gz",
	"american_community_survey.csv.gz",
	"women_infants_and_children.csv.gz",
}

// Read returns the people of the simulated population whose surveys lie in a
// folder, each once, ordered by household and ID. People in an institution do
// not share a home with the others there: each is a household of their own. Who
// was born after 2026 is left out.
func Read(dir string) ([]Person, error) {
	seen := map[string]bool{}
	var people []Person
	for _, name := range surveys {
		rows, err := readSurvey(filepath.Join(dir, name))
		if err != nil {
			return nil, fmt.Errorf("crowd: %s: %w", name, err)
		}
		for _, p := range rows {
			if !seen[p.ID] && p.Born.Year() <= 2026 {
				seen[p.ID] = true
				people = append(people, p)
			}
		}
	}
	slices.SortFunc(people, func(a, b Person) int {
		return cmp.Or(cmp.Compare(a.Household, b.Household), cmp.Compare(a.ID, b.ID))
	})
	return people, nil
}

func readSurvey(path string) ([]Person, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	return parseSurvey(z)
}

// parseSurvey reads one file. Its first line names the columns, in any order.
func parseSurvey(r io.Reader) ([]Person, error) {
	in := csv.NewReader(r)
	in.ReuseRecord = true
	header, err := in.Read()
	if err != nil {
		return nil, err
	}
	column := map[string]int{}
	for i, name := range header {
		column[name] = i
	}
	for _, name := range [...]string{
		"simulant_id", "household_id", "first_name", "last_name", "date_of_birth", "street_number", "street_name", "city", "housing_type",
	} {
		if _, ok := column[name]; !ok {
			return nil, fmt.Errorf("no column %q", name)
		}
	}
	var people []Person
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return people, nil
		}
		if err != nil {
			return nil, err
		}
		field := func(name string) string { return strings.Clone(row[column[name]]) }
		born, err := strconv.ParseInt(field("date_of_birth"), 10, 64)
		if err != nil {
			line, _ := in.FieldPos(column["date_of_birth"])
			return nil, fmt.Errorf("line %d: date_of_birth: %w", line, err)
		}
		p := Person{
			ID: field("simulant_id"), Household: field("household_id"),
			First: field("first_name"), Last: field("last_name"), Born: time.Unix(0, born).UTC(),
			Street: strings.TrimSpace(field("street_number") + " " + field("street_name")), City: field("city"),
		}
		if field("housing_type") != "Household" {
			p.Household += "/" + p.ID
		}
		people = append(people, p)
	}
}
