package handlers

import (
	"time"

	"codexible/handlers/openapi"
)

func optionalInstant(t *time.Time) *openapi.Instant {
	if t == nil {
		return nil
	}
	at := openapi.Instant(*t)
	return &at
}

// optionalText is a text that is null where it is empty.
func optionalText(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// each converts a list; an empty one is [] on the wire, never null.
func each[From, To any](list []From, convert func(From) To) []To {
	converted := make([]To, 0, len(list))
	for _, item := range list {
		converted = append(converted, convert(item))
	}
	return converted
}
