package keys

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"codexible/limits"

	"github.com/google/uuid"
)

// twoKeys are two keys of one user whose plan lets each send 3 requests, and both together 4.
func twoKeys() (a, b Identity) {
	a = someone()
	b = a
	b.Key.ID = uuid.New()
	a.Plan.UserRateLimitPerMinute = new(int64(4))
	b.Plan = a.Plan
	return a, b
}

func (d *desk) wantRate(t *testing.T, id *Identity, count bool, want Rate) {
	t.Helper()
	got, err := d.Rate(context.Background(), id, count)
	if err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
}

func room(limit, remaining int64) limits.Decision {
	return limits.Decision{Allowed: true, Limit: limit, Remaining: remaining}
}

func TestTheTighterOfTheKeysAndTheUsersWindowIsReturned(t *testing.T) {
	d := newDesk(t)
	a, b := twoKeys()
	d.wantRate(t, &a, false, Rate{Decision: room(3, 3)})
	d.wantRate(t, &a, true, Rate{Decision: room(3, 2)})
	d.wantRate(t, &a, true, Rate{Decision: room(3, 1)})
	d.wantRate(t, &b, true, Rate{Decision: room(4, 1), OfUser: true})
	last, err := d.Rate(context.Background(), &b, true)
	if err != nil || !last.Allowed || !last.OfUser || last.Remaining != 0 || last.ResetSeconds < 60 {
		t.Errorf("the last place: %+v, %v", last, err)
	}
	for range 5 {
		refused, err := d.Rate(context.Background(), &a, true)
		if err != nil || refused.Allowed || !refused.OfUser || refused.Limit != 4 || refused.ResetSeconds < 1 {
			t.Errorf("beyond it: %+v, %v", refused, err)
		}
	}
	// What the user's window refused took no place of the key's.
	a.Plan.UserRateLimitPerMinute = nil
	d.wantRate(t, &a, false, Rate{Decision: room(3, 1)})
	// What the key's window refuses takes no place of the user's.
	fresh, other := twoKeys()
	for range 5 {
		if _, err := d.Rate(context.Background(), &fresh, true); err != nil {
			t.Fatal(err)
		}
	}
	d.wantRate(t, &other, false, Rate{Decision: room(4, 1), OfUser: true})
}

func TestAllKeysOfAUserTogetherNeverPassTheUsersLimit(t *testing.T) {
	d := newDesk(t)
	id := someone()
	id.Plan.RateLimitPerMinute, id.Plan.UserRateLimitPerMinute = 50, new(int64(100))
	var passed atomic.Int64
	var wait sync.WaitGroup
	for range 20 {
		one := id
		one.Key.ID = uuid.New()
		wait.Go(func() {
			for range 40 {
				if r, err := d.Rate(context.Background(), &one, true); err != nil {
					t.Error(err)
				} else if r.Allowed {
					passed.Add(1)
				}
			}
		})
	}
	wait.Wait()
	if passed.Load() != 100 {
		t.Errorf("%d requests passed of 800 with 20 keys, want 100", passed.Load())
	}
}
