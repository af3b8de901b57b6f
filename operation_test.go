package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/prometheus/client_golang/prometheus"
)

func TestScheduledBackupsAreMadeWhenDueAndKeptByNumber(t *testing.T) {
	clock := storetest.NewClock(storetest.Start)
	url, folder := storetest.SQLiteURL(t), filepath.Join(t.TempDir(), "backups")
	s := &service{
		books: storetest.Open(t, url, clock.Now), log: slog.New(slog.DiscardHandler),
		config:   Config{DatabaseURL: newSecretURL(url), BackupDir: folder, BackupInterval: 6 * time.Hour, BackupKeep: 2},
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
	s.config.BackupDir = filepath.Join(folder, store.BackupName(storetest.Start.Add(12*time.Hour+time.Minute))) // a file
	if err := s.backUp(context.Background()); err == nil || !strings.Contains(err.Error(), "BACKUP_DIR") {
		t.Errorf("a folder that is a file gave %v", err)
	}
	if failed := valueOf(t, s.backupsFailed); failed != 1 {
		t.Errorf("%d failures are counted, want the one", failed)
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

// codexible runs the real program to its end.
func codexible(t *testing.T, env []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	path, err := theProgram()
	if err != nil {
		t.Fatal(err)
	}
	p := exec.CommandContext(t.Context(), path, args...)
	p.Dir, p.Env = t.TempDir(), append([]string{"PATH=" + os.Getenv("PATH")}, env...)
	var out, errs strings.Builder
	p.Stdout, p.Stderr = &out, &errs
	_ = p.Run()
	return out.String(), errs.String(), p.ProcessState.ExitCode()
}

func TestBackupAndRestoreWorkBesideARunningService(t *testing.T) {
	folder := t.TempDir()
	env := []string{"DATA_DIR=" + filepath.Join(folder, "data")}
	p := startProgram(t, env...)
	file := filepath.Join(folder, "copy.db")
	out, errs, code := codexible(t, env, "backup", file, "--json")
	var made backupJSON
	if err := json.Unmarshal([]byte(out), &made); err != nil || code != exitOK || made.File != file || made.Bytes == 0 || len(made.SHA256) != 64 {
		t.Fatalf("code %d, %q, %q", code, out, errs)
	}
	if _, errs, code := codexible(t, env, "restore", file); code != exitFailed || !strings.Contains(errs, "--force") {
		t.Errorf("without --force: code %d, %q", code, errs)
	}
	if _, errs, code := codexible(t, env, "restore", "--force", file); code != exitFailed || !strings.Contains(errs, "stop the service first") || strings.Count(errs, "\n") != 1 {
		t.Errorf("while the service runs: code %d, %q", code, errs)
	}
	if a := get(t, p.url+"/health/ready"); a.status != http.StatusOK {
		t.Errorf("after a refused restore the service answers %d: %s", a.status, a.body)
	}
	p.stop(t)
	out, errs, code = codexible(t, env, "restore", "--force", file, "--json")
	var restored restoredJSON
	if err := json.Unmarshal([]byte(out), &restored); err != nil || code != exitOK || restored.Aside == nil || restored.SHA256 != made.SHA256 {
		t.Fatalf("code %d, %q, %q", code, out, errs)
	}
	startProgram(t, env...).stop(t)
}

func TestMovingToPostgresTakesNoPasswordFromTheCommandLine(t *testing.T) {
	for _, url := range []string{"postgres://u:sesame@127.0.0.1/d", "postgres://u@127.0.0.1/d?password=sesame", "postgres://127.0.0.1/d?sslmode=disable&sslpassword=sesame"} {
		_, errs, code := codexible(t, nil, "migrate-data", "--to", url)
		if code != exitUsage || strings.Contains(errs, "sesame") || !strings.Contains(errs, "DATABASE_URL") {
			t.Errorf("code %d, %q", code, errs)
		}
	}
}

func TestMovingToPostgresByTheCommandLine(t *testing.T) {
	target, source := storetest.PostgresURL(t), storetest.SQLiteURL(t)
	newCustomer(t, source, accounts.MaxDailyCredits, 3)
	env := []string{"DATABASE_URL=" + target}
	if _, errs, code := codexible(t, env, "migrate", "up"); code != exitOK {
		t.Fatal(errs)
	}
	out, errs, code := codexible(t, env, "migrate-data", "--from", source, "--json")
	var moved []movedJSON
	if err := json.Unmarshal([]byte(out), &moved); err != nil || code != exitOK {
		t.Fatalf("code %d, %q, %q", code, out, errs)
	}
	rows := map[string]int64{}
	for _, m := range moved {
		rows[m.Table] = m.Rows
	}
	if rows["api_keys"] != 3 || rows["users"] != 1 || rows["plans"] != 4 {
		t.Errorf("moved %v", rows)
	}
	if _, errs, code := codexible(t, env, "migrate-data", "--from", source); code != exitFailed || !strings.Contains(errs, "in use") {
		t.Errorf("a second move: code %d, %q", code, errs)
	}
}

// page is an answer with its body.
type page struct {
	status int
	body   string
}

func get(t *testing.T, url string) page {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := loadClient.Do(request)
	if err != nil {
		return page{body: err.Error()}
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return page{response.StatusCode, string(body)}
}

func TestMetricsCanHaveAListenerOfTheirOwn(t *testing.T) {
	address := "127.0.0.1:" + freePort(t)
	p := startProgram(t, "METRICS_ADDR="+address)
	if a := get(t, "http://"+address+"/metrics"); a.status != http.StatusOK || !strings.Contains(a.body, "codexible_build_info") {
		t.Errorf("METRICS_ADDR answers %d", a.status)
	}
	if a := get(t, p.url+"/metrics"); a.status != http.StatusNotFound {
		t.Errorf("beside the API it is answered %d", a.status)
	}
	p.stop(t)
}

func TestWhileDrainingRequestsAreAnsweredAndReadinessIsNot(t *testing.T) {
	p := startProgram(t, "DRAIN_DELAY=2s")
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Second, "the readiness to say draining", func() bool {
		a := get(t, p.url+"/health/ready")
		return a.status == http.StatusServiceUnavailable && strings.Contains(a.body, `"draining"`)
	})
	if a := get(t, p.url+"/health"); a.status != http.StatusOK {
		t.Errorf("a request while draining is answered %d", a.status)
	}
	<-p.ended
	if code := p.cmd.ProcessState.ExitCode(); code != exitOK {
		t.Errorf("exit code %d:\n%s", code, p.printed())
	}
}

func TestTheProgramServesTLSItself(t *testing.T) {
	files := newPairFiles(t)
	files.write(t, 1)
	p := startProgram(t, "TLS_CERT="+files.cert, "TLS_KEY="+files.key)
	address := strings.TrimPrefix(p.url, "https://")
	if serial := shownSerial(t, address); serial != 1 {
		t.Errorf("certificate %d is shown", serial)
	}
	env := []string{"HOST=127.0.0.1", "PORT=" + address[strings.LastIndex(address, ":")+1:], "TLS_CERT=" + files.cert, "TLS_KEY=" + files.key}
	if out, errs, code := codexible(t, env, "health"); code != exitOK {
		t.Errorf("codexible health: code %d, %q, %q", code, out, errs)
	}
	wantStrictTransport(t, p.url, "max-age=31536000")
	p.stop(t)
	plain := startProgram(t)
	wantStrictTransport(t, plain.url, "")
	plain.stop(t)
}

// wantStrictTransport asks for answers of every kind whether browsers have to
// come by TLS from then on.
func wantStrictTransport(t *testing.T, url, want string) {
	t.Helper()
	tlsClient := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	defer tlsClient.CloseIdleConnections()
	for path, status := range map[string]int{"/health": http.StatusOK, "/api/keys": http.StatusUnauthorized, "/nowhere": http.StatusNotFound, "/admin/login": http.StatusOK} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := tlsClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if got := answer.Header.Values("Strict-Transport-Security"); answer.StatusCode != status || strings.Join(got, ", ") != want {
			t.Errorf("%s%s answers %d with Strict-Transport-Security %q, want %d and %q", url, path, answer.StatusCode, got, status, want)
		}
	}
}

func TestTheDiskIsPartOfReadiness(t *testing.T) {
	p := startProgram(t)
	if a := get(t, p.url+"/health/ready"); !strings.Contains(a.body, `"disk":"ok"`) && !strings.Contains(a.body, `"disk":"low"`) {
		t.Errorf("the readiness is %s", a.body)
	}
	if _, err := os.Stat("/proc/self"); err == nil {
		if a := get(t, p.url+"/metrics"); !strings.Contains(a.body, "codexible_disk_free_bytes") {
			t.Error("the room on the disk is not shown")
		}
	}
	p.stop(t)
}

func TestARecountIsDueOnceADayForAllInstancesTogether(t *testing.T) {
	storetest.Each(t, func(t *testing.T, books *store.Store, clock *storetest.Clock) {
		instance := func() *service {
			return &service{books: books, log: slog.New(slog.DiscardHandler), reconciled: prometheus.NewGauge(prometheus.GaugeOpts{Name: "differences", Help: "How many."})}
		}
		c := storetest.NewCustomer(t, books, "Pro")
		if _, err := books.Settle(t.Context(), clock.Now, []usage.Charge{c.Charge(3)}); err != nil {
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
			if kept, found, err := books.LastReconcile(t.Context()); err != nil || !found || !kept.At.Equal(step.at) {
				t.Errorf("at %v the latest recount is of %v, want %v: %v", clock.Now(), kept.At, step.at, err)
			}
		}
		if shown := valueOf(t, last.reconciled); shown != 0 {
			t.Errorf("books that balance show %d differences", shown)
		}
	})
}

// A process that starts after a recount that found something shows it, or the alert would end with a restart.
func TestWhatARecountFoundIsShownAfterARestart(t *testing.T) {
	url := storetest.SQLiteURL(t)
	books := storetest.Open(t, url, storetest.NewClock(storetest.Start).Now)
	c := storetest.NewCustomer(t, books, "Pro")
	if _, err := books.Settle(t.Context(), usage.At(storetest.Start), []usage.Charge{c.Charge(3)}); err != nil {
		t.Fatal(err)
	}
	storetest.Exec(t, url, "UPDATE daily_usage SET credits = 9")
	if _, err := books.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	restarted := &service{books: books, log: slog.New(slog.DiscardHandler), reconciled: prometheus.NewGauge(prometheus.GaugeOpts{Name: "differences", Help: "How many."})}
	if err := restarted.reconcileWhenDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	if shown := valueOf(t, restarted.reconciled); shown != 1 {
		t.Errorf("%d differences are shown, want 1", shown)
	}
}
