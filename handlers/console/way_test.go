package console

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"codexible/catalog"
	"codexible/gateway"
	"codexible/usage"
	"codexible/views"

	"github.com/google/uuid"
)

// The page of a model shows the candidates in the order in which the gateway itself tries them.
func TestCandidatesAreShownInTheOrderInWhichTheGatewayTriesThem(t *testing.T) {
	const rounds = 500
	random := rand.New(rand.NewPCG(1, 2))
	for range rounds {
		m := &catalog.Model{Name: "large"}
		var upstreams []gateway.Upstream
		var stops []views.Stop
		for n := range 1 + random.IntN(5) {
			u := gateway.NewUpstream()
			u.ID, u.Name, u.Kind, u.Wires = uuid.UUID{byte(n + 1)}, string(rune('a'+n)), gateway.Compatible, []usage.Wire{usage.Chat}
			u.BaseURL, u.Enabled = "http://127.0.0.1:1/v1", random.IntN(4) > 0
			u.Weight, u.Priority = random.Int64N(3), 1+random.Int64N(2)
			m.Candidates = append(m.Candidates, catalog.Candidate{UpstreamID: u.ID, Weight: random.Int64N(3), Priority: 1 + random.Int64N(2)})
			upstreams = append(upstreams, u)
		}
		for i := range upstreams {
			stops = append(stops, views.Stop{Upstream: &upstreams[i], Candidate: m.Candidates[i]})
		}
		placeStops(stops)
		places := placesOf(stops)
		var lots int64
		for _, stop := range stops {
			if stop.Place == 1 {
				lots += lotsOf(stop)
			}
		}
		first := map[uuid.UUID]int64{}
		for lot := range max(lots, 1) { // each lot is drawn once
			tried := triedBy(t, m, upstreams, lot)
			if reached := called(stops[0].Upstream); reached != (len(tried) > 0) {
				t.Fatalf("%d are tried, and the page says %t", len(tried), reached)
			}
			if !slices.IsSorted(each(tried, places)) {
				t.Fatalf("tried are the places %v of %+v", each(tried, places), stops)
			}
			if len(tried) > 0 {
				first[tried[0]]++
			}
		}
		for _, stop := range stops {
			if want := lotsOf(stop); stop.Place == 1 && lots > 0 && first[stop.Upstream.ID] != want {
				t.Fatalf("%s is tried first %d of %d times, not %d: %+v", stop.Upstream.Name, first[stop.Upstream.ID], lots, want, stops)
			}
		}
	}
}

// triedBy are the upstreams that a call tries while each fails, where a lot is drawn.
func triedBy(t *testing.T, m *catalog.Model, upstreams []gateway.Upstream, lot int64) (tried []uuid.UUID) {
	t.Helper()
	f := gateway.NewFleet(gateway.FleetParts{
		Read: func(context.Context) ([]gateway.Upstream, error) { return upstreams, nil }, Now: time.Now, Draw: func(n int64) int64 { return lot % n },
		Spent: func(context.Context, usage.Day) (map[uuid.UUID]int64, error) { return map[uuid.UUID]int64{}, nil },
	})
	defer func() { _ = f.Close() }()
	r, err := f.Route(t.Context(), m, usage.Chat, gateway.Session{}, false)
	if err != nil {
		t.Fatal(err)
	}
	for try, ok := r.Next(); ok; try, ok = r.Next() {
		tried = append(tried, try.ID)
		r.Failed(try, gateway.Failure{Status: 500})
	}
	return tried
}

func placesOf(stops []views.Stop) map[uuid.UUID]int {
	places := map[uuid.UUID]int{}
	for _, s := range stops {
		places[s.Upstream.ID] = s.Place
	}
	return places
}

func each(tried []uuid.UUID, places map[uuid.UUID]int) (list []int) {
	for _, id := range tried {
		list = append(list, places[id])
	}
	return list
}
