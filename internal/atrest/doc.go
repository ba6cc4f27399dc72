// Package atrest encrypts the content of files, one key a file.
//
// A file is a header of [HeaderLen] bytes and its content under AES-256 in
// counter mode, byte for byte as long as the plain one, so that any part of it is
// read alone. The file's key and its first counter are drawn at random when the
// file is made; the header holds the key sealed under one of the host's, and the
// name of that one.
//
// # What is authenticated
//
// The header is: a header that was changed, or made under another key, does not
// open. The content is not. Counter mode turns a flipped bit of the file into a
// flipped bit of the content, and whoever can write the file can flip them; what
// reads the content has to bring checksums against accidents, and has none
// against an adversary.
//
// # What must hold
//
// No byte of a key stream may ever encrypt two contents. So a byte of a file is
// written once: whoever wants other content makes another file, which has
// another key.
package atrest
