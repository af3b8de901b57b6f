package store_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/events"
	"codexible/fault"
	"codexible/secrets"
	"codexible/store"
	"codexible/store/storetest"

	"github.com/google/go-cmp/cmp"
)

func newWebhook(t *testing.T, s *store.Store, change events.WebhookChange) events.Webhook {
	t.Helper()
	if change.URL == nil {
		change.URL = new("https://hooks.example.com/in?token=hidden-token")
	}
	return must[events.Webhook](t)(s.CreateWebhook(context.Background(), ada, change))
}

// revealedWebhooks compares secrets of webhooks by what they hold.
var revealedWebhooks = cmp.Comparer(func(a, b events.Secret) bool { return a == b })

func TestAWebhookReadsBackAsCreatedAndChanged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		changes := &recorder{changes: make(chan accounts.Change, 10)}
		s.Subscribe(changes)
		w := newWebhook(t, s, events.WebhookChange{Types: new([]string{"key.revoked", "key.created"}), Description: new("billing")})
		want := events.Webhook{
			ID: w.ID, URL: "https://hooks.example.com/in?token=hidden-token", Description: "billing", Types: []events.Type{events.KeyCreated, events.KeyRevoked}, Enabled: true,
			Secret: w.Secret, CreatedAt: clock.Now(),
		}
		if diff := cmp.Diff(want, w, revealedWebhooks); diff != "" || !strings.HasPrefix(w.Secret.Reveal(), "whsec_") {
			t.Error(diff)
		}
		if diff := cmp.Diff([]events.Webhook{want}, must[[]events.Webhook](t)(s.Webhooks(ctx)), revealedWebhooks); diff != "" {
			t.Error(diff)
		}
		if c := <-changes.changes; c != (accounts.Change{Subject: accounts.SubjectWebhook, ID: w.ID}) {
			t.Errorf("its creation is told as %v", c)
		}
		want.URL, want.Types, want.Enabled = "https://hooks.example.com/other", nil, false
		changed := must[events.Webhook](t)(s.ChangeWebhook(ctx, ada, w.ID, events.WebhookChange{URL: &want.URL, Types: new([]string{}), Enabled: new(false)}))
		if diff := cmp.Diff(want, changed, revealedWebhooks); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(want, must[events.Webhook](t)(s.Webhook(ctx, w.ID)), revealedWebhooks); diff != "" {
			t.Error(diff)
		}
		if err := s.DeleteWebhook(ctx, ada, w.ID); err != nil {
			t.Error(err)
		}
		for says, err := range map[string]error{
			"read": second(s.Webhook(ctx, w.ID)), "changed": second(s.ChangeWebhook(ctx, ada, w.ID, events.WebhookChange{})), "deleted": s.DeleteWebhook(ctx, ada, w.ID),
			"rotated": second(s.RotateWebhookSecret(ctx, ada, w.ID, 0)),
		} {
			if !errors.Is(err, events.ErrWebhookNotFound) {
				t.Errorf("a deleted webhook is %s: %v", says, err)
			}
		}
		audited(t, s,
			"webhook.deleted https://hooks.example.com: Deleted the webhook to https://hooks.example.com with its deliveries.",
			"webhook.changed https://hooks.example.com: Changed the webhook to https://hooks.example.com: enabled from true to false, types from key.created key.revoked to all, url from https://hooks.example.com to https://hooks.example.com (another path).",
			"webhook.created https://hooks.example.com: Created a webhook to https://hooks.example.com.")
	})
}

func TestThereAreAtMostFiftyWebhooks(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		for range events.MaxWebhooks {
			newWebhook(t, s, events.WebhookChange{})
		}
		err := second(s.CreateWebhook(context.Background(), ada, events.WebhookChange{URL: new("https://example.com")}))
		if !errors.Is(err, events.ErrTooManyWebhooks) {
			t.Error(err)
		}
	})
}

func TestARotatedSecretOfAWebhookSignsOnUntilItsOverlapEnds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx, w := context.Background(), newWebhook(t, s, events.WebhookChange{})
		second := must[events.Webhook](t)(s.RotateWebhookSecret(ctx, ada, w.ID, time.Hour))
		read := must[events.Webhook](t)(s.Webhook(ctx, w.ID))
		if diff := cmp.Diff(second, read, revealedWebhooks); diff != "" {
			t.Error(diff)
		}
		if got := read.Signing(clock.Now()); !reflect.DeepEqual(got, []events.Secret{second.Secret, w.Secret}) {
			t.Error("at first both sign, the other one first")
		}
		if got := read.Signing(clock.Now().Add(time.Hour)); !reflect.DeepEqual(got, []events.Secret{second.Secret}) {
			t.Error("after the overlap the other one signs alone")
		}
		third := must[events.Webhook](t)(s.RotateWebhookSecret(ctx, ada, w.ID, time.Hour))
		if third.Previous != second.Secret || third.Secret == second.Secret {
			t.Error("two secrets live at most")
		}
		if last := must[events.Webhook](t)(s.RotateWebhookSecret(ctx, ada, w.ID, 0)); !last.Previous.IsZero() || last.PreviousEndsAt != nil {
			t.Error("without an overlap the secret of before stops at once")
		}
		if _, err := s.RotateWebhookSecret(ctx, ada, w.ID, events.MaxOverlap+1); fault.As(err).Kind != fault.Invalid {
			t.Errorf("an overlap of more than 7 days: %v", err)
		}
	})
}

func TestSecretsOfWebhooksLieEncryptedAndAreRotatedForgottenAndMoved(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		ctx, before, after := context.Background(), secrets.MintKey(), secrets.MintKey()
		s := openWith(t, url, only(before))
		w := newWebhook(t, s, events.WebhookChange{})
		w = must[events.Webhook](t)(s.RotateWebhookSecret(ctx, ada, w.ID, time.Hour))
		for _, text := range append(texts(t, storetest.Raw(t, url), "SELECT secret FROM webhooks"), texts(t, storetest.Raw(t, url), "SELECT previous_secret FROM webhooks")...) {
			if !secrets.IsSealed(text) || strings.Contains(text, "whsec_") {
				t.Errorf("a secret lies there as %q", text)
			}
		}
		if n := must[int](t)(openWith(t, url, secrets.NewRing(after, before, "")).RotateSecrets(ctx, operator)); n != 2 {
			t.Errorf("%d were encrypted again", n)
		}
		s = openWith(t, url, only(after))
		if diff := cmp.Diff(w, must[events.Webhook](t)(s.Webhook(ctx, w.ID)), revealedWebhooks); diff != "" {
			t.Error("after the rotation:", diff)
		}
		if strings.HasPrefix(url, "sqlite") {
			movedWebhook(t, url, &w, after)
		}
		lost := openWith(t, url, only(before))
		if got := must[events.Webhook](t)(lost.Webhook(ctx, w.ID)); got.Problem == "" || !got.Secret.IsZero() {
			t.Errorf("with another key it reads %+v", got)
		}
		for _, drop := range []bool{false, true} {
			of := must[store.DroppedSecrets](t)(lost.DropSecrets(ctx, operator, drop))
			if !reflect.DeepEqual(of, store.DroppedSecrets{Webhooks: []string{"https://hooks.example.com"}}) {
				t.Errorf("dropped %+v", of)
			}
			if got := must[events.Webhook](t)(s.Webhook(ctx, w.ID)); got.Enabled == drop || got.Secret.IsZero() != drop || got.Previous.IsZero() != drop {
				t.Errorf("dropped: %v, and it reads %+v", drop, got)
			}
		}
		if err := second(lost.ChangeWebhook(ctx, ada, w.ID, events.WebhookChange{Enabled: new(true)})); !errors.Is(err, events.ErrNoSecret) {
			t.Errorf("it is enabled without a secret: %v", err)
		}
		must[events.Webhook](t)(lost.RotateWebhookSecret(ctx, ada, w.ID, time.Hour))
		if got := must[events.Webhook](t)(lost.ChangeWebhook(ctx, ada, w.ID, events.WebhookChange{Enabled: new(true)})); got.Problem != "" || !got.Enabled || !got.Previous.IsZero() {
			t.Errorf("rotated it reads %+v", got)
		}
	})
}

func movedWebhook(t *testing.T, from string, w *events.Webhook, key secrets.Key) {
	t.Helper()
	to := storetest.PostgresURL(t)
	storetest.Migrate(t, to)
	copied := storetest.SQLiteURL(t)
	storetest.Exec(t, from, "VACUUM INTO '"+strings.TrimPrefix(copied, "sqlite:")+"'")
	if _, err := store.Move(context.Background(), copied, to, storetest.Files(), only(key)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(*w, must[events.Webhook](t)(openWith(t, to, only(key)).Webhook(context.Background(), w.ID)), revealedWebhooks); diff != "" {
		t.Error("the moved webhook:", diff)
	}
}

func TestAWebhookThatIsGoneIsDisabledOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx, w := context.Background(), newWebhook(t, s, events.WebhookChange{})
		for range 2 {
			if err := s.DisableWebhook(ctx, w.ID, "its receiver answered 410 Gone"); err != nil {
				t.Error(err)
			}
		}
		if must[events.Webhook](t)(s.Webhook(ctx, w.ID)).Enabled {
			t.Error("it is still enabled")
		}
		audited(t, s, "webhook.disabled https://hooks.example.com: Disabled the webhook to https://hooks.example.com: its receiver answered 410 Gone. Nothing is sent to it until it is enabled.",
			"webhook.created https://hooks.example.com: Created a webhook to https://hooks.example.com.")
	})
}

// audited compares the audit log, the newest entry first, of which no text has what a URL hides.
func audited(t *testing.T, s *store.Store, want ...string) {
	t.Helper()
	var got []string
	for _, e := range must[[]accounts.AuditEntry](t)(s.Audit(context.Background(), store.AuditQuery{Limit: 50})) {
		if text := fmt.Sprint(e); strings.Contains(text, "hidden-token") || strings.Contains(text, "whsec_") {
			t.Errorf("the audit log has a secret: %s", text)
		}
		got = append(got, e.Action+" "+e.Target+": "+e.Details)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
