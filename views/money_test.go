package views

import (
	"math/big"
	"strings"
	"testing"

	"codexible/catalog"
	"codexible/fault"
	"codexible/usage"

	"pgregory.net/rapid"
)

func TestAmountsAreWrittenToTheLastDigit(t *testing.T) {
	for want, got := range map[string]string{
		"$0.00":                 Picos(0),
		"$0.000000000001":       Picos(1),
		"$12.00":                Picos(12 * catalog.PicosPerUSD),
		"$1,234.5000001":        Picos(1_234_500_000_100_000),
		"−$0.05":                ExactUSD(big.NewInt(-50_000_000_000)),
		"$0.003625":             PerMillion(3625),
		"$3.00":                 PerMillion(3_000_000),
		"0.003625":              PlainPerMillion(3625),
		"1000":                  PlainMicros(1000 * usage.MicrosPerUSD),
		"0":                     PlainPicos(0),
		"1.234567":              ExactCredits(1_234_567),
		"0.000000":              ExactCredits(0),
		"1,000.500000":          ExactCredits(1_000_500_000),
		"0.5":                   FewCredits(500_000),
		"112.5%":                Hundredths(11_250),
		"0.1":                   FewCredits(100_000),
		"272k":                  thousands(272_000),
		"1M":                    thousands(1_000_000),
		"272,001":               thousands(272_001),
		"$0.0095":               roundUSD(big.NewInt(9_540_000_000), picoPlaces),
		"−$0.0095":              roundUSD(big.NewInt(-9_540_000_000), picoPlaces),
		"$0.0000000003":         roundUSD(big.NewInt(300), picoPlaces),
		"$1,000,000,000,000.00": roundUSD(new(big.Int).Mul(big.NewInt(catalog.PicosPerUSD), big.NewInt(catalog.PicosPerUSD)), picoPlaces),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// The text is read again as a decimal, which has to be the amount.
func TestAnExactAmountIsTheAmount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		picos := rapid.Int64().Draw(t, "picos")
		text := strings.NewReplacer("$", "", ",", "", "−", "-").Replace(Picos(picos))
		got, ok := new(big.Rat).SetString(text)
		want := big.NewRat(picos, catalog.PicosPerUSD)
		if !ok || got.Cmp(want) != 0 {
			t.Errorf("%s is %v, want %v", text, got, want)
		}
	})
}

func TestAMarginIsTheIncomeLessTheCostAndALossNeverLooksSmaller(t *testing.T) {
	margin := func(income, cost int64) Margin { return Margin{big.NewInt(income), big.NewInt(cost)} }
	for _, c := range []struct {
		says    string
		of      Margin
		percent string
		tone    Tone
	}{
		{"130% of the cost leaves 3 of 13", margin(13, 10), "23.0%", ToneGood},
		{"at cost nothing is left", margin(10, 10), "0.0%", ""},
		{"a third is lost", margin(3, 4), "−33.4%", ToneBad},
		{"a tenth of a thousandth is lost", margin(100_000, 100_001), "−0.1%", ToneBad},
		{"costs without income", margin(0, 5), "–", ToneBad},
		{"nothing at all", Margin{}, "–", ""},
	} {
		if c.of.Percent() != c.percent || c.of.tone() != c.tone {
			t.Errorf("%s: %s and %q, want %s and %q", c.says, c.of.Percent(), c.of.tone(), c.percent, c.tone)
		}
	}
}

// Sold at cost, the income of a call is its cost less what rounding down takes: less
// than a millionth of a credit.
func TestAtCostTheIncomeIsTheCostLessThanAMillionthOfACreditAway(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := catalog.Price{Terms: catalog.Terms{
			Base:   catalog.Set{Rates: catalog.Rates{Input: rapid.Int64Range(0, 100_000_000).Draw(t, "in"), Output: rapid.Int64Range(0, 100_000_000).Draw(t, "out")}},
			Charge: catalog.Charge{Mode: catalog.ByCost, Percent: 100 * catalog.Hundredths, CreditValue: rapid.Int64Range(1, 1_000_000).Draw(t, "value")},
		}}
		q, err := p.Quote(&usage.Tokens{Input: rapid.Int64Range(0, 1_000_000).Draw(t, "read"), Output: rapid.Int64Range(0, 1_000_000).Draw(t, "written")})
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Fatal(err)
			}
			return // more credits than a call may cost
		}
		left := MarginOf(&q).Left()
		if left.Sign() > 0 || left.Cmp(big.NewInt(-q.Charge.CreditValue)) <= 0 {
			t.Errorf("of %s at %s a credit %s are left", Picos(q.Picos), Micros(q.Charge.CreditValue), ExactUSD(left))
		}
	})
}
