package events_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"codexible/events"
)

// The example of the specification's reference libraries.
func TestASignatureIsThatOfTheSpecification(t *testing.T) {
	secret := events.NewSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	got := events.Sign("msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`), secret)
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	other := events.MintSecret()
	both := events.Sign("m", time.Unix(1, 0), nil, secret, other)
	if both != events.Sign("m", time.Unix(1, 0), nil, secret)+" "+events.Sign("m", time.Unix(1, 0), nil, other) {
		t.Error("two secrets sign each by itself")
	}
	for _, broken := range []string{"", "whsec_", "whsec_%", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"} {
		if got := events.Sign("m", time.Unix(1, 0), nil, events.NewSecret(broken)); got != "" {
			t.Errorf("%q signs %s", broken, got)
		}
	}
}

func TestASecretOfAWebhookMasksItself(t *testing.T) {
	s := events.MintSecret()
	w := events.Webhook{Secret: s, Previous: s}
	encoded, err := json.Marshal(w) //nolint:musttag // whoever encodes it gets no secret
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("a webhook", "secret", s, "webhook", w)
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s %q", s, w, w, s, s), string(encoded), log.String()} {
		if strings.Contains(text, s.Reveal()[6:]) {
			t.Errorf("the secret is in %s", text)
		}
	}
	if len(s.Reveal()) != len("whsec_")+44 || s == events.MintSecret() {
		t.Error("a secret is 32 random bytes")
	}
}

func TestASecretThatSomebodyElseMadeIsReadAsTheSpecificationHasIt(t *testing.T) {
	encoded := func(n int) string { return base64.StdEncoding.EncodeToString(make([]byte, n)) }
	for text, takes := range map[string]bool{
		"whsec_" + encoded(24): true, "whsec_" + encoded(64): true, " whsec_" + encoded(32) + "\n": true, events.MintSecret().Reveal(): true,
		"whsec_" + encoded(23): false, "whsec_" + encoded(65): false, encoded(32): false, "whsec_????": false, "": false,
	} {
		s, problem := events.ParseSecret(text)
		if (problem == "") != takes || s.IsZero() == takes || takes && s.Reveal() != strings.TrimSpace(text) || strings.Contains(problem, "????") {
			t.Errorf("%q: %q", text, problem)
		}
	}
}
