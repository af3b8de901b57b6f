package console

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"codexible/catalog"
	"codexible/fault"
	"codexible/store"
	"codexible/usage"
	"codexible/views"

	"github.com/google/uuid"
)

// chargeTexts and chargeNumbers are the columns of an export of charges.
var (
	chargeTexts   = []string{"time_utc", "date_utc", "charge_id", "adjusts_id", "user_email", "key_prefix", "key_label", "model", "price_id", "service_tier"}
	chargeNumbers = []string{
		"credits", "exact_credits", "uncollected_credits", "cost_usd", "exact_cost_usd", "credit_value_usd", "prompt_tokens", "completion_tokens",
		"input_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens", "audio_input_tokens", "output_tokens", "audio_output_tokens",
		"reasoning_tokens", "requests", "web_searches",
	}
)

// ExportCharges streams the single charges behind the usage page, each with the usage
// and the price that made it.
func (c *Console) ExportCharges(ctx context.Context, v *Visit) (Reply, error) {
	w, err := c.readUsage(ctx, v)
	if err != nil {
		return Reply{}, err
	}
	if len(w.problems) > 0 {
		return Reply{}, fault.New(fault.Invalid, strings.Join(w.problems, " "))
	}
	book, err := c.Catalog.Book(ctx)
	if err != nil {
		return Reply{}, err
	}
	failure, err := c.recordExport(ctx, v, "charges", fmt.Sprintf("%s to %s", w.span.From(), w.span.To()))
	if err != nil {
		return Reply{}, err
	}
	q := store.ChargeQuery{Span: w.span, UserID: w.user.ID, KeyID: w.key.ID, PlanID: w.plan.ID, Model: w.model}
	return Reply{failure: failure, Filename: fmt.Sprintf("codexible-charges-%s-%s.csv", w.span.From(), w.span.To()), stream: func(ctx context.Context, out io.Writer) error {
		s := NewSheet(out)
		if err := s.Line(slices.Concat(chargeTexts, chargeNumbers)); err != nil {
			return err
		}
		return s.End(c.Store.EachCharge(ctx, q, func(l store.ChargeLine) error { return s.Line(chargeCells(&l), chargeFigures(book, &l)...) }))
	}}, nil
}

func chargeCells(l *store.ChargeLine) []string {
	cells := []string{
		l.CreatedAt.Format(time.RFC3339Nano), string(l.Day), l.ID.String(), "", l.Email, l.Prefix, l.Label, l.Model, "", "",
	}
	if l.AdjustsID != uuid.Nil {
		cells[3] = l.AdjustsID.String()
	}
	if l.Priced != nil {
		cells[8], cells[9] = l.Priced.PriceID.String(), l.Priced.Tokens.ServiceTier
	}
	return cells
}

// chargeFigures are exact: the numbers of the charge's page. What is not known of a charge by hand is empty.
func chargeFigures(book *catalog.Book, l *store.ChargeLine) []string {
	figures := []string{
		whole(l.Credits), csvDecimal(l.Millionths), csvDecimal(l.Uncollected), string(usage.AppendUSD(nil, l.CostMicros)), "", "",
		whole(l.PromptTokens), whole(l.CompletionTokens),
	}
	if l.Priced == nil {
		return append(figures, make([]string, len(chargeNumbers)-len(figures))...)
	}
	t := &l.Priced.Tokens
	if p := book.Price(l.Priced.PriceID); p != nil {
		figures[5] = views.PlainMicros(p.Terms.Charge.CreditValue)
		if q, err := p.Quote(t); err == nil {
			figures[4] = views.PlainPicos(q.Picos)
		}
	}
	for b := range usage.NumBuckets {
		figures = append(figures, whole(t.Of(b)))
	}
	return append(figures, whole(t.Reasoning), whole(max(t.Requests, 1)), whole(t.WebSearches))
}

// csvDecimal writes millionths as a decimal number, with the sign that spreadsheets read.
func csvDecimal(millionths int64) string { return string(usage.AppendUSD(nil, millionths)) }
