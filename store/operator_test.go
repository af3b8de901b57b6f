package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/fault"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/uuid"
)

// postOne posts one entry, and fails unless it is accepted.
func postOne(t *testing.T, s *store.Store, clock *storetest.Clock, e usage.Entry) usage.Receipt {
	t.Helper()
	receipts, err := s.Post(context.Background(), clock.Now, []usage.Entry{e})
	if err != nil || receipts[0].Outcome != usage.Accepted {
		t.Fatal(receipts, err)
	}
	return receipts[0]
}

// openHold is the entry that sets credits of a customer aside for ten minutes.
func openHold(c storetest.Customer, credits int64) usage.Entry {
	return usage.Entry{Kind: usage.KindHold, Charge: c.Charge(credits), OwnerID: uuid.New(), TTL: usage.DefaultHoldTTL, OnExpiry: usage.ReleaseOnExpiry}
}

func auditOf(t *testing.T, s *store.Store, action string) []accounts.AuditEntry {
	t.Helper()
	return must[[]accounts.AuditEntry](t)(s.Audit(context.Background(), store.AuditQuery{Action: action, Limit: 10}))
}

func TestAnOperatorReleasesAnOpenHoldOnceAndItIsAudited(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		c := storetest.NewCustomer(t, s, "Pro")
		held := postOne(t, s, clock, openHold(c, 30))
		if _, err := s.ReleaseHold(ctx, operator, uuid.New()); !errors.Is(err, usage.ErrNoHold) {
			t.Errorf("a hold that does not exist: %v", err)
		}
		for range 2 {
			h, err := s.ReleaseHold(ctx, operator, held.HoldID)
			if err != nil || h.Status != usage.HoldReleased || h.Credits != 30 {
				t.Errorf("%+v, %v", h, err)
			}
		}
		if entries := auditOf(t, s, "hold.released"); len(entries) != 1 || entries[0].SubjectID != c.User.ID || entries[0].Actor != operator.Name {
			t.Errorf("the audit log has %+v", entries)
		}
		// The ledger agrees: the room is whole, also in a batch that follows one with the hold, and the hold cannot be settled.
		if r := postOne(t, s, clock, usage.Entry{Charge: c.Charge(250)}); r.Held != 0 {
			t.Errorf("%d credits are held after the release", r.Held)
		}
		receipts, err := s.Post(ctx, clock.Now, []usage.Entry{{Kind: usage.KindSettle, Charge: c.Charge(1), HoldID: held.HoldID}})
		if err != nil || receipts[0].Outcome != usage.HoldEnded {
			t.Errorf("a settlement after the release: %v, %v", receipts, err)
		}
		if r := must[store.Reconciliation](t)(s.Reconcile(ctx)); len(r.Differences) != 0 {
			t.Errorf("the recount finds %v", r.Differences)
		}
	})
}

func TestAnOperatorCannotReleaseAHoldThatHasEnded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		c := storetest.NewCustomer(t, s, "Pro")
		settled, late := postOne(t, s, clock, openHold(c, 30)), postOne(t, s, clock, openHold(c, 20))
		postOne(t, s, clock, usage.Entry{Kind: usage.KindSettle, Charge: c.Charge(7), HoldID: settled.HoldID})
		clock.Add(usage.DefaultHoldTTL)
		for name, id := range map[string]uuid.UUID{"settled": settled.HoldID, "past its deadline": late.HoldID} {
			if _, err := s.ReleaseHold(ctx, operator, id); !errors.Is(err, usage.ErrHoldEnded) {
				t.Errorf("a hold that is %s: %v", name, err)
			}
		}
		if n := must[int64](t)(s.CountOpenHolds(ctx, c.User.ID)); n != 0 || len(auditOf(t, s, "hold.released")) != 0 {
			t.Errorf("%d holds are open, and the audit log has %v", n, auditOf(t, s, "hold.released"))
		}
	})
}

func TestTheReleaseOfAHoldThatDrawsOnAGrantGivesTheCreditsBackToIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		c := storetest.NewCustomer(t, s, "Starter")
		g, _, err := s.Grant(ctx, operator, usage.NewGrant{UserID: c.User.ID, Credits: 50})
		if err != nil {
			t.Fatal(err)
		}
		held := postOne(t, s, clock, openHold(c, 100))
		if g = must[usage.GrantRecord](t)(s.GrantByID(ctx, g.ID)); g.Held != 25 || g.Left(clock.Now()) != 25 {
			t.Errorf("held %d, left %d", g.Held, g.Left(clock.Now()))
		}
		must[usage.Hold](t)(s.ReleaseHold(ctx, operator, held.HoldID))
		if g = must[usage.GrantRecord](t)(s.GrantByID(ctx, g.ID)); g.Held != 0 || g.Left(clock.Now()) != 50 {
			t.Errorf("held %d, left %d after the release", g.Held, g.Left(clock.Now()))
		}
		if _, err := s.GrantByID(ctx, uuid.New()); !errors.Is(err, usage.ErrNoGrant) {
			t.Errorf("a grant that does not exist: %v", err)
		}
	})
}

func TestAPreviewOfACorrectionChangesNothingAndFailsAsTheCorrectionWould(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		c := storetest.NewCustomer(t, s, "Pro")
		postOne(t, s, clock, usage.Entry{Charge: c.Charge(100)})
		clock.Add(24 * time.Hour)
		postOne(t, s, clock, usage.Entry{Charge: c.Charge(40)})
		today := usage.DayOf(clock.Now())
		for _, n := range []usage.NewCorrection{
			{Credits: -30, Reason: "r", Day: today.Add(-1)}, {Credits: 500, Reason: "r"}, {Credits: -40, Reason: "r", Day: today}, {Credits: 9, Reason: "r", Day: today.Add(-9)},
			{Credits: -101, Reason: "r", Day: today.Add(-1)}, {Credits: 0, Reason: "r"}, {Credits: 1, Reason: " "}, {Credits: 1, Reason: "a\x00b"}, {Credits: 1, Reason: "r", Day: today.Add(1)},
		} {
			n.UserID = c.User.ID
			before, after, err := s.PreviewCorrection(ctx, n)
			for range 2 {
				if b, a, _ := s.PreviewCorrection(ctx, n); b != before || a != after {
					t.Fatalf("%+v: a preview has changed the day", n)
				}
			}
			made, used, _, problem := s.Correct(ctx, operator, n)
			if (err == nil) != (problem == nil) || err != nil && err.Error() != problem.Error() {
				t.Errorf("%+v: the preview fails with %v, the correction with %v", n, err, problem)
			}
			if err == nil && (after != used || before != used-n.Credits) {
				t.Errorf("%+v: the preview says %d and %d, the day has used %d after %+v", n, before, after, used, made)
			}
		}
		if _, _, err := s.PreviewCorrection(ctx, usage.NewCorrection{UserID: uuid.New(), Credits: 1, Reason: "r"}); !errors.Is(err, accounts.ErrUserNotFound) {
			t.Errorf("of nobody: %v", err)
		}
	})
}

func TestNotesAndReasonsArePlainText(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx := context.Background()
		c := storetest.NewCustomer(t, s, "Pro")
		for _, text := range []string{"a\x00b", "\xff", "a\nb", strings.Repeat("é", usage.MaxNote+1)} {
			_, _, err := s.Grant(ctx, operator, usage.NewGrant{UserID: c.User.ID, Credits: 1, Note: text})
			_, _, _, err2 := s.Correct(ctx, operator, usage.NewCorrection{UserID: c.User.ID, Credits: 1, Reason: text})
			if fault.KindOf(err) != fault.Invalid || fault.KindOf(err2) != fault.Invalid {
				t.Errorf("%.10q: %v, %v", text, err, err2)
			}
		}
		g, _, err := s.Grant(ctx, operator, usage.NewGrant{UserID: c.User.ID, Credits: 1, Note: " a\u200bb "})
		if err != nil || g.Note != "ab" {
			t.Errorf("%q, %v", g.Note, err)
		}
	})
}

func TestUncollectedCreditsAreSummedByUserAndOverAll(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		first, second := storetest.NewCustomer(t, s, "Starter"), storetest.NewCustomer(t, s, "Starter")
		lose := func(c storetest.Customer, millionths int64) {
			t.Helper()
			f, err := s.Figures(ctx, c.User.ID, c.Key.ID)
			if err != nil {
				t.Fatal(err)
			}
			held := postOne(t, s, clock, openHold(c, f.Room))
			charge := c.Charge(f.Room)
			charge.Millionths = millionths
			postOne(t, s, clock, usage.Entry{Kind: usage.KindSettle, Charge: charge, HoldID: held.HoldID})
		}
		check := func(span usage.Range, ofFirst, ofSecond, lately int64) {
			t.Helper()
			one, two := must[int64](t)(s.Uncollected(ctx, first.User.ID, span)), must[int64](t)(s.Uncollected(ctx, second.User.ID, span))
			if all := must[int64](t)(s.UncollectedLately(ctx)); one != ofFirst || two != ofSecond || all != lately {
				t.Errorf("%d, %d, lately %d; want %d, %d, %d", one, two, all, ofFirst, ofSecond, lately)
			}
		}
		start := usage.DayOf(clock.Now())
		lose(first, 1_500_000)
		lose(second, 1)
		check(usage.OneDay(start), 1_500_000, 1, 1_500_001)
		clock.Add(24 * time.Hour)
		lose(first, 3)
		check(usage.OneDay(start.Add(1)), 3, 0, 1_500_004)
		check(storetest.Span(start, start.Add(1)), 1_500_003, 1, 1_500_004)
		clock.Add(6 * 24 * time.Hour)
		check(usage.OneDay(start), 1_500_000, 1, 3)
	})
}

func TestLedgerStatsAreCountedAtMostEveryFewSeconds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		c := storetest.NewCustomer(t, s, "Pro")
		want := func(open, credits, corrections int64) {
			t.Helper()
			if got := must[store.LedgerStats](t)(s.LedgerStats(ctx)); got.Open != open || got.Credits != credits || got.Corrections != corrections {
				t.Errorf("%+v, want %d holds of %d credits and %d corrections", got, open, credits, corrections)
			}
		}
		want(0, 0, 0)
		postOne(t, s, clock, openHold(c, 30))
		postOne(t, s, clock, openHold(c, 12))
		if _, _, _, err := s.Correct(ctx, operator, usage.NewCorrection{UserID: c.User.ID, Credits: 1, Reason: "r"}); err != nil {
			t.Fatal(err)
		}
		want(0, 0, 0)
		clock.Add(5 * time.Second)
		want(2, 42, 1)
		clock.Add(usage.DefaultHoldTTL)
		want(0, 0, 1) // past their deadline they set nothing aside, whether or not the sweeper has been there
	})
}
