package pricelist

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

// An unit is what a price of a list is for, as a power of ten: of how many pico-dollars
// a dollar for so many tokens, requests or searches is, for each of them.
type unit int

const (
	perMillion  unit = 6
	perThousand unit = 9
	perOne      unit = 12
)

// maxPicos is above every price that a model can have.
const maxPicos = 1e18

// picos reads a number of dollars exactly, as a decimal. A reason says why it cannot be used.
func picos(value gjson.Result, per unit) (n int64, reason string) {
	if value.Type != gjson.Number {
		return 0, "is not a number"
	}
	mantissa, exponent, ok := decimal(value.Raw)
	switch {
	case !ok:
		return 0, fmt.Sprintf("(%s) is not a number that can be read", short(value.Raw, 40))
	case mantissa < 0:
		return 0, fmt.Sprintf("(%s) is negative", short(value.Raw, 40))
	case mantissa == 0:
		return 0, ""
	}
	for exponent += int(per); exponent < 0; exponent++ {
		if mantissa%10 != 0 {
			return 0, fmt.Sprintf("(%s) is finer than a pico-dollar", short(value.Raw, 40))
		}
		mantissa /= 10
	}
	for ; exponent > 0; exponent-- {
		if mantissa > maxPicos/10 {
			return 0, fmt.Sprintf("(%s) is too large", short(value.Raw, 40))
		}
		mantissa *= 10
	}
	return mantissa, ""
}

// decimal splits a JSON number into an integer and a power of ten. It reads up to 18 digits.
func decimal(number string) (mantissa int64, exponent int, ok bool) {
	number = strings.ToLower(number)
	digits, power, found := strings.Cut(number, "e")
	if found {
		var err error
		if exponent, err = strconv.Atoi(power); err != nil || exponent < -1000 || exponent > 1000 {
			return 0, 0, false
		}
	}
	whole, fraction, _ := strings.Cut(digits, ".")
	fraction = strings.TrimRight(fraction, "0")
	mantissa, err := strconv.ParseInt(whole+fraction, 10, 64)
	if err != nil || mantissa > maxPicos || mantissa < -maxPicos {
		return 0, 0, false
	}
	return mantissa, exponent - len(fraction), true
}
