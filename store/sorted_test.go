package store_test

import (
	"cmp"
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

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// sortedIDs are the ids of rows in an order that is told by values, and by ids where those are equal.
func sortedIDs[R any](rows []R, value func(R) string, id func(R) uuid.UUID, down bool) (ids []uuid.UUID) {
	rows = slices.Clone(rows)
	slices.SortFunc(rows, func(a, b R) int {
		if down {
			a, b = b, a
		}
		return cmp.Or(strings.Compare(value(a), value(b)), strings.Compare(id(a).String(), id(b).String()))
	})
	for _, row := range rows {
		ids = append(ids, id(row))
	}
	return ids
}

// somePeople makes users of all roles and statuses with a key each; many of them have equal values.
func somePeople(t *testing.T, s *store.Store, clock *storetest.Clock) (users []store.UserLine) {
	t.Helper()
	ctx := context.Background()
	for i := range 13 {
		if i%3 == 0 {
			clock.Add(time.Second)
		}
		u := createUser(t, s, accounts.NewUser{Email: fmt.Sprintf("%c%d@example.com", 'a'+(i*5)%13, i), Plan: []string{"Pro", "Starter"}[i%2], Role: accounts.Roles()[i%4]})
		k, _ := storetest.NewKey(t, s, u)
		if i%4 == 1 {
			if _, err := s.ChangeUser(ctx, ada, u.ID, accounts.UserChange{Status: new(accounts.StatusSuspended)}); err != nil {
				t.Fatal(err)
			}
			if err := s.RevokeKey(ctx, ada, k.ID, uuid.Nil); err != nil {
				t.Fatal(err)
			}
		}
		if i%3 == 2 {
			if _, err := s.ChangeKey(ctx, ada, k.ID, uuid.Nil, keys.KeyChange{Status: new(keys.StatusDisabled)}); err != nil && i%4 != 1 {
				t.Fatal(err)
			}
		}
		if i%2 == 0 { // two keys each were used at one moment
			if err := s.TouchKeys(ctx, map[uuid.UUID]time.Time{k.ID: storetest.Start.Add(time.Duration(i/4) * time.Hour)}); err != nil {
				t.Fatal(err)
			}
		}
		users = append(users, must[store.UserLine](t)(s.User(ctx, u.ID)))
	}
	return users
}

func TestASortedListOfUsersHasEachOnceOnPagesOfAnySize(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		users := somePeople(t, s, clock)
		values := map[store.Order]func(store.UserLine) string{
			store.ByCreation: func(store.UserLine) string { return "" },
			store.ByEmail:    func(u store.UserLine) string { return u.Email },
			store.ByRole:     func(u store.UserLine) string { return string(u.Role) },
			store.ByStatus:   func(u store.UserLine) string { return string(u.Status) },
		}
		for name, q := range map[string]store.UserQuery{
			"all": {}, "suspended": {Status: accounts.StatusSuspended}, "admins": {Role: accounts.RoleAdmin}, "of a plan": {PlanID: users[0].PlanID},
			"of a plan, active": {PlanID: users[0].PlanID, Status: accounts.StatusActive}, "of no plan": {PlanID: uuid.New()},
		} {
			chosen := slices.DeleteFunc(slices.Clone(users), func(u store.UserLine) bool {
				return q.Status != "" && u.Status != q.Status || q.Role != "" && u.Role != q.Role || q.PlanID != uuid.Nil && u.PlanID != q.PlanID
			})
			for column, value := range values {
				for _, q.Order = range []store.Order{column, column.Down()} {
					want := sortedIDs(chosen, value, func(u store.UserLine) uuid.UUID { return u.ID }, q.Order == column.Down())
					for q.Limit = 1; q.Limit <= 5; q.Limit++ {
						var got []uuid.UUID
						q.After, q.Place = uuid.Nil, ""
						for range users {
							for _, u := range must[[]store.UserLine](t)(s.Users(ctx, q)) {
								got, q.After, q.Place = append(got, u.ID), u.ID, u.Place
							}
						}
						if diff := gocmp.Diff(want, got[:min(len(got), len(want))]); diff != "" || len(got) != len(want) {
							t.Errorf("%s by %s, pages of %d, %d of %d: %s", name, q.Order, q.Limit, len(got), len(want), diff)
						}
					}
				}
			}
		}
	})
}

func TestASortedListOfKeysHasEachOnceOnPagesOfAnySize(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		somePeople(t, s, clock)
		all := must[[]store.KeyLine](t)(s.Keys(ctx, store.KeyQuery{Page: store.Page{Limit: 100}}))
		for column, value := range map[store.Order]func(store.KeyLine) string{
			store.ByCreation: func(store.KeyLine) string { return "" },
			store.ByStatus:   func(k store.KeyLine) string { return string(k.Status) },
			store.ByLastUse: func(k store.KeyLine) string {
				if k.LastUsedAt == nil {
					return ""
				}
				return k.LastUsedAt.Format(time.RFC3339)
			},
		} {
			for _, status := range []keys.Status{"", keys.StatusActive, keys.StatusRevoked} {
				chosen := slices.DeleteFunc(slices.Clone(all), func(k store.KeyLine) bool { return status != "" && k.Status != status })
				for _, order := range []store.Order{column, column.Down()} {
					want := sortedIDs(chosen, value, func(k store.KeyLine) uuid.UUID { return k.ID }, order == column.Down())
					for limit := 1; limit <= 5; limit++ {
						var got []uuid.UUID
						q := store.KeyQuery{Status: status, Order: order, Page: store.Page{Limit: limit}}
						for range all {
							for _, k := range must[[]store.KeyLine](t)(s.Keys(ctx, q)) {
								got, q.After, q.Place = append(got, k.ID), k.ID, order.KeyPlace(&k.Key)
							}
						}
						if diff := gocmp.Diff(want, got[:min(len(got), len(want))]); diff != "" || len(got) != len(want) {
							t.Errorf("%q by %s, pages of %d, %d of %d: %s", status, order, limit, len(got), len(want), diff)
						}
					}
				}
			}
		}
	})
}

func TestAPageGoesOnBehindThePlaceThatItsLastRowHad(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx := context.Background()
		for _, name := range []string{"d", "a", "c", "b"} {
			createUser(t, s, accounts.NewUser{Email: name + "@example.com", Plan: "Pro"})
		}
		q := store.UserQuery{Order: store.ByEmail, Page: store.Page{Limit: 2}}
		first := must[[]store.UserLine](t)(s.Users(ctx, q))
		last := first[1]
		if _, err := s.ChangeUser(ctx, ada, last.ID, accounts.UserChange{Email: new("z@example.com")}); err != nil {
			t.Fatal(err)
		}
		q.After, q.Place = last.ID, last.Place
		var got string
		for _, u := range must[[]store.UserLine](t)(s.Users(ctx, q)) {
			got += u.Email[:1]
		}
		if got != "cd" {
			t.Errorf("after a and b, of which b became z, comes %q, want cd", got)
		}
	})
}

func TestMoreFilteredUsersThanAreSortedAreListedNewestFirst(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx := context.Background()
		var people []store.ImportUser
		for i := range store.SortedRows {
			people = append(people, store.ImportUser{NewUser: accounts.NewUser{Email: fmt.Sprintf("u%05d@example.com", i*7919%100_000)}})
		}
		must[[]store.Imported](t)(s.Import(ctx, ada, "Pro", people))
		createUser(t, s, accounts.NewUser{Email: "u00001@example.com", Plan: "Starter", Role: accounts.RoleAdmin})
		read := func() (got []string, sortable bool) {
			q := store.UserQuery{Role: accounts.RoleUser, Order: store.ByEmail, Page: store.Page{Limit: 300}}
			for range 5 {
				for _, u := range must[[]store.UserLine](t)(s.Users(ctx, q)) {
					got, q.After, q.Place = append(got, u.Email), u.ID, u.Place
				}
			}
			return got, must[bool](t)(s.Sortable(ctx, q))
		}
		if got, sortable := read(); !sortable || len(got) != store.SortedRows || !slices.IsSorted(got) {
			t.Errorf("sortable %t, %d users: %v …", sortable, len(got), got[:5])
		}
		createUser(t, s, accounts.NewUser{Email: "one@example.com", Plan: "Pro"})
		if got, sortable := read(); sortable || len(got) != store.SortedRows+1 || got[0] != "one@example.com" {
			t.Errorf("sortable %t, %d users: %v …", sortable, len(got), got[:5])
		}
		if all, err := s.Sortable(ctx, store.UserQuery{}); !all || err != nil {
			t.Errorf("all users are sortable: %t, %v", all, err)
		}
	})
}

func TestTheAuditLogIsReadFromEitherEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		for i := range 7 {
			clock.Add(time.Second)
			if err := s.Record(ctx, ada, accounts.AuditEntry{Action: []string{"export.failed", "session.failed", "export.made"}[i%3], Subject: accounts.SubjectSystem, Target: fmt.Sprint("target", i)}); err != nil {
				t.Fatal(err)
			}
		}
		for _, f := range []store.AuditQuery{{}, {Text: "target"}, {Actions: store.FailureActions}, {Action: "export.failed"}} {
			read := func(oldest bool) (seqs []int64) {
				f.OldestFirst, f.Before, f.Limit = oldest, 0, 2
				for range 5 {
					for _, e := range must[[]accounts.AuditEntry](t)(s.Audit(ctx, f)) {
						seqs, f.Before = append(seqs, e.Seq), e.Seq
					}
				}
				return seqs
			}
			newest, oldest := read(false), read(true)
			slices.Reverse(oldest)
			if diff := gocmp.Diff(newest, oldest); diff != "" || len(newest) < 2 {
				t.Errorf("%+v: %s", f, diff)
			}
		}
	})
}
