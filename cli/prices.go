package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/fault"
	"codexible/handlers"
	"codexible/store"
	"codexible/usage"

	"github.com/google/uuid"
)

type priceCommand struct {
	List   priceList   `cmd:"" help:"List prices, the last that was set first."`
	Set    priceSet    `cmd:"" help:"Set a model's price from a moment on."`
	Quote  priceQuote  `cmd:"" help:"Show what usage costs, and why."`
	Import priceImport `cmd:"" help:"Import a price list, or show what would change."`
}

func printPrices(t *terminal, book *catalog.Book, value any, prices ...catalog.Price) error {
	now := time.Now()
	return t.print(value, func(w io.Writer) {
		line(w, "MODEL", "FROM", "UNTIL", "IN FORCE", "USD PER MILLION", "CHARGE", "SOURCE", "ID")
		for i := range prices {
			p, inForce := &prices[i], "no"
			if book.InForce(p, now) {
				inForce = "yes"
			}
			line(w, p.Model, timeOr(&p.ValidFrom, ""), timeOr(book.Ends(p), "open"), inForce, ratesText(&p.Terms), chargeText(p.Terms.Charge), p.Source, p.ID.String())
		}
	})
}

type priceList struct {
	Model string    `placeholder:"MODEL" help:"Only the prices of this model: name or alias."`
	Limit int       `default:"50" placeholder:"N" help:"Number of rows, 1 to 500; default 50."`
	After uuid.UUID `placeholder:"ID" help:"The id of the last price of the previous page."`
}

// Validate holds the flags to the bounds of the API.
func (c priceList) Validate() error {
	if c.Limit < 1 || c.Limit > 500 {
		return errors.New("--limit must be from 1 to 500")
	}
	return nil
}

// Run lists the prices.
func (c priceList) Run(ctx context.Context, t *terminal) error {
	return t.withStore(ctx, func(s *store.Store) error {
		book, err := s.Book(ctx)
		if err != nil {
			return err
		}
		prices, err := s.Prices(ctx, book.Name(c.Model), c.After, c.Limit)
		if err != nil {
			return err
		}
		answer := make([]any, len(prices))
		for i := range prices {
			answer[i] = handlers.PriceForm(&prices[i], book, time.Now())
		}
		return printPrices(t, book, answer, prices...)
	})
}

type priceSet struct {
	Model         string       `arg:"" optional:"" help:"Name or alias. It need not be offered."`
	From          *instant     `placeholder:"TIME" help:"When the price begins, such as 2027-01-31T00:00:00Z; default: at once."`
	Input         *perMillion  `placeholder:"USD" help:"Dollars per million tokens, as for all that follow."`
	Output        *perMillion  `placeholder:"USD" help:"Written by the model, reasoning included."`
	CacheRead     *perMillion  `placeholder:"USD" help:"Read from a cache; default: that of input."`
	CacheWrite    *perMillion  `placeholder:"USD" help:"Written to a cache for 5 minutes; default: that of input."`
	CacheWrite1h  *perMillion  `name:"cache-write-1h" placeholder:"USD" help:"Written to a cache for an hour; default: that of input."`
	AudioInput    *perMillion  `placeholder:"USD" help:"Default: that of input."`
	AudioOutput   *perMillion  `placeholder:"USD" help:"Default: that of output."`
	PerRequest    dollars      `placeholder:"USD" help:"Dollars for each request, beside the tokens."`
	PerWebSearch  dollars      `placeholder:"USD" help:"Dollars for each web search."`
	ChargeCredits *credits     `placeholder:"N" help:"Charge customers so many credits a request, whatever it costs."`
	ChargePercent *percent     `placeholder:"N" help:"Charge customers this percentage of the cost; default 100."`
	CreditValue   *creditValue `placeholder:"USD" help:"What a credit is worth; default: CREDIT_VALUE_USD."`
	File          string       `placeholder:"FILE" help:"Read the whole price from a file of JSON, as POST /api/admin/prices takes it, with bands and tiers; - for stdin."`
}

// Help gives the examples that --help shows.
func (priceSet) Help() string {
	return `A price is never changed: another one follows it. Calls keep the price that was in force when they began. Examples:

    codexible price set claude-sonnet-4-5 --input 3 --output 15 --cache-read 0.3 --cache-write 3.75 --charge-percent 120
    codexible price set coder-mini --input 0 --output 0 --charge-credits 0.5 --from 2027-01-31T00:00:00Z
    codexible price set --file price.json`
}

// Validate refuses flags that are incomplete or exclude each other.
func (c priceSet) Validate() error {
	switch file := (priceSet{File: c.File}); {
	case c.File != "" && c != file:
		return errors.New("--file has the whole price: leave the model and the other flags out")
	case c.File != "":
		return nil
	case c.Model == "" || c.Input == nil || c.Output == nil:
		return errors.New("a price needs its model, --input and --output, or --file")
	case c.ChargeCredits != nil && c.ChargePercent != nil:
		return errors.New("--charge-credits and --charge-percent exclude each other")
	}
	return nil
}

// price is what the flags say; value is what a credit is worth unless they do.
func (c priceSet) price(ctx context.Context, t *terminal, value int64) (catalog.NewPrice, error) {
	if c.File != "" {
		body, err := t.readFile(ctx, c.File, 1<<20)
		if err != nil {
			return catalog.NewPrice{}, err
		}
		return handlers.ReadPrice(body, value)
	}
	charge := catalog.Charge{Mode: catalog.ByCost, Percent: 100 * catalog.Hundredths, CreditValue: value}
	switch {
	case c.ChargeCredits != nil:
		charge = catalog.Charge{Mode: catalog.ByRequest, Credits: int64(*c.ChargeCredits), CreditValue: value}
	case c.ChargePercent != nil:
		charge.Percent = int64(*c.ChargePercent)
	}
	if c.CreditValue != nil {
		charge.CreditValue = int64(*c.CreditValue)
	}
	return catalog.NewPrice{Model: c.Model, ValidFrom: (*time.Time)(c.From), Terms: catalog.Terms{
		Base: catalog.Set{Rates: catalog.Rates{
			Input: int64(*c.Input), Output: int64(*c.Output), CacheRead: (*int64)(c.CacheRead), CacheWrite: (*int64)(c.CacheWrite), CacheWrite1h: (*int64)(c.CacheWrite1h),
			AudioInput: (*int64)(c.AudioInput), AudioOutput: (*int64)(c.AudioOutput),
		}},
		PerRequest: int64(c.PerRequest), PerWebSearch: int64(c.PerWebSearch), Charge: charge,
	}}, nil
}

// readFile reads a file, or stdin for "-", that has at most so many bytes.
func (t *terminal) readFile(ctx context.Context, name string, most int64) ([]byte, error) {
	return reading(ctx, func() ([]byte, error) { return t.read(name, most) })
}

// reading waits for what a person, or whoever writes to a pipe, has still to give, until ctx ends.
func reading[T any](ctx context.Context, read func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := read()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, errors.New("stopped before the input came")
	}
}

func (t *terminal) read(name string, most int64) ([]byte, error) {
	in := t.in
	if name != "-" {
		file, err := os.Open(name) //nolint:gosec // a file that the operator names
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }()
		in = file
	}
	text, err := io.ReadAll(io.LimitReader(in, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("%s is larger than %d MiB", name, most>>20)
	}
	return text, err
}

// Run sets the price.
func (c priceSet) Run(ctx context.Context, t *terminal) error {
	settings, err := t.config(nil)
	if err != nil {
		return err
	}
	n, err := c.price(ctx, t, settings.CreditValue)
	if err != nil {
		return err
	}
	return t.withStore(ctx, func(s *store.Store) error {
		p, err := s.SetPrice(ctx, accounts.ActorCLI, n)
		if err != nil {
			return err
		}
		book, err := s.Book(ctx)
		if err != nil {
			return err
		}
		return printPrices(t, book, handlers.PriceForm(&p, book, time.Now()), p)
	})
}

type priceQuote struct {
	Model              string   `arg:"" help:"Name or alias."`
	InputTokens        int64    `placeholder:"N" help:"Neither read from a cache, nor written to one, nor audio."`
	CacheReadTokens    int64    `placeholder:"N" help:"Read from a cache."`
	CacheWriteTokens   int64    `placeholder:"N" help:"Written to a cache for 5 minutes."`
	CacheWrite1hTokens int64    `name:"cache-write-1h-tokens" placeholder:"N" help:"Written to a cache for an hour."`
	AudioInputTokens   int64    `placeholder:"N" help:"Audio that the model read."`
	OutputTokens       int64    `placeholder:"N" help:"Written by the model, reasoning included and audio not."`
	AudioOutputTokens  int64    `placeholder:"N" help:"Audio that the model wrote."`
	Requests           int64    `default:"1" placeholder:"N" help:"Requests to the model; default 1."`
	WebSearches        int64    `placeholder:"N" help:"Web searches that the provider made."`
	ServiceTier        string   `placeholder:"TIER" help:"The provider's name for how the call was served, such as flex."`
	At                 *instant `placeholder:"TIME" help:"The moment whose price counts; default: now."`
}

// Help gives the examples that --help shows.
func (priceQuote) Help() string {
	return `Prints the cost, the credits before the day's rounding, and each part of the cost. Examples:

    codexible price quote claude-sonnet-4-5 --input-tokens 1200 --cache-read-tokens 50000 --output-tokens 800
    codexible price quote gpt-5 --input-tokens 300000 --output-tokens 2000 --service-tier flex --at 2027-01-31T00:00:00Z`
}

// Validate refuses what no call has.
func (c priceQuote) Validate() error {
	if c.Requests < 1 {
		return errors.New("--requests must be at least 1")
	}
	return nil
}

// Run prints the quote.
func (c priceQuote) Run(ctx context.Context, t *terminal) error {
	tokens := usage.Tokens{
		Input: c.InputTokens, CacheRead: c.CacheReadTokens, CacheWrite: c.CacheWriteTokens, CacheWrite1h: c.CacheWrite1hTokens, AudioInput: c.AudioInputTokens,
		Output: c.OutputTokens, AudioOutput: c.AudioOutputTokens, Requests: c.Requests, WebSearches: c.WebSearches, ServiceTier: c.ServiceTier,
	}
	at := time.Now()
	if c.At != nil {
		at = time.Time(*c.At)
	}
	if err := tokens.Check(""); err != nil {
		return err
	}
	return t.withStore(ctx, func(s *store.Store) error {
		book, err := s.Book(ctx)
		if err != nil {
			return err
		}
		p := book.PriceAt(c.Model, at)
		if p == nil {
			return fault.Field("model", "must be a model that has a price at this moment; set its price first")
		}
		q, err := p.Quote(&tokens)
		if err != nil {
			return err
		}
		return t.print(handlers.QuoteForm(&q, p), func(w io.Writer) { quoteText(w, &q, p) })
	})
}

func quoteText(w io.Writer, q *catalog.Quote, p *catalog.Price) {
	line(w, "PART", "NUMBER", "USD PER MILLION", "USD")
	for _, l := range q.Lines {
		rate := amount(l.Rate, catalog.RatePlaces)
		if !l.OfTokens() {
			rate = amount(l.Rate, catalog.FeePlaces) + " each"
		}
		line(w, l.Name, number(l.Count), rate, amount(l.Picos, catalog.FeePlaces))
	}
	line(w, "cost", "", "", amount(q.Picos, catalog.FeePlaces))
	line(w, "credits", "", "", amount(q.Millionths, catalog.CreditPlaces))
	_, _ = fmt.Fprintf(w, "\nThe price of %s from %s: %s", p.Model, timeOr(&p.ValidFrom, ""), chargeText(p.Terms.Charge))
	switch {
	case q.Dearest && q.Tier == "":
		_, _ = fmt.Fprint(w, "; the service tier has no rates of its own, and those of no tier are the dearest")
	case q.Dearest:
		_, _ = fmt.Fprintf(w, "; the service tier has no rates of its own, and those of %s are the dearest", q.Tier)
	case q.Tier != "":
		_, _ = fmt.Fprintf(w, "; service tier %s", q.Tier)
	}
	if q.Above > 0 {
		_, _ = fmt.Fprintf(w, "; above %d tokens of input", q.Above)
	}
	_, _ = fmt.Fprintln(w, ".")
}
