package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/keys"
	"codexible/store"
	"codexible/store/storetest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
)

func auditLog(t *testing.T, s *store.Store) []accounts.AuditEntry {
	t.Helper()
	entries, err := s.Audit(context.Background(), store.AuditQuery{Limit: 500})
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func TestEveryChangeIsInTheAuditLogOnceWithWhoFromWhereAndWhat(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		u := createUser(t, s, accounts.NewUser{Email: "cy@example.com", Name: "Cy", Plan: "Pro"})
		secret, rotated := keys.Mint(), keys.Mint()
		k, err := s.CreateKey(ctx, ada, keys.NewKey{UserID: u.ID, Label: "CI", Secret: secret})
		if err != nil {
			t.Fatal(err)
		}
		expiry := new(storetest.Start.Add(48 * time.Hour))
		var plan accounts.Plan
		for _, change := range []func() error{
			func() error {
				return second(s.ChangeUser(ctx, ada, u.ID, accounts.UserChange{Plan: new("Business"), Name: new("")}))
			},
			func() error {
				return second(s.ChangeUser(ctx, ada, u.ID, accounts.UserChange{Status: new(accounts.StatusSuspended)}))
			},
			func() error {
				return second(s.ChangeUser(ctx, ada, u.ID, accounts.UserChange{Status: new(accounts.StatusActive)}))
			},
			func() error { return s.SetPassword(ctx, ada, u.ID, "$argon2id$hash") },
			func() error {
				return second(s.ChangeKey(ctx, ada, k.ID, u.ID, keys.KeyChange{Label: new("Box"), ExpiresAt: &expiry}))
			},
			func() error {
				return second(s.RotateKey(ctx, ada, keys.Rotation{KeyID: k.ID, Grace: time.Hour, Secret: rotated}, u.ID))
			},
			func() error { return s.RevokeKey(ctx, ada, k.ID, uuid.Nil) },
			func() (err error) {
				plan, err = s.CreatePlan(ctx, ada, accounts.PlanChange{Name: new("Max"), DailyCreditLimit: new(int64(9))})
				return err
			},
			func() error {
				return second(s.ChangePlan(ctx, ada, plan.ID, accounts.PlanChange{DailyCreditLimit: new(int64(10))}))
			},
			func() error { return second(s.ChangePlan(ctx, ada, plan.ID, accounts.PlanChange{Archived: new(true)})) },
			func() error {
				return second(s.ChangePlan(ctx, ada, plan.ID, accounts.PlanChange{Archived: new(false)}))
			},
			func() error {
				return s.Record(ctx, ada, accounts.AuditEntry{Action: "session.refused", Subject: accounts.SubjectSession, Target: "cy@example.com", Details: "A sign-in was refused."})
			},
		} {
			clock.Add(time.Second)
			if err := change(); err != nil {
				t.Fatal(err)
			}
		}
		entry := func(seconds int, action string, subject accounts.Subject, id uuid.UUID, target, details, before, after string) accounts.AuditEntry {
			return accounts.AuditEntry{At: storetest.Start.Add(time.Duration(seconds) * time.Second), Actor: "ada@example.com", Address: "192.0.2.7", RequestID: "req-1",
				Action: action, Subject: subject, SubjectID: id, Target: target, Details: details, Before: before, After: after}
		}
		user, key, plans := accounts.SubjectUser, accounts.SubjectKey, accounts.SubjectPlan
		old, prefix := secret.Prefix(), rotated.Prefix()
		want := []accounts.AuditEntry{
			entry(12, "session.refused", accounts.SubjectSession, uuid.Nil, "cy@example.com", "A sign-in was refused.", "{}", "{}"),
			entry(11, "plan.restored", plans, plan.ID, "Max", "Changed plan Max: archived from true to false.", `{"archived":true}`, `{"archived":false}`),
			entry(10, "plan.archived", plans, plan.ID, "Max", "Changed plan Max: archived from false to true.", `{"archived":false}`, `{"archived":true}`),
			entry(9, "plan.changed", plans, plan.ID, "Max", "Changed plan Max: daily credit limit from 9 to 10.", `{"daily_credit_limit":9}`, `{"daily_credit_limit":10}`),
			entry(8, "plan.created", plans, plan.ID, "Max", "Created plan Max with 9 credits a day.", "{}",
				`{"archived":false,"daily_credit_limit":9,"features":"{}","is_default":false,"max_keys":20,"models":null,"monthly_credit_limit":null,"name":"Max","position":3,"price_cents":0,"rate_limit_per_minute":100,"user_concurrency_limit":null,"user_rate_limit_per_minute":null}`),
			entry(7, "key.revoked", key, k.ID, prefix, "Revoked key "+prefix+" (Box) of cy@example.com.", `{"status":"active"}`, `{"status":"revoked"}`),
			entry(6, "key.rotated", key, k.ID, prefix, "Rotated key "+old+" of cy@example.com to "+prefix+"; the old secret stops after 1h.", `{"prefix":"`+old+`"}`, `{"prefix":"`+prefix+`"}`),
			entry(5, "key.changed", key, k.ID, old, "Changed key "+old+" of cy@example.com: expires at from nothing to 2026-03-06T12:00:00Z, label from CI to Box.",
				`{"expires_at":"","label":"CI"}`, `{"expires_at":"2026-03-06T12:00:00Z","label":"Box"}`),
			entry(4, "user.password_set", user, u.ID, "cy@example.com", "Set the console password of cy@example.com and ended their console sessions.", "{}", "{}"),
			entry(3, "user.reactivated", user, u.ID, "cy@example.com", "Changed user cy@example.com: status from suspended to active.", `{"status":"suspended"}`, `{"status":"active"}`),
			entry(2, "user.suspended", user, u.ID, "cy@example.com", "Changed user cy@example.com: status from active to suspended.", `{"status":"active"}`, `{"status":"suspended"}`),
			entry(1, "user.changed", user, u.ID, "cy@example.com", "Changed user cy@example.com: name from Cy to nothing, plan from Pro to Business.", `{"name":"Cy","plan":"Pro"}`, `{"name":"","plan":"Business"}`),
			entry(0, "key.created", key, k.ID, old, "Created key "+old+" (CI) of cy@example.com.", "{}",
				`{"allowed_addresses":"","concurrency_limit":null,"daily_credit_limit":null,"expires_at":"","label":"CI","metadata":"{}","models":null,"rate_limit_per_minute":null,"scopes":"models usage keys","status":"active"}`),
			entry(0, "user.created", user, u.ID, "cy@example.com", "Created user cy@example.com on plan Pro with role user.", "{}", `{"email":"cy@example.com","external_id":"","metadata":"{}","name":"Cy","note":"","plan":"Pro","role":"user","status":"active"}`),
		}
		got := auditLog(t, s)
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(accounts.AuditEntry{}, "Seq")); diff != "" {
			t.Error(diff)
		}
		for i, e := range got {
			if i > 0 && e.Seq >= got[i-1].Seq {
				t.Errorf("the entries are numbered %d, %d", got[i-1].Seq, e.Seq)
			}
			if !json.Valid([]byte(e.Before)) || !json.Valid([]byte(e.After)) {
				t.Errorf("%s is no JSON", e.Action)
			}
		}
	})
}

func TestAChangeThatFailsLeavesNoTrace(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		s, db := storetest.Connect(t, url, storetest.NewClock(storetest.Start).Now), storetest.Raw(t, url)
		ctx, c := context.Background(), storetest.NewCustomer(t, s, "Pro")
		before, identity := everything(t, url), func() keys.Identity {
			id, err := s.IdentityByHash(ctx, c.Secret.Hash())
			if err != nil {
				t.Fatal(err)
			}
			return *id
		}
		was, entries := identity(), auditLog(t, s)
		for name, err := range map[string]error{
			"a taken e-mail":          second(s.CreateUser(ctx, ada, accounts.NewUser{Email: c.User.Email, Plan: "Pro"})),
			"a plan of nowhere":       second(s.ChangeUser(ctx, ada, c.User.ID, accounts.UserChange{Name: new("X"), Plan: new("None")})),
			"a taken plan":            second(s.ChangePlan(ctx, ada, c.User.PlanID, accounts.PlanChange{Name: new("Business"), DailyCreditLimit: new(int64(1))})),
			"another's key":           s.RevokeKey(ctx, ada, c.Key.ID, uuid.New()),
			"a key of nobody":         second(s.CreateKey(ctx, ada, keys.NewKey{UserID: uuid.New(), Secret: keys.Mint()})),
			"a secret that is in use": second(s.RotateKey(ctx, ada, keys.Rotation{KeyID: c.Key.ID, Secret: c.Secret, Grace: time.Hour}, uuid.Nil)),
		} {
			if err == nil {
				t.Errorf("%s passes", name)
			}
		}
		storetest.Run(t, db, "DROP TABLE audit_log"+map[bool]string{true: "_search", false: ""}[dialectOf(url) == "sqlite"])
		for name, err := range map[string]error{
			"CreateUser": second(s.CreateUser(ctx, ada, accounts.NewUser{Email: "new@example.com", Plan: "Pro"})),
			"ChangeUser": second(s.ChangeUser(ctx, ada, c.User.ID, accounts.UserChange{Status: new(accounts.StatusSuspended)})),
			"CreateKey":  second(s.CreateKey(ctx, ada, keys.NewKey{UserID: c.User.ID, Secret: keys.Mint()})),
			"ChangeKey":  second(s.ChangeKey(ctx, ada, c.Key.ID, uuid.Nil, keys.KeyChange{Label: new("X")})),
			"RotateKey":  second(s.RotateKey(ctx, ada, keys.Rotation{KeyID: c.Key.ID, Secret: keys.Mint()}, uuid.Nil)),
			"RevokeKey":  s.RevokeKey(ctx, ada, c.Key.ID, uuid.Nil),
			"CreatePlan": second(s.CreatePlan(ctx, ada, accounts.PlanChange{Name: new("Max"), DailyCreditLimit: new(int64(1))})),
			"ChangePlan": second(s.ChangePlan(ctx, ada, c.User.PlanID, accounts.PlanChange{DailyCreditLimit: new(int64(1))})),
		} {
			if err == nil {
				t.Errorf("%s succeeds without its audit entry", name)
			}
		}
		if diff := cmp.Diff(was, identity()); diff != "" {
			t.Error(diff)
		}
		if dialectOf(url) == "sqlite" { // its audit log is still there
			if diff := cmp.Diff(entries, auditLog(t, s)); diff != "" {
				t.Error(diff)
			}
		}
		if len(before) == 0 || storetest.Count(t, db, "SELECT (SELECT COUNT(*) FROM users) + 10 * (SELECT COUNT(*) FROM api_keys) + 100 * (SELECT COUNT(*) FROM plans)") != 311 {
			t.Error("rows are left")
		}
	})
}

func TestWatchersAreNotifiedOfAChangeAfterItsCommitAndOfNoneThatFailed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx, c := context.Background(), storetest.NewCustomer(t, s, "Pro")
		w := &watcher{read: func() string {
			u, err := s.User(ctx, c.User.ID)
			return u.Name + map[bool]string{true: "", false: "?"}[err == nil]
		}, seen: make(chan accounts.Change, 100)}
		s.Subscribe(w)
		if _, err := s.ChangeUser(ctx, ada, c.User.ID, accounts.UserChange{Plan: new("None")}); err == nil {
			t.Fatal("a plan of nowhere passes")
		}
		if _, err := s.ChangeUser(ctx, ada, c.User.ID, accounts.UserChange{Name: new("Renamed")}); err != nil {
			t.Fatal(err)
		}
		want := accounts.Change{Subject: accounts.SubjectUser, ID: c.User.ID}
		select {
		case change := <-w.seen: // notified before the change has returned
			if change != want {
				t.Errorf("notified of %v", change)
			}
		default:
			t.Fatal("a change made after Subscribe is missed")
		}
		if name := w.name; name != "Renamed" {
			t.Errorf("when the watcher was notified the user was called %s", name)
		}
	})
}

type watcher struct {
	read func() string
	name string
	seen chan accounts.Change
	ups  chan bool
}

func (w *watcher) Changed(c accounts.Change) {
	if w.read != nil {
		w.name = w.read()
		w.read = nil
	}
	w.seen <- c
}

func (w *watcher) Up(up bool) { w.ups <- up }

// Two processes on one database: the other is notified of what one changes.
func TestChangesOfOtherInstancesAreSeen(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		clock := storetest.NewClock(storetest.Start)
		here, there := storetest.Connect(t, url, clock.Now), storetest.Connect(t, url, clock.Now)
		ctx, stop := context.WithCancel(context.Background())
		before := storetest.NewCustomer(t, there, "Pro") // an old change
		w := &watcher{seen: make(chan accounts.Change, 100), ups: make(chan bool, 100)}
		done := make(chan struct{})
		go func() {
			defer close(done)
			here.Watch(ctx, w)
		}()
		defer func() {
			stop()
			<-done
		}()
		<-w.ups
		// What changes no key, user or plan is in the audit log alone.
		failed := accounts.AuditEntry{Action: "session.failed", Subject: accounts.SubjectSession, Target: "ada@example.com", Details: "A sign-in as ada@example.com failed."}
		if err := there.Record(context.Background(), ada, failed); err != nil {
			t.Fatal(err)
		}
		if err := there.RevokeKey(context.Background(), ada, before.Key.ID, uuid.Nil); err != nil {
			t.Fatal(err)
		}
		if _, err := there.ChangePlan(context.Background(), ada, before.User.PlanID, accounts.PlanChange{PriceCents: new(int64(1))}); err != nil {
			t.Fatal(err)
		}
		want := []accounts.Change{{Subject: accounts.SubjectKey, ID: before.Key.ID}, {Subject: accounts.SubjectPlan, ID: before.User.PlanID}}
		for _, change := range want {
			select {
			case got := <-w.seen:
				if got != change {
					t.Errorf("notified of %v, want %v", got, change)
				}
			case <-time.After(10 * time.Second):
				t.Fatalf("not notified of %v", change)
			}
		}
	})
}

func TestTheAuditLogIsSearchedAndPaged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx := context.Background()
		a, b := createUser(t, s, accounts.NewUser{Email: "ann@example.com", Plan: "Pro"}), createUser(t, s, accounts.NewUser{Email: "bob@example.com", Plan: "Pro"})
		if _, err := s.ChangeUser(ctx, accounts.ActorCLI, a.ID, accounts.UserChange{Status: new(accounts.StatusSuspended)}); err != nil {
			t.Fatal(err)
		}
		found := func(q store.AuditQuery) (lines []string) {
			if q.Limit == 0 {
				q.Limit = 10
			}
			entries, err := s.Audit(ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				lines = append(lines, e.Action+" "+strings.TrimSuffix(e.Target, "@example.com")+" by "+strings.TrimSuffix(e.Actor, "@example.com"))
			}
			return lines
		}
		all := []string{"user.suspended ann by cli", "user.created bob by ada", "user.created ann by ada"}
		first := auditLog(t, s)[0]
		for name, c := range map[string]struct {
			query store.AuditQuery
			want  []string
		}{
			"all":       {store.AuditQuery{}, all},
			"a page":    {store.AuditQuery{Limit: 1}, all[:1]},
			"the next":  {store.AuditQuery{Before: first.Seq, Limit: 1}, all[1:2]},
			"action":    {store.AuditQuery{Text: "SUSPEND"}, all[:1]},
			"target":    {store.AuditQuery{Text: "bob@"}, all[1:2]},
			"actor":     {store.AuditQuery{Text: "cl"}, all[:1]},
			"details":   {store.AuditQuery{Text: "active to"}, all[:1]},
			"subject":   {store.AuditQuery{SubjectID: b.ID}, all[1:2]},
			"both":      {store.AuditQuery{SubjectID: a.ID, Text: "created"}, all[2:]},
			"nothing":   {store.AuditQuery{Text: "%%%"}, nil},
			"no text":   {store.AuditQuery{Text: "a\x00b"}, nil},
			"and paged": {store.AuditQuery{Text: "user.", Before: first.Seq}, all[1:]},
		} {
			if diff := cmp.Diff(c.want, found(c.query)); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	})
}

func TestARecordWithoutAnAuditIsImpossible(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		err := s.Record(context.Background(), ada, accounts.AuditEntry{Action: "x.y", Subject: "weather"})
		if err == nil || errors.Is(err, context.Canceled) {
			t.Errorf("a subject that nobody knows is recorded: %v", err)
		}
	})
}
