package keys

import (
	"strings"

	"codexible/accounts"
)

// Scope is one thing that a key may do. The zero Scope is held by no key.
type Scope uint8

// The scopes, in the order in which they are written.
const (
	_ Scope = iota
	// ScopeModels calls models and passes verify.
	ScopeModels
	// ScopeUsage reads the user's own usage and plan.
	ScopeUsage
	// ScopeKeys manages the user's own keys.
	ScopeKeys
	// ScopeCharge charges the key itself; only an operator grants it.
	ScopeCharge
	// ScopeService verifies the keys of others, for users with the role service.
	ScopeService
	// ScopeAdmin manages everything, for users with the role admin; with the role viewer it reads everything.
	ScopeAdmin
	scopeEnd
)

// AnyScope is asked for where every key will do, whatever its scopes.
const AnyScope Scope = 255

var scopeNames = [...]string{
	ScopeModels: "models", ScopeUsage: "usage", ScopeKeys: "keys", ScopeCharge: "charge", ScopeService: "service", ScopeAdmin: "admin",
}

// ScopeNames lists every scope in the order in which they are written.
func ScopeNames() []string { return scopeNames[ScopeModels:] }

// String is the scope's name, such as "models".
func (s Scope) String() string {
	if int(s) < len(scopeNames) {
		return scopeNames[s]
	}
	return ""
}

// Role is the role that the scope needs beside it; empty for any. A viewer may have
// the scope admin too, for reading alone.
func (s Scope) Role() accounts.Role {
	switch s {
	case ScopeService:
		return accounts.RoleService
	case ScopeAdmin:
		return accounts.RoleAdmin
	default:
		return ""
	}
}

// fits reports whether a key of a user with this role may have the scope.
func (s Scope) fits(role accounts.Role) bool {
	needs := s.Role()
	return needs == "" || needs == role || s == ScopeAdmin && role == accounts.RoleViewer
}

// Scopes is a set of scopes.
type Scopes uint8

// ScopesOf is the set of these scopes.
func ScopesOf(list ...Scope) (set Scopes) {
	for _, s := range list {
		set |= 1 << s
	}
	return set
}

// DefaultScopes are the scopes of a key that was made without any being named.
func DefaultScopes(role accounts.Role) Scopes {
	switch role {
	case accounts.RoleService:
		return ScopesOf(ScopeService)
	case accounts.RoleAdmin, accounts.RoleViewer:
		return ScopesOf(ScopeAdmin, ScopeModels, ScopeUsage, ScopeKeys)
	default:
		return ScopesOf(ScopeModels, ScopeUsage, ScopeKeys)
	}
}

// ParseScopes reads names of scopes, in any order; known is false where one of
// them is no scope. The set holds those that are.
func ParseScopes(names []string) (set Scopes, known bool) {
	known = true
	for _, name := range names {
		found := false
		for s := ScopeModels; s < scopeEnd; s++ {
			if scopeNames[s] == name {
				set |= 1 << s
				found = true
			}
		}
		known = known && found
	}
	return set, known
}

// Has reports whether the set holds a scope.
func (s Scopes) Has(scope Scope) bool {
	return scope > 0 && scope < scopeEnd && s&(1<<scope) != 0
}

// Within reports whether every scope of s is in o.
func (s Scopes) Within(o Scopes) bool { return s&^o == 0 }

// Names lists the set in the order of the scopes.
func (s Scopes) Names() []string {
	names := make([]string, 0, scopeEnd)
	for scope := ScopeModels; scope < scopeEnd; scope++ {
		if s.Has(scope) {
			names = append(names, scopeNames[scope])
		}
	}
	return names
}

// String is how a set is stored: the names in their order, with a blank between two.
func (s Scopes) String() string { return strings.Join(s.Names(), " ") }
