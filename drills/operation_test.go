package drills

import (
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/cli"
	"codexible/store/storetest"
)

// codexible runs the real program until it exits.
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
	var made struct {
		File   string `json:"file"`
		Bytes  int64  `json:"bytes"`
		SHA256 string `json:"sha256"`
	}
	if err := json.Unmarshal([]byte(out), &made); err != nil || code != cli.ExitOK || made.File != file || made.Bytes == 0 || len(made.SHA256) != 64 {
		t.Fatalf("code %d, %q, %q", code, out, errs)
	}
	if _, errs, code := codexible(t, env, "restore", file); code != cli.ExitFailed || !strings.Contains(errs, "--force") {
		t.Errorf("without --force: code %d, %q", code, errs)
	}
	if _, errs, code := codexible(t, env, "restore", "--force", file); code != cli.ExitFailed || !strings.Contains(errs, "stop the service first") || strings.Count(errs, "\n") != 1 {
		t.Errorf("while the service runs: code %d, %q", code, errs)
	}
	if a := get(t, p.url+"/health/ready"); a.status != http.StatusOK {
		t.Errorf("after a refused restore the service answers %d: %s", a.status, a.body)
	}
	p.stop(t)
	out, errs, code = codexible(t, env, "restore", "--force", file, "--json")
	var restored struct {
		SHA256 string  `json:"sha256"`
		Aside  *string `json:"replaced_file"`
	}
	if err := json.Unmarshal([]byte(out), &restored); err != nil || code != cli.ExitOK || restored.Aside == nil || restored.SHA256 != made.SHA256 {
		t.Fatalf("code %d, %q, %q", code, out, errs)
	}
	startProgram(t, env...).stop(t)
}

func TestMovingToPostgresTakesNoPasswordFromTheCommandLine(t *testing.T) {
	for _, url := range []string{"postgres://u:sesame@127.0.0.1/d", "postgres://u@127.0.0.1/d?password=sesame", "postgres://127.0.0.1/d?sslmode=disable&sslpassword=sesame"} {
		_, errs, code := codexible(t, nil, "migrate-data", "--to", url)
		if code != cli.ExitUsage || strings.Contains(errs, "sesame") || !strings.Contains(errs, "DATABASE_URL") {
			t.Errorf("code %d, %q", code, errs)
		}
	}
}

func TestMovingToPostgresByTheCommandLine(t *testing.T) {
	target, source := storetest.PostgresURL(t), storetest.SQLiteURL(t)
	newCustomer(t, source, accounts.MaxDailyCredits, 3)
	env := []string{"DATABASE_URL=" + target}
	if _, errs, code := codexible(t, env, "migrate", "up"); code != cli.ExitOK {
		t.Fatal(errs)
	}
	out, errs, code := codexible(t, env, "migrate-data", "--from", source, "--json")
	var moved []struct {
		Table string           `json:"table"`
		Rows  int64            `json:"rows"`
		Sums  map[string]int64 `json:"sums"`
	}
	if err := json.Unmarshal([]byte(out), &moved); err != nil || code != cli.ExitOK {
		t.Fatalf("code %d, %q, %q", code, out, errs)
	}
	rows := map[string]int64{}
	for _, m := range moved {
		rows[m.Table] = m.Rows
	}
	if rows["api_keys"] != 3 || rows["users"] != 1 || rows["plans"] != 4 {
		t.Errorf("moved %v", rows)
	}
	if _, errs, code := codexible(t, env, "migrate-data", "--from", source); code != cli.ExitFailed || !strings.Contains(errs, "in use") {
		t.Errorf("a second move: code %d, %q", code, errs)
	}
}

// page is a response with its body.
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
	address := "127.0.0.1:" + FreePort(t)
	p := startProgram(t, "METRICS_ADDR="+address)
	if a := get(t, "http://"+address+"/metrics"); a.status != http.StatusOK || !strings.Contains(a.body, "codexible_build_info") {
		t.Errorf("METRICS_ADDR answers %d", a.status)
	}
	if a := get(t, p.url+"/metrics"); a.status != http.StatusNotFound {
		t.Errorf("beside the API it is answered %d", a.status)
	}
	p.stop(t)
}

func TestWhileDrainingRequestsAreAnsweredAndReadinessFails(t *testing.T) {
	p := startProgram(t, "DRAIN_DELAY=2s")
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	Eventually(t, time.Second, "the readiness to say draining", func() bool {
		a := get(t, p.url+"/health/ready")
		return a.status == http.StatusServiceUnavailable && strings.Contains(a.body, `"draining"`)
	})
	if a := get(t, p.url+"/health"); a.status != http.StatusOK {
		t.Errorf("a request while draining is answered %d", a.status)
	}
	<-p.ended
	if code := p.cmd.ProcessState.ExitCode(); code != cli.ExitOK {
		t.Errorf("exit code %d:\n%s", code, p.printed())
	}
}

func TestTheProgramServesTLSItself(t *testing.T) {
	files := NewPairFiles(t)
	files.Write(t, 1)
	p := startProgram(t, "TLS_CERT="+files.Cert, "TLS_KEY="+files.Key)
	address := strings.TrimPrefix(p.url, "https://")
	if serial := ShownSerial(t, address); serial != 1 {
		t.Errorf("certificate %d is shown", serial)
	}
	env := []string{"HOST=127.0.0.1", "PORT=" + address[strings.LastIndex(address, ":")+1:], "TLS_CERT=" + files.Cert, "TLS_KEY=" + files.Key}
	if out, errs, code := codexible(t, env, "health"); code != cli.ExitOK {
		t.Errorf("codexible health: code %d, %q, %q", code, out, errs)
	}
	wantStrictTransport(t, p.url, "max-age=31536000")
	p.stop(t)
	plain := startProgram(t)
	wantStrictTransport(t, plain.url, "")
	plain.stop(t)
}

// wantStrictTransport checks whether responses of every kind have
// Strict-Transport-Security.
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
