package catalog

import (
	"math/bits"
	"time"

	"codexible/fault"
	"codexible/usage"

	"github.com/google/uuid"
)

var (
	errTooDear    = fault.Field("usage", "must not cost more than 1000000 dollars; send the real usage")
	errTooCredits = fault.Field("usage", "must not cost more than 1000000000 credits; send the real usage")
)

// Quote is what usage costs at a price, and why.
type Quote struct {
	PriceID uuid.UUID
	Model   string
	// At is the moment whose price counts.
	At time.Time
	// Tier is the service tier whose rates count; empty for the base. Dearest reports that
	// the tier of the usage has no rates of its own, and those of the dearest count.
	Tier    string
	Dearest bool
	// Above is the threshold of the band whose rates count; 0 for none.
	Above int64
	// Lines are the parts of the cost that are not zero tokens; together they are Picos.
	Lines []Line
	// Picos is the exact cost in pico-dollars, CostMicros the same rounded half to even.
	Picos      int64
	CostMicros int64
	// Millionths is what the customer pays, in millionths of a credit, rounded down.
	Millionths int64
	Charge     Charge
}

// Line is a part of a cost.
type Line struct {
	// Name is that of a bucket, or "request" or "web_search".
	Name string
	// Count is how many tokens, requests or searches, Rate the pico-dollars of each.
	Count, Rate int64
	// Picos is their product.
	Picos int64
}

// OfTokens reports whether the line is of tokens, whose price is shown for a million of them.
func (l Line) OfTokens() bool { return l.Name != LineRequest && l.Name != LineWebSearch }

// The names of lines that are no bucket.
const (
	LineRequest   = "request"
	LineWebSearch = "web_search"
)

// sum is an unsigned number of 128 bits.
type sum struct{ high, low uint64 }

func (s *sum) add(count, rate int64) {
	high, low := bits.Mul64(uint64(count), uint64(rate)) // neither is negative: Tokens.Check, Terms.Check
	var carry uint64
	s.low, carry = bits.Add64(s.low, low, 0)
	s.high, _ = bits.Add64(s.high, high, carry)
}

func (s *sum) above(other sum) bool {
	return s.high > other.high || s.high == other.high && s.low > other.low
}

// Quote prices usage that Tokens.Check accepts. Whole sums are exact; each of the two
// results is rounded once, at the end. An error is a *fault.Error on the field usage.
func (p *Price) Quote(t *usage.Tokens) (Quote, error) {
	tier, set, dearest := p.Terms.set(t)
	rates, above := set.rates(t)
	q := Quote{PriceID: p.ID, Model: p.Model, At: p.ValidFrom, Tier: tier, Dearest: dearest, Above: above, Charge: p.Terms.Charge}
	total := p.Terms.cost(t, rates)
	if total.high > 0 || total.low > usage.MaxCostUSD*PicosPerUSD {
		return Quote{}, errTooDear
	}
	q.Picos = int64(total.low)
	q.CostMicros = halfEven(q.Picos, PicosPerMicro)
	for b := range usage.NumBuckets {
		q.line(b.String(), t.Of(b), rates.Of(b))
	}
	q.line(LineRequest, requests(t), p.Terms.PerRequest)
	q.line(LineWebSearch, t.WebSearches, p.Terms.PerWebSearch)
	var fits bool
	if q.Millionths, fits = p.Terms.Charge.millionths(q.Picos, requests(t)); !fits {
		return Quote{}, errTooCredits
	}
	return q, nil
}

func (q *Quote) line(name string, count, rate int64) {
	l := Line{name, count, rate, count * rate} // within Picos, which fits
	if count != 0 && (rate != 0 || l.OfTokens()) {
		q.Lines = append(q.Lines, l)
	}
}

// SetOn makes a charge one of this usage at the quoted price.
func (q *Quote) SetOn(c *usage.Charge, t *usage.Tokens) {
	c.Model, c.Credits, c.Millionths, c.CostMicros = q.Model, 0, q.Millionths, q.CostMicros
	c.PromptTokens, c.CompletionTokens = t.Prompt(), t.Completion()
	c.Priced = &usage.Priced{PriceID: q.PriceID, Tokens: *t}
}

// requests is how many requests usage counts as: 1 unless it says so.
func requests(t *usage.Tokens) int64 { return max(t.Requests, 1) }

// set is the set of rates for a usage's service tier: its own, or for a tier that has
// none the dearest.
func (t *Terms) set(used *usage.Tokens) (tier string, set *Set, dearest bool) {
	if base(used.ServiceTier) {
		return "", &t.Base, false
	}
	if own, found := t.Tiers[used.ServiceTier]; found {
		return used.ServiceTier, &own, false
	}
	set = &t.Base
	rates, _ := set.rates(used)
	most := t.cost(used, rates)
	for name, other := range t.Tiers {
		rates, _ := other.rates(used)
		cost := t.cost(used, rates)
		if cost.above(most) || cost == most && tier != "" && name < tier {
			tier, set, most = name, &other, cost
		}
	}
	return tier, set, true
}

// rates are those of the highest band that the usage passes, and its threshold.
func (s *Set) rates(t *usage.Tokens) (rates *Rates, above int64) {
	rates = &s.Rates
	for i := range s.Bands {
		if b := &s.Bands[i]; t.Prompt() > b.Above {
			rates, above = &b.Rates, b.Above
		}
	}
	return rates, above
}

// cost is the exact cost in pico-dollars.
func (t *Terms) cost(used *usage.Tokens, rates *Rates) (s sum) {
	for b := range usage.NumBuckets {
		s.add(used.Of(b), rates.Of(b))
	}
	s.add(requests(used), t.PerRequest)
	s.add(used.WebSearches, t.PerWebSearch)
	return s
}

// millionths is what a customer pays: rounded down, so that the day's rounding up is
// the only one that ever costs a customer anything.
func (c *Charge) millionths(picos, requests int64) (n int64, fits bool) {
	const most = usage.MaxCredits * usage.Millionths
	if c.Mode == ByRequest {
		high, low := bits.Mul64(uint64(c.Credits), uint64(requests))
		return int64(low), high == 0 && low <= most
	}
	// picos / 10^12 dollars × percent / (100 × Hundredths) / (value / 10^6 dollars) × 10^6 millionths
	high, low := bits.Mul64(uint64(picos), uint64(c.Percent))
	divisor := uint64(c.CreditValue) * 100 * Hundredths
	if high >= divisor {
		return 0, false
	}
	quotient, _ := bits.Div64(high, low, divisor)
	return int64(quotient), quotient <= most
}

// halfEven divides, and rounds half to even.
func halfEven(n, by int64) int64 {
	quotient, rest := n/by, n%by
	if rest*2 > by || rest*2 == by && quotient%2 == 1 {
		quotient++
	}
	return quotient
}
