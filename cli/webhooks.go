package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"codexible/accounts"
	"codexible/events"
	"codexible/handlers"
	"codexible/store"

	"github.com/google/uuid"
)

type webhookCommand struct {
	List         webhookList         `cmd:"" help:"List the webhooks that events are sent to, the newest first."`
	Create       webhookCreate       `cmd:"" help:"Add a webhook; its secret is printed once."`
	Change       webhookChange       `cmd:"" help:"Change, enable or disable a webhook."`
	Delete       webhookDelete       `cmd:"" help:"Delete a webhook and its deliveries."`
	RotateSecret webhookRotateSecret `cmd:"" help:"Give a webhook another secret, printed once."`
	Test         webhookTest         `cmd:"" help:"Send a test event from this machine; exit 1 if it is not accepted."`
	Deliveries   webhookDeliveries   `cmd:"" help:"List what was sent and what waits, the newest event first."`
	Redeliver    webhookRedeliver    `cmd:"" help:"Send an event again; a running service sends it."`
}

func printWebhooks(t *terminal, value any, list ...events.Webhook) error {
	return t.print(value, func(w io.Writer) {
		line(w, "URL", "DESCRIPTION", "TYPES", "ENABLED", "PROBLEM", "ID")
		for i := range list {
			types, enabled := "all", "yes"
			if len(list[i].Types) > 0 {
				names := make([]string, len(list[i].Types))
				for n, t := range list[i].Types {
					names[n] = string(t)
				}
				types = strings.Join(names, ",")
			}
			if !list[i].Enabled {
				enabled = "no"
			}
			line(w, list[i].URL, list[i].Description, types, enabled, list[i].Problem, list[i].ID.String())
		}
	})
}

// printSecret prints a webhook with its secret.
func printSecret(t *terminal, hook *events.Webhook) error {
	return t.print(handlers.SecretWebhookForm(hook, time.Now()), func(w io.Writer) {
		line(w, hook.Secret.Reveal())
		line(w, "the secret of webhook "+hook.ID.String()+" to "+hook.Host()+", which is not shown again")
	})
}

type webhookList struct{}

// Run lists the webhooks.
func (webhookList) Run(ctx context.Context, t *terminal) error {
	return t.withStore(ctx, func(s *store.Store) error {
		list, err := s.Webhooks(ctx)
		if err != nil {
			return err
		}
		answer := make([]any, len(list))
		for i := range list {
			answer[i] = handlers.WebhookForm(&list[i], time.Now())
		}
		return printWebhooks(t, answer, list...)
	})
}

// webhookTargets are the addresses that the configuration allows.
func (t *terminal) webhookTargets() (events.Targets, error) {
	settings, err := t.config(nil)
	return events.Targets{Private: settings.WebhookAllowPrivate}, err
}

type webhookCreate struct {
	URL         string   `arg:"" help:"Where events are sent by POST."`
	Description *string  `placeholder:"TEXT" help:"What it is for; up to 200 characters."`
	Type        []string `placeholder:"TYPE" help:"A type of events that is sent, such as key.created; several with commas between or one flag each; default: all."`
	Enabled     *bool    `help:"Events are sent to it; --enabled=false makes it without."`
}

// Help gives the examples that --help shows.
func (webhookCreate) Help() string {
	return `Events are signed by the Standard Webhooks specification. Private addresses are refused unless WEBHOOK_ALLOW_PRIVATE names them. Examples:

    codexible webhook create https://example.com/hooks
    codexible webhook create https://example.com/keys --type key.created,key.revoked --description keys`
}

// Run adds the webhook.
func (c webhookCreate) Run(ctx context.Context, t *terminal) error {
	targets, err := t.webhookTargets()
	if err != nil {
		return err
	}
	change := events.WebhookChange{URL: &c.URL, Description: c.Description, Enabled: c.Enabled, Targets: targets}
	if c.Type != nil {
		change.Types = &c.Type
	}
	return t.withStore(ctx, func(s *store.Store) error {
		w, err := s.CreateWebhook(ctx, accounts.ActorCLI, change)
		if err != nil {
			return err
		}
		return printSecret(t, &w)
	})
}

type webhookChange struct {
	Webhook     uuid.UUID `arg:"" help:"Its id."`
	URL         *string   `placeholder:"URL" help:"Where events are sent."`
	Description *string   `placeholder:"TEXT" help:"What it is for; up to 200 characters."`
	Type        []string  `placeholder:"TYPE" help:"The types of events that are sent; they replace all."`
	AllTypes    bool      `help:"Send events of every type."`
	Enabled     *bool     `help:"Events are sent to it; --enabled=false stops them."`
}

// Validate refuses flags that exclude each other.
func (c webhookChange) Validate() error {
	if c.AllTypes && c.Type != nil {
		return errors.New("--type and --all-types exclude each other")
	}
	return nil
}

// Run changes the webhook.
func (c webhookChange) Run(ctx context.Context, t *terminal) error {
	targets, err := t.webhookTargets()
	if err != nil {
		return err
	}
	change := events.WebhookChange{URL: c.URL, Description: c.Description, Enabled: c.Enabled, Targets: targets}
	if c.AllTypes || c.Type != nil {
		change.Types = &c.Type
	}
	return t.withStore(ctx, func(s *store.Store) error {
		w, err := s.ChangeWebhook(ctx, accounts.ActorCLI, c.Webhook, change)
		if err != nil {
			return err
		}
		return printWebhooks(t, handlers.WebhookForm(&w, time.Now()), w)
	})
}

type webhookDelete struct {
	Webhook uuid.UUID `arg:"" help:"Its id."`
}

// Run deletes the webhook.
func (c webhookDelete) Run(ctx context.Context, t *terminal) error {
	return t.withStore(ctx, func(s *store.Store) error {
		if err := s.DeleteWebhook(ctx, accounts.ActorCLI, c.Webhook); err != nil {
			return err
		}
		return t.print(handlers.DeletedWebhookForm(), func(w io.Writer) { line(w, "deleted "+c.Webhook.String()) })
	})
}

type webhookRotateSecret struct {
	Webhook        uuid.UUID `arg:"" help:"Its id."`
	OverlapSeconds int64     `default:"86400" placeholder:"N" help:"How long the secret of before signs too, 0 to 604800; default: a day."`
}

// Run rotates the secret.
func (c webhookRotateSecret) Run(ctx context.Context, t *terminal) error {
	overlap := time.Duration(min(max(c.OverlapSeconds, -1), int64(events.MaxOverlap/time.Second)+1)) * time.Second // a product beyond an int64 would be another time
	return t.withStore(ctx, func(s *store.Store) error {
		w, err := s.RotateWebhookSecret(ctx, accounts.ActorCLI, c.Webhook, overlap)
		if err != nil {
			return err
		}
		return printSecret(t, &w)
	})
}

type webhookTest struct {
	Webhook uuid.UUID `arg:"" help:"Its id."`
}

// Run sends the test from this process.
func (c webhookTest) Run(ctx context.Context, t *terminal) error {
	targets, err := t.webhookTargets()
	if err != nil {
		return err
	}
	sender := events.NewSender(targets, time.Now)
	defer sender.Close()
	return t.withStore(ctx, func(s *store.Store) error {
		d, err := s.TestWebhook(ctx, accounts.ActorCLI, c.Webhook, sender.Send)
		if err != nil {
			return err
		}
		last := d.Tries[len(d.Tries)-1]
		err = t.print(handlers.DeliveryForm(&d), func(w io.Writer) {
			if d.Status == events.Delivered {
				line(w, fmt.Sprintf("accepted with %d in %d ms", last.Status, last.MS))
			}
		})
		if err == nil && d.Status != events.Delivered {
			err = fmt.Errorf("the test was not accepted: %s", last.Error)
		}
		return err
	})
}

func printDeliveries(t *terminal, value any, list ...events.Delivery) error {
	return t.print(value, func(w io.Writer) {
		line(w, "TYPE", "HAPPENED", "STATUS", "ATTEMPTS", "NEXT", "LAST", "ID")
		for i := range list {
			d, next, last := &list[i], "", ""
			if d.Status == events.Pending {
				next = d.DueAt.Format(time.RFC3339)
			}
			if n := len(d.Tries); n > 0 {
				if last = d.Tries[n-1].Error; last == "" {
					last = "ok"
				}
			}
			line(w, string(d.Event.Type), d.Event.At.Format(time.RFC3339), string(d.Status), number(d.Attempts), next, last, d.Event.ID.String())
		}
	})
}

type webhookDeliveries struct {
	Webhook uuid.UUID `arg:"" help:"Its id."`
	Status  string    `enum:"pending,delivered,failed," default:"" placeholder:"STATUS" help:"Only those that are pending, delivered or failed."`
	Type    string    `placeholder:"TYPE" help:"Only events of this type."`
	Limit   int       `default:"50" placeholder:"N" help:"At most so many, 1 to 200; default 50."`
}

// Validate holds the limit to its bounds.
func (c webhookDeliveries) Validate() error {
	if c.Limit < 1 || c.Limit > 200 {
		return errors.New("--limit must be from 1 to 200")
	}
	return nil
}

// Run lists the deliveries.
func (c webhookDeliveries) Run(ctx context.Context, t *terminal) error {
	return t.withStore(ctx, func(s *store.Store) error {
		if _, err := s.Webhook(ctx, c.Webhook); err != nil {
			return err
		}
		list, err := s.Deliveries(ctx, store.DeliveryQuery{WebhookID: c.Webhook, Status: events.DeliveryStatus(c.Status), Type: events.Type(c.Type), Limit: c.Limit})
		if err != nil {
			return err
		}
		answer := make([]any, len(list))
		for i := range list {
			answer[i] = handlers.DeliveryForm(&list[i])
		}
		return printDeliveries(t, answer, list...)
	})
}

type webhookRedeliver struct {
	Webhook  uuid.UUID `arg:"" help:"The webhook's id."`
	Delivery uuid.UUID `arg:"" help:"The delivery's id."`
}

// Run makes the delivery due.
func (c webhookRedeliver) Run(ctx context.Context, t *terminal) error {
	return t.withStore(ctx, func(s *store.Store) error {
		d, err := s.Redeliver(ctx, accounts.ActorCLI, c.Webhook, c.Delivery)
		if err != nil {
			return err
		}
		return printDeliveries(t, handlers.DeliveryForm(&d), d)
	})
}
