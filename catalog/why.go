package catalog

import "codexible/usage"

// Part is a part of a charge's credits, in millionths of a credit.
type Part struct {
	// Name is that of a line of a quote, or one of the constants below.
	Name string
	// Count is how many tokens, requests or searches; 0 for a part that is not made of any.
	Count int64
	// Rate is what a million tokens cost, or one request or search, rounded down by itself.
	Rate int64
	// Millionths is rounded down for a line of a quote, exact for the others.
	Millionths int64
}

// The names of parts that are no line of a quote.
const (
	// PartAmount is what whoever sent the charge named: no price made it.
	PartAmount = "amount"
	// PartCall is what rounding the lines down by themselves takes: the price rounds their sum.
	PartCall = "call_rounding"
	// PartAdjusted is by how much the charge differs from what its price makes of the usage: of an
	// adjustment, what had been charged before.
	PartAdjusted = "adjusted"
	// PartUncollected is what did not fit into what the customer had left, negative.
	PartUncollected = "uncollected"
	// PartDay is what rounding the day's sum up to whole credits adds to this charge, or what an
	// earlier charge of the day has paid of it.
	PartDay = "day_rounding"
)

// OfUsage reports whether the part is a line of a quote, which has a count and a rate.
func (p Part) OfUsage() bool {
	switch p.Name {
	case PartAmount, PartCall, PartAdjusted, PartUncollected, PartDay:
		return false
	}
	return true
}

// OfTokens reports whether it is one whose rate is of a million.
func (p Part) OfTokens() bool { return p.OfUsage() && Line{Name: p.Name}.OfTokens() }

// Parts are the lines of the quote in credits, and PartCall where they need it. They add up to
// the quote's Millionths.
func (q *Quote) Parts(t *usage.Tokens) (parts []Part) {
	if q.Charge.Mode == ByRequest {
		return []Part{{Name: LineRequest, Count: requests(t), Rate: q.Charge.Credits, Millionths: q.Millionths}}
	}
	rest := q.Millionths
	for _, l := range q.Lines {
		p := Part{Name: l.Name, Count: l.Count, Millionths: q.Charge.Millionths(l.Picos)}
		if l.OfTokens() {
			p.Rate = q.Charge.PerMillion(l.Rate)
		} else {
			p.Rate = q.Charge.Millionths(l.Rate)
		}
		parts, rest = append(parts, p), rest-p.Millionths
	}
	return appendPart(parts, PartCall, rest)
}

// Why says why a charge cost what it did: parts that add up to exactly its whole credits. p is
// the price that made it, nil for none. q is what the price makes of the usage; nil where no
// price made the charge, or where it makes no quote of it.
func Why(c *usage.Record, p *Price) (parts []Part, q *Quote) {
	whole := c.Millionths + c.Uncollected
	if p != nil && c.Priced != nil {
		if quote, err := p.Quote(&c.Priced.Tokens); err == nil {
			q, parts = &quote, quote.Parts(&c.Priced.Tokens)
			parts = appendPart(parts, PartAdjusted, whole-quote.Millionths)
		}
	}
	if q == nil {
		parts = []Part{{Name: PartAmount, Millionths: whole}}
	}
	parts = appendPart(parts, PartUncollected, -c.Uncollected)
	return appendPart(parts, PartDay, c.Credits*usage.Millionths-c.Millionths), q
}

// appendPart adds a part that is not zero.
func appendPart(parts []Part, name string, millionths int64) []Part {
	if millionths == 0 {
		return parts
	}
	return append(parts, Part{Name: name, Millionths: millionths})
}
