package server

import (
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/config"
	"codexible/drills"
	"codexible/gateway"
	"codexible/keys"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
)

func TestShutdownTakesDownThePartsOnceAndInReverseOrder(t *testing.T) {
	var order []string
	var e teardown
	e.add(func() error { order = append(order, "store"); return errors.New("store") })
	e.background(context.Background(), func(ctx context.Context) {
		<-ctx.Done()
		order = append(order, "background")
	})
	e.add(func() error { order = append(order, "app"); return errors.New("app") })
	err := e.run()
	if got := strings.Join(order, " "); got != "app background store" {
		t.Errorf("taken down: %s", got)
	}
	if err == nil || err.Error() != "app\nstore" {
		t.Errorf("%q, want the error of each", err)
	}
	if err := e.run(); err != nil || len(order) != 3 {
		t.Errorf("a second time: %v, %v", err, order)
	}
}

func TestABackgroundJobThatFailsIsLoggedAndRunsAgain(t *testing.T) {
	log := &drills.Log{}
	ctx, cancel := context.WithCancel(context.Background())
	var turns atomic.Int64
	runJobs(ctx, slog.New(slog.NewTextHandler(log, nil)), []job{{name: "remove sessions", every: time.Millisecond, work: func(context.Context) error {
		if turns.Add(1) == 3 {
			cancel()
		}
		return errors.New("disk full")
	}}})
	if turns.Load() < 3 {
		t.Errorf("%d turns, want three", turns.Load())
	}
	if said := log.String(); !strings.Contains(said, "remove sessions") || !strings.Contains(said, "disk full") {
		t.Errorf("the log says %q", said)
	}
}

func TestStepsRepeatWhileTheyAreFullAndStopAtAnError(t *testing.T) {
	for _, try := range []struct {
		found []int64
		want  int
	}{{[]int64{0}, 1}, {[]int64{sweepStep, sweepStep, 3}, 3}, {[]int64{sweepStep, -1}, 2}} {
		steps := 0
		err := inSteps(func() (int64, error) {
			n := try.found[steps]
			steps++
			if n < 0 {
				return 0, errors.New("unavailable")
			}
			return n, nil
		})
		if steps != try.want || (err != nil) != (try.found[len(try.found)-1] < 0) {
			t.Errorf("%v: %d steps, %v", try.found, steps, err)
		}
	}
}

func TestRetentionKeepsTheDaysItSaysAndEveryTotal(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		u, err := s.CreateUser(ctx, accounts.ActorCLI, accounts.NewUser{Email: "ada@example.com", Plan: "Pro"})
		if err != nil {
			t.Fatal(err)
		}
		k, err := s.CreateKey(ctx, accounts.ActorCLI, keys.NewKey{UserID: u.ID, Secret: keys.Mint()})
		if err != nil {
			t.Fatal(err)
		}
		today := usage.DayOf(clock.Now())
		for ago := 5; ago >= 0; ago-- {
			at := clock.Now().AddDate(0, 0, -ago)
			if _, err := s.Post(ctx, usage.At(at), usage.ChargeEntries([]usage.Charge{{UserID: u.ID, KeyID: k.ID, Credits: 1, Model: "m"}}...)); err != nil {
				t.Fatal(err)
			}
		}
		if err := retain(ctx, s, 2); err != nil {
			t.Fatal(err)
		}
		charges, err := s.Charges(ctx, u.ID, today.Add(-30), 100, 0)
		if err != nil || len(charges) != 3 || charges[2].Day != today.Add(-2) {
			t.Errorf("%d charges are left, %v; want those of today and the two days before", len(charges), err)
		}
		history, err := s.History(ctx, u.ID, usage.LastDays(today, 6))
		if err != nil {
			t.Fatal(err)
		}
		for _, day := range history {
			if day.Credits != 1 {
				t.Errorf("the total of %s is %d, want 1 also where the charges are removed", day.Day, day.Credits)
			}
		}
		log := &drills.Log{}
		service := &service{store: s, Options: Options{Log: slog.New(slog.NewTextHandler(log, nil))}, reconciled: prometheus.NewGauge(prometheus.GaugeOpts{Name: "differences", Help: "As the recount found them."})}
		if err := service.reconcile(ctx); err != nil || !strings.Contains(log.String(), "days_gone=3") || !strings.Contains(log.String(), "level=INFO") {
			t.Errorf("the recount in the background: %v, %s", err, log)
		}
	})
}

func TestTheLogOfRequestsIsKeptForTheDaysItSays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		var records []gateway.Record
		for ago := range 5 {
			at := clock.Now().AddDate(0, 0, -ago)
			id := uuid.UUID{6: 0x70, 8: 0x80}
			binary.BigEndian.PutUint64(id[:], uint64(at.UnixMilli())<<16|0x7000)
			records = append(records, gateway.Record{ID: id, At: at, Model: "m", Outcome: usage.CallRefused})
		}
		if err := s.WriteRequests(t.Context(), records, nil); err != nil {
			t.Fatal(err)
		}
		if err := retainRequests(t.Context(), s, 2); err != nil {
			t.Fatal(err)
		}
		left, _, err := s.Requests(t.Context(), store.RequestQuery{Limit: 10})
		if err != nil || len(left) != 3 || left[2].ID != records[2].ID {
			t.Errorf("%v: %d requests are left, want those of the last two days", err, len(left))
		}
	})
}

func TestTheBackgroundRecountLogsDifferencesAsAnError(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url, storetest.NewClock(storetest.Start).Now)
		ctx := context.Background()
		u, err := s.CreateUser(ctx, accounts.ActorCLI, accounts.NewUser{Email: "ada@example.com", Plan: "Pro"})
		if err != nil {
			t.Fatal(err)
		}
		k, err := s.CreateKey(ctx, accounts.ActorCLI, keys.NewKey{UserID: u.ID, Secret: keys.Mint()})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Post(ctx, usage.At(storetest.Start), usage.ChargeEntries([]usage.Charge{{UserID: u.ID, KeyID: k.ID, Credits: 1, Model: "m"}}...)); err != nil {
			t.Fatal(err)
		}
		storetest.Exec(t, url, "UPDATE daily_usage SET credits = 9")
		log := &drills.Log{}
		service := &service{store: s, Options: Options{Log: slog.New(slog.NewTextHandler(log, nil))}, reconciled: prometheus.NewGauge(prometheus.GaugeOpts{Name: "differences", Help: "As the recount found them."})}
		if err := service.reconcile(ctx); err != nil {
			t.Fatal(err)
		}
		if said := log.String(); !strings.Contains(said, "level=ERROR") || !strings.Contains(said, "daily_usage") {
			t.Errorf("the log says %q", said)
		}
		registry := prometheus.NewRegistry()
		registry.MustRegister(service.reconciled)
		families, err := registry.Gather()
		if err != nil || families[0].GetMetric()[0].GetGauge().GetValue() != 2 { // the row, and the user's day that its keys do not add up to
			t.Errorf("the metric says %v, %v; want 2 differences", families, err)
		}
	})
}

func TestAMigrationThatIsRolledBackBesideAServiceIsNoticed(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		ctx := context.Background()
		storetest.Migrate(t, url)
		state := schemaCheck{database: Database{Config: &config.Config{DatabaseURL: config.NewSecretURL(url)}, Files: storetest.Files()}}
		if err := errors.Join(state.state(ctx), state.check(ctx), state.state(ctx)); err != nil {
			t.Fatalf("a schema as it should be: %v", err)
		}
		m, err := store.NewMigrator(url, storetest.Files())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = m.Close() }()
		if _, err := m.Down(ctx, 1); err != nil {
			t.Fatal(err)
		}
		if state.check(ctx) == nil || state.state(ctx) == nil {
			t.Error("a migration was rolled back and the check did not notice")
		}
		if _, err := m.Up(ctx); err != nil {
			t.Fatal(err)
		}
		storetest.Exec(t, url, "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES ('9999', 'future', 'x', '2026-03-04T12:00:00Z')")
		if err := errors.Join(state.check(ctx), state.state(ctx)); err != nil {
			t.Errorf("a database that a newer version has migrated further must be accepted: %v", err)
		}
	})
}

func TestReachableIsTheAddressThatThisMachineConnectsTo(t *testing.T) {
	for address, want := range map[string]string{
		"0.0.0.0:3001": "127.0.0.1:3001", "[::]:3001": "127.0.0.1:3001", "127.0.0.1:80": "127.0.0.1:80", "[::1]:80": "[::1]:80",
		"192.0.2.7:80": "192.0.2.7:80", "api.internal:80": "api.internal:80",
	} {
		if got := Reachable(address); got != want {
			t.Errorf("Reachable(%s) = %s, want %s", address, got, want)
		}
	}
}
