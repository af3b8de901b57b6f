package handlers_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"
)

var database = flag.String("database", "", "the SQLite file of a large database to measure the console on, such as bench leaves behind; it is migrated and gets an operator")

// BenchmarkConsolePages measures each page over a large database, with its last
// day as today. Run it with go test ./handlers -bench ConsolePages -database FILE.
func BenchmarkConsolePages(b *testing.B) {
	if *database == "" {
		b.Skip("-database names no file")
	}
	clock := storetest.NewClock(time.Now())
	db := storetest.Open(b, "sqlite:"+*database, clock.Now)
	ctx := context.Background()
	first := must(db.Users(ctx, store.UserQuery{Order: store.ByCreation, Page: store.Page{Limit: 60}}))
	busy := first[50]
	var last usage.Day
	for _, d := range must(db.History(ctx, busy.ID, usage.LastDays(usage.DayOf(clock.Now()), 365))) {
		if d.Requests > 0 {
			last = d.Day
		}
	}
	clock.Set(last.Start().Add(20 * time.Hour))
	began := time.Now()
	n := must(db.CloseDays(ctx))
	b.Logf("%d days were summed up in %v; today is %s", n, time.Since(began), last)
	s := start(b, db, clock)
	key := must(db.KeysOf(ctx, busy.ID, 1))[0]
	s.words = map[string]string{"ada.user": busy.ID.String(), "ada.id": key.ID.String(), "plan.pro": busy.PlanID.String(), "ada@": busy.Email, "root.user": ""}
	v := s.benchOperator(b)
	paths := append(slices.Clone(consolePages), "/admin/users?q=user", "/admin/users?q=mer-0000", "/admin/users?role=admin", "/admin/users?status=suspended", "/admin/users?sort=email", "/admin/users?sort=-email&after=$ada.user",
		"/admin/users?sort=created", "/admin/keys?q=codexible_a1", "/admin/keys?state=revoked", "/admin/usage?days=365", "/admin/usage?from=2025-11-30&to="+string(last), "/admin/usage?user="+busy.Email+"&group=model", "/admin/audit?q=user.created", "/admin/audit?action=failures")
	for _, path := range paths {
		if path == "/admin/usage?user=ada@example.com" || strings.Contains(s.fill(path), "$") {
			continue
		}
		v.get(path).sees(200)
		took := make([]time.Duration, 0, 60)
		for range 60 {
			began := time.Now()
			v.get(path)
			took = append(took, time.Since(began))
		}
		slices.Sort(took)
		_, _ = fmt.Fprintf(os.Stdout, "%-60s p50 %6.1f ms  p99 %6.1f ms\n", path, took[30].Seconds()*1000, took[59].Seconds()*1000)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func (s *service) benchOperator(b *testing.B) *visitor {
	b.Helper()
	const email = "operator@console.example"
	ctx := context.Background()
	u, err := s.store.UserByEmail(ctx, email)
	if err != nil {
		u = must(s.store.CreateUser(ctx, accounts.ActorCLI, accounts.NewUser{Email: email, Plan: "Pro", Role: accounts.RoleAdmin}))
	}
	if err := s.store.SetPassword(ctx, accounts.ActorCLI, u.ID, operatorHash()); err != nil {
		b.Fatal(err)
	}
	v := s.visitor(b)
	v.signIn(email, operatorPassword).redirected("/admin")
	return v
}
