package accounts

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"
)

// TwoStep is the second step of a user's sign-in: codes of an authenticator app (RFC 6238).
type TwoStep struct {
	// Secret is in base32.
	Secret    string
	Confirmed bool
	// LastStep is the step of the last code that was taken.
	LastStep  int64
	CodesLeft int64
	// LockedAt is when too many wrong codes locked those of the app; nil while they are taken.
	LockedAt *time.Time
}

// MaxWrongCodes is how many wrong codes of a UTC day lock the codes of the app.
// Recovery codes, of 50 random bits each, are never locked: one of them unlocks.
const MaxWrongCodes = 100

const (
	totpPeriod = 30
	// totpSkew is how many periods an app's clock may be off, either way.
	totpSkew = 1
	// recoveryCodes is how many codes are made; each holds 50 random bits.
	recoveryCodes     = 10
	recoveryCodeBytes = 7
	recoveryCodeText  = 10
)

// MintTwoStep makes a secret, and the address that a QR code shows to an app.
func MintTwoStep(email string) (secret, address string, err error) {
	key, err := totp.Generate(totp.GenerateOpts{Issuer: "Codexible", AccountName: email, Period: totpPeriod})
	if err != nil {
		return "", "", err
	}
	return key.Secret(), key.URL(), nil
}

// TwoStepAddress is what a QR code shows to an app for a secret that exists.
func TwoStepAddress(email, secret string) (string, error) {
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		return "", err
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: "Codexible", AccountName: email, Period: totpPeriod, Secret: raw})
	if err != nil {
		return "", err
	}
	return key.URL(), nil
}

// Step finds the step that a code belongs to, within the clock's tolerance; ok
// is false for a wrong code, and for one of a step that was taken.
func (t TwoStep) Step(code string, now time.Time) (step int64, ok bool) {
	code = strings.ReplaceAll(strings.TrimSpace(code), " ", "")
	if t.Secret == "" {
		return 0, false // anybody can compute the codes of an empty secret
	}
	current := now.Unix() / totpPeriod
	for step = current - totpSkew; step <= current+totpSkew; step++ {
		if step <= t.LastStep {
			continue
		}
		valid, err := hotp.ValidateCustom(code, uint64(step), t.Secret, hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err == nil && valid {
			return step, true
		}
	}
	return 0, false
}

// MintRecoveryCodes makes codes to be shown once, and the hashes to keep.
func MintRecoveryCodes() (codes []string, hashes [][]byte) {
	for range recoveryCodes {
		var random [recoveryCodeBytes]byte
		_, _ = rand.Read(random[:]) // never fails: crypto/rand ends the program instead
		text := strings.ToLower(base32.StdEncoding.EncodeToString(random[:]))[:recoveryCodeText]
		codes = append(codes, text[:5]+"-"+text[5:])
		hashes = append(hashes, HashRecoveryCode(text))
	}
	return codes, hashes
}

// HashRecoveryCode is what a code is stored and found by, however it is typed. A
// fast hash is enough for 50 random bits that only a throttled form can try.
func HashRecoveryCode(code string) []byte {
	folded := strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' {
			return -1
		}
		return r
	}, strings.ToLower(strings.TrimSpace(code)))
	sum := sha256.Sum256([]byte(folded))
	return sum[:]
}
