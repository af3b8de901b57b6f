package store_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/keys"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"
)

const (
	benchCallers = 64
	benchKeys    = 1000
)

// BenchmarkCharge compares group commit with one transaction per charge, both
// with the same rows and 64 callers: charges a second is 1e9 / (ns/op). On SQLite
// it also compares totals that follow the charges with totals that each batch writes.
func BenchmarkCharge(b *testing.B) {
	for _, database := range []struct {
		name       string
		url        func(testing.TB) string
		countLater bool
	}{{"sqlite", storetest.SQLiteURL, true}, {"sqlite-totals-at-once", storetest.SQLiteURL, false}, {"postgres", storetest.PostgresURL, true}} {
		b.Run(database.name, func(b *testing.B) {
			s, charges := benchStore(b, database.url(b), database.countLater)
			meter := usage.NewMeter(s, nil, time.Now, nil)
			b.Cleanup(func() { _ = meter.Close(context.Background()) })
			b.Run("group-commit", func(b *testing.B) {
				benchCharges(b, charges, func(c usage.Charge) (usage.Receipt, error) { return meter.Charge(context.Background(), c) })
			})
			b.Run("transaction-each", func(b *testing.B) {
				benchCharges(b, charges, func(c usage.Charge) (usage.Receipt, error) {
					receipts, err := s.Post(context.Background(), time.Now, usage.ChargeEntries(c))
					if err != nil {
						return usage.Receipt{}, err
					}
					return receipts[0], nil
				})
			})
		})
	}
}

// BenchmarkBatch posts batches of fifty charges by one caller: by hand, and priced.
func BenchmarkBatch(b *testing.B) {
	for _, database := range []struct {
		name string
		url  func(testing.TB) string
	}{{"sqlite", storetest.SQLiteURL}, {"postgres", storetest.PostgresURL}} {
		s, charges := benchStore(b, database.url(b), true)
		b.Run(database.name+"/by-hand", func(b *testing.B) { benchBatches(b, s, charges) })
		benchPriced(b, s, charges, database.name)
	}
}

func benchBatches(b *testing.B, s *store.Store, charges []usage.Charge) {
	b.Helper()
	cpu := processCPU(b)
	for n := range b.N {
		from := n * 50 % benchKeys
		receipts, err := s.Post(context.Background(), time.Now, usage.ChargeEntries(charges[from:from+50]...))
		if err != nil || receipts[0].Outcome != usage.Accepted {
			b.Fatal(receipts, err)
		}
	}
	b.ReportMetric(float64((processCPU(b)-cpu).Microseconds())/float64(50*b.N), "cpu-µs/charge")
}

func benchPriced(b *testing.B, s *store.Store, charges []usage.Charge, database string) {
	b.Helper()
	price := catalog.Price{ID: uuid.New(), Model: "gpt-5"}
	if err := store.PutPrices(context.Background(), s, price); err != nil {
		b.Fatal(err)
	}
	priced := slices.Clone(charges)
	for i := range priced {
		priced[i].Priced = &usage.Priced{PriceID: price.ID, Tokens: usage.Tokens{Input: 112, CacheRead: 700, Output: 240, Reasoning: 100}}
	}
	b.Run(database+"/priced", func(b *testing.B) { benchBatches(b, s, priced) })
}

func benchStore(b *testing.B, url string, countLater bool) (*store.Store, []usage.Charge) {
	b.Helper()
	storetest.Migrate(b, url)
	s, err := store.Open(context.Background(), store.Options{URL: url, Synchronous: "FULL", CountLater: countLater})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	ctx := context.Background()
	limit := int64(accounts.MaxDailyCredits)
	plan := "Bench"
	if _, err := s.CreatePlan(ctx, accounts.ActorCLI, accounts.PlanChange{Name: &plan, DailyCreditLimit: &limit}); err != nil {
		b.Fatal(err)
	}
	charges := make([]usage.Charge, benchKeys)
	for i := range charges {
		u, err := s.CreateUser(ctx, accounts.ActorCLI, accounts.NewUser{Email: fmt.Sprintf("bench%d@example.com", i), Plan: plan})
		if err != nil {
			b.Fatal(err)
		}
		k, err := s.CreateKey(ctx, accounts.ActorCLI, keys.NewKey{UserID: u.ID, Secret: keys.Mint()})
		if err != nil {
			b.Fatal(err)
		}
		charges[i] = usage.Charge{UserID: u.ID, KeyID: k.ID, Credits: 1, Model: "gpt-5", PromptTokens: 812, CompletionTokens: 240, CostMicros: 3210}
	}
	return s, charges
}

func benchCharges(b *testing.B, charges []usage.Charge, charge func(usage.Charge) (usage.Receipt, error)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	cpu := processCPU(b)
	for range benchCallers {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
				r, err := charge(charges[(i*7919)%benchKeys])
				if err != nil || r.Outcome != usage.Accepted {
					b.Errorf("outcome %v: %v", r.Outcome, err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "charges/s")
	// On a shared machine the processor time says more than the clock.
	b.ReportMetric(float64((processCPU(b)-cpu).Microseconds())/float64(b.N), "cpu-µs/charge")
}

func processCPU(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
