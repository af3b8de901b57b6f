package store_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// sumKey is a group of every dimension.
type sumKey struct {
	day            usage.Day
	hour           int64
	user, key, via uuid.UUID
	model          string
}

// TestSumsOfUsageAreExactByEveryDivision charges at random, adds up by hand, and pages.
func TestSumsOfUsageAreExactByEveryDivision(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx, random := context.Background(), rand.New(rand.NewPCG(1, 2))
		customers := []storetest.Customer{storetest.NewCustomer(t, s, "Business"), storetest.NewCustomer(t, s, "Business"), storetest.NewCustomer(t, s, "Pro")}
		price := newPrice(t, s, "opus", clock.Now(), 5, 25)
		upstreams := []uuid.UUID{uuid.New(), uuid.New()}
		want := map[sumKey]store.UsageSum{}
		for i := range 120 {
			at, c := clock.Now().Add(time.Duration(i)*37*time.Minute), customers[random.IntN(3)]
			entry := usage.Entry{Charge: c.Charge(1 + random.Int64N(3))}
			entry.Model, entry.PromptTokens, entry.CompletionTokens, entry.CostMicros = []string{"a", "b"}[random.IntN(2)], random.Int64N(99), random.Int64N(99), random.Int64N(999)
			tokens := usage.Tokens{Input: entry.PromptTokens, Output: entry.CompletionTokens}
			key := sumKey{}
			if i%2 == 0 {
				tokens = usage.Tokens{Input: random.Int64N(900), CacheRead: random.Int64N(900), CacheWrite: 3, CacheWrite1h: 2, AudioInput: 1, Output: 100, AudioOutput: 4, Reasoning: 9, WebSearches: 1}
				entry.Charge = pricedCharge(t, c, price, tokens)
				key.via = upstreams[random.IntN(2)]
				entry.Call = &usage.Call{RequestID: uuid.New(), Outcome: usage.CallComplete, Source: usage.SourceReported, UpstreamID: key.via}
			}
			r := post(t, s, at, entry)[0]
			if r.Outcome != usage.Accepted {
				continue
			}
			key.day, key.hour, key.user, key.key, key.model = r.Day, int64(at.UTC().Hour()), c.User.ID, c.Charge(0).KeyID, entry.Model
			sum := want[key]
			sum.Requests++
			sum.Credits += r.Charged
			sum.CostMicros += entry.CostMicros
			for _, f := range [][2]*int64{
				{&sum.Tokens.Input, &tokens.Input}, {&sum.Tokens.CacheRead, &tokens.CacheRead}, {&sum.Tokens.CacheWrite, &tokens.CacheWrite}, {&sum.Tokens.CacheWrite1h, &tokens.CacheWrite1h},
				{&sum.Tokens.AudioInput, &tokens.AudioInput}, {&sum.Tokens.Output, &tokens.Output}, {&sum.Tokens.AudioOutput, &tokens.AudioOutput},
				{&sum.Tokens.Reasoning, &tokens.Reasoning}, {&sum.Tokens.WebSearches, &tokens.WebSearches},
			} {
				*f[0] += *f[1]
			}
			want[key] = sum
		}
		span, _ := usage.Span("2026-03-04", "2026-03-09")
		for division := range 1 << 6 {
			var by []store.SumBy
			for i, d := range []store.SumBy{store.SumByDay, store.SumByHour, store.SumByUser, store.SumByKey, store.SumByModel, store.SumByUpstream} {
				if division&(1<<i) != 0 {
					by = append(by, d)
				}
			}
			expected := map[sumKey]store.UsageSum{}
			for k, sum := range want {
				k = divided(k, by)
				total := expected[k]
				total.Requests, total.Credits, total.CostMicros = total.Requests+sum.Requests, total.Credits+sum.Credits, total.CostMicros+sum.CostMicros
				total.Tokens = addTokens(total.Tokens, sum.Tokens)
				expected[k] = total
			}
			got := map[sumKey]store.UsageSum{}
			q := store.UsageSumQuery{Span: span, By: by, Limit: 7}
			for {
				page, err := s.UsageSums(ctx, q)
				if err != nil {
					t.Fatal(by, err)
				}
				for _, u := range page {
					k := divided(sumKey{u.Day, u.Hour, u.UserID, u.KeyID, u.UpstreamID, u.Model}, by)
					if _, twice := got[k]; twice {
						t.Fatalf("%v: %v comes twice", by, k)
					}
					got[k] = store.UsageSum{Requests: u.Requests, Credits: u.Credits, CostMicros: u.CostMicros, Uncollected: u.Uncollected, Tokens: u.Tokens}
				}
				if len(page) < q.Limit {
					break
				}
				q.After = &page[len(page)-1]
			}
			if diff := cmp.Diff(expected, got, cmp.AllowUnexported(sumKey{})); diff != "" {
				t.Fatalf("%v: %s", by, diff)
			}
		}
	})
}

func divided(k sumKey, by []store.SumBy) (d sumKey) {
	if slices.Contains(by, store.SumByDay) {
		d.day = k.day
	}
	if slices.Contains(by, store.SumByHour) {
		d.hour = k.hour
	}
	if slices.Contains(by, store.SumByUser) {
		d.user = k.user
	}
	if slices.Contains(by, store.SumByKey) {
		d.key = k.key
	}
	if slices.Contains(by, store.SumByModel) {
		d.model = k.model
	}
	if slices.Contains(by, store.SumByUpstream) {
		d.via = k.via
	}
	return d
}

func addTokens(a, b usage.Tokens) usage.Tokens {
	return usage.Tokens{
		Input: a.Input + b.Input, CacheRead: a.CacheRead + b.CacheRead, CacheWrite: a.CacheWrite + b.CacheWrite, CacheWrite1h: a.CacheWrite1h + b.CacheWrite1h,
		AudioInput: a.AudioInput + b.AudioInput, Output: a.Output + b.Output, AudioOutput: a.AudioOutput + b.AudioOutput,
		Reasoning: a.Reasoning + b.Reasoning, WebSearches: a.WebSearches + b.WebSearches,
	}
}
