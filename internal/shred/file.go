package shred

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// IDLen is the length of the ID of a key file.
const IDLen = 16

// File is the content of a key file.
type File struct {
	// ID says which store's keys they are.
	ID [IDLen]byte
	// Generation counts how often numbers were forgotten.
	Generation uint64
	// Limit is above all numbers that were given out.
	Limit uint64
	// Keys are the keys of all numbers but for those forgotten.
	Keys *Tree
}

// The form of a key file: magic, version, ID, generation, limit and the number of seeds;
// for each seed, ascending, how many numbers have no key before it, its height and the
// seed; a checksum of all that. docs/format.md draws it.
const (
	magic   = "\x89PTRKEY\x1a"
	version = 1

	headLen  = len(magic) + 1 + IDLen + 8 + 8 + 4
	leastLen = 1 + 1 + len(key{}) // of a seed
)

// Append appends the form of the file, which [Decode] reads. The same content has the
// same form.
func (f *File) Append(dst []byte) []byte {
	start := len(dst)
	dst = append(append(dst, magic...), version)
	dst = append(dst, f.ID[:]...)
	dst = binary.BigEndian.AppendUint64(dst, f.Generation)
	dst = binary.BigEndian.AppendUint64(dst, f.Limit)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(f.Keys.seeds)))
	next := uint64(0)
	for i := range f.Keys.seeds {
		s := &f.Keys.seeds[i]
		dst = binary.AppendUvarint(dst, s.from-next)
		dst = append(append(dst, s.height), s.key[:]...)
		next = s.end()
	}
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[start:], castagnoli))
}

// Decode reads what [File.Append] wrote, and refuses all else. It allocates less than
// twice the length of data.
func Decode(data []byte) (*File, error) {
	f, err := decode(data)
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	return f, nil
}

func decode(data []byte) (*File, error) {
	if len(data) < headLen+sumLen || string(data[:len(magic)]) != magic {
		return nil, errors.New("not a key file, or cut short")
	}
	if v := data[len(magic)]; v != version {
		return nil, fmt.Errorf("unknown version %d, want %d", v, version)
	}
	body := data[:len(data)-sumLen]
	if binary.LittleEndian.Uint32(data[len(body):]) != crc32.Checksum(body, castagnoli) {
		return nil, errors.New("its checksum is wrong")
	}
	f := &File{ID: [IDLen]byte(body[len(magic)+1:])}
	rest := body[len(magic)+1+IDLen:]
	f.Generation = binary.BigEndian.Uint64(rest)
	f.Limit = binary.BigEndian.Uint64(rest[8:])
	n := binary.BigEndian.Uint32(rest[16:])
	if f.Limit > Numbers {
		return nil, fmt.Errorf("limit of %d", f.Limit)
	}
	seeds, err := decodeSeeds(rest[20:], n)
	if err != nil {
		return nil, err
	}
	f.Keys = &Tree{seeds: seeds}
	return f, nil
}

func decodeSeeds(data []byte, n uint32) ([]seed, error) {
	if uint64(n)*uint64(leastLen) > uint64(len(data)) {
		return nil, fmt.Errorf("%d seeds in %d bytes", n, len(data))
	}
	seeds := make([]seed, n)
	next := uint64(0)
	for i := range seeds {
		gap, size := binary.Uvarint(data)
		if size <= 0 || size > 1 && data[size-1] == 0 || len(data) < size+1+len(key{}) {
			return nil, fmt.Errorf("seed %d: cut short", i)
		}
		s := seed{from: next + gap, height: data[size], key: key(data[size+1:])}
		data = data[size+1+len(key{}):]
		switch {
		case gap > Numbers || s.height > Height || s.end() > Numbers:
			return nil, fmt.Errorf("seed %d: beyond all numbers", i)
		case s.from&(1<<s.height-1) != 0:
			return nil, fmt.Errorf("seed %d: not the root of a subtree", i)
		case i > 0 && seeds[i-1].height == s.height && seeds[i-1].from == s.from^(1<<s.height) && s.height < Height:
			return nil, fmt.Errorf("seed %d: beside its other half, which their parent makes", i)
		}
		seeds[i], next = s, s.end()
	}
	if len(data) > 0 {
		return nil, fmt.Errorf("%d bytes too many", len(data))
	}
	return seeds, nil
}
