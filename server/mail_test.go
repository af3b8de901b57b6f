package server

import (
	"testing"

	"codexible/config"
	"codexible/mail"
)

func TestLinksForAPasswordNeedMailAnAddressAndPasswords(t *testing.T) {
	sender := new(mail.Sender)
	for _, try := range []struct {
		mails  *mail.Sender
		config config.Config
		on     bool
	}{
		{sender, config.Config{PublicURL: "https://api.example.com"}, true},
		{nil, config.Config{PublicURL: "https://api.example.com"}, false},
		{sender, config.Config{}, false},
		{sender, config.Config{PublicURL: "https://api.example.com", OIDCOnly: true}, false},
	} {
		if s := (&service{Options: Options{Config: try.config}, mails: try.mails}); (s.sendReset() != nil) != try.on {
			t.Errorf("mail %v, PUBLIC_URL %q, OIDC_ONLY %v: links are not %v", try.mails != nil, try.config.PublicURL, try.config.OIDCOnly, try.on)
		}
	}
}
