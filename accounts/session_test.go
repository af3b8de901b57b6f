package accounts

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

func TestATokenShowsItselfOnlyWhereItIsRevealed(t *testing.T) {
	token := MintToken()
	if len(token.Reveal()) < 43 || token.Reveal() == MintToken().Reveal() {
		t.Error("a token has 256 random bits")
	}
	for _, verb := range []string{"%s", "%v", "%+v", "%#v", "%q"} {
		if strings.Contains(fmt.Sprintf(verb, token), token.Reveal()) {
			t.Errorf("%s shows the token", verb)
		}
	}
	if string(TokenFrom(token.Reveal()).Hash()) != string(token.Hash()) {
		t.Error("a token that comes back has another hash")
	}
}

func TestASessionEndsAfterItsLifeAndItsIdleTime(t *testing.T) {
	start := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	s := Session{LastSeenAt: start, ExpiresAt: start.Add(SessionLife)}
	if s.Expired(start.Add(SessionIdle-time.Second)) || !s.Expired(start.Add(SessionIdle)) {
		t.Error("the idle time")
	}
	s.LastSeenAt = start.Add(SessionLife)
	if s.Expired(start.Add(SessionLife-time.Second)) || !s.Expired(start.Add(SessionLife)) {
		t.Error("the life")
	}
}

func TestACodeFitsWithinThirtySecondsOfTheClockAndNotAfterItsStepWasTaken(t *testing.T) {
	secret, address, err := MintTwoStep("ada@example.com")
	if err != nil || !strings.HasPrefix(address, "otpauth://totp/Codexible:ada@example.com?") {
		t.Fatal(address, err)
	}
	again, err := TwoStepAddress("ada@example.com", secret)
	if err != nil || !strings.Contains(again, "secret="+secret) {
		t.Fatal("the address of a secret that exists:", err)
	}
	now := time.Date(2026, 3, 4, 12, 0, 10, 0, time.UTC)
	two := TwoStep{Secret: secret}
	for off, fits := range map[time.Duration]bool{0: true, -30 * time.Second: true, 30 * time.Second: true, -90 * time.Second: false, 90 * time.Second: false} {
		code, err := totp.GenerateCode(secret, now.Add(off))
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := two.Step(" "+code[:3]+" "+code[3:]+" ", now); ok != fits {
			t.Errorf("a code of a clock that is off by %v fits: %v", off, ok)
		}
	}
	code, _ := totp.GenerateCode(secret, now)
	two.LastStep, _ = two.Step(code, now)
	if _, ok := two.Step(code, now); ok {
		t.Error("a code fits twice")
	}
	for _, wrong := range []string{"", "12345", "1234567", "abcdef"} {
		if _, ok := (TwoStep{Secret: secret}).Step(wrong, now); ok {
			t.Errorf("%q fits", wrong)
		}
	}
}

func TestRecoveryCodesAreTenAndFoundHoweverTheyAreTyped(t *testing.T) {
	codes, hashes := MintRecoveryCodes()
	if len(codes) != 10 || len(hashes) != 10 {
		t.Fatalf("%d codes", len(codes))
	}
	seen := map[string]bool{}
	for i, code := range codes {
		for _, typed := range []string{code, strings.ToUpper(code), " " + strings.ReplaceAll(code, "-", "") + " ", strings.ReplaceAll(code, "-", " - ")} {
			if string(HashRecoveryCode(typed)) != string(hashes[i]) {
				t.Errorf("%q is not found as %q", typed, code)
			}
		}
		seen[code] = true
	}
	if len(seen) != 10 {
		t.Error("two codes are the same")
	}
}
