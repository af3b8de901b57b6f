package pricelist

import (
	"math/big"
	"os"
	"strings"
	"testing"

	"codexible/catalog"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"
	"pgregory.net/rapid"
)

func TestPricesOfLiteLLM(t *testing.T) {
	text, err := os.ReadFile("testdata/litellm.json")
	if err != nil {
		t.Fatal(err)
	}
	list := read(t, string(text))
	if len(list.Entries) != 27 || list.Source != "LiteLLM" {
		t.Errorf("%d prices of %s were read", len(list.Entries), list.Source)
	}
	expectTerms(t, list, map[string]string{
		"claude-haiku-4-5":  `always {"base":{"rates":{"input":1000000,"output":5000000,"cache_read":100000,"cache_write":1250000,"cache_write_1h":2000000}}}`,
		"claude-sonnet-4-5": `always {"base":{"rates":{"input":3000000,"output":15000000,"cache_read":300000,"cache_write":3750000,"cache_write_1h":6000000},"bands":[{"above":200000,"rates":{"input":6000000,"output":22500000,"cache_read":600000,"cache_write":7500000,"cache_write_1h":12000000}}]},"per_web_search":10000000000}`,
		// Writes of an hour without a price cost what other writes do, in each band.
		"claude-4-sonnet-20250514": `always {"base":{"rates":{"input":3000000,"output":15000000,"cache_write":3750000,"cache_write_1h":3750000},"bands":[{"above":200000,"rates":{"input":6000000,"output":22500000,"cache_write":7500000,"cache_write_1h":7500000}}]}}`,
		// Fast: every price times 2.5.
		"claude-opus-5-5": `always {"base":{"rates":{"input":4000000,"output":20000000,"cache_read":200000,"cache_write":5000000,"cache_write_1h":8000000}},"tiers":{"fast":{"rates":{"input":10000000,"output":50000000,"cache_read":500000,"cache_write":12500000,"cache_write_1h":20000000}}}}`,
		"claude-odd-fast": `always {"base":{"rates":{"input":1,"output":5000000}}}`,
		"gpt-5":           `always {"base":{"rates":{"input":1250000,"output":10000000,"cache_read":125000}},"tiers":{"flex":{"rates":{"input":625000,"output":5000000,"cache_read":62500}},"priority":{"rates":{"input":2500000,"output":20000000,"cache_read":250000}}}}`,
		// Above 272 thousand flex has a price of input alone: the others are those of every tier. Batches have no price for cached tokens.
		"gpt-5.4":                    `always {"base":{"rates":{"input":2500000,"output":15000000,"cache_read":250000},"bands":[{"above":272000,"rates":{"input":5000000,"output":22500000,"cache_read":500000}}]},"tiers":{"batch":{"rates":{"input":1250000,"output":7500000,"cache_read":250000},"bands":[{"above":272000,"rates":{"input":5000000,"output":22500000,"cache_read":500000}}]},"flex":{"rates":{"input":1250000,"output":7500000,"cache_read":125000},"bands":[{"above":272000,"rates":{"input":2500000,"output":22500000,"cache_read":500000}}]}}}`,
		"gemini/gemini-2.5-pro":      `always {"base":{"rates":{"input":1250000,"output":10000000,"cache_read":125000},"bands":[{"above":200000,"rates":{"input":2500000,"output":15000000,"cache_read":250000}}]},"tiers":{"priority":{"rates":{"input":2250000,"output":10000000,"cache_read":125000},"bands":[{"above":200000,"rates":{"input":4500000,"output":15000000,"cache_read":250000}}]}}}`,
		"gpt-audio":                  `always {"base":{"rates":{"input":2500000,"output":10000000,"audio_input":32000000,"audio_output":64000000}}}`,
		"gpt-4o-search-preview":      `always {"base":{"rates":{"input":2500000,"output":10000000}},"per_web_search":35000000000}`,
		"deepseek/deepseek-v4-pro":   `always {"base":{"rates":{"input":435000,"output":870000,"cache_read":3625}}}`,
		"dashscope/qwen3-coder-plus": `always {"base":{"rates":{"input":1000000,"output":5000000,"cache_read":100000},"bands":[{"above":32000,"rates":{"input":1800000,"output":9000000,"cache_read":180000}},{"above":128000,"rates":{"input":3000000,"output":15000000,"cache_read":180000}}]}}`,
		"perplexity/sonar-online":    `always {"base":{"rates":{"input":0,"output":280000}},"per_request":5000000000}`,
		"voyage/voyage-code-3":       `always {"base":{"rates":{"input":180000,"output":0}}}`,
		"azure/eu/gpt-5":             `always {"base":{"rates":{"input":1375000,"output":11000000,"cache_read":137500}}}`,
	})
	want := []catalog.Unread{
		{Model: "claude-odd-fast", Reason: "its factor provider_specific_entry.fast makes prices that are finer than a pico-dollar; the other prices were read"},
		{Model: "gemini/gemini-thinking-apart", Reason: "its price output_cost_per_reasoning_token is not that of other output"},
		{Model: "gemini-1.0-pro", Reason: "it is priced by input_cost_per_character, and not by input tokens"},
		{Model: "dashscope/qwen-odd-range", Reason: "its tiered_pricing has a range that does not begin with a number of tokens"},
		{Model: "databricks/databricks-claude-3-7-sonnet", Reason: "its price input_cost_per_token (2.9999900000000002e-06) is finer than a pico-dollar"},
		{Model: "github_copilot/gpt-5", Reason: "it has no price of input tokens"},
		{Model: "ollama/llama3.1", Reason: "it costs nothing in the list; if that is so, set its price yourself"},
		{Model: "half/priced", Reason: "it has no price of output tokens"},
		{Model: "negative/price", Reason: "its price input_cost_per_token (-1e-06) is negative"},
		{Model: "text/price", Reason: "its price input_cost_per_token is not a number"},
		{Model: "huge/price", Reason: "its price input_cost_per_token (1e+30) is too large"},
		{Model: "dear/price", Reason: "usd_per_million must have prices from 0 to 1000000 dollars a million tokens"},
		{Model: "a name with blanks", Reason: "its name must have 1 to 200 printable characters without blanks"},
		{Model: "not-an-object", Reason: "it is not an object"},
		{Model: "gpt-5-nano", Reason: "it is in the list twice; the first was read"},
		{Model: "1024-x-1024/dall-e-2", Reason: "its mode image_generation is not priced by tokens"},
		{Model: "whisper-1", Reason: "its mode audio_transcription is not priced by tokens"},
		{Model: "cohere/rerank-v3.5", Reason: "its mode rerank is not priced by tokens"},
		{Model: "omni-moderation-latest", Reason: "its mode moderation is not priced by tokens"},
	}
	if diff := cmp.Diff(want, list.Unread); diff != "" {
		t.Errorf("not read (-want +got):\n%s", diff)
	}
}

func TestTheNamesOfLiteLLMsPrices(t *testing.T) {
	for name, want := range map[string]string{
		"input_cost_per_token":                                                  "input above 0 of ",
		"cache_creation_input_token_cost_above_1hr":                             "cache_write_1h above 0 of ",
		"cache_creation_input_token_cost_above_1hr_above_200k_tokens":           "cache_write_1h above 200000 of ",
		"output_cost_per_token_above_272k_tokens_priority":                      "output above 272000 of priority",
		"output_cost_per_token_priority_above_272k_tokens":                      "output above 272000 of priority",
		"cache_read_input_token_cost_flex":                                      "cache_read above 0 of flex",
		"input_cost_per_audio_token_batches":                                    "audio_input above 0 of batch",
		"input_cost_per_token_above_0k_tokens":                                  "none",
		"input_cost_per_token_above_-1k_tokens":                                 "none",
		"input_cost_per_token_above_9999999k_tokens":                            "none",
		"input_cost_per_token_above_٢٠٠k_tokens":                                "none",
		"input_cost_per_token_above_200k":                                       "none",
		"input_cost_per_character":                                              "none",
		"input_cost_per_token_above_200k_tokens_above_300k_tokens":              "none",
		"cache_read_input_token_cost_above_200k_tokens_flex_but_somehow_longer": "none",
	} {
		got := "none"
		if tier, above, bucket, known := costName(name); known {
			got = bucket.String() + " above " + big.NewInt(above).String() + " of " + tier
		}
		if got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

// A price that is read is the number of the list to the last digit; one that is not is finer or too large.
func TestAmountsAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.StringMatching(`-?(0|[1-9][0-9]{0,9})(\.[0-9]{1,18})?([eE][-+]?[0-9]{1,2})?`).Draw(t, "number")
		per := rapid.SampledFrom([]unit{perMillion, perThousand, perOne}).Draw(t, "unit")
		exact, ok := new(big.Rat).SetString(number)
		if !ok {
			t.Fatalf("%s is no number", number)
		}
		exact.Mul(exact, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(per)), nil)))
		got, reason := picos(gjson.Parse(number), per)
		switch {
		case reason == "" && exact.Cmp(new(big.Rat).SetInt64(got)) != 0:
			t.Fatalf("%s is read as %d, not %s", number, got, exact)
		case strings.Contains(reason, "finer") && exact.IsInt(), strings.Contains(reason, "negative") && exact.Sign() >= 0,
			strings.Contains(reason, "too large") && exact.Cmp(new(big.Rat).SetInt64(maxPicos/10)) < 0:
			t.Fatalf("%s: %s", number, reason)
		}
	})
	for number, want := range map[string]int64{"1.25e-06": 1_250_000, "3.625e-09": 3625, "1E-12": 1, "0.0": 0, "0e99": 0, "1.50000000000000000000000": 1_500_000_000_000} {
		if got, reason := picos(gjson.Parse(number), perOne); got != want || reason != "" {
			t.Errorf("%s is read as %d (%s), want %d", number, got, reason, want)
		}
	}
}
