package keys

import (
	"slices"
	"strings"
	"testing"

	"codexible/accounts"
	"codexible/fault"

	"pgregory.net/rapid"
)

func TestScopesAreWrittenInTheirOrderEachOnce(t *testing.T) {
	for _, c := range []struct {
		names string
		want  string
		known bool
	}{
		{"", "", true},
		{"admin service charge keys usage models", "models usage keys charge service admin", true},
		{"usage usage", "usage", true}, //nolint:dupword // a scope that is given twice
		{"usage Usage", "usage", false},
		{"root", "", false},
	} {
		set, known := ParseScopes(strings.Fields(c.names))
		if set.String() != c.want || known != c.known {
			t.Errorf("%q is %q, known %v; want %q, %v", c.names, set, known, c.want, c.known)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfDistinct(rapid.SampledFrom(ScopeNames()), func(s string) string { return s }).Draw(t, "names")
		set, known := ParseScopes(names)
		again, _ := ParseScopes(set.Names())
		if slices.Sort(names); !known || again != set || len(set.Names()) != len(names) {
			t.Fatalf("%v became %q", names, set)
		}
		for scope := ScopeModels; scope < scopeEnd; scope++ {
			if set.Has(scope) != slices.Contains(names, scope.String()) {
				t.Fatalf("%q has %s: %v", set, scope, set.Has(scope))
			}
		}
	})
}

func TestNoKeyHoldsTheZeroScope(t *testing.T) {
	all, _ := ParseScopes(ScopeNames())
	for _, scope := range []Scope{0, scopeEnd, AnyScope} {
		if all.Has(scope) {
			t.Errorf("all scopes hold %d", scope)
		}
	}
	id := someone()
	id.Key.Scopes = all
	if code := id.Decide(Access{}, noon); code != InsufficientScope {
		t.Errorf("an access that names no scope is %s", code)
	}
	if code := id.Decide(Access{Scope: AnyScope}, noon); code != Valid {
		t.Errorf("any scope is %s", code)
	}
}

func TestDefaultScopesAreThoseOfTheContract(t *testing.T) {
	for role, want := range map[accounts.Role]string{
		accounts.RoleUser: "models usage keys", accounts.RoleService: "service", accounts.RoleAdmin: "models usage keys admin", accounts.RoleViewer: "models usage keys admin",
	} {
		if got := DefaultScopes(role).String(); got != want {
			t.Errorf("%s has %q, want %q", role, got, want)
		}
	}
}

// A service or admin route needs the role and the scope. A viewer reads where an admin may, and changes neither that nor keys.
func TestServiceAndAdminNeedTheRoleToo(t *testing.T) {
	all, _ := ParseScopes(ScopeNames())
	for _, role := range accounts.Roles() {
		id := someone()
		id.User.Role, id.Key.Scopes = role, all
		for scope := ScopeModels; scope < scopeEnd; scope++ {
			want := Valid
			needs := scope.Role()
			if needs != "" && needs != role || role == accounts.RoleViewer && scope == ScopeKeys {
				want = InsufficientScope
			}
			if got := id.Decide(Access{Scope: scope}, noon); got != want {
				t.Errorf("role %s, scope %s: %s, want %s", role, scope, got, want)
			}
			if role == accounts.RoleViewer && (scope == ScopeKeys || needs == accounts.RoleAdmin) {
				want = Valid
			}
			if got := id.Decide(Access{Scope: scope, Reads: true}, noon); got != want {
				t.Errorf("role %s, scope %s, reading: %s, want %s", role, scope, got, want)
			}
		}
		err := all.Given(DefaultScopes(role), role, false)
		if fault.KindOf(err) != fault.Invalid {
			t.Errorf("a %s is given service and admin: %v", role, err)
		}
	}
}

func TestOnlyAnOperatorGrantsCharge(t *testing.T) {
	with, without := ScopesOf(ScopeUsage, ScopeCharge), ScopesOf(ScopeUsage)
	if err := with.Given(without, accounts.RoleUser, false); err != nil {
		t.Errorf("an operator: %v", err)
	}
	if err := with.Given(without, accounts.RoleUser, true); fault.KindOf(err) != fault.InsufficientScope {
		t.Errorf("an owner: %v", err)
	}
	if err := with.Given(with, accounts.RoleUser, true); err != nil {
		t.Errorf("an owner, of a key that has it: %v", err)
	}
}
