package usage

import (
	"fmt"
	"testing"
	"time"

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
		"millionths":        func(c *Charge) { c.Millionths = 9 },
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

func TestTheFingerprintOfAWholeChargeIsThatOfOlderVersions(t *testing.T) {
	whole := Charge{Credits: 1, Model: "m", PromptTokens: 2, CompletionTokens: 3, CostMicros: 4}
	if got := fmt.Sprintf("%x", whole.Fingerprint()); got != "ed574b25fd2d28f111f9abd905b92f50" {
		t.Errorf("the fingerprint of a stored idempotency key is %s", got)
	}
}

// Usage is compared, and not what a price made of it.
func TestAPricedRepeatAfterAPriceChangeIsTheSame(t *testing.T) {
	for kind, outcome := range map[Kind]string{KindCharge: "a charge", KindHold: "a hold", KindSettle: "a settlement"} {
		priced := func(millionths, input int64, model string, price byte) Entry {
			return Entry{Kind: kind, Charge: Charge{Millionths: millionths, CostMicros: millionths, Model: model, PromptTokens: input,
				Priced: &Priced{PriceID: uuid.UUID{price}, Tokens: Tokens{Input: input}}}}
		}
		first, later := priced(100, 7, "m", 1), priced(120, 7, "m", 2)
		if first.fingerprint() != later.fingerprint() {
			t.Errorf("%s at another price has another fingerprint", outcome)
		}
		byHand, nothing, nothingLater := first, priced(3, 0, "m", 1), priced(4, 0, "m", 2)
		byHand.Priced = nil
		for name, other := range map[string]Entry{"other usage": priced(100, 8, "m", 1), "another model": priced(100, 7, "n", 1), "credits": byHand, "no usage": nothing} {
			if other.fingerprint() == first.fingerprint() {
				t.Errorf("%s has the fingerprint of %s", name, outcome)
			}
		}
		// A hold of credits names the price of its model.
		if same := nothing.fingerprint() == nothingLater.fingerprint(); same != (kind != KindHold) {
			t.Errorf("%s without tokens: %t", outcome, same)
		}
	}
}

func TestAHoldsFingerprintCoversItsTimeAndItsExpiry(t *testing.T) {
	base := Entry{Kind: KindHold, Charge: Charge{Credits: 1}, TTL: time.Minute, OnExpiry: ReleaseOnExpiry}
	longer, charges, charge := base, base, base
	longer.TTL, charges.OnExpiry, charge.Kind = time.Hour, ChargeOnExpiry, KindCharge
	for name, other := range map[string]Entry{"another time": longer, "another expiry": charges, "a charge": charge} {
		if other.fingerprint() == base.fingerprint() {
			t.Errorf("%s has the hold's fingerprint", name)
		}
	}
}

func TestOutcomesHaveNames(t *testing.T) {
	names := map[string]bool{}
	for _, outcome := range Outcomes() {
		names[outcome.String()] = true
	}
	if len(names) != int(BelowZero)+1 || !names["over_quota"] || !names["below_zero"] {
		t.Errorf("the outcomes are called %v", names)
	}
	if (Receipt{}).Outcome != OverQuota {
		t.Error("the zero receipt is no refusal")
	}
}

func TestFiguresAreReadAsTheyWereWritten(t *testing.T) {
	want := Figures{CreditsUsed: 1, DailyLimit: 2, Held: 3, Granted: 4, Room: 5, Month: Month{Limit: NoLimit, Used: 7, Held: 8}}
	text, err := want.AppendText(nil)
	if err != nil || string(text) != "1 2 3 4 5 -1 7 8" {
		t.Errorf("the figures are written %q, %v", text, err)
	}
	if got, ok := ParseFigures(string(text)); !ok || got != want {
		t.Errorf("%q is read as %+v, %t", text, got, ok)
	}
	for _, text := range []string{"", "1", "1 2 3 4 5 -1 7", "1 2 3 4 5 -1 7 8 9", "1 2 3 4 5 -1 7 8 ", "1 2 3 4 5 -1 7 x", "1  2 3 4 5 -1 7"} {
		if got, ok := ParseFigures(text); ok || got != (Figures{}) {
			t.Errorf("%q is read as %+v", text, got)
		}
	}
}

func TestCreditsAreRoundedUp(t *testing.T) {
	for millionths, want := range map[int64]int64{0: 0, 1: 1, 999_999: 1, 1_000_000: 1, 1_000_001: 2, -1: 0, -999_999: 0, -1_000_000: -1, -1_000_001: -1} {
		if got := WholeCredits(millionths); got != want {
			t.Errorf("%d millionths are %d credits, want %d", millionths, got, want)
		}
	}
}
