package keys

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/fault"
)

// The codes are decided in their order: each of a key that everything refuses, once the causes of the ones before it are fixed.
func TestTheFirstCodeThatRefusesAKeyIsReturned(t *testing.T) {
	id := someone()
	outside := Access{Scope: ScopeCharge, Address: netip.MustParseAddr("192.0.2.1")}
	id.SecretEndsAt, id.Key.Status, id.Key.ExpiresAt, id.User.Status = &noon, StatusRevoked, &noon, accounts.StatusSuspended
	id.Key.Addresses, _ = ParseAddresses([]string{"10.0.0.0/8"})
	for _, step := range []struct {
		want Code
		fix  func()
	}{
		{NotFound, func() { id.SecretEndsAt = nil }},
		{Revoked, func() { id.Key.Status = StatusDisabled }},
		{Disabled, func() { id.Key.Status = StatusActive }},
		{Expired, func() { id.Key.ExpiresAt = nil }},
		{Suspended, func() { id.User.Status = accounts.StatusActive }},
		{InsufficientScope, func() { id.Key.Scopes |= ScopesOf(ScopeCharge) }},
		{AddressNotAllowed, func() { outside.Address = netip.MustParseAddr("10.0.0.1") }},
		{Valid, func() {}},
	} {
		code := id.Decide(outside, noon)
		if code != step.want {
			t.Fatalf("%s, want %s", code, step.want)
		}
		refusal := id.Refusal(code, outside)
		if (refusal == nil) != (code == Valid) || refusal != nil && CodeOf(refusal) != code {
			t.Errorf("%s is answered with %v", code, refusal)
		}
		step.fix()
	}
	if code := (*Identity)(nil).Decide(outside, noon); code != NotFound {
		t.Errorf("nobody is %s", code)
	}
}

func TestAKeyIsWithinAnotherWhereItMayNothingMore(t *testing.T) {
	soon, late := noon.Add(time.Hour), noon.Add(2*time.Hour)
	networks := func(texts ...string) Addresses {
		list, _ := ParseAddresses(texts)
		return list
	}
	acting := Key{Scopes: ScopesOf(ScopeModels, ScopeKeys), Addresses: networks("10.0.0.0/8"), ExpiresAt: &soon, Models: []string{"large", "small"}}
	for name, c := range map[string]struct {
		key  Key
		want string
	}{
		"the same":       {acting, ""},
		"less":           {Key{Models: []string{"large"}, Scopes: ScopesOf(ScopeModels), Addresses: networks("10.1.0.0/16"), ExpiresAt: &noon}, ""},
		"another scope":  {Key{Models: []string{"large"}, Scopes: ScopesOf(ScopeUsage), Addresses: networks("10.1.0.0/16"), ExpiresAt: &noon}, "usage"},
		"everywhere":     {Key{Models: []string{"large"}, Scopes: ScopesOf(ScopeModels), ExpiresAt: &noon}, "10.0.0.0/8"},
		"another place":  {Key{Models: []string{"large"}, Scopes: ScopesOf(ScopeModels), Addresses: networks("11.0.0.1"), ExpiresAt: &noon}, "10.0.0.0/8"},
		"for ever":       {Key{Models: []string{"large"}, Scopes: ScopesOf(ScopeModels), Addresses: networks("10.0.0.1")}, soon.Format(time.RFC3339)},
		"longer":         {Key{Models: []string{"large"}, Scopes: ScopesOf(ScopeModels), Addresses: networks("10.0.0.1"), ExpiresAt: &late}, soon.Format(time.RFC3339)},
		"not active now": {Key{Models: []string{"large"}, Status: StatusDisabled, Scopes: ScopesOf(ScopeModels), Addresses: networks("10.0.0.1"), ExpiresAt: &noon}, ""},
		"all models":     {Key{Scopes: ScopesOf(ScopeModels), Addresses: networks("10.0.0.1"), ExpiresAt: &noon}, "large, small"},
		"another model":  {Key{Models: []string{"large", "Small"}, Scopes: ScopesOf(ScopeModels), Addresses: networks("10.0.0.1"), ExpiresAt: &noon}, "large, small"},
	} {
		err := c.key.Within(&acting, "create")
		if (err == nil) != (c.want == "") || err != nil && (fault.KindOf(err) != fault.InsufficientScope || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q in it", name, err, c.want)
		}
	}
	free := Key{Scopes: ScopesOf(ScopeModels)}
	if err := free.Within(&free, "create"); err != nil {
		t.Error(err)
	}
}

func TestALimitIsWithinAnotherWhereItIsNoGreater(t *testing.T) {
	for _, name := range LimitNames() {
		for _, c := range []struct {
			own, acting *int64
			within      bool
		}{
			{nil, nil, true}, {new(int64(5)), nil, true}, {new(int64(5)), new(int64(5)), true}, {new(int64(4)), new(int64(5)), true},
			{new(int64(6)), new(int64(5)), false}, {nil, new(int64(5)), false},
		} {
			var key, acting Key
			LimitsChange{name: c.own}.apply(&key.Limits)
			LimitsChange{name: c.acting}.apply(&acting.Limits)
			err := key.Within(&acting, "create")
			if (err == nil) != c.within || err != nil && (fault.KindOf(err) != fault.InsufficientScope || !strings.Contains(err.Error(), "Send a "+string(name)+" of 5 or less.")) {
				t.Errorf("%s: %v, want within: %v", name, err, c.within)
			}
		}
	}
}

func TestTheLimitsOfAKeyHaveTheContractsBounds(t *testing.T) {
	for name, bounds := range map[LimitName][2]int64{
		DailyCreditLimit: {0, 1_000_000_000}, RateLimitPerMinute: {1, 1_000_000}, ConcurrencyLimit: {1, 1_000_000},
	} {
		for n, ok := range map[int64]bool{bounds[0]: true, bounds[1]: true, bounds[0] - 1: false, bounds[1] + 1: false} {
			_, change := KeyChange{Limits: LimitsChange{name: &n}}.Normalize(noon)
			var limits Limits
			LimitsChange{name: &n}.apply(&limits)
			_, create := NewKey{Limits: limits}.Normalize(noon)
			for _, err := range []error{change, create} {
				if (err == nil) != ok || err != nil && fault.As(err).Fields[string(name)] == "" {
					t.Errorf("%s of %d: %v, want ok %v", name, n, err, ok)
				}
			}
		}
	}
	if _, err := (KeyChange{Limits: LimitsChange{ConcurrencyLimit: nil}}).Normalize(noon); err != nil {
		t.Errorf("removing a limit: %v", err)
	}
}

func TestAChangeOfOneLimitLeavesTheOthersAsTheyAre(t *testing.T) {
	before := Key{Limits: Limits{DailyCreditLimit: new(int64(1)), RateLimitPerMinute: new(int64(2)), ConcurrencyLimit: new(int64(3))}}
	for _, name := range LimitNames() {
		after := KeyChange{Limits: LimitsChange{name: nil}}.Apply(before)
		for _, other := range LimitNames() {
			if (after.Limit(other) == nil) != (other == name) {
				t.Errorf("after removing %s, %s is %v", name, other, after.Limit(other))
			}
		}
	}
	if before.Limits != (KeyChange{}).Apply(before).Limits {
		t.Error("a change of nothing changes the limits")
	}
}
