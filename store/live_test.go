package store_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// holdCall makes a hold of a call of the gateway, or of a service.
func holdCall(t *testing.T, s *store.Store, c storetest.Customer, id, owner uuid.UUID, credits int64, clock *storetest.Clock) {
	t.Helper()
	e := usage.Entry{Kind: usage.KindHold, Charge: c.Charge(credits), HoldID: id, OwnerID: owner, TTL: 2 * time.Minute, OnExpiry: usage.ChargeOnExpiry}
	e.Charge.Model = "codex"
	receipts, err := s.Post(context.Background(), clock.Now, []usage.Entry{e})
	if err != nil || receipts[0].Outcome != usage.Accepted {
		t.Fatalf("%v: %+v", err, receipts)
	}
}

// heard keeps the changes of a store.
type heard struct {
	mu   sync.Mutex
	list []accounts.Change
}

// Changed implements store.Watcher.
func (h *heard) Changed(c accounts.Change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.list = append(h.list, c)
}

// Up implements store.Watcher.
func (*heard) Up(bool) {}

func (h *heard) has(c accounts.Change) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Contains(h.list, c)
}

func TestAnOperatorEndsAnOpenCallOnceItIsRecordedAndEveryInstanceHearsOfIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx, c := context.Background(), storetest.NewCustomer(t, s, "Business")
		call, service := requestAt(clock.Now(), 1), requestAt(clock.Now(), 2)
		holdCall(t, s, c, call, uuid.Nil, 9, clock)
		holdCall(t, s, c, service, c.User.ID, 3, clock)
		changes := &heard{}
		s.Subscribe(changes)
		by := accounts.Actor{Name: "root@example.com", Address: "192.0.2.1", RequestID: "r1"}
		for says, id := range map[string]uuid.UUID{"a hold of a service": service, "a call that was never made": requestAt(clock.Now(), 3)} {
			if err := s.EndRequest(ctx, by, id); !errors.Is(err, store.ErrCallEnded) {
				t.Errorf("%s: %v", says, err)
			}
		}
		if err := s.EndRequest(ctx, by, call); err != nil {
			t.Fatal(err)
		}
		if !changes.has(accounts.Change{Subject: accounts.SubjectRequest, ID: call}) {
			t.Errorf("the changes are %v", changes.list)
		}
		if h, err := s.Hold(ctx, call); err != nil || h.Status != usage.HoldOpen {
			t.Errorf("%v: the hold is %s before its instance has settled it", err, h.Status)
		}
		entries, err := s.Audit(ctx, store.AuditQuery{Action: "request.ended", Limit: 10})
		if err != nil || len(entries) != 1 {
			t.Fatalf("%v: recorded %+v", err, entries)
		}
		want := accounts.AuditEntry{Actor: "root@example.com", Address: "192.0.2.1", RequestID: "r1", Action: "request.ended", Subject: accounts.SubjectRequest, SubjectID: call, Target: c.User.Email,
			Details: "Ended a call of " + c.User.Email + " to codex. What was delivered is charged.", Before: "{}", After: `{"held":9,"key":"` + c.Key.ID.String() + `"}`}
		got := entries[0]
		got.Seq, got.At = 0, time.Time{}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		clock.Add(3 * time.Minute)
		if err := s.EndRequest(ctx, by, call); !errors.Is(err, store.ErrCallEnded) {
			t.Errorf("after its deadline: %v", err)
		}
	})
}

func TestOpenHoldsAreListedWithTheirOwnersAndSummedByUser(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		one, other := storetest.NewCustomer(t, s, "Business"), storetest.NewCustomer(t, s, "Business")
		var ids []uuid.UUID
		for i, h := range []struct {
			of      storetest.Customer
			owner   uuid.UUID
			credits int64
		}{{one, uuid.Nil, 5}, {one, other.User.ID, 2}, {other, uuid.Nil, 40}} {
			ids = append(ids, requestAt(clock.Now().Add(time.Duration(i)*time.Second), byte(i)))
			holdCall(t, s, h.of, ids[i], h.owner, h.credits, clock)
		}
		sums, err := s.HoldsByUser(ctx, 10)
		if err != nil {
			t.Fatal(err)
		}
		want := []store.UserHolds{
			{UserID: other.User.ID, Email: other.User.Email, Open: 1, Calls: 1, Credits: 40}, {UserID: one.User.ID, Email: one.User.Email, Open: 2, Calls: 1, Credits: 7},
		}
		if diff := cmp.Diff(want, sums); diff != "" {
			t.Error(diff)
		}
		if sums, err = s.HoldsByUser(ctx, 1); err != nil || len(sums) != 1 || sums[0].UserID != other.User.ID {
			t.Errorf("%v: the first is %+v", err, sums)
		}
		type line struct {
			id      uuid.UUID
			email   string
			prefix  string
			credits int64
			call    bool
		}
		lines := func(q store.HoldQuery) (got []line) {
			list, err := s.LiveHolds(ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range list {
				got = append(got, line{h.ID, h.Email, h.Prefix, h.Credits, h.IsCall()})
			}
			return got
		}
		all := []line{{ids[2], other.User.Email, other.Key.Prefix, 40, true}, {ids[1], one.User.Email, one.Key.Prefix, 2, false}, {ids[0], one.User.Email, one.Key.Prefix, 5, true}}
		if diff := cmp.Diff(all, lines(store.HoldQuery{Limit: 10}), cmp.AllowUnexported(line{})); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(all[1:2], lines(store.HoldQuery{UserID: one.User.ID, Limit: 1}), cmp.AllowUnexported(line{})); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(all[2:], lines(store.HoldQuery{After: ids[1], Limit: 10}), cmp.AllowUnexported(line{})); diff != "" {
			t.Error(diff)
		}
		clock.Add(3 * time.Minute)
		if sums, err = s.HoldsByUser(ctx, 10); err != nil || len(sums) != 0 || len(lines(store.HoldQuery{Limit: 10})) != 0 {
			t.Errorf("%v: after their deadline %+v", err, sums)
		}
	})
}
