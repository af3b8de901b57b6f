package cli

import (
	"strings"
	"testing"

	"codexible/store/storetest"
)

func TestAKeyIsCreatedWithLimitsAndListedWithThem(t *testing.T) {
	s := newShell(t, storetest.SQLiteURL(t))
	s.json(new(any), "migrate", "up")
	s.json(new(any), "user", "create", "--email", "ada@example.com", "--plan", "pro")
	var key, free shownKey
	s.json(&key, "key", "create", "--user", "ada@example.com", "--daily-credit-limit", "0", "--rate-limit-per-minute", "30", "--concurrency-limit", "4", "--models", "coder-large,coder-small", "--models", "coder-tiny")
	s.json(&free, "key", "create", "--user", "ada@example.com", "--label", "free")
	s.addSecret(key.Key)
	s.addSecret(free.Key)
	type limits struct {
		Label              string    `json:"label"`
		DailyCreditLimit   *int64    `json:"daily_credit_limit"`
		RateLimitPerMinute *int64    `json:"rate_limit_per_minute"`
		ConcurrencyLimit   *int64    `json:"concurrency_limit"`
		Models             *[]string `json:"models"`
	}
	var list []limits
	s.json(&list, "key", "list", "--user", "ada@example.com")
	if len(list) != 2 || list[0] != (limits{Label: "free"}) || list[1].DailyCreditLimit == nil || *list[1].DailyCreditLimit != 0 || *list[1].RateLimitPerMinute != 30 || *list[1].ConcurrencyLimit != 4 ||
		list[1].Models == nil || strings.Join(*list[1].Models, " ") != "coder-large coder-small coder-tiny" {
		t.Errorf("the keys are listed as %+v", list)
	}
	code, out, _ := s.try("", "key", "list", "--user", "ada@example.com")
	if code != ExitOK || strings.Count(out, "0/day,30/min,4 at once,3 models") != 1 || strings.Count(out, "plan's") != 1 {
		t.Errorf("exit %d, %q", code, out)
	}
	for flag, value := range map[string]string{"--daily-credit-limit": "-1", "--rate-limit-per-minute": "0", "--concurrency-limit": "1000001", "--models": "a,a"} {
		code, _, stderr := s.try("", "key", "create", "--user", "ada@example.com", flag+"="+value)
		if name := strings.ReplaceAll(flag[2:], "-", "_"); code != ExitFailed || !strings.Contains(stderr, name) {
			t.Errorf("%s %s: exit %d, %q, want %s in it", flag, value, code, stderr, name)
		}
	}
}
