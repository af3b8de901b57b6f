package console

import (
	"math/big"

	"codexible/catalog"
	"codexible/usage"
	"codexible/views"

	"github.com/google/uuid"
)

// tally adds up what calls used, what they cost, and what they brought in.
type tally struct {
	requests, credits, costMicros int64
	// margin is in micro-dollars.
	margin views.Margin
	// tokens are those of priced calls, byHand what other charges named.
	tokens usage.Tokens
	byHand int64
}

// valueOf is what a credit of a price is worth, in micro-dollars. What no price made has
// the configured value.
func (c *Console) valueOf(book *catalog.Book, price uuid.UUID) int64 {
	if p := book.Price(price); p != nil {
		return p.Terms.Charge.CreditValue
	}
	return c.CreditValue
}

// add adds a sum that has one price.
func (c *Console) add(t *tally, book *catalog.Book, sum *usage.TokenTotal) {
	t.requests, t.credits, t.costMicros = t.requests+sum.Requests, t.credits+sum.Credits, t.costMicros+sum.CostMicros
	t.margin = t.margin.Plus(views.IncomeOf(sum.Credits, c.valueOf(book, sum.PriceID)), big.NewInt(sum.CostMicros))
	if sum.PriceID == uuid.Nil {
		t.byHand += sum.Tokens.Prompt() + sum.Tokens.Completion()
		return
	}
	all := usage.TokenTotal{Tokens: t.tokens}
	all.Add(&usage.TokenTotal{Tokens: sum.Tokens})
	t.tokens = all.Tokens
}

// total adds up sums.
func (c *Console) total(book *catalog.Book, sums []usage.TokenTotal) (t tally) {
	for i := range sums {
		c.add(&t, book, &sums[i])
	}
	return t
}

func (t *tally) row(name string) views.UsageRow {
	return views.UsageRow{Name: name, Requests: t.requests, Credits: t.credits, CostMicros: t.costMicros, Margin: t.margin}
}

// bucketRows are the tokens of calls by bucket, those that were used alone.
func (t *tally) bucketRows() (rows []views.BucketRow) {
	all := t.tokens.Prompt() + t.tokens.Completion() + t.byHand
	add := func(name string, n int64, part string) {
		if n != 0 {
			rows = append(rows, views.BucketRow{Name: name, Tokens: n, Part: part})
		}
	}
	for b := range usage.NumBuckets {
		n := t.tokens.Of(b)
		add(views.BucketLabel(b), n, views.Ratio(n, all))
		if b == usage.Output {
			add("Of the output: reasoning", t.tokens.Reasoning, "")
		}
	}
	add(views.ByHand, t.byHand, views.Ratio(t.byHand, all))
	add("Web searches", t.tokens.WebSearches, "")
	return rows
}

// ranked are the tallies of groups in the order in which they were first seen.
type ranked struct {
	names []string
	of    map[string]*tally
}

// group adds up sums by a name of each.
func (c *Console) group(book *catalog.Book, sums []usage.TokenTotal, name func(*usage.TokenTotal) string) ranked {
	r := ranked{of: map[string]*tally{}}
	for i := range sums {
		n := name(&sums[i])
		if r.of[n] == nil {
			r.of[n] = &tally{}
			r.names = append(r.names, n)
		}
		c.add(r.of[n], book, &sums[i])
	}
	return r
}
