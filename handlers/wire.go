package handlers

import (
	"encoding/json"
	"time"

	"codexible/usage"
)

// usd is money on the wire: a JSON number of dollars with up to 6 decimals,
// kept in micro-dollars.
type usd int64

// MarshalJSON writes dollars.
func (m usd) MarshalJSON() ([]byte, error) { return usage.AppendUSD(nil, int64(m)), nil }

// instant is a time on the wire: RFC 3339 in UTC.
type instant time.Time

// MarshalJSON writes the time in UTC.
func (t instant) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, len(time.RFC3339Nano)+2)
	b = append(b, '"')
	b = time.Time(t).UTC().AppendFormat(b, time.RFC3339Nano)
	return append(b, '"'), nil
}

func optionalInstant(t *time.Time) *instant {
	if t == nil {
		return nil
	}
	at := instant(*t)
	return &at
}

// object is a JSON object as it came, such as a plan's features.
type object json.RawMessage

// MarshalJSON gives the object itself.
func (o object) MarshalJSON() ([]byte, error) { return json.RawMessage(o).MarshalJSON() }

// patch is a field of a PATCH in which null means something: absent, null, or a value.
type patch[T any] struct {
	Given bool
	// Value is nil where null was given.
	Value *T
}

// nullable marks the type for the binder.
func (patch[T]) nullable() {}

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
