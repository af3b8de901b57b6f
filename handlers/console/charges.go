package console

import (
	"context"

	"codexible/usage"
	"codexible/views"

	"github.com/google/uuid"
)

// Charge says why a charge cost what it did.
func (c *Console) Charge(ctx context.Context, v *Visit) (Reply, error) {
	line, err := c.Store.ChargeByID(ctx, v.ID)
	if err != nil {
		return Reply{}, err
	}
	user := views.Link{Text: line.Email, Path: "/admin/users/" + line.UserID.String()}
	p := views.Charge{
		Frame:  v.frame("Charge", views.SectionUsers, views.Link{Text: "Users", Path: "/admin/users"}, user),
		Record: line.Record, Email: line.Email, KeyLabel: line.Label,
	}
	if h := line.Hold; h != nil && line.Priced != nil && h.Model != "" {
		p.Decided = &h.CreatedAt
	}
	switch {
	case line.Priced == nil && line.Call != nil:
		p.Note = "No tokens of this call are known, so no price made its credits."
	case line.Call != nil && line.AdjustsID != uuid.Nil:
		p.Note = "This row corrects the charge of an interrupted call to what the call really used: it has the tokens and the cost beyond that charge, and the difference of the credits."
	case line.Priced == nil && line.AdjustsID != uuid.Nil:
		p.Note = "This row adjusts an earlier charge by credits. It has no price: whoever adjusted it named the amount."
	case line.Priced == nil:
		p.Note = "Whoever sent this charge named its credits and its cost. No price made them, so there is nothing to break down."
	case line.Price == nil:
		p.Note = "The price of this charge is missing from the database. Run codexible usage reconcile."
	default:
		return c.explain(ctx, &p, &line.Priced.Tokens, line.Price.ID)
	}
	return show(views.ChargePage(p))
}

// explain prices the usage of a charge again.
func (c *Console) explain(ctx context.Context, p *views.Charge, t *usage.Tokens, price uuid.UUID) (Reply, error) {
	book, err := c.Catalog.Book(ctx)
	if err != nil {
		return Reply{}, err
	}
	known := book.Price(price)
	if known == nil {
		return Reply{}, errNoPrice
	}
	b, err := bill(book, known, t)
	if err != nil {
		p.Note = "The usage of this charge is beyond what its price can be applied to. Run codexible usage reconcile."
		return show(views.ChargePage(*p))
	}
	p.Bill = &b
	p.Note = "The price does not give the figures that were recorded. An adjustment may have changed them; otherwise run codexible usage reconcile."
	return show(views.ChargePage(*p))
}
