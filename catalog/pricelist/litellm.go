package pricelist

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"codexible/catalog"
	"codexible/usage"

	"github.com/tidwall/gjson"
)

// The format of LiteLLM (model_prices_and_context_window.json of github.com/BerriAI/litellm): an
// object of models, whose prices are in dollars a token, written as 1.25e-06. The name of a
// price says of which tokens it is, above which size of the prompt («_above_200k_tokens»), and
// for which service tier («_flex»). «tiered_pricing» has prices by the size of the prompt as
// well; «provider_specific_entry» has a factor for Anthropic's fast mode.

// costOf are the prices of tokens.
var costOf = map[string]usage.Bucket{
	"input_cost_per_token": usage.Input, "cache_read_input_token_cost": usage.CacheRead, "cache_creation_input_token_cost": usage.CacheWrite,
	"cache_creation_input_token_cost_above_1hr": usage.CacheWrite1h, "input_cost_per_audio_token": usage.AudioInput,
	"output_cost_per_token": usage.Output, "output_cost_per_audio_token": usage.AudioOutput,
}

// tokenModes are the modes of models that are priced by tokens and served in an answer; a model may name none.
var tokenModes = []string{"", "chat", "completion", "responses", "embedding"}

// tierSuffixes are how names of prices end that are for a service tier, and the names of the tiers.
var tierSuffixes = [][2]string{{"_flex", "flex"}, {"_priority", "priority"}, {"_batches", "batch"}}

// Their example of all fields, and the tier of Anthropic's fast mode, as usage reports it.
const (
	exampleModel = "sample_spec"
	fastTier     = "fast"
)

func (r *reader) liteLLM(models gjson.Result) (err error) {
	models.ForEach(func(key, m gjson.Result) bool {
		if key.Str == exampleModel {
			return true
		}
		var ok bool
		if ok, err = r.model(key.Str); ok {
			r.liteLLMModel(m, catalog.Listed{Model: key.Str})
		}
		return err == nil
	})
	return err
}

func (r *reader) liteLLMModel(m gjson.Result, e catalog.Listed) {
	if !m.IsObject() {
		r.skip(e.Model, "it is not an object")
		return
	}
	if mode := m.Get("mode").Str; !slices.Contains(tokenModes, mode) {
		r.skip(e.Model, "its mode "+short(mode, 60)+" is not priced by tokens")
		return
	}
	c := costs{sheets: map[string]sheet{"": {}}}
	reason := c.read(m)
	if reason == "" && c.sheets[""][0][usage.Output] == nil && m.Get("mode").Str != "embedding" {
		reason = "it has no price of output tokens"
	}
	if reason != "" {
		r.skip(e.Model, reason)
		return
	}
	e.Terms = c.made()
	if factor := m.Get("provider_specific_entry.fast"); factor.Exists() {
		if reason := c.fast(factor, &e.Terms); reason != "" {
			r.skip(e.Model, reason)
		}
	}
	r.add(e)
}

// costs are the prices of a model, by service tier.
type costs struct {
	sheets                   map[string]sheet
	perRequest, perWebSearch int64
}

func (c *costs) read(m gjson.Result) (reason string) {
	instead := ""
	m.ForEach(func(key, value gjson.Result) bool {
		name := key.Str
		if value.Type == gjson.Null {
			return true
		}
		switch tier, above, bucket, known := costName(name); {
		case known:
			if c.sheets[tier] == nil {
				c.sheets[tier] = sheet{}
			}
			reason = c.sheets[tier].rate(above, bucket, value, perOne)
		case name == "input_cost_per_request":
			c.perRequest, reason = picos(value, perOne)
		case name == "search_context_cost_per_query":
			c.perWebSearch, reason = searchCost(value)
		case name == "output_cost_per_reasoning_token":
			if !sameNumber(value, m.Get("output_cost_per_token")) {
				reason = "is not that of other output"
			}
		case instead == "" && strings.Contains(name, "_cost_per_"):
			instead = name
		}
		if reason != "" {
			reason = "its price " + short(name, 80) + " " + reason
		}
		return reason == ""
	})
	if reason == "" {
		reason = c.ranges(m.Get("tiered_pricing"))
	}
	switch {
	case reason != "" || c.sheets[""][0][usage.Input] != nil:
		return reason
	case instead != "":
		return "it is priced by " + short(instead, 80) + ", and not by input tokens"
	default:
		return "it has no price of input tokens"
	}
}

// ranges reads prices by the size of the prompt: above the beginning of each range.
func (c *costs) ranges(list gjson.Result) (reason string) {
	list.ForEach(func(_, one gjson.Result) bool {
		begin := one.Get("range.0")
		if n := begin.Num; begin.Type != gjson.Number || n < 0 || n > usage.MaxTokens || n != float64(int64(n)) {
			reason = "its tiered_pricing has a range that does not begin with a number of tokens"
			return false
		}
		one.ForEach(func(key, value gjson.Result) bool {
			if bucket, known := costOf[key.Str]; known && value.Type != gjson.Null {
				if reason = c.sheets[""].rate(int64(begin.Num), bucket, value, perOne); reason != "" {
					reason = "its price tiered_pricing." + key.Str + " " + reason
				}
			}
			return reason == ""
		})
		return reason == ""
	})
	return reason
}

// costName reads the name of a price: _above_200k_tokens and the tier may stand in either order.
func costName(name string) (tier string, above int64, bucket usage.Bucket, known bool) {
	name, tier = cutTier(name)
	if at := strings.LastIndex(name, "_above_"); at >= 0 {
		if thousands, found := strings.CutSuffix(name[at+len("_above_"):], "k_tokens"); found {
			n, err := strconv.ParseUint(thousands, 10, 20)
			if err != nil || n == 0 {
				return "", 0, 0, false
			}
			name, above = name[:at], int64(n)*1000
		}
	}
	if tier == "" {
		name, tier = cutTier(name)
	}
	bucket, known = costOf[name]
	return tier, above, bucket, known
}

func cutTier(name string) (rest, tier string) {
	for _, suffix := range tierSuffixes {
		if rest, found := strings.CutSuffix(name, suffix[0]); found {
			return rest, suffix[1]
		}
	}
	return name, ""
}

// made is the terms. What a service tier has no price for is as in the base, also above a size of the prompt.
func (c *costs) made() catalog.Terms {
	base := c.sheets[""]
	terms := catalog.Terms{Base: base.priced(), PerRequest: c.perRequest, PerWebSearch: c.perWebSearch}
	for tier, own := range c.sheets {
		if tier != "" {
			setTier(&terms, tier, own.over(base).priced())
		}
	}
	return terms
}

// fast adds the tier of the fast mode, in which every token costs a multiple.
func (c *costs) fast(factor gjson.Result, terms *catalog.Terms) (reason string) {
	millionths, reason := picos(factor, perMillion)
	if reason == "" && millionths > 1000*usage.MicrosPerUSD {
		reason = "is above 1000"
	}
	if reason == "" {
		if own, whole := c.sheets[""].times(millionths); whole {
			setTier(terms, fastTier, own.priced())
			return ""
		}
		reason = "makes prices that are finer than a pico-dollar"
	}
	return fmt.Sprintf("its factor provider_specific_entry.fast %s; the other prices were read", reason)
}

func setTier(terms *catalog.Terms, name string, set catalog.Set) {
	if terms.Tiers == nil {
		terms.Tiers = map[string]catalog.Set{}
	}
	terms.Tiers[name] = set
}

// searchCost is the price of a web search with as much context as is the default.
func searchCost(value gjson.Result) (n int64, reason string) {
	if value.IsObject() {
		for _, size := range []string{"medium", "high", "low"} {
			if one := value.Get("search_context_size_" + size); one.Exists() {
				return picos(one, perOne)
			}
		}
	}
	return picos(value, perOne)
}

func sameNumber(x, y gjson.Result) bool {
	n, reason := picos(x, perOne)
	m, other := picos(y, perOne)
	return reason == "" && other == "" && n == m
}
