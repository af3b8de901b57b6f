package handlers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"codexible/handlers"
	"codexible/handlers/console"
	"codexible/store"
)

// downloads submits the form of a download and reads it to its end, beside
// others; it reports whether the file arrived whole.
func (v *visitor) downloads(path, form string) <-chan error {
	arrived := make(chan error, 1)
	go func() {
		r, _ := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://"+v.s.address+path, strings.NewReader(form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer, err := v.client.Do(r)
		if err == nil {
			_, err = io.ReadAll(answer.Body)
			_ = answer.Body.Close()
		}
		arrived <- err
	}()
	return arrived
}

// heldBackups sets a console whose backups block until they are released or canceled.
func heldBackups(p *handlers.Parts) (begun chan struct{}, let chan error) {
	begun, let = make(chan struct{}, 8), make(chan error)
	withConsole(p, func(c *console.Parts) {
		c.Backup = func(ctx context.Context, file string) error {
			begun <- struct{}{}
			select {
			case err := <-let:
				return errors.Join(err, writeFile(file, []byte("whole")))
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	})
	return begun, let
}

func TestTwoDownloadsRunAtOnceAndTheThirdIsRefused(t *testing.T) {
	var begun chan struct{}
	var let chan error
	s := onSQLite(t, func(p *handlers.Parts) { begun, let = heldBackups(p) })
	v := s.operator(t)
	v.get("/admin/system")
	token := v.hidden("/admin/system/backup").Encode()
	var arrived []<-chan error
	for range 2 {
		arrived = append(arrived, v.downloads("/admin/system/backup", token))
		<-begun
	}
	for _, path := range []string{"/admin/system/backup", "/admin/usage/export", "/admin/audit/export"} {
		v.send(http.MethodPost, path, token).sees(http.StatusServiceUnavailable, "Two other exports or backups are running")
		if v.answer.Header.Get("Retry-After") == "" {
			t.Errorf("%s does not say when to try again", path)
		}
	}
	if made := s.auditOf(t, "export.made"); len(made) != 0 {
		t.Errorf("a refused download is recorded as made: %v", made)
	}
	let <- io.ErrUnexpectedEOF // one fails, one is whole: both release their slots
	let <- nil
	if whole := [2]error{<-arrived[0], <-arrived[1]}; (whole[0] == nil) == (whole[1] == nil) {
		t.Errorf("one of two downloads failed; they arrived as %v", whole)
	}
	for _, path := range []string{"/admin/usage/export?from=2026-13-01", "/admin/usage/export", "/admin/audit/export", "/admin/usage/export"} {
		want := http.StatusOK
		if strings.Contains(path, "13") {
			want = http.StatusUnprocessableEntity // a request refused for its filters releases its slot too
		}
		// The slot is released right after the last byte was read.
		for range 1000 {
			if v.send(http.MethodPost, path, token).status != http.StatusServiceUnavailable {
				break
			}
		}
		v.sees(want)
	}
}

func TestADownloadEndsWithTheServiceAndSaysSoInTheLog(t *testing.T) {
	life, end := context.WithCancel(context.Background())
	defer end()
	var begun chan struct{}
	var pages *console.Console
	s := onSQLite(t, func(p *handlers.Parts) {
		p.Life = life
		begun, _ = heldBackups(p)
		pages = p.Console
	})
	v := s.operator(t)
	v.get("/admin/system")
	arrived := v.downloads("/admin/system/backup", v.hidden("/admin/system/backup").Encode())
	<-begun
	end()
	wait, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := pages.Wait(wait); err != nil {
		t.Fatalf("the download continues: %v", err)
	}
	if err := <-arrived; err == nil {
		t.Error("half a file arrived as a whole one")
	}
	if failures := s.failures(t, "backup.failed"); len(failures) != 1 {
		t.Errorf("recorded: %v", failures)
	}
}

func TestADownloadThatPanicsIsCutOffAndTheServiceKeepsRunning(t *testing.T) {
	s := onSQLite(t, func(p *handlers.Parts) {
		withConsole(p, func(c *console.Parts) { c.Backup = func(context.Context, string) error { panic("no disk at all") } })
	})
	v := s.operator(t)
	v.get("/admin/system")
	if v.whole("/admin/system/backup") {
		t.Error("it arrived as a whole file")
	}
	v.get("/admin/system").sees(http.StatusOK)
}

func TestDaysOutsideTheServicesCalendarAreRefusedOnEveryPage(t *testing.T) {
	s := onSQLite(t)
	v := s.operator(t)
	token := v.get("/admin/usage").hidden("/admin/theme").Encode()
	for _, day := range []string{"9999-12-31", "2101-01-01", "1999-12-31", "0001-01-01", "0000-00-00", "10000-01-01", "-1", "%00", "%ff", "2026-02-30"} {
		for _, page := range []string{"usage", "audit"} {
			for _, name := range []string{"from", "to"} {
				v.get("/admin/"+page+"?"+name+"="+day).sees(http.StatusUnprocessableEntity, "from 2000-01-01 to 2100-12-31")
				v.send(http.MethodPost, "/admin/"+page+"/export?"+name+"="+day, token).sees(http.StatusUnprocessableEntity, "from 2000-01-01 to 2100-12-31")
			}
		}
	}
	v.get("/admin/usage?from=2000-01-01&to=2100-12-31").sees(http.StatusUnprocessableEntity, "A range can be at most one year long.")
	v.get("/admin/usage?to=2100-12-31").sees(http.StatusOK)
	v.get("/admin/usage?from=2000-01-01&to=2000-12-31").sees(http.StatusOK)
	for _, at := range []string{"2101-01-01T00:00", "1999-12-31T23:59", "0001-01-01T00:00", "9999-12-31T23:59"} {
		v.get("/admin/keys/new").submit("/admin/keys/new", "email", "bob@example.com", "expires_at", at).sees(http.StatusUnprocessableEntity, "from 2000-01-01 to 2100-12-31")
		v.get("/admin/keys/$ada.id/edit").submit("/admin/keys/$ada.id/edit", "label", "Laptop", "expires_at", at).sees(http.StatusUnprocessableEntity, "from 2000-01-01 to 2100-12-31")
	}
	for _, c := range []call{
		{as: "bob", method: "GET", path: "/api/usage/hourly?date=9999-12-31"},
		{as: "bob", method: "GET", path: "/api/usage/hourly?date=1999-12-31"},
		{as: "bob", method: "POST", path: "/api/keys", body: `{"expires_at":"2101-01-01T00:00:00Z"}`},
		{as: "ada", method: "PATCH", path: "/api/keys/$ada.id", body: `{"expires_at":"9999-12-31T23:59:59Z"}`},
		{as: "root", method: "PATCH", path: "/api/admin/tokens/$ada.id", body: `{"expires_at":"1999-12-31T23:59:59Z"}`},
	} {
		c.status, c.says = http.StatusUnprocessableEntity, c.method+" "+c.path
		s.call(t, c)
	}
}

// auditOf returns the entries of an action.
func (s *service) auditOf(t *testing.T, action string) (actions []string) {
	t.Helper()
	entries, err := s.store.Audit(context.Background(), store.AuditQuery{Limit: 500})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		actions = append(actions, e.Action)
	}
	return slices.DeleteFunc(actions, func(a string) bool { return a != action })
}

// downloadLog records the log's lines of requests for a backup.
type downloadLog struct {
	slog.Handler

	lines chan map[string]any
}

func (h downloadLog) Handle(_ context.Context, r slog.Record) error {
	var text bytes.Buffer
	line := map[string]any{}
	if err := errors.Join(slog.NewJSONHandler(&text, nil).Handle(context.Background(), r), json.Unmarshal(text.Bytes(), &line)); err != nil {
		return err
	}
	if line["route"] == "/admin/system/backup" {
		h.lines <- line
	}
	return nil
}

func TestADownloadIsLoggedAndMeasuredAfterItsLastByte(t *testing.T) {
	var begun chan struct{}
	var let chan error
	lines := make(chan map[string]any, 8)
	s := onSQLite(t, func(p *handlers.Parts) {
		begun, let = heldBackups(p)
		p.Log = slog.New(downloadLog{p.Log.Handler(), lines})
	})
	v := s.operator(t)
	v.get("/admin/system")
	const series = `codexible_http_request_seconds_count{method="POST",route="/admin/system/backup"} `
	arrived := v.downloads("/admin/system/backup", v.hidden("/admin/system/backup").Encode())
	<-begun
	began := time.Now()
	if text := s.call(t, call{method: "GET", path: "/metrics", status: 200, unwindowed: true}).text; len(lines) != 0 || !strings.Contains(string(text), series+"0\n") {
		t.Error("it is logged or measured while it is still sent")
	}
	atLeast := time.Since(began)
	let <- nil
	if err := <-arrived; err != nil {
		t.Fatal(err)
	}
	line := <-lines
	if took, _ := line["latency_us"].(float64); line["status"] != 200.0 || int64(took) < atLeast.Microseconds() || line["user_id"] == nil {
		t.Errorf("%v is logged of a download that took more than %v", line, atLeast)
	}
	if text := s.call(t, call{method: "GET", path: "/metrics", status: 200, unwindowed: true}).text; !strings.Contains(string(text), series+"1\n") {
		t.Error("it is not measured")
	}
}
