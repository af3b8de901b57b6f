package catalog

import (
	"codexible/usage"

	"github.com/google/uuid"
)

// Offered are the models that a plan and key may use, by name.
func (b *Book) Offered(plan uuid.UUID, lists ...Allowance) (models []*Model) {
	for _, m := range b.models {
		if b.Allows(m.Name, plan, lists...) {
			models = append(models, m)
		}
	}
	return models
}

// Millionths is what a customer pays for a part of a call's cost, in millionths of a
// credit, rounded down. By ByRequest no part of the cost counts: it is 0.
func (c *Charge) Millionths(picos int64) int64 {
	if c.Mode == ByRequest {
		return 0
	}
	n, fits := c.millionths(picos, 1)
	if !fits {
		return usage.MaxCredits * usage.Millionths
	}
	return n
}

// PerMillion is what a customer pays for a million tokens at a rate, as Millionths has it.
func (c *Charge) PerMillion(rate int64) int64 {
	return c.Millionths(rate * PicosPerMicro) // at most MaxRate × 10^6, which is within 64 bits
}

// TypicalCall is the call that prices are compared by, a turn of a coding agent: it reads
// 20 000 tokens, 16 000 of them from the cache, and writes 1 000.
var TypicalCall = usage.Tokens{Input: 4_000, CacheRead: 16_000, Output: 1_000, Requests: 1}

// Typical is what a typical call costs at the price; false where that is beyond the bounds of a call.
func (p *Price) Typical() (Quote, bool) {
	q, err := p.Quote(&TypicalCall)
	return q, err == nil
}
