package usage

import (
	"testing"

	"github.com/google/uuid"
)

func TestAFingerprintCoversEveryFieldThatARepeatHasToRepeat(t *testing.T) {
	base := Charge{Credits: 1, Model: "m", PromptTokens: 2, CompletionTokens: 3, CostMicros: 4}
	seen := map[[16]byte]string{base.Fingerprint(): "the charge itself"}
	for name, change := range map[string]func(*Charge){
		"credits":           func(c *Charge) { c.Credits = 9 },
		"model":             func(c *Charge) { c.Model = "n" },
		"prompt tokens":     func(c *Charge) { c.PromptTokens = 9 },
		"completion tokens": func(c *Charge) { c.CompletionTokens = 9 },
		"cost":              func(c *Charge) { c.CostMicros = 9 },
		"tokens exchanged":  func(c *Charge) { c.PromptTokens, c.CompletionTokens = 3, 2 },
		"empty model":       func(c *Charge) { c.Model = "" },
	} {
		c := base
		change(&c)
		mark := c.Fingerprint()
		if other, taken := seen[mark]; taken {
			t.Errorf("%s has the fingerprint of %s", name, other)
		}
		seen[mark] = name
	}
	same := base
	same.UserID, same.KeyID, same.IdempotencyKey = uuid.New(), uuid.New(), "again"
	if same.Fingerprint() != base.Fingerprint() {
		t.Error("who charges and under which text changes the fingerprint")
	}
}

func TestOutcomesHaveNames(t *testing.T) {
	for outcome, want := range map[Outcome]string{OverQuota: "over_quota", Accepted: "accepted", Duplicate: "duplicate", Mismatch: "mismatch"} {
		if outcome.String() != want {
			t.Errorf("%d is called %s, want %s", outcome, outcome, want)
		}
	}
	if (Receipt{}).Outcome != OverQuota {
		t.Error("the zero receipt is no refusal")
	}
}

func TestRemainingIsNeverNegative(t *testing.T) {
	for _, c := range []struct{ used, limit, want int64 }{{0, 250, 250}, {249, 250, 1}, {250, 250, 0}, {400, 250, 0}} {
		if got := (Receipt{CreditsUsed: c.used, DailyLimit: c.limit}).Remaining(); got != c.want {
			t.Errorf("%d of %d leaves %d, want %d", c.used, c.limit, got, c.want)
		}
	}
}
