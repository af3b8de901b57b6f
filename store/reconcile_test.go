package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/keys"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"
)

// chargeDays charges a user with two keys on three days, at several hours and
// for two models, and gives the user's day-by-day requests.
func chargeDays(t *testing.T, s *store.Store, clock *storetest.Clock) {
	t.Helper()
	ctx := context.Background()
	u, err := s.CreateUser(ctx, accounts.ActorCLI, accounts.NewUser{Email: "ledger@example.com", Plan: "Business"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		k, err := s.CreateKey(ctx, accounts.ActorCLI, keys.NewKey{UserID: u.ID, Secret: keys.Mint(), Label: fmt.Sprint("key ", i)})
		if err != nil {
			t.Fatal(err)
		}
		for n := range 30 {
			at := clock.Now().Add(time.Duration(n*113) * time.Minute)
			receipts, err := s.Settle(ctx, usage.At(at), []usage.Charge{{
				UserID: u.ID, KeyID: k.ID, Credits: int64(n%4 + 1), Model: []string{"gpt-5", "claude"}[n%2], PromptTokens: 10, CompletionTokens: 20, CostMicros: 300,
			}})
			if err != nil || receipts[0].Outcome != usage.Accepted {
				t.Fatalf("%v: %v", receipts, err)
			}
		}
	}
}

func reconcile(t *testing.T, s *store.Store) store.Reconciliation {
	t.Helper()
	r, err := s.Reconcile(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReconcileFindsNothingInTotalsThatTheMeterWrote(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		chargeDays(t, s, clock)
		r := reconcile(t, s)
		if len(r.Differences) != 0 || r.Charges != 60 || r.Days != 3 || r.DaysGone != 0 {
			t.Fatalf("got %d charges on %d days (%d gone), differences %v", r.Charges, r.Days, r.DaysGone, r.Differences)
		}
		last, found, err := s.LastReconcile(context.Background())
		if err != nil || !found || last.Charges != 60 || last.Differences != 0 || !last.At.Equal(clock.Now()) {
			t.Fatalf("kept %+v, %v, %v", last, found, err)
		}
	})
}

func TestReconcileFindsEachWayTheTotalsCanBreak(t *testing.T) {
	broken := []struct{ name, statement, want string }{
		{"a day's credits", "UPDATE user_days SET credits = credits + 1 WHERE day = '2026-03-04'", "credits is "},
		{"a day's requests", "UPDATE user_days SET requests = requests + 1 WHERE day = '2026-03-04'", "requests is "},
		{"an hour", "UPDATE user_days SET h12 = h12 + 1 WHERE day = '2026-03-04'", "h12 is "},
		{"a day's last charge", "UPDATE user_days SET last_charge_id = (SELECT id FROM usage ORDER BY id LIMIT 1) WHERE day = '2026-03-04'", "charges reached"},
		{"a key's tokens", "UPDATE daily_usage SET prompt_tokens = prompt_tokens + 1 WHERE day = '2026-03-05'", "prompt_tokens is "},
		{"a key's row that is gone", "DELETE FROM daily_usage WHERE day = '2026-03-06'", "requests is 0, the charges say "},
		{"a model's cost", "UPDATE model_usage SET cost_micros = 0 WHERE model = 'claude' AND day = '2026-03-04'", `model "claude": cost_micros is 0`},
		{"a model that was never used", "UPDATE model_usage SET model = 'other' WHERE model = 'claude' AND day = '2026-03-04'", `model "other": requests is `},
		{"a charge that is gone", "DELETE FROM usage WHERE id = (SELECT id FROM usage ORDER BY id LIMIT 1)", "the charges say "},
		{"a charge that was changed", "UPDATE usage SET credits = credits + 1 WHERE id = (SELECT id FROM usage ORDER BY id LIMIT 1)", "credits is "},
		{"a charge that was moved to another day", "UPDATE usage SET day = '2026-03-20' WHERE id = (SELECT id FROM usage ORDER BY id LIMIT 1)", "2026-03-04"},
	}
	storetest.EachURL(t, func(t *testing.T, url string) {
		clock := storetest.NewClock(storetest.Start)
		s := storetest.Open(t, url, clock.Now)
		chargeDays(t, s, clock)
		for _, b := range broken {
			t.Run(b.name, func(t *testing.T) {
				tables := []string{"user_days", "daily_usage", "model_usage", "usage"}
				for _, table := range tables {
					storetest.Exec(t, url, "CREATE TABLE kept_"+table+" AS SELECT * FROM "+table)
				}
				storetest.Exec(t, url, b.statement)
				r := reconcile(t, s)
				var lines []string
				for _, d := range r.Differences {
					lines = append(lines, d.String())
				}
				if !strings.Contains(strings.Join(lines, "\n"), b.want) {
					t.Errorf("differences %q do not contain %q", lines, b.want)
				}
				for _, table := range tables {
					storetest.Exec(t, url, "DELETE FROM "+table, "INSERT INTO "+table+" SELECT * FROM kept_"+table, "DROP TABLE kept_"+table)
				}
				if r := reconcile(t, s); len(r.Differences) != 0 {
					t.Fatalf("the totals were restored, and still differ: %v", r.Differences)
				}
			})
		}
	})
}

func TestRetentionRemovesChargesAndKeepsTotals(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		chargeDays(t, s, clock)
		u, err := s.UserByEmail(ctx, "ledger@example.com")
		if err != nil {
			t.Fatal(err)
		}
		span := storetest.Span("2026-03-04", "2026-03-06")
		before, err := s.History(ctx, u.ID, span)
		if err != nil {
			t.Fatal(err)
		}
		var removed int64
		for steps := 0; ; steps++ {
			n, err := s.Retain(ctx, "2026-03-06", 7)
			if err != nil {
				t.Fatal(err)
			}
			if n > 7 {
				t.Fatalf("a step of 7 removed %d", n)
			}
			if n == 0 {
				break
			}
			removed += n
			if r := reconcile(t, s); len(r.Differences) != 0 || r.DaysGone == 0 {
				t.Fatalf("after step %d: %d days gone, differences %v", steps, r.DaysGone, r.Differences)
			}
		}
		if want := before[0].Requests + before[1].Requests; removed != want {
			t.Errorf("removed %d charges, want the %d of the first two days", removed, want)
		}
		after, err := s.History(ctx, u.ID, span)
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(after) != fmt.Sprint(before) {
			t.Errorf("totals changed from %v to %v", before, after)
		}
		left, err := s.Charges(ctx, u.ID, "2026-03-01", 500, 0)
		if err != nil {
			t.Fatal(err)
		}
		if int64(len(left)) != before[2].Requests {
			t.Errorf("%d charges are listed, want the %d of the day that was kept", len(left), before[2].Requests)
		}
		if day, err := s.KeptFrom(ctx); err != nil || day != "2026-03-06" {
			t.Errorf("kept from %q, %v", day, err)
		}
	})
}
