package store_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/keys"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

var operator = accounts.Actor{Name: "ada@example.com", Address: "192.0.2.1", RequestID: "r-1"}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// customer makes a user with one key.
func customer(t *testing.T, s *store.Store, email, plan string) (store.UserLine, keys.Key) {
	t.Helper()
	u := must[store.UserLine](t)(s.CreateUser(context.Background(), operator, accounts.NewUser{Email: email, Plan: plan}))
	k := must[keys.Key](t)(s.CreateKey(context.Background(), operator, keys.NewKey{UserID: u.ID, Secret: keys.Mint()}))
	return u, k
}

func admin(t *testing.T, s *store.Store) store.UserLine {
	t.Helper()
	return must[store.UserLine](t)(s.CreateUser(context.Background(), operator, accounts.NewUser{Email: operator.Name, Plan: "Pro", Role: accounts.RoleAdmin, PasswordHash: "hash"}))
}

// passwordOf is the password's hash that the operator has at present.
func passwordOf(t *testing.T, s *store.Store) string {
	t.Helper()
	return must[store.Credentials](t)(s.CredentialsByEmail(context.Background(), operator.Name)).PasswordHash
}

func TestASessionOpensTheConsoleUntilItEndsExpiresOrItsUserIsNoActiveAdmin(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		u := admin(t, s)
		open := func() accounts.Token {
			token := accounts.MintToken()
			must[accounts.Session](t)(s.OpenSession(ctx, operator, store.NewSession{UserID: u.ID, Token: token, UserAgent: "Browser", PasswordHash: passwordOf(t, s)}))
			return token
		}
		opens := func(token accounts.Token) bool {
			_, found, err := s.OperatorByToken(ctx, token)
			if err != nil {
				t.Fatal(err)
			}
			return found
		}
		first, second := open(), open()
		if !opens(first) || !opens(second) || opens(accounts.MintToken()) {
			t.Fatal("two tokens open the console, and a third that nobody was given does not")
		}
		o, _, _ := s.OperatorByToken(ctx, first)
		if err := s.EndSession(ctx, operator, uuid.New(), o.Session.ID); err != nil || !opens(first) {
			t.Fatal("somebody else's session cannot be ended", err)
		}
		if err := s.EndSession(ctx, operator, u.ID, o.Session.ID); err != nil || opens(first) || !opens(second) {
			t.Fatal("a session that was ended is over, and the other is not", err)
		}
		clock.Add(accounts.SessionIdle - time.Second)
		if !opens(second) {
			t.Fatal("a session lives while it is seen within the idle time")
		}
		clock.Add(accounts.SessionIdle)
		if opens(second) {
			t.Fatal("an idle session is over")
		}
		third := open()
		role := accounts.RoleUser
		must[store.UserLine](t)(s.ChangeUser(ctx, operator, u.ID, accounts.UserChange{Role: &role}))
		role = accounts.RoleAdmin
		must[store.UserLine](t)(s.ChangeUser(ctx, operator, u.ID, accounts.UserChange{Role: &role}))
		if opens(third) {
			t.Fatal("a session ends when the role goes, also when it comes back")
		}
		fourth := open()
		if err := s.SetPassword(ctx, operator, u.ID, "other"); err != nil || opens(fourth) {
			t.Fatal("a session ends with a change of the password", err)
		}
		if list := must[[]accounts.Session](t)(s.Sessions(ctx, u.ID)); len(list) != 0 {
			t.Fatalf("%d sessions are listed, none is open", len(list))
		}
	})
}

func TestASignInThatWaitsForItsCodeIsNotListedAndIsReplacedByTheSession(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		u := admin(t, s)
		waiting := accounts.MintToken()
		w := must[accounts.Session](t)(s.OpenSession(ctx, operator, store.NewSession{UserID: u.ID, Token: waiting, CodePending: true, PasswordHash: "hash"}))
		o, found, err := s.OperatorByToken(ctx, waiting)
		if err != nil || !found || !o.Session.CodePending {
			t.Fatal(o, found, err)
		}
		if list := must[[]accounts.Session](t)(s.Sessions(ctx, u.ID)); len(list) != 0 {
			t.Fatal("a sign-in without its code is no session")
		}
		must[accounts.Session](t)(s.OpenSession(ctx, operator, store.NewSession{UserID: u.ID, Token: accounts.MintToken(), Replaces: w.ID, FromPending: true}))
		if _, found, _ := s.OperatorByToken(ctx, waiting); found {
			t.Fatal("the token of the first step works after the second")
		}
		late := accounts.MintToken()
		must[accounts.Session](t)(s.OpenSession(ctx, operator, store.NewSession{UserID: u.ID, Token: late, CodePending: true, PasswordHash: "hash"}))
		clock.Add(accounts.CodePatience)
		if _, found, _ := s.OperatorByToken(ctx, late); found {
			t.Fatal("a sign-in waits for its code without end")
		}
	})
}

func TestAFormAndACodeCountOnceAndForTheirOwnerAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx := context.Background()
		u := admin(t, s)
		session := must[accounts.Session](t)(s.OpenSession(ctx, operator, store.NewSession{UserID: u.ID, Token: accounts.MintToken(), PasswordHash: "hash"}))
		taken := must[bool](t)
		if !taken(s.TakeForm(ctx, session.ID, "f")) || taken(s.TakeForm(ctx, session.ID, "f")) || !taken(s.TakeForm(ctx, session.ID, "g")) {
			t.Error("a form of a session is taken once")
		}
		codes, hashes := accounts.MintRecoveryCodes()
		if err := errors.Join(s.BeginTwoStep(ctx, u.ID, "SECRET"), s.ConfirmTwoStep(ctx, operator, u.ID, hashes)); err != nil {
			t.Fatal(err)
		}
		if taken(s.TakeRecoveryCode(ctx, operator, uuid.New(), accounts.HashRecoveryCode(codes[0]))) {
			t.Error("somebody else takes a recovery code")
		}
		if !taken(s.TakeRecoveryCode(ctx, operator, u.ID, accounts.HashRecoveryCode(codes[0]))) || taken(s.TakeRecoveryCode(ctx, operator, u.ID, accounts.HashRecoveryCode(codes[0]))) {
			t.Error("a recovery code works once")
		}
		if !taken(s.TakeStep(ctx, u.ID, 7)) || taken(s.TakeStep(ctx, u.ID, 7)) || taken(s.TakeStep(ctx, u.ID, 6)) || !taken(s.TakeStep(ctx, u.ID, 8)) {
			t.Error("a step is taken once, and none before it")
		}
		if err := s.BeginTwoStep(ctx, u.ID, "OTHER"); err != nil {
			t.Fatal(err)
		}
		two, found, err := s.TwoStep(ctx, u.ID)
		if err != nil || !found || two.Secret != "SECRET" || !two.Confirmed || two.CodesLeft != int64(len(codes)-1) {
			t.Errorf("a confirmed secret is not replaced: %+v, %v, %v", two.Confirmed, two.CodesLeft, err)
		}
	})
}

// consume charges so many credits to a key at the store's present time.
func consume(t *testing.T, s *store.Store, u store.UserLine, k keys.Key, model string, credits int64) {
	t.Helper()
	receipts := must[[]usage.Receipt](t)(s.Post(context.Background(), s.Now, usage.ChargeEntries([]usage.Charge{{UserID: u.ID, KeyID: k.ID, Model: model, Credits: credits, CostMicros: credits * 10, PromptTokens: 3}}...)))
	if receipts[0].Outcome != usage.Accepted {
		t.Fatal(receipts[0])
	}
}

func TestSummariesAreTheSameBeforeAndAfterTheirDaysAreClosed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		clock.Set(storetest.Start.AddDate(0, 0, -3))
		u, k := customer(t, s, "ada@example.com", "Pro")
		v, l := customer(t, s, "bob@example.com", "Starter")
		consume(t, s, u, k, "large", 7)
		consume(t, s, v, l, "small", 2)
		clock.Set(storetest.Start.AddDate(0, 0, -1))
		consume(t, s, u, k, "small", 5)
		clock.Set(storetest.Start)
		consume(t, s, v, l, "small", 70)
		span := usage.LastDays(usage.DayOf(storetest.Start), 5)
		type picture struct {
			Days          []store.DaySummary
			Models, Plans int64
			Groups        [2][]store.GroupDay
		}
		read := func() (p picture) {
			p.Days = must[[]store.DaySummary](t)(s.Summaries(ctx, span))
			for _, g := range must[[]usage.DayTotal](t)(s.GroupDays(ctx, store.ByModel, "small", span)) {
				p.Models += g.Credits
			}
			for _, g := range must[[]usage.DayTotal](t)(s.GroupDays(ctx, store.ByPlan, u.PlanID.String(), span)) {
				p.Plans += g.Credits
			}
			for i, by := range []store.Grouping{store.ByModel, store.ByPlan} {
				p.Groups[i] = must[[]store.GroupDay](t)(s.Groups(ctx, by, span))
			}
			return p
		}
		before := read()
		if n := must[int](t)(s.CloseDays(ctx)); n != 3 {
			t.Fatalf("%d days were closed, want the three before today", n)
		}
		if n := must[int](t)(s.CloseDays(ctx)); n != 0 {
			t.Fatalf("%d days were closed again", n)
		}
		if diff := cmp.Diff(before, read()); diff != "" {
			t.Fatal(diff)
		}
		day := func(d usage.Day, requests, credits, users int64) store.DaySummary {
			return store.DaySummary{DayTotal: usage.DayTotal{Day: d, Requests: requests, Credits: credits, CostMicros: credits * 10}, Users: users, Keys: users}
		}
		group := func(name string, requests, credits int64) store.GroupDay {
			return store.GroupDay{Name: name, DayTotal: usage.DayTotal{Requests: requests, Credits: credits, CostMicros: credits * 10}}
		}
		groups := [2][]store.GroupDay{
			{group("small", 3, 77), group("large", 1, 7)}, {group(v.PlanID.String(), 2, 72), group(u.PlanID.String(), 2, 12)},
		}
		want := picture{Models: 77, Plans: 12, Groups: groups, Days: []store.DaySummary{
			day(span.From(), 0, 0, 0), day(span.From().Add(1), 2, 9, 2), day(span.From().Add(2), 0, 0, 0), day(span.From().Add(3), 1, 5, 1), day(span.To(), 1, 70, 1),
		}}
		if diff := cmp.Diff(want, before); diff != "" {
			t.Fatal(diff)
		}
		top, near, err := s.Standings(ctx)
		if err != nil {
			t.Fatal(err)
		}
		standing := []store.Standing{{UserID: v.ID, Email: v.Email, Plan: "Starter", Used: 70, Limit: 75}}
		if diff := cmp.Diff([][]store.Standing{standing, standing}, [][]store.Standing{top, near}); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestAnExportHoldsEveryLineOfItsFilterOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx := context.Background()
		u, k := customer(t, s, "ada@example.com", "Pro")
		v, l := customer(t, s, "bob@example.com", "Starter")
		consume(t, s, u, k, "large", 7)
		consume(t, s, u, k, "small", 1)
		consume(t, s, v, l, "small", 2)
		today := usage.DayOf(s.Now())
		sum := func(q store.UsageQuery) (lines, credits int64) {
			q.Span = usage.LastDays(today, 3)
			err := s.EachUsage(ctx, q, func(line store.UsageLine) error {
				lines++
				credits += line.Credits
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return lines, credits
		}
		for name, c := range map[string]struct {
			q              store.UsageQuery
			lines, credits int64
		}{
			"everything":          {store.UsageQuery{}, 2, 10},
			"everything by model": {store.UsageQuery{ByModel: true}, 3, 10},
			"a user":              {store.UsageQuery{UserID: u.ID}, 1, 8},
			"a key":               {store.UsageQuery{KeyID: l.ID}, 1, 2},
			"a model":             {store.UsageQuery{Model: "small"}, 2, 3},
			"a plan":              {store.UsageQuery{PlanID: v.PlanID}, 1, 2},
			"a user's model":      {store.UsageQuery{UserID: u.ID, Model: "large"}, 1, 7},
		} {
			if lines, credits := sum(c.q); lines != c.lines || credits != c.credits {
				t.Errorf("%s: %d lines of %d credits, want %d of %d", name, lines, credits, c.lines, c.credits)
			}
		}
	})
}

func TestUnusedKeysAreThoseIdleSinceTheDayTheLongestFirst(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		day := 24 * time.Hour
		clock.Add(-200 * day)
		_, never := customer(t, s, "a@example.com", "Pro")
		_, long := customer(t, s, "b@example.com", "Pro")
		_, longer := customer(t, s, "c@example.com", "Pro")
		_, used := customer(t, s, "d@example.com", "Pro")
		_, revoked := customer(t, s, "e@example.com", "Pro")
		clock.Add(200 * day)
		_, young := customer(t, s, "f@example.com", "Pro")
		now := clock.Now()
		if err := errors.Join(
			s.TouchKeys(ctx, map[uuid.UUID]time.Time{long.ID: now.Add(-100 * day), longer.ID: now.Add(-150 * day), used.ID: now.Add(-day)}),
			s.RevokeKey(ctx, operator, revoked.ID, uuid.Nil)); err != nil {
			t.Fatal(err)
		}
		var got []uuid.UUID
		page := store.Page{Limit: 2}
		for range 4 {
			for _, k := range must[[]store.KeyLine](t)(s.UnusedKeys(ctx, now.Add(-90*day), page)) {
				got, page.After = append(got, k.ID), k.ID
			}
		}
		if diff := cmp.Diff([]uuid.UUID{never.ID, longer.ID, long.ID}, got[:min(3, len(got))]); diff != "" || len(got) != 3 {
			t.Fatal(diff, len(got), young.ID)
		}
	})
}

func TestTheAuditLogIsNarrowedByActionAndDays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		for i := range 4 {
			for _, action := range []string{"session.failed", "export.made"} {
				if err := s.Record(ctx, operator, accounts.AuditEntry{Action: action, Subject: accounts.SubjectSystem, Details: strconv.Itoa(i)}); err != nil {
					t.Fatal(err)
				}
			}
			clock.Add(24 * time.Hour)
		}
		first := usage.DayOf(storetest.Start)
		for name, c := range map[string]struct {
			f    store.AuditQuery
			want string
		}{
			"everything": {store.AuditQuery{}, "33221100"},
			"an action":  {store.AuditQuery{Action: "export.made"}, "3210"},
			"failures":   {store.AuditQuery{Actions: store.FailureActions}, "3210"},
			"from a day": {store.AuditQuery{From: first.Add(2)}, "3322"},
			"to a day":   {store.AuditQuery{To: first}, "00"},
			"between":    {store.AuditQuery{From: first.Add(1), To: first.Add(2), Action: "export.made"}, "21"},
			"before all": {store.AuditQuery{To: first.Add(-1)}, ""},
			"after all":  {store.AuditQuery{From: first.Add(9)}, ""},
		} {
			var got string
			err := s.EachAudit(ctx, c.f, func(e accounts.AuditEntry) error {
				got += e.Details
				return nil
			})
			if err != nil || got != c.want {
				t.Errorf("%s: %s, want %s (%v)", name, got, c.want, err)
			}
		}
	})
}

func TestRefusalsOfADayAddUp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx := context.Background()
		day := usage.DayOf(s.Now())
		for range 2 {
			if err := s.AddRefusals(ctx, day, map[string]int64{"NOT_FOUND": 2, "RATE_LIMITED": 1}); err != nil {
				t.Fatal(err)
			}
		}
		got := must[map[string]int64](t)(s.Refusals(ctx, day))
		if diff := cmp.Diff(map[string]int64{"NOT_FOUND": 4, "RATE_LIMITED": 2}, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestADatabaseReportsItsVersionSizeAndSchema(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		about := must[store.About](t)(s.About(context.Background()))
		if about.Name == "" || about.Version == "" || about.Bytes < 4096 {
			t.Errorf("%+v", about)
		}
		steps := must[[]store.Migration](t)(s.AppliedMigrations(context.Background()))
		if len(steps) < 2 || steps[0].Name != "init" || steps[0].AppliedAt == nil {
			t.Errorf("%+v", steps)
		}
	})
}
