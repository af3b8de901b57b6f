package store_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"codexible/keys"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"
)

// A page is found along an index in its order, and what belongs to its rows is
// looked up by index. Only the page itself, at most a few hundred rows, is
// sorted; only the table that the page is of is walked, as far as the page ends.
func TestEveryReadGoesAlongAnIndex(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx := context.Background()
		c := storetest.NewCustomer(t, s, "Pro")
		settle(t, s, storetest.Start, c.Charge(1), c.Charge(2))
		day := usage.DayOf(storetest.Start)
		span := usage.LastDays(day, 365)
		deep := store.Page{Limit: 200, Offset: 10_000}
		for _, read := range []struct {
			name string
			read func() error
			// walks are the tables that SQLite may walk.
			walks []string
		}{
			{"users", func() error { _, err := s.Users(ctx, store.UserQuery{Page: deep}); return err }, []string{"page > SCAN u", "SCAN page"}},
			{"users of a plan", func() error {
				_, err := s.Users(ctx, store.UserQuery{PlanID: c.User.PlanID, Page: deep})
				return err
			}, []string{"SCAN page"}},
			{"users after one", func() error {
				_, err := s.Users(ctx, store.UserQuery{Page: store.Page{Limit: 50, After: c.User.ID}})
				return err
			}, []string{"SCAN page"}},
			{"users by e-mail", func() error {
				_, err := s.Users(ctx, store.UserQuery{Order: store.EmailDesc, Page: deep})
				return err
			}, []string{"page > SCAN u USING COVERING INDEX users_email", "SCAN page"}},
			{"a user", func() error { _, err := s.User(ctx, c.User.ID); return err }, []string{"SCAN page"}},
			{"keys", func() error { _, err := s.Keys(ctx, store.KeyQuery{Page: deep}); return err }, []string{"page > SCAN k", "SCAN page"}},
			{"active keys", func() error {
				_, err := s.Keys(ctx, store.KeyQuery{Status: keys.StatusActive, Page: deep})
				return err
			}, []string{"SCAN page"}},
			{"a user's keys", func() error { _, err := s.UsableKeys(ctx, c.User.ID, store.Page{Limit: 100}); return err }, []string{"SCAN part"}},
			{"the overview", func() error { _, _, err := s.Overview(ctx, c.User.ID, c.Key.ID, day); return err }, nil},
			{"today", func() error { _, err := s.Today(ctx, c.User.ID, day); return err }, nil},
			{"the history", func() error { _, err := s.History(ctx, c.User.ID, span); return err }, nil},
			{"the hours", func() error { _, err := s.Hourly(ctx, c.User.ID, day); return err }, nil},
			{"the models", func() error { _, err := s.Models(ctx, c.User.ID, span); return err }, nil},
			{"the charges", func() error { _, err := s.Charges(ctx, c.User.ID, span.From(), 100, 10); return err }, []string{"SCAN c", "SCAN w"}},
		} {
			plans, err := store.QueryPlans(ctx, s, read.read)
			if err != nil || len(plans) != 1 {
				t.Fatalf("%s: %d statements, want one; %v", read.name, len(plans), err)
			}
			for i, step := range plans[0] {
				whole := strings.Contains(step, "Seq Scan") || strings.Contains(step, "SCAN ") && !slices.ContainsFunc(read.walks, func(walk string) bool { return strings.HasSuffix(step, walk) })
				// The models are a sum, whose rows have no order of their own.
				sorted := read.name != "the models" && (strings.Contains(step, "page > USE TEMP B-TREE") || strings.Contains(step, "->  Sort ") && strings.Contains(plans[0][i-1], "Limit"))
				// The keys of a user that count are found without a look at those that
				// were revoked; the overview asks for one of them by its id.
				passes := read.name != "the overview" && strings.Contains(step, "api_keys_user_id")
				if whole || sorted || passes {
					t.Errorf("%s: %q is a step of\n\t%s", read.name, step, strings.Join(plans[0], "\n\t"))
				}
			}
		}
	})
}
