package pricelist

import (
	"maps"
	"slices"

	"codexible/catalog"
	"codexible/usage"
)

// rates are the prices that a list gives to buckets, in pico-dollars a token; nil for none.
type rates [usage.NumBuckets]*int64

// A sheet has the rates by the size of the prompt above which they count. Those of 0 count
// for every call; others replace what they have a rate for.
type sheet map[int64]rates

func (s sheet) set(above int64, b usage.Bucket, rate int64) {
	at := s[above]
	at[b] = &rate
	s[above] = at
}

// over puts rates on top of others.
func (r rates) over(below rates) rates {
	for b := range r {
		if r[b] == nil {
			r[b] = below[b]
		}
	}
	return r
}

// over puts a sheet on top of another.
func (s sheet) over(below sheet) sheet {
	all := maps.Clone(below)
	for above, at := range s {
		all[above] = at.over(below[above])
	}
	return all
}

// times is a sheet whose rates are a multiple, given in millionths; false if one has no whole number of pico-dollars.
func (s sheet) times(millionths int64) (sheet, bool) {
	all := sheet{}
	for above, at := range s {
		for b, rate := range at {
			if rate == nil {
				continue
			}
			if *rate > catalog.MaxRate || *rate*millionths%usage.MicrosPerUSD != 0 {
				return nil, false
			}
			all.set(above, usage.Bucket(b), *rate*millionths/usage.MicrosPerUSD)
		}
	}
	return all, true
}

// priced makes the rates and bands of a price. Where a list has no price for writes of an
// hour it means that of other writes.
func (s sheet) priced() catalog.Set {
	var set catalog.Set
	var at rates
	for i, above := range slices.Sorted(maps.Keys(s)) {
		at = s[above].over(at)
		var made catalog.Rates
		for b := range usage.NumBuckets {
			if at[b] != nil {
				made.SetOwn(b, *at[b])
			}
		}
		if made.CacheWrite1h == nil && made.CacheWrite != nil {
			made.SetOwn(usage.CacheWrite1h, *made.CacheWrite)
		}
		if i == 0 {
			set.Rates = made
		} else {
			set.Bands = append(set.Bands, catalog.Band{Above: above, Rates: made})
		}
	}
	return set
}

// isFree reports whether a price has nothing to pay.
func isFree(t *catalog.Terms) bool {
	free := t.PerRequest == 0 && t.PerWebSearch == 0 && isFreeSet(&t.Base)
	for _, set := range t.Tiers {
		free = free && isFreeSet(&set)
	}
	return free
}

func isFreeSet(s *catalog.Set) bool {
	for b := range usage.NumBuckets {
		if s.Rates.Of(b) != 0 {
			return false
		}
		for i := range s.Bands {
			if s.Bands[i].Rates.Of(b) != 0 {
				return false
			}
		}
	}
	return true
}
