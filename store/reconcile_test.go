package store_test

import (
	"context"
	"fmt"
	"slices"
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
			receipts, err := s.Post(ctx, usage.At(at), usage.ChargeEntries([]usage.Charge{{
				UserID: u.ID, KeyID: k.ID, Credits: int64(n%4 + 1), Model: []string{"gpt-5", "claude"}[n%2], PromptTokens: 10, CompletionTokens: 20, CostMicros: 300,
			}}...))
			if err != nil || receipts[0].Outcome != usage.Accepted {
				t.Fatalf("%v: %v", receipts, err)
			}
		}
	}
}

// holdDays leaves what a recount looks at beside plain charges: a grant, a
// correction, an open hold that draws on the grant, a settled one with a part that
// was not collected, and two whose charges at their expiry were adjusted on the
// next day, one of them back.
func holdDays(t *testing.T, s *store.Store) {
	t.Helper()
	ctx, at := context.Background(), storetest.Start
	c := storetest.NewCustomer(t, s, "Starter")
	if _, _, err := s.Grant(ctx, ada, usage.NewGrant{UserID: c.User.ID, Credits: 10}); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := s.Correct(ctx, ada, usage.NewCorrection{UserID: c.User.ID, Credits: 5, Reason: "a call that was not counted"}); err != nil {
		t.Fatal(err)
	}
	back, more := holdOf(c, 30), holdOf(c, 40)
	back.OnExpiry, more.OnExpiry = usage.ChargeOnExpiry, usage.ChargeOnExpiry
	expiring := post(t, s, at, back, more, holdOf(c, 4))
	delivered := onHold(c, usage.KindExtend, expiring[0].HoldID, 0)
	delivered.Delivered = 20_500_000
	again := delivered
	again.HoldID = expiring[1].HoldID
	post(t, s, at, delivered, again, onHold(c, usage.KindSettle, expiring[2].HoldID, 6_250_000)) // the grant gives all of it
	post(t, s, at.Add(time.Hour), usage.Entry{Kind: usage.KindExpire, Charge: c.Charge(0)})
	tomorrow := at.AddDate(0, 0, 1)
	late := post(t, s, tomorrow, onHold(c, usage.KindSettle, expiring[0].HoldID, 10_000_000), onHold(c, usage.KindSettle, expiring[1].HoldID, 30_000_000))
	open := post(t, s, tomorrow, holdOf(c, late[1].Room-1))
	over := post(t, s, tomorrow, holdOf(c, 1))
	settled := post(t, s, tomorrow, onHold(c, usage.KindSettle, over[0].HoldID, 3_700_001))
	if settled[0].Uncollected != 2_200_001 || open[0].Outcome != usage.Accepted || late[0].Charged >= 20 {
		t.Fatalf("%+v\n%+v\n%+v", late, open, settled)
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
		{"a day's credits", "UPDATE user_days SET millionths = millionths + 1 WHERE day = '2026-03-04'", "millionths is "},
		{"a day's requests", "UPDATE user_days SET requests = requests + 1 WHERE day = '2026-03-04'", "requests is "},
		{"an hour", "UPDATE user_days SET h12 = h12 + 1 WHERE day = '2026-03-04'", "h12 is "},
		{"a day's last charge", "UPDATE user_days SET last_charge_id = (SELECT id FROM usage ORDER BY id LIMIT 1) WHERE day = '2026-03-04'", "charges reached"},
		{"a key's tokens", "UPDATE daily_usage SET prompt_tokens = prompt_tokens + 1 WHERE day = '2026-03-05'", "prompt_tokens is "},
		{"a key's row that is gone", "DELETE FROM daily_usage WHERE day = '2026-03-06'", "requests is 0, the charges say "},
		{"a model's cost", "UPDATE daily_usage SET cost_micros = 0 WHERE model = 'claude' AND day = '2026-03-04'", `model "claude": cost_micros is 0`},
		{"a model that was never used", "UPDATE daily_usage SET model = 'other' WHERE model = 'claude' AND day = '2026-03-04'", `model "other": requests is `},
		{"a day's uncollected", "UPDATE user_days SET uncollected = uncollected + 1 WHERE day = '2026-03-06'", "uncollected is "},
		{"a day's granted", "UPDATE user_days SET granted = granted - 1 WHERE granted > 0", "granted is "},
		{"what a grant gave on a day", "UPDATE grant_days SET credits = credits + 1", "beside grant_days: granted is "},
		{"what a grant gave", "UPDATE grants SET used = used + 1", ": used is "},
		{"a day's corrections", "UPDATE user_days SET corrected = corrected + 1 WHERE corrected > 0", "beside corrections: corrected is "},
		{"a day's corrections and credits", "UPDATE user_days SET corrected = corrected + 1, millionths = millionths + 1000000 WHERE corrected > 0", "beside corrections: corrected is "},
		{"a correction that is gone", "DELETE FROM corrections", "beside corrections: corrected is "},
		{"a correction of another day", "UPDATE corrections SET day = '2026-03-21'", "2026-03-21 user_days"},
		{"an hour of an adjustment", "UPDATE usage SET adjusts_id = NULL, credits = 0 WHERE adjusts_id IS NOT NULL", "requests is "},
		{"an adjustment of nothing", "UPDATE usage SET adjusts_id = user_id WHERE adjusts_id IS NOT NULL", "adjusts_id is 1"},
		{"a millionth of a charge", "UPDATE usage SET millionths = millionths + 1 WHERE millionths <> 0 AND adjusts_id IS NULL", "collected is "},
		{"an adjustment that is gone", "DELETE FROM usage WHERE adjusts_id IS NOT NULL", "collected is "},
		{"what a hold collected", "UPDATE holds SET collected = collected + 1 WHERE status = 'settled'", ": collected is "},
		{"what a hold charged", "UPDATE holds SET charged = charged + 1 WHERE status = 'settled'", ": charged is "},
		{"what a hold did not collect", "UPDATE holds SET uncollected = uncollected + 1 WHERE status = 'settled'", ": uncollected is "},
		{"a hold's charge", "UPDATE holds SET charge_id = id WHERE status = 'settled'", ": charge_id is 1, the charges say 0"},
		{"a settled hold without a charge", "UPDATE holds SET charge_id = NULL WHERE status = 'settled'", ": charge_id is 1, the charges say 0"},
		{"a hold's charge of somebody else", "UPDATE holds SET user_id = owner_id WHERE status = 'settled'", ": charge_id is 1, the charges say 0"},
		{"an open hold that draws more than it holds", "UPDATE holds SET credits = 0 WHERE status = 'open'", ": draws is "},
		{"an open hold that has ended", "UPDATE holds SET ended_at = created_at WHERE status = 'open'", ": ended_at is 1"},
		{"more draws than a grant has left", "UPDATE grants SET credits = used", ": draws is "},
		{"a charge that is gone", "DELETE FROM usage WHERE id = (SELECT id FROM usage ORDER BY id LIMIT 1)", "the charges say "},
		{"a priced charge's cost", "UPDATE usage SET cost_micros = cost_micros + 1 WHERE price_id IS NOT NULL AND adjusts_id IS NULL", ": cost_micros is 67876, its usage and price say 67875"},
		{"an adjustment's cost", "UPDATE usage SET cost_micros = cost_micros + 1 WHERE price_id IS NOT NULL AND adjusts_id IS NOT NULL", ": cost_micros is 5251, its usage and price say 5250"},
		{"a priced charge's amount", "UPDATE usage SET millionths = millionths - 1 WHERE price_id IS NOT NULL AND adjusts_id IS NULL", ": millionths and uncollected is 8144999, its usage and price say 8145000"},
		{"what a charge did not collect", "UPDATE usage SET uncollected = uncollected + 1 WHERE price_id IS NOT NULL", ": millionths and uncollected is 8145001, its usage and price say 8145000"},
		{"a priced charge's tokens", "UPDATE usage SET tokens = REPLACE(tokens, '1001', '1002')", ": prompt_tokens is 51020, its usage and price say 51021"},
		{"a priced charge's bucket", "UPDATE usage SET tokens = REPLACE(tokens, 'cache_read', 'cache_write') WHERE tokens LIKE '%cache_read%'", ", its usage and price say "},
		{"the reasoning of a charge", "UPDATE usage SET tokens = REPLACE(tokens, '600', '599')", ": reasoning is 600, the charges say 599"},
		{"tokens that cannot be read", "UPDATE usage SET tokens = '{' WHERE price_id IS NOT NULL", ": prompt_tokens is 51020, its usage and price say 0"},
		{"a charge of another price", "UPDATE usage SET price_id = (SELECT p.id FROM prices AS p WHERE p.valid_from = (SELECT MAX(valid_from) FROM prices)) WHERE price_id IS NOT NULL", "its usage and price say "},
		{"a charge of no price", "UPDATE usage SET price_id = user_id WHERE price_id IS NOT NULL", ": price_id is 1, its usage and price say 0"},
		{"a charge whose price is gone", "UPDATE usage SET price_id = NULL", ": requests is 3, the charges say 0"},
		{"a price's requests of a day", "UPDATE daily_tokens SET requests = requests + 1 WHERE day = '2026-03-04'", "daily_tokens"},
		{"a price's credits of a day", "UPDATE daily_tokens SET credits = credits + 1 WHERE day = '2026-03-05'", ": credits is "},
		{"a price's cost of a day", "UPDATE daily_tokens SET cost_micros = cost_micros - 1 WHERE day = '2026-03-05'", ": cost_micros is "},
		{"a bucket of a day", "UPDATE daily_tokens SET cache_write_1h = cache_write_1h + 1", ": cache_write_1h is 10, the charges say 9"},
		{"the audio of a day", "UPDATE daily_tokens SET audio_output = 0 WHERE audio_output > 0", ": audio_output is 0, the charges say 11"},
		{"the searches of a day", "UPDATE daily_tokens SET web_searches = 9 WHERE web_searches > 0", ": web_searches is 9, the charges say 2"},
		{"a price's day that is gone", "DELETE FROM daily_tokens WHERE day = '2026-03-06'", ": requests is 0, the charges say 3"},
		{"a hold of no price", "UPDATE holds SET price_id = id WHERE price_id IS NOT NULL", ": price_id is 1"},
		{"a hold of another price", "UPDATE holds SET price_id = (SELECT p.id FROM prices AS p WHERE p.valid_from = (SELECT MAX(valid_from) FROM prices)) WHERE price_id IS NOT NULL", ": price_id is 1"},
		{"a charge that was changed", "UPDATE usage SET credits = credits + 1 WHERE id = (SELECT id FROM usage ORDER BY id LIMIT 1)", "credits is "},
		{"a charge that was moved to another day", "UPDATE usage SET day = '2026-03-20' WHERE id = (SELECT id FROM usage ORDER BY id LIMIT 1)", "2026-03-04"},
	}
	storetest.EachURL(t, func(t *testing.T, url string) {
		clock := storetest.NewClock(storetest.Start)
		s := storetest.Open(t, url, clock.Now)
		chargeDays(t, s, clock)
		holdDays(t, s)
		priceDays(t, s)
		if r := reconcile(t, s); len(r.Differences) != 0 {
			t.Fatal(r.Differences)
		}
		tables := []string{"user_days", "daily_usage", "daily_tokens", "usage", "holds", "grants", "corrections", "grant_days"}
		copies, restore := []string{"BEGIN"}, []string{"BEGIN"}
		for _, table := range tables {
			copies = append(copies, "CREATE TABLE kept_"+table+" AS SELECT * FROM "+table)
		}
		for _, table := range slices.Backward(tables) {
			restore = append(restore, "DELETE FROM "+table)
		}
		for _, table := range tables {
			restore = append(restore, "INSERT INTO "+table+" SELECT * FROM kept_"+table)
		}
		storetest.Exec(t, url, append(copies, "COMMIT")...)
		for _, b := range broken {
			t.Run(b.name, func(t *testing.T) {
				storetest.Exec(t, url, b.statement)
				var lines []string
				for _, d := range reconcile(t, s).Differences {
					lines = append(lines, d.String())
				}
				if !strings.Contains(strings.Join(lines, "\n"), b.want) {
					t.Errorf("differences %q do not contain %q", lines, b.want)
				}
				storetest.Exec(t, url, append(restore, "COMMIT")...)
			})
		}
		if r := reconcile(t, s); len(r.Differences) != 0 {
			t.Fatalf("the totals were restored, and still differ: %v", r.Differences)
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
