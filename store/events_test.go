package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
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

func typesOf(list []events.Event) (types []events.Type) {
	for _, e := range list {
		types = append(types, e.Type)
	}
	return types
}

func dataOf(t *testing.T, e events.Event) (d events.Data) {
	t.Helper()
	if err := json.Unmarshal(e.Data, &d); err != nil {
		t.Fatal(err, string(e.Data))
	}
	return d
}

func TestAnEventIsWrittenWithADeliveryToEverybodyWhoWantsIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		revoked := events.Event{Type: events.KeyRevoked, UserID: uuid.New(), SubjectID: uuid.New(), Data: json.RawMessage(`{}`)}
		if err := store.Emit(s, revoked, nil); err != nil || len(store.Written(t, s)) != 0 {
			t.Fatal("an event that nobody wants was written", err)
		}
		all, some, other := store.AddReceiver(t, s), store.AddReceiver(t, s, events.KeyCreated, events.KeyRevoked), store.AddReceiver(t, s, events.KeyCreated)
		store.SendsMail(s)
		down := errors.New("the change fails after its event")
		if err := store.Emit(s, revoked, down); err == nil || len(store.Written(t, s)) != 0 {
			t.Fatal("the event of a change that was rolled back stays", err)
		}
		once := events.Event{Type: events.QuotaExceeded, UserID: revoked.UserID, Data: json.RawMessage(`{}`), Once: "quota:a day"}
		for _, e := range []events.Event{revoked, once, once, revoked} {
			if err := store.Emit(s, e, nil); err != nil {
				t.Fatal(err)
			}
		}
		written := store.Written(t, s)
		if diff := cmp.Diff([]events.Type{events.KeyRevoked, events.QuotaExceeded, events.KeyRevoked}, typesOf(written)); diff != "" {
			t.Fatal(diff)
		}
		if e := written[0]; e.UserID != revoked.UserID || e.SubjectID != revoked.SubjectID {
			t.Error(e)
		}
		for webhook, want := range map[uuid.UUID][]uuid.UUID{
			all: {written[0].ID, written[1].ID, written[2].ID}, some: {written[0].ID, written[2].ID}, other: nil, events.MailID: {written[1].ID},
		} {
			if diff := cmp.Diff(want, store.Waiting(t, s, webhook), cmp.Transformer("none", func(ids []uuid.UUID) []uuid.UUID { return append([]uuid.UUID{}, ids...) })); diff != "" {
				t.Errorf("%v waits for %s", webhook, diff)
			}
		}
	})
}

func TestChangesOfKeysUsersAndPlansAreEvents(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		c := storetest.NewCustomer(t, s, "Pro") // nobody wants events yet
		store.AddReceiver(t, s)
		suspended, active := accounts.StatusSuspended, accounts.StatusActive
		u := must[store.UserLine](t)(s.CreateUser(ctx, ada, accounts.NewUser{Email: "eve@example.com", Name: "Eve", Plan: "Pro"}))
		near := clock.Now().Add(6 * 24 * time.Hour)
		secret := keys.Mint()
		k := must[keys.Key](t)(s.CreateKey(ctx, ada, keys.NewKey{UserID: u.ID, Label: "bot", Secret: secret, ExpiresAt: &near}))
		for _, step := range []func() error{
			func() error { return second(s.ChangeUser(ctx, ada, u.ID, accounts.UserChange{Name: new("Eva")})) },
			func() error {
				return second(s.ChangeUser(ctx, ada, u.ID, accounts.UserChange{Status: &suspended, Plan: new("Business")}))
			},
			func() error { return second(s.ChangeUser(ctx, ada, u.ID, accounts.UserChange{Status: &active})) },
			func() error {
				return second(s.ChangeKey(ctx, ada, k.ID, uuid.Nil, keys.KeyChange{Label: new("robot")}))
			},
			func() error {
				return second(s.RotateKey(ctx, ada, keys.Rotation{KeyID: k.ID, Secret: keys.Mint()}, uuid.Nil))
			},
			func() error { return s.RevokeKey(ctx, ada, k.ID, uuid.Nil) },
			func() error {
				return second(s.ChangePlan(ctx, ada, c.User.PlanID, accounts.PlanChange{DailyCreditLimit: new(int64(300))}))
			},
		} {
			if err := step(); err != nil {
				t.Fatal(err)
			}
		}
		written := store.Written(t, s)
		want := []events.Type{events.UserCreated, events.KeyCreated, events.KeyExpiring, events.UserSuspended, events.PlanChanged,
			events.UserReactivated, events.KeyRotated, events.KeyRevoked, events.PlanChanged}
		if diff := cmp.Diff(want, typesOf(written)); diff != "" {
			t.Fatal(diff)
		}
		for i, e := range written[:8] {
			d := dataOf(t, e)
			if e.UserID != u.ID || d.User == nil || d.User.ID != u.ID || d.User.Email != "eve@example.com" || i > 0 && i < 8 && e.ID == written[i-1].ID {
				t.Errorf("%s is of another user: %s", e.Type, e.Data)
			}
			if ofKey := e.Type[:4] == "key."; ofKey && (e.SubjectID != k.ID || d.Key == nil || d.Key.ID != k.ID || d.Key.Prefix == "") {
				t.Errorf("%s is of another key: %s", e.Type, e.Data)
			}
			if strings.Contains(string(e.Data), secret.Reveal()) || strings.Contains(string(e.Data), "hash") {
				t.Errorf("%s has a secret: %s", e.Type, e.Data)
			}
		}
		if d := dataOf(t, written[4]); d.User.Plan != "Business" || d.Before["plan"] != "Pro" || d.After["plan"] != "Business" {
			t.Error(string(written[4].Data))
		}
		if d := dataOf(t, written[7]); d.Key.Status != "revoked" || d.Key.Label != "robot" || d.Key.Prefix == secret.Prefix() {
			t.Error(string(written[7].Data))
		}
		if d := dataOf(t, written[8]); written[8].UserID != uuid.Nil || d.Plan.Name != "Pro" || d.Before["daily_credit_limit"] != 250.0 || d.After["daily_credit_limit"] != 300.0 {
			t.Error(string(written[8].Data))
		}
		if !slices.IsSortedFunc(written, func(a, b events.Event) int { return strings.Compare(a.ID.String(), b.ID.String()) }) {
			t.Error("the ids are not in the order of what happened")
		}
	})
}

func TestWhoWantsEventsIsKnownAtOnceInOneProcessAndWithinASecondInOthers(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		clock := storetest.NewClock(time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC))
		here, there := storetest.Connect(t, url, clock.Now), storetest.Connect(t, url, clock.Now)
		for _, s := range []*store.Store{here, there} {
			if n := store.AudienceIn(t, s, events.KeyCreated); n != 0 {
				t.Fatal(n)
			}
		}
		store.AddReceiver(t, here, events.KeyCreated)
		if n := store.AudienceIn(t, here, events.KeyCreated); n != 1 {
			t.Error("the process that made the webhook does not know it", n)
		}
		if n := store.AudienceIn(t, there, events.KeyCreated); n != 0 {
			t.Error("the other process read the database for an answer that is not a second old", n)
		}
		clock.Add(time.Second)
		if n := store.AudienceIn(t, there, events.KeyCreated); n != 1 {
			t.Error("the other process does not know the webhook after a second", n)
		}
		if n := store.AudienceIn(t, there, events.KeyRevoked); n != 0 {
			t.Error("the webhook is told what it did not ask for", n)
		}
	})
}
