package views

import (
	"fmt"
	"math/big"
	"time"

	"codexible/catalog"
	"codexible/usage"
)

// Bill is a quote with the usage and the price that it was made of, as pages explain it.
type Bill struct {
	catalog.Quote

	Tokens usage.Tokens
	Price  *catalog.Price
	// Until is when the next price of the model follows; nil where none does.
	Until *time.Time
}

// typicalSays is catalog.TypicalCall in words.
const typicalSays = "A typical call reads 20,000 tokens, 16,000 of them from the cache, and writes 1,000."

var bucketLabels = [usage.NumBuckets]string{"Input", "Cache read", "Cache write, 5 min", "Cache write, 1 h", "Audio input", "Output", "Audio output"}

// BucketLabel names a bucket for people.
func BucketLabel(b usage.Bucket) string { return bucketLabels[b] }

// lineLabel names a line of a quote for people.
func lineLabel(name string) string {
	switch name {
	case catalog.LineRequest:
		return "Requests"
	case catalog.LineWebSearch:
		return "Web searches"
	}
	if b, known := usage.BucketNamed(name); known {
		return BucketLabel(b)
	}
	return name
}

// lineRate is the price of a line: of a million tokens, or of one request or search.
func lineRate(l catalog.Line) string {
	if l.OfTokens() {
		return PerMillion(l.Rate)
	}
	return Picos(l.Rate) + " each"
}

// lineNote says what a reader would not expect of a line; empty for nothing.
func (b *Bill) lineNote(l catalog.Line) string {
	if l.Name == usage.Output.String() && b.Tokens.Reasoning > 0 {
		return "Reasoning is a part of it: " + Count(b.Tokens.Reasoning, "token")
	}
	rates := b.rates()
	bucket, known := usage.BucketNamed(l.Name)
	switch {
	case rates == nil || !known || rates.Own(bucket) != nil:
		return ""
	case bucket == usage.AudioOutput:
		return "No price of its own: that of the output"
	}
	return "No price of its own: that of the input"
}

// rates are those that the quote used; nil where they are not known.
func (b *Bill) rates() *catalog.Rates {
	if b.Price == nil {
		return nil
	}
	set := b.Price.Terms.Base
	if b.Tier != "" {
		set = b.Price.Terms.Tiers[b.Tier]
	}
	for i := range set.Bands {
		if set.Bands[i].Above == b.Above {
			return &set.Bands[i].Rates
		}
	}
	return &set.Rates
}

// tierSays is which service tier's rates count, and why.
func (b *Bill) tierSays() string {
	switch tier := b.Tokens.ServiceTier; {
	case b.Dearest && b.Tier == "":
		return fmt.Sprintf("The tier %s has no prices of its own in this version. The standard rates count: for this usage they are the highest of the version.", tier)
	case b.Dearest:
		return fmt.Sprintf("The tier %s has no prices of its own in this version. The rates of %s count: for this usage they are the highest of the version.", tier, b.Tier)
	case b.Tier != "":
		return fmt.Sprintf("The tier %s has prices of its own, and they count.", b.Tier)
	case tier != "":
		return fmt.Sprintf("Standard rates (the usage names the tier %s).", tier)
	}
	return "Standard rates (the usage names no tier)."
}

// bandSays is which band's rates count, and why.
func (b *Bill) bandSays() string {
	prompt := Count(b.Tokens.Prompt(), "input token")
	if b.Above > 0 {
		return fmt.Sprintf("%s, more than %s: the rates of that band count for the whole request.", prompt, Number(b.Above))
	}
	if b.Price == nil {
		return prompt + "."
	}
	bands := b.Price.Terms.Base.Bands
	if b.Tier != "" {
		bands = b.Price.Terms.Tiers[b.Tier].Bands
	}
	if len(bands) == 0 {
		return prompt + ". This price has one band for calls of every size."
	}
	return fmt.Sprintf("%s, not more than %s: the first band.", prompt, Number(bands[0].Above))
}

// chargeSays is what a customer pays, in words.
func chargeSays(c catalog.Charge) string {
	if c.Mode == catalog.ByRequest {
		return creditsSays(c.Credits) + " a request"
	}
	return Hundredths(c.Percent) + " of the cost"
}

func creditsSays(millionths int64) string {
	if millionths == usage.Millionths {
		return "1 credit"
	}
	return FewCredits(millionths) + " credits"
}

// creditValueSays is the value of a credit, in words.
func creditValueSays(c catalog.Charge) string { return Micros(c.CreditValue) + " a credit" }

// costSays is how the exact cost becomes the cost of the ledger.
func (b *Bill) costSays() string {
	exact, kept := Picos(b.Picos), Micros(b.CostMicros)
	if new(big.Int).Mul(big.NewInt(b.CostMicros), big.NewInt(catalog.PicosPerMicro)).Cmp(big.NewInt(b.Picos)) == 0 {
		return exact + " is a whole number of micro-dollars: nothing is rounded."
	}
	return fmt.Sprintf("%s is rounded once, to whole micro-dollars: %s. A half goes to the even neighbour.", exact, kept)
}

// creditsFormula is how the credits follow from the cost or the requests.
func (b *Bill) creditsFormula() string {
	c := b.Charge
	if c.Mode == catalog.ByRequest {
		return fmt.Sprintf("%s × %s = %s credits.", creditsSays(c.Credits), Count(max(b.Tokens.Requests, 1), "request"), ExactCredits(b.Millionths))
	}
	text := fmt.Sprintf("%s × %s ÷ %s = %s credits", Picos(b.Picos), Hundredths(c.Percent), creditValueSays(c), ExactCredits(b.Millionths))
	// picos × percent = millionths × value × 100 × Hundredths where nothing was rounded
	exact := new(big.Int).Mul(big.NewInt(b.Picos), big.NewInt(c.Percent))
	kept := new(big.Int).Mul(Income(b.Millionths, c.CreditValue), big.NewInt(100*catalog.Hundredths))
	if exact.Cmp(kept) == 0 {
		return text + ": nothing is rounded."
	}
	return text + ", rounded down once, to millionths of a credit."
}

// dayRounding says how credits of a call become whole ones.
const dayRounding = "A customer's day is summed in millionths and rounded up to whole credits once. So all calls of a day cost a customer less than one credit of rounding."

// sets lists the rates of a price, a row each: the base, its bands, then the tiers.
func sets(t *catalog.Terms) (list []rateRow) {
	add := func(name string, s catalog.Set) {
		list = append(list, rateRow{Name: name, Rates: s.Rates})
		for _, band := range s.Bands {
			list = append(list, rateRow{Name: name, Above: band.Above, Rates: band.Rates})
		}
	}
	add("", t.Base)
	for _, name := range Tiers(t) {
		add(name, t.Tiers[name])
	}
	return list
}

// rateRow is a row of the table of a price's rates.
type rateRow struct {
	Name  string
	Above int64
	Rates catalog.Rates
}

func (r rateRow) title() string {
	if r.Name == "" {
		return "Standard"
	}
	return "Tier " + r.Name
}

func (r rateRow) size() string {
	if r.Above == 0 {
		return ""
	}
	return "Above " + Number(r.Above) + " input tokens"
}
