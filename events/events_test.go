package events_test

import (
	"testing"

	"codexible/events"
)

func TestAWebhookWantsWhatItAsksForAndNothingWhileItIsOff(t *testing.T) {
	for _, c := range []struct {
		says string
		hook events.Webhook
		of   events.Type
		want bool
	}{
		{"all types", events.Webhook{Enabled: true}, events.KeyCreated, true},
		{"one of its types", events.Webhook{Enabled: true, Types: []events.Type{events.KeyRevoked, events.KeyCreated}}, events.KeyCreated, true},
		{"a type that it does not name", events.Webhook{Enabled: true, Types: []events.Type{events.KeyRevoked}}, events.KeyCreated, false},
		{"switched off", events.Webhook{}, events.KeyCreated, false},
		{"what only operators are told", events.Webhook{Enabled: true}, events.BackupFailed, false},
	} {
		if got := c.hook.Wants(c.of); got != c.want {
			t.Errorf("%s: %v", c.says, got)
		}
	}
}
