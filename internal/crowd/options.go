package crowd

import "time"

// Options say how a crowd lives and what goes wrong. The zero value of each
// field is its default; a negative rate means never. Rates are shares between 0
// and 1.
type Options struct {
	// Seed makes the stream. Every value is a stream of its own.
	Seed uint64
	// Start is when the first may come. The default is 2026-01-01 in UTC.
	Start time.Time
	// Days is how long the stream lasts. The default is 150.
	Days int
	// Visits is how often a person comes, on average, on a device of theirs. The
	// default is 5.
	Visits int

	// Registered is the share of people who ever open an account, with a user_id.
	// The default is 0.7.
	Registered float64
	// Phone is the share of registered people who give a phone number. The default
	// is 0.7.
	Phone float64
	// SecondEmail is the share of people who use two addresses. The default is 0.2.
	SecondEmail float64
	// FamilyEmail is the share of households of two and more in which everybody
	// gives the same address. The default is 0.05.
	FamilyEmail float64
	// Landline is the share of households of two and more in which everybody gives
	// the same phone number. The default is 0.1.
	Landline float64
	// Recycled is the share of mobile numbers that are given up and, after a gap
	// of a sixth of the stream, come to somebody else. The default is 0.04.
	Recycled float64

	// Shared is the share of devices that another member of the household uses
	// too, of the devices in households of two and more. The default is 0.1.
	Shared float64
	// Apps is the share of devices with a device_id of their own beside the cookie.
	// The others are browsers, where there is only the cookie. The default is 0.6.
	Apps float64
	// Constant is the share of apps whose SDK sends the same device_id on every
	// device. The default is 0.02.
	Constant float64
	// Kiosks is how many devices stand in public. The default is one for every 500
	// people, at least one; a negative number means none.
	Kiosks int
	// KioskVisits is how many visits each of them has. The default is 300.
	KioskVisits int

	// Guest is the share of visits without an account that leave an e-mail address
	// all the same. The default is 0.15.
	Guest float64
	// Shop is the share of visits after which a person also buys in a shop, where
	// the till knows a phone number or an account. The default is 0.1.
	Shop float64
	// Logout is the share of visits with an account that end it, on a device that
	// nobody else uses. On other devices all do. The default is 0.2.
	Logout float64
	// KeepCookie is the share of logouts after which the cookie goes on. The
	// others get a new one. The default is 0.5.
	KeepCookie float64
	// NewCookie is the share of visits that begin with a new cookie, for the old
	// one was deleted. The default is 0.05.
	NewCookie float64
	// Alias is the share of logins that an alias call follows. The default is 0.1.
	Alias float64

	// Placeholder is the share of people's events in which a broken client puts a
	// value such as "null" for an identifier. The default is 0.03.
	Placeholder float64
	// Machine is how many events machines send, for each event of people. The
	// default is 0.02. One in four has nothing but placeholders.
	Machine float64
	// Late is the share of events that arrive an hour to four days after they
	// happened. The default is 0.05.
	Late float64
	// Double is the share of events that arrive twice. The default is 0.03.
	Double float64
	// Mistake is how many times, for each person, a desk names an identifier of one
	// person and an identifier of another in one event. The default is 0.005.
	Mistake float64
}

func (o Options) withDefaults(people int) Options {
	rate := func(v *float64, standard float64) {
		if *v == 0 {
			*v = standard
		}
		*v = min(max(*v, 0), 1)
	}
	number := func(v *int, standard int) {
		if *v == 0 {
			*v = standard
		}
		*v = max(*v, 0)
	}
	if o.Start.IsZero() {
		o.Start = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
	}
	number(&o.Days, 150)
	o.Days = max(o.Days, 1)
	number(&o.Visits, 5)
	o.Visits = max(o.Visits, 1)
	number(&o.Kiosks, max(people/500, 1))
	number(&o.KioskVisits, 300)
	rate(&o.Registered, 0.7)
	rate(&o.Phone, 0.7)
	rate(&o.SecondEmail, 0.2)
	rate(&o.FamilyEmail, 0.05)
	rate(&o.Landline, 0.1)
	rate(&o.Recycled, 0.04)
	rate(&o.Shared, 0.1)
	rate(&o.Apps, 0.6)
	rate(&o.Constant, 0.02)
	rate(&o.Guest, 0.15)
	rate(&o.Shop, 0.1)
	rate(&o.Logout, 0.2)
	rate(&o.KeepCookie, 0.5)
	rate(&o.NewCookie, 0.05)
	rate(&o.Alias, 0.1)
	rate(&o.Placeholder, 0.03)
	rate(&o.Machine, 0.02)
	rate(&o.Late, 0.05)
	rate(&o.Double, 0.03)
	rate(&o.Mistake, 0.005)
	return o
}
