package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/demo/upstream"
	"codexible/drills"
	"codexible/gateway"
	"codexible/keys"
	"codexible/limits"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
)

// seller is a service without its HTTP side, whose model coder two upstreams serve.
type seller struct {
	*service

	identity *keys.Identity
	// fakes are the providers behind the upstreams first and second, which answer as scripts say.
	fakes   [2]*upstream.Model
	scripts [2]atomic.Pointer[upstream.Script]
}

func newSeller(t *testing.T, url string) *seller {
	t.Helper()
	ctx := t.Context()
	db := storetest.Connect(t, url, time.Now)
	s := &seller{service: &service{store: db, registry: prometheus.NewRegistry(), local: limits.NewLocal(time.Now), Options: Options{Log: slog.New(slog.DiscardHandler)}}}
	s.counter = s.local
	names := [2]string{"first", "second"}
	var candidates []catalog.NewCandidate
	for i := range s.fakes {
		s.scripts[i].Store(&upstream.Script{})
		s.fakes[i] = upstream.New(upstream.Options{Script: func(upstream.Request) upstream.Script { return *s.scripts[i].Load() }})
		server := httptest.NewServer(s.fakes[i])
		t.Cleanup(server.Close)
		kind, base, wires, priority := gateway.Compatible, server.URL+"/v1", []string{"chat", "responses", "messages"}, int64(i+1)
		keys := []gateway.KeyChange{{Name: "main", Secret: gateway.NewSecret("secret-1")}}
		if _, err := db.CreateUpstream(ctx, accounts.ActorCLI, gateway.UpstreamChange{Name: &names[i], Kind: &kind, BaseURL: &base, Wires: &wires, Priority: &priority, Keys: &keys}); err != nil {
			t.Fatal(err)
		}
		candidates = append(candidates, catalog.NewCandidate{Upstream: names[i]})
	}
	model, allowance := "coder", int64(100)
	if _, err := db.CreateModel(ctx, accounts.ActorCLI, catalog.ModelChange{Name: &model, OutputAllowance: &allowance, Candidates: &candidates}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.SetPrice(ctx, accounts.ActorCLI, catalog.NewPrice{Model: model, Terms: catalog.Terms{
		Base:   catalog.Set{Rates: catalog.Rates{Input: catalog.PicosPerMicro, Output: 3 * catalog.PicosPerMicro}}, // dollars per million tokens
		Charge: catalog.Charge{Mode: catalog.ByCost, Percent: 100 * catalog.Hundredths, CreditValue: 1},            // a credit is a micro-dollar
	}}); err != nil {
		t.Fatal(err)
	}
	customer := storetest.NewCustomer(t, db, storetest.NewPlan(t, db, "Large", 1_000_000).Name)
	s.buildVerifier(context.Background())
	s.buildGateway(context.Background(), nil)
	t.Cleanup(func() { _ = s.teardown.run() })
	id, code, err := s.verifier.Identify(ctx, customer.Secret.Reveal(), keys.Access{Scope: keys.ScopeModels})
	if err != nil || code != keys.Valid {
		t.Fatal(code, err)
	}
	s.identity = id
	return s
}

// call makes a call of a session and reads its answer to the end.
func (s *seller) call(t *testing.T, model, session string, stream bool) {
	t.Helper()
	body := fmt.Sprintf(`{"model":%q,"stream":%v,"messages":[{"role":"user","content":"Say a few words."}]}`, model, stream)
	answer := s.gateway.Call(t.Context(), &gateway.Request{
		ID: uuid.Must(uuid.NewV7()), Endpoint: gateway.ChatCompletions, Identity: s.identity, Body: []byte(body), ReceivedAt: time.Now(),
		Header: map[string][]string{"Session-Id": {session}},
	})
	if answer.Stream != nil {
		_, err := io.Copy(io.Discard, answer.Stream)
		if err = errors.Join(err, answer.Stream.Close()); err != nil {
			t.Error(err)
		}
	}
}

// observations are how many observations a registry's histograms have, by name and labels.
func observations(t *testing.T, registry *prometheus.Registry) map[string]uint64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]uint64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetValue()
			}
			if h := m.GetHistogram(); h != nil {
				counts[name] = h.GetSampleCount()
				if last := h.GetBucket()[len(h.GetBucket())-1]; last.GetCumulativeCount() != h.GetSampleCount() {
					t.Errorf("%s: a call of a moment is beyond the last bucket", name)
				}
			}
		}
	}
	return counts
}

func TestMetricsOfCallsAreThoseOfWhatHappened(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		s := newSeller(t, url)
		first := func(script upstream.Script) { s.scripts[0].Store(&script) }

		first(upstream.Script{Status: 500})
		s.call(t, "coder", "a", false) // the second upstream serves it
		s.call(t, "coder", "a", true)  // and the next of its session
		first(upstream.Script{Words: 7, CacheRead: 5})
		s.call(t, "coder", "b", true)
		first(upstream.Script{NoUsage: true, Words: 9})
		s.call(t, "coder", "c", true)
		first(upstream.Script{Words: 200}) // more than is held
		s.call(t, "coder", "d", true)
		first(upstream.Script{Words: 20, Break: upstream.Fail, After: 3})
		s.call(t, "coder", "e", true)
		first(upstream.Script{Status: 400})
		s.call(t, "coder", "f", false)
		first(upstream.Script{Status: 429, RetryAfter: "60"})
		s.scripts[1].Store(&upstream.Script{Status: 401})
		s.call(t, "coder", "g", false)
		s.call(t, "coder", "h", false) // nobody can be asked
		s.call(t, "a model that a client made up", "", false)

		if err := s.requestLog.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		charges, err := s.store.Charges(t.Context(), s.identity.User.ID, usage.DayOf(time.Now().Add(-time.Hour)), 100, 0)
		if err != nil {
			t.Fatal(err)
		}
		var charged, prompt, completion int64
		for i := range charges {
			charged, prompt, completion = charged+charges[i].Credits, prompt+charges[i].PromptTokens, completion+charges[i].CompletionTokens
		}
		spent, err := s.store.Spent(t.Context(), usage.DayOf(time.Now()))
		if err != nil {
			t.Fatal(err)
		}
		drills.Eventually(t, 10*time.Second, "the refused key to be disabled", func() bool {
			return valuesOf(t, s.registry)["codexible_upstream_keys disabled second"] == 1
		})
		cost := func(i int) float64 {
			u, err := s.fleet.Upstreams(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return dollars(spent[u[i].ID])
		}
		const endpoint = " chat.completions "
		want := map[string]float64{
			"codexible_calls_total" + endpoint + "coder complete 2xx": 5, "codexible_calls_total" + endpoint + "coder upstream_error 2xx": 1,
			"codexible_calls_total" + endpoint + "coder upstream_error 4xx": 1, "codexible_calls_total" + endpoint + "coder upstream_error 5xx": 1,
			"codexible_calls_total" + endpoint + "coder refused 5xx": 1, "codexible_calls_total" + endpoint + "unknown refused 4xx": 1,
			"codexible_calls_refused_total model_not_found": 1, "codexible_calls_refused_total no_upstream": 1,
			"codexible_call_failovers_total served": 1, "codexible_call_failovers_total failed": 1, "codexible_calls_sticky_total second": 1,
			"codexible_call_usage_total reported first": 2, "codexible_call_usage_total estimated first": 2, "codexible_call_usage_total reported second": 2,
			"codexible_call_tokens_total cache_read coder": 5, "codexible_call_tokens_total input coder": float64(prompt - 5), "codexible_call_tokens_total output coder": float64(completion),
			"codexible_call_credits_total charged coder": float64(charged), "codexible_hold_growths_total held": 1,
			"codexible_upstream_attempts_total served first": 3, "codexible_upstream_attempts_total server_error first": 1, "codexible_upstream_attempts_total broken_answer first": 1,
			"codexible_upstream_attempts_total client_error first": 1, "codexible_upstream_attempts_total rate_limited first": 1,
			"codexible_upstream_attempts_total served second": 2, "codexible_upstream_attempts_total key_refused second": 1,
			"codexible_upstream_cost_dollars_total first": cost(0), "codexible_upstream_cost_dollars_total second": cost(1),
			"codexible_upstream_events_total key_rests first": 1, "codexible_upstream_events_total key_disabled second": 1,
			"codexible_upstream_keys resting first": 1, "codexible_upstream_keys disabled second": 1,
		}
		got := valuesOf(t, s.registry)
		estimated := "codexible_call_credits_total estimated coder"
		if got[estimated] < 6*100*3 { // the output that is held for each of those that were settled
			t.Errorf("%v credits were held for calls", got[estimated])
		}
		maps.DeleteFunc(got, func(name string, _ float64) bool {
			return name == estimated || !strings.HasPrefix(name, "codexible_call") && !strings.HasPrefix(name, "codexible_upstream") && !strings.HasPrefix(name, "codexible_hold_growths")
		})
		if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		counts := observations(t, s.registry)
		maps.DeleteFunc(counts, func(name string, _ uint64) bool { return strings.HasPrefix(name, "codexible_charge") })
		if diff := cmp.Diff(map[string]uint64{
			"codexible_call_seconds" + endpoint + "coder": 8, "codexible_call_overhead_seconds before": 8, "codexible_call_overhead_seconds settling": 6,
			"codexible_call_first_token_seconds coder first": 4, "codexible_call_first_token_seconds coder second": 1,
			"codexible_upstream_attempt_seconds first": 7, "codexible_upstream_attempt_seconds second": 3,
		}, counts); diff != "" {
			t.Errorf("observations: -want +got:\n%s", diff)
		}
	})
}

func TestMetricsOfCallsNameWhatTheGatewayReports(t *testing.T) {
	registry := prometheus.NewRegistry()
	m := newGatewayMetrics(registry)
	m.KeptAlive(gateway.Messages)
	m.KeptAlive(gateway.Messages)
	m.Grown(true)
	m.Grown(false)
	m.Grown(false)
	m.SettledLate(true)
	m.SettledLate(false)
	m.happened(gateway.FleetEvent{Kind: gateway.UpstreamRests, Upstream: "first"})
	m.happened(gateway.FleetEvent{Kind: gateway.SpendUnread})
	m.CallEnded(&gateway.Record{Outcome: usage.CallInterrupted, Model: "coder", ModelKnown: true, Upstream: "first", Tokens: &usage.Tokens{}, Uncollected: 2_500_000, CostMicros: 3_000_000, Attempts: []gateway.Attempt{
		{Upstream: "second", Error: "refused", CostMicros: 1_000_000}, {Upstream: "second", Status: 408, Error: "status"}, {Upstream: "first", Status: 200, Error: "cancelled"},
	}}, gateway.Timing{})
	want := map[string]float64{
		"codexible_keep_alives_total messages": 2, "codexible_hold_growths_total held": 1, "codexible_hold_growths_total no_credits": 2,
		"codexible_settlements_late_total settled": 1, "codexible_settlements_late_total given_up": 1,
		"codexible_upstream_events_total upstream_rests first": 1, "codexible_upstream_events_total spend_unread unknown": 1,
		"codexible_calls_total chat.completions coder interrupted unknown": 1, "codexible_call_failovers_total failed": 1, "codexible_call_credits_total uncollected coder": 2.5,
		"codexible_upstream_attempts_total no_answer second": 1, "codexible_upstream_attempts_total server_error second": 1, "codexible_upstream_attempts_total cancelled first": 1,
		"codexible_upstream_cost_dollars_total first": 2, "codexible_upstream_cost_dollars_total second": 1,
	}
	if diff := cmp.Diff(want, valuesOf(t, registry)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestASeriesForEachModelIsMadeUpToABound(t *testing.T) {
	registry := prometheus.NewRegistry()
	m := newGatewayMetrics(registry)
	const models = 3 * mostCounters
	for i := range models {
		m.CallEnded(&gateway.Record{
			Outcome: usage.CallComplete, Status: 200, Model: fmt.Sprint("model ", i), ModelKnown: true, Upstream: fmt.Sprint("upstream ", i), Streamed: true, FirstToken: time.Second,
			Tokens: &usage.Tokens{Input: 1}, Source: usage.SourceReported, Attempts: []gateway.Attempt{{Upstream: fmt.Sprint("upstream ", i), Status: 200}},
		}, gateway.Timing{})
	}
	values, counts := valuesOf(t, registry), observations(t, registry)
	for name, most := range map[string]float64{"codexible_calls_total chat.completions other complete 2xx": mostCounters, "codexible_upstream_attempts_total served other": mostCounters} {
		if values[name] != models-most {
			t.Errorf("%s is %v, want %v", name, values[name], models-most)
		}
	}
	for _, name := range []string{"codexible_call_seconds chat.completions other", "codexible_call_first_token_seconds" + strings.Repeat(" other", 2)} {
		if counts[name] != models-mostHistograms {
			t.Errorf("%s has %d observations, want %d", name, counts[name], models-mostHistograms)
		}
	}
	if all := len(values) + len(counts); all > 6*(mostCounters+1)+3*(mostHistograms+1)+10 {
		t.Errorf("there are %d series", all)
	}
}

func TestANameThatIsNoTextBreaksNoScrape(t *testing.T) {
	registry := prometheus.NewRegistry()
	newGatewayMetrics(registry).happened(gateway.FleetEvent{Kind: gateway.KeyRests, Upstream: "\xff"})
	if got := valuesOf(t, registry); got["codexible_upstream_events_total key_rests ?"] != 1 {
		t.Errorf("%v", got)
	}
}
