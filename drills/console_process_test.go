package drills

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"codexible/store/storetest"
)

const processPassword = "correct horse battery staple"

// operatorOf signs a browser in to a program's console.
func operatorOf(t *testing.T, p *process) *http.Client {
	t.Helper()
	path, err := theProgram()
	if err != nil {
		t.Fatal(err)
	}
	create := exec.Command(path, "user", "create", "--email", "ops@example.com", "--plan", "Pro", "--role", "admin", "--password-stdin")
	create.Env, create.Dir, create.Stdin = p.cmd.Env, p.cmd.Dir, strings.NewReader(processPassword+"\n")
	if out, err := create.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	// A transport of its own: an unread response keeps its connection.
	browser := &http.Client{Jar: jar, Transport: &http.Transport{}, Timeout: time.Minute}
	t.Cleanup(browser.CloseIdleConnections)
	_, page := p.page(t, browser, "/admin/login", nil)
	status, page := p.page(t, browser, "/admin/login", url.Values{"_csrf": {formTokenOf(t, page)}, "email": {"ops@example.com"}, "password": {processPassword}})
	if status != http.StatusOK || !strings.Contains(page, "/admin/logout") {
		t.Fatalf("the operator cannot sign in: %d %s", status, page)
	}
	return browser
}

var formTokens = regexp.MustCompile(`name="_csrf" value="([^"]+)"`)

func formTokenOf(t *testing.T, page string) string {
	t.Helper()
	found := formTokens.FindStringSubmatch(page)
	if found == nil {
		t.Fatalf("no form on %s", page)
	}
	return found[1]
}

// page opens a page, or sends a form where one is given.
func (p *process) page(t *testing.T, browser *http.Client, path string, form url.Values) (int, string) {
	t.Helper()
	answer := p.open(t, browser, path, form)
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

func (p *process) open(t *testing.T, browser *http.Client, path string, form url.Values) *http.Response {
	t.Helper()
	answer, err := browser.Get(p.url + path)
	if form != nil && err == nil {
		_ = answer.Body.Close()
		answer, err = browser.PostForm(p.url+path, form)
	}
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func TestALinkToADayAtTheEndOfTimeNeitherGrowsNorStopsTheProgram(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, database string) {
		p := startProgram(t, "DATABASE_URL="+database, "SHUTDOWN_TIMEOUT=2s", "GOMEMLIMIT=200MiB")
		browser := operatorOf(t, p)
		for _, query := range []string{"to=9999-12-31", "from=0001-01-01&to=9999-12-31", "from=9999-12-31", "to=0001-01-01", "from=2000-01-01&to=2100-12-31"} {
			if status, page := p.page(t, browser, "/admin/usage?"+query, nil); status != http.StatusUnprocessableEntity {
				t.Errorf("%s: %d %s", query, status, page)
			}
		}
		began := time.Now()
		p.stop(t)
		if took := time.Since(began); took > 15*time.Second {
			t.Errorf("it ended %v after SIGTERM", took)
		}
	})
}

func TestAnUnreadExportEndsAtShutdownAndIsInTheAuditLog(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, database string) {
		p := startProgram(t, "DATABASE_URL="+database, "SHUTDOWN_TIMEOUT=1s")
		browser := operatorOf(t, p)
		// More than the buffers between the program and a reader that stands still take in.
		const lines = 60_000
		db := storetest.Raw(t, database)
		storetest.Run(t, db, fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
			INSERT INTO audit_log (at, actor, address, request_id, action, subject, subject_id, target, details, before, after, search)
			SELECT a.at, a.actor, a.address, a.request_id, 'user.changed', a.subject, a.subject_id, a.target, '%s', '{}', '{}', ''
			FROM n CROSS JOIN (SELECT * FROM audit_log ORDER BY seq LIMIT 1) AS a`, lines, strings.Repeat("x", 600)))
		_, page := p.page(t, browser, "/admin/audit", nil)
		export := p.open(t, browser, "/admin/audit/export", url.Values{"_csrf": {formTokenOf(t, page)}})
		defer func() { _ = export.Body.Close() }()
		if _, err := io.ReadFull(export.Body, make([]byte, 1000)); err != nil || export.StatusCode != http.StatusOK {
			t.Fatalf("the export does not begin: %d, %v", export.StatusCode, err)
		}
		began := time.Now()
		p.stop(t)
		if took := time.Since(began); took > 15*time.Second {
			t.Errorf("it ended %v after SIGTERM", took)
		}
		if failed := storetest.Count(t, db, "SELECT COUNT(*) FROM audit_log WHERE action = 'export.failed'"); failed != 1 {
			t.Errorf("%d exports are written down as failed; the program says:\n%s", failed, p.printed())
		}
		if n, err := io.Copy(io.Discard, export.Body); err == nil {
			t.Errorf("%d bytes arrived as if they were all", n)
		}
	})
}

// Requests that a database keeps waiting are ended by SIGTERM too.
func TestRequestsThatWaitForTheDatabaseEndAtShutdown(t *testing.T) {
	database := storetest.PostgresURL(t)
	p := startProgram(t, "DATABASE_URL="+database, "SHUTDOWN_TIMEOUT=500ms")
	browser := operatorOf(t, p)
	ctx := t.Context()
	db := storetest.Raw(t, database)
	hold, err := db.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = hold.Rollback() }()
	if _, err := hold.ExecContext(ctx, "LOCK TABLE plans IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		if answer, err := browser.Get(p.url + "/admin/plans"); err == nil {
			_ = answer.Body.Close()
		}
	}()
	watch := storetest.Raw(t, database)
	Eventually(t, 10*time.Second, "the page to wait for the table", func() bool {
		return storetest.Count(t, watch, "SELECT COUNT(*) FROM pg_locks WHERE NOT granted") > 0
	})
	began := time.Now()
	p.stop(t)
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("it ended %v after SIGTERM: it waited for the page's own deadline", took)
	}
	<-answered
}
