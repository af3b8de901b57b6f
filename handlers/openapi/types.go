package openapi

import (
	"encoding/json"
	"reflect"
	"time"

	"codexible/usage"
)

// USD is an amount of money in micro-dollars. In JSON it is a number of dollars
// with up to 6 decimals.
type USD int64

// MarshalJSON writes dollars.
func (m USD) MarshalJSON() ([]byte, error) { return usage.AppendUSD(nil, int64(m)), nil }

// Instant is a time of a response: RFC 3339 in UTC. Requests have a time.Time.
type Instant time.Time

// MarshalJSON writes the time in UTC.
func (t Instant) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, len(time.RFC3339Nano)+2)
	b = append(b, '"')
	b = time.Time(t).UTC().AppendFormat(b, time.RFC3339Nano)
	return append(b, '"'), nil
}

// Object is the text of a JSON object, such as a plan's features. A request's
// object keeps the rules of package accounts for features.
type Object json.RawMessage

// MarshalJSON returns the object itself.
func (o Object) MarshalJSON() ([]byte, error) { return json.RawMessage(o).MarshalJSON() }

// Metadata is the text of a JSON object that is kept beside a user or key, by the
// rules of package accounts for metadata.
type Metadata json.RawMessage

// MarshalJSON returns the object itself.
func (m Metadata) MarshalJSON() ([]byte, error) { return json.RawMessage(m).MarshalJSON() }

// List is the text of a JSON object that the handler reads by itself.
type List string

// Refused is a field that no request may have: its doc says what to send instead.
// The document leaves it out.
type Refused struct{}

// Patch is a field of a PATCH request in which null has a meaning: it is absent,
// null or a value.
type Patch[T any] struct {
	// Given is false if the field is absent.
	Given bool
	// Value is nil if the field is null or absent.
	Value *T
}

// nullable is a Patch of any type, by its address.
type nullable interface {
	setNull()
	// newValue sets a zero value, and returns it to be filled.
	newValue() reflect.Value
	valueType() reflect.Type
}

func (p *Patch[T]) setNull() { *p = Patch[T]{Given: true} }

func (p *Patch[T]) newValue() reflect.Value {
	*p = Patch[T]{Given: true, Value: new(T)}
	return reflect.ValueOf(p.Value).Elem()
}

func (*Patch[T]) valueType() reflect.Type { return reflect.TypeFor[T]() }
