// Package idlist matches an uploaded list of identifiers, one a line, against an
// index of keyed tokens.
//
// # What an index holds
//
// A hash of a phone number is as good as the number: eleven digits are tried in
// minutes. So the index holds tokens only, which are digests under a key ([Keys]).
// A list comes in plain or as MD5, SHA-1 or SHA-256 of the identifiers; a line is
// brought to its token and its text is forgotten. Neither memory nor a temporary
// file ever holds the identifiers of a list.
//
// # What is hashed
//
// Digests are of one exact spelling. Advertising platforms disagree on it: a phone
// number with or without its country code, a device ID in upper or lower case, with
// or without dashes. A plain list is normalised, so it needs the index to hold the
// tokens of the normalised value alone; for hashed lists whoever writes the index
// adds the tokens of each other spelling that it wants found.
//
// # How a list is matched
//
// [Match] reads blocks of whole lines and parses them on all processors. A line
// becomes 20 bytes, its token and its number, in one of 256 partitions by the
// token's first byte. What exceeds the memory goes to one temporary file. Then each
// partition is sorted, its duplicates are told, and it is merged with the entries of
// the index in that range, in ascending order, while the next ones are being sorted.
// A list that is short for its index looks each token up instead.
//
// Nothing is found before the last line was read: a list that turns out broken has
// no effect.
package idlist
