package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// ledgerModel is what a ledger promises, in a few lines.
type ledgerModel struct {
	used  map[string]int64
	limit map[uuid.UUID]int64
	first map[usage.ReplayKey]firstCharge
	// accepted are each user's charges in their order.
	accepted map[uuid.UUID][]usage.Record
}

type firstCharge struct {
	mark    [16]byte
	receipt usage.Receipt
	at      time.Time
}

func (b *ledgerModel) charge(at time.Time, c usage.Charge) usage.Receipt {
	scope, day := usage.ReplayKey{KeyID: c.KeyID, Text: c.IdempotencyKey}, usage.DayOf(at)
	if first, found := b.first[scope]; found && c.IdempotencyKey != "" && at.Sub(first.at) < usage.ReplayWindow {
		first.receipt.Outcome = map[bool]usage.Outcome{true: usage.Duplicate, false: usage.Mismatch}[first.mark == c.Fingerprint()]
		return first.receipt
	}
	row := c.UserID.String() + string(day)
	if c.Credits > max(b.limit[c.UserID]-b.used[row], 0) {
		return receiptOf(usage.OverQuota, b.used[row], b.limit[c.UserID], day, 0)
	}
	b.used[row] += c.Credits
	b.accepted[c.UserID] = append(b.accepted[c.UserID], usage.Record{UserID: c.UserID, KeyID: c.KeyID, Model: c.Model, Credits: c.Credits,
		PromptTokens: c.PromptTokens, CompletionTokens: c.CompletionTokens, CostMicros: c.CostMicros, Millionths: c.Credits * usage.Millionths, Day: day, CreatedAt: at})
	receipt := receiptOf(usage.Accepted, b.used[row], b.limit[c.UserID], day, 0)
	b.first[scope] = firstCharge{c.Fingerprint(), receiptOf(usage.Duplicate, b.used[row], b.limit[c.UserID], day, 0), at}
	receipt.Charged = c.Credits
	return receipt
}

// Random interleavings of charges, repeats, mismatches, plan changes and day
// changes through the real ledger answer as the model does, and what can be
// read of them afterwards is what the model holds.
func TestTheLedgerAnswersEveryInterleavingAsTheModelDoes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		limits := map[string]int64{"Starter": 75, "Pro": 250, "None": 0}
		storetest.NewPlan(t, s, "None", 0)
		people := []storetest.Customer{storetest.NewCustomer(t, s, "Starter"), storetest.NewCustomer(t, s, "Starter")}
		on := charges(people[0].Charge(0), people[1].Charge(0))
		b := &ledgerModel{limit: map[uuid.UUID]int64{people[0].User.ID: limits["Starter"], people[1].User.ID: limits["Starter"]}}
		fortnight := storetest.Start
		rapid.Check(t, func(t *rapid.T) {
			// Days that no run before has charged: to them the ledger is empty, and the first of a repeat is long ago.
			fortnight = fortnight.AddDate(0, 0, 14)
			b.used, b.first, b.accepted = map[string]int64{}, map[usage.ReplayKey]firstCharge{}, map[uuid.UUID][]usage.Record{}
			at := fortnight.Add(time.Duration(rapid.IntRange(0, 47).Draw(t, "hours")) * time.Hour)
			for range rapid.IntRange(1, 8).Draw(t, "steps") {
				switch rapid.SampledFrom([]string{"charge", "charge", "charge", "plan", "time"}).Draw(t, "step") {
				case "charge":
					batch := drawBatch(t, on)
					want := make([]usage.Receipt, len(batch))
					for i, c := range batch {
						want[i] = b.charge(at, c)
					}
					got, err := s.Post(context.Background(), usage.At(at), usage.ChargeEntries(batch...))
					if diff := cmp.Diff(want, got); diff != "" || err != nil {
						t.Fatal(err, diff)
					}
				case "plan":
					who, plan := rapid.SampledFrom(people).Draw(t, "user"), rapid.SampledFrom([]string{"Starter", "Pro", "None"}).Draw(t, "plan")
					if _, err := s.ChangeUser(context.Background(), ada, who.User.ID, accounts.UserChange{Plan: &plan}); err != nil {
						t.Fatal(err)
					}
					b.limit[who.User.ID] = limits[plan]
				case "time":
					at = at.Add(time.Duration(rapid.IntRange(1, 1500).Draw(t, "minutes")) * time.Minute)
				}
			}
			for _, c := range people {
				checkUser(t, s, b, c.User.ID, storetest.Span(usage.DayOf(fortnight), usage.DayOf(at)))
			}
		})
	})
}

func drawBatch(t *rapid.T, on []usage.Charge) []usage.Charge {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) usage.Charge {
		c := rapid.SampledFrom(on).Draw(t, "on")
		c.Credits = rapid.Int64Range(0, 40).Draw(t, "credits")
		c.Model = rapid.SampledFrom([]string{"gpt-5", "unknown", "ünï 🙂"}).Draw(t, "model")
		c.PromptTokens, c.CompletionTokens, c.CostMicros = rapid.Int64Range(0, 1).Draw(t, "prompt"), 2, 3
		c.IdempotencyKey = rapid.SampledFrom([]string{"", "", "a", "b", "c"}).Draw(t, "idempotency key")
		return c
	}), 1, 10).Draw(t, "batch")
}

// checkUser reads a user's usage in every possible way.
func checkUser(t *rapid.T, s *store.Store, b *ledgerModel, user uuid.UUID, span usage.Range) {
	ctx := context.Background()
	records, err := s.Charges(ctx, user, span.From(), 1000, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := b.accepted[user]
	if len(records) != len(want) {
		t.Fatalf("%d charges are listed, want %d", len(records), len(want))
	}
	for i, got := range records {
		model := want[len(want)-1-i]                        // the newest first
		model.ID, model.PreviousID = got.ID, got.PreviousID // the first of these days points to the days before
		if i+1 < len(records) {
			model.PreviousID = records[i+1].ID
		}
		if diff := cmp.Diff(model, got); diff != "" {
			t.Fatal(diff)
		}
	}
	days, models, hours := map[usage.Day]usage.DayTotal{}, map[string]usage.ModelTotal{}, map[string]int64{}
	for _, r := range want {
		d, m := days[r.Day], models[r.Model]
		days[r.Day] = usage.DayTotal{Day: r.Day, Credits: d.Credits + r.Credits, Requests: d.Requests + 1, CostMicros: d.CostMicros + r.CostMicros}
		models[r.Model] = usage.ModelTotal{Model: r.Model, Requests: m.Requests + 1, PromptTokens: m.PromptTokens + r.PromptTokens,
			CompletionTokens: m.CompletionTokens + r.CompletionTokens, CostMicros: m.CostMicros + r.CostMicros}
		hours[fmt.Sprintf("%s %d", r.Day, r.CreatedAt.Hour())]++
	}
	history, err := s.History(ctx, user, span)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range history {
		wantDay, charged := days[d.Day]
		if !charged {
			if d != (usage.DayTotal{Day: d.Day}) {
				t.Fatalf("nothing was charged on %s, and the history says %v", d.Day, d)
			}
			continue
		}
		today, err := s.Today(ctx, user, d.Day)
		hourly, hourlyErr := s.Hourly(ctx, user, d.Day)
		if err != nil || hourlyErr != nil || d != wantDay || today.CreditsUsed != d.Credits || today.RequestCount != d.Requests || today.DailyLimit != b.limit[user] {
			t.Fatalf("%v, %v: %v and %v, want %v", err, hourlyErr, d, today, wantDay)
		}
		for hour, requests := range hourly {
			if requests != hours[fmt.Sprintf("%s %d", d.Day, hour)] {
				t.Fatalf("%d requests at %d h of %s, want %d", requests, hour, d.Day, hours[fmt.Sprintf("%s %d", d.Day, hour)])
			}
		}
	}
	totals, err := s.Models(ctx, user, span, store.DearestFirst)
	if err != nil || len(totals) != len(models) {
		t.Fatalf("%v, %v, want %v", totals, err, models)
	}
	for _, m := range totals {
		if m != models[m.Model] {
			t.Fatalf("%v, want %v", m, models[m.Model])
		}
	}
}
