package store

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"codexible/gateway"
	"codexible/usage"

	"github.com/google/uuid"
)

// CallFigures are how the latest calls went, for pages.
type CallFigures struct {
	// Calls is how many requests were looked at, of which Refused reached no upstream. Since is
	// when the first of them arrived, or the start of the window where all of it was looked at.
	Calls, Refused int64
	Since          time.Time
	// All is what reached an upstream, without a name.
	All CallGroup
	// Slots divide the time from Since to the moment of the figures evenly, the oldest first.
	Slots []CallSlot
	// Upstreams and Models are by the number of their calls.
	Upstreams, Models []CallGroup
	// Failovers are the attempts that failed before another one was made, by the name of their upstream.
	Failovers map[string]int64
}

// CallSlot is the calls that arrived in a part of the time.
type CallSlot struct {
	From, To                time.Time
	Served, Failed, Refused int64
}

// callSlots is how many parts of the time figures have.
const callSlots = 24

// CallGroup is the calls of an upstream or of a model.
type CallGroup struct {
	// UpstreamID is zero for a model.
	UpstreamID uuid.UUID
	Name       string
	// Failures are the calls that the upstream failed.
	Calls, Failures int64
	// Took is the whole calls; FirstByte and FirstToken count where there was one.
	Took, FirstByte, FirstToken Percentiles
	// Prompt and CacheRead are tokens: how much of what was read a cache had.
	Prompt, CacheRead, Completion int64
	Credits, CostMicros           int64
}

// CacheShare is how much of what was read a cache had, from 0 to 1.
func (g *CallGroup) CacheShare() float64 {
	if g.Prompt == 0 {
		return 0
	}
	return float64(g.CacheRead) / float64(g.Prompt)
}

// Percentiles are of durations: half, 95 % and 99 % took at most as long; zeros of none.
type Percentiles struct{ P50, P95, P99 time.Duration }

func percentilesOf(durations []time.Duration) Percentiles {
	if len(durations) == 0 {
		return Percentiles{}
	}
	slices.Sort(durations)
	at := func(percent int) time.Duration { return durations[(len(durations)*percent+99)/100-1] }
	return Percentiles{at(50), at(95), at(99)}
}

// figureScan is how many of the latest requests the figures are made of, at most.
const figureScan = 10_000

// CallFigures are how the calls of a window up to now went. The latest figureScan of
// them are read along the primary key, however many there are; the answer is kept for seconds.
func (s *Store) CallFigures(ctx context.Context, window time.Duration) (CallFigures, error) {
	return s.callFigures.get(ctx, window.String(), func(ctx context.Context) (CallFigures, error) {
		since := s.now().Add(-window)
		calls, err := list(ctx, s, (*callLine).fields, `SELECT r.at, r.upstream_id, r.upstream, r.model, r.outcome, r.took_micros, COALESCE(r.first_byte_micros, 0), COALESCE(r.first_token_micros, 0), r.attempts,
			COALESCE(r.tokens, ''), r.credits, r.cost_micros FROM requests AS r WHERE r.id >= ? ORDER BY r.id DESC LIMIT ?`, firstID(since), figureScan)
		return figuresOf(calls, since, since.Add(window)), err
	})
}

// callLine is what figures need of a request.
type callLine struct {
	at                 time.Time
	upstreamID         uuid.NullUUID
	upstream, model    string
	outcome            usage.CallOutcome
	took, first, token int64
	attempts           string
	tokens             string
	credits, costMicro int64
}

func (c *callLine) fields() []any {
	return []any{&c.at, &c.upstreamID, &c.upstream, &c.model, &c.outcome, &c.took, &c.first, &c.token, &c.attempts, &c.tokens, &c.credits, &c.costMicro}
}

func figuresOf(calls []callLine, since, until time.Time) CallFigures {
	f := CallFigures{Calls: int64(len(calls)), Since: since, Failovers: map[string]int64{}}
	if len(calls) == figureScan {
		f.Since = calls[len(calls)-1].at.UTC()
	}
	f.Slots = slotsOf(calls, f.Since, until)
	all, upstreams, models := callGroup{}, callGroups[uuid.UUID]{}, callGroups[string]{}
	for i := range calls {
		c := &calls[i]
		f.countFailovers(c.attempts)
		if !c.upstreamID.Valid {
			f.Refused++
			continue
		}
		tokens, _ := usage.ParseTokens(c.tokens) // none where there are none
		all.add(c, &tokens)
		upstream := upstreams.of(c.upstreamID.UUID)
		upstream.UpstreamID = c.upstreamID.UUID
		if upstream.Name == "" { // the latest name is the first
			upstream.Name = c.upstream
		}
		upstream.add(c, &tokens)
		model := models.of(c.model)
		model.Name = c.model
		model.add(c, &tokens)
	}
	f.All, f.Upstreams, f.Models = all.sum(), upstreams.list(), models.list()
	return f
}

func slotsOf(calls []callLine, since, until time.Time) []CallSlot {
	slots, part := make([]CallSlot, callSlots), max(until.Sub(since)/callSlots, 1)
	for i := range slots {
		slots[i].From, slots[i].To = since.Add(time.Duration(i)*part), since.Add(time.Duration(i+1)*part)
	}
	for i := range calls {
		c := &calls[i]
		slot := &slots[max(0, min(int(c.at.Sub(since)/part), callSlots-1))]
		switch {
		case !c.upstreamID.Valid:
			slot.Refused++
		case c.outcome == usage.CallUpstreamError:
			slot.Failed++
		default:
			slot.Served++
		}
	}
	return slots
}

// countFailovers counts the attempts of a call but its last. Most calls have one, which is not decoded.
func (f *CallFigures) countFailovers(attempts string) {
	if strings.Count(attempts, `"start"`) < 2 {
		return
	}
	var list []gateway.Attempt
	if json.Unmarshal([]byte(attempts), &list) != nil || len(list) < 2 {
		return
	}
	for _, a := range list[:len(list)-1] {
		f.Failovers[a.Upstream]++
	}
}

// callGroup is a CallGroup with the durations of its calls.
type callGroup struct {
	CallGroup

	took, bytes, tokens []time.Duration
}

func (g *callGroup) add(c *callLine, t *usage.Tokens) {
	g.Calls++
	if c.outcome == usage.CallUpstreamError {
		g.Failures++
	}
	g.took = append(g.took, time.Duration(c.took)*time.Microsecond)
	if c.first > 0 {
		g.bytes = append(g.bytes, time.Duration(c.first)*time.Microsecond)
	}
	if c.token > 0 {
		g.tokens = append(g.tokens, time.Duration(c.token)*time.Microsecond)
	}
	g.Prompt += t.Prompt()
	g.CacheRead += t.CacheRead
	g.Completion += t.Completion()
	g.Credits += c.credits
	g.CostMicros += c.costMicro
}

// sum is the group with the percentiles of its durations.
func (g *callGroup) sum() CallGroup {
	g.Took, g.FirstByte, g.FirstToken = percentilesOf(g.took), percentilesOf(g.bytes), percentilesOf(g.tokens)
	return g.CallGroup
}

type callGroups[ID comparable] map[ID]*callGroup

func (g callGroups[ID]) of(id ID) *callGroup {
	group := g[id]
	if group == nil {
		group = &callGroup{}
		g[id] = group
	}
	return group
}

func (g callGroups[ID]) list() (list []CallGroup) {
	for _, group := range g {
		list = append(list, group.sum())
	}
	slices.SortFunc(list, func(a, b CallGroup) int { return cmp.Or(cmp.Compare(b.Calls, a.Calls), cmp.Compare(a.Name, b.Name)) })
	return list
}
