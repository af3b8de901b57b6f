package handlers_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// noIDs are not UUIDs in the form of the service.
var noIDs = []string{"x", "0", "..", "%00", "urn:uuid:0190163d-8694-739b-aea5-966c26f8ad91", "0190163d8694739baea5966c26f8ad91", "{0190163d-8694-739b-aea5-966c26f8ad91}", "0190163d-8694-739b-aea5-966c26f8ad9g", "%0d%0ax"}

// changing are the parts in which equal responses differ: request ids and form tokens.
var changing = regexp.MustCompile(`[0-9a-f]{32}|[\w-]{86}`)

func TestAPathIDThatIsNoUUIDAnswersAsOneThatDoesNotExist(t *testing.T) {
	s := onSQLite(t)
	operator := s.operator(t)
	const missing = "0190163d-8694-739b-aea5-966c26f8ad91"
	seen := 0
	for _, r := range s.app.GetRoutes(true) {
		if !strings.Contains(r.Path, "/:") || r.Method == http.MethodHead || strings.HasPrefix(r.Path, "/static/") {
			continue
		}
		seen++
		ask := func(id string) (status int, text string) {
			path := regexp.MustCompile(`:\w+`).ReplaceAllString(r.Path, id)
			if strings.HasPrefix(path, "/admin/") {
				operator.get("/admin/account")
				form := ""
				if r.Method == http.MethodPost {
					form = url.Values{"_csrf": {operator.hidden("/admin/theme").Get("_csrf")}}.Encode()
				}
				operator.send(r.Method, path, form)
				return operator.status, operator.page
			}
			as := "ada"
			switch {
			case strings.HasPrefix(path, "/api/admin/"):
				as = "root"
			case strings.HasPrefix(path, "/api/holds/"):
				as = "gate"
			}
			a := s.send(t, call{as: as, method: r.Method, path: path, body: bodies[r.Method+" "+strings.NewReplacer(":id", "{id}", ":delivery_id", "{delivery_id}").Replace(r.Path)]})
			return a.StatusCode, string(a.text)
		}
		status, want := ask(missing)
		if status != http.StatusNotFound && r.Path != "/admin/account/sessions/:id/end" { // a session that has ended already is ended
			t.Errorf("%s %s: an id that does not exist answers %d %.300s", r.Method, r.Path, status, want)
		}
		for _, id := range noIDs {
			if id == ".." && strings.HasPrefix(r.Path, "/admin/") && r.Method == http.MethodGet {
				continue // Go's client resolves it
			}
			got, text := ask(id)
			if got != status || changing.ReplaceAllString(text, "*") != changing.ReplaceAllString(want, "*") {
				t.Errorf("%s %s: %q answers %d %.600s\nan id that does not exist %d %.600s", r.Method, r.Path, id, got, text, status, want)
			}
		}
	}
	if seen < 20 {
		t.Errorf("%d routes with an id were tried", seen)
	}
}
