package handlers_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/usage"
	"codexible/views"

	"github.com/google/uuid"
)

// dollars is a rate of dollars per million tokens, in thousandths.
func dollars(thousandths int64) int64 { return thousandths * catalog.PicosPerMicro / 1000 }

// sell offers two models at prices, with a version that waits, and prices a name that is
// not offered. $model.large, $price.large, $price.wide, $charge.priced and $charge.hand stand
// for them. The charges are two months old, so that no page of a month counts them.
func (s *service) sell(t testing.TB) {
	t.Helper()
	if s.words["model.large"] != "" {
		return
	}
	s.connect(t)
	s.hook(t)
	s.model(t, "large", catalog.ModelChange{Candidates: &[]catalog.NewCandidate{{Upstream: "Vendor", Model: "gpt-5.1"}, {Upstream: "Local", Priority: new(int64(2))}}, HostedTools: &[]string{"code_interpreter"},
		Name: new("codex-large"), Aliases: &[]string{"codex-latest", "codex"}, DisplayName: new("Codex Large"), Description: new(`The <b>largest</b> model`), ContextWindow: new(int64(400_000)), OutputAllowance: new(int64(8192))})
	s.model(t, "mini", catalog.ModelChange{Name: new("codex-mini"), Plans: &[]string{"Pro", "Business"}})
	byCost := catalog.Charge{Mode: catalog.ByCost, Percent: 130 * catalog.Hundredths, CreditValue: usage.MicrosPerUSD / 100}
	large := catalog.Terms{Base: catalog.Set{Rates: catalog.Rates{Input: dollars(3000), Output: dollars(15_000), CacheRead: new(dollars(300)), CacheWrite: new(dollars(3750)), CacheWrite1h: new(dollars(6000))}}, PerWebSearch: catalog.PicosPerUSD / 100, Charge: byCost}
	s.price(t, "large", "codex-large", nil, large)
	cheaper, later := large, s.clock.Now().AddDate(0, 0, 10)
	cheaper.Base.Rates.Input = dollars(2500)
	s.price(t, "next", "codex-large", &later, cheaper)
	s.price(t, "mini", "codex-mini", nil, catalog.Terms{Base: catalog.Set{Rates: catalog.Rates{Input: dollars(250), Output: dollars(2000), CacheRead: new(int64(3625))}}, Charge: catalog.Charge{Mode: catalog.ByRequest, Credits: 500_000, CreditValue: usage.MicrosPerUSD / 100}})
	flex := catalog.Set{Rates: catalog.Rates{Input: dollars(625), Output: dollars(5000)}, Bands: []catalog.Band{{Above: 272_000, Rates: catalog.Rates{Input: dollars(1250), Output: dollars(7500)}}}}
	s.price(t, "wide", "openai/gpt-wide", nil, catalog.Terms{
		Base:  catalog.Set{Rates: catalog.Rates{Input: dollars(1250), Output: dollars(10_000), CacheRead: new(dollars(125))}, Bands: []catalog.Band{{Above: 272_000, Rates: catalog.Rates{Input: dollars(2500), Output: dollars(15_000), CacheRead: new(dollars(250))}}}},
		Tiers: map[string]catalog.Set{"flex": flex}, Charge: byCost,
	})
	old := s.clock.Now().AddDate(0, -2, 0)
	s.words["charge.priced"] = s.use(t, old, "gate", "large", usage.Tokens{Input: 4001, CacheRead: 16_000, CacheWrite1h: 250, Output: 1234, Reasoning: 800, WebSearches: 1}).String()
	hand := usage.Charge{UserID: s.id(t, "gate.user"), KeyID: s.id(t, "gate.id"), Model: "codex-large", Credits: 3, PromptTokens: 12, CompletionTokens: 5, CostMicros: 4200}
	s.words["charge.hand"] = s.bookAt(t, old.Add(time.Minute), usage.Entry{Charge: hand}).String()
	s.callOnce(t, old.Add(2*time.Minute))
	s.clock.Add(time.Second) // ids follow the clock, and prices of one moment their ids
}

func (s *service) model(t testing.TB, word string, c catalog.ModelChange) {
	t.Helper()
	m, err := s.store.CreateModel(context.Background(), accounts.Actor{Name: "root@example.com"}, c)
	if err != nil {
		t.Fatal(err)
	}
	s.words["model."+word] = m.ID.String()
}

func (s *service) price(t testing.TB, word, model string, from *time.Time, terms catalog.Terms) {
	t.Helper()
	p, err := s.store.SetPrice(context.Background(), accounts.Actor{Name: "root@example.com"}, catalog.NewPrice{Model: model, ValidFrom: from, Terms: terms})
	if err != nil {
		t.Fatal(err)
	}
	s.words["price."+word] = p.ID.String()
}

// priceOf is a price by its word.
func (s *service) priceOf(t testing.TB, word string) *catalog.Price {
	t.Helper()
	book, err := s.store.Book(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return book.Price(s.id(t, "price."+word))
}

// use charges usage at a price, at a moment, and returns the charge's id.
func (s *service) use(t testing.TB, at time.Time, name, price string, tokens usage.Tokens) uuid.UUID {
	t.Helper()
	return s.bookAt(t, at, usage.Entry{Charge: s.charge(t, name, price, tokens)})
}

// bookAt posts an entry at a moment, and returns the newest charge of its user.
func (s *service) bookAt(t testing.TB, at time.Time, e usage.Entry) uuid.UUID {
	t.Helper()
	receipts, err := s.store.Post(context.Background(), func() time.Time { return at }, []usage.Entry{e})
	if err != nil || receipts[0].Outcome != usage.Accepted {
		t.Fatalf("%v, %v", receipts, err)
	}
	list, err := s.store.Charges(context.Background(), e.UserID, usage.DayOf(at), 1, 0)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	return list[0].ID
}

// charge is what a price makes of usage.
func (s *service) charge(t testing.TB, name, price string, tokens usage.Tokens) usage.Charge {
	t.Helper()
	p := s.priceOf(t, price)
	q, err := p.Quote(&tokens)
	if err != nil {
		t.Fatal(err)
	}
	return usage.Charge{
		UserID: s.id(t, name+".user"), KeyID: s.id(t, name+".id"), Model: p.Model, Millionths: q.Millionths, CostMicros: q.CostMicros,
		PromptTokens: tokens.Prompt(), CompletionTokens: tokens.Completion(), Priced: &usage.Priced{PriceID: p.ID, Tokens: tokens},
	}
}

// agreed is a call in the words of the API, and of the console's form.
type agreed struct {
	says, price, model, usage, query string
}

// One price, one usage: the API's quote, the console's, the charge that verify makes, its
// page and its row of the export have the same digits.
func TestTheQuoteTheChargeItsPageAndItsRowAgreeToTheLastDigit(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		v := s.operator(t)
		today := string(usage.DayOf(s.clock.Now()))
		for _, c := range []agreed{
			{"a cached call with writes for an hour", "large", "codex-large", `"input_tokens": 37, "cache_read_tokens": 50001, "cache_write_1h_tokens": 1023, "output_tokens": 777`, "input=37&cache_read=50001&cache_write_1h=1023&output=777"},
			{"a call in a band, with reasoning", "wide", "openai/gpt-wide", `"input_tokens": 270001, "cache_read_tokens": 2003, "output_tokens": 13, "reasoning_tokens": 11`, "input=270001&cache_read=2003&output=13&reasoning=11"},
			{"a tier of its own", "wide", "openai/gpt-wide", `"input_tokens": 999, "output_tokens": 101, "service_tier": "flex"`, "input=999&output=101&service_tier=flex"},
			{"a tier without prices, above the band", "wide", "openai/gpt-wide", `"input_tokens": 272001, "service_tier": "batch"`, "input=272001&service_tier=batch"},
			{"web searches under an alias", "large", "codex-latest", `"input_tokens": 3, "web_searches": 3`, "input=3&web_searches=3"},
			{"a price by request with a rate of a fraction", "mini", "codex-mini", `"input_tokens": 1, "cache_read_tokens": 100003, "requests": 3`, "input=1&cache_read=100003&requests=3"},
		} {
			s.clock.Add(time.Minute)
			body := fmt.Sprintf(`{"model": %q, %s}`, c.model, c.usage)
			quote := decode(t, s.call(t, call{as: "root", method: http.MethodPost, path: "/api/admin/prices/quote", body: fmt.Sprintf(`{"model": %q, "usage": %s}`, c.model, body), status: 200}).text).(map[string]any)
			cost, exact, credits := jsonText(quote["cost_usd"]), jsonText(quote["exact_cost_usd"]), jsonText(quote["credits"])
			if quote["price_id"] != s.words["price."+c.price] {
				t.Errorf("%s: the quote is by another price: %v", c.says, quote)
			}
			v.get("/admin/prices/quote?model="+url.QueryEscape(c.model)+"&"+c.query).sees(http.StatusOK, shownUSD(cost), shownUSD(exact), six(credits)+" credits", "/admin/prices/$price."+c.price)
			s.call(t, call{as: "gate", method: http.MethodPost, path: "/api/keys/verify", body: fmt.Sprintf(`{"key": "$root.key", "usage": %s}`, body), status: 200})
			charge := s.newest(t, "root")
			v.get("/admin/charges/"+charge.ID.String()).sees(http.StatusOK, shownUSD(cost), shownUSD(exact), six(credits)+" credits", "/admin/prices/$price."+c.price, moved(charge.Credits))
			if strings.Contains(v.page, "does not give the figures") {
				t.Errorf("%s: the page doubts its charge: %s", c.says, v.page)
			}
			for _, line := range quote["lines"].([]any) {
				v.sees(http.StatusOK, shownUSD(jsonText(line.(map[string]any)["cost_usd"])))
			}
			row := s.row(t, v, "?user=root@example.com&from="+today, charge.ID)
			for column, want := range map[string]string{"cost_usd": cost, "exact_cost_usd": exact, "exact_credits": credits, "price_id": s.words["price."+c.price], "credits": fmt.Sprint(charge.Credits), "uncollected_credits": "0"} {
				if row[column] != want {
					t.Errorf("%s: the sheet has the %s %q, want %q", c.says, column, row[column], want)
				}
			}
			for pair := range strings.SplitSeq(c.query, "&") {
				name, value, _ := strings.Cut(pair, "=")
				if column := map[string]string{"web_searches": name, "requests": name, "service_tier": name}[name]; column == "" {
					name += "_tokens"
				}
				if row[name] != value {
					t.Errorf("%s: the sheet has the %s %q, want %q", c.says, name, row[name], value)
				}
			}
		}
	})
}

// moved is how the page ends the sentence on what a charge did to the day.
func moved(credits int64) string {
	if credits == 0 {
		return "did not move."
	}
	return "moved by " + views.Count(credits, "credit") + "."
}

// jsonText is a number as the answer wrote it: none here has more digits than a float keeps.
func jsonText(value any) string { return strconv.FormatFloat(value.(float64), 'f', -1, 64) }

// shownUSD is an amount of the API as the console writes it: with at least two decimals.
func shownUSD(amount string) string {
	whole, fraction, _ := strings.Cut(amount, ".")
	return "$" + whole + "." + fraction + strings.Repeat("0", max(2-len(fraction), 0))
}

// six is a number with six decimals.
func six(amount string) string {
	whole, fraction, _ := strings.Cut(amount, ".")
	return whole + "." + fraction + strings.Repeat("0", 6-len(fraction))
}

func (s *service) newest(t testing.TB, name string) usage.Record {
	t.Helper()
	list, err := s.store.Charges(context.Background(), s.id(t, name+".user"), usage.DayOf(s.clock.Now()), 1, 0)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	return list[0]
}

// row is a charge's row of the export.
func (s *service) row(t testing.TB, v *visitor, query string, charge uuid.UUID) map[string]string {
	t.Helper()
	v.get("/admin/usage")
	v.send(http.MethodPost, "/admin/usage/charges"+query, url.Values{"_csrf": {v.hidden("/admin/theme").Get("_csrf")}}.Encode()).sees(http.StatusOK)
	rows, err := csv.NewReader(strings.NewReader(v.page)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		if row[2] == charge.String() {
			named := map[string]string{}
			for i, column := range rows[0] {
				named[column] = row[i]
			}
			return named
		}
	}
	t.Fatalf("the export has no row of %s: %s", charge, v.page)
	return nil
}

func TestASettlementAfterMidnightIsExplainedByThePriceOfItsHold(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		v := s.operator(t)
		midnight := usage.DayOf(s.clock.Now()).End()
		terms := s.priceOf(t, "large").Terms
		terms.Base.Rates.Output = dollars(99_000)
		s.price(t, "after", "codex-large", &midnight, terms)
		s.clock.Set(midnight.Add(-time.Minute))
		held := decode(t, s.call(t, call{as: "gate", method: http.MethodPost, path: "/api/keys/verify", body: `{"key": "$ada.key", "model": "codex-large", "hold": {"credits": 9}}`, status: 200}).text).(map[string]any)
		s.clock.Set(midnight.Add(2 * time.Minute))
		s.call(t, call{as: "gate", method: http.MethodPost, path: "/api/holds/" + held["hold_id"].(string) + "/settle", body: `{"usage": {"input_tokens": 1000, "output_tokens": 1000}}`, status: 200})
		day := views.Date(usage.DayOf(midnight).Add(-1))
		// 1,000 × $3 + 1,000 × $15 a million = $0.018, × 1.3 / 0.01 = 2.34 credits; at the price of after midnight it would be $0.102
		v.get("/admin/charges/"+s.newest(t, "ada").ID.String()).sees(http.StatusOK, "$0.018", "2.340000 credits", "/admin/prices/$price.large", "This charge settled a hold of "+day+", 23:59 UTC. The price of the hold's moment counts", "The version from", " until ")
		v.get("/admin/users/$ada.user").sees(http.StatusOK, "/admin/charges/"+s.newest(t, "ada").ID.String())
	})
}

func TestAChargeByHandHasNoPriceToExplainItAndAnUnknownOneIsNotFound(t *testing.T) {
	s := onSQLite(t)
	v := s.operator(t)
	v.get("/admin/charges/$charge.hand").sees(http.StatusOK, "Charged by hand", "No price made them", "gate@example.com", "$0.0042")
	if strings.Contains(v.page, "/admin/prices/0") || strings.Contains(v.page, "Step by step") {
		t.Errorf("a charge by hand is explained: %s", v.page)
	}
	v.get("/admin/charges/" + uuid.NewString()).sees(http.StatusNotFound)
	v.get("/admin/charges/x").sees(http.StatusNotFound)
}

// At a price that makes even a typical call more than any call may cost, every page works without it.
func TestAPriceBeyondTheBoundsOfACallIsShown(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		v := s.operator(t)
		s.model(t, "dear", catalog.ModelChange{Name: new("dear")})
		s.price(t, "dear", "dear", nil, catalog.Terms{Base: catalog.Set{Rates: catalog.Rates{Input: catalog.MaxRate}}, Charge: catalog.Charge{Mode: catalog.ByCost, Percent: catalog.MaxPercent, CreditValue: 1}})
		v.get("/admin/prices/$price.dear").sees(http.StatusOK, "Beyond the bounds of a call", "$1,000,000.00")
		for _, path := range []string{"/admin/prices", "/admin/prices?show=loss", "/admin/models", "/admin/models/$model.dear"} {
			v.get(path).sees(http.StatusOK)
		}
		v.get("/admin/prices/quote?model=dear&input=20000").sees(http.StatusUnprocessableEntity, "must not cost more than")
	})
}
