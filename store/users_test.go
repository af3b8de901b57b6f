package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/fault"
	"codexible/keys"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

func createUser(t *testing.T, s *store.Store, n accounts.NewUser) store.UserLine {
	t.Helper()
	u, err := s.CreateUser(context.Background(), ada, n)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func planID(t *testing.T, s *store.Store, name string) uuid.UUID {
	t.Helper()
	plans, err := s.Plans(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range plans {
		if p.Name == name {
			return p.ID
		}
	}
	t.Fatalf("there is no plan %s", name)
	return uuid.Nil
}

func TestAUserReadsBackAsCreated(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		clock.Set(storetest.Start.Add(1234567 * time.Nanosecond))
		made := createUser(t, s, accounts.NewUser{Email: " Grace@Example.com ", Name: " Grace Hopper ", Plan: "pRO", Role: accounts.RoleService})
		want := store.UserLine{PlanName: "Pro", User: accounts.User{ID: made.ID, Email: "Grace@Example.com", Name: "Grace Hopper", PlanID: planID(t, s, "Pro"),
			Role: accounts.RoleService, Status: accounts.StatusActive, CreatedAt: storetest.Start.Add(1234 * time.Microsecond), Metadata: json.RawMessage("{}")}}
		if diff := cmp.Diff(want, made); diff != "" {
			t.Error(diff)
		}
		byID, err := s.User(ctx, made.ID)
		if diff := cmp.Diff(want, byID); diff != "" || err != nil {
			t.Error(err, diff)
		}
		byEmail, err := s.UserByEmail(ctx, "GRACE@example.COM")
		if diff := cmp.Diff(want, byEmail); diff != "" || err != nil {
			t.Error(err, diff)
		}
		list, err := s.Users(ctx, store.UserQuery{Page: store.Page{Limit: 10}})
		if diff := cmp.Diff([]store.UserLine{want}, list); diff != "" || err != nil {
			t.Error(err, diff)
		}
		if made.ID.Version() != 7 {
			t.Errorf("the id is of version %d", made.ID.Version())
		}
	})
}

func TestAnEMailIsTakenWithoutCase(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		createUser(t, s, accounts.NewUser{Email: "ada@example.com", Plan: "Pro"})
		_, err := s.CreateUser(context.Background(), ada, accounts.NewUser{Email: "ADA@example.com", Plan: "Pro"})
		if err != accounts.ErrEmailTaken { //nolint:errorlint // the sentinel itself, with nothing to log
			t.Errorf("%v", err)
		}
		wantKind(t, err, fault.Conflict)
	})
}

func TestAUserNeedsAPlanThatTakesUsers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx := context.Background()
		old := storetest.NewPlan(t, s, "Old", 1)
		loyal := createUser(t, s, accounts.NewUser{Email: "loyal@example.com", Plan: "Old"})
		if _, err := s.ChangePlan(ctx, ada, old.ID, accounts.PlanChange{Archived: new(true)}); err != nil {
			t.Fatal(err)
		}
		for _, plan := range []string{"Old", "None", "Pro'; DROP TABLE users; --"} {
			_, err := s.CreateUser(ctx, ada, accounts.NewUser{Email: "a@b", Plan: plan})
			wantKind(t, err, fault.Invalid)
			if err != nil && fault.As(err).Fields["plan"] == "" {
				t.Errorf("%v does not name the plan", err)
			}
		}
		if _, err := s.ChangeUser(ctx, ada, loyal.ID, accounts.UserChange{Plan: new("OLD"), Name: new("Loyal")}); err != nil {
			t.Errorf("who has an archived plan cannot keep it: %v", err)
		}
		if _, err := s.ChangeUser(ctx, ada, loyal.ID, accounts.UserChange{Plan: new("Pro")}); err != nil {
			t.Error(err)
		}
		_, err := s.ChangeUser(ctx, ada, loyal.ID, accounts.UserChange{Plan: new("Old")})
		wantKind(t, err, fault.Invalid)
	})
}

func TestAChangeOfAUserTouchesWhatItNamesAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		want := createUser(t, s, accounts.NewUser{Email: "ada@example.com", Name: "Ada", Plan: "Starter"})
		other := createUser(t, s, accounts.NewUser{Email: "other@example.com", Plan: "Starter"})
		clock.Add(time.Hour)
		for _, step := range []struct {
			change accounts.UserChange
			expect func()
		}{
			{accounts.UserChange{}, func() {}},
			{accounts.UserChange{Name: new("Countess")}, func() { want.Name = "Countess" }},
			{accounts.UserChange{Plan: new("business")}, func() { want.PlanID, want.PlanName = planID(t, s, "Business"), "Business" }},
			{accounts.UserChange{Role: new(accounts.RoleAdmin)}, func() { want.Role = accounts.RoleAdmin }},
			{accounts.UserChange{Status: new(accounts.StatusSuspended)}, func() { want.Status = accounts.StatusSuspended }},
			{accounts.UserChange{Status: new(accounts.StatusActive)}, func() { want.Status = accounts.StatusActive }},
			{accounts.UserChange{Name: new("")}, func() { want.Name = "" }},
		} {
			step.expect()
			changed, err := s.ChangeUser(ctx, ada, want.ID, step.change)
			if diff := cmp.Diff(want, changed); diff != "" || err != nil {
				t.Error(err, diff)
			}
			read, err := s.User(ctx, want.ID)
			if diff := cmp.Diff(want, read); diff != "" || err != nil {
				t.Error(err, diff)
			}
		}
		if untouched, err := s.User(ctx, other.ID); err != nil || !cmp.Equal(untouched, other) {
			t.Errorf("another user is %v, %v", untouched, err)
		}
	})
}

func TestAUserWhoDoesNotExistIsNotFound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx := context.Background()
		createUser(t, s, accounts.NewUser{Email: "ada@example.com", Plan: "Pro"})
		nobody := uuid.New()
		for name, err := range map[string]error{
			"User":               second(s.User(ctx, nobody)),
			"User of no id":      second(s.User(ctx, uuid.Nil)),
			"UserByEmail":        second(s.UserByEmail(ctx, "nobody@example.com")),
			"UserByEmail of ''":  second(s.UserByEmail(ctx, "")),
			"UserByEmail of NUL": second(s.UserByEmail(ctx, "ada@example.com\x00")),
			"CredentialsByEmail of bytes that are no text": second(s.CredentialsByEmail(ctx, "\xff@example.com")),
			"ChangeUser":         second(s.ChangeUser(ctx, ada, nobody, accounts.UserChange{Name: new("A")})),
			"CredentialsByEmail": second(s.CredentialsByEmail(ctx, "nobody@example.com")),
			"SetPassword":        s.SetPassword(ctx, ada, nobody, "hash"),
			"CreateKey":          second(s.CreateKey(ctx, ada, keys.NewKey{UserID: nobody, Secret: keys.Mint()})),
		} {
			if fault.As(err).Message != accounts.ErrUserNotFound.Message {
				t.Errorf("%s answers %v", name, err)
			}
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestUsersAreListedNewestFirstAndPagedByTheDatabase(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		var want []uuid.UUID
		for i := range 9 {
			if i%3 == 0 {
				clock.Add(time.Second)
			}
			u := createUser(t, s, accounts.NewUser{Email: fmt.Sprintf("user%d@example.com", i), Plan: "Pro"})
			want = append([]uuid.UUID{u.ID}, want...)
		}
		read := func(q store.UserQuery) (ids []uuid.UUID) {
			users, err := s.Users(ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			for _, u := range users {
				ids = append(ids, u.ID)
			}
			return ids
		}
		for _, text := range []string{"", "user"} {
			for size := 1; size <= 4; size++ {
				var byAfter, byOffset []uuid.UUID
				var after uuid.UUID
				for range 10/size + 1 {
					page := read(store.UserQuery{Text: text, Page: store.Page{Limit: size, After: after}})
					if len(page) > 0 {
						after = page[len(page)-1]
					}
					byAfter = append(byAfter, page...)
					byOffset = append(byOffset, read(store.UserQuery{Text: text, Page: store.Page{Limit: size, Offset: len(byOffset)}})...)
					if len(page) < size {
						break
					}
				}
				if diff := cmp.Diff(want, byAfter); diff != "" {
					t.Errorf("pages of %d by id, searching %q: %s", size, text, diff)
				}
				if diff := cmp.Diff(want, byOffset); diff != "" {
					t.Errorf("pages of %d by offset, searching %q: %s", size, text, diff)
				}
			}
		}
		if past := read(store.UserQuery{Page: store.Page{Limit: 5, Offset: 9}}); len(past) != 0 {
			t.Errorf("beyond the end there are %v", past)
		}
	})
}

func TestTheListOfUsersIsNarrowedByPlanRoleAndStatus(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx := context.Background()
		admin := createUser(t, s, accounts.NewUser{Email: "admin@example.com", Plan: "Pro", Role: accounts.RoleAdmin})
		gone := createUser(t, s, accounts.NewUser{Email: "gone@example.com", Plan: "Starter"})
		here := createUser(t, s, accounts.NewUser{Email: "here@example.com", Plan: "Starter"})
		if _, err := s.ChangeUser(ctx, ada, gone.ID, accounts.UserChange{Status: new(accounts.StatusSuspended)}); err != nil {
			t.Fatal(err)
		}
		page := store.Page{Limit: 10}
		for name, c := range map[string]struct {
			query store.UserQuery
			want  []string
		}{
			"role":              {store.UserQuery{Role: accounts.RoleAdmin, Page: page}, []string{admin.Email}},
			"status":            {store.UserQuery{Status: accounts.StatusSuspended, Page: page}, []string{gone.Email}},
			"plan":              {store.UserQuery{PlanID: here.PlanID, Page: page}, []string{here.Email, gone.Email}},
			"all of them":       {store.UserQuery{PlanID: here.PlanID, Role: accounts.RoleUser, Status: accounts.StatusActive, Text: "EXAMPLE", Page: page}, []string{here.Email}},
			"none":              {store.UserQuery{PlanID: here.PlanID, Role: accounts.RoleAdmin, Page: page}, nil},
			"a plan of nowhere": {store.UserQuery{PlanID: uuid.New(), Page: page}, nil},
		} {
			users, err := s.Users(ctx, c.query)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, u := range users {
				got = append(got, u.Email)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	})
}

func TestAUserLineCountsActiveKeysAndTodaysCreditsOfAllKeys(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		c, other := storetest.NewCustomer(t, s, "Pro"), storetest.NewCustomer(t, s, "Pro")
		spare, _ := storetest.NewKey(t, s, c.User)
		revoked, _ := storetest.NewKey(t, s, c.User)
		if err := s.RevokeKey(ctx, ada, revoked.ID, c.User.ID); err != nil {
			t.Fatal(err)
		}
		onSpare := c.Charge(30)
		onSpare.KeyID = spare.ID
		for at, batch := range map[time.Time][]usage.Charge{
			storetest.Start:                      charges(c.Charge(20), onSpare, other.Charge(7)),
			storetest.Start.Add(-24 * time.Hour): charges(c.Charge(100)),
		} {
			if _, err := s.Post(ctx, usage.At(at), usage.ChargeEntries(batch...)); err != nil {
				t.Fatal(err)
			}
		}
		if u, err := s.User(ctx, c.User.ID); err != nil || u.KeyCount != 2 || u.CreditsUsedToday != 50 {
			t.Errorf("%d keys and %d credits, %v, want 2 and 50", u.KeyCount, u.CreditsUsedToday, err)
		}
		status, err := s.Status(ctx)
		if diff := cmp.Diff(store.Status{Users: 2, ActiveKeys: 3, CreditsToday: 57}, status); diff != "" || err != nil {
			t.Error(err, diff)
		}
		clock.Add(12 * time.Hour)
		if u, err := s.User(ctx, c.User.ID); err != nil || u.CreditsUsedToday != 0 {
			t.Errorf("after midnight %d credits are used, %v", u.CreditsUsedToday, err)
		}
	})
}

func TestCredentialsAreFoundByEMailWithoutCase(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx := context.Background()
		u := createUser(t, s, accounts.NewUser{Email: "Ada@example.com", Plan: "Pro", Role: accounts.RoleAdmin, PasswordHash: "$argon2id$1"})
		want := store.Credentials{UserID: u.ID, Email: "Ada@example.com", Role: accounts.RoleAdmin, Status: accounts.StatusActive, PasswordHash: "$argon2id$1"}
		got, err := s.CredentialsByEmail(ctx, "aDA@EXAMPLE.com")
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Error(err, diff)
		}
		if err := s.SetPassword(ctx, ada, u.ID, "$argon2id$2"); err != nil {
			t.Fatal(err)
		}
		want.PasswordHash = "$argon2id$2"
		got, err = s.CredentialsByEmail(ctx, "ada@example.com")
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Error(err, diff)
		}
	})
}

func TestWhoIsNoActiveAdminLosesTheConsoleSessions(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*store.Store, uuid.UUID) error
		left   int64
	}{
		"suspended": {func(s *store.Store, id uuid.UUID) error {
			return second(s.ChangeUser(context.Background(), ada, id, accounts.UserChange{Status: new(accounts.StatusSuspended)}))
		}, 1},
		"demoted": {func(s *store.Store, id uuid.UUID) error {
			return second(s.ChangeUser(context.Background(), ada, id, accounts.UserChange{Role: new(accounts.RoleService)}))
		}, 1},
		"given another password": {func(s *store.Store, id uuid.UUID) error { return s.SetPassword(context.Background(), ada, id, "hash") }, 1},
		"renamed": {func(s *store.Store, id uuid.UUID) error {
			return second(s.ChangeUser(context.Background(), ada, id, accounts.UserChange{Name: new("Ada")}))
		}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.EachMigratedURL(t, func(t *testing.T, url string) {
				s, db := storetest.Connect(t, url, storetest.NewClock(storetest.Start).Now), storetest.Raw(t, url)
				var admins []store.UserLine
				for i := range 2 {
					u := createUser(t, s, accounts.NewUser{Email: fmt.Sprintf("admin%d@example.com", i), Plan: "Pro", Role: accounts.RoleAdmin})
					addSession(t, db, dialectOf(url), u.ID)
					admins = append(admins, u)
				}
				if err := c.change(s, admins[0].ID); err != nil {
					t.Fatal(err)
				}
				if left := storetest.Count(t, db, "SELECT COUNT(*) FROM console_sessions"); left != c.left {
					t.Errorf("%d sessions are left, want %d", left, c.left)
				}
			})
		})
	}
}
