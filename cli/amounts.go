package cli

import (
	"fmt"

	"codexible/catalog"
	"codexible/gateway"
	"codexible/usage"
)

// Amounts on the command line, read exactly as the API reads them.
type (
	// perMillion is pico-dollars per token: dollars per million tokens.
	perMillion int64
	// dollars is pico-dollars.
	dollars int64
	// creditValue is micro-dollars.
	creditValue int64
	// microUSD is micro-dollars.
	microUSD int64
	// percent is hundredths of a percent.
	percent int64
	// credits is millionths of a credit.
	credits int64
)

// UnmarshalText implements encoding.TextUnmarshaler.
func (n *perMillion) UnmarshalText(text []byte) error {
	return readAmount(n, text, catalog.RatePlaces, catalog.MaxRate)
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (n *dollars) UnmarshalText(text []byte) error {
	return readAmount(n, text, catalog.FeePlaces, catalog.MaxFee)
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (n *creditValue) UnmarshalText(text []byte) error {
	return readAmount(n, text, catalog.CreditValuePlaces, catalog.MaxCreditValue)
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (n *microUSD) UnmarshalText(text []byte) error {
	return readAmount(n, text, catalog.CreditValuePlaces, gateway.MaxDailyLimit)
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (n *percent) UnmarshalText(text []byte) error {
	return readAmount(n, text, catalog.PercentPlaces, catalog.MaxPercent)
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (n *credits) UnmarshalText(text []byte) error {
	return readAmount(n, text, catalog.CreditPlaces, usage.MaxCredits*usage.Millionths)
}

func readAmount[T ~int64](to *T, text []byte, places int, most int64) error {
	n, ok := usage.ParseDecimal(string(text), places, most)
	if !ok {
		return fmt.Errorf("must be a number from 0 to %s with at most %d decimals", amount(most, places), places)
	}
	*to = T(n)
	return nil
}

// amount writes an amount of so many decimals.
func amount[T ~int64](n T, places int) string {
	return string(usage.AppendDecimal(nil, int64(n), places))
}

// ratesText are a price's rates of input and output, such as "3 in, 15 out"; those of
// larger calls and of service tiers are counted.
func ratesText(t *catalog.Terms) string {
	text := amount(t.Base.Rates.Input, catalog.RatePlaces) + " in, " + amount(t.Base.Rates.Output, catalog.RatePlaces) + " out"
	if n := len(t.Base.Bands); n > 0 {
		text += fmt.Sprintf(", %d bands", n)
	}
	if n := len(t.Tiers); n > 0 {
		text += fmt.Sprintf(", %d tiers", n)
	}
	return text
}

// chargeText is what customers pay.
func chargeText(c catalog.Charge) string {
	if c.Mode == catalog.ByRequest {
		return amount(c.Credits, catalog.CreditPlaces) + " credits a request"
	}
	return amount(c.Percent, catalog.PercentPlaces) + "% of the cost, a credit is $" + amount(c.CreditValue, catalog.CreditValuePlaces)
}
