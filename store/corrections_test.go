package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/fault"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

func TestACorrectionMovesItsDayAndItsMonth(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx, c := context.Background(), storetest.NewCustomer(t, s, "Starter")
		if _, err := s.ChangePlan(ctx, ada, planID(t, s, "Starter"), accounts.PlanChange{MonthlyCreditLimit: new(new(int64(100)))}); err != nil {
			t.Fatal(err)
		}
		settle(t, s, clock.Now().AddDate(0, 0, -1), c.Charge(50))
		settle(t, s, clock.Now().AddDate(0, 0, -30), c.Charge(60)) // another month
		correct := func(credits int64, day usage.Day) int64 {
			t.Helper()
			made, used, duplicate, err := s.Correct(ctx, ada, usage.NewCorrection{UserID: c.User.ID, Credits: credits, Day: day, Reason: " an outage "})
			if err != nil || duplicate || made.Reason != "an outage" || made.CreatedBy != ada.Name || made.Credits != credits {
				t.Fatalf("%+v, %v, %v", made, duplicate, err)
			}
			return used
		}
		want := func(used, room, month int64) {
			t.Helper()
			if f, err := s.Figures(ctx, c.User.ID, c.Key.ID); err != nil || f.CreditsUsed != used || f.Room != room || f.Month.Used != month {
				t.Errorf("%+v, %v, want %d used, %d left, %d of the month", f, err, used, room, month)
			}
		}
		want(0, 50, 50)
		if used := correct(10, ""); used != 10 { // a day without a charge
			t.Error(used)
		}
		want(10, 40, 60)
		if used := correct(-20, "2026-03-03"); used != 30 {
			t.Error(used)
		}
		want(10, 60, 40)
		correct(-60, "2026-02-02")
		want(10, 60, 40)
		correct(90, "2026-03-04") // beyond the day's limit, and the month's
		want(100, 0, 130)
		if r := settle(t, s, clock.Now(), c.Charge(1))[0]; r.Outcome != usage.OverQuota {
			t.Errorf("%+v", r)
		}
		correct(-100, "")
		want(0, 70, 30)
		if r := settle(t, s, clock.Now(), c.Charge(70))[0]; r.Outcome != usage.Accepted {
			t.Errorf("%+v", r)
		}
		for _, below := range []usage.NewCorrection{{Credits: -71}, {Credits: -31, Day: "2026-03-03"}, {Credits: -1, Day: "2026-03-02"}, {Credits: -1, Day: "2026-02-02"}} {
			below.UserID, below.Reason = c.User.ID, "too much"
			_, _, _, err := s.Correct(ctx, ada, below)
			wantKind(t, err, fault.Invalid)
		}
		list, err := s.Corrections(ctx, c.User.ID, 2, 1)
		if err != nil || len(list) != 2 || list[0].Credits != 90 || list[1].Credits != -60 {
			t.Errorf("%+v, %v", list, err)
		}
		entries, err := s.Audit(ctx, store.AuditQuery{Action: "usage.corrected", Limit: 10})
		if err != nil || len(entries) != 5 || entries[0].Actor != ada.Name {
			t.Errorf("%+v, %v", entries, err)
		}
		wantBalanced(t, s)
	})
}

func TestACorrectionIsMadeOnceForAnIdempotencyKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx, c := context.Background(), storetest.NewCustomer(t, s, "Pro")
		n := usage.NewCorrection{UserID: c.User.ID, Credits: 7, Reason: "a call", IdempotencyKey: "fix-1"}
		first, used, _, err := s.Correct(ctx, ada, n)
		if err != nil || used != 7 {
			t.Fatal(used, err)
		}
		settle(t, s, clock.Now(), c.Charge(1))
		again, used, duplicate, err := s.Correct(ctx, ada, n)
		if diff := cmp.Diff(first, again); diff != "" || !duplicate || used != 8 || err != nil {
			t.Error(diff, duplicate, used, err)
		}
		for name, change := range map[string]func(*usage.NewCorrection){
			"amount": func(n *usage.NewCorrection) { n.Credits++ }, "reason": func(n *usage.NewCorrection) { n.Reason += "." }, "day": func(n *usage.NewCorrection) { n.Day = "2026-03-03" },
		} {
			changed := n
			change(&changed)
			if _, _, _, err := s.Correct(ctx, ada, changed); !errors.Is(err, usage.ErrCorrectReplay) {
				t.Errorf("with another %s: %v", name, err)
			}
		}
		for _, n := range []usage.NewCorrection{{Credits: 1}, {Reason: "none"}, {Credits: 1, Reason: "tomorrow", Day: "2026-03-05"}, {Credits: usage.MaxCredits + 1, Reason: "much"}} {
			n.UserID = c.User.ID
			_, _, _, err := s.Correct(ctx, ada, n)
			wantKind(t, err, fault.Invalid)
		}
		if _, _, _, err := s.Correct(ctx, ada, usage.NewCorrection{UserID: uuid.New(), Credits: 1, Reason: "whose?"}); !errors.Is(err, accounts.ErrUserNotFound) {
			t.Error(err)
		}
		wantToday(t, s, c, "2026-03-04", 8, 250, 1)
	})
}

// The totals of closed days follow, whichever of two instances sums them up, also
// where a sum was read before the correction.
func TestACorrectionOfAClosedDayIsSummedUp(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		ctx, clock := context.Background(), storetest.NewClock(storetest.Start)
		s, other := storetest.Connect(t, url, clock.Now), storetest.Connect(t, url, clock.Now)
		c := storetest.NewCustomer(t, s, "Pro")
		settle(t, s, clock.Now(), c.Charge(100))
		clock.Set(midnight)
		if _, _, _, err := s.Correct(ctx, ada, usage.NewCorrection{UserID: c.User.ID, Credits: -10, Day: "2026-03-04", Reason: "before it is closed"}); err != nil {
			t.Fatal(err)
		}
		want := func(credits int64) {
			t.Helper()
			for _, instance := range []*store.Store{s, other} {
				span := storetest.Span("2026-03-04", "2026-03-04")
				sums, err := instance.Summaries(ctx, span)
				plans, plansErr := instance.GroupDays(ctx, store.ByPlan, planID(t, s, "Pro").String(), span)
				if err != nil || plansErr != nil || sums[0].Credits != credits || plans[0].Credits != credits {
					t.Errorf("%+v %v, %+v %v, want %d credits", sums, err, plans, plansErr, credits)
				}
			}
		}
		clock.Add(closeWait)
		if n, err := other.CloseDays(ctx); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		want(90)
		if _, _, _, err := s.Correct(ctx, ada, usage.NewCorrection{UserID: c.User.ID, Credits: 30, Day: "2026-03-04", Reason: "after it is closed"}); err != nil {
			t.Fatal(err)
		}
		want(120)
		for _, instance := range []*store.Store{s, other} {
			if n, err := instance.CloseDays(ctx); n != 0 || err != nil {
				t.Errorf("%d days are summed up again, %v", n, err)
			}
		}
		// What was read before a change is dropped.
		stale := store.SumUp(t, s, "2026-03-04")
		storetest.Exec(t, url, "INSERT INTO reopened_days (day, change_id) VALUES ('2026-03-04', "+literal(dialectOf(url), uuid.New())+")")
		fresh := store.SumUp(t, other, "2026-03-04")
		storetest.Exec(t, url, "UPDATE reopened_days SET change_id = "+literal(dialectOf(url), uuid.New()), "UPDATE user_days SET millionths = 5000000, corrected = -95")
		for _, keep := range []func(context.Context) error{stale, fresh} {
			if err := keep(ctx); err != nil {
				t.Fatal(err)
			}
			want(120)
		}
		if n, err := s.CloseDays(ctx); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		want(5)
		if err := fresh(ctx); err != nil { // an instance that was slow
			t.Fatal(err)
		}
		want(5)
	})
}

const closeWait = 11 * time.Minute
