package handlers_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"codexible/store"
)

// logPage is a page of the audit log, as a client reads it: the fields of an entry are strings.
type logPage struct {
	Logs []map[string]string `json:"logs"`
	Next *int64              `json:"next"`
}

func (s *service) logs(t *testing.T, query url.Values) (page logPage) {
	t.Helper()
	a := s.call(t, call{as: "root", method: "GET", path: "/api/admin/logs?" + query.Encode(), status: 200})
	if err := json.Unmarshal(a.text, &page); err != nil {
		t.Fatal(err)
	}
	return page
}

// allLogs reads all pages of this size.
func (s *service) allLogs(t *testing.T, query url.Values, limit int) (all []map[string]string) {
	t.Helper()
	query.Set("limit", fmt.Sprint(limit))
	for {
		page := s.logs(t, query)
		if all = append(all, page.Logs...); page.Next == nil {
			return all
		}
		if len(page.Logs) != limit {
			t.Fatalf("a page of %d has %d entries, and another follows", limit, len(page.Logs))
		}
		query.Set("after", fmt.Sprint(*page.Next))
	}
}

func TestTheAuditLogIsFilteredAndPagedAsTheConsoleDoesIt(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.call(t, call{as: "root", method: "PATCH", path: "/api/admin/users/$bob.user", body: `{"name":"Bob"}`, status: 200})
		s.clock.Add(24 * 3600e9)
		s.call(t, call{as: "root", method: "PATCH", path: "/api/admin/users/$ada.user", body: `{"name":"Ada"}`, status: 200})
		s.call(t, call{as: "ada", method: "POST", path: "/api/keys", body: `{"label":"Second"}`, status: 200, keep: "second"})
		s.operator(t)
		s.visitor(t).get("/admin/login").submit("/admin/login", "email", "root@example.com", "password", "not this one")
		all := s.allLogs(t, url.Values{}, 500)
		for _, limit := range []int{1, 3, len(all)} {
			if paged := s.allLogs(t, url.Values{}, limit); !slices.EqualFunc(paged, all, func(a, b map[string]string) bool { return fmt.Sprint(a) == fmt.Sprint(b) }) {
				t.Errorf("pages of %d are not the log", limit)
			}
		}
		has := func(field, text string) func(map[string]string) bool {
			return func(e map[string]string) bool { return e[field] == text }
		}
		begins := func(field, text string) func(map[string]string) bool {
			return func(e map[string]string) bool { return strings.HasPrefix(e[field], text) }
		}
		both := func(a, b func(map[string]string) bool) func(map[string]string) bool {
			return func(e map[string]string) bool { return a(e) && b(e) }
		}
		nothing := func(map[string]string) bool { return false }
		failed := func(e map[string]string) bool { return slices.Contains(store.FailureActions, e["action"]) }
		for query, keep := range map[string]func(map[string]string) bool{
			"actor=root%40example.com":                     has("actor", "root@example.com"),
			"actor=cli&action=key.created":                 both(has("actor", "cli"), has("action", "key.created")),
			"action=user.changed":                          has("action", "user.changed"),
			"action=failures":                              failed,
			"subject=key":                                  begins("action", "key."),
			"subject_id=$ada.user":                         both(has("target", "ada@example.com"), begins("action", "user.")),
			"target=ada%40example.com&action=user.changed": both(has("target", "ada@example.com"), has("action", "user.changed")),
			"target=ada%40example.com&q=lovelace":          both(has("target", "ada@example.com"), func(e map[string]string) bool { return strings.Contains(e["details"], "Lovelace") }),
			"from=2026-03-05":                              begins("timestamp", "2026-03-05"),
			"to=2026-03-04":                                begins("timestamp", "2026-03-04"),
			"from=2026-03-05&to=2026-03-05&subject=user": both(begins("timestamp", "2026-03-05"), func(e map[string]string) bool {
				return e["action"] == "grant.created" || strings.HasPrefix(e["action"], "user.")
			}),
			"from=2026-03-06":                               nothing,
			"q=user.changed&actor=root%40example.com":       both(has("actor", "root@example.com"), has("action", "user.changed")),
			"actor=root%40example.co":                       nothing,
			"q=" + url.QueryEscape(s.fill("$ada.key")) + "": nothing,
		} {
			values, err := url.ParseQuery(s.fill(query))
			if err != nil {
				t.Fatal(err)
			}
			want := slices.DeleteFunc(slices.Clone(all), func(e map[string]string) bool { return !keep(e) })
			if strings.HasPrefix(query, "q=codexible_") { // only its prefix is looked for
				want = slices.DeleteFunc(slices.Clone(all), func(e map[string]string) bool {
					return !strings.Contains(fmt.Sprint(e), s.fill("$ada.prefix"))
				})
			}
			if got := s.allLogs(t, values, 2); fmt.Sprint(got) != fmt.Sprint(want) || len(want) == 0 != (query == "from=2026-03-06" || query == "actor=root%40example.co") {
				t.Errorf("%s finds\n%v, want\n%v", query, got, want)
			}
		}
		for _, wrong := range []string{"action=user.invented", "subject=nobody", "subject_id=7", "from=2026-03-05&to=2026-03-04", "from=yesterday", "to=2026-02-30", "after=0", "after=x", "limit=0", "actor=%00", "target=", "actor=", "actor=a&actor=b"} {
			s.call(t, call{as: "root", method: "GET", path: "/api/admin/logs?" + wrong, status: 422})
		}
	})
}
