package server

import (
	"context"
	"errors"
	"maps"
	"testing"
	"time"

	"codexible/store"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
)

// valuesOf are the values of a registry's counters and gauges that are not 0, by name and labels.
func valuesOf(t *testing.T, registry *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetValue()
			}
			if v := m.GetCounter().GetValue() + m.GetGauge().GetValue(); v != 0 {
				values[name] = v
			}
		}
	}
	return values
}

func TestMetricsCountEveryStepOfHolds(t *testing.T) {
	registry := prometheus.NewRegistry()
	m := newMeterMetrics(registry)
	entries, receipts := []usage.Entry{}, []usage.Receipt{}
	add := func(kind usage.Kind, r usage.Receipt) {
		entries, receipts = append(entries, usage.Entry{Kind: kind}), append(receipts, r)
	}
	add(usage.KindCharge, usage.Receipt{Outcome: usage.Accepted, Moved: usage.Moved{Expired: 2, Uncollected: 1_500_000}})
	add(usage.KindHold, usage.Receipt{Outcome: usage.Accepted, Moved: usage.Moved{Held: 10}})
	add(usage.KindHold, usage.Receipt{Outcome: usage.Duplicate})
	add(usage.KindHold, usage.Receipt{Outcome: usage.Concurrent})
	add(usage.KindHold, usage.Receipt{Outcome: usage.OverQuota})
	add(usage.KindExtend, usage.Receipt{Outcome: usage.Accepted, Moved: usage.Moved{Held: 5}})
	add(usage.KindExtend, usage.Receipt{Outcome: usage.BelowHold})
	add(usage.KindSettle, usage.Receipt{Outcome: usage.Accepted, Charged: 9, Moved: usage.Moved{Uncollected: -500_000}})
	add(usage.KindSettle, usage.Receipt{Outcome: usage.Duplicate, Charged: 9})
	add(usage.KindRelease, usage.Receipt{Outcome: usage.Accepted, Moved: usage.Moved{Released: 1}})
	add(usage.KindRelease, usage.Receipt{Outcome: usage.Accepted})
	add(usage.KindRelease, usage.Receipt{Outcome: usage.NoHold})
	add(usage.KindExpire, usage.Receipt{Outcome: usage.Accepted, Moved: usage.Moved{Expired: 1}})
	m.BatchPosted(entries, time.Millisecond, receipts, nil)
	m.BatchPosted(entries[1:3], time.Millisecond, nil, errors.New("unavailable"))
	want := map[string]float64{
		"codexible_charges_total accepted": 1, "codexible_charges_total failed": 2,
		"codexible_holds_total held": 1, "codexible_holds_total extended": 1, "codexible_holds_total settled": 1, "codexible_holds_total released": 1, "codexible_holds_total expired": 3,
		"codexible_holds_refused_total over_quota": 1, "codexible_holds_refused_total concurrency_limited": 1, "codexible_holds_refused_total below_hold": 1, "codexible_holds_refused_total no_hold": 1,
		"codexible_hold_credits_total held": 15, "codexible_hold_credits_total settled": 9, "codexible_uncollected_credits_total": 1.5,
	}
	if diff := cmp.Diff(want, valuesOf(t, registry)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestMetricsOfTheDatabaseAreAbsentWhileItIsUnavailable(t *testing.T) {
	var fails error
	registry := prometheus.NewRegistry()
	registry.MustRegister(newLedgerCollector(func(ctx context.Context) (store.LedgerStats, error) {
		if deadline, bounded := ctx.Deadline(); !bounded || time.Until(deadline) > ledgerPatience {
			t.Error("a scrape waits for the database without end")
		}
		return store.LedgerStats{HoldStats: store.HoldStats{Open: 3, Credits: 42}, Corrections: 7}, fails
	}))
	want := map[string]float64{"codexible_holds_open": 3, "codexible_held_credits": 42, "codexible_corrections_total": 7}
	if got := valuesOf(t, registry); !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	fails = errors.New("unavailable")
	if families, err := registry.Gather(); err != nil || len(families) != 0 {
		t.Errorf("%v, %v", families, err)
	}
}
