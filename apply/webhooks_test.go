package apply_test

import (
	"context"
	"strings"
	"testing"

	"codexible/accounts"
	"codexible/apply"
	"codexible/events"
	"codexible/store"
	"codexible/store/storetest"
)

const told = `
webhooks:
  - url: env:WEBHOOK_URL
    description: billing
    types: [key.revoked, key.created]
    secret: env:WEBHOOK_SECRET
  - url: https://example.com/all
settings:
  usage_thresholds: [90, 50]
`

func TestWebhooksAndSettingsOfAFileAreAppliedOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx := context.Background()
		all := []string{"webhook.created https://hooks.example.com", "webhook.created https://example.com", "setting.changed usage_thresholds"}
		want(t, "tried only", changes(t, s, told, apply.Options{Dry: true}), all...)
		if list, err := s.Webhooks(ctx); err != nil || len(list) != 0 {
			t.Errorf("a file that was only tried left %d webhooks: %v", len(list), err)
		}
		want(t, "applied", changes(t, s, told, apply.Options{}), all...)
		want(t, "the second time", changes(t, s, told, apply.Options{}))
		want(t, "the second time, pruned", changes(t, s, "webhooks: [{url: \"https://example.com/all\"}, {url: \"env:WEBHOOK_URL\"}]", apply.Options{Prune: true}))
		webhooks := func() map[string]events.Webhook {
			list, err := s.Webhooks(ctx)
			if err != nil {
				t.Fatal(err)
			}
			found := map[string]events.Webhook{}
			for _, w := range list {
				found[w.URL] = w
			}
			return found
		}
		const billing = "https://hooks.example.com/in?token=private"
		made := webhooks()[billing]
		if made.Secret.Reveal() != secretOf("a") || made.Description != "billing" || len(made.Types) != 2 || !made.Enabled || webhooks()["https://example.com/all"].Secret.IsZero() {
			t.Errorf("made %+v", webhooks())
		}
		if now, err := s.Settings(ctx); err != nil || len(now.UsageThresholds) != 2 || now.UsageThresholds[0] != 50 {
			t.Errorf("the settings are %+v: %v", now, err)
		}
		want(t, "another secret", changes(t, s, strings.ReplaceAll(told, "env:WEBHOOK_SECRET", "env:WEBHOOK_OTHER"), apply.Options{}), "webhook.secret_rotated https://hooks.example.com")
		if w := webhooks()[billing]; w.Secret.Reveal() != secretOf("b") || w.Previous.Reveal() != secretOf("a") || w.ID != made.ID {
			t.Errorf("with another secret it is %+v", w)
		}
		want(t, "fields", changes(t, s, "webhooks: [{url: \"env:WEBHOOK_URL\", types: [], enabled: false}]", apply.Options{}), "webhook.changed https://hooks.example.com")
		if w := webhooks()[billing]; w.Description != "billing" || len(w.Types) != 0 || w.Enabled || w.Secret.Reveal() != secretOf("b") {
			t.Errorf("changed to %+v", w)
		}
		want(t, "pruned", changes(t, s, "webhooks: [{url: \"https://example.com/all\"}]", apply.Options{Prune: true}), "webhook.deleted https://hooks.example.com")
		want(t, "pruned, but not what has no section", changes(t, s, "settings: {}", apply.Options{Prune: true}))
	})
}

func TestAFileWithAWrongWebhookOrSettingChangesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx, url := context.Background(), "https://example.com/twice"
		for range 2 {
			if _, err := s.CreateWebhook(ctx, accounts.ActorCLI, events.WebhookChange{URL: &url}); err != nil {
				t.Fatal(err)
			}
		}
		before := logged(t, s)
		const good = "plans: [{name: Team, daily_credit_limit: 1000}]\n"
		for text, says := range map[string]string{
			"webhooks: [{url: \"http://10.0.0.1\"}]":                                      "webhooks[0].url must begin with https://",
			"webhooks: [{url: \"https://10.0.0.1/private\"}]":                             "webhooks[0].url must be reachable",
			"webhooks: [{url: \"https://a.example\"}, {url: \" https://a.example\"}]":     "webhooks[1].url must be there only once",
			"webhooks: [{url: \"" + url + "\", types: [key.created]}]":                    "webhooks[0]: 2 webhooks have this URL",
			"webhooks: [{url: \"env:WEBHOOK_GONE\"}]":                                     "webhooks[0].url env:WEBHOOK_GONE: the variable is not set",
			"webhooks: [{url: \"https://a.example\", secret: \"" + secretOf("a") + "\"}]": "webhooks[0].secret must not be in a file",
			"webhooks: [{url: \"https://a.example\", secret: \"env:WEBHOOK_SHORT\"}]":     "webhooks[0].secret env:WEBHOOK_SHORT must be whsec_ and 24 to 64 bytes",
			"webhooks: [{url: \"https://a.example\", secret: \"env:WEBHOOK_GONE\"}]":      "webhooks[0].secret env:WEBHOOK_GONE: the variable is not set",
			"settings: {usage_thresholds: [1,2,3,4,5,6,7,8,9,10,11]}":                     "usage_thresholds must",
		} {
			f, err := read(good + text)
			if err == nil {
				_, err = f.Apply(ctx, s, accounts.ActorCLI, apply.Options{})
			}
			if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "/private") || strings.Contains(err.Error(), secretOf("a")) {
				t.Errorf("%s: %v, want %q", text, err, says)
			}
		}
		if n := logged(t, s) - before; n != 0 {
			t.Errorf("refused files left %d entries in the audit log", n)
		}
	})
}
