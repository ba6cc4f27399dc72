package segment

import "context"

// Sizes returns how many profiles are in each of several bitmap fields, in their order.
// Nothing is read but what the shards say of themselves, so that thousands of fields over
// millions of profiles take a millisecond or so, once they are loaded. A field that is not
// there has none; a column is an error.
func (r *Root) Sizes(ctx context.Context, ld Loader, fields []FieldID) ([]uint64, error) {
	sizes := make([]uint64, len(fields))
	for i, id := range fields {
		f := r.dir.find(id)
		if f == nil {
			continue
		}
		if f.kind != Bitmap {
			return nil, kindError(id, f.kind)
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		for j := range f.entries {
			c, err := f.load(j, r, ld)
			if err != nil {
				return nil, err
			}
			sizes[i] += uint64(c.bits.card)
		}
	}
	return sizes, nil
}
