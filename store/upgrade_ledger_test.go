package store_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
)

const (
	oldCharges = 100_000
	oldDays    = 25
)

// oldLedger fills the schema before holds with charges of three users on twenty-five
// days, six keys and five models, and with the totals that its meter kept.
func oldLedger(t *testing.T, url string) {
	t.Helper()
	id := "unhex(printf('%%012x7%%03x8%%015x', at / 1000, n %% 4096, n))"
	series, last, instant := "WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n + 1 < %d)", "MAX(id)", "at"
	date, hour := "date(at / 1000000, 'unixepoch')", "created_at / 3600000000 % 24"
	if dialectOf(url) == "postgres" {
		id = "CAST(lpad(to_hex(at / 1000), 12, '0') || '7' || lpad(to_hex(n %% 4096), 3, '0') || '8' || lpad(to_hex(n), 15, '0') AS uuid)"
		series, last, instant = "WITH s AS (SELECT n FROM generate_series(CAST(0 AS bigint), %d - 1) AS g(n))", "(array_agg(id ORDER BY id DESC))[1]", "to_timestamp(at / 1000000)"
		date, hour = "CAST(to_timestamp(at / 1000000) AT TIME ZONE 'UTC' AS date)", "EXTRACT(HOUR FROM created_at AT TIME ZONE 'UTC')"
	}
	start := storetest.Start.AddDate(0, 0, -oldDays).Truncate(24 * time.Hour)
	step := int64(oldDays) * 24 * time.Hour.Microseconds() / oldCharges
	sums := ", COUNT(*), SUM(credits), SUM(prompt_tokens), SUM(completion_tokens), SUM(cost_micros) FROM usage GROUP BY day, user_id, "
	var hours, counts []string
	for h := range usage.HoursADay {
		hours = append(hours, fmt.Sprintf("h%02d", h))
		counts = append(counts, fmt.Sprintf("SUM(CASE WHEN %s = %d THEN 1 ELSE 0 END)", hour, h))
	}
	storetest.Exec(t, url, "BEGIN",
		"INSERT INTO usage (id, day, user_id, key_id, previous_id, created_at, credits, model, prompt_tokens, completion_tokens, cost_micros) "+
			fmt.Sprintf(series, oldCharges)+fmt.Sprintf(`, c AS (SELECT n, CAST(%d AS bigint) + CAST(n AS bigint) * %d AS at, (n * 7 + n / 11) %% 6 AS k FROM s),
			keys AS (SELECT id, user_id, ROW_NUMBER() OVER (ORDER BY id) - 1 AS k FROM api_keys)
			SELECT `+id+", "+date+", keys.user_id, keys.id, LAG("+id+") OVER (PARTITION BY keys.user_id ORDER BY n), "+instant+`,
			n * n %% 9, 'model-' || (n / 3 %% 5), n %% 100, n %% 77, n * 31 %% 100000 FROM c JOIN keys ON keys.k = c.k`, start.UnixMicro(), step),
		"INSERT INTO daily_usage (day, user_id, key_id, requests, credits, prompt_tokens, completion_tokens, cost_micros) SELECT day, user_id, key_id"+sums+"key_id",
		"INSERT INTO model_usage (day, user_id, model, requests, credits, prompt_tokens, completion_tokens, cost_micros) SELECT day, user_id, model"+sums+"model",
		"INSERT INTO user_days (day, user_id, requests, credits, cost_micros, last_charge_id, "+strings.Join(hours, ", ")+
			") SELECT day, user_id, COUNT(*), SUM(credits), SUM(cost_micros), "+last+", "+strings.Join(counts, ", ")+" FROM usage GROUP BY day, user_id", "COMMIT")
}

// totalsBy reads the totals by user, key and model, as both schemas have them.
func totalsBy(t *testing.T, url string, old bool) map[string][]string {
	t.Helper()
	keys, models := "daily_usage", "model_usage"
	credits := "credits"
	if !old {
		keys, models, credits = keyDays, strings.ReplaceAll(strings.ReplaceAll(keyDays, "key_id", "model"), "key_days", "model_days"), "(millionths + 999999) / 1000000"
	}
	const sums = ", requests, credits, prompt_tokens, completion_tokens, cost_micros"
	hours := make([]string, usage.HoursADay)
	for h := range hours {
		hours[h] = fmt.Sprintf("h%02d", h)
	}
	db := storetest.Raw(t, url)
	return map[string][]string{
		"users":  rowsOf(t, db, "user_days", "day, user_id, requests, "+credits+", cost_micros, last_charge_id, "+strings.Join(hours, ", ")),
		"keys":   rowsOf(t, db, keys, "day, user_id, key_id"+sums),
		"models": rowsOf(t, db, models, "day, user_id, model"+sums),
	}
}

// The schema before holds, with 100 000 charges, goes up and down with every total
// the same to the credit; in the second store a retention has removed the charges
// of the first ten days.
func TestTheLedgerOfBeforeHoldsIsUpgradedAndComesBack(t *testing.T) {
	for name, kept := range map[string]int{"with all charges": 0, "with the charges of fifteen days": 10} {
		t.Run(name, func(t *testing.T) {
			storetest.EachMigratedURL(t, func(t *testing.T, url string) {
				ctx, clock := context.Background(), storetest.NewClock(storetest.Start)
				s := storetest.Connect(t, url, clock.Now)
				var c storetest.Customer
				for range 3 {
					c = storetest.NewCustomer(t, s, "Business")
					storetest.NewKey(t, s, c.User)
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				m := newMigrator(t, url, storetest.Files())
				takenBack(t, m, "0006")
				oldLedger(t, url)
				keptFrom := usage.DayOf(storetest.Start).Add(kept - oldDays)
				if kept > 0 {
					storetest.Exec(t, url, "DELETE FROM usage WHERE day < '"+string(keptFrom)+"'", "INSERT INTO retention (id, kept_from) VALUES (1, '"+string(keptFrom)+"')")
				}
				before := c.Charge(3)
				before.IdempotencyKey = "order-1"
				mark, at := before.Fingerprint(), fmt.Sprint(storetest.Start.Add(-time.Hour).UnixMicro())
				fingerprint := "x'" + hex.EncodeToString(mark[:]) + "'"
				if dialectOf(url) == "postgres" {
					fingerprint, at = `'\`+fingerprint[:1]+fingerprint[2:], "'"+storetest.Start.Add(-time.Hour).Format(time.RFC3339)+"'"
				}
				storetest.Exec(t, url, "INSERT INTO idempotency_keys (key_id, text, fingerprint, day, credits_used, daily_limit, created_at) VALUES ("+
					strings.Join([]string{literal(dialectOf(url), c.Key.ID), "'order-1'", fingerprint, "'2026-03-04'", "3", "500", at}, ", ")+")")
				was, replays := totalsBy(t, url, true), rowsOf(t, storetest.Raw(t, url), "idempotency_keys", "*")

				began := time.Now()
				if _, err := m.Up(ctx); err != nil {
					t.Fatal(err)
				}
				up := time.Since(began)
				if diff := cmp.Diff(was, totalsBy(t, url, false)); diff != "" {
					t.Errorf("the upgrade changed totals: %s", diff)
				}
				upgraded := storetest.Connect(t, url, clock.Now)
				r := reconcile(t, upgraded)
				if want := int64(oldCharges * (oldDays - kept) / oldDays); len(r.Differences) > 0 || r.Charges != want || r.DaysGone != int64(kept) {
					t.Errorf("%d charges, %d days gone, differences %v", r.Charges, r.DaysGone, r.Differences)
				}
				before.ChargerID = service // whoever charges
				if got := settle(t, upgraded, storetest.Start, before)[0]; got.Outcome != usage.Duplicate || got.CreditsUsed != 3 || got.Room != 497 {
					t.Errorf("the repeat of a charge of before is %+v", got)
				}
				if err := upgraded.Close(); err != nil {
					t.Fatal(err)
				}

				began = time.Now()
				takenBack(t, m, "0006")
				t.Logf("%d charges: up in %v, down in %v", r.Charges, up.Round(time.Millisecond), time.Since(began).Round(time.Millisecond))
				if diff := cmp.Diff(was, totalsBy(t, url, true)); diff != "" {
					t.Errorf("the way back changed totals: %s", diff)
				}
				if diff := cmp.Diff(replays, rowsOf(t, storetest.Raw(t, url), "idempotency_keys", "*")); diff != "" {
					t.Errorf("the way back changed idempotency keys: %s", diff)
				}
			})
		})
	}
}

// The schema before models and prices keeps every figure of priced charges, and what they used is gone.
func TestPricedChargesComeBackWithoutTheirTokens(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		ctx, clock := context.Background(), storetest.NewClock(storetest.Start.AddDate(0, 0, 3))
		s := storetest.Connect(t, url, clock.Now)
		d := priceDays(t, s)
		if err := s.CountTotals(ctx); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		rows := func() map[string][]string {
			db := storetest.Raw(t, url)
			const charge = "id, day, user_id, key_id, previous_id, created_at, credits, model, prompt_tokens, completion_tokens, cost_micros, millionths, granted, uncollected, adjusts_id"
			const hold = "id, user_id, key_id, owner_id, credits, draws, delivered, on_expiry, model, created_at, expires_at, status, charge_id, charged, collected, settlement, figures"
			return map[string][]string{"usage": rowsOf(t, db, "usage", charge), "daily_usage": rowsOf(t, db, "daily_usage", "*"), "user_days": rowsOf(t, db, "user_days", "*"),
				"holds": rowsOf(t, db, "holds", hold)}
		}
		was, m := rows(), newMigrator(t, url, storetest.Files())
		takenBack(t, m, "0007")
		if diff := cmp.Diff(was, rows()); diff != "" || len(was["usage"]) != pricedDayCharges {
			t.Errorf("the way back changed figures: %s", diff)
		}
		if _, err := m.Up(ctx); err != nil {
			t.Fatal(err)
		}
		s = storetest.Connect(t, url, clock.Now)
		if r := reconcile(t, s); len(r.Differences) > 0 || r.Charges != pricedDayCharges {
			t.Errorf("%d charges, differences %v", r.Charges, r.Differences)
		}
		settled, err := s.ChargeByID(ctx, d.settlement)
		if err != nil || settled.Priced != nil || settled.Credits == 0 || settled.CostMicros == 0 || settled.Hold == nil {
			t.Errorf("%+v, %v", settled, err)
		}
		post(t, s, clock.Now(), usage.ChargeEntries(pricedCharge(t, d.c, newPrice(t, s, "opus", storetest.Start, 5, 25), usage.Tokens{Input: 1}))...)
		if r := reconcile(t, s); len(r.Differences) > 0 {
			t.Error(r.Differences)
		}
	})
}
