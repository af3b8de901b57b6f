package accounts_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"codexible/accounts"
	"codexible/fault"

	"github.com/google/go-cmp/cmp"
)

// wrong gives the fields that an error complains about, in alphabetical order.
func wrong(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	f := fault.As(err)
	if f.Kind != fault.Invalid {
		t.Errorf("%v is %s, want validation_failed", err, f.Kind.Code())
	}
	return slices.Sorted(maps.Keys(f.Fields))
}

func TestAUserIsTrimmedAndGetsTheDefaultRole(t *testing.T) {
	got, err := accounts.NewUser{Email: " Ada@Example.com\t", Name: " Ada Lovelace ", Plan: " Pro "}.Normalize()
	want := accounts.NewUser{Email: "Ada@Example.com", Name: "Ada Lovelace", Plan: "Pro", Role: accounts.RoleUser, Metadata: json.RawMessage("{}")}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

func TestEveryWrongFieldOfAUserIsNamed(t *testing.T) {
	_, err := accounts.NewUser{Email: "ada", Name: strings.Repeat("é", 101), Role: "root"}.Normalize()
	if diff := cmp.Diff([]string{"email", "name", "plan", "role"}, wrong(t, err)); diff != "" {
		t.Error(diff)
	}
	_, err = accounts.UserChange{Name: new("a\x00b"), Plan: new("  "), Status: new(accounts.Status("gone")), Role: new(accounts.Role(""))}.Normalize()
	if diff := cmp.Diff([]string{"name", "plan", "role", "status"}, wrong(t, err)); diff != "" {
		t.Error(diff)
	}
	change, err := accounts.UserChange{Name: new(" "), Plan: new(" Pro "), Status: new(accounts.StatusSuspended), Role: new(accounts.RoleService)}.Normalize()
	want := accounts.UserChange{Name: new(""), Plan: new("Pro"), Status: new(accounts.StatusSuspended), Role: new(accounts.RoleService)}
	if diff := cmp.Diff(want, change); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if _, err := (accounts.UserChange{}).Normalize(); err != nil {
		t.Errorf("a change of nothing: %v", err)
	}
}

func TestOnlyEMailAddressesPass(t *testing.T) {
	for email, want := range map[string]bool{
		"a@b": true, "ada@example.com": true, "ada+tag@sub.example.co.uk": true, "o'hara@example.com": true, "żółw@przykład.pl": true,
		strings.Repeat("a", 242) + "@example.com": true,
		strings.Repeat("a", 243) + "@example.com": false, "": false, "@": false, "ada": false, "@example.com": false, "ada@": false, "a@b@c": false, "a b@c.de": false,
		"a@b\n": true, // trimmed
		"a\n@b": false, "a@b\x00.de": false, "ada@\xff.de": false, "<ada@example.com>": false, `"a"@b.de`: false, "a,b@c.de": false, "a@b;c": false, "a\u00a0@b.de": false, "a\u202f@b.de": false,
		"a\u200b@b.de": false, "a\u2028@b.de": false,
	} {
		_, err := accounts.NewUser{Email: email, Plan: "Pro"}.Normalize()
		if (err == nil) != want {
			t.Errorf("%q: %v, want ok %v", email, err, want)
		}
	}
}

func TestTextsAreCountedInCharactersAndHoldNoControls(t *testing.T) {
	for _, c := range []struct {
		text        string
		least, most int
		ok          bool
	}{
		{"", 0, 5, true}, {"", 1, 5, false}, {"ééééé", 1, 5, true}, {"éééééé", 1, 5, false}, {"🙂🙂🙂🙂🙂", 1, 5, true}, {"a b", 1, 5, true},
		{"a\nb", 1, 5, false}, {"\x00", 1, 5, false}, {"a\x7f", 1, 5, false}, {"a\u0085", 1, 5, false}, {"\xff\xfe", 1, 5, false},
	} {
		if problem := accounts.CheckText(c.text, c.least, c.most); (problem == "") != c.ok {
			t.Errorf("%q of %d to %d: %q", c.text, c.least, c.most, problem)
		}
	}
}

func TestAPlanIsMadeOfItsDefaults(t *testing.T) {
	plan, err := accounts.PlanChange{Name: new("Pro"), DailyCreditLimit: new(int64(250))}.NewPlan()
	want := accounts.Plan{Name: "Pro", DailyCreditLimit: 250, RateLimitPerMinute: 100, MaxKeys: 20, Features: json.RawMessage("{}")}
	if diff := cmp.Diff(want, plan); diff != "" || err != nil {
		t.Error(err, diff)
	}
	_, err = accounts.PlanChange{}.NewPlan()
	if diff := cmp.Diff([]string{"daily_credit_limit", "name"}, wrong(t, err)); diff != "" {
		t.Error(diff)
	}
}

func TestAChangeOfAPlanLeavesTheRestAsItIs(t *testing.T) {
	before := accounts.Plan{Name: "Pro", DailyCreditLimit: 250, PriceCents: 3000, RateLimitPerMinute: 100, Features: json.RawMessage(`{"a":1}`)}
	if diff := cmp.Diff(before, accounts.PlanChange{}.Apply(before)); diff != "" {
		t.Error(diff)
	}
	all := accounts.PlanChange{Name: new("Max"), DailyCreditLimit: new(int64(0)), PriceCents: new(int64(0)), RateLimitPerMinute: new(int64(1)), Features: json.RawMessage("{}"), Archived: new(true)}
	want := accounts.Plan{Name: "Max", RateLimitPerMinute: 1, Features: json.RawMessage("{}"), Archived: true}
	if diff := cmp.Diff(want, all.Apply(before)); diff != "" {
		t.Error(diff)
	}
}

func TestThePlansNumbersHaveTheContractsBounds(t *testing.T) {
	for _, c := range []struct {
		change accounts.PlanChange
		wrong  []string
	}{
		{accounts.PlanChange{Name: new(" Pro "), DailyCreditLimit: new(int64(0)), PriceCents: new(int64(0)), RateLimitPerMinute: new(int64(1))}, nil},
		{accounts.PlanChange{DailyCreditLimit: new(int64(1_000_000_000)), PriceCents: new(int64(1_000_000_000)), RateLimitPerMinute: new(int64(1_000_000))}, nil},
		{accounts.PlanChange{Name: new(" "), DailyCreditLimit: new(int64(-1)), PriceCents: new(int64(-1)), RateLimitPerMinute: new(int64(0))},
			[]string{"daily_credit_limit", "name", "price_cents", "rate_limit_per_minute"}},
		{accounts.PlanChange{DailyCreditLimit: new(int64(1_000_000_001)), PriceCents: new(int64(1_000_000_001)), RateLimitPerMinute: new(int64(1_000_001))},
			[]string{"daily_credit_limit", "price_cents", "rate_limit_per_minute"}},
	} {
		_, err := c.change.Normalize()
		if diff := cmp.Diff(c.wrong, wrong(t, err)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestNamesAreComparedWithoutCase(t *testing.T) {
	for a, b := range map[string]string{"ADA@Example.COM": "ada@example.com", "ÄÖÜ": "äöü", "İ": "i", "ŻÓŁW": "żółw"} {
		if accounts.Fold(a) != accounts.Fold(b) {
			t.Errorf("%q and %q differ: %q, %q", a, b, accounts.Fold(a), accounts.Fold(b))
		}
	}
	if accounts.Fold("ada") == accounts.Fold("adá") {
		t.Error("an accent is no matter of case")
	}
}
