package store_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/events"
	"codexible/fault"
	"codexible/gateway"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
)

// writeCalls writes requests of a customer, each a millisecond after the one before, and returns their ids.
func writeCalls(t *testing.T, s *store.Store, c storetest.Customer, from time.Time, n int, change func(i int, r *gateway.Record)) (ids []uuid.UUID) {
	t.Helper()
	var batch []gateway.Record
	for i := range n {
		at := from.Add(time.Duration(i) * time.Millisecond)
		r := gateway.Record{ID: callAt(at), At: at, UserID: c.User.ID, KeyID: c.Key.ID, Model: "large", Status: 200, Outcome: usage.CallComplete, Took: time.Second}
		change(i, &r)
		batch, ids = append(batch, r), append(ids, r.ID)
		if len(batch) == 500 || i == n-1 {
			if err := s.WriteRequests(context.Background(), batch, nil); err != nil {
				t.Fatal(err)
			}
			batch = batch[:0]
		}
	}
	return ids
}

// callAt is an id of a request of a moment.
func callAt(at time.Time) uuid.UUID {
	id, ms := uuid.New(), at.UnixMilli()
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	id[6] = id[6]&0x0f | 0x70
	return id
}

func TestFailedCallsAreLookedForAmongTheNewestAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		c, other := storetest.NewCustomer(t, s, "Pro"), storetest.NewCustomer(t, s, "Pro")
		start := clock.Now().Add(-time.Hour)
		writeCalls(t, s, c, start, 1, func(_ int, r *gateway.Record) {
			r.Outcome, r.Status, r.Code = usage.CallRefused, 404, "model_not_found"
		})
		last := writeCalls(t, s, c, start.Add(time.Second), store.FailureScan-1, func(i int, r *gateway.Record) {
			if i == 0 {
				r.Outcome, r.Status, r.Code = usage.CallUpstreamError, 400, "400"
			}
		})[0]
		writeCalls(t, s, other, start.Add(time.Minute), 3, func(_ int, r *gateway.Record) { r.Outcome, r.Status = usage.CallRefused, 429 })
		if got := must[[]store.FailedCall](t)(s.FailedCalls(ctx, c.User.ID, 10)); len(got) != 2 || got[0].ID != last || got[0].Status != 400 || got[1].Code != "model_not_found" {
			t.Errorf("%+v", got)
		}
		writeCalls(t, s, c, start.Add(time.Hour), 1, func(int, *gateway.Record) {})
		if got := must[[]store.FailedCall](t)(s.FailedCalls(ctx, c.User.ID, 10)); len(got) != 1 || got[0].ID != last {
			t.Errorf("beyond what is looked at: %+v", got)
		}
	})
}

func TestPacesAreMediansOfTheNewestCallsAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		c := storetest.NewCustomer(t, s, "Pro")
		start := clock.Now().Add(-time.Hour)
		streamed := func(first, writing time.Duration, tokens int64) func(int, *gateway.Record) {
			return func(_ int, r *gateway.Record) {
				r.Streamed, r.FirstToken, r.Took, r.Tokens = true, first, first+writing, &usage.Tokens{Output: tokens}
			}
		}
		writeCalls(t, s, c, start, 50, streamed(time.Minute, time.Minute, 1))
		writeCalls(t, s, c, start.Add(time.Minute), store.PaceScan, streamed(200*time.Millisecond, 2*time.Second, 333))
		want := []store.ModelPace{{Model: "large", Calls: store.PaceScan, FirstToken: 200 * time.Millisecond, TenthsPerSecond: 1665}}
		if diff := cmp.Diff(want, must[[]store.ModelPace](t)(s.Paces(ctx, c.User.ID, start.Add(-time.Hour)))); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAPaceNeedsAnAnswerThatWasWrittenInTime(t *testing.T) {
	for says, c := range map[string]struct {
		writing time.Duration
		tokens  int64
		want    int64
	}{
		"a second": {time.Second, 81, 810}, "a fraction": {3 * time.Second, 100, 333}, "all at once": {999 * time.Microsecond, 1000, 0}, "not known": {0, 1000, 0},
		"nothing was written": {time.Second, 0, 0}, "a clock that went back": {-time.Second, 10, 0}, "as much as can be": {time.Millisecond, usage.MaxTokens, 10_000 * usage.MaxTokens},
	} {
		if got := (store.Pace{Writing: c.writing}).TenthsPerSecond(c.tokens); got != c.want {
			t.Errorf("%s: %d, want %d", says, got, c.want)
		}
	}
}

func TestChargesHaveThePaceOfTheirCalls(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		c, other := storetest.NewCustomer(t, s, "Pro"), storetest.NewCustomer(t, s, "Pro")
		settle(t, s, clock.Now(), c.Charge(1))
		id := writeCalls(t, s, c, clock.Now(), 1, func(_ int, r *gateway.Record) {
			r.Streamed, r.FirstToken, r.Took = true, 640*time.Millisecond, 2640*time.Millisecond
		})[0]
		holdCall(t, s, c, id, uuid.Nil, 9, clock)
		charge := c.Charge(3)
		charge.CompletionTokens = 100
		settled := usage.Entry{Kind: usage.KindSettle, Charge: charge, HoldID: id}
		settled.Call = &usage.Call{RequestID: id, Outcome: usage.CallComplete, Source: usage.SourceReported}
		if receipts, err := s.Post(ctx, clock.Now, []usage.Entry{settled}); err != nil || receipts[0].Outcome != usage.Accepted {
			t.Fatal(err, receipts)
		}
		list := must[[]store.PacedCharge](t)(s.PacedCharges(ctx, c.User.ID, usage.DayOf(clock.Now()), 10, 0))
		if len(list) != 2 || list[0].FirstToken != 640*time.Millisecond || list[0].TenthsPerSecond() != 500 || list[0].Millionths != 3*usage.Millionths || list[1].Pace != (store.Pace{}) {
			t.Fatalf("%+v", list)
		}
		one := must[store.UserCharge](t)(s.UserCharge(ctx, c.User.ID, list[0].ID))
		call := must[[]store.PacedCharge](t)(s.PacedChargesOfCall(ctx, c.User.ID, id))
		if diff := cmp.Diff(list[0], one.PacedCharge); diff != "" || len(call) != 1 || call[0].Pace != list[0].Pace {
			t.Errorf("%s; of the call %+v", diff, call)
		}
		if _, err := s.UserCharge(ctx, other.User.ID, list[0].ID); fault.KindOf(err) != fault.NotFound {
			t.Errorf("another user's charge: %v", err)
		}
	})
}

func TestCreditsAndTheirGrantsAreOfOneMomentWhileCallsChargeAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		c := storetest.NewCustomer(t, s, "Pro")
		for _, credits := range []int64{300, 500, 200} {
			end := clock.Now().Add(time.Duration(credits) * time.Hour)
			grant(t, s, usage.NewGrant{UserID: c.User.ID, Credits: credits, ExpiresAt: &end})
		}
		settle(t, s, clock.Now(), c.Charge(250)) // all of the plan
		var work errgroup.Group
		work.Go(func() error {
			for range 40 {
				if _, err := s.Post(ctx, clock.Now, usage.ChargeEntries(c.Charge(20))); err != nil {
					return err
				}
			}
			return nil
		})
		work.Go(func() error {
			for range 100 {
				got, err := s.Credits(ctx, c.User.ID, c.Key.ID)
				if err != nil {
					return err
				}
				var left int64
				for i, g := range got.Grants {
					left += g.Left
					if i > 0 && g.ExpiresAt.Before(got.Grants[i-1].ExpiresAt) {
						t.Errorf("the order of use is %+v", got.Grants)
					}
				}
				if left != got.Granted || got.Granted != got.Room || got.CreditsUsed+got.Room != 1250 {
					t.Errorf("the grants have %d of %+v", left, got.Figures)
				}
			}
			return nil
		})
		if err := work.Wait(); err != nil {
			t.Fatal(err)
		}
		if got := must[store.Credits](t)(s.Credits(ctx, c.User.ID, c.Key.ID)); got.CreditsUsed != 1050 || len(got.Grants) != 1 || got.Grants[0].Left != 200 {
			t.Errorf("%+v", got)
		}
	})
}

func TestMailHonoursWhatUsersWant(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		c, p := courier(s)
		all, picky, none := newUser(t, s, "all@example.com", accounts.RoleUser), newUser(t, s, "picky@example.com", accounts.RoleUser), newUser(t, s, "none@example.com", accounts.RoleUser)
		if !s.SendsEvents() {
			t.Error("a store with mail sends none")
		}
		choose := func(id uuid.UUID, change events.AlertsChange) {
			t.Helper()
			must[events.Alerts](t)(s.ChangeAlerts(ctx, ada, id, change))
		}
		eighty, off := new(int64(80)), (*int64)(nil)
		choose(picky, events.AlertsChange{UsageFromPercent: &eighty})
		choose(none, events.AlertsChange{UsageFromPercent: &off, UsedUp: new(false), KeyExpiring: new(false)})
		tell := func(kind events.Type, d events.Data) (got int, to map[string]bool) {
			t.Helper()
			for _, id := range []uuid.UUID{all, picky, none} {
				happens(t, s, kind, id, id, d)
			}
			round(t, s, c)
			to = map[string]bool{}
			for _, mail := range p.took() {
				to[mail[:3]] = true
			}
			clock.Add(2 * time.Hour)
			return len(to), to
		}
		for percent, want := range map[int]int{50: 1, 79: 1, 80: 2, 100: 2} {
			if got, to := tell(events.ThresholdReached, events.Data{Credits: &events.Credits{Limit: "day", Threshold: percent, Date: "2026-03-04"}}); got != want || to["non"] {
				t.Errorf("at %d %%: %v", percent, to)
			}
		}
		for _, kind := range []events.Type{events.QuotaExceeded, events.KeyExpiring} {
			if got, to := tell(kind, events.Data{Credits: &events.Credits{Limit: "day", Date: "2026-03-04"}, Key: &events.Key{Prefix: "codexible_1", ExpiresAt: new(clock.Now())}}); got != 2 || to["non"] {
				t.Errorf("%s: %v", kind, to)
			}
		}
		choose(picky, events.AlertsChange{UsedUp: new(false)})
		if got, to := tell(events.QuotaExceeded, events.Data{Credits: &events.Credits{Limit: "day", Date: "2026-03-05"}}); got != 1 || !to["all"] {
			t.Errorf("without the mail of credits that are used up: %v", to)
		}
	})
}

func TestChangesOfAlertsAtOnceAreAllKeptAndErasedWithTheUser(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		clock, ctx := storetest.NewClock(storetest.Start), context.Background()
		s := storetest.Open(t, url, clock.Now)
		u := newUser(t, s, "ada@example.com", accounts.RoleUser)
		ten := new(int64(10))
		var work errgroup.Group
		for _, c := range []events.AlertsChange{{UsageFromPercent: &ten}, {UsedUp: new(false)}, {KeyExpiring: new(false)}} {
			work.Go(func() error { _, err := s.ChangeAlerts(ctx, ada, u, c); return err })
		}
		if err := work.Wait(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(events.Alerts{UsageFromPercent: ten}, must[events.Alerts](t)(s.Alerts(ctx, u))); diff != "" {
			t.Error(diff)
		}
		for _, wrong := range []int64{0, 101, -1} {
			bad := &wrong
			if _, err := s.ChangeAlerts(ctx, ada, u, events.AlertsChange{UsageFromPercent: &bad}); fault.KindOf(err) != fault.Invalid {
				t.Errorf("%d percent: %v", wrong, err)
			}
		}
		if _, err := s.ChangeAlerts(ctx, ada, uuid.New(), events.AlertsChange{UsedUp: new(true)}); fault.KindOf(err) != fault.NotFound {
			t.Errorf("of nobody: %v", err)
		}
		must[store.Erasure](t)(s.EraseUser(ctx, ada, u, "ada@example.com"))
		if rows := storetest.Count(t, storetest.Raw(t, url), "SELECT COUNT(*) FROM user_alerts"); rows != 0 {
			t.Errorf("%d rows are left of an erased user", rows)
		}
		if _, err := s.ChangeAlerts(ctx, ada, u, events.AlertsChange{UsedUp: new(false)}); fault.KindOf(err) != fault.Conflict {
			t.Errorf("of an erased user: %v", err)
		}
	})
}

func TestAlertsOfAnEventThatCannotBeReadAreSent(t *testing.T) {
	a := events.AllAlerts()
	if !a.Want(&events.Event{Type: events.ThresholdReached, Data: json.RawMessage(`{}`)}) {
		t.Error("a threshold without its figures is not told")
	}
}
