package store

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"codexible/accounts"
	"codexible/events"
	"codexible/usage"

	"github.com/google/uuid"
)

// refusedOnes emits an event for the first refusal of a user's day, or of the day of a key with a
// limit of its own. A refusal writes nothing, so its event has a transaction of its own, in
// the background: no refusal waits for it or fails with it. Whose it has emitted it keeps in memory.
type refusedOnes struct {
	write func(context.Context, []refusedOne) error

	mu      sync.Mutex
	day     usage.Day
	known   map[uuid.UUID]struct{}
	waiting []refusedOne
	writing bool
	closed  bool
	writers sync.WaitGroup
}

// refusedOne is a refusal: of a user, or of a key where the limit is the key's.
type refusedOne struct {
	user, key uuid.UUID
	usage.Receipt
}

func (r *refusedOne) id() uuid.UUID {
	if r.Limit == usage.LimitKey {
		return r.key
	}
	return r.user
}

const (
	// mostRefused bounds whose refusals are kept in memory; beyond it they are cleared, and the database tells what is known.
	mostRefused = 100_000
	// refusedPage is how many events one transaction writes, refusedPatience how long it may take.
	refusedPage     = 100
	refusedPatience = 5 * time.Second
)

// note takes the refusals of a batch that are the first of their day as far as is known.
func (r *refusedOnes) note(entries []usage.Entry, receipts []usage.Receipt, to *audience) {
	if !slices.ContainsFunc(receipts, func(one usage.Receipt) bool { return one.Outcome == usage.OverQuota }) || len(to.receivers(events.QuotaExceeded)) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range receipts {
		if one := (refusedOne{entries[i].UserID, entries[i].KeyID, receipts[i]}); one.Refuses(&entries[i]) && r.isFirst(&one) {
			r.waiting = append(r.waiting, one)
		}
	}
	if len(r.waiting) > 0 && !r.writing && !r.closed {
		r.writing = true
		r.writers.Go(r.run)
	}
}

func (r *refusedOnes) isFirst(one *refusedOne) bool {
	if one.Day > r.day || r.known == nil || len(r.known) >= mostRefused {
		r.day, r.known = max(r.day, one.Day), map[uuid.UUID]struct{}{}
	}
	if _, known := r.known[one.id()]; known || one.Day != r.day {
		return false
	}
	r.known[one.id()] = struct{}{}
	return true
}

// run writes what waits. What cannot be written is tried again at the next refusal.
func (r *refusedOnes) run() {
	for {
		r.mu.Lock()
		page := r.waiting[:min(len(r.waiting), refusedPage)]
		r.waiting = r.waiting[len(page):]
		r.writing = len(page) > 0
		r.mu.Unlock()
		if len(page) == 0 {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), refusedPatience)
		err := r.write(ctx, page)
		cancel()
		if err == nil {
			continue
		}
		r.mu.Lock()
		for i := range page {
			delete(r.known, page[i].id())
		}
		r.mu.Unlock()
	}
}

// close waits for what is being written.
func (r *refusedOnes) close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.writers.Wait()
}

// writeRefused writes the events of refusals that have not happened before. Instances take them in one order.
func (s *Store) writeRefused(ctx context.Context, page []refusedOne) error {
	slices.SortFunc(page, func(a, b refusedOne) int { return cmp.Compare(onceRefused(&a), onceRefused(&b)) })
	return s.changing(ctx, accounts.ActorSystem, func(tx *change) error {
		for i := range page {
			if err := tx.tellRefused(&page[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

func onceRefused(r *refusedOne) string { return "quota:" + r.id().String() + ":" + string(r.Day) }

func (c *change) tellRefused(r *refusedOne) error {
	user, err := userOfEvent(c.DB, r.user)
	switch {
	case errors.Is(err, accounts.ErrUserNotFound):
		return nil
	case err != nil:
		return err
	}
	d := events.Data{User: user, Credits: creditsOfRefusal(&r.Receipt)}
	if r.key != uuid.Nil {
		k, err := keyOfEvent(c.DB, r.key)
		if err != nil {
			return err
		}
		d.Key = k.ofEvent()
	}
	return c.emit(events.Event{Type: events.QuotaExceeded, UserID: r.user, SubjectID: r.id(), Data: d.Encode(), Once: onceRefused(r)})
}

func creditsOfRefusal(r *usage.Receipt) *events.Credits {
	credits := &events.Credits{Limit: limitDay, Date: string(r.Day), CreditsUsed: r.CreditsUsed, CreditLimit: r.DailyLimit, ResetsAt: r.ResetsAt()}
	switch r.Limit {
	case usage.LimitMonth:
		credits.Limit, credits.CreditsUsed, credits.CreditLimit = limitMonth, r.Month.Used, r.Month.Limit
	case usage.LimitKey:
		credits.Limit, credits.CreditsUsed, credits.CreditLimit = limitKey, r.KeyUsed, r.KeyLimit
	case usage.LimitDay:
	}
	return credits
}
