package usage

import (
	"bytes"
	"errors"
	"strconv"
)

// MicrosPerUSD is how many micro-dollars a dollar has. Money is kept in whole
// micro-dollars.
const MicrosPerUSD = 1_000_000

// MaxCostUSD is the dearest single charge, in dollars.
const MaxCostUSD = 1_000_000

// MaxDayCostUSD is what a user's day may cost, in dollars. Thousands of such
// days add up before a sum over users and days leaves 64 bits; credits and
// tokens stay below it by the plan's limit.
const MaxDayCostUSD = 1_000_000_000

// ParseUSD reads a JSON number of dollars, 0 to MaxCostUSD, as micro-dollars,
// rounded half to even on its decimal digits: no binary fraction comes between.
func ParseUSD(number string) (micros int64, ok bool) {
	digits, exponent, ok := decimal(number)
	if !ok {
		return 0, false
	}
	return scale(digits, exponent+6)
}

// ParseDecimal reads a JSON number from 0 to most×10^-places as a whole number of its
// last place. One with more decimals is refused, not rounded; zeros at the end do not count.
// most is at most 10^18.
func ParseDecimal(number string, places int, most int64) (n int64, ok bool) {
	digits, exponent, ok := decimal(number)
	if !ok || len(digits) == 0 {
		return 0, ok
	}
	trimmed := bytes.TrimRight(digits, "0")
	exponent += len(digits) - len(trimmed) + places
	if exponent < 0 || len(trimmed)+exponent > 19 {
		return 0, false
	}
	n, err := strconv.ParseInt(string(trimmed)+"0000000000000000000"[:exponent], 10, 64)
	return n, err == nil && n <= most
}

// decimal splits a JSON number that is not negative into its significant digits
// and the power of ten of the last of them.
func decimal(number string) (digits []byte, exponent int, ok bool) {
	mantissa := number
	for i := range len(number) {
		if number[i] == 'e' || number[i] == 'E' {
			mantissa = number[:i]
			// An exponent beyond an int saturates: the number is then zero or far too large all the same.
			e, err := strconv.ParseInt(number[i+1:], 10, 32)
			if err != nil && !errors.Is(err, strconv.ErrRange) {
				return nil, 0, false
			}
			exponent = int(e)
			break
		}
	}
	if mantissa == "" {
		return nil, 0, false
	}
	negative := mantissa[0] == '-'
	if negative {
		mantissa = mantissa[1:]
	}
	point, seen := false, false
	for i := range len(mantissa) {
		c := mantissa[i]
		switch {
		case c == '.' && !point:
			point = true
		case c >= '0' && c <= '9':
			seen = true
			if point {
				exponent--
			}
			if c != '0' || len(digits) > 0 {
				digits = append(digits, c)
			}
		default:
			return nil, 0, false
		}
	}
	return digits, exponent, seen && (!negative || len(digits) == 0)
}

// scale gives digits × 10^exponent, rounded half to even, while it is within
// the bounds of a cost.
func scale(digits []byte, exponent int) (int64, bool) {
	const most = MaxCostUSD * MicrosPerUSD
	if len(digits) == 0 {
		return 0, true
	}
	if len(digits)+exponent > 13 {
		return 0, false
	}
	keep := len(digits) + exponent
	if keep < 0 {
		return 0, true
	}
	whole, rest := digits, []byte(nil)
	if exponent < 0 {
		whole, rest = digits[:keep], digits[keep:]
	}
	n, _ := strconv.ParseInt("0"+string(whole), 10, 64)
	for range exponent {
		n *= 10
	}
	// A fraction above the bound is above it, even where it would round down to it.
	if n > most || (n == most && hasNonZero(rest)) {
		return 0, false
	}
	if len(rest) > 0 && (rest[0] > '5' || rest[0] == '5' && (n%2 == 1 || hasNonZero(rest[1:]))) {
		n++
	}
	return n, true
}

func hasNonZero(digits []byte) bool {
	for _, c := range digits {
		if c != '0' {
			return true
		}
	}
	return false
}

// AppendUSD appends micro-dollars as a decimal number of dollars without
// trailing zeros, such as 0.0125: a JSON number.
func AppendUSD(b []byte, micros int64) []byte { return AppendDecimal(b, micros, 6) }

// AppendDecimal appends n×10^-places without trailing zeros: a JSON number. places is at most 18.
func AppendDecimal(b []byte, n int64, places int) []byte {
	if n < 0 {
		b = append(b, '-')
	}
	one := int64(1)
	for range places {
		one *= 10
	}
	whole, fraction := magnitude(n/one), magnitude(n%one)
	b = strconv.AppendUint(b, whole, 10)
	if fraction == 0 {
		return b
	}
	b = append(b, '.')
	for place := uint64(one / 10); fraction > 0; place /= 10 {
		b = append(b, '0'+byte(fraction/place))
		fraction %= place
	}
	return b
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}
