package store_test

import (
	"fmt"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/keys"
	"codexible/store"
	"codexible/store/storetest"

	"github.com/google/uuid"
)

// BenchmarkSortedPages reads a page of each order of 100,000 users with three keys each.
func BenchmarkSortedPages(b *testing.B) {
	for dialect, url := range map[string]func(testing.TB) string{"sqlite": storetest.SQLiteURL, "postgres": storetest.PostgresURL} {
		b.Run(dialect, func(b *testing.B) {
			at := url(b)
			storetest.Migrate(b, at)
			clock := storetest.NewClock(storetest.Start)
			s := storetest.Connect(b, at, clock.Now)
			last := fillPeople(b, s, clock, 100_000)
			storetest.Exec(b, at, "ANALYZE")
			users := map[string]store.UserQuery{
				"newest": {}, "newest, far down": {Page: store.Page{After: last.ID}}, "newest suspended": {Status: accounts.StatusSuspended},
				"suspended by e-mail": {Status: accounts.StatusSuspended, Order: store.ByEmail}, "active by e-mail": {Status: accounts.StatusActive, Order: store.ByEmail}, "viewers by e-mail": {Role: accounts.RoleViewer, Order: store.ByEmail},
			}
			for _, column := range []store.Order{store.ByCreation, store.ByEmail, store.ByRole, store.ByStatus} {
				for _, order := range []store.Order{column, column.Down()} {
					users["by "+string(order)] = store.UserQuery{Order: order}
					users["by "+string(order)+", far down"] = store.UserQuery{Order: order, Page: store.Page{After: last.ID, Place: map[store.Order]string{store.ByEmail: last.Email, store.ByRole: string(last.Role), store.ByStatus: string(last.Status)}[column]}}
				}
			}
			for name, q := range users {
				q.Limit = 51
				b.Run("users "+name, func(b *testing.B) {
					for b.Loop() {
						if _, err := s.Users(b.Context(), q); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
			keyOrders := map[string]store.KeyQuery{"newest": {}, "active by use": {Status: keys.StatusActive, Order: store.ByLastUse}}
			for _, column := range []store.Order{store.ByCreation, store.ByStatus, store.ByLastUse} {
				for _, order := range []store.Order{column, column.Down()} {
					keyOrders["by "+string(order)] = store.KeyQuery{Order: order}
					keyOrders["by "+string(order)+", far down"] = store.KeyQuery{Order: order, Page: store.Page{After: uuid.Max, Place: map[store.Order]string{store.ByStatus: "disabled", store.ByLastUse: clock.Now().Format(time.RFC3339)}[column]}}
				}
			}
			for name, q := range keyOrders {
				q.Limit = 51
				b.Run("keys "+name, func(b *testing.B) {
					for b.Loop() {
						if _, err := s.Keys(b.Context(), q); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		})
	}
}

// fillPeople makes users with three keys each, of which half were used; one user of two hundred is
// suspended, all at the end of the order of e-mails. It returns one from the middle.
func fillPeople(b *testing.B, s *store.Store, clock *storetest.Clock, n int) (middle store.UserLine) {
	b.Helper()
	const batch = 1000
	for from := 0; from < n; from += batch {
		clock.Add(time.Second)
		var people []store.ImportUser
		for i := from; i < from+batch; i++ {
			u := store.ImportUser{NewUser: accounts.NewUser{Email: fmt.Sprintf("user%06d@example.com", i*7919%n)}}
			for k := range 3 {
				u.Keys = append(u.Keys, keys.NewKey{Secret: keys.Mint(), Status: []keys.Status{keys.StatusActive, keys.StatusDisabled, keys.StatusActive}[k]})
			}
			people = append(people, u)
		}
		made, err := s.Import(b.Context(), ada, "Pro", people)
		if err != nil {
			b.Fatal(err)
		}
		used := map[uuid.UUID]time.Time{}
		for i, m := range made {
			if i%2 == 0 {
				used[m.KeyIDs[0]], used[m.KeyIDs[1]], used[m.KeyIDs[2]] = clock.Now(), clock.Now(), clock.Now()
			}
			if from == n/2 && i == 0 {
				if middle, err = s.User(b.Context(), m.UserID); err != nil {
					b.Fatal(err)
				}
			}
		}
		if err := s.TouchKeys(b.Context(), used); err != nil {
			b.Fatal(err)
		}
	}
	suspended, err := s.Users(b.Context(), store.UserQuery{Order: store.ByEmail.Down(), Page: store.Page{Limit: n / 200}})
	if err != nil {
		b.Fatal(err)
	}
	for i := range suspended {
		if _, err := s.ChangeUser(b.Context(), ada, suspended[i].ID, accounts.UserChange{Status: new(accounts.StatusSuspended)}); err != nil {
			b.Fatal(err)
		}
	}
	return middle
}
