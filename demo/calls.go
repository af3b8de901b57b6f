package demo

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"codexible/gateway"
	"codexible/store"
	"codexible/usage"

	"github.com/google/uuid"
)

// calls makes the charges of a demo calls of the gateway, and adds those that were refused or failed: the
// log of requests, in the order of time. Credits and upstream are set when the charges are in the books.
func calls(charges []charge, now time.Time) (log []*gateway.Record) {
	random := rand.New(rand.NewPCG(2026, 15)) //nolint:gosec // its own generator, so that the charges are those of a demo without a gateway; no secret
	for i := range charges {
		c := &charges[i]
		r := called(random, c)
		c.Call = &usage.Call{RequestID: r.ID, Outcome: r.Outcome, Source: r.Source}
		c.record = r
		log = append(log, r)
		if random.IntN(20) == 0 {
			if r := uncharged(random, r); r.At.Before(now) {
				log = append(log, r)
			}
		}
	}
	slices.SortStableFunc(log, func(a, b *gateway.Record) int { return a.At.Compare(b.At) })
	return log
}

// called is the call that a charge settled: it took as long as its tokens take, and ended then.
func called(random *rand.Rand, c *charge) *gateway.Record {
	tokens := c.Priced.Tokens
	around := func(usual float64) time.Duration {
		return time.Duration(usual * (0.6 + 0.8*random.Float64()) * float64(time.Millisecond))
	}
	first := around(180 + float64(tokens.Prompt()-tokens.CacheRead)/60)
	r := &gateway.Record{
		UserID: c.UserID, KeyID: c.KeyID, Model: c.Model, Endpoint: endpointOf(random, c.Model), Streamed: random.IntN(10) > 0, Upstream: upstreamName, Sticky: random.IntN(3) > 0,
		Status: 200, Outcome: usage.CallComplete, Source: usage.SourceReported, Tokens: &tokens, PriceID: c.Priced.PriceID, CostMicros: c.CostMicros,
		FirstByte: first, FirstToken: first + around(40), Held: (c.Millionths + 2*usage.Millionths - 1) / usage.Millionths,
	}
	r.Took = r.FirstToken + around(float64(tokens.Output)*9)
	if random.IntN(60) == 0 {
		r.Outcome, r.Source = usage.CallClientGone, usage.SourceCounted
	}
	r.At = c.at.Add(-r.Took).Truncate(time.Microsecond)
	r.ID = requestID(random, r.At)
	start := time.Duration(0)
	if random.IntN(25) == 0 { // a first try that was overloaded
		start = around(120)
		r.Attempts = append(r.Attempts, gateway.Attempt{Upstream: upstreamName, Status: 529, Error: "overloaded", Took: start.Microseconds()})
	}
	r.Attempts = append(r.Attempts, gateway.Attempt{Upstream: upstreamName, Status: 200, Start: start.Microseconds(), Took: (r.Took - start).Microseconds()})
	if !r.Streamed {
		r.FirstByte, r.FirstToken = r.Took, 0
	}
	return r
}

// uncharged is a call of the same key a little later that nobody paid for.
func uncharged(random *rand.Rand, before *gateway.Record) *gateway.Record {
	r := &gateway.Record{
		At: before.At.Add(time.Duration(1+random.IntN(50)) * time.Second), UserID: before.UserID, KeyID: before.KeyID, Model: before.Model, Endpoint: before.Endpoint,
		Streamed: before.Streamed, Took: time.Duration(900+random.IntN(3000)) * time.Microsecond, Outcome: usage.CallRefused, Status: 429, Code: "concurrency_limit_exceeded",
	}
	switch random.IntN(4) {
	case 0:
		r.Outcome, r.Status, r.Code = usage.CallUpstreamError, 503, "no_upstream"
		for range 3 {
			r.Attempts = append(r.Attempts, gateway.Attempt{Upstream: upstreamName, Status: 500, Error: "status_500", Start: r.Took.Microseconds(), Took: 80_000})
			r.Took += 80 * time.Millisecond
		}
		r.Upstream = upstreamName
	case 1:
		r.Status, r.Code = 404, "model_not_found"
	}
	r.ID = requestID(random, r.At)
	return r
}

// endpointOf is where clients call a model: coding agents by the wire of its vendor.
func endpointOf(random *rand.Rand, model string) gateway.Endpoint {
	switch {
	case random.IntN(6) == 0:
		return gateway.ChatCompletions
	case strings.HasPrefix(model, "claude"):
		return gateway.Messages
	}
	return gateway.Responses
}

// requestID is a UUID of version 7 of a moment (RFC 9562).
func requestID(random *rand.Rand, at time.Time) (id uuid.UUID) {
	binary.BigEndian.PutUint64(id[:], uint64(at.UnixMilli())<<16|random.Uint64()&0xfff|0x7000)
	binary.BigEndian.PutUint64(id[8:], random.Uint64()>>2|0x8000_0000_0000_0000)
	return id
}

// batchOfLog is how many lines of the log one transaction writes.
const batchOfLog = 256

// writeLog writes the log, and what the upstream cost on each day.
func writeLog(ctx context.Context, s *store.Store, log []*gateway.Record, upstream uuid.UUID) error {
	for lines := range slices.Chunk(log, batchOfLog) {
		records, days := make([]gateway.Record, len(lines)), map[usage.Day]gateway.UpstreamDay{}
		for i, r := range lines {
			if len(r.Attempts) > 0 {
				r.UpstreamID = upstream
			}
			records[i] = *r
			day := usage.DayOf(r.At.Add(r.Took))
			sum := days[day]
			for _, a := range r.Attempts {
				sum.Requests++
				if a.Error != "" {
					sum.Failures++
				}
			}
			sum.Day, sum.UpstreamID, sum.CostMicros = day, upstream, sum.CostMicros+r.CostMicros
			days[day] = sum
		}
		list := make([]gateway.UpstreamDay, 0, len(days))
		for _, day := range days {
			list = append(list, day)
		}
		if err := s.WriteRequests(ctx, records, list); err != nil {
			return err
		}
	}
	return nil
}
