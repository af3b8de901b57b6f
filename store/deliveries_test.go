package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"codexible/events"
	"codexible/store"
	"codexible/store/storetest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
)

// quiet are types of which nothing here makes an event: the tests insert theirs.
var quiet = &[]string{string(events.LedgerMismatch)}

// claimAll claims deliveries and returns their events.
func claimAll(t *testing.T, s *store.Store, c events.Claim) (list []events.Delivery, ids []uuid.UUID) {
	t.Helper()
	if c.Each == 0 {
		c.Each, c.All = 100, 100
	}
	if c.Lease == 0 {
		c.Lease = time.Minute
	}
	list = must[[]events.Delivery](t)(s.ClaimDeliveries(context.Background(), c))
	for i := range list {
		ids = append(ids, list[i].Event.ID)
	}
	return list, ids
}

func claims(t *testing.T, s *store.Store, says string, want ...uuid.UUID) []events.Delivery {
	t.Helper()
	list, ids := claimAll(t, s, events.Claim{})
	if diff := cmp.Diff(want, ids); diff != "" {
		t.Errorf("%s: %s", says, diff)
	}
	return list
}

// conclude ends an attempt of a delivery.
func conclude(t *testing.T, s *store.Store, d *events.Delivery, a events.Answer) {
	t.Helper()
	d.Conclude(a, s.Now(), 0.5)
	if err := s.WriteDelivery(context.Background(), d); err != nil {
		t.Fatal(err)
	}
}

var (
	accepted = events.Answer{Try: events.Try{Status: 204, MS: 3}}
	broken   = events.Answer{Try: events.Try{Status: 500, MS: 7}, Body: "no"}
)

func TestOfAUsersEventsOnlyTheOldestThatHasNotEndedIsClaimed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWebhook(t, s, events.WebhookChange{Types: quiet}).ID
		ada, ben := storetest.NewCustomer(t, s, "Pro").User.ID, storetest.NewCustomer(t, s, "Pro").User.ID
		a1, n1, a2 := store.Emitted(t, s, clock.Now(), ada, w), store.Emitted(t, s, clock.Now(), uuid.Nil, w), store.Emitted(t, s, clock.Now(), ada, w)
		b1, n2, a3 := store.Emitted(t, s, clock.Now(), ben, w), store.Emitted(t, s, clock.Now(), uuid.Nil, w), store.Emitted(t, s, clock.Now(), ada, w)
		list := claims(t, s, "at first", a1, n1, b1, n2)
		claims(t, s, "while they are under way")
		conclude(t, s, &list[0], broken)
		claims(t, s, "after a failure its user waits")
		conclude(t, s, &list[2], accepted)
		clock.Add(5 * time.Second)
		list = claims(t, s, "after the pause", a1)
		conclude(t, s, &list[0], accepted)
		list = claims(t, s, "the next is due at once", a2)
		clock.Add(time.Minute)
		claims(t, s, "after the lease all that are not ended", n1, a2, n2)
		conclude(t, s, &list[0], accepted)
		claims(t, s, "the last", a3)
	})
}

func TestADeliveryKeepsWhatItsAttemptsLedTo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx, w := context.Background(), newWebhook(t, s, events.WebhookChange{Types: quiet}).ID
		user, at := storetest.NewCustomer(t, s, "Pro").User.ID, clock.Now()
		id := store.Emitted(t, s, at, user, w)
		want := events.Delivery{WebhookID: w, Event: events.Event{ID: id, At: at, Type: events.KeyCreated, UserID: user, Data: []byte(`{"n": 1}`)}, Status: events.Pending, DueAt: at, Tries: []events.Try{}}
		read := func(says string) {
			t.Helper()
			if diff := cmp.Diff(want, must[events.Delivery](t)(s.Delivery(ctx, w, id))); diff != "" {
				t.Errorf("%s: %s", says, diff)
			}
		}
		read("at first")
		d := claims(t, s, "it", id)[0]
		want.DueAt = at.Add(time.Minute)
		read("claimed")
		conclude(t, s, &d, broken)
		want.Attempts, want.Tries, want.DueAt, want.Answer = 1, []events.Try{{Status: 500, MS: 7}}, at.Add(5*time.Second), "no"
		read("failed once")
		clock.Add(time.Minute)
		d = claims(t, s, "it again", id)[0]
		conclude(t, s, &d, accepted)
		want.Status, want.Attempts, want.Tries, want.DueAt, want.Answer, want.EndedAt = events.Delivered, 2, append(want.Tries, accepted.Try), clock.Now().Add(time.Minute), "", new(clock.Now())
		read("delivered")
		clock.Add(24 * time.Hour)
		claims(t, s, "delivered, never again")
		// What was claimed twice changes nothing after its end.
		d.Status, d.EndedAt = events.Failed, nil
		if err := s.WriteDelivery(ctx, &d); err != nil {
			t.Error(err)
		}
		read("ended")
		if err := second(s.Delivery(ctx, w, w)); !errors.Is(err, events.ErrDeliveryNotFound) {
			t.Error(err)
		}
	})
}

func TestADeliveryIsSentAgainToAnEnabledWebhook(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx, w := context.Background(), newWebhook(t, s, events.WebhookChange{Types: quiet}).ID
		id := store.Emitted(t, s, clock.Now(), uuid.Nil, w)
		d := claims(t, s, "it", id)[0]
		conclude(t, s, &d, accepted)
		again := must[events.Delivery](t)(s.Redeliver(ctx, ada, w, id))
		if again.Status != events.Pending || again.Attempts != 0 || len(again.Tries) != 1 || again.EndedAt != nil {
			t.Errorf("sent again it is %+v", again)
		}
		claims(t, s, "sent again", id)
		if err := second(s.Redeliver(ctx, ada, w, w)); !errors.Is(err, events.ErrDeliveryNotFound) {
			t.Error(err)
		}
		must[events.Webhook](t)(s.ChangeWebhook(ctx, ada, w, events.WebhookChange{Enabled: new(false)}))
		if err := second(s.Redeliver(ctx, ada, w, id)); !errors.Is(err, events.ErrWebhookDisabled) {
			t.Error(err)
		}
	})
}

func TestWhatWaitsForADisabledWebhookIsNotSentAndFailsAfterThreeDays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx, w, other := context.Background(), newWebhook(t, s, events.WebhookChange{Types: quiet}).ID, newWebhook(t, s, events.WebhookChange{}).ID
		id := store.Emitted(t, s, clock.Now(), uuid.Nil, w, other, events.MailID)
		must[events.Webhook](t)(s.ChangeWebhook(ctx, ada, w, events.WebhookChange{Enabled: new(false)}))
		if list := claims(t, s, "of the enabled one", id); list[0].WebhookID != other {
			t.Error("of the disabled one")
		}
		if list, _ := claimAll(t, s, events.Claim{Mail: true, Each: 1, All: 1}); len(list) != 1 || list[0].WebhookID != events.MailID {
			t.Errorf("by mail %+v", list)
		}
		clock.Add(events.Patience)
		if n := must[int64](t)(s.FailAbandoned(ctx, 10)); n != 0 {
			t.Errorf("%d are given up within 3 days", n)
		}
		clock.Add(5 * time.Millisecond)
		if n := must[int64](t)(s.FailAbandoned(ctx, 10)); n != 2 {
			t.Errorf("%d are given up after 3 days, want that of the disabled webhook and, as mail is off, the mail", n)
		}
		if d := must[events.Delivery](t)(s.Delivery(ctx, w, id)); d.Status != events.Failed {
			t.Errorf("it is %s", d.Status)
		}
		stats := must[map[uuid.UUID]store.DeliveryStats](t)(s.DeliveryStats(ctx))
		want := map[uuid.UUID]store.DeliveryStats{
			w: {Failed: 1}, other: {Waiting: 1, Oldest: storetest.Start.UTC().Truncate(time.Millisecond)}, events.MailID: {Failed: 1},
		}
		if diff := cmp.Diff(want, stats); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAClaimLeavesRoomForEveryWebhook(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		many, few := newWebhook(t, s, events.WebhookChange{Types: quiet}).ID, newWebhook(t, s, events.WebhookChange{}).ID
		for range 300 {
			store.Emitted(t, s, clock.Now(), uuid.Nil, many)
		}
		clock.Add(time.Second)
		store.Emitted(t, s, clock.Now(), uuid.Nil, few)
		counted := func(c events.Claim) map[uuid.UUID]int {
			c.Lease = time.Minute
			n := map[uuid.UUID]int{}
			list, _ := claimAll(t, s, c)
			for i := range list {
				n[list[i].WebhookID]++
			}
			return n
		}
		if diff := cmp.Diff(map[uuid.UUID]int{many: 4, few: 1}, counted(events.Claim{Each: 4, All: 32})); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(map[uuid.UUID]int{many: 1}, counted(events.Claim{Each: 4, All: 32, Busy: map[uuid.UUID]int{many: 3}})); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(map[uuid.UUID]int{}, counted(events.Claim{Each: 4, All: 32, Busy: map[uuid.UUID]int{many: 4}})); diff != "" {
			t.Error(diff)
		}
	})
}

// Hundreds of events of one user wait behind one: they are set aside, found when it ends, and none is lost.
func TestEventsBehindOneThatFailsAreSetAsideAndComeInTheirOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w, user := newWebhook(t, s, events.WebhookChange{Types: quiet}).ID, storetest.NewCustomer(t, s, "Pro").User.ID
		var want []uuid.UUID
		for range 450 {
			want = append(want, store.Emitted(t, s, clock.Now(), user, w))
		}
		first := claims(t, s, "the first", want[0])
		claims(t, s, "the others wait")
		claims(t, s, "and are set aside")
		conclude(t, s, &first[0], accepted)
		for i := range 20 {
			list := claims(t, s, fmt.Sprint("number ", i+2), want[i+1])
			conclude(t, s, &list[0], accepted)
		}
		clock.Add(time.Hour)
		claims(t, s, "an hour later the one in turn", want[21])
	})
}

func TestInstancesThatClaimAtOnceShareTheDeliveries(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		ctx, clock := context.Background(), storetest.NewClock(storetest.Start)
		instances := []*store.Store{storetest.Open(t, url, clock.Now), storetest.Open(t, url, clock.Now), storetest.Open(t, url, clock.Now)}
		w := newWebhook(t, instances[0], events.WebhookChange{Types: quiet}).ID
		users := []uuid.UUID{storetest.NewCustomer(t, instances[0], "Pro").User.ID, storetest.NewCustomer(t, instances[0], "Pro").User.ID, uuid.Nil}
		const each = 20
		for i := range each * len(users) {
			store.Emitted(t, instances[0], clock.Now(), users[i%len(users)], w)
		}
		seen := make(chan events.Delivery, 10*each*len(users))
		var work errgroup.Group
		for _, s := range instances {
			work.Go(func() error {
				for range 3 * each {
					list, err := s.ClaimDeliveries(ctx, events.Claim{Each: 3, All: 3, Lease: time.Hour})
					if err != nil {
						return err
					}
					for i := range list {
						seen <- list[i]
						list[i].Conclude(accepted, clock.Now(), 0)
						if err := s.WriteDelivery(ctx, &list[i]); err != nil {
							return err
						}
					}
				}
				return nil
			})
		}
		if err := work.Wait(); err != nil {
			t.Fatal(err)
		}
		close(seen)
		last, n := map[uuid.UUID]uuid.UUID{}, map[uuid.UUID]bool{}
		for d := range seen {
			if n[d.Event.ID] {
				t.Error("a delivery was claimed twice")
			}
			n[d.Event.ID] = true
			if user := d.Event.UserID; user != uuid.Nil {
				if last[user].String() >= d.Event.ID.String() {
					t.Error("events of a user out of their order")
				}
				last[user] = d.Event.ID
			}
		}
		if len(n) != each*len(users) {
			t.Errorf("%d of %d were claimed", len(n), each*len(users))
		}
	})
}
