package views

import (
	"math/big"
	"strconv"
	"strings"

	"codexible/catalog"
)

// decimal writes n / 10^places exactly, with at least this many decimals.
func decimal(n *big.Int, places, least int) string {
	digits := new(big.Int).Abs(n).String()
	if short := places + 1 - len(digits); short > 0 {
		digits = strings.Repeat("0", short) + digits
	}
	whole, fraction := digits[:len(digits)-places], strings.TrimRight(digits[len(digits)-places:], "0")
	fraction += strings.Repeat("0", max(least-len(fraction), 0))
	text := grouped(whole)
	if fraction != "" {
		text += "." + fraction
	}
	if n.Sign() < 0 {
		return "−" + text
	}
	return text
}

// grouped puts commas between the thousands of a row of digits.
func grouped(digits string) string {
	var b strings.Builder
	for i, c := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(c)
	}
	return b.String()
}

// places are how many decimals pico-dollars and micro-dollars have.
const (
	picoPlaces  = 12
	microPlaces = 6
)

func signedUSD(amount string) string {
	if rest, negative := strings.CutPrefix(amount, "−"); negative {
		return "−$" + rest
	}
	return "$" + amount
}

// ExactUSD formats pico-dollars exactly: "$0.0000425", "$12.00".
func ExactUSD(picos *big.Int) string { return signedUSD(decimal(picos, picoPlaces, 2)) }

// Picos formats pico-dollars exactly.
func Picos(picos int64) string { return ExactUSD(big.NewInt(picos)) }

// Micros formats micro-dollars exactly.
func Micros(micros int64) string { return signedUSD(decimal(big.NewInt(micros), microPlaces, 2)) }

// PerMillion formats a rate as dollars per million tokens.
func PerMillion(rate int64) string { return Micros(rate) }

// PlainPerMillion is a rate as a form has it: dollars per million tokens.
func PlainPerMillion(rate int64) string { return plain(rate, microPlaces) }

// PlainPicos is an amount of pico-dollars as a form has it: dollars.
func PlainPicos(picos int64) string { return plain(picos, picoPlaces) }

// PlainMicros is an amount of micro-dollars as a form has it: dollars.
func PlainMicros(micros int64) string { return plain(micros, microPlaces) }

// PlainAmount is a whole number of 10^-places as a form has it.
func PlainAmount(n int64, places int) string { return plain(n, places) }

func plain(n int64, places int) string {
	return strings.ReplaceAll(decimal(big.NewInt(n), places, 0), ",", "")
}

// ExactCredits formats millionths of a credit with six decimals.
func ExactCredits(millionths int64) string { return decimal(big.NewInt(millionths), microPlaces, 6) }

// FewCredits formats millionths of a credit with the decimals that it needs.
func FewCredits(millionths int64) string { return decimal(big.NewInt(millionths), microPlaces, 0) }

// Hundredths formats hundredths of a percent: "112.5%".
func Hundredths(n int64) string { return decimal(big.NewInt(n), 2, 0) + "%" }

// PlainHundredths is a percentage as a form has it.
func PlainHundredths(n int64) string { return plain(n, 2) }

// Income is what credits are worth, in pico-dollars: millionths of a credit at a value
// in micro-dollars.
func Income(millionths, creditValue int64) *big.Int {
	return new(big.Int).Mul(big.NewInt(millionths), big.NewInt(creditValue))
}

// IncomeOf is what whole credits are worth, in micro-dollars.
func IncomeOf(credits, creditValue int64) *big.Int {
	return new(big.Int).Mul(big.NewInt(credits), big.NewInt(creditValue))
}

// Margin is income less cost, both in the same unit.
type Margin struct{ Income, Cost *big.Int }

// MarginOf is the margin of a quote, in pico-dollars.
func MarginOf(q *catalog.Quote) Margin {
	return Margin{Income: Income(q.Millionths, q.Charge.CreditValue), Cost: big.NewInt(q.Picos)}
}

// Plus is the margin with more income and cost of the same unit.
func (m Margin) Plus(income, cost *big.Int) Margin {
	if m.Income == nil {
		return Margin{income, cost}
	}
	return Margin{new(big.Int).Add(m.Income, income), new(big.Int).Add(m.Cost, cost)}
}

// Left is income less cost.
func (m Margin) Left() *big.Int { return new(big.Int).Sub(m.Income, m.Cost) }

// Percent is what is left of the income in percent, rounded down to a tenth; a dash where there is no income.
func (m Margin) Percent() string {
	if m.Income == nil || m.Income.Sign() <= 0 {
		return "–"
	}
	tenths := new(big.Int).Mul(m.Left(), big.NewInt(1000))
	tenths.Div(tenths, m.Income) // rounds down, also below zero: a loss never looks smaller
	return decimal(tenths, 1, 1) + "%"
}

// tone marks a loss.
func (m Margin) tone() Tone {
	switch {
	case m.Income == nil:
		return ""
	case m.Left().Sign() < 0:
		return ToneBad
	case m.Left().Sign() > 0:
		return ToneGood
	}
	return ""
}

// roundUSD formats an amount of 10^-places dollars for a table: cents from a dollar on,
// four decimals below, six below a hundredth of a cent.
func roundUSD(n *big.Int, places int) string {
	micros := new(big.Int).Set(n)
	if places > microPlaces {
		by := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places-microPlaces)), nil)
		micros.Quo(micros.Add(micros, new(big.Int).Mul(big.NewInt(int64(n.Sign())), new(big.Int).Quo(by, big.NewInt(2)))), by)
	}
	switch {
	case micros.Sign() == 0 && n.Sign() != 0:
		return ExactUSD(n)
	case !micros.IsInt64():
		return signedUSD(decimal(n, places, 2))
	case micros.Sign() < 0:
		return "−" + USD(-micros.Int64())
	}
	return USD(micros.Int64())
}

// sumUSD formats micro-dollars of a sum for a table.
func sumUSD(micros *big.Int) string {
	if micros == nil {
		return USD(0)
	}
	return roundUSD(micros, microPlaces)
}

// Ratio is a count as a part of a whole, in percent with one decimal.
func Ratio(part, whole int64) string {
	if whole <= 0 {
		return "–"
	}
	return strconv.FormatFloat(float64(part)/float64(whole)*100, 'f', 1, 64) + "%"
}

// thousands shortens a round count of tokens: 272000 is "272k", 1000000 "1M".
func thousands(n int64) string {
	switch {
	case n >= 1_000_000 && n%1_000_000 == 0:
		return Number(n/1_000_000) + "M"
	case n >= 1000 && n%1000 == 0:
		return Number(n/1000) + "k"
	}
	return Number(n)
}
