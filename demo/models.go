package demo

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/gateway"
	"codexible/store"
	"codexible/usage"

	"github.com/google/uuid"
)

// offer is a model of the demo: how it is sold, how often it is called, and the usual
// size of a call.
type offer struct {
	catalog.Model
	// plans are the names of those that see it; nil for all.
	plans []string
	// prices are its terms by the first day on which they count, in days before today.
	prices map[int]catalog.Terms
	weight int
	// prompt and completion are the usual tokens, cached the usual share of the prompt that is
	// read from a cache, written that which is written to one, reasoned that of the output.
	prompt, completion        float64
	cached, written, reasoned float64
}

// start is how many days before today the demo's first price begins.
const start = days + 1

// The models, the cheapest first: the last resort where little is left of a day.
var offers = []offer{
	{
		Model:  catalog.Model{Name: "gpt-5-mini", DisplayName: "GPT-5 mini", Aliases: []string{"fast"}, Description: "Quick answers and small edits, at the same price whatever their size.", ContextWindow: 400_000},
		prices: map[int]catalog.Terms{start: {Base: openAI(250_000, 25_000, 2_000_000), Charge: catalog.Charge{Mode: catalog.ByRequest, Credits: 400_000, CreditValue: cent}}},
		weight: 26, prompt: 7000, completion: 350, cached: 0.6, reasoned: 0.3,
	},
	{
		Model: catalog.Model{Name: "claude-haiku-4-5", DisplayName: "Claude Haiku 4.5", Description: "Fast and capable, for most of the day.", ContextWindow: 200_000},
		// Its price to customers fell twelve days ago.
		prices: map[int]catalog.Terms{start: {Base: anthropic(1_000_000, 5_000_000), Charge: byCost(160)}, 12: {Base: anthropic(1_000_000, 5_000_000), Charge: byCost(135)}},
		weight: 28, prompt: 14_000, completion: 500, cached: 0.75, written: 0.1,
	},
	{
		Model:  catalog.Model{Name: "gpt-5", DisplayName: "GPT-5", Description: "Careful reasoning over large changes.", ContextWindow: 400_000},
		prices: map[int]catalog.Terms{start: {Base: openAI(1_250_000, 125_000, 10_000_000), Tiers: map[string]catalog.Set{"flex": openAI(625_000, 62_500, 5_000_000), "priority": openAI(2_500_000, 250_000, 20_000_000)}, PerWebSearch: cent * catalog.PicosPerMicro, Charge: byCost(130)}},
		weight: 16, prompt: 18_000, completion: 1100, cached: 0.7, reasoned: 0.5,
	},
	{
		Model:  catalog.Model{Name: "claude-sonnet-4-5", DisplayName: "Claude Sonnet 4.5", Aliases: []string{"default"}, Description: "The usual choice for coding agents.", ContextWindow: 1_000_000},
		prices: map[int]catalog.Terms{start: {Base: withBand(anthropic(3_000_000, 15_000_000), 200_000, anthropic(6_000_000, 22_500_000)), PerWebSearch: cent * catalog.PicosPerMicro, Charge: byCost(130)}},
		weight: 24, prompt: 24_000, completion: 800, cached: 0.8, written: 0.08,
	},
	{
		Model:  catalog.Model{Name: "claude-opus-4-5", DisplayName: "Claude Opus 4.5", Description: "The strongest model, for the hardest problems.", ContextWindow: 200_000},
		plans:  []string{"Pro", "Business"},
		prices: map[int]catalog.Terms{start: {Base: anthropic(5_000_000, 25_000_000), PerWebSearch: cent * catalog.PicosPerMicro, Charge: byCost(130)}},
		weight: 6, prompt: 30_000, completion: 1200, cached: 0.8, written: 0.1,
	},
}

// cent is a hundredth of a dollar in micro-dollars: what a credit is worth.
const cent = usage.MicrosPerUSD / 100

func byCost(percent int64) catalog.Charge {
	return catalog.Charge{Mode: catalog.ByCost, Percent: percent * catalog.Hundredths, CreditValue: cent}
}

// anthropic are rates in pico-dollars a token: a tenth of the input for a cache that is
// read, a quarter more for one that is written, and twice as much for one of an hour.
func anthropic(input, output int64) catalog.Set {
	read, write, hour := input/10, input/4*5, input*2
	return catalog.Set{Rates: catalog.Rates{Input: input, Output: output, CacheRead: &read, CacheWrite: &write, CacheWrite1h: &hour}}
}

func openAI(input, cached, output int64) catalog.Set {
	return catalog.Set{Rates: catalog.Rates{Input: input, Output: output, CacheRead: &cached}}
}

func withBand(small catalog.Set, above int64, large catalog.Set) catalog.Set {
	small.Bands = []catalog.Band{{Above: above, Rates: large.Rates}}
	return small
}

// upstreamName is the name of the demo's own model.
const upstreamName = "Demo model"

// createModels offers the demo's models, which the model at modelURL serves, and sets
// their prices. Without a URL nothing serves them, and there is no upstream.
func createModels(ctx context.Context, s *store.Store, now time.Time, modelURL string) (upstream uuid.UUID, err error) {
	candidates := []catalog.NewCandidate{}
	if modelURL != "" {
		name, kind, wires := upstreamName, gateway.Compatible, []string{usage.Chat.String(), usage.Responses.String(), usage.Messages.String()}
		u, err := s.CreateUpstream(ctx, accounts.ActorSystem, gateway.UpstreamChange{Name: &name, Kind: &kind, BaseURL: &modelURL, Wires: &wires})
		if err != nil {
			return upstream, err
		}
		upstream = u.ID
		candidates = append(candidates, catalog.NewCandidate{Upstream: upstreamName})
	}
	for i := range offers {
		m := &offers[i].Model
		c := catalog.ModelChange{Name: &m.Name, Aliases: &m.Aliases, DisplayName: &m.DisplayName, Description: &m.Description, ContextWindow: &m.ContextWindow, Plans: &offers[i].plans, Candidates: &candidates}
		if _, err := s.CreateModel(ctx, accounts.ActorSystem, c); err != nil {
			return upstream, err
		}
	}
	for _, p := range prices(now) {
		n := catalog.NewPrice{Model: p.Model, ValidFrom: &p.ValidFrom, Terms: p.Terms}
		if p.ValidFrom.Equal(prices(now)[0].ValidFrom) {
			n.ValidFrom = nil // the demo's first moment is in the middle of that day
		}
		if _, err := s.SetPrice(ctx, accounts.ActorSystem, n); err != nil {
			return upstream, err
		}
	}
	return upstream, nil
}

// prices are the demo's prices in the order in which they begin, without ids.
func prices(now time.Time) (list []catalog.Price) {
	today := usage.DayOf(now)
	for before := start; before >= 0; before-- {
		for _, o := range offers {
			if terms, begins := o.prices[before]; begins {
				list = append(list, catalog.Price{Model: o.Name, ValidFrom: today.Add(-before).Start(), Terms: terms, Source: catalog.SourceManual})
			}
		}
	}
	return list
}

// request is a random call of a model that a plan sees: one that costs this many
// millionths of a credit at most.
func request(random *rand.Rand, book *catalog.Book, plan string, at time.Time, most int64) (usage.Charge, error) {
	o := pick(random, plan)
	c, err := o.call(random, book, at)
	if err == nil && c.Millionths > most {
		c, err = offers[0].call(random, book, at)
	}
	return c, err
}

func pick(random *rand.Rand, plan string) *offer {
	total := 0
	for i := range offers {
		total += offers[i].weightFor(plan)
	}
	left := random.IntN(total)
	for i := range offers {
		if left -= offers[i].weightFor(plan); left < 0 {
			return &offers[i]
		}
	}
	return &offers[0]
}

func (o *offer) weightFor(plan string) int {
	if o.plans != nil && !slices.Contains(o.plans, plan) {
		return 0
	}
	return o.weight
}

// call is a random call, priced as the service prices it. The length of calls spreads as
// their logarithm does.
func (o *offer) call(random *rand.Rand, book *catalog.Book, at time.Time) (usage.Charge, error) {
	prompt := math.Ceil(o.prompt * math.Exp(0.6*random.NormFloat64()))
	completion := math.Ceil(o.completion * math.Exp(0.7*random.NormFloat64()))
	share := func(of, usual float64) int64 { return int64(of * usual * (0.7 + 0.3*random.Float64())) }
	used := usage.Tokens{CacheRead: share(prompt, o.cached), CacheWrite: share(prompt, o.written), Output: int64(completion), Reasoning: share(completion, o.reasoned), Requests: 1}
	used.Input = int64(prompt) - used.CacheRead - used.CacheWrite
	q, err := book.Quote(o.Name, &used, at)
	return usage.Charge{
		Millionths: q.Millionths, CostMicros: q.CostMicros, Model: o.Name, PromptTokens: used.Prompt(), CompletionTokens: used.Completion(),
		Priced: &usage.Priced{PriceID: q.PriceID, Tokens: used},
	}, err
}
