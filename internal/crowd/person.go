package crowd

import "time"

// Person is one true person. In a slice of people, the index is the person.
type Person struct {
	// ID names the person in the data.
	ID string
	// Household is the same for people who live together.
	Household string
	// First and Last are the given name and the family name.
	First, Last string
	// Born is the day of birth, in UTC.
	Born time.Time
	// Street holds the number too. Both may be empty.
	Street, City string
}

// households returns the people of each household, and those households in the
// order of their first people.
func households(people []Person) (members map[string][]int, order []string) {
	members = map[string][]int{}
	for i, p := range people {
		if members[p.Household] == nil {
			order = append(order, p.Household)
		}
		members[p.Household] = append(members[p.Household], i)
	}
	return members, order
}
