package main

import (
	"context"
	"os"
	"sync"
	"time"

	"codexible/handlers"
	"codexible/keys"
	"codexible/limits"
	"codexible/store"
	"codexible/usage"
)

// naive records each entry in a transaction of its own: what group commit is
// measured against. The rows are the same.
type naive struct{ *store.Store }

// Post posts the entries beside each other, as requests of their own would.
func (n naive) Post(ctx context.Context, now func() time.Time, entries []usage.Entry) ([]usage.Receipt, error) {
	receipts, failures := make([]usage.Receipt, len(entries)), make([]error, len(entries))
	var posting sync.WaitGroup
	for i := range entries {
		posting.Go(func() {
			one, err := n.Store.Post(ctx, now, entries[i:i+1])
			if failures[i] = err; err == nil {
				receipts[i] = one[0]
			}
		})
	}
	posting.Wait()
	for _, err := range failures {
		if err != nil {
			return nil, err
		}
	}
	return receipts, nil
}

// serveNaive is the service's front door over the naive ledger.
func serveNaive(ctx context.Context, url string) error {
	s, err := store.Open(ctx, store.Options{URL: url})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	meter := usage.NewMeter(naive{s}, nil, time.Now, nil)
	counter := limits.NewLocal(time.Now)
	verifier := keys.NewVerifier(keys.Parts{
		Directory: s, Meter: meter, Totals: usage.NewTotals(s, 0, time.Now), Counter: counter, Now: time.Now,
	})
	go s.Watch(ctx, verifier)
	app := handlers.New(handlers.Parts{Store: s, Verifier: verifier, Counter: counter, Now: time.Now})
	go func() {
		<-ctx.Done()
		_ = app.Shutdown()
	}()
	return app.Listen(os.Getenv("HOST") + ":" + os.Getenv("PORT"))
}
