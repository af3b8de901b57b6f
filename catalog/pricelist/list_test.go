package pricelist

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"codexible/catalog"
	"codexible/fault"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"
)

// read reads a list that must be one.
func read(t *testing.T, text string) *List {
	t.Helper()
	list, err := Read([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	checkEntries(t, list)
	return list
}

// checkEntries checks what a caller relies on.
func checkEntries(t *testing.T, list *List) {
	t.Helper()
	for i, e := range list.Entries {
		e.Terms.Charge = catalog.Charge{Mode: catalog.ByCost, Percent: 100 * catalog.Hundredths, CreditValue: 10_000}
		if err := e.Terms.Check(); err != nil {
			t.Errorf("%s: %v", e.Model, err)
		}
		for _, name := range append([]string{e.Model}, e.Also...) {
			if !catalog.ValidName(name) {
				t.Errorf("the name %q is not valid", name)
			}
		}
		if i > 0 {
			if before := &list.Entries[i-1]; before.Model > e.Model || before.Model == e.Model && !before.ValidFrom.Before(e.ValidFrom) {
				t.Errorf("%s from %v is after %s from %v", e.Model, e.ValidFrom, before.Model, before.ValidFrom)
			}
		}
	}
}

// terms is what a list says of a model, in the text of the ledger; an entry a line.
func terms(list *List, model string) string {
	var lines []string
	for _, e := range list.Entries {
		if e.Model == model {
			from := "always"
			if !e.ValidFrom.IsZero() {
				from = e.ValidFrom.Format(time.RFC3339)
			}
			lines = append(lines, from+" "+strings.TrimSuffix(string(e.Terms.AppendText(nil)), `,"charge":{"mode":"","credit_value":0}}`)+"}")
		}
	}
	return strings.Join(lines, "\n")
}

func expectTerms(t *testing.T, list *List, want map[string]string) {
	t.Helper()
	for model, text := range want {
		if diff := cmp.Diff(text, terms(list, model)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", model, diff)
		}
	}
}

func TestTheListThatShipsIsReadWhole(t *testing.T) {
	list := Shipped()
	checkEntries(t, list)
	if list.Source != "@pydantic/genai-prices 0.1.8" {
		t.Errorf("source %q", list.Source)
	}
	if len(list.Entries) < 150 || len(shipped) > 60<<10 {
		t.Errorf("%d prices in %d bytes", len(list.Entries), len(shipped))
	}
	for _, u := range list.Unread {
		if !strings.HasPrefix(u.Model, "deepseek-") || !strings.Contains(u.Reason, "time of the day") {
			t.Errorf("not read: %+v", u)
		}
	}
	expectTerms(t, list, map[string]string{
		"claude-opus-5-5": `always {"base":{"rates":{"input":4000000,"output":20000000,"cache_read":200000,"cache_write":5000000,"cache_write_1h":8000000}},"per_web_search":10000000000}`,
		// The price of larger prompts was given up.
		"claude-opus-4-6": `always {"base":{"rates":{"input":5000000,"output":25000000,"cache_read":500000,"cache_write":6250000,"cache_write_1h":10000000},"bands":[{"above":200000,"rates":{"input":10000000,"output":37500000,"cache_read":1000000,"cache_write":12500000,"cache_write_1h":20000000}}]},"per_web_search":10000000000}
2026-03-13T00:00:00Z {"base":{"rates":{"input":5000000,"output":25000000,"cache_read":500000,"cache_write":6250000,"cache_write_1h":10000000}},"per_web_search":10000000000}`,
		"gpt-5.4": `always {"base":{"rates":{"input":2500000,"output":15000000,"cache_read":250000},"bands":[{"above":271999,"rates":{"input":5000000,"output":22500000,"cache_read":500000}}]},"per_web_search":10000000000}`,
		// At some hours it costs twice what it costs at others, and before it had its present price 0.435 dollars.
		"deepseek-v4-pro": `always {"base":{"rates":{"input":1320000,"output":3960000,"cache_read":44000}}}
2026-08-17T00:00:00Z {"base":{"rates":{"input":1320000,"output":3960000,"cache_read":44000}}}`,
		"openrouter/qwen/qwen3-coder-plus": `always {"base":{"rates":{"input":650000,"output":3250000,"cache_read":130000,"cache_write":812500,"cache_write_1h":812500}}}`,
		"text-embedding-3-small":           `always {"base":{"rates":{"input":20000,"output":0}}}`,
	})
	for _, e := range list.Entries {
		if e.Model == "GLM-5.2" && !cmp.Equal(e.Also, []string{"glm-5.2"}) {
			t.Errorf("%s also %v", e.Model, e.Also)
		}
	}
}

func TestTheListThatShipsSaysWhereItComesFrom(t *testing.T) {
	list := gjson.ParseBytes(shipped)
	source, version := list.Get("source").Str, list.Get("version").Str
	pinned, err := os.ReadFile("../../tools/pricelist/package.json")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(pinned), fmt.Sprintf("%q: %q", source, version)) {
		t.Errorf("the list is of %s %s, tools/pricelist/package.json names another: run make pricelist", source, version)
	}
	licence, err := os.ReadFile("genai-prices-LICENSE.txt")
	if err != nil || !bytes.HasPrefix(licence, []byte("The MIT License (MIT)\n")) || list.Get("licence").Str != "MIT" {
		t.Errorf("licence %q; its text: %v", list.Get("licence").Str, err)
	}
	if _, valid := usage.ParseDay(list.Get("date").Str); !valid || !strings.HasPrefix(list.Get("homepage").Str, "https://") {
		t.Errorf("date %q, homepage %q", list.Get("date").Str, list.Get("homepage").Str)
	}
}

func TestWhatIsNoListIsRefused(t *testing.T) {
	var many strings.Builder
	for i := range MaxModels + 1 {
		fmt.Fprintf(&many, `,"m%d":{"input_cost_per_token":1e-6,"output_cost_per_token":1e-6}`, i)
	}
	for name, c := range map[string]struct {
		text string
		kind fault.Kind
		says string
	}{
		"nothing":         {"", fault.Invalid, "not JSON"},
		"text":            {"model,price\na,1\n", fault.Invalid, "not JSON"},
		"a number":        {"12", fault.Invalid, "neither an object nor an array"},
		"an empty object": {"{}", fault.Invalid, "no models"},
		"an empty array":  {"[]", fault.Invalid, "no models"},
		"no providers":    {`{"providers":[]}`, fault.Invalid, "no models"},
		"half a list":     {`{"gpt-5":{"input_cost_per_token":1e-6`, fault.Invalid, "not JSON"},
		"very deep":       {strings.Repeat("[", 1<<20) + strings.Repeat("]", 1<<20), fault.Invalid, "not JSON"},
		"too large":       {`{"a":"` + strings.Repeat("x", MaxSize) + `"}`, fault.PayloadTooLarge, "larger than 16 MiB"},
		"too many models": {"{" + many.String()[1:] + "}", fault.Invalid, "more than 20000 models"},
	} {
		list, err := Read([]byte(c.text))
		if fault.KindOf(err) != c.kind || !strings.Contains(fmt.Sprint(err), c.says) || list != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if list := read(t, "\ufeff"+`{"a":{"input_cost_per_token":1e-6,"output_cost_per_token":1e-6}}`); len(list.Entries) != 1 {
		t.Error("a list with a byte order mark was not read")
	}
}

func TestAWholeListIsReadInAFractionOfASecond(t *testing.T) {
	example, err := os.ReadFile("testdata/litellm.json")
	if err != nil {
		t.Fatal(err)
	}
	var models map[string]json.RawMessage
	if err := json.Unmarshal(example, &models); err != nil {
		t.Fatal(err)
	}
	large := map[string]json.RawMessage{}
	for len(large) < 3000 {
		for name, model := range models {
			large[fmt.Sprintf("%s-%d", name, len(large))] = model
		}
	}
	text, err := json.MarshalIndent(large, "", "    ")
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"LiteLLM": text, "the list that ships": shipped} {
		begin := time.Now()
		once, err := Read(data)
		took := time.Since(begin)
		if err != nil || took > time.Second {
			t.Errorf("%s: %d bytes took %v: %v", name, len(data), took, err)
		}
		t.Logf("%s: %d prices of %d bytes in %v, %d not read", name, len(once.Entries), len(data), took, len(once.Unread))
		twice, err := Read(data)
		if diff := cmp.Diff(once, twice); diff != "" || err != nil {
			t.Errorf("%s: another reading of it (%v) (-first +second):\n%s", name, err, diff)
		}
	}
}

// FuzzRead reads any list; what it gives keeps the bounds of prices.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"a":{"input_cost_per_token":1.25e-06,"input_cost_per_token_above_200k_tokens_flex":1,"output_cost_per_token":2E-6,"provider_specific_entry":{"fast":2.5}}}`))
	f.Add([]byte(`{"sample_spec":{},"b":{"mode":"embedding","tiered_pricing":[{"range":[0,32000.0],"input_cost_per_token":1e-06}],"search_context_cost_per_query":{"search_context_size_high":0.05}}}`))
	f.Add([]byte(`{"providers":[{"id":"zai","models":[{"id":"GLM","match":{"or":[{"equals":"glm"}]},"prices":[{"prices":{"input_mtok":{"base":1,"tiers":[{"start":2,"price":3}]}}},{"constraint":{"start_time":"00:30:00Z"},"prices":{"input_mtok":4}}]}]}]}`))
	f.Add([]byte(`[{"id":"x","models":[{"id":"y","prices":[{"constraint":{"start_date":"2026-01-01"},"prices":{"input_mtok":1e-9}}]}]}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := Read(data)
		if err != nil {
			if kind := fault.KindOf(err); kind != fault.Invalid && kind != fault.PayloadTooLarge {
				t.Fatal(err)
			}
			return
		}
		checkEntries(t, list)
		for _, u := range list.Unread {
			if u.Reason == "" || len(u.Reason) > 500 || len([]rune(u.Model)) > 200 {
				t.Errorf("unread: %q", u)
			}
		}
	})
}

func TestWhatIsNotReadIsShownAsPrintableText(t *testing.T) {
	list, err := Read([]byte("{\"red\\u001b[31m\": {}, \"turned\\u202e\": {}, \"m\": {\"mode\": \"a mode\\u001b]0;x\\u0007\"}, \"\xff\": {}}"))
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Unread) != 4 {
		t.Fatalf("%d are not read: %q", len(list.Unread), list.Unread)
	}
	for _, u := range list.Unread {
		if strings.ContainsFunc(u.Model+u.Reason, func(r rune) bool { return r != ' ' && !catalog.ValidName(string(r)) }) {
			t.Errorf("%q: %q", u.Model, u.Reason)
		}
	}
}
