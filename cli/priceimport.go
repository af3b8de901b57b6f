package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/catalog/pricelist"
	"codexible/handlers"
	"codexible/store"
)

type priceImport struct {
	File        string       `arg:"" optional:"" help:"data.json of genai-prices, or model_prices_and_context_window.json of LiteLLM; - for stdin."`
	Shipped     bool         `help:"Import the list that comes with the program."`
	Model       []string     `sep:"none" placeholder:"NAME" help:"Only this model; * stands for any text; several times for more."`
	Percent     percent      `default:"100" placeholder:"N" help:"The percentage of the cost that customers pay for models that have no price yet; default 100."`
	CreditValue *creditValue `placeholder:"USD" help:"What a credit is worth, for models that have no price yet; default: CREDIT_VALUE_USD."`
	Yes         bool         `help:"Set the prices; without it, what would change is shown."`
}

// Help gives the examples that --help shows.
func (priceImport) Help() string {
	return `Customers keep paying as before for models that have a price: new rates keep its charge. The same import changes nothing a second time. Nothing is fetched. Examples:

    codexible price import --shipped --model "claude-*" --percent 120
    codexible price import model_prices_and_context_window.json --yes`
}

// Validate refuses two lists, and none.
func (c priceImport) Validate() error {
	if c.Shipped == (c.File != "") {
		return errors.New("name the file of a list, or give --shipped")
	}
	return nil
}

// Run shows the import, or makes it.
func (c priceImport) Run(ctx context.Context, t *terminal) error {
	settings, err := t.config(nil)
	if err != nil {
		return err
	}
	list := pricelist.Shipped()
	if !c.Shipped {
		text, err := t.readFile(ctx, c.File, pricelist.MaxSize)
		if err != nil {
			return err
		}
		if list, err = pricelist.Read(text); err != nil {
			return err
		}
	}
	charge := catalog.Charge{Mode: catalog.ByCost, Percent: int64(c.Percent), CreditValue: settings.CreditValue}
	if c.CreditValue != nil {
		charge.CreditValue = int64(*c.CreditValue)
	}
	i := list.Import(c.Model, charge)
	return t.withStore(ctx, func(s *store.Store) error {
		preview, err := c.preview(ctx, s, i)
		if err != nil {
			return err
		}
		return t.print(handlers.ImportForm(&preview, i.Source, c.Yes), func(w io.Writer) { importText(w, &preview, i.Source, c.Yes) })
	})
}

func (c priceImport) preview(ctx context.Context, s *store.Store, i catalog.Import) (catalog.Preview, error) {
	if c.Yes {
		return s.ImportPrices(ctx, accounts.ActorCLI, i)
	}
	if err := i.Check(); err != nil {
		return catalog.Preview{}, err
	}
	book, err := s.Book(ctx)
	if err != nil {
		return catalog.Preview{}, err
	}
	return book.Preview(i, s.Now()), nil
}

func importText(w io.Writer, p *catalog.Preview, source string, applied bool) {
	line(w, "CHANGE", "MODEL", "FROM", "BEFORE", "AFTER", "CHARGE")
	for _, item := range p.Items {
		if item.Action == catalog.ActionUnchanged {
			continue
		}
		before := "no price"
		if item.Before != nil {
			before = ratesText(&item.Before.Terms)
		}
		line(w, string(item.Action), item.After.Model, timeOr(&item.After.ValidFrom, ""), before, ratesText(&item.After.Terms), chargeText(item.After.Terms.Charge))
	}
	for _, u := range p.Unread {
		line(w, "not read", u.Model, u.Reason)
	}
	done := "Nothing is set: add --yes to set them."
	if applied {
		done = "They are set."
	}
	_, _ = fmt.Fprintf(w, "\n%s: %d new, %d changed, %d unchanged, %d not read. %s\n", source, p.Count(catalog.ActionNew), p.Count(catalog.ActionChanged), p.Count(catalog.ActionUnchanged), len(p.Unread), done)
}
