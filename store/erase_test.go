package store_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/events"
	"codexible/gateway"
	"codexible/keys"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// What is known of the person of these tests.
const (
	personEmail, earlierEmail = "Grace.Hopper@navy.example", "murray@vassar.example"
	personName, earlierName   = "Grace Hopper", "Grace Murray"
)

// personal are texts that nothing may hold of the person, without case.
var personal = []string{"hopper", "murray", "vassar", "navy.example", "external-4711", "cobol", "harvard laptop", "an admiral", "203.0.113.99", "request-of-grace"}

// grace is a person of whom everything is known that can be: an operator with two keys, grants,
// corrections, holds, calls, sessions and another e-mail and name before.
func grace(t *testing.T, s *store.Store, clock *storetest.Clock) storetest.Customer {
	t.Helper()
	ctx := context.Background()
	u := must[store.UserLine](t)(s.CreateUser(ctx, ada, accounts.NewUser{Email: earlierEmail, Name: earlierName, Plan: "Pro", Role: accounts.RoleAdmin, PasswordHash: "hash",
		ExternalID: "external-4711", Metadata: json.RawMessage(`{"wrote":"COBOL"}`), Note: "An admiral."}))
	email, name := personEmail, personName
	u = must[store.UserLine](t)(s.ChangeUser(ctx, ada, u.ID, accounts.UserChange{Email: &email, Name: &name}))
	self := accounts.Actor{Name: personEmail, UserID: u.ID, Address: "203.0.113.99"}
	secret := keys.Mint()
	k := must[keys.Key](t)(s.CreateKey(ctx, self, keys.NewKey{UserID: u.ID, Label: "Harvard laptop", Addresses: []string{"203.0.113.99"}, Metadata: json.RawMessage(`{"of":"Grace Hopper"}`), Secret: secret}))
	c := storetest.Customer{User: u, Key: k, Secret: secret}
	other := storetest.NewCustomer(t, s, "Pro")
	for _, step := range []func() error{
		func() error {
			return second(s.OpenSession(ctx, self, store.NewSession{UserID: u.ID, Token: accounts.MintToken(), PasswordHash: "hash", Browser: accounts.MintToken(), UserAgent: "Hopper's browser"}))
		},
		func() error { return s.BeginTwoStep(ctx, u.ID, "SECRET") },
		func() error { return s.ConfirmTwoStep(ctx, self, u.ID, [][]byte{{1}}) },
		func() error {
			return s.Record(ctx, accounts.Actor{Name: "nobody"}, accounts.AuditEntry{Action: "session.failed", Subject: accounts.SubjectSession, Target: personEmail, Details: "Sign-in as " + personEmail + " failed."})
		},
		func() error {
			return second(s.CreateKey(ctx, self, keys.NewKey{UserID: other.User.ID, Label: "of another", Secret: keys.Mint()}))
		},
		func() error {
			return s.WriteRequests(ctx, []gateway.Record{{ID: uuid.New(), At: clock.Now(), UserID: u.ID, KeyID: k.ID, Model: "opus", Outcome: "success", Status: 200, ClientRequestID: "request-of-grace"}}, nil)
		},
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	grant(t, s, usage.NewGrant{UserID: u.ID, Credits: 5, Note: "for Hopper", IdempotencyKey: "grace-hopper"})
	_, _, _, err := s.Correct(ctx, ada, //nolint:dogsled // the entry is all that is needed
		usage.NewCorrection{UserID: u.ID, Credits: 3, Reason: "Mrs. Hopper asked", Day: usage.DayOf(clock.Now())})
	if err != nil {
		t.Fatal(err)
	}
	charge := c.Charge(7)
	charge.IdempotencyKey = "hopper-once"
	settle(t, s, clock.Now(), charge)
	holdCall(t, s, c, uuid.New(), u.ID, 9, clock)
	receipts, err := s.Post(ctx, clock.Now, []usage.Entry{holdOf(c, 4)})
	if err != nil || receipts[0].Outcome != usage.Accepted {
		t.Fatal(err, receipts)
	}
	return c
}

// figuresOf are the sums of the books that an erasure must not change.
func figuresOf(t *testing.T, s *store.Store, user uuid.UUID, day usage.Day) (figures []usage.DayTotal) {
	t.Helper()
	return must[[]usage.DayTotal](t)(s.History(context.Background(), user, storetest.Span(day, day)))
}

func TestAnErasedPersonIsInNoTableAndNoFileAndTheBooksStay(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		clock, ctx := storetest.NewClock(storetest.Start), context.Background()
		s := storetest.Connect(t, url, clock.Now)
		admin(t, s)
		newWebhook(t, s, events.WebhookChange{}) // so that what happens to the person is kept as events
		c := grace(t, s, clock)
		today := usage.DayOf(clock.Now())
		before := figuresOf(t, s, c.User.ID, today)
		for _, text := range personal {
			if text != "request-of-grace" && !holds(t, url, text) {
				t.Errorf("before it %q is nowhere: the search finds nothing", text)
			}
		}
		e, err := s.EraseUser(ctx, ada, c.User.ID, strings.ToUpper(personEmail))
		if err != nil || e.KeysRevoked != 1 || e.EntriesRewritten == 0 || !e.LogEmptied {
			t.Fatalf("%+v, %v", e, err)
		}
		for _, text := range personal {
			if holds(t, url, text) {
				t.Errorf("%q is still there", text)
			}
		}
		if diff := cmp.Diff(before, figuresOf(t, s, c.User.ID, today)); diff != "" {
			t.Errorf("the totals changed: %s", diff)
		}
		if r := reconcile(t, s); len(r.Differences) != 0 {
			t.Error(r.Differences)
		}
		if open := must[int64](t)(s.CountOpenHolds(ctx, c.User.ID)); open != 0 {
			t.Errorf("%d holds are open", open)
		}
		stays(t, s, c)
	})
}

// stays checks what is left of an erased user.
func stays(t *testing.T, s *store.Store, c storetest.Customer) {
	t.Helper()
	ctx := context.Background()
	u := must[store.UserLine](t)(s.User(ctx, c.User.ID))
	erased := "erased-" + c.User.ID.String() + "@erased.invalid"
	if u.Email != erased || u.Name != "" || u.Role != accounts.RoleUser || u.Status != accounts.StatusSuspended || u.ErasedAt == nil || u.PlanID != c.User.PlanID {
		t.Errorf("%+v", u)
	}
	if _, err := s.IdentityByHash(ctx, c.Secret.Hash()); !errors.Is(err, keys.ErrNotFound) {
		t.Errorf("the secret is known: %v", err)
	}
	k := must[store.KeyLine](t)(s.Key(ctx, c.Key.ID, uuid.Nil))
	if k.Status != keys.StatusRevoked || k.Label != "Erased" || string(k.Metadata) != "{}" || len(k.Addresses) != 0 || k.Prefix != c.Key.Prefix {
		t.Errorf("%+v", k)
	}
	entries := must[[]accounts.AuditEntry](t)(s.Audit(ctx, store.AuditQuery{Text: erased, Limit: 100}))
	actions := map[string]int{}
	for _, e := range entries {
		actions[e.Action]++
	}
	for _, action := range []string{"user.created", "user.changed", "user.erased", "session.failed", "key.created", "grant.created", "usage.corrected"} {
		if actions[action] == 0 {
			t.Errorf("no %s of the erased user: %v", action, actions)
		}
	}
	email := "back@example.com"
	for name, err := range map[string]error{
		"change":   second(s.ChangeUser(ctx, ada, u.ID, accounts.UserChange{Email: &email})),
		"key":      second(s.CreateKey(ctx, ada, keys.NewKey{UserID: u.ID, Secret: keys.Mint()})),
		"password": s.SetPassword(ctx, ada, u.ID, "hash"),
		"grant": second(func() (usage.GrantRecord, error) {
			g, _, err := s.Grant(ctx, ada, usage.NewGrant{UserID: u.ID, Credits: 5})
			return g, err
		}()),
		"correction": second(func() (usage.CorrectionRecord, error) {
			made, _, _, err := s.Correct(ctx, ada, usage.NewCorrection{UserID: u.ID, Credits: -1, Reason: "given back", Day: usage.DayOf(s.Now())})
			return made, err
		}()),
		"preview": second(func() (int64, error) {
			before, _, err := s.PreviewCorrection(ctx, usage.NewCorrection{UserID: u.ID, Credits: -1, Reason: "given back", Day: usage.DayOf(s.Now())})
			return before, err
		}()),
		"again": second(s.EraseUser(ctx, ada, u.ID, erased)),
	} {
		if !errors.Is(err, accounts.ErrErased) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.CreateUser(ctx, ada, accounts.NewUser{Email: personEmail, Plan: "Pro", ExternalID: "external-4711"}); err != nil {
		t.Errorf("the e-mail is not free: %v", err)
	}
}

// holds reports whether the database holds a text without case: in a row of any table, or in any byte of its files.
func holds(t *testing.T, url, text string) bool {
	t.Helper()
	if path, embedded := strings.CutPrefix(url, "sqlite:"); embedded {
		for _, suffix := range []string{"", "-wal", "-shm"} {
			data, err := os.ReadFile(path + suffix)
			if err != nil && suffix == "" {
				t.Fatal(err)
			}
			if bytes.Contains(bytes.ToLower(data), []byte(text)) {
				return true
			}
		}
		return false
	}
	raw := storetest.Raw(t, url)
	tables, err := raw.QueryContext(context.Background(), "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tables.Close() }()
	var names []string
	for tables.Next() {
		var name string
		if err := tables.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := tables.Err(); err != nil || !slices.Contains(names, "audit_log") {
		t.Fatal(err, names)
	}
	return slices.ContainsFunc(names, func(name string) bool {
		return storetest.Count(t, raw, "SELECT COUNT(*) FROM "+name+" AS t WHERE lower(t::text) LIKE $1", "%"+text+"%") > 0
	})
}

func TestNobodyIsErasedWithoutTheirEMailOrAsTheLastOperator(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		last := admin(t, s)
		c := storetest.NewCustomer(t, s, "Pro")
		holdCall(t, s, c, uuid.New(), c.User.ID, 9, clock)
		for name, try := range map[string]struct {
			id      uuid.UUID
			confirm string
			want    error
		}{
			"no e-mail":      {c.User.ID, "", accounts.ErrConfirm},
			"another e-mail": {c.User.ID, last.Email, accounts.ErrConfirm},
			"nobody":         {uuid.New(), c.User.Email, accounts.ErrUserNotFound},
			"last operator":  {last.ID, last.Email, accounts.ErrLastOperator},
		} {
			if _, err := s.EraseUser(ctx, ada, try.id, try.confirm); !errors.Is(err, try.want) {
				t.Errorf("%s: %v, want %v", name, err, try.want)
			}
		}
		if open := must[int64](t)(s.CountOpenHolds(ctx, c.User.ID)); open != 1 {
			t.Errorf("a refused erasure ended a hold: %d open", open)
		}
		second := must[store.UserLine](t)(s.CreateUser(ctx, ada, accounts.NewUser{Email: "second@example.com", Plan: "Pro", Role: accounts.RoleAdmin, PasswordHash: "hash"}))
		if _, err := s.EraseUser(ctx, ada, last.ID, last.Email); err != nil {
			t.Error(err)
		}
		if _, err := s.EraseUser(ctx, ada, second.ID, second.Email); !errors.Is(err, accounts.ErrLastOperator) {
			t.Errorf("the one who is left: %v", err)
		}
	})
}

// A hold of a call that is charged by what was delivered is charged so; the rest is not.
func TestAnErasureChargesWhatOpenHoldsDelivered(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx, c := context.Background(), storetest.NewCustomer(t, s, "Pro")
		hold := uuid.New()
		holdCall(t, s, c, hold, service, 9, clock)
		extend := onHold(c, usage.KindExtend, hold, 9*usage.Millionths)
		extend.Credits, extend.Millionths, extend.Delivered = 9, 0, 4*usage.Millionths
		if r, err := s.Post(ctx, clock.Now, []usage.Entry{extend}); err != nil || r[0].Outcome != usage.Accepted {
			t.Fatal(err, r)
		}
		clock.Add(time.Second)
		if _, err := s.EraseUser(ctx, ada, c.User.ID, c.User.Email); err != nil {
			t.Fatal(err)
		}
		days := figuresOf(t, s, c.User.ID, usage.DayOf(clock.Now()))
		if len(days) != 1 || days[0].Credits != 4 {
			t.Errorf("%+v, want the 4 credits that were delivered", days)
		}
	})
}

func TestAnErasureLeavesOtherPeopleTheirNames(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx := context.Background()
		gone := must[store.UserLine](t)(s.CreateUser(ctx, ada, accounts.NewUser{Email: "bo@example.com", Name: "Bo", Plan: "Pro"}))
		for _, email := range []string{"jim-bo@example.com", "bo@example.com.au", "bob@example.org"} {
			must[store.UserLine](t)(s.CreateUser(ctx, ada, accounts.NewUser{Email: email, Name: "Bo", Plan: "Pro"}))
		}
		if _, err := s.EraseUser(ctx, ada, gone.ID, gone.Email); err != nil {
			t.Fatal(err)
		}
		for _, email := range []string{"jim-bo@example.com", "bo@example.com.au", "bob@example.org"} {
			entries := must[[]accounts.AuditEntry](t)(s.Audit(ctx, store.AuditQuery{Text: "user " + email + " on", Limit: 10}))
			if len(entries) != 1 || entries[0].Target != email {
				t.Errorf("%s: %+v", email, entries)
			}
		}
	})
}
