package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// These make people up for the tests. A name may be shared, a birthday may, but
// hardly everything of two people.
var (
	givenNames = strings.Fields("anna bruno clara david elena felix greta hugo irene jonas karla louis marta nils olga peter rosa simon tilda viktor 伟 芳 娜 敏 静")
	surnames   = strings.Fields("abbott becker castro dubois ekberg fischer garcia hansen ivanov jensen kowalski lindberg moreau novak olsen petrov quinn romano schmidt tanaka 王 李 张 刘 陈")
	cities     = strings.Fields("berlin lisbon oslo porto prague quito riga 上海 北京")
)

// testConfig compares what generate makes.
const testConfig = `
id: id
comparisons:
  - {name: name, kind: name, columns: [given, surname]}
  - {name: born, kind: date, columns: [born]}
  - {kind: email, columns: [email]}
  - {kind: text, columns: [city]}
blocking:
  keys: [born, email, "sorted(given, surname)"]
training:
  blocks: [born, email, "sorted(given, surname)"]
  rules: [email]
  random_pairs: 20000
  seed: 1
`

// generate makes a CSV of so many people with one to three records each, some of
// which have a slip in the name or no e-mail or city. The same seed gives the same
// bytes.
func generate(seed uint64, people int) string {
	rng := rand.New(rand.NewPCG(seed, 0))
	pick := func(list []string) string { return list[rng.IntN(len(list))] }
	var rows []string
	for person := range people {
		given, surname, city := pick(givenNames), pick(surnames), pick(cities)
		born := fmt.Sprintf("%04d-%02d-%02d", 1940+rng.IntN(65), 1+rng.IntN(12), 1+rng.IntN(28))
		email := fmt.Sprintf("%s%d@example.com", string('a'+rune(rng.IntN(26))), 100_000+rng.IntN(900_000))
		for copied := range 1 + rng.IntN(3) {
			family, where, address := surname, city, email
			if copied > 0 && rng.IntN(3) == 0 && len(family) > 4 {
				i := 1 + rng.IntN(len(family)-2)
				family = family[:i] + string(family[i+1]) + string(family[i]) + family[i+2:]
			}
			switch rng.IntN(6) {
			case 0:
				where = ""
			case 1:
				address = ""
			}
			rows = append(rows, fmt.Sprintf("p%d-%d, %s, %s, %s, %s, %s, p%d", person, copied, given, family, born, address, where, person))
		}
	}
	rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	return "id, given, surname, born, email, city, person\n" + strings.Join(rows, "\n") + "\n"
}
