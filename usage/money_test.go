package usage

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestDollarsRoundHalfToEvenOnTheirDecimalDigits(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "0.0": 0, "-0": 0, "-0.000": 0, "0e9": 0, "1": 1_000_000, "1.5": 1_500_000, "0.0125": 12_500, "00.5": 500_000, ".5": 500_000, "1.": 1_000_000,
		"0.0000005": 0, "0.0000015": 2, "0.0000025": 2, "0.0000035": 4, "0.00000050000001": 1, "0.0000004999999": 0, "0.00000149999": 1,
		"1e-6": 1, "5e-7": 0, "15e-7": 2, "1E+3": 1_000_000_000, "1.25e2": 125_000_000, "1e-300": 0, "1e-99999999999999999999": 0, "0e99999999999999999999": 0,
		"1000000": 1_000_000_000_000, "1e6": 1_000_000_000_000, "999999.9999995": 1_000_000_000_000, "999999.99999949": 999_999_999_999,
		"1000000.000000": 1_000_000_000_000, "0000000000001": 1_000_000, "0." + strings.Repeat("0", 400) + "1": 0,
	} {
		if got, ok := ParseUSD(text); !ok || got != want {
			t.Errorf("ParseUSD(%q) = %d, %v, want %d", text, got, ok, want)
		}
	}
}

func TestWhatIsNoAmountOfDollarsIsRefused(t *testing.T) {
	for _, text := range []string{
		"", "-", ".", "-.", "e", "e5", ".e5", "1e", "1e+", "1e1.5", "1.2.3", "1,5", "+1", " 1", "1 ", "0x10", "NaN", "Infinity", "null", `"3"`, "1_000", "१",
		"-1", "-0.0000001", "-1e-300", "1000000.0000001", "1000000.0000005", "1000000.000001", "1000001", "1e7", "1e300", "1e99999999999999999999", strings.Repeat("9", 300),
	} {
		if got, ok := ParseUSD(text); ok {
			t.Errorf("ParseUSD(%q) = %d, want a refusal", text, got)
		}
	}
}

// exactMicros is what ParseUSD promises, in rational arithmetic.
func exactMicros(text string) (int64, bool) {
	dollars, ok := new(big.Rat).SetString(text)
	if !ok || dollars.Sign() < 0 || dollars.Cmp(big.NewRat(MaxCostUSD, 1)) > 0 {
		return 0, false
	}
	micros := dollars.Mul(dollars, big.NewRat(MicrosPerUSD, 1))
	whole, rest := new(big.Int).QuoRem(micros.Num(), micros.Denom(), new(big.Int))
	half := rest.Lsh(rest, 1).Cmp(micros.Denom())
	if half > 0 || half == 0 && whole.Bit(0) == 1 {
		whole.Add(whole, big.NewInt(1))
	}
	return whole.Int64(), true
}

func TestDollarsReadAsRationalArithmeticSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strconv.FormatInt(rapid.Int64Range(-3, 2_000_000).Draw(t, "whole"), 10)
		if fraction := rapid.StringMatching(`[0-9]{0,9}5?0{0,12}[0-9]?`).Draw(t, "fraction"); fraction != "" {
			text += "." + fraction
		}
		if rapid.Bool().Draw(t, "scientific") {
			text += fmt.Sprintf("e%d", rapid.IntRange(-20, 12).Draw(t, "exponent"))
		}
		want, wantOK := exactMicros(text)
		got, ok := ParseUSD(text)
		if got != want || ok != wantOK {
			t.Fatalf("ParseUSD(%q) = %d, %v, want %d, %v", text, got, ok, want, wantOK)
		}
	})
}

func TestDollarsAreWrittenAsTheyAreRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		micros := rapid.Int64Range(0, MaxCostUSD*MicrosPerUSD).Draw(t, "micros")
		text := string(AppendUSD(nil, micros))
		if got, ok := ParseUSD(text); !ok || got != micros {
			t.Fatalf("%d is written as %s and read as %d, %v", micros, text, got, ok)
		}
		if !json.Valid([]byte(text)) || strings.Contains(text, ".") && strings.HasSuffix(text, "0") {
			t.Fatalf("%d is written as %s", micros, text)
		}
	})
}

func TestDollarsAreWrittenWithoutTrailingZeros(t *testing.T) {
	for micros, want := range map[int64]string{
		0: "0", 1: "0.000001", 10: "0.00001", 12_500: "0.0125", 999_999: "0.999999", 1_000_000: "1", 1_500_000: "1.5", 100_000_000: "100",
		1_000_000_000_001: "1000000.000001", -1_500_000: "-1.5", -1: "-0.000001",
	} {
		if got := string(AppendUSD([]byte("$"), micros)); got != "$"+want {
			t.Errorf("%d is written as %s, want $%s", micros, got, want)
		}
	}
}

func FuzzParseUSD(f *testing.F) {
	for _, seed := range []string{"0", "-0", "0.0125", "1e6", "999999.9999995", "1E-7", "1e99999999999", ".5", "1.", "1e", "-1", "00", "1000000.0000000000001"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := ParseUSD(text)
		if ok && (got < 0 || got > MaxCostUSD*MicrosPerUSD) {
			t.Fatalf("ParseUSD(%q) = %d, which no charge may cost", text, got)
		}
		// big.Rat computes the power of ten: only what it can hold is compared.
		if !json.Valid([]byte(text)) || len(text) > 200 || hasWideExponent(text) {
			return
		}
		if _, isNumber := new(big.Rat).SetString(text); !isNumber {
			return
		}
		if want, wantOK := exactMicros(text); got != want || ok != wantOK {
			t.Fatalf("ParseUSD(%q) = %d, %v, want %d, %v", text, got, ok, want, wantOK)
		}
	})
}

func hasWideExponent(text string) bool {
	at := strings.IndexAny(text, "eE")
	return at >= 0 && len(strings.TrimLeft(text[at+1:], "+-0")) > 3
}

func TestDecimalsAreExactOrRefused(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "-0.0": 0, "0e9": 0, "3": 3_000_000, "0.003625": 3625, "0.000001": 1, "0.0000010": 1, "1e-6": 1, "10e-7": 1, "0.5e1": 5_000_000, "1e3": 1_000_000_000, "1000": 1_000_000_000, "1000.000": 1_000_000_000, "999.999999": 999_999_999,
	} {
		if got, ok := ParseDecimal(text, 6, 1_000_000_000); !ok || got != want {
			t.Errorf("%q is read as %d, %v, want %d", text, got, ok, want)
		}
	}
	for _, text := range []string{
		"", "-", "1e", "-1", "-0.0000001", "0.0000001", "0.0036250001", "1e-7", "1e-99999999999999999999", "1000.000001", "1001", "1e4", "1e99999999999999999999", "9223372036854775807", "92233720368547758070", "1e18", strings.Repeat("9", 300), "NaN", "1,5", `"1"`,
		"0." + strings.Repeat("0", 300) + "1",
	} {
		if got, ok := ParseDecimal(text, 6, 1_000_000_000); ok {
			t.Errorf("%q is read as %d, want a refusal", text, got)
		}
	}
	for n, want := range map[int64]string{0: "0", 1: "0.000000000001", -1_500_000_000_000: "-1.5", math.MinInt64: "-9223372.036854775808", math.MaxInt64: "9223372.036854775807"} {
		if got := string(AppendDecimal(nil, n, 12)); got != want {
			t.Errorf("%d is written as %s, want %s", n, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		places := rapid.IntRange(0, 18).Draw(t, "places")
		n := rapid.Int64Range(0, 1_000_000_000_000_000_000).Draw(t, "n")
		text := string(AppendDecimal(nil, n, places))
		if got, ok := ParseDecimal(text, places, n); !ok || got != n || !json.Valid([]byte(text)) {
			t.Fatalf("%d of %d places is written as %s and read as %d, %v", n, places, text, got, ok)
		}
		if _, ok := ParseDecimal(text, places, n-1); ok && n > 0 {
			t.Fatalf("%s is read, though it is above %d", text, n-1)
		}
		if exact, ok := new(big.Rat).SetString(text); !ok || exact.Cmp(new(big.Rat).SetFrac(big.NewInt(n), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil))) != 0 {
			t.Fatalf("%d of %d places is written as %s", n, places, text)
		}
	})
}
