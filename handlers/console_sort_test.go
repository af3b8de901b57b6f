package handlers_test

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"codexible/accounts"
	"codexible/keys"
	"codexible/store"
)

var (
	rowLink  = regexp.MustCompile(`class="main-link" href="([^"]*)"`)
	nextLink = regexp.MustCompile(`href="([^"]*)" rel="next"`)
)

// rowsOf are the links of the rows of a list on all its pages.
func (v *visitor) rowsOf(path string) (list []string) {
	v.t.Helper()
	for pages := 0; path != ""; pages++ {
		v.get(path).sees(http.StatusOK)
		for _, found := range rowLink.FindAllStringSubmatch(v.html, -1) {
			list = append(list, found[1])
		}
		path = ""
		if next := nextLink.FindStringSubmatch(v.html); next != nil {
			path = html.UnescapeString(next[1])
		}
		if pages > 20 {
			v.t.Fatalf("%s does not end", path)
		}
	}
	return list
}

func TestEachOrderOfUsersAndKeysShowsEachOnceOnItsPages(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		var people []store.ImportUser
		for i := range 120 {
			people = append(people, store.ImportUser{NewUser: accounts.NewUser{Email: fmt.Sprintf("sorted%d@example.com", i*37%120), Role: []accounts.Role{accounts.RoleUser, accounts.RoleService}[i%2]},
				Keys: []keys.NewKey{{Secret: keys.Mint(), Status: []keys.Status{keys.StatusActive, keys.StatusDisabled}[i%2]}}})
		}
		if _, err := s.store.Import(context.Background(), accounts.ActorCLI, "Pro", people); err != nil {
			t.Fatal(err)
		}
		v := s.operator(t)
		for list, orders := range map[string][]string{
			"/admin/users?":             {"created", "-created", "email", "-email", "role", "-role", "status", "-status", "name", "--email", "-"},
			"/admin/users?role=user&":   {"created", "email", "-email", "role", "-status"},
			"/admin/users?q=sorted&":    {"email", "created"},
			"/admin/keys?":              {"age", "-age", "status", "-status", "used", "-used", "label"},
			"/admin/keys?state=active&": {"-used", "status"},
		} {
			want := v.rowsOf(strings.TrimRight(list, "?&"))
			slices.Sort(want)
			for _, order := range orders {
				got := v.rowsOf(list + "sort=" + order)
				if slices.Sort(got); !slices.Equal(want, got) || len(got) < 60 {
					t.Errorf("%s sort=%s shows %d rows, without %d", list, order, len(got), len(want))
				}
			}
		}
		byEmail := v.rowsOf("/admin/users?sort=email")
		v.get("/admin/users?sort=email").sees(http.StatusOK, `aria-sort="ascending"`)
		if last := v.rowsOf("/admin/users?sort=-email"); byEmail[0] != last[len(last)-1] || byEmail[0] == last[0] {
			t.Errorf("%s is first both ways", byEmail[0])
		}
	})
}

func TestAnOrderOfManyFilteredUsersIsNotOfferedAndNotTaken(t *testing.T) {
	s := onSQLite(t)
	var people []store.ImportUser
	for i := range store.SortedRows {
		people = append(people, store.ImportUser{NewUser: accounts.NewUser{Email: fmt.Sprintf("many%d@example.com", i*37%store.SortedRows)}})
	}
	if _, err := s.store.Import(context.Background(), accounts.ActorCLI, "Pro", people); err != nil {
		t.Fatal(err)
	}
	v := s.operator(t)
	v.get("/admin/users?sort=email").sees(http.StatusOK, `href="/admin/users?sort=-email"`, `aria-sort="ascending"`)
	v.get("/admin/users?sort=email&role=user&after=email~36~"+s.words["ada.user"]+"ada@example.com").sees(http.StatusOK, "more than 1,000 users", "sort=created")
	if regexp.MustCompile(`href="[^"]*sort=-?email`).MatchString(v.html) || strings.Contains(v.html, `aria-sort="ascending"`) || strings.Contains(v.html, "First page") {
		t.Error("an order that is not taken is offered")
	}
}
