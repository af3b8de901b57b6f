package server

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"codexible/config"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"
)

func TestScheduledBackupsAreMadeWhenDueAndKeptByNumber(t *testing.T) {
	clock := storetest.NewClock(storetest.Start)
	url, folder := storetest.SQLiteURL(t), filepath.Join(t.TempDir(), "backups")
	s := &service{store: storetest.Open(t, url, clock.Now),
		Options: Options{
			Log:    slog.New(slog.DiscardHandler),
			Config: config.Config{DatabaseURL: config.NewSecretURL(url), BackupDir: folder, BackupInterval: 6 * time.Hour, BackupKeep: 2},
		},
		backedUp: prometheus.NewGauge(prometheus.GaugeOpts{Name: "made", Help: "When."}), backupsFailed: prometheus.NewCounter(prometheus.CounterOpts{Name: "failed_total", Help: "How many."}),
	}
	for _, step := range []struct {
		pass  time.Duration
		count int
		last  time.Time
	}{
		{0, 1, storetest.Start},
		{time.Minute, 1, storetest.Start},
		{6 * time.Hour, 2, storetest.Start.Add(6*time.Hour + time.Minute)},
		{6 * time.Hour, 2, storetest.Start.Add(12*time.Hour + time.Minute)},
	} {
		clock.Add(step.pass)
		if err := s.backUp(context.Background()); err != nil {
			t.Fatal(err)
		}
		files, err := store.BackupsIn(folder)
		if err != nil || len(files) != step.count {
			t.Fatalf("%d backups, want %d: %v", len(files), step.count, err)
		}
		if last, _ := store.BackupTime(files[len(files)-1]); !last.Equal(step.last) {
			t.Errorf("the latest backup is of %v, want %v", last, step.last)
		}
		if shown := valueOf(t, s.backedUp); shown != step.last.Unix() {
			t.Errorf("the metric says %d, want %d", shown, step.last.Unix())
		}
	}
	s.Config.BackupDir = filepath.Join(folder, store.BackupName(storetest.Start.Add(12*time.Hour+time.Minute))) // a file
	if err := s.backUp(context.Background()); err == nil || !strings.Contains(err.Error(), "BACKUP_DIR") {
		t.Errorf("a folder that is a file gave %v", err)
	}
	if failed := valueOf(t, s.backupsFailed); failed != 1 {
		t.Errorf("%d failures are counted, want the one", failed)
	}
}

func TestARecountIsDueOnceADayOverAllInstances(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		instance := func() *service {
			return &service{store: s, Options: Options{Log: slog.New(slog.DiscardHandler)}, reconciled: prometheus.NewGauge(prometheus.GaugeOpts{Name: "differences", Help: "How many."})}
		}
		c := storetest.NewCustomer(t, s, "Pro")
		if _, err := s.Post(t.Context(), clock.Now, usage.ChargeEntries(c.Charge(3))); err != nil {
			t.Fatal(err)
		}
		var last *service
		for _, step := range []struct {
			pass time.Duration
			at   time.Time
		}{
			{0, storetest.Start},
			{23 * time.Hour, storetest.Start},
			{time.Hour, storetest.Start.Add(24 * time.Hour)},
			{time.Hour, storetest.Start.Add(24 * time.Hour)},
		} {
			clock.Add(step.pass)
			for range 2 {
				last = instance()
				if err := last.reconcileWhenDue(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if kept, found, err := s.LastReconcile(t.Context()); err != nil || !found || !kept.At.Equal(step.at) {
				t.Errorf("at %v the latest recount is of %v, want %v: %v", clock.Now(), kept.At, step.at, err)
			}
		}
		if shown := valueOf(t, last.reconciled); shown != 0 {
			t.Errorf("a correct ledger shows %d differences", shown)
		}
	})
}

// Otherwise a restart would end the alert.
func TestWhatARecountFoundIsShownAfterARestart(t *testing.T) {
	url := storetest.SQLiteURL(t)
	s := storetest.Open(t, url, storetest.NewClock(storetest.Start).Now)
	c := storetest.NewCustomer(t, s, "Pro")
	if _, err := s.Post(t.Context(), usage.At(storetest.Start), usage.ChargeEntries(c.Charge(3))); err != nil {
		t.Fatal(err)
	}
	storetest.Exec(t, url, "UPDATE daily_usage SET credits = 9")
	if _, err := s.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	restarted := &service{store: s, Options: Options{Log: slog.New(slog.DiscardHandler)}, reconciled: prometheus.NewGauge(prometheus.GaugeOpts{Name: "differences", Help: "How many."})}
	if err := restarted.reconcileWhenDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	if shown := valueOf(t, restarted.reconciled); shown != 2 { // the row, and the user's day that its keys do not add up to
		t.Errorf("%d differences are shown, want 2", shown)
	}
}

// valueOf reads a gauge or a counter.
func valueOf(t *testing.T, c prometheus.Collector) int64 {
	t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(c)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	m := families[0].GetMetric()[0]
	return int64(m.GetGauge().GetValue() + m.GetCounter().GetValue())
}
