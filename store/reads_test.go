package store_test

import (
	"context"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/keys"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/uuid"
)

// What a page costs depends on the page, and not on how much there is besides:
// users of other plans, keys in another state, revoked keys of the same user,
// charges of others, earlier charges and earlier entries of the audit log.
func TestAReadCostsTheSameHoweverMuchThereIs(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		ctx, clock := context.Background(), storetest.NewClock(storetest.Start)
		s, c := storetest.Connect(t, url, clock.Now), storetest.Customer{}
		grow := func(plan string, users, charges int, status keys.Status) {
			t.Helper()
			var people []store.ImportUser
			for range users {
				people = append(people, store.ImportUser{NewUser: accounts.NewUser{Email: uuid.NewString() + "@example.com"},
					Keys: []keys.NewKey{{Secret: keys.Mint(), Status: status}, {Secret: keys.Mint(), Status: status}}})
			}
			made := must[[]store.Imported](t)(s.Import(ctx, ada, plan, people))
			for range 2 {
				clock.Add(24 * time.Hour)
				var batch []usage.Charge
				for _, u := range made {
					batch = append(batch, usage.Charge{UserID: u.UserID, KeyID: u.KeyIDs[0], Model: "model"})
				}
				for range charges {
					batch = append(batch, c.Charge(0))
				}
				settle(t, s, clock.Now(), batch...)
			}
			storetest.Exec(t, url, "ANALYZE")
		}
		c = storetest.NewCustomer(t, s, "Pro")
		grow("Business", 5, 0, keys.StatusActive)
		grow("Pro", 60, 60, keys.StatusActive)
		business := planID(t, s, "Business")
		day, page := usage.DayOf(clock.Now()), store.Page{Limit: 20, Offset: 10}
		span := usage.LastDays(day, 365)
		reads := map[string]func() error{
			"users": func() error { return second(s.Users(ctx, store.UserQuery{Page: page})) },
			"users of a plan": func() error {
				return second(s.Users(ctx, store.UserQuery{PlanID: business, Page: store.Page{Limit: 20}}))
			},
			"users after one": func() error {
				return second(s.Users(ctx, store.UserQuery{Page: store.Page{Limit: 20, After: c.User.ID}}))
			},
			"users by e-mail": func() error { return second(s.Users(ctx, store.UserQuery{Order: store.ByEmail.Down(), Page: page})) },
			"users of a plan by e-mail": func() error {
				return second(s.Users(ctx, store.UserQuery{PlanID: business, Order: store.ByEmail, Page: store.Page{Limit: 20}}))
			},
			"users by role": func() error { return second(s.Users(ctx, store.UserQuery{Order: store.ByRole, Page: page})) },
			"users by role, far down": func() error {
				return second(s.Users(ctx, store.UserQuery{Order: store.ByRole.Down(), Page: store.Page{Limit: 20, After: c.User.ID, Place: "service"}}))
			},
			"users by status": func() error { return second(s.Users(ctx, store.UserQuery{Order: store.ByStatus.Down(), Page: page})) },
			"keys by status":  func() error { return second(s.Keys(ctx, store.KeyQuery{Order: store.ByStatus, Page: page})) },
			"keys by use": func() error {
				return second(s.Keys(ctx, store.KeyQuery{Order: store.ByLastUse, Page: store.Page{Limit: 20}}))
			},
			"the last used keys": func() error {
				return second(s.Keys(ctx, store.KeyQuery{Order: store.ByLastUse.Down(), Page: store.Page{Limit: 20}}))
			},
			"the oldest keys":       func() error { return second(s.Keys(ctx, store.KeyQuery{Order: store.ByCreation, Page: page})) },
			"the oldest of the log": func() error { return second(s.Audit(ctx, store.AuditQuery{OldestFirst: true, Limit: 1})) },
			"a user":                func() error { return second(s.User(ctx, c.User.ID)) },
			"keys":                  func() error { return second(s.Keys(ctx, store.KeyQuery{Page: page})) },
			"active keys":           func() error { return second(s.Keys(ctx, store.KeyQuery{Status: keys.StatusActive, Page: page})) },
			"a user's keys":         func() error { return second(s.UsableKeys(ctx, c.User.ID, store.Page{Limit: 20})) },
			"a secret's key":        func() error { return second(s.IdentityByHash(ctx, c.Secret.Hash())) },
			"the overview": func() error {
				_, _, err := s.Overview(ctx, c.User.ID, c.Key.ID, day)
				return err
			},
			"today":       func() error { return second(s.Today(ctx, c.User.ID, day)) },
			"the history": func() error { return second(s.History(ctx, c.User.ID, span)) },
			"the hours":   func() error { return second(s.Hourly(ctx, c.User.ID, day)) },
			"the models":  func() error { return second(s.Models(ctx, c.User.ID, span, store.DearestFirst)) },
			"the charges": func() error { return second(s.Charges(ctx, c.User.ID, span.From(), 50, 10)) },
			"the audit log": func() error {
				return second(s.Audit(ctx, store.AuditQuery{Limit: 1}))
			},
			"the audit log of a user": func() error {
				return second(s.Audit(ctx, store.AuditQuery{SubjectID: c.User.ID, Limit: 20}))
			},
			"the audit log of an action": func() error {
				return second(s.Audit(ctx, store.AuditQuery{Action: "user.created", Limit: 20}))
			},
			"the audit log of a day": func() error {
				return second(s.Audit(ctx, store.AuditQuery{To: usage.DayOf(storetest.Start), Limit: 1}))
			},
		}
		measure := func() map[string]int64 {
			costs := map[string]int64{}
			for name, read := range reads {
				statements, visited, err := store.Cost(ctx, s, read)
				if err != nil || statements == 0 || visited == 0 {
					t.Fatalf("%s: %d statements visited %d; %v", name, statements, visited, err)
				}
				costs[name] = visited
			}
			return costs
		}
		before := measure()
		grow("Starter", 1200, 600, keys.StatusDisabled)
		for range 60 { // in the user's name, and in the log
			k, _ := storetest.NewKey(t, s, c.User)
			if err := s.RevokeKey(ctx, ada, k.ID, uuid.Nil); err != nil {
				t.Fatal(err)
			}
		}
		storetest.Exec(t, url, "ANALYZE")
		for name, after := range measure() {
			if after > 2*before[name]+40 {
				t.Errorf("%s visited %d, and with twenty times as many rows %d", name, before[name], after)
			}
		}
	})
}
