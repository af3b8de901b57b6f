package handlers_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"codexible/catalog"
	"codexible/catalog/pricelist"
	"codexible/store/storetest"

	"github.com/tidwall/gjson"
)

const priceImport = "/api/admin/prices/import"

// countsOf are the counts of the answer to an import.
func countsOf(t *testing.T, a answer) (added, changed, unchanged, unread int64) {
	t.Helper()
	c := gjson.ParseBytes(a.text).Get("counts")
	return c.Get("new").Int(), c.Get("changed").Int(), c.Get("unchanged").Int(), c.Get("unread").Int()
}

// bookSize is how many prices there are.
func (s *service) bookSize(t *testing.T) (n int) {
	t.Helper()
	book, err := s.store.Book(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range book.Priced() {
		n += len(book.Prices(name))
	}
	return n
}

func TestAnImportShowsWhatItChangesAndChangesItOnce(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		rates := func(input, output string) string {
			return `"usd_per_million":{"input":` + input + `,"output":` + output + `,"cache_read":null,"cache_write":null,"cache_write_1h":null,"audio_input":null,"audio_output":null},"usd_per_request":0,"usd_per_web_search":0,"bands":[],"tiers":{}`
		}
		term := func(from, rates, charge string) string {
			return `{"valid_from":"` + from + `",` + rates + `,"charge":` + charge + `}`
		}
		byRequest, byCost := `{"mode":"request","credits":2,"percent":null,"credit_value_usd":0.05}`, `{"mode":"cost","credits":null,"percent":130,"credit_value_usd":0.02}`
		s.call(t, asRoot("POST", "/api/admin/models", `{"name":"large","aliases":["coder-large"]}`, 200, ""))
		s.call(t, asRoot("POST", "/api/admin/prices", `{"model":"large","usd_per_million":{"input":1,"output":2},"charge":`+byRequest+`}`, 200, ""))
		s.clock.Add(time.Hour)
		const list = `{"coder-large":{"mode":"chat","input_cost_per_token":3e-06,"output_cost_per_token":1.5e-05},"coder-small":{"mode":"chat","input_cost_per_token":0.0000005,"output_cost_per_token":1.5e-06},` +
			`"coder-free":{"mode":"chat","input_cost_per_token":0,"output_cost_per_token":0},"painter":{"mode":"image_generation"}}`
		body := func(rest string) string {
			return `{"source":"litellm","list":` + list + `,"models":["large","coder-s*","coder-free","gpt-*"],"percent":130,"credit_value_usd":0.02` + rest + `}`
		}
		const now = "2026-03-04T13:00:02Z"
		unread := `[{"model":"coder-free","reason":"it costs nothing in the list; if that is so, set its price yourself"},{"model":"gpt-*","reason":"selects no model of the list"}]`
		small := term(now, rates("0.5", "1.5"), byCost)
		items := `[{"model":"coder-small","action":"new","before":null,"after":` + small + `},` +
			`{"model":"large","action":"changed","before":` + term("2026-03-04T12:00:02Z", rates("1", "2"), byRequest) + `,"after":` + term(now, rates("3", "15"), byRequest) + `}]`
		shown := func(applied string) string {
			return `{"applied":` + applied + `,"source":"LiteLLM","counts":{"new":1,"changed":1,"unchanged":0,"unread":2},"items":` + items + `,"unread":` + unread + `}`
		}
		for _, rest := range []string{"", `,"apply":false`} {
			s.call(t, asRoot("POST", priceImport, body(rest), 200, shown("false")))
		}
		if n := s.bookSize(t); n != 1 {
			t.Errorf("after a preview there are %d prices", n)
		}
		s.call(t, asRoot("POST", priceImport, body(`,"apply":true`), 200, shown("true")))
		s.clock.Add(time.Hour)
		large := term(now, rates("3", "15"), byRequest)
		for _, apply := range []string{"false", "true"} {
			s.call(t, asRoot("POST", priceImport, body(`,"apply":`+apply), 200, `{"applied":`+apply+`,"source":"LiteLLM","counts":{"new":0,"changed":0,"unchanged":2,"unread":2},"items":[{"model":"coder-small","action":"unchanged","before":`+small+`,"after":`+small+
				`},{"model":"large","action":"unchanged","before":`+large+`,"after":`+large+`}],"unread":`+unread+`}`))
		}
		s.call(t, asRoot("GET", "/api/admin/prices", "", 200, `["*",{"id":"*","model":"coder-small","valid_from":"`+now+`",`+rates("0.5", "1.5")+`,"charge":`+byCost+`,"source":"LiteLLM","created_at":"*","created_by":"root@example.com","in_force":true,"ends_at":null},"*"]`))
		s.call(t, asRoot("GET", "/api/admin/logs?q=prices.imported&limit=5", "", 200, `{"logs":[{"timestamp":"`+now+`","actor":"root@example.com","key":"*","action":"prices.imported","target":"LiteLLM","details":"Imported prices from LiteLLM: 1 new, 1 changed, 0 unchanged, 2 not read."}],"next":null}`))
		s.wrongFields(t, "POST", priceImport, map[string]string{
			`{}`: "source", `{"source":"web"}`: "source", `{"source":"litellm"}`: "list", `{"source":"litellm","list":null}`: "list", `{"source":"litellm","list":[]}`: "list", `{"source":"litellm","list":"{}"}`: "list", `{"source":"litellm","list":{}}`: "list",
			`{"source":"genai-prices","list":` + list + `}`: "source", `{"source":"litellm","list":{"providers":[{"id":"a","models":[{"id":"b","prices":{"input_mtok":1,"output_mtok":2}}]}]}}`: "source", `{"source":"shipped","list":` + list + `}`: "list",
			`{"source":"shipped","percent":10001}`: "percent", `{"source":"shipped","percent":1.001}`: "percent", `{"source":"shipped","credit_value_usd":0}`: "credit_value_usd", `{"source":"shipped","credit_value_usd":1001}`: "credit_value_usd", `{"source":"shipped","apply":1}`: "apply",
			`{"source":"shipped","models":["a b"]}`: "models", `{"source":"shipped","models":[` + numbered("m", 201) + `]}`: "models", `{"source":"shipped","models":[""]}`: "models", `{"source":"shipped","models":"*"}`: "models",
		})
		const empty = "cannot be read. This is not a price list of genai-prices or LiteLLM: it has no models. Use data.json of genai-prices, or model_prices_and_context_window.json of LiteLLM"
		s.call(t, asRoot("POST", priceImport, `{"source":"litellm","list":{}}`, 422,
			`{"error":{"code":"validation_failed","message":"Correct these fields and send the request again: list `+empty+`.","status":422,"request_id":"*","fields":{"list":"`+empty+`"}}}`))
		s.call(t, call{as: "gate", method: "POST", path: priceImport, body: `{"source":"shipped"}`, status: 403})
	})
}

// liteLLMList is a list of so many models, as large as LiteLLM's. Each price depends on round.
func liteLLMList(models, round int) string {
	var b strings.Builder
	for i := range models {
		fmt.Fprintf(&b, `%s"provider-%d/model-%d":{"mode":"chat","input_cost_per_token":%d.5e-07,"output_cost_per_token":%d5e-07,"cache_read_input_token_cost":%de-08,"input_cost_per_token_above_200k_tokens":%d1e-07,"output_cost_per_token_above_200k_tokens":%d9e-07,`+
			`"input_cost_per_token_flex":1.%de-07,"output_cost_per_token_flex":1.%de-07,"litellm_provider":"provider-%d","max_input_tokens":200000,"max_output_tokens":64000,"supports_function_calling":true,"supports_vision":true,"supports_prompt_caching":true}`,
			map[bool]string{true: "{", false: ","}[i == 0], i%70, i, i%9+round, i%9+round, i%9+round, i%9+round, i%9+round, i%9+round, i%9+round, i%70)
	}
	return b.String() + "}"
}

// quickest makes a call up to three times, as another one each time, and returns how long the
// quickest took: others work on this machine too.
func (s *service) quickest(t *testing.T, body func(round int) string) (best time.Duration, last answer) {
	t.Helper()
	best = time.Hour
	for round := 1; round <= 3 && best > time.Second; round++ {
		s.clock.Add(time.Second)
		text := body(round)
		begun := time.Now()
		r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://"+s.address+priceImport, strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+s.fill("$root.key"))
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answered, err := io.ReadAll(response.Body)
		if err = errors.Join(err, response.Body.Close()); err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("%d, %v: %.300s", response.StatusCode, err, answered)
		}
		best, last = min(best, time.Since(begun)), answer{response, answered}
	}
	return best, last
}

func TestLongListsAreImportedWithinASecondAndOnce(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		const models = 3000
		body := func(round int) string {
			return `{"source":"litellm","list":` + liteLLMList(models, round) + `,"apply":true}`
		}
		round := 0
		took, a := s.quickest(t, func(n int) string { round = n; return body(n) })
		if added, changed, _, unread := countsOf(t, a); added+changed != models || unread != 0 || took > time.Second {
			t.Errorf("of %d models %d are new and %d changed, %d could not be read; it took %s", models, added, changed, unread, took)
		}
		t.Logf("%d models in %d bytes took %s", models, len(body(1)), took)
		size := s.bookSize(t)
		s.clock.Add(time.Minute)
		took, a = s.quickest(t, func(int) string { return body(round) })
		if _, _, unchanged, _ := countsOf(t, a); unchanged != models || s.bookSize(t) != size || took > time.Second {
			t.Errorf("a second time %d are unchanged and there are %d prices, not %d; it took %s", unchanged, s.bookSize(t), size, took)
		}

		took, a = s.quickest(t, func(int) string { return `{"source":"shipped","apply":true}` })
		added, followed, same, _ := countsOf(t, a)
		again, b := s.quickest(t, func(int) string { return `{"source":"shipped","apply":true}` })
		if _, _, unchanged, _ := countsOf(t, b); int(unchanged) != shippedAt(s.clock.Now()) || added+followed+same != unchanged || s.bookSize(t) != size+int(added+followed) || took > time.Second || again > time.Second {
			t.Errorf("of the shipped list %d are new and %d follow, and then %d unchanged, of %d; it took %s and %s", added, followed, unchanged, shippedAt(s.clock.Now()), took, again)
		}
		t.Logf("the shipped list took %s, and a second time %s", took, again)
	})
}

// shippedAt is how many prices of the list that ships count at a moment or later: of each
// model the last that has begun, and those that begin later.
func shippedAt(now time.Time) (n int) {
	begun := map[string]bool{}
	for _, e := range pricelist.Shipped().Entries {
		if e.ValidFrom.After(now) {
			n++
		} else {
			begun[e.Model] = true
		}
	}
	return n + len(begun)
}

func TestABodyOfAListMayBeLargerThanOthers(t *testing.T) {
	s := onSQLite(t)
	list := liteLLMList(3000, 1)
	padded := func(size int) string {
		body := `{"source":"litellm","models":["provider-1/*"],"list":` + list + `}`
		return body + strings.Repeat(" ", size-len(body))
	}
	s.call(t, asRoot("POST", priceImport, padded(8<<20-1), 200, ""))
	s.call(t, asRoot("POST", priceImport, padded(8<<20), 413, `{"error":{"code":"payload_too_large","message":"The body is not smaller than 8 MiB. Remove the models that you do not need from the list.","status":413,"request_id":"*"}}`))
	for _, path := range []string{"/api/admin/prices", "/api/admin/prices/quote", "/api/admin/models"} {
		s.call(t, asRoot("POST", path, padded(2<<20), 413, ""))
	}
	s.call(t, call{method: "POST", path: priceImport, body: padded(2 << 20), status: 401})
	s.call(t, call{as: "ada", method: "POST", path: priceImport, body: padded(2 << 20), status: 403})
	// In chunks, whose sum is not announced.
	for size, status := range map[int]int{8<<20 - 1: 200, 8 << 20: 413, 9 << 20: 413} {
		r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://"+s.address+priceImport, io.NopCloser(strings.NewReader(padded(size))))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+s.fill("$root.key"))
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if text := readAll(t, response); response.StatusCode != status {
			t.Errorf("a body of %d bytes in chunks is answered with %d, not %d: %.200s", size, response.StatusCode, status, text)
		}
	}
}

// The list of LiteLLM that the reader is tested with, over HTTP: what is shown is what is set.
func TestAPreviewIsWhatAnImportSets(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		list, err := os.ReadFile("../catalog/pricelist/testdata/litellm.json")
		if err != nil {
			t.Fatal(err)
		}
		body := `{"source":"litellm","list":` + string(list)
		preview := gjson.ParseBytes(s.call(t, asRoot("POST", priceImport, body+`}`, 200, "")).text)
		done := gjson.ParseBytes(s.call(t, asRoot("POST", priceImport, body+`,"apply":true}`, 200, "")).text)
		if items := preview.Get("items").Raw; items != done.Get("items").Raw || len(preview.Get("items").Array()) < 20 || len(preview.Get("unread").Array()) < 10 || preview.Get("unread").Raw != done.Get("unread").Raw {
			t.Errorf("shown is %.500s, set is %.500s", preview.Raw, done.Raw)
		}
		book, err := s.store.Book(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range done.Get("items").Array() {
			name := item.Get("model").String()
			if p := book.PriceAt(name, s.clock.Now()); p == nil || p.Source != pricelist.LiteLLM || p.Terms.Charge != (catalog.Charge{Mode: catalog.ByCost, Percent: 10_000, CreditValue: catalog.DefaultCreditValue}) {
				t.Errorf("%s: %+v", name, p)
			}
		}
	})
}

func TestPricesBeyondTheMostAreAConflict(t *testing.T) {
	url, clock := storetest.SQLiteURL(t), storetest.NewClock(storetest.Start)
	s := start(t, storetest.Open(t, url, clock.Now), clock)
	s.cast(t)
	const price = `{"model":"first","usd_per_million":{"input":1,"output":2},"charge":{"mode":"cost"}}`
	s.call(t, call{says: "a price", as: "root", method: "POST", path: "/api/admin/prices", body: price, status: 200})
	storetest.Run(t, storetest.Raw(t, url), fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
		INSERT INTO prices (id, model, valid_from, terms, source, created_at, created_by) SELECT randomblob(16), 'model-' || i, valid_from, terms, source, created_at, created_by FROM n, prices`, catalog.MaxPrices-1))
	s.call(t, call{says: "a price more", as: "root", method: "POST", path: "/api/admin/prices", body: price, status: 409})
	s.call(t, call{says: "a list more", as: "root", method: "POST", path: priceImport, body: `{"source":"shipped","apply":true}`, status: 409})
	s.call(t, call{says: "its preview", as: "root", method: "POST", path: priceImport, body: `{"source":"shipped"}`, status: 200})
}
