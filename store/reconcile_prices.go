package store

import (
	"context"

	"codexible/catalog"
	"codexible/usage"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// recheck makes the cost and the amount of priced charges again from their usage and price.
type recheck struct {
	book *catalog.Book
	// newer are the prices that were made since the book was read; nil for an id of which there is none.
	newer map[uuid.UUID]*catalog.Price
	// waiting are charges whose price is not known yet.
	waiting []usage.Record
}

func (s *Store) newRecheck(ctx context.Context) (*recheck, error) {
	book, err := s.Book(ctx)
	return &recheck{book: book, newer: map[uuid.UUID]*catalog.Price{}}, err
}

// add compares a charge, or keeps it until finish.
func (c *recheck) add(r *usage.Record) []usage.Difference {
	if r.Priced == nil {
		return nil
	}
	p := c.book.Price(r.Priced.PriceID)
	if p == nil {
		c.waiting = append(c.waiting, *r)
		return nil
	}
	return comparePriced(r, p)
}

// finish compares the charges whose price the book did not have.
func (c *recheck) finish(db *gorm.DB) (differences []usage.Difference, err error) {
	for i := range c.waiting {
		r := &c.waiting[i]
		p, known := c.newer[r.Priced.PriceID]
		if !known {
			if p, err = readPrice(db, r.Priced.PriceID); err != nil {
				return differences, err
			}
			c.newer[r.Priced.PriceID] = p
		}
		differences = append(differences, comparePriced(r, p)...)
	}
	c.waiting = nil
	return differences, nil
}

// comparePriced says in what a priced charge differs from what its price makes of its usage:
// its tokens, its cost, and what was charged together with what was not collected. An
// adjustment is a difference of two amounts, and that of a call of the gateway one of two
// costs as well: those are not compared.
func comparePriced(r *usage.Record, p *catalog.Price) (differences []usage.Difference) {
	differ := func(field string, stored, priced int64) {
		if stored != priced {
			differences = append(differences, usage.Difference{Day: r.Day, Table: "usage", UserID: r.UserID, Row: "charge " + r.ID.String(),
				Field: field, Stored: stored, Charges: priced, ByPrice: true})
		}
	}
	if p == nil {
		differ("price_id", 1, 0)
		return differences
	}
	t := &r.Priced.Tokens
	differ("prompt_tokens", r.PromptTokens, t.Prompt())
	differ("completion_tokens", r.CompletionTokens, t.Completion())
	q, err := p.Quote(t)
	if err != nil { // no charge was made of it
		differ("tokens", 1, 0)
		return differences
	}
	adjusts := r.AdjustsID != uuid.Nil
	if !adjusts || r.Call == nil {
		differ("cost_micros", r.CostMicros, q.CostMicros)
	}
	if !adjusts {
		differ("millionths and uncollected", r.Millionths+r.Uncollected, q.Millionths)
	}
	return differences
}

// compareHoldPrices says which holds name no price, and which were settled by another price
// of their model.
func compareHoldPrices(db *gorm.DB, _ usage.Day) (differences []usage.Difference, err error) {
	err = visitRows(db, func(row scanner) error {
		h, err := scanHold(row)
		differences = append(differences, holdDifference(h, "price_id", 1, 0))
		return err
	}, "SELECT "+holdColumns+` FROM holds AS h LEFT JOIN usage AS c ON c.id = h.charge_id AND c.model = h.model
		WHERE h.price_id IS NOT NULL AND (c.price_id <> h.price_id OR NOT EXISTS (SELECT 1 FROM prices AS p WHERE p.id = h.price_id)) ORDER BY h.id`)
	return differences, err
}
