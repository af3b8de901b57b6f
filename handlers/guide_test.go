package handlers_test

import (
	"net/http"
	"strings"
	"testing"

	"codexible/docs/guide"
)

func TestTheGuideIsReadAndSearchedWithoutSigningIn(t *testing.T) {
	s := onSQLite(t)
	read := func(path string, status int) string {
		t.Helper()
		a := s.send(t, call{method: http.MethodGet, path: path})
		if a.StatusCode != status {
			t.Errorf("GET %s answers %d, want %d", path, a.StatusCode, status)
		}
		return string(a.text)
	}
	for _, p := range guide.Pages() {
		if page := read(guide.Address(p.Slug), 200); !strings.Contains(page, p.HTML) || !strings.Contains(page, "<title>"+p.Title+" · Codexible</title>") {
			t.Errorf("%s is not shown whole", p.Title)
		}
	}
	if found := read("/docs/guide?q=open+hold", 200); !strings.Contains(found, `href="/docs/guide/concepts#hold"`) || !strings.Contains(found, "<mark>") {
		t.Errorf("the search shows %s", found)
	}
	if found := read("/docs/guide?q="+strings.Repeat("%3Cxyzzy%3E", 500), 200); strings.Contains(found, "<xyzzy>") || !strings.Contains(found, "Nothing is found") {
		t.Errorf("a hostile search shows %.2000s", found)
	}
	read("/docs/guide/nothing", 404)
}
