// Package crowd generates streams of events of people whose truth is known, and
// scores how well they were told apart.
//
// [Read] takes the people from published data, [Make] invents them. [Stream] has
// them browse, sign in, order and sign out on devices of their own, of their
// household and of the public, for some months, with everything that goes wrong
// on the way: placeholder IDs, recycled phone numbers, events that come late or
// twice. [TruthOf] says who really used an identifier, and [Score] compares a
// partition with the truth. The same people, options and seed give the same
// stream.
package crowd
