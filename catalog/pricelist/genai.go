package pricelist

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"codexible/catalog"
	"codexible/usage"

	"github.com/tidwall/gjson"
)

// The format of genai-prices (github.com/pydantic/genai-prices): providers with models, whose
// prices are in dollars a million tokens or a thousand requests. A price may depend on the
// size of the prompt («base», and «tiers» that count above their «start» for the whole call)
// and be one of several, of which the last counts whose constraint is met: a date from which
// on it is valid, or hours of the day.

// makers have models of their own, which have their names without the provider's. Where two
// have a model of the same name, the first has it. One that also sells others' models is
// followed by how the names of its own begin.
var makers = []struct {
	id  string
	own []string
}{
	{id: "anthropic"}, {id: "openai"}, {id: "deepseek"}, {id: "x-ai"}, {id: "moonshotai"}, {id: "zai"}, {id: "minimax"},
	{id: "mistral"}, {id: "cohere"}, {id: "voyageai"}, {id: "google", own: []string{"gemini", "gemma"}},
}

// bucketOf are the prices of tokens.
var bucketOf = map[string]usage.Bucket{
	"input_mtok": usage.Input, "cache_read_mtok": usage.CacheRead, "cache_write_mtok": usage.CacheWrite, "cache_write_1h_mtok": usage.CacheWrite1h,
	"input_audio_mtok": usage.AudioInput, "output_mtok": usage.Output, "output_audio_mtok": usage.AudioOutput,
}

// notNeeded are prices of what is inside another bucket, or no part of an answer.
var notNeeded = []string{"storage_searches_kcount", "cache_audio_read_mtok", "cache_image_read_mtok"}

func (r *reader) genaiPrices(providers gjson.Result) error {
	rest := providers.Array()
	for _, maker := range makers {
		for i, p := range rest {
			if p.Get("id").Str != maker.id {
				continue
			}
			rest = slices.Delete(rest, i, i+1)
			own := func(name string) bool {
				return !r.seen[name] && (maker.own == nil || slices.ContainsFunc(maker.own, func(begin string) bool { return strings.HasPrefix(name, begin) }))
			}
			if err := r.provider(p, own); err != nil {
				return err
			}
			break
		}
	}
	for _, p := range rest {
		if err := r.provider(p, func(string) bool { return false }); err != nil {
			return err
		}
	}
	return nil
}

// provider reads the models of a provider; own says which of their names stand by themselves.
func (r *reader) provider(p gjson.Result, own func(name string) bool) (err error) {
	id := p.Get("id").Str
	p.Get("models").ForEach(func(_, m gjson.Result) bool {
		name, prefix := m.Get("id").Str, ""
		if !own(name) {
			prefix = id + "/"
		}
		var ok bool
		if ok, err = r.model(prefix + name); ok {
			r.genaiModel(m, catalog.Listed{Model: prefix + name, Also: also(m.Get("match"), name, prefix)})
		}
		return err == nil
	})
	return err
}

// also are the other whole names that a model's match has.
func also(match gjson.Result, name, prefix string) (names []string) {
	take := func(_, one gjson.Result) bool {
		equal := one.Get("equals")
		if other := prefix + equal.Str; equal.Type == gjson.String && equal.Str != name && catalog.ValidName(other) && !slices.Contains(names, other) {
			names = append(names, other)
		}
		return len(names) < maxAlso
	}
	if some := match.Get("or"); some.IsArray() {
		some.ForEach(take)
	} else {
		take(gjson.Result{}, match)
	}
	return names
}

// genaiModel reads the prices of a model.
func (r *reader) genaiModel(m gjson.Result, e catalog.Listed) {
	prices := m.Get("prices")
	if !prices.IsArray() {
		if terms, reason := genaiTerms(prices); reason != "" {
			r.skip(e.Model, reason)
		} else {
			e.Terms = terms.made()
			r.add(e)
		}
		return
	}
	dated, hourly, reason := genaiPeriods(prices)
	for i := range dated {
		for j := range hourly {
			if reason == "" {
				reason = dated[i].raise(&hourly[j])
			}
		}
	}
	if reason != "" {
		r.skip(e.Model, reason)
		return
	}
	if len(hourly) > 0 {
		r.skip(e.Model, "its price depends on the time of the day; the highest of the day was read")
	}
	for _, one := range dated {
		e.ValidFrom, e.Terms = one.from, one.made()
		r.add(e)
	}
}

// genaiPeriods are the prices that are valid from a day on, in their order, and those of some hours of the day.
func genaiPeriods(prices gjson.Result) (dated, hourly []period, reason string) {
	prices.ForEach(func(_, one gjson.Result) bool {
		var p period
		if p, reason = genaiTerms(one.Get("prices")); reason != "" {
			return false
		}
		constraint := one.Get("constraint")
		start := constraint.Get("start_date")
		switch {
		case constraint.Get("start_time").Exists():
			hourly = append(hourly, p)
			return true
		case start.Exists():
			if _, ok := usage.ParseDay(start.Str); !ok {
				reason = fmt.Sprintf("the date %s of a price is not %s", short(start.String(), 40), usage.Bounds)
				return false
			}
			p.from, _ = time.Parse(time.DateOnly, start.Str)
		case constraint.Exists() && constraint.Type != gjson.Null:
			reason = "a price has a constraint of an unknown kind"
			return false
		}
		// The last in the list counts: it hides those before it that begin at the same time or later.
		dated = slices.DeleteFunc(dated, func(earlier period) bool { return !earlier.from.Before(p.from) })
		dated = append(dated, p)
		return true
	})
	if reason == "" && len(dated) == 0 {
		reason = "it has no price"
	}
	return dated, hourly, reason
}

// A period is a price and when it begins.
type period struct {
	from                     time.Time
	rates                    sheet
	perRequest, perWebSearch int64
}

func (p *period) made() catalog.Terms {
	return catalog.Terms{Base: p.rates.priced(), PerRequest: p.perRequest, PerWebSearch: p.perWebSearch}
}

// raise makes each price at least that of another period. Bands are not raised.
func (p *period) raise(other *period) (reason string) {
	if len(p.rates) > 1 || len(other.rates) > 1 {
		return "its price depends on the time of the day and on the size of the prompt"
	}
	mine, others := p.rates.priced().Rates, other.rates.priced().Rates
	raised := sheet{}
	for b := range usage.NumBuckets {
		if mine.Own(b) != nil || others.Own(b) != nil {
			raised.set(0, b, max(mine.Of(b), others.Of(b)))
		}
	}
	p.rates = raised
	p.perRequest, p.perWebSearch = max(p.perRequest, other.perRequest), max(p.perWebSearch, other.perWebSearch)
	return ""
}

// genaiTerms reads one price of a model.
func genaiTerms(prices gjson.Result) (p period, reason string) {
	p.rates = sheet{}
	prices.ForEach(func(key, value gjson.Result) bool {
		switch bucket, known := bucketOf[key.Str]; {
		case known:
			reason = p.rates.genaiRate(bucket, value)
		case key.Str == "requests_kcount":
			p.perRequest, reason = picos(value, perThousand)
		case key.Str == "web_searches_kcount":
			p.perWebSearch, reason = picos(value, perThousand)
		case !slices.Contains(notNeeded, key.Str):
			reason = "is of a kind that is not counted here"
		}
		if reason != "" {
			reason = "its price " + short(key.Str, 60) + " " + reason
		}
		return reason == ""
	})
	if reason == "" && p.rates[0][usage.Input] == nil {
		reason = "it has no price of input tokens"
	}
	return p, reason
}

// genaiRate reads the price of a bucket: a number, or an object with those of larger prompts.
func (s sheet) genaiRate(bucket usage.Bucket, value gjson.Result) (reason string) {
	if !value.IsObject() {
		return s.rate(0, bucket, value, perMillion)
	}
	if reason = s.rate(0, bucket, value.Get("base"), perMillion); reason != "" {
		return reason
	}
	value.Get("tiers").ForEach(func(_, tier gjson.Result) bool {
		start := tier.Get("start")
		if n := start.Num; start.Type != gjson.Number || n < 1 || n > usage.MaxTokens || n != math.Trunc(n) {
			reason = fmt.Sprintf("has a tier whose start is not a whole number from 1 to %d", int64(usage.MaxTokens))
			return false
		}
		reason = s.rate(int64(start.Num), bucket, tier.Get("price"), perMillion)
		return reason == ""
	})
	return reason
}

func (s sheet) rate(above int64, bucket usage.Bucket, value gjson.Result, per unit) (reason string) {
	n, reason := picos(value, per)
	if reason == "" {
		s.set(above, bucket, n)
	}
	return reason
}
