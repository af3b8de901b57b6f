package console

import (
	"context"
	"slices"
	"time"

	"codexible/gateway"
	"codexible/store"
	"codexible/usage"
	"codexible/views"

	"github.com/google/uuid"
)

// upstreamWindow is of which calls the pages of upstreams show how they went.
const upstreamWindow = time.Hour

// fleet is what the pages show of upstreams beside what is stored of them.
type fleet struct {
	console *Console
	now     time.Time
	spent   map[uuid.UUID]int64
	figures store.CallFigures
}

// fleet reads what today's calls cost and how the last ones went.
func (c *Console) fleet(ctx context.Context) (f fleet, err error) {
	f = fleet{console: c, now: c.Now()}
	if f.spent, err = c.Store.Spent(ctx, usage.DayOf(f.now)); err != nil {
		return f, err
	}
	f.figures, err = c.Store.CallFigures(ctx, upstreamWindow)
	return f, err
}

// line is an upstream with its state and its keys' states.
func (f *fleet) line(u *gateway.Upstream) views.UpstreamLine {
	var learnt gateway.UpstreamState
	if f.console.UpstreamState != nil {
		learnt = f.console.UpstreamState(u.ID)
	}
	l := views.UpstreamLine{Upstream: u, SpentMicros: f.spent[u.ID], Recent: f.calls(u)}
	for i := range u.Keys {
		l.Keys = append(l.Keys, views.UpstreamKeyLine{UpstreamKey: &u.Keys[i], State: f.keyState(&u.Keys[i], learnt.Keys)})
	}
	l.State = f.state(&l, learnt.RestsUntil)
	return l
}

// calls is how the last calls of an upstream went.
func (f *fleet) calls(u *gateway.Upstream) views.UpstreamCalls {
	failovers := f.figures.Failovers[u.Name]
	calls := views.UpstreamCalls{Attempts: failovers, Failures: failovers}
	if i := slices.IndexFunc(f.figures.Upstreams, func(g store.CallGroup) bool { return g.UpstreamID == u.ID }); i >= 0 {
		g := &f.figures.Upstreams[i]
		calls.Attempts += g.Calls
		calls.Failures += g.Failures
		calls.FirstByte, calls.Slow = g.FirstByte.P50, g.FirstByte.P95
	}
	return calls
}

// The states of keys that another state depends on.
const (
	keyRefused = "Refused by the provider"
	keyRests   = "Resting"
)

func (f *fleet) keyState(k *gateway.UpstreamKey, learnt []gateway.KeyState) views.State {
	switch {
	case k.DisabledAt != nil && k.DisabledReason == gateway.DisabledByOperator:
		return views.State{Text: "Disabled", Why: "An operator has disabled it."}
	case k.DisabledAt != nil:
		return views.State{Tone: views.ToneBad, Text: keyRefused, Why: sentence(k.DisabledReason)}
	}
	if problem := f.unreadable(k); problem != "" {
		return views.State{Tone: views.ToneBad, Text: "Cannot be read", Why: sentence(problem)}
	}
	for _, l := range learnt {
		if l.ID == k.ID && !l.RestsUntil.IsZero() {
			return views.State{Tone: views.ToneWarn, Text: keyRests, Why: "The provider answered that it was called too often.", Until: &l.RestsUntil}
		}
	}
	return views.State{Tone: views.ToneGood, Text: "Usable"}
}

// unreadable says why the secret of a key cannot be read; empty where it can.
func (f *fleet) unreadable(k *gateway.UpstreamKey) string {
	if k.Source == gateway.KeyStored || f.console.UpstreamSecret == nil {
		return k.Problem
	}
	if _, err := f.console.UpstreamSecret(k.Source, k.Reference); err != nil {
		return err.Error()
	}
	return ""
}

// state says whether calls can go to an upstream, and why not.
func (f *fleet) state(l *views.UpstreamLine, rests time.Time) views.State {
	switch {
	case !l.Enabled:
		return views.State{Text: "Disabled", Why: "An operator has disabled it. No call goes to it."}
	case l.Problem != "":
		return views.State{Tone: views.ToneBad, Text: "Headers cannot be read", Why: "No call goes to it. " + sentence(l.Problem)}
	}
	if s, some := keysState(l.Keys); !some {
		return s
	}
	if limit := l.DailyLimitMicros; limit != nil && l.SpentMicros >= *limit {
		tomorrow := usage.DayOf(f.now).Add(1).Start()
		return views.State{Tone: views.ToneWarn, Text: "Over its daily limit", Until: &tomorrow, Why: "Today's calls cost " + views.USD(l.SpentMicros) + " of " + views.USD(*limit) + ". No call goes to it before 00:00 UTC, unless the limit is raised."}
	}
	if !rests.IsZero() {
		return views.State{Tone: views.ToneWarn, Text: "Resting", Until: &rests, Why: "Several calls failed one after the other. No call goes to it for a while, then it is tried again."}
	}
	return restState(l.Keys)
}

// keysState is the state of an upstream none of whose keys can be used; some is false for it.
func keysState(keys []views.UpstreamKeyLine) (s views.State, some bool) {
	refused := false
	for i := range keys {
		switch state := keys[i].State; {
		case state.Ready() || state.Text == keyRests:
			return s, true
		case state.Text == keyRefused:
			refused = true
		}
	}
	switch {
	case len(keys) == 0:
		return s, true
	case refused:
		return views.State{Tone: views.ToneBad, Text: "Key refused", Why: "The provider refused its key, and no other can be used. No call goes to it until a key is added or enabled again."}, false
	}
	return views.State{Tone: views.ToneBad, Text: "No usable key", Why: "Each key is disabled or cannot be read. No call goes to it until one can be used."}, false
}

// restState is the state of an upstream whose keys can be used, or rest.
func restState(keys []views.UpstreamKeyLine) views.State {
	var first *time.Time
	for i := range keys {
		switch state := keys[i].State; {
		case state.Ready():
			return views.State{Tone: views.ToneGood, Text: "Ready"}
		case state.Until != nil && (first == nil || state.Until.Before(*first)):
			first = state.Until
		}
	}
	if first == nil {
		return views.State{Tone: views.ToneGood, Text: "Ready"}
	}
	return views.State{Tone: views.ToneWarn, Text: "Resting", Until: first, Why: "Every key rests because the provider answered that it was called too often."}
}
