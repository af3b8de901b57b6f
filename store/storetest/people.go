package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"codexible/accounts"
	"codexible/keys"
	"codexible/store"
	"codexible/usage"

	_ "modernc.org/sqlite" // the driver "sqlite", for reading a file beside the store
)

// Customer is a user with a key that works.
type Customer struct {
	User   store.UserLine
	Key    keys.Key
	Secret keys.Secret
}

var customers atomic.Int64

// NewCustomer makes a user on a plan, and a key.
func NewCustomer(t testing.TB, s *store.Store, plan string) Customer {
	t.Helper()
	n := customers.Add(1)
	u, err := s.CreateUser(context.Background(), accounts.ActorCLI, accounts.NewUser{Email: fmt.Sprintf("customer%d@example.com", n), Name: fmt.Sprintf("Customer %d", n), Plan: plan})
	if err != nil {
		t.Fatal(err)
	}
	c := Customer{User: u}
	c.Key, c.Secret = NewKey(t, s, u)
	return c
}

// NewKey makes one more key for a user.
func NewKey(t testing.TB, s *store.Store, u store.UserLine) (keys.Key, keys.Secret) {
	t.Helper()
	secret := keys.Mint()
	k, err := s.CreateKey(context.Background(), accounts.ActorCLI, keys.NewKey{UserID: u.ID, Secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	return k, secret
}

// NewPlan makes a plan with so many credits a day.
func NewPlan(t testing.TB, s *store.Store, name string, credits int64) accounts.Plan {
	t.Helper()
	p, err := s.CreatePlan(context.Background(), accounts.ActorCLI, accounts.PlanChange{Name: &name, DailyCreditLimit: &credits})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Charge is a charge on the customer's key.
func (c Customer) Charge(credits int64) usage.Charge {
	return usage.Charge{UserID: c.User.ID, KeyID: c.Key.ID, Credits: credits, Model: usage.UnknownModel}
}

// Raw opens a database beside the store, for what the store does not return and
// for breaking things by hand. It has one connection.
func Raw(t testing.TB, url string) *sql.DB {
	t.Helper()
	driver, source := "pgx", url+"&default_query_exec_mode=cache_describe" // behind a pooler no statement can have a name
	if path, isFile := strings.CutPrefix(url, "sqlite:"); isFile {
		driver, source = "sqlite", "file:"+path+"?_pragma=busy_timeout(5000)"
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// Count reads one number from a database.
func Count(t testing.TB, db *sql.DB, query string, args ...any) (n int64) {
	t.Helper()
	if err := db.QueryRowContext(context.Background(), query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// Run executes statements, one after the other.
func Run(t testing.TB, db *sql.DB, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := db.ExecContext(context.Background(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// Exec runs statements on a database past the store, to damage what a test then
// checks.
func Exec(t testing.TB, url string, statements ...string) {
	t.Helper()
	db := Raw(t, url)
	Run(t, db, statements...)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// Span is a range of days that a test knows to be one.
func Span(from, to usage.Day) usage.Range {
	span, ok := usage.Span(from, to)
	if !ok {
		panic(fmt.Sprintf("%s to %s is no range", from, to))
	}
	return span
}
