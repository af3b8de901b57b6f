package events

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"codexible/fault"
)

// Bounds of webhooks.
const (
	MaxWebhooks    = 50
	MaxDescription = 200
	// DefaultOverlap is how long a replaced secret still signs unless said otherwise, MaxOverlap at most.
	DefaultOverlap = 24 * time.Hour
	MaxOverlap     = 7 * 24 * time.Hour
)

// What can be wrong with webhooks and deliveries.
var (
	ErrWebhookNotFound  = fault.New(fault.NotFound, "This webhook does not exist.")
	ErrDeliveryNotFound = fault.New(fault.NotFound, "This delivery does not exist. Deliveries are kept for 30 days after they end.")
	ErrTooManyWebhooks  = fault.Newf(fault.Conflict, "There are %d webhooks, which is the most. Delete one, or let one receive several types of events.", MaxWebhooks)
	ErrWebhookDisabled  = fault.New(fault.Conflict, "This webhook is disabled, so nothing is sent to it. Enable it first.")
	ErrNoSecret         = fault.New(fault.Conflict, "The secret of this webhook is lost, so nothing can be signed. Rotate its secret first.")
)

// WebhookChange is what is changed of a webhook, or what a new one has; nil leaves a field.
type WebhookChange struct {
	URL, Description *string
	// Types replace all; none for all types.
	Types   *[]string
	Enabled *bool
	// Secret replaces the one that signs; zero leaves it.
	Secret Secret
	// Targets says which URLs are accepted.
	Targets Targets
}

// NewWebhook is a webhook before a change gives it its fields.
func NewWebhook() Webhook { return Webhook{Enabled: true} }

// Apply makes the change to a webhook, or says what is wrong with it.
func (c WebhookChange) Apply(w Webhook) (Webhook, error) {
	if c.URL != nil {
		kept, problem := c.Targets.ParseURL(strings.TrimSpace(*c.URL))
		if problem != "" {
			return w, fault.Field("url", problem)
		}
		w.URL = kept
	}
	if w.URL == "" {
		return w, fault.Field("url", "is required")
	}
	if c.Description != nil {
		w.Description = strings.TrimSpace(*c.Description)
		if !utf8.ValidString(w.Description) || utf8.RuneCountInString(w.Description) > MaxDescription || strings.ContainsFunc(w.Description, func(r rune) bool { return !unicode.IsPrint(r) }) {
			return w, fault.Field("description", fmt.Sprintf("must be at most %d printable characters", MaxDescription))
		}
	}
	if c.Types != nil {
		types, err := ParseTypes(*c.Types)
		if err != nil {
			return w, err
		}
		w.Types = types
	}
	if !c.Secret.IsZero() {
		w.Secret, w.Problem = c.Secret, ""
	}
	if c.Enabled != nil {
		if *c.Enabled && !w.Enabled && w.Secret.IsZero() && w.Problem != "" {
			return w, ErrNoSecret
		}
		w.Enabled = *c.Enabled
	}
	return w, nil
}

// ParseTypes reads the types that a webhook asks for, in the order of Types.
func ParseTypes(names []string) (types []Type, err error) {
	asked := map[Type]bool{}
	for _, name := range names {
		t := Type(name)
		if !slices.Contains(Types(), t) {
			return nil, fault.Field("types", "must be names of events, such as key.created; none for all of them")
		}
		asked[t] = true
	}
	for _, t := range Types() {
		if asked[t] {
			types = append(types, t)
		}
	}
	return types, nil
}

// Host is the part of the URL that names the receiver. Paths and queries may hold a secret of the receiver's, so
// logs and the audit log have this alone.
func (w *Webhook) Host() string {
	u, err := url.Parse(w.URL)
	if err != nil {
		return "?"
	}
	return u.Scheme + "://" + u.Host
}

// ForViewers is the webhook as those see it who may see no secret: its URL has the host alone.
func (w *Webhook) ForViewers() Webhook {
	shown := *w
	shown.URL = w.Host()
	return shown
}

// Signing are the secrets that sign at a moment.
func (w *Webhook) Signing(at time.Time) []Secret {
	secrets := []Secret{w.Secret}
	if w.Overlaps(at) {
		secrets = append(secrets, w.Previous)
	}
	return secrets
}

// Overlaps reports whether the previous secret still signs.
func (w *Webhook) Overlaps(at time.Time) bool {
	return !w.Previous.IsZero() && w.PreviousEndsAt != nil && w.PreviousEndsAt.After(at)
}
