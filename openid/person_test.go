package openid

import (
	"testing"

	"codexible/accounts"
)

func TestARoleIsGivenByAVerifiedAddressOrAGroupAlone(t *testing.T) {
	p := New(Settings{Admins: []string{"Ada@example.com", "group:admins"}, Viewers: []string{"bob@example.com", "group:readers", "ada@example.com"}})
	for _, try := range []struct {
		name string
		who  Person
		want accounts.Role
	}{
		{"a verified address, in any case", Person{Email: "aDA@example.com", EmailVerified: true}, accounts.RoleAdmin},
		{"an address that is not verified", Person{Email: "ada@example.com"}, ""},
		{"a viewer's address", Person{Email: "bob@example.com", EmailVerified: true}, accounts.RoleViewer},
		{"a group, without an address", Person{Groups: []string{"all", "admins"}}, accounts.RoleAdmin},
		{"a viewer's group beside an address that is not verified", Person{Email: "ada@example.com", Groups: []string{"readers"}}, accounts.RoleViewer},
		{"a group in another case", Person{Groups: []string{"Admins"}}, ""},
		{"a group with the name of an address", Person{Groups: []string{"ada@example.com"}}, ""},
		{"an address with the name of a group", Person{Email: "group:admins", EmailVerified: true}, ""},
		{"nobody", Person{EmailVerified: true}, ""},
	} {
		if got := p.Role(try.who); got != try.want {
			t.Errorf("%s gives the role %q, want %q", try.name, got, try.want)
		}
	}
}
