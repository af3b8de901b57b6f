package handlers

import (
	"testing"
	"time"

	"codexible/catalog"
	"codexible/fault"
	"codexible/usage"

	"github.com/google/uuid"
)

func TestThePriceOfAHoldIsItsOwnOrThatOfAnotherModelAtItsMoment(t *testing.T) {
	made := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	price := func(n byte, model string, from time.Time) catalog.Price {
		return catalog.Price{ID: uuid.UUID{15: n}, Model: model, ValidFrom: from}
	}
	book := catalog.NewBook([]catalog.Model{{Name: "large", Aliases: []string{"latest", "moved"}}}, []catalog.Price{
		price(1, "large", made.Add(-time.Hour)), price(2, "large", made.Add(time.Hour)), price(3, "small", made), price(4, "small", made.Add(time.Second)),
		price(5, "late", made.Add(time.Second)), price(6, "former", made.Add(-time.Hour)),
	})
	own := func(n byte, model string) usage.HoldTerms {
		return usage.HoldTerms{Model: model, PriceID: uuid.UUID{15: n}, CreatedAt: made}
	}
	for says, c := range map[string]struct {
		hold  usage.HoldTerms
		model string
		want  byte // the price; 0 for an error
		kind  fault.Kind
	}{
		"its own":                      {own(1, "large"), "", 1, 0},
		"its own by its name":          {own(1, "large"), "large", 1, 0},
		"its own by an alias":          {own(1, "large"), "latest", 1, 0},
		"of another model":             {own(1, "large"), "small", 3, 0},
		"its own, whose name has gone": {own(6, "moved"), "", 6, 0},
		"its own by the name then":     {own(6, "moved"), "moved", 6, 0},
		"its own by its former name":   {own(6, "moved"), "former", 6, 0},
		"of what its name means since": {own(6, "moved"), "large", 1, 0},
		"that has just begun":          {own(2, "large"), "latest", 2, 0}, // the hold was decided after its price was chosen
		"that is not read":             {own(9, "large"), "", 0, fault.Unavailable},
		"of a model without one then":  {own(1, "large"), "late", 0, fault.Invalid},
		"none, and no model":           {own(0, usage.UnknownModel), "", 0, fault.Invalid},
		"none, but a model":            {own(0, usage.UnknownModel), "small", 3, 0},
		"none of its model":            {own(0, "late"), "", 0, fault.Invalid},
		"none chosen of its model":     {own(0, "small"), "", 3, 0},
	} {
		p, err := priceOfHold(book, &c.hold, c.model)
		if c.want == 0 {
			if err == nil || fault.KindOf(err) != c.kind {
				t.Errorf("%s: %v, %v, want a fault of kind %d", says, p, err, c.kind)
			}
			continue
		}
		if err != nil || p.ID != (uuid.UUID{15: c.want}) {
			t.Errorf("%s: %v, %v, want the price %d", says, p, err, c.want)
		}
	}
}
