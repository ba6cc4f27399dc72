package oracle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"time"

	"github.com/portraitdb/portrait/profile"
)

// decodeSeries reads the series of a stored state, laid out as docs/format.md says
// under profile-state, by number.
func decodeSeries(data []byte) (map[uint32]Series, error) {
	r := &seriesReader{data: data}
	all := map[uint32]Series{}
	id := uint64(0)
	for range min(r.n(), uint64(len(data))) {
		id += r.n()
		if _, twice := all[uint32(id)]; twice || id > math.MaxUint32 {
			r.fail(fmt.Errorf("fold %d is there twice, or is none", id))
		}
		all[uint32(id)] = r.entry()
		if r.err != nil {
			return nil, fmt.Errorf("series of fold %d: %w", id, r.err)
		}
	}
	if r.err != nil {
		return nil, fmt.Errorf("series: %w", r.err)
	}
	if len(r.data) > 0 {
		return nil, fmt.Errorf("series: %d bytes too many", len(r.data))
	}
	return all, nil
}

// seriesReader takes series off the front of data. The first thing that is out of
// place sticks in err; from then on everything reads as zero.
type seriesReader struct {
	data []byte
	err  error
}

func (r *seriesReader) fail(err error) {
	if r.err == nil {
		r.err, r.data = err, nil
	}
}

// take returns the next n bytes.
func (r *seriesReader) take(n uint64) []byte {
	if n > uint64(len(r.data)) {
		r.fail(errors.New("cut short"))
		return make([]byte, min(n, 16))
	}
	b := r.data[:n]
	r.data = r.data[n:]
	return b
}

// n reads an unsigned integer.
func (r *seriesReader) n() uint64 {
	x, length := binary.Uvarint(r.data)
	if length <= 0 {
		r.fail(errors.New("no integer"))
		return 0
	}
	r.take(uint64(length))
	return x
}

// z reads a signed integer.
func (r *seriesReader) z() int64 { return signed(r.n()) }

// signed returns the integer that 2z, or -2z-1 where it is negative, stands for.
func signed(u uint64) int64 {
	if u%2 == 0 {
		return int64(u / 2)
	}
	return -int64(u/2) - 1
}

func (r *seriesReader) f8() uint64 {
	return binary.LittleEndian.Uint64(r.take(8))
}

// b16 reads sixteen bytes in two's complement.
func (r *seriesReader) b16() *big.Int {
	b := slices.Clone(r.take(16))
	slices.Reverse(b)
	n := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), 128))
	}
	return n
}

// num reads a number.
func (r *seriesReader) num() float64 { return r.numOf(r.n()) }

func (r *seriesReader) numOf(head uint64) float64 {
	if head == 7 {
		return r.finite(math.Float64frombits(r.f8()))
	}
	return float64(signed(head/8)) / math.Pow10(int(head%8))
}

func (r *seriesReader) finite(f float64) float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		r.fail(fmt.Errorf("number %v", f))
		return 0
	}
	return f
}

// sum reads millionths.
func (r *seriesReader) sum() *big.Int {
	head := r.n()
	if head == 7 {
		return r.b16()
	}
	n := big.NewInt(signed(head / 8))
	for range 6 - min(int(head%8), 6) {
		n.Mul(n, big.NewInt(10))
	}
	return n
}

// score reads units of 2^-30.
func (r *seriesReader) score() *big.Int {
	head := r.n()
	if head == 1 {
		return r.b16()
	}
	return big.NewInt(signed(head / 2))
}

// val reads a scalar.
func (r *seriesReader) val() profile.Value {
	head := r.n()
	switch x := head / 8; head % 8 {
	case 0:
		return profile.Value{}
	case 1:
		return profile.Bool(x == 1)
	case 2:
		return profile.Number(r.numOf(x))
	case 3:
		return profile.Number(r.finite(math.Float64frombits(r.f8())))
	case 4:
		return profile.TimeAt(profile.Instant(signed(x)))
	case 5:
		lat := math.Float64frombits(r.f8())
		return profile.Point(r.finite(lat), r.finite(math.Float64frombits(r.f8())))
	case 6:
		return profile.String(string(r.take(x)))
	}
	r.fail(fmt.Errorf("a value of unknown kind %d", head%8))
	return profile.Value{}
}

// entry reads one series.
func (r *seriesReader) entry() Series {
	head := r.take(1)[0]
	s := Series{Form: profile.Form(head % 16), Grain: profile.Grain(head / 16), Buckets: map[int64]Bucket{}}
	switch s.Form {
	case profile.Recent, profile.Oldest:
		s.K = int(min(r.n(), math.MaxInt32))
	case profile.Stays:
		s.Level = int(min(r.n(), math.MaxInt32))
	case profile.Spans:
		s.Gap = time.Duration(min(r.n(), uint64(math.MaxInt64/time.Microsecond))) * time.Microsecond
	}
	body := &seriesReader{data: r.take(r.n()), err: r.err}
	if s.Form == profile.Spans {
		s.Spans = body.spans(s.Gap)
	} else {
		body.buckets(s)
	}
	if body.err != nil {
		r.fail(body.err)
	}
	return s
}

// buckets reads the buckets of a series.
func (r *seriesReader) buckets(s Series) {
	number := r.z()
	for r.err == nil {
		if _, twice := s.Buckets[number]; twice {
			r.fail(fmt.Errorf("bucket %d twice", number))
		}
		s.Buckets[number] = r.cell(s, number)
		if len(r.data) == 0 {
			return
		}
		number -= int64(r.n()) + 1
	}
}

// spans reads the runs of a series.
func (r *seriesReader) spans(gap time.Duration) (spans []Span) {
	last := profile.Instant(r.z())
	for r.err == nil {
		first := last - profile.Instant(r.n())
		spans = append(spans, Span{First: first, Last: last, Events: r.n()})
		if len(r.data) == 0 {
			break
		}
		last = first - profile.Instant(gap.Microseconds()) - profile.Instant(r.n()) - 1
	}
	slices.Reverse(spans)
	return spans
}

// cell reads what one bucket holds.
func (r *seriesReader) cell(s Series, number int64) (b Bucket) {
	base := number * map[profile.Grain]int64{profile.ByMinute: 60_000_000, profile.ByHour: 3_600_000_000, profile.ByDay: 86_400_000_000}[s.Grain]
	at := func() profile.Instant { return profile.Instant(base + r.z()) }
	switch s.Form {
	case profile.Tally:
		b.Count = r.n()
	case profile.Times:
		b.Last = at()
		b.First = b.Last - profile.Instant(r.n())
	case profile.Presence:
	case profile.Numbers:
		if b.Count = r.n(); b.Count == 1 {
			b.Min = r.num()
			b.Max = b.Min
			b.Sum, _ = millionths(b.Min)
		} else {
			b.Sum, b.Min, b.Max = r.sum(), r.num(), r.num()
		}
	case profile.Ends:
		several := r.n()
		b.Latest.At = profile.Stamp{At: at(), Tie: r.f8()}
		b.Latest.Value = r.val()
		b.Earliest = b.Latest
		if several == 1 {
			b.Earliest.At = profile.Stamp{At: b.Latest.At.At - profile.Instant(r.n()), Tie: r.f8()}
			b.Earliest.Value = r.val()
		}
	case profile.Keys, profile.Sums, profile.Scores, profile.Recent, profile.Oldest, profile.Trace:
		r.list(s, at, &b)
	case profile.Stays:
		r.stays(&b)
	case profile.FirstDay:
		if b.Count, b.Sum = r.n(), new(big.Int); b.Count > 0 {
			b.Sum = r.sum()
		}
	default:
		r.fail(fmt.Errorf("unknown form %d", s.Form))
	}
	if s.Form == profile.Numbers && b.Sum == nil {
		r.fail(errors.New("a number beyond 1e18"))
	}
	return b
}

// stays reads the cells of a bucket.
func (r *seriesReader) stays(b *Bucket) {
	n := r.n()
	b.Lost = n == 0
	cell := uint64(0)
	for i := range min(n, uint64(len(r.data))) {
		if cell += r.n(); i > 0 {
			cell++
		}
		s := Stayed{Cell: cell}
		hours := r.n()
		for hour := range 64 {
			if hours>>hour%2 == 1 {
				s.Hours = append(s.Hours, hour)
			}
		}
		b.Stays = append(b.Stays, s)
	}
	if n > uint64(len(b.Stays)) {
		r.fail(errors.New("cut short"))
	}
}

// list reads the keys or the events of a bucket.
func (r *seriesReader) list(s Series, at func() profile.Instant, b *Bucket) {
	n := r.n()
	b.Lost = n == 0
	var stamp profile.Stamp
	for i := range min(n, uint64(len(r.data))) {
		if s.Form == profile.Recent || s.Form == profile.Oldest || s.Form == profile.Trace {
			switch {
			case i == 0:
				stamp.At = at()
			case s.Form == profile.Oldest:
				stamp.At += profile.Instant(r.n())
			default:
				stamp.At -= profile.Instant(r.n())
			}
			stamp.Tie = r.f8()
		}
		switch s.Form {
		case profile.Keys:
			b.Keys = append(b.Keys, Key{Value: r.val(), Count: r.n()})
		case profile.Sums:
			b.Keys = append(b.Keys, Key{Value: r.val(), Sum: r.sum()})
		case profile.Scores:
			b.Keys = append(b.Keys, Key{Value: r.val(), Sum: r.score()})
		case profile.Trace:
			b.Traced = append(b.Traced, Traced{At: stamp, Selects: r.n(), Link: r.val()})
		default:
			b.Keys = append(b.Keys, Key{Value: r.val(), At: stamp})
		}
	}
	if n > uint64(len(b.Keys)+len(b.Traced)) {
		r.fail(errors.New("cut short"))
	}
	slices.SortFunc(b.Keys, func(x, y Key) int { return x.Value.Compare(y.Value) })
	slices.SortFunc(b.Traced, Traced.compare)
}
