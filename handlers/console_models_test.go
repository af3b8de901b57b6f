package handlers_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/store"
	"codexible/usage"

	"github.com/chromedp/chromedp"
)

func TestAModelIsCreatedChangedAndDeletedInTheConsole(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		v := s.operator(t)
		hostile := `<script>alert("x")</script>`
		v.get("/admin/models/new").submit("/admin/models/new", "name", "codex-new", "aliases", "new-one\r\nnew-two, new-three", "display_name", hostile, "description", "One & two", "context_window", "200000", "output_allowance", "1000", "visible", "some", "plans", "Pro", "plans", "Starter")
		if v.status != http.StatusSeeOther {
			t.Fatal(v.page)
		}
		m := s.modelNamed(t, "codex-new")
		v.redirected("/admin/models/"+m.ID.String()+"?done=model-created").sees(http.StatusOK, "Model created", "new-one, new-two, new-three", hostile, "200,000 tokens", "Starter, Pro", "No price")
		if strings.Contains(v.page, "<script>alert") {
			t.Errorf("the page runs what was typed: %s", v.page)
		}
		if m.Description != "One & two" || len(m.Plans) != 2 {
			t.Errorf("%+v", m)
		}
		edit := "/admin/models/" + m.ID.String() + "/edit"
		v.get(edit).sees(http.StatusOK, `value="Pro" checked`, `value="codex-new"`)
		v.submit(edit, "name", "codex-newer", "aliases", "", "output_allowance", "2000", "visible", "all").redirected("/admin/models/"+m.ID.String()+"?done=model-changed").sees(http.StatusOK, "codex-newer", "All plans", "Not known")
		v.get(edit).submit(edit, "name", "codex-newer", "output_allowance", "2000", "visible", "some").redirected("/admin/models/"+m.ID.String()+"?done=model-changed").sees(http.StatusOK, "No plan")
		remove := "/admin/models/" + m.ID.String() + "/delete"
		v.get(remove).sees(http.StatusOK, "What will happen", "stay").submit(remove).redirected("/admin/models?done=model-deleted").sees(http.StatusOK, "Model deleted", "codex-large")
		v.get("/admin/models/" + m.ID.String()).sees(http.StatusNotFound)
		v.get(edit).sees(http.StatusNotFound)
		v.get("/admin/audit?q=codex-newer").sees(http.StatusOK, "model.deleted", "model.changed")
	})
}

func (s *service) modelNamed(t testing.TB, name string) *catalog.Model {
	t.Helper()
	book, err := s.store.Book(context.Background())
	if err != nil || book.Model(name) == nil {
		t.Fatal(err, book)
	}
	return book.Model(name)
}

func TestAFormOfAModelKeepsWhatWasTypedAndNamesEachProblem(t *testing.T) {
	s := onSQLite(t)
	v := s.operator(t)
	v.get("/admin/models/new?name=from-a-link").sees(http.StatusOK, `value="from-a-link"`)
	v.submit("/admin/models/new", "name", "with a blank", "aliases", "kept-alias", "context_window", "-5", "output_allowance", "some", "visible", "some", "plans", "Pro").
		sees(http.StatusUnprocessableEntity, `value="with a blank"`, "kept-alias", "Must be a whole number.", "Must be from 1 to 1000000000.", `value="Pro" checked`)
	v.submit("/admin/models/new", "name", "with a blank", "output_allowance", "5").sees(http.StatusUnprocessableEntity, "Must have 1 to 200 printable characters without blanks.")
	v.submit("/admin/models/new", "name", "taken", "aliases", "codex-mini", "output_allowance", "5").sees(http.StatusUnprocessableEntity, "Nothing was changed", "codex-mini is already a name", `value="taken"`)
	v.submit("/admin/models/new", "name", "planless", "output_allowance", "5", "visible", "some", "plans", "No such plan").sees(http.StatusUnprocessableEntity, "there is no plan")
}

func TestAPriceIsSetFromTheOneInForceAndKeepsWhatWasTyped(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		v := s.operator(t)
		path := "/admin/prices/new?model=" + url.QueryEscape("openai/gpt-wide")
		v.get(path).sees(http.StatusOK, `name="input" type="text" value="1.25"`, "above 272000: input 2.5, cache_read 0.25, output 15", "flex above 272000: input 1.25, output 7.5", `name="percent" type="text" value="130"`)
		typed := []string{"model", "openai/gpt-wide", "input", "1,5", "output", "0.0000001", "cache_read", "", "usd_per_request", "1001", "usd_per_web_search", "0.000000000001", "sets", "flex: input 1", "mode", "cost", "percent", "100.001", "credit_value", "0", "valid_from", "soon"}
		v.submit(path, typed...).sees(http.StatusUnprocessableEntity, `value="1,5"`, `value="0.0000001"`, `value="100.001"`, "flex: input 1</textarea>", "Must be a number from 0 to 1000000 with at most 6 decimals.",
			"Must be a number from 0 to 1000 with at most 12 decimals.", "Line 1: must have a price of input and of output.", "Must be a number from 0 to 10000 with at most 2 decimals.", "Must be a date and a time such as 2026-12-31T23:59.")
		good := []string{"model", "openai/gpt-wide", "input", "1.5", "output", "0.000001", "usd_per_request", "", "usd_per_web_search", "0.000000000001", "sets", "flex: input 1, output 2", "mode", "cost", "percent", "112.5", "credit_value", "0"}
		v.submit(path, good...).sees(http.StatusUnprocessableEntity, "Must be from 0.000001 to 1000 dollars.")
		good[len(good)-1] = "0.02"
		v.submit(path, append(good, "valid_from", "2020-01-01T00:00")...).sees(http.StatusUnprocessableEntity, "Must not be in the past")
		v.submit(path, slices.Concat([]string{"sets", "default: input 1, output 2"}, good)...).sees(http.StatusUnprocessableEntity, "other than default, standard and auto")
		v.submit(path, good...)
		price, want := s.inForce(t, "openai/gpt-wide"), catalog.Terms{
			Base: catalog.Set{Rates: catalog.Rates{Input: 1_500_000, Output: 1}}, Tiers: map[string]catalog.Set{"flex": {Rates: catalog.Rates{Input: 1_000_000, Output: 2_000_000}}}, PerWebSearch: 1,
			Charge: catalog.Charge{Mode: catalog.ByCost, Percent: 11_250, CreditValue: 20_000},
		}
		if !price.Terms.Same(&want) || price.CreatedBy != "root@example.com" || price.Source != catalog.SourceManual {
			t.Errorf("%s", price.Terms.AppendText(nil))
		}
		v.redirected("/admin/prices/"+price.ID.String()+"?done=price-set").sees(http.StatusOK, "Price set", "In force", "112.5% of the cost", "Followed", "$0.000000000001")
		v.get("/admin/prices/$price.wide").sees(http.StatusOK, "Followed", "This version")
		v.get("/admin/audit?q=gpt-wide").sees(http.StatusOK, "price.set")
	})
}

func (s *service) inForce(t testing.TB, model string) *catalog.Price {
	t.Helper()
	book, err := s.store.Book(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return book.PriceAt(model, s.clock.Now())
}

func TestAPriceByRequestIsSetForAnAliasUnderItsModelAndWaits(t *testing.T) {
	s := onSQLite(t)
	v := s.operator(t)
	tomorrow := s.clock.Now().AddDate(0, 0, 1).UTC()
	v.get("/admin/prices/new").submit("/admin/prices/new", "model", "codex", "input", "1", "output", "2", "mode", "request", "credits", "0.25", "credit_value", "0.01", "valid_from", tomorrow.Format("2006-01-02T15:04"))
	if v.status != http.StatusSeeOther {
		t.Fatal(v.page)
	}
	v.get(v.location).sees(http.StatusOK, "codex-large", "Waiting", "0.25 credits a request")
	v.get("/admin/prices?show=waiting").sees(http.StatusOK, "codex-large", "Next from")
	if strings.Contains(v.page, "gpt-wide") {
		t.Error("a name without a later version waits")
	}
}

const liteLLM = `{"sample_spec": {"input_cost_per_token": 0}, "gpt-new": {"input_cost_per_token": 1.5e-06, "output_cost_per_token": 6e-06, "mode": "chat"},
	"codex-large": {"input_cost_per_token": 2e-06, "output_cost_per_token": 1.5e-05, "cache_read_input_token_cost": 3e-07, "mode": "chat"}, "<i>free</i>": {"input_cost_per_token": 0, "output_cost_per_token": 0, "mode": "chat"}}`

func TestAPastedListIsPreviewedImportedOnceAndThenChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		v := s.operator(t)
		const path = "/admin/prices/import"
		form := []string{"list", "pasted", "text", liteLLM, "only", "", "mode", "cost", "percent", "150", "credits", "", "credit_value", "0.01"}
		v.get(path).sees(http.StatusOK, "genai-prices").submit(path, form...).sees(http.StatusOK, "What will happen", "gpt-new", "Input: $3.00 → $2.00", "Not read", "<i>free</i>", "Import 2 prices")
		if s.inForce(t, "gpt-new") != nil {
			t.Fatal("a preview imports")
		}
		s.clock.Add(time.Minute)
		v.submit(path).redirected("/admin/prices?done=prices-imported").sees(http.StatusOK, "Prices imported", "gpt-new")
		if p := s.inForce(t, "gpt-new"); p == nil || p.Terms.Charge.Percent != 15_000 || p.Terms.Base.Rates.Input != 1_500_000 || p.Source != "LiteLLM" {
			t.Errorf("%+v", p)
		}
		if p := s.inForce(t, "codex-large"); p.Terms.Charge.Percent != 13_000 || p.Terms.Base.Rates.Input != 2_000_000 {
			t.Errorf("a model that had a price got another charge: %+v", p)
		}
		v.get(path).submit(path, form...).sees(http.StatusOK, "Nothing would change")
		v.get(path).submit(path, append(form, "confirmed", "yes")...).redirected("/admin/prices?done=prices-same").sees(http.StatusOK, "Nothing to import")
		v.get("/admin/audit?q=LiteLLM&action=prices.imported").sees(http.StatusOK, "prices.imported", `href="/admin/prices"`)
	})
}

func TestAnImportThatCannotBeReadKeepsItsFormAndSaysWhy(t *testing.T) {
	s := onSQLite(t)
	v := s.operator(t)
	const path = "/admin/prices/import"
	base := []string{"list", "pasted", "mode", "cost", "percent", "130", "credit_value", "0.01"}
	v.get(path)
	v.submit(path, append(base, "text", "")...).sees(http.StatusUnprocessableEntity, "Paste the text of a list here")
	v.submit(path, append(base, "text", "</textarea><script>")...).sees(http.StatusUnprocessableEntity, "This is not a price list", "</textarea><script>", `value="130"`)
	if strings.Contains(v.page, "</textarea><script>") {
		t.Error("the page runs what was pasted")
	}
	v.submit(path, append(base, "text", liteLLM, "only", strings.Repeat("x ", 201))...).sees(http.StatusUnprocessableEntity, "Must have at most 200 names.")
	v.submit(path, "list", "shipped", "mode", "cost", "percent", "some", "credit_value", "0.01").sees(http.StatusUnprocessableEntity, "with at most 2 decimals")
	v.submit(path, append(base, "text", strings.Repeat(" ", 7<<20))...).sees(http.StatusRequestEntityTooLarge, "larger than 3 MB")
}

func TestTheWholeShippedListIsPreviewedAndImportedInUnderASecondEach(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		v := s.operator(t)
		const path = "/admin/prices/import"
		v.get(path)
		form := []string{"list", "shipped", "mode", "cost", "percent", "100", "credit_value", "0.01"}
		for _, step := range []func(){func() { v.submit(path, form...).sees(http.StatusOK, "What will happen") }, func() { v.submit(path).redirected("/admin/prices?done=prices-imported") }} {
			began := time.Now()
			if step(); time.Since(began) > time.Second {
				t.Errorf("a step of the import took %v", time.Since(began))
			}
		}
		v.get("/admin/prices?q=claude").sees(http.StatusOK, "claude", "credits per million tokens")
	})
}

// No query and no form breaks a page of models and prices, or is shown as markup.
func TestHostileQueriesOfModelsAndPricesAreAnsweredPlainly(t *testing.T) {
	s := onSQLite(t)
	v := s.operator(t)
	for _, text := range []string{"<script>alert(1)</script>", "'; DROP TABLE prices; --", "%00", "\x00", "\xff\xfe", strings.Repeat("9", 400), "-1", "9223372036854775808", "1e308", "NaN", "\u202e\u200b", "../../etc", "codex-large\nx"} {
		q := url.QueryEscape(text)
		for _, path := range []string{
			"/admin/models?after=" + q, "/admin/models/new?name=" + q, "/admin/prices?q=" + q, "/admin/prices?show=" + q, "/admin/prices?after=" + q, "/admin/prices/new?model=" + q,
			"/admin/prices/quote?model=" + q, "/admin/prices/quote?model=codex-large&input=" + q, "/admin/prices/quote?model=codex-large&service_tier=" + q, "/admin/prices/quote?model=codex-large&at=" + q, "/admin/prices/quote?model=codex-large&reasoning=" + q,
			"/admin/prices/quote?model=codex-large&requests=" + q, "/admin/prices/quote?model=codex-large&web_searches=" + q, "/admin/usage?model=" + q, "/admin/usage?group=" + q, "/admin/charges/" + url.PathEscape(text), "/admin/prices/" + url.PathEscape(text), "/admin/models/" + url.PathEscape(text),
		} {
			v.get(path)
			if v.status >= 500 || strings.Contains(v.page, "<script>alert") {
				t.Errorf("GET %q answered %d: %.300s", path, v.status, v.page)
			}
		}
	}
	for query, want := range map[string]string{
		"input=1000000001":                     "Must be from 0 to 1000000000.",
		"input=600000000&cache_read=600000000": "together with the cache and audio tokens",
		"output=5&reasoning=6":                 "Must not exceed the output, of which they are a part.",
		"requests=1.5":                         "Must be a whole number.",
		"service_tier=FLEX":                    "Must have at most 32 characters",
		"at=tomorrow":                          "Must be a date and a time",
		"at=1999-01-01T00:00":                  "This model has no price at that time. Its first begins at",
		"input=1&model=nobody":                 "This model has no price.",
		"input=1000000000&requests=1000000&web_searches=1000000": "The call must not cost more than",
	} {
		v.get("/admin/prices/quote?model=codex-large&" + query)
		if strings.Contains(query, "model=nobody") {
			v.get("/admin/prices/quote?model=nobody&input=1")
		}
		if strings.Contains(query, "web_searches=1000000") {
			s.priceDear(t)
			v.get("/admin/prices/quote?model=dear&" + query)
		}
		if v.sees(0+v.status, want); v.status != http.StatusUnprocessableEntity {
			t.Errorf("%s answered %d", query, v.status)
		}
	}
}

// priceDear prices the name dear as high as a price may be.
func (s *service) priceDear(t testing.TB) {
	t.Helper()
	s.price(t, "dear", "dear", nil, catalog.Terms{
		Base: catalog.Set{Rates: catalog.Rates{Input: catalog.MaxRate, Output: catalog.MaxRate}}, PerRequest: catalog.MaxFee, PerWebSearch: catalog.MaxFee,
		Charge: catalog.Charge{Mode: catalog.ByCost, Percent: catalog.MaxPercent, CreditValue: 1},
	})
}

// consoleWeight is what a page may weigh, and consoleTime how long it may take, whatever is offered.
const (
	consoleWeight = 200 << 10
	consoleTime   = 150 * time.Millisecond
)

func TestAThousandModelsAndTwoThousandPricesMakeNoPageHeavyOrSlow(t *testing.T) {
	s := onSQLite(t)
	v := s.operator(t)
	i := catalog.Import{Source: "a list", Charge: catalog.Charge{Mode: catalog.ByCost, Percent: 13_000, CreditValue: 10_000}}
	for n := range 2000 {
		i.Listed = append(i.Listed, catalog.Listed{Model: fmt.Sprintf("model-%04d", n), Terms: catalog.Terms{Base: catalog.Set{Rates: catalog.Rates{Input: int64(n + 1), Output: 7}}}})
	}
	if _, err := s.store.ImportPrices(context.Background(), accounts.ActorCLI, i); err != nil {
		t.Fatal(err)
	}
	s.offer(t, catalog.MaxModels-2)
	for _, path := range []string{"/admin/models", "/admin/models?after=model-0500", "/admin/prices", "/admin/prices?q=99", "/admin/prices?show=loss", "/admin/prices/quote?model=model-0007&input=9", "/admin/prices/new?model=model-0007", "/admin/usage"} {
		v.get(path).sees(http.StatusOK) // fills the cache of the book
		began := time.Now()
		v.get(path).sees(http.StatusOK)
		if took := time.Since(began); took > consoleTime {
			t.Errorf("%s takes %v", path, took)
		} else {
			t.Logf("%-50s %5.1f ms %4d KB", path, took.Seconds()*1000, len(v.html)>>10)
		}
		if len(v.html) > consoleWeight {
			t.Errorf("%s has %d bytes", path, len(v.html))
		}
	}
	v.get("/admin/prices").sees(http.StatusOK, "50 of 2,003 names", "Next page")
	v.get("/admin/prices?after=model-1998").sees(http.StatusOK, "model-1999", "openai/gpt-wide")
	if strings.Contains(v.page, "Next page") || strings.Contains(v.page, "model-1998</bdi>") {
		t.Errorf("the last page: %s", v.page)
	}
}

// offer creates models of the imported prices.
func (s *service) offer(t testing.TB, n int) {
	t.Helper()
	for k := range n {
		if _, err := s.store.CreateModel(context.Background(), accounts.ActorCLI, catalog.ModelChange{Name: new(fmt.Sprintf("model-%04d", k))}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheUsagePageDividesCreditsTokensAndMargins(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		v := s.operator(t)
		s.use(t, s.clock.Now(), "gate", "large", usage.Tokens{Input: 10_000, CacheRead: 20_000, Output: 2000})
		s.clock.Add(time.Minute)
		s.use(t, s.clock.Now(), "gate", "mini", usage.Tokens{Input: 500, Output: 100})
		s.clock.Add(time.Minute)
		s.call(t, call{as: "ada", method: http.MethodPost, path: "/api/usage", body: `{"credits": 2, "model": "by-hand", "prompt_tokens": 70, "cost_usd": 0.05}`, status: 200})
		// large: $0.066 and 8.58 credits, of which 9 are moved; mini: $0.000325 and half a credit, which fits into the ninth and moves 1: 9.08
		v.get("/admin/usage").sees(http.StatusOK, "Cost and income", "Margin by model", "Margin by plan", "codex-large", "by-hand", "Tokens by kind", "Cache read", "20,000", "By hand, not divided", "12 credits")
		// income: 12 credits at a cent; cost: $0.066 + $0.000325 + $0.05
		v.sees(http.StatusOK, "Margin 3.0%, $0.0037")
		v.get("/admin/usage?user=ada@example.com").sees(http.StatusOK, "Cost and income", "−150.0%")
		if strings.Contains(v.page, "Margin by plan") || strings.Contains(v.page, "codex-mini") {
			t.Errorf("one user's page has others': %s", v.page)
		}
		v.get("/admin/usage?key=$ada.prefix").sees(http.StatusOK, "2 credits")
		if strings.Contains(v.page, "Cost and income") {
			t.Error("a key has an income, which is not known by key")
		}
		v.get("/admin/models/$model.large").sees(http.StatusOK, "$0.0660", "$0.0900", "26.6%", "9 credits")
		sums, err := s.store.TokenTotals(context.Background(), store.TokenQuery{Span: usage.LastDays(usage.DayOf(s.clock.Now()), 1), By: store.ByModel})
		if err != nil || len(sums) != 3 {
			t.Fatal(sums, err)
		}
	})
}

func TestInABrowserAChosenFileIsReadAsTheListAndImported(t *testing.T) {
	s := onSQLite(t)
	s.sell(t)
	if err := s.store.SetPassword(context.Background(), accounts.ActorCLI, s.id(t, "root.user"), operatorHash()); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "model_prices_and_context_window.json")
	if err := os.WriteFile(file, []byte(liteLLM), 0o600); err != nil {
		t.Fatal(err)
	}
	b := s.tab(t, true)
	b.signIn("root@example.com", operatorPassword)
	b.open("/admin/prices/import")
	b.do(chromedp.SetUploadFiles("#f-file", []string{file}), chromedp.Poll(`document.getElementById("f-text").value !== "" && document.getElementById("f-list").value === "pasted"`, nil))
	b.press("Preview")
	b.sees("gpt-new", "Import 2 prices")
	b.press("Import 2 prices")
	b.sees("Prices imported", "gpt-new")
	if len(b.said) > 0 {
		t.Errorf("the browser reports errors: %q", b.said)
	}
}
