package apply

import (
	"context"
	"reflect"
	"slices"
	"strings"

	"codexible/events"
	"codexible/fault"
)

// settings changes the settings of the file.
func (a *applying) settings(ctx context.Context, f *File, _ Options) error {
	if f.Settings == nil {
		return nil
	}
	before, err := a.s.Settings(ctx)
	if err != nil {
		return err
	}
	if after, err := f.Settings.Apply(before); err == nil && reflect.DeepEqual(after, before) {
		return nil
	}
	if _, err = a.s.ChangeSettings(ctx, a.by, *f.Settings); err != nil {
		return within("settings.", err)
	}
	return nil
}

// webhooks creates and changes the webhooks of the file, each known by its URL.
func (a *applying) webhooks(ctx context.Context, f *File, _ Options) error {
	if f.Webhooks == nil {
		return nil
	}
	there, err := a.s.Webhooks(ctx)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for i, c := range *f.Webhooks {
		url := webhookURL(c)
		if seen[url] {
			return in("webhooks", i, nil, fault.Field("url", "must be there only once in the file"))
		}
		seen[url] = true
		switch same := webhooksTo(there, url); {
		case len(same) == 0:
			_, err = a.s.CreateWebhook(ctx, a.by, c)
		case len(same) > 1:
			err = fault.Newf(fault.Conflict, "%d webhooks have this URL. Delete all but one of them.", len(same))
		default:
			c.URL = nil
			if after, invalid := c.Apply(same[0]); invalid != nil || !reflect.DeepEqual(after, same[0]) {
				_, err = a.s.ChangeWebhook(ctx, a.by, same[0].ID, c)
			}
		}
		if err != nil {
			return in("webhooks", i, nil, err)
		}
	}
	return nil
}

// webhookURL is the URL of an item as webhooks have theirs. Where it is none, the store says so.
func webhookURL(c events.WebhookChange) string {
	text := strings.TrimSpace(orEmpty(c.URL))
	if kept, problem := c.Targets.ParseURL(text); problem == "" {
		return kept
	}
	return text
}

func webhooksTo(list []events.Webhook, url string) (same []events.Webhook) {
	for i := range list {
		if list[i].URL == url {
			same = append(same, list[i])
		}
	}
	return same
}

func (a *applying) pruneWebhooks(ctx context.Context, f *File) error {
	if f.Webhooks == nil {
		return nil
	}
	there, err := a.s.Webhooks(ctx)
	if err != nil {
		return err
	}
	for i := range there {
		if slices.ContainsFunc(*f.Webhooks, func(c events.WebhookChange) bool { return webhookURL(c) == there[i].URL }) {
			continue
		}
		if err := a.s.DeleteWebhook(ctx, a.by, there[i].ID); err != nil {
			return err
		}
	}
	return nil
}
