package views

import (
	"strings"
	"testing"
	"time"

	"codexible/catalog"
	"codexible/usage"

	"github.com/google/uuid"
)

// samplePrice has a band at 200,000 tokens, and the tier flex with a band of its own.
func samplePrice() *catalog.Price {
	return &catalog.Price{
		ID: uuid.NewSHA1(uuid.Nil, []byte("price")), Model: "codex-large", ValidFrom: noon.AddDate(0, 0, -9), CreatedAt: noon.AddDate(0, 0, -9), CreatedBy: "admin@codexible.me", Source: catalog.SourceManual,
		Terms: catalog.Terms{
			Base: catalog.Set{
				Rates: catalog.Rates{Input: 3_000_000, Output: 15_000_000, CacheRead: new(int64(300_000))},
				Bands: []catalog.Band{{Above: 200_000, Rates: catalog.Rates{Input: 6_000_000, Output: 22_500_000}}},
			},
			Tiers:        map[string]catalog.Set{"flex": {Rates: catalog.Rates{Input: 1_500_000, Output: 7_500_000}}, "priority": {Rates: catalog.Rates{Input: 9_000_000, Output: 30_000_000}}},
			PerWebSearch: catalog.PicosPerUSD / 100,
			Charge:       catalog.Charge{Mode: catalog.ByCost, Percent: 130 * catalog.Hundredths, CreditValue: 10_000},
		},
	}
}

func billOf(t *testing.T, p *catalog.Price, tokens usage.Tokens) Bill {
	t.Helper()
	q, err := p.Quote(&tokens)
	if err != nil {
		t.Fatal(err)
	}
	return Bill{Quote: q, Tokens: tokens, Price: p}
}

func TestABillSaysWhichRatesCountAndWhatIsRounded(t *testing.T) {
	byRequest := samplePrice()
	byRequest.Terms.Charge = catalog.Charge{Mode: catalog.ByRequest, Credits: 1_500_000, CreditValue: 10_000}
	plain := samplePrice()
	plain.Terms.Base.Bands = nil
	for _, c := range []struct {
		says                     string
		bill                     Bill
		tier, band, cost, credit string
	}{
		{
			"a small call", billOf(t, samplePrice(), usage.Tokens{Input: 1000, Output: 100}),
			"Standard rates (the usage names no tier).", "1,000 input tokens, not more than 200,000: the first band.",
			// 1,000 × $3 + 100 × $15 a million = $0.0045; × 1.3 / 0.01 = 0.585 credits
			"$0.0045 is a whole number of micro-dollars: nothing is rounded.", "$0.0045 × 130% ÷ $0.01 a credit = 0.585000 credits: nothing is rounded.",
		},
		{
			"a call whose sum has parts of a micro-dollar", billOf(t, plain, usage.Tokens{CacheRead: 7, ServiceTier: "default"}),
			"Standard rates (the usage names the tier default).", "7 input tokens. This price has one band for calls of every size.",
			// 7 × $0.3 a million = $0.0000021; × 1.3 / 0.01 = 0.000273 credits
			"$0.0000021 is rounded once, to whole micro-dollars: $0.000002. A half goes to the even neighbour.", "$0.0000021 × 130% ÷ $0.01 a credit = 0.000273 credits: nothing is rounded.",
		},
		{
			"a call above the band", billOf(t, samplePrice(), usage.Tokens{Input: 200_001, Output: 1}),
			"Standard rates (the usage names no tier).", "200,001 input tokens, more than 200,000: the rates of that band count for the whole request.",
			"$1.2000285 is rounded once, to whole micro-dollars: $1.200028. A half goes to the even neighbour.", "$1.2000285 × 130% ÷ $0.01 a credit = 156.003705 credits: nothing is rounded.",
		},
		{
			"a tier with prices", billOf(t, samplePrice(), usage.Tokens{Input: 1, ServiceTier: "flex"}),
			"The tier flex has prices of its own, and they count.", "1 input token. This price has one band for calls of every size.",
			"$0.0000015 is rounded once, to whole micro-dollars: $0.000002. A half goes to the even neighbour.", "$0.0000015 × 130% ÷ $0.01 a credit = 0.000195 credits: nothing is rounded.",
		},
		{
			"a tier without prices", billOf(t, samplePrice(), usage.Tokens{Input: 1000, ServiceTier: "batch"}),
			"The tier batch has no prices of its own in this version. The rates of priority count: for this usage they are the highest of the version.", "1,000 input tokens. This price has one band for calls of every size.",
			"$0.009 is a whole number of micro-dollars: nothing is rounded.", "$0.009 × 130% ÷ $0.01 a credit = 1.170000 credits: nothing is rounded.",
		},
		{
			"a tier without prices where the standard is the dearest", billOf(t, plain, usage.Tokens{Requests: 2, ServiceTier: "batch"}),
			"The tier batch has no prices of its own in this version. The standard rates count: for this usage they are the highest of the version.", "0 input tokens. This price has one band for calls of every size.",
			"$0.00 is a whole number of micro-dollars: nothing is rounded.", "$0.00 × 130% ÷ $0.01 a credit = 0.000000 credits: nothing is rounded.",
		},
		{
			"by request", billOf(t, byRequest, usage.Tokens{Input: 10, Requests: 3}),
			"Standard rates (the usage names no tier).", "10 input tokens, not more than 200,000: the first band.",
			"$0.00003 is a whole number of micro-dollars: nothing is rounded.", "1.5 credits × 3 requests = 4.500000 credits.",
		},
	} {
		b := c.bill
		for _, pair := range [][2]string{{b.tierSays(), c.tier}, {b.bandSays(), c.band}, {b.costSays(), c.cost}, {b.creditsFormula(), c.credit}} {
			if pair[0] != pair[1] {
				t.Errorf("%s: %q, want %q", c.says, pair[0], pair[1])
			}
		}
	}
	odd := samplePrice()
	odd.Terms.Charge.CreditValue = 30_000
	if b := billOf(t, odd, usage.Tokens{Input: 1}); !strings.HasSuffix(b.creditsFormula(), "0.000130 credits: nothing is rounded.") {
		t.Error(b.creditsFormula())
	}
	odd.Terms.Charge.CreditValue = 70_000
	if b := billOf(t, odd, usage.Tokens{Input: 1}); !strings.HasSuffix(b.creditsFormula(), "0.000055 credits, rounded down once, to millionths of a credit.") {
		t.Error(b.creditsFormula())
	}
}

func TestALineSaysWhosePriceItHas(t *testing.T) {
	b := billOf(t, samplePrice(), usage.Tokens{Input: 1, CacheRead: 1, CacheWrite: 1, AudioOutput: 1, Output: 9, Reasoning: 4, WebSearches: 2})
	notes := map[string]string{}
	for _, l := range b.Lines {
		notes[lineLabel(l.Name)+" "+lineRate(l)] = b.lineNote(l)
	}
	for line, note := range map[string]string{
		"Input $3.00": "", "Cache read $0.30": "", "Cache write, 5 min $3.00": "No price of its own: that of the input", "Audio output $15.00": "No price of its own: that of the output",
		"Output $15.00": "Reasoning is a part of it: 4 tokens", "Web searches $0.01 each": "",
	} {
		if got, found := notes[line]; !found || got != note {
			t.Errorf("%s: %q (%v), want %q; the lines are %v", line, got, found, note, notes)
		}
	}
}

func TestAChargeSaysHowItMovedTheDay(t *testing.T) {
	for _, c := range []struct {
		millionths, credits int64
		want                string
	}{
		{4_758_000, 5, "moved by 5 credits."},
		{400_000, 0, "did not move."},
		{1_400_000, 1, "moved by 1 credit."},
		{3_000_000, 3, "moved by 3 credits."},
	} {
		p := Charge{Record: usage.Record{Millionths: c.millionths, Credits: c.credits}}
		if got := p.movedSays(); !strings.HasSuffix(got, c.want) || !strings.HasPrefix(got, ExactCredits(c.millionths)+" credits") {
			t.Errorf("%q, want it to end with %q", got, c.want)
		}
	}
	held := noon.Add(-time.Hour)
	p := Charge{Record: usage.Record{CreatedAt: noon}, Decided: &held}
	if got, want := p.momentSays(), "This charge settled a hold of 23 Nov 2026, 11:00 UTC. The price of the hold's moment counts, whenever the call ended."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestDifferencesOfTwoPricesAreNamed(t *testing.T) {
	before, after := samplePrice().Terms, samplePrice().Terms
	after.Base.Rates.CacheRead = nil
	after.Base.Bands = nil
	after.Tiers = map[string]catalog.Set{"flex": before.Tiers["flex"], "priority": {Rates: catalog.Rates{Input: 8_000_000, Output: 30_000_000}}, "batch": before.Tiers["flex"]}
	after.PerWebSearch, after.PerRequest = 0, 5
	got := strings.Join(Differences(&before, &after), "\n")
	want := strings.Join([]string{
		"Cache read: $0.30 → $3.00",
		"Tier batch: new: $1.50 in, $7.50 out",
		"Tier priority: Input: $9.00 → $8.00",
		"Tier priority: Cache read: $9.00 → $8.00",
		"Tier priority: Cache write, 5 min: $9.00 → $8.00",
		"Tier priority: Cache write, 1 h: $9.00 → $8.00",
		"Tier priority: Audio input: $9.00 → $8.00",
		"Standard, above 200k: no longer has prices of its own",
		"A request: $0.00 → $0.000000000005",
		"A web search: $0.01 → $0.00",
	}, "\n")
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if again := Differences(&before, &before); again != nil {
		t.Errorf("a price differs from itself: %q", again)
	}
}
