package store_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/events"
	"codexible/gateway"
	"codexible/keys"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
)

func TestEveryTableHasAModelWithItsColumns(t *testing.T) {
	models := store.ModelTables(t)
	declared, err := store.DeclaredTables(storetest.Files())
	if diff := cmp.Diff(declared, models); diff != "" || err != nil {
		t.Errorf("the models are not the tables of schema.hcl: %v %s", err, diff)
	}
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		live, err := store.LiveTables(context.Background(), newMigrator(t, url, storetest.Files()))
		if diff := cmp.Diff(live, models); diff != "" || err != nil {
			t.Errorf("the models are not the tables of the database: %v %s", err, diff)
		}
	})
}

// What a database gives is what the fields of the models hold, as far as the
// tables have rows after a day of use.
func TestEveryModelReadsItsTable(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		aDayOfUse(t, s, clock)
		empty, err := store.ReadModels(ctx, s)
		if err != nil {
			t.Fatal(err)
		}
		later := []string{"settings"}
		want := []string{"reopened_days", "counted", "setup_links"} // a link ends as soon as somebody can sign in
		if strings.HasSuffix(t.Name(), "sqlite") {                  // its totals follow the charges
			want = []string{"reopened_days", "setup_links"}
		}
		if diff := cmp.Diff(append(want, later...), empty); diff != "" {
			t.Errorf("the tables without a row: %s", diff)
		}
	})
}

// aDayOfUse leaves rows in the tables, and the charges of the day before removed.
func aDayOfUse(t *testing.T, s *store.Store, clock *storetest.Clock) {
	t.Helper()
	ctx, c := context.Background(), storetest.NewCustomer(t, s, "Pro")
	u := admin(t, s)
	session := must[accounts.Session](t)(s.OpenSession(ctx, operator, store.NewSession{UserID: u.ID, Token: accounts.MintToken(), PasswordHash: "hash", Browser: accounts.MintToken()}))
	settle(t, s, clock.Now(), c.Charge(1))
	clock.Add(24 * time.Hour)
	charge := c.Charge(1)
	charge.IdempotencyKey = "once"
	priced := pricedCharge(t, c, newPrice(t, s, "opus", clock.Now(), 5, 25), usage.Tokens{Input: 7, WebSearches: 1})
	settle(t, s, clock.Now(), charge, priced)
	for _, step := range []func() error{
		func() error { return second(s.CreateUpstream(ctx, ada, upstreamChange("vendor"))) },
		func() error {
			return second(s.ChangeAlerts(ctx, ada, c.User.ID, events.AlertsChange{UsedUp: new(false)}))
		},
		func() error {
			return second(s.CreateModel(ctx, ada, catalog.ModelChange{Name: new("opus"), Candidates: new([]catalog.NewCandidate{{Upstream: "vendor"}})}))
		},
		func() error { return second(s.CloseDays(ctx)) },
		func() error { return furnishLedger(ctx, s, c, clock.Now()) },
		func() error { return second(s.Retain(ctx, usage.DayOf(clock.Now()), 10)) },
		func() error { return second(s.Reconcile(ctx)) },
		func() error {
			w, err := s.CreateWebhook(ctx, ada, events.WebhookChange{URL: new("https://hooks.example.com")})
			if err != nil {
				return err
			}
			return second(s.TestWebhook(ctx, ada, w.ID, func(context.Context, *events.Webhook, *events.Event) events.Answer { return accepted }))
		},
		func() error {
			_, _, err := s.AddResetLink(ctx, operator, u.Email, accounts.MintToken())
			return err
		},
		func() error { return aCustomersSignIn(ctx, s) },
		func() error { return s.NoteMailSent(ctx, []byte("a mail")) },
		func() error { return s.BeginTwoStep(ctx, u.ID, "SECRET") },
		func() error {
			return s.BeginOpenID(ctx, accounts.MintToken(), accounts.MintToken(), store.OpenIDSignIn{Nonce: "nonce", Verifier: "verifier", Next: "/admin"})
		},
		func() error {
			return second(s.AdmitOpenID(ctx, operator, newcomer()))
		},
		func() error { return s.ConfirmTwoStep(ctx, operator, u.ID, [][]byte{{1}}) },
		func() error { return second(s.WrongCode(ctx, operator, u.ID)) },
		func() error { return second(s.TakeForm(ctx, session.ID, "form")) },
		func() error {
			return s.WriteRequests(ctx, []gateway.Record{fullRecord(c, clock.Now())}, []gateway.UpstreamDay{upstreamDay(usage.DayOf(clock.Now()), vendor, 1, 0, 5)})
		},
		func() error { return s.AddRefusals(ctx, usage.DayOf(clock.Now()), map[string]int64{"RATE_LIMITED": 1}) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
}

// aCustomersSignIn makes an account by a link, whose session stays, and leaves a link of another browser.
func aCustomersSignIn(ctx context.Context, s *store.Store) error {
	link, browser, register := accounts.MintToken(), accounts.MintToken(), accounts.Registration{Plan: "Starter", DailyLimit: 1}
	if _, _, err := s.AddSignInLink(ctx, operator, "newcomer@example.com", link, browser, register); err != nil {
		return err
	}
	if _, err := s.OpenByLink(ctx, operator, link, browser, store.NewCustomerSession{Token: keys.MintSession()}, register); err != nil {
		return err
	}
	_, _, err := s.AddSignInLink(ctx, operator, "newcomer@example.com", accounts.MintToken(), accounts.MintToken(), register)
	return err
}

// Measured: First and a struct as a condition leave out zero values, Save inserts a
// row that is missing, AutoMigrate leaves renamed columns in place, and hooks run on
// some paths alone.
func TestTheStoreLeavesTheTrapsOfGORMAlone(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 20 {
		t.Fatal(files, err)
	}
	traps := []string{"First", "FirstOrInit", "FirstOrCreate", "Save", "AutoMigrate", "Preload"}
	hooks := []string{"BeforeSave", "AfterSave", "BeforeCreate", "AfterCreate", "BeforeUpdate", "AfterUpdate", "BeforeDelete", "AfterDelete", "AfterFind"}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if called, is := n.Fun.(*ast.SelectorExpr); is && slices.Contains(traps, called.Sel.Name) {
					t.Errorf("%s calls %s", set.Position(n.Pos()), called.Sel.Name)
				}
			case *ast.SelectorExpr:
				if n.Sel.Name == "DeletedAt" {
					t.Errorf("%s uses gorm.DeletedAt", set.Position(n.Pos()))
				}
			case *ast.FuncDecl:
				if n.Recv != nil && slices.Contains(hooks, n.Name.Name) {
					t.Errorf("%s declares the hook %s", set.Position(n.Pos()), n.Name.Name)
				}
			}
			return true
		})
	}
}
