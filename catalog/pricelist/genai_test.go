package pricelist

import (
	"testing"

	"codexible/catalog"

	"github.com/google/go-cmp/cmp"
)

func TestNamesStandAloneAtTheirMakerAlone(t *testing.T) {
	list := read(t, `[
		{"id":"zhipuai","models":[{"id":"GLM-5.2","prices":{"input_mtok":1.103}}]},
		{"id":"openrouter","models":[{"id":"qwen/qwen3-coder","match":{"equals":"qwen3"},"prices":{"input_mtok":0.22}},{"id":"claude-opus-5","prices":{"input_mtok":5.5}}]},
		{"id":"google","models":[{"id":"claude-opus-5","prices":{"input_mtok":6}},{"id":"claude-4-opus","prices":{"input_mtok":7}},{"id":"gemini-3","prices":{"input_mtok":2}}]},
		{"id":"anthropic","models":[{"id":"claude-opus-5","match":{"or":[{"equals":"claude-opus-5"},{"equals":"claude-opus-5@20260601"},{"starts_with":"claude-5-opus"},{"equals":"claude opus 5"}]},"prices":{"input_mtok":5}}]},
		{"id":"zai","models":[{"id":"GLM-5.2","match":{"or":[{"equals":"GLM-5.2"},{"equals":"glm-5.2"}]},"prices":{"input_mtok":1.4}}]}]`)
	got := map[string]int64{}
	also := map[string][]string{}
	for _, e := range list.Entries {
		got[e.Model] = e.Terms.Base.Rates.Input
		if e.Also != nil {
			also[e.Model] = e.Also
		}
	}
	want := map[string]int64{
		"claude-opus-5": 5_000_000, "google/claude-opus-5": 6_000_000, "openrouter/claude-opus-5": 5_500_000, "google/claude-4-opus": 7_000_000,
		"gemini-3": 2_000_000, "GLM-5.2": 1_400_000, "zhipuai/GLM-5.2": 1_103_000, "openrouter/qwen/qwen3-coder": 220_000,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	wantAlso := map[string][]string{"claude-opus-5": {"claude-opus-5@20260601"}, "GLM-5.2": {"glm-5.2"}, "openrouter/qwen/qwen3-coder": {"openrouter/qwen3"}}
	if diff := cmp.Diff(wantAlso, also); diff != "" {
		t.Errorf("other names (-want +got):\n%s", diff)
	}
}

func TestPricesOfGenaiPrices(t *testing.T) {
	list := read(t, `{"source":"a list","version":"1","providers":[{"id":"openai","models":[
		{"id":"every-kind","context_window":1000,"prices":{"input_mtok":0.003625,"output_mtok":8,"cache_read_mtok":0,"cache_write_mtok":3.75,"cache_write_1h_mtok":6,"input_audio_mtok":32,"output_audio_mtok":64,"requests_kcount":12,"web_searches_kcount":10,"storage_searches_kcount":2.5,"cache_audio_read_mtok":0.4}},
		{"id":"tiers-of-their-own","prices":{"input_mtok":{"base":1,"tiers":[{"start":200000,"price":3},{"start":100000,"price":2}]},"output_mtok":{"base":4,"tiers":[{"start":200000,"price":8}]},"cache_read_mtok":0.1}},
		{"id":"later-hides-earlier","prices":[{"constraint":{"start_date":"2026-01-01"},"prices":{"input_mtok":1}},{"constraint":{"start_date":"2026-06-01"},"prices":{"input_mtok":2}},{"constraint":{"start_date":"2026-03-01","type":"start_date"},"prices":{"input_mtok":3}}]},
		{"id":"hours","prices":[{"prices":{"input_mtok":0.135,"output_mtok":0.55,"cache_read_mtok":0.2}},{"constraint":{"start_time":"00:30:00Z","end_time":"16:30:00Z","type":"time_of_date"},"prices":{"input_mtok":0.27,"output_mtok":0.5}}]}]}]}`)
	if list.Source != "genai-prices" { // a name with blanks is none
		t.Errorf("source %q", list.Source)
	}
	expectTerms(t, list, map[string]string{
		"every-kind":          `always {"base":{"rates":{"input":3625,"output":8000000,"cache_read":0,"cache_write":3750000,"cache_write_1h":6000000,"audio_input":32000000,"audio_output":64000000}},"per_request":12000000000,"per_web_search":10000000000}`,
		"tiers-of-their-own":  `always {"base":{"rates":{"input":1000000,"output":4000000,"cache_read":100000},"bands":[{"above":100000,"rates":{"input":2000000,"output":4000000,"cache_read":100000}},{"above":200000,"rates":{"input":3000000,"output":8000000,"cache_read":100000}}]}}`,
		"later-hides-earlier": "2026-01-01T00:00:00Z {\"base\":{\"rates\":{\"input\":1000000,\"output\":0}}}\n2026-03-01T00:00:00Z {\"base\":{\"rates\":{\"input\":3000000,\"output\":0}}}",
		// Cached tokens cost 0.27 at the hours that have no price of their own for them.
		"hours": `always {"base":{"rates":{"input":270000,"output":550000,"cache_read":270000}}}`,
	})
}

func TestWhatGenaiPricesHasAndCannotBeReadIsListed(t *testing.T) {
	list := read(t, `[{"id":"openai","models":[
		{"id":"fine","prices":{"input_mtok":1}},
		{"id":"free","prices":{}},
		{"id":"zero","prices":{"input_mtok":0,"output_mtok":0}},
		{"id":"no-prices"},
		{"id":"no-period","prices":[]},
		{"id":"images","prices":{"input_mtok":1,"output_image_mtok":30}},
		{"id":"hours-of-audio","prices":{"audio_hours":0.27}},
		{"id":"finer","prices":{"input_mtok":0.0000001}},
		{"id":"third","prices":{"input_mtok":1,"cache_write_mtok":0.08333333333333334}},
		{"id":"negative","prices":{"input_mtok":-1}},
		{"id":"above-a-million","prices":{"input_mtok":1000000.5}},
		{"id":"text","prices":{"input_mtok":"1"}},
		{"id":"tier-without-start","prices":{"input_mtok":{"base":1,"tiers":[{"price":2}]}}},
		{"id":"tiered-fee","prices":{"input_mtok":1,"requests_kcount":{"base":1,"tiers":[]}}},
		{"id":"date","prices":[{"constraint":{"start_date":"2026-02-30"},"prices":{"input_mtok":1}}]},
		{"id":"constraint","prices":[{"constraint":{"region":"eu"},"prices":{"input_mtok":1}}]},
		{"id":"hours-and-tiers","prices":[{"prices":{"input_mtok":{"base":1,"tiers":[{"start":5,"price":2}]}}},{"constraint":{"start_time":"01:00:00Z","end_time":"02:00:00Z"},"prices":{"input_mtok":2}}]},
		{"id":"hours-alone","prices":[{"constraint":{"start_time":"01:00:00Z","end_time":"02:00:00Z"},"prices":{"input_mtok":2}}]},
		{"id":"has blanks","prices":{"input_mtok":1}},
		{"prices":{"input_mtok":1}},
		{"id":"fine","prices":{"input_mtok":2}}]},
		{"id":"openrouter","models":[{"id":"x","prices":{"input_mtok":1}},{"id":"x","prices":{"input_mtok":1}}]}]`)
	if len(list.Entries) != 3 { // fine, openai/fine for its second, and openrouter/x
		t.Errorf("%d were read", len(list.Entries))
	}
	want := []catalog.Unread{
		{Model: "free", Reason: "it has no price of input tokens"},
		{Model: "zero", Reason: "it costs nothing in the list; if that is so, set its price yourself"},
		{Model: "no-prices", Reason: "it has no price of input tokens"},
		{Model: "no-period", Reason: "it has no price"},
		{Model: "images", Reason: "its price output_image_mtok is of a kind that is not counted here"},
		{Model: "hours-of-audio", Reason: "its price audio_hours is of a kind that is not counted here"},
		{Model: "finer", Reason: "its price input_mtok (0.0000001) is finer than a pico-dollar"},
		{Model: "third", Reason: "its price cache_write_mtok (0.08333333333333334) is finer than a pico-dollar"},
		{Model: "negative", Reason: "its price input_mtok (-1) is negative"},
		{Model: "above-a-million", Reason: "usd_per_million must have prices from 0 to 1000000 dollars a million tokens"},
		{Model: "text", Reason: "its price input_mtok is not a number"},
		{Model: "tier-without-start", Reason: "its price input_mtok has a tier whose start is not a whole number from 1 to 1000000000"},
		{Model: "tiered-fee", Reason: "its price requests_kcount is not a number"},
		{Model: "date", Reason: "the date 2026-02-30 of a price is not from 2000-01-01 to 2100-12-31"},
		{Model: "constraint", Reason: "a price has a constraint of an unknown kind"},
		{Model: "hours-and-tiers", Reason: "its price depends on the time of the day and on the size of the prompt"},
		{Model: "hours-alone", Reason: "it has no price"},
		{Model: "has blanks", Reason: "its name must have 1 to 200 printable characters without blanks"},
		{Model: "", Reason: "its name must have 1 to 200 printable characters without blanks"},
		{Model: "openrouter/x", Reason: "it is in the list twice; the first was read"},
	}
	if diff := cmp.Diff(want, list.Unread); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
