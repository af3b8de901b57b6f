package handlers_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"codexible/accounts"
	"codexible/store"
	"codexible/views"
)

// found are the links of the results of a search.
func (v *visitor) found(text string, more ...string) []string {
	v.t.Helper()
	v.get(views.WithQuery("/admin/search", append([]string{"q", v.s.fill(text)}, more...)...)).sees(http.StatusOK)
	_, results, _ := strings.Cut(v.page, "data-results")
	var list []string
	for _, link := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(results, -1) {
		list = append(list, link[1])
	}
	return list
}

func TestASearchFindsUsersKeysRequestsModelsAndPages(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.sell(t)
		s.route(t)
		if _, err := s.store.ChangeUser(context.Background(), accounts.ActorCLI, s.id(t, "bob.user"), accounts.UserChange{ExternalID: new("crm-4711")}); err != nil {
			t.Fatal(err)
		}
		admin, viewer := s.operator(t), s.viewer(t)
		for text, want := range map[string]string{
			"ada@exam": "/admin/users/$ada.user", "lovelace": "/admin/users/$ada.user", "CRM-47": "/admin/users/$bob.user", "$ada.user": "/admin/users/$ada.user",
			"$ada.prefix": "/admin/keys/$ada.id", "lapt": "/admin/keys/$ada.id", "$ada.id": "/admin/keys/$ada.id", "$request.served": "/admin/requests/$request.served",
			"codex-lar": "/admin/models/$model.large", "audit": "/admin/audit", "log audit": "/admin/audit", "webh": "/admin/webhooks",
		} {
			for _, v := range []*visitor{admin, viewer} {
				if got := v.found(text); !slices.Contains(got, s.fill(want)) {
					t.Errorf("%s finds %v, want %s", text, got, s.fill(want))
				}
			}
		}
		if got := admin.found("create a user"); !slices.Equal(got, []string{"/admin/users/new"}) {
			t.Errorf("an admin finds %v", got)
		}
		if got := viewer.found("create a user"); len(got) > 0 {
			t.Errorf("a viewer finds %v", got)
		}
		for _, text := range []string{"zzz", s.words["plan.pro"], "<script>", `%_\`, "'"} {
			if got := admin.found(text); len(got) > 0 {
				t.Errorf("%q finds %v", text, got)
			}
		}
		for _, text := range []string{strings.Repeat("x", 201), "a\x00b", "a\nb", "\xff"} {
			admin.get("/admin/search?q="+url.QueryEscape(text)).sees(http.StatusUnprocessableEntity, "must be plain text of at most 200 characters")
		}
	})
}

func TestASearchShowsAFewOfEachKindAndLeadsToAll(t *testing.T) {
	s := onSQLite(t)
	var people []store.ImportUser
	for i := range 9 {
		people = append(people, store.ImportUser{NewUser: accounts.NewUser{Email: fmt.Sprintf("crowd%d@example.com", i)}})
	}
	if _, err := s.store.Import(context.Background(), accounts.ActorCLI, "Pro", people); err != nil {
		t.Fatal(err)
	}
	got := s.operator(t).found("crowd")
	if len(got) != 7 || got[6] != "/admin/users?q=crowd" {
		t.Errorf("a search for nine users finds %v", got)
	}
}

func TestNoAddressOfASearchHoldsAWholeKey(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		admin, viewer := s.operator(t), s.viewer(t)
		key, prefix := s.words["ada.key"], s.words["ada.prefix"]
		to := "/admin/search?done=key-pasted&leaked=yes&q=" + prefix
		for _, text := range []string{key, " " + key + "\t", strings.ToUpper(key[:10]) + key[10:], key[:30], key + "0", "Bearer " + key} {
			want := to
			if strings.HasPrefix(text, "Bearer") {
				want = strings.Replace(to, "q=", "q=Bearer+", 1)
			} else if strings.HasPrefix(text, "C") {
				want = strings.Replace(to, "q=codexible", "q=CODEXIBLE", 1)
			}
			if admin.get("/admin/search").submit("/admin/search", "q", text); admin.status != http.StatusSeeOther || admin.location != want {
				t.Errorf("a form with %q leads to %d %s", s.masked(text), admin.status, s.masked(admin.location))
			}
			if admin.get("/admin/search?q=" + url.QueryEscape(text)); admin.status != http.StatusSeeOther || admin.location != want {
				t.Errorf("an address with %q leads to %d %s", s.masked(text), admin.status, s.masked(admin.location))
			}
		}
		revoke := s.fill("/admin/keys/$ada.id/revoke?leaked=yes")
		admin.get(to).sees(http.StatusOK, "Do not paste whole keys", "Revoke this key and what it created")
		if got := admin.found(prefix, "leaked", "yes"); got[0] != revoke {
			t.Errorf("an admin is led to %v", got)
		}
		admin.get(revoke).sees(http.StatusOK, "Revoke")
		if got := viewer.found(prefix, "leaked", "yes"); !slices.Equal(got, []string{s.fill("/admin/keys/$ada.id")}) {
			t.Errorf("a viewer is led to %v", got)
		}
		viewer.get("/admin/search").submit("/admin/search", "q", "ada").redirected("/admin/search?q=ada").sees(http.StatusOK, "ada@example.com")
	})
}

// masked is a text that a failing test may show.
func (s *service) masked(text string) string {
	return strings.ReplaceAll(text, s.words["ada.key"], "KEY")
}

// A saved view keeps the parameters that the navigation names: all that a page's form and orders have.
func TestTheNavigationNamesAllFiltersOfAPage(t *testing.T) {
	s := onSQLite(t)
	s.sell(t)
	s.route(t)
	s.hook(t)
	v := s.operator(t)
	v.get("/admin")
	pages := regexp.MustCompile(`<a href="([^"]*)" data-filters="([^"]*)"`).FindAllStringSubmatch(v.page, -1)
	if len(pages) != 11 {
		t.Fatalf("%d pages have filters", len(pages))
	}
	for _, p := range pages {
		named := strings.Fields(p[2])
		v.get(p[1]).sees(http.StatusOK)
		has := map[string]bool{}
		for _, form := range regexp.MustCompile(`(?s)<form[^>]*method="get"[^>]*>.*?</form>`).FindAllString(v.page, -1) {
			for _, field := range regexp.MustCompile(` name="([^"]*)"`).FindAllStringSubmatch(form, -1) {
				has[field[1]] = true
			}
		}
		for _, parameter := range []string{"sort", "group"} {
			if regexp.MustCompile(`href="` + p[1] + `\?[^"]*` + parameter + `=`).MatchString(v.page) {
				has[parameter] = true
			}
		}
		for _, name := range named {
			if !has[name] {
				t.Errorf("%s has no filter %s", p[1], name)
			}
			delete(has, name)
		}
		if len(has) > 0 {
			t.Errorf("a view of %s does not keep %v", p[1], has)
		}
	}
}

// What the filters choose is in the address: the same address shows the same.
func TestFormsOfFiltersKeepTheOrder(t *testing.T) {
	s := onSQLite(t)
	s.fillUsage(t)
	v := s.operator(t)
	for path, want := range map[string]string{
		"/admin/users?sort=email&role=user": `name="sort" value="email"`, "/admin/keys?sort=-used&state=active": `name="sort" value="-used"`, "/admin/requests?sort=time&since=24h": `name="sort" value="time"`,
		"/admin/audit?sort=time&q=ada": `name="sort" value="time"`, "/admin/usage?group=model&sort=-requests": `name="group" value="model"`, "/admin/prices?sort=-typical&show=other": `name="sort" value="-typical"`,
	} {
		if v.get(path).sees(http.StatusOK); !strings.Contains(v.page, want) {
			t.Errorf("%s lacks %s", path, want)
		}
	}
	for _, path := range []string{"/admin/users?sort=nothing", "/admin/usage?sort=nothing", "/admin/requests?sort=-", "/admin/audit?sort=at%00"} {
		if v.get(path).sees(http.StatusOK); strings.Contains(v.page, `name="sort"`) {
			t.Errorf("%s keeps an unknown order", path)
		}
	}
}
