package openapi

import (
	"fmt"
	"reflect"

	"codexible/usage"
)

// Numbers that are read and written exactly, digit by digit: one with more decimals than
// its type has is refused, never rounded. The tag maximum is in whole units.
type (
	// PerMillion is pico-dollars per token. In JSON it is dollars per million tokens, with up to 6 decimals.
	PerMillion int64
	// PicoUSD is pico-dollars. In JSON it is dollars, with up to 12 decimals.
	PicoUSD int64
	// ExactUSD is micro-dollars. In JSON it is dollars, with up to 6 decimals.
	ExactUSD int64
	// Percent is hundredths of a percent. In JSON it has up to 2 decimals.
	Percent int64
	// Credits is millionths of a credit. In JSON it is credits, with up to 6 decimals.
	Credits int64
	// SignedCredits is Credits of either sign, for responses.
	SignedCredits int64
	// Tenths is tenths of something. In JSON it has up to 1 decimal.
	Tenths int64
)

const (
	perMillionPlaces = 6
	picoUSDPlaces    = 12
	exactUSDPlaces   = 6
	percentPlaces    = 2
	creditsPlaces    = 6
	tenthsPlaces     = 1
)

// MarshalJSON writes dollars per million tokens.
func (n PerMillion) MarshalJSON() ([]byte, error) { return decimalOf(n, perMillionPlaces), nil }

// MarshalJSON writes dollars.
func (n PicoUSD) MarshalJSON() ([]byte, error) { return decimalOf(n, picoUSDPlaces), nil }

// MarshalJSON writes dollars.
func (n ExactUSD) MarshalJSON() ([]byte, error) { return decimalOf(n, exactUSDPlaces), nil }

// MarshalJSON writes percent.
func (n Percent) MarshalJSON() ([]byte, error) { return decimalOf(n, percentPlaces), nil }

// MarshalJSON writes credits.
func (n Credits) MarshalJSON() ([]byte, error) { return decimalOf(n, creditsPlaces), nil }

// MarshalJSON writes credits.
func (n SignedCredits) MarshalJSON() ([]byte, error) { return decimalOf(n, creditsPlaces), nil }

// MarshalJSON writes a number with a decimal.
func (n Tenths) MarshalJSON() ([]byte, error) { return decimalOf(n, tenthsPlaces), nil }

func decimalOf[T ~int64](n T, places int) []byte {
	return usage.AppendDecimal(nil, int64(n), places)
}

// decimalKind reads a type of exact numbers of so many decimals.
func decimalKind(places int, unit string) *kind {
	one := int64(1)
	for range places {
		one *= 10
	}
	return &kind{
		json: "number", keywords: members{{"minimum", 0}}, example: "0",
		rule: func(f *field) string {
			return fmt.Sprintf("must be a number of %s, 0 to %d, with at most %d decimals", unit, f.Most, places)
		},
		parse: func(f *field, to reflect.Value, text string) bool {
			n, ok := usage.ParseDecimal(text, places, f.Most*one)
			to.SetInt(n)
			return ok
		},
	}
}
