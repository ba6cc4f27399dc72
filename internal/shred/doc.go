// Package shred holds a key for each of many numbers, and forgets single ones of them:
// crypto-shredding by a puncturable pseudorandom function.
//
// # The construction
//
// The keys are the leaves of the tree of Goldreich, Goldwasser and Micali ("How to
// construct random functions", J. ACM 33, 1986): a random seed at the root, and below
// every seed two, which a pseudorandom generator makes of it, here SHA-256 of the seed
// and one byte. A leaf is found by walking down along the bits of its number. To
// forget a number is to puncture the function there (Boneh and Waters, "Constrained
// pseudorandom functions", 2013; Kiayias and others; Boyle, Goldwasser and Ivan): the
// seeds on the way from the root to it are given up, and those that branch off from the way are
// kept instead. Who holds them can make every other key and not that one.
//
// So what has to be kept secret, and destroyed for real, is small: 32 bytes to begin with
// and, for each number forgotten, one seed for each level at which it is alone among those
// forgotten. Neighbours that are all forgotten need none.
//
// # What is sealed
//
// [Tree.Seal] encrypts under the key of a number with AES-256 in counter mode and a
// random nonce, so that the same content sealed twice shows nothing. A checksum tells
// damage and the wrong key; it is no authentication.
package shred
