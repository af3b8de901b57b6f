package store_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/events"
	"codexible/keys"
	"codexible/store"
	"codexible/store/storetest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

func TestKeysThatExpireWithin7DaysAreToldOfOncePerExpiry(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx, c := context.Background(), storetest.NewCustomer(t, s, "Pro")
		later := clock.Now().Add(10 * 24 * time.Hour)
		must[keys.Key](t)(s.ChangeKey(ctx, ada, c.Key.ID, uuid.Nil, keys.KeyChange{ExpiresAt: new(&later)}))
		store.AddReceiver(t, s, events.KeyExpiring)
		tell := func(want int) {
			t.Helper()
			for range 2 {
				if err := s.TellExpiring(ctx); err != nil {
					t.Fatal(err)
				}
			}
			if got := store.Written(t, s); len(got) != want {
				t.Fatal(typesOf(got), "want", want)
			}
		}
		tell(0)
		clock.Add(3*24*time.Hour + time.Second)
		tell(1)
		if d := dataOf(t, store.Written(t, s)[0]); d.Key.ID != c.Key.ID || !d.Key.ExpiresAt.Equal(later) {
			t.Error(d)
		}
		later = later.Add(24 * time.Hour)
		must[keys.Key](t)(s.ChangeKey(ctx, ada, c.Key.ID, uuid.Nil, keys.KeyChange{ExpiresAt: new(&later)}))
		tell(1)
		clock.Add(24 * time.Hour)
		tell(2)
	})
}

func TestAnUpstreamIsDownOnceAndRecoversOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		store.AddReceiver(t, s)
		id := uuid.New()
		for _, down := range []bool{false, true, true, false, false, true} {
			if err := s.TellUpstream(context.Background(), id, "vendor", down); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff([]events.Type{events.UpstreamDown, events.UpstreamRecovered, events.UpstreamDown}, typesOf(store.Written(t, s))); diff != "" {
			t.Error(diff)
		}
	})
}

func TestOldEventsGoWithTheirDeliveriesButNotThoseThatWait(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		webhook := store.AddReceiver(t, s)
		for range 2 {
			if err := store.Emit(s, events.Event{Type: events.KeyCreated, Data: []byte("{}")}, nil); err != nil {
				t.Fatal(err)
			}
		}
		store.EndDelivery(t, s, webhook, store.Waiting(t, s, webhook)[0])
		clock.Add(store.EventsKept - time.Minute)
		if n, err := s.SweepEvents(ctx, 10); n != 0 || err != nil {
			t.Fatal(n, err)
		}
		clock.Add(2 * time.Minute)
		if n, err := s.SweepEvents(ctx, 10); n != 1 || err != nil || len(store.Waiting(t, s, webhook)) != 1 || len(store.Written(t, s)) != 1 {
			t.Error(n, err, store.Written(t, s))
		}
	})
}

func TestEventsOfAnErasedPersonDoNotNameThem(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx := context.Background()
		store.AddReceiver(t, s)
		u := must[store.UserLine](t)(s.CreateUser(ctx, ada, accounts.NewUser{Email: "eve@example.com", Name: "Evelyn", Plan: "Pro"}))
		must[keys.Key](t)(s.CreateKey(ctx, ada, keys.NewKey{UserID: u.ID, Label: "of Evelyn", Secret: keys.Mint()}))
		store.EraseEvents(t, s, u.ID, "erased@erased.invalid")
		for _, e := range store.Written(t, s) {
			if text := string(e.Data); strings.Contains(text, "eve@") || strings.Contains(text, "Evelyn") || dataOf(t, e).User.Email != "erased@erased.invalid" {
				t.Error(text)
			}
		}
	})
}
