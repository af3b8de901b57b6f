package handlers_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"codexible/accounts"
	"codexible/events"
	"codexible/handlers"
	"codexible/handlers/console"
	encryption "codexible/secrets"
	"codexible/store"

	"github.com/google/uuid"
)

// hook adds a webhook with a test that its receiver refused. $hook.id and $hook.event stand for them.
func (s *service) hook(t testing.TB) {
	t.Helper()
	ctx, by := context.Background(), accounts.Actor{Name: "root@example.com"}
	w, err := s.store.CreateWebhook(ctx, by, events.WebhookChange{URL: new("https://hooks.example.com/in"), Description: new("billing"), Types: new([]string{"key.created", "user.created"})})
	if errors.Is(err, encryption.ErrNoKey) { // a service without a key stores no secret
		s.words["hook.id"], s.words["hook.event"] = uuid.NewString(), uuid.NewString()
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.store.TestWebhook(ctx, by, w.ID, func(context.Context, *events.Webhook, *events.Event) events.Answer {
		return events.Answer{Try: events.Try{At: s.clock.Now(), Status: 500, Error: "the receiver answered 500", MS: 12}, Body: "out of <room>"}
	})
	if err != nil {
		t.Fatal(err)
	}
	s.words["hook.id"], s.words["hook.event"] = w.ID.String(), d.Event.ID.String()
}

// sendsTests has the console send tests as answered.
func sendsTests(a *events.Answer) setting {
	return func(p *handlers.Parts) {
		p.SendWebhook = func(context.Context, *events.Webhook, *events.Event) events.Answer { return *a }
		withConsole(p, func(c *console.Parts) { c.SendWebhook = p.SendWebhook })
	}
}

func TestAWebhookIsAddedTestedRotatedAndDeletedInTheConsole(t *testing.T) {
	answer := events.Answer{Try: events.Try{Status: 204, MS: 7}}
	each(t, func(t *testing.T, s *service) {
		answer = events.Answer{Try: events.Try{At: s.clock.Now(), Status: 204, MS: 7}}
		v := s.operator(t)
		const list, add = "/admin/webhooks", "/admin/webhooks/new"
		v.get(add).submit(add, "url", "http://10.0.0.1", "description", "<b>x</b>", "types", "key.created", "enabled", "true").sees(http.StatusUnprocessableEntity, "Must begin with https://", "<b>x</b>")
		v.submit(add, "url", "https://hooks.example.com/in", "description", "<b>x</b>", "types", "key.created", "enabled", "true").sees(http.StatusOK, "Copy the secret now", "whsec_")
		hooks, err := s.store.Webhooks(context.Background())
		if err != nil || len(hooks) != 2 {
			t.Fatal(hooks, err)
		}
		page := list + "/" + hooks[0].ID.String()
		hidden := func(what string) {
			t.Helper()
			if strings.Contains(v.html, hooks[0].Secret.Reveal()[6:]) {
				t.Errorf("%s shows the secret", what)
			}
		}
		v.get(list).sees(http.StatusOK, "https://hooks.example.com", "<b>x</b>", "key.created", "Enabled")
		hidden("the list")
		v.get(page).sees(http.StatusOK, "https://hooks.example.com/in", "No deliveries here", "nothing waits", "Created a webhook to https://hooks.example.com.")
		hidden("the page")
		v.get(page+"/test").sees(http.StatusOK, "webhook.test").submit(page + "/test")
		ds, err := s.store.Deliveries(context.Background(), store.DeliveryQuery{WebhookID: hooks[0].ID, Limit: 9})
		if err != nil || len(ds) != 1 {
			t.Fatal(ds, err)
		}
		one := page + "/delivery?event=" + ds[0].Event.ID.String()
		v.redirected(page+"/delivery?done=webhook-test-delivered&event="+ds[0].Event.ID.String()).sees(http.StatusOK, "Test accepted", "Delivered", "Accepted with 204.", `{"type":"webhook.test"`)
		answer = events.Answer{Try: events.Try{At: s.clock.Now(), Status: 500, Error: "the receiver answered 500", MS: 7}, Body: "<i>no</i>"}
		v.get(page + "/test").submit(page + "/test")
		v.get(page+"?status=failed").sees(http.StatusOK, "webhook.test", "The receiver answered 500.", "Failed")
		v.get(page+"?status=pending").sees(http.StatusOK, "No deliveries here")
		v.get(one).submit(page+"/redeliver", "event", ds[0].Event.ID.String()).redirected(page+"/delivery?done=webhook-redelivered&event="+ds[0].Event.ID.String()).sees(http.StatusOK, "Sent again", "Waiting", "Next attempt")
		v.get(page+"/rotate-secret").submit(page+"/rotate-secret", "overlap", "3600").sees(http.StatusOK, "Copy the secret now", "Signs as well until")
		hidden("the page of the other secret")
		v.get(page).sees(http.StatusOK, "The previous one signs as well until")
		v.get(page+"/edit").submit(page+"/edit", "url", "https://other.example.com", "description", "").redirected(page+"?done=webhook-changed").sees(http.StatusOK, "Disabled", "All events", "https://other.example.com")
		v.get(one).sees(http.StatusOK, "Waiting")
		if strings.Contains(v.html, "/redeliver") {
			t.Error("a disabled webhook offers to send again")
		}
		v.get(page+"/delete").submit(page+"/delete").redirected(list+"?done=webhook-deleted").sees(http.StatusOK, "Webhook deleted")
		for _, path := range []string{page, page + "/edit", page + "/test", page + "/delete", page + "/rotate-secret", one} {
			v.get(path).sees(http.StatusNotFound)
		}
	}, sendsTests(&answer))
}

func TestASecretOfAWebhookIsShownOncePerForm(t *testing.T) {
	s := onSQLite(t)
	v := s.operator(t)
	const add = "/admin/webhooks/new"
	v.get(add)
	once := v.hidden(add).Get("once")
	v.submit(add, "url", "https://hooks.example.com", "enabled", "true").sees(http.StatusOK, "Copy the secret now")
	v.get(add).submit(add, "url", "https://hooks.example.com", "enabled", "true", "once", once).redirected("/admin/webhooks?done=webhook-taken").sees(http.StatusOK, "This form was already sent")
	if list, err := s.store.Webhooks(context.Background()); len(list) != 2 || err != nil {
		t.Errorf("%d webhooks, %v", len(list), err)
	}
	v.get("/admin/webhooks/" + uuid.NewString()).sees(http.StatusNotFound)
}
