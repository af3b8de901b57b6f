package openapi

import "testing"

func TestWholeNumbersAreReadHoweverTheyAreWritten(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "7": 7, "-7": -7, "7.0": 7, "7e0": 7, "70e-1": 7, "0.7E1": 7, "1e9": 1_000_000_000, "9223372036854775807": 9223372036854775807} {
		if got, ok := parseWhole(text); !ok || got != want {
			t.Errorf("%s is read as %d, %t", text, got, ok)
		}
	}
	for _, text := range []string{"", "-", "+7", "07", "-07", "7.5", "7.", ".7e1", "0x7", "7_0", "1e99", "NaN", "Inf", " 7", "7 ", "9223372036854775808", "1.00000000000000001", "1e-1"} {
		if got, ok := parseWhole(text); ok {
			t.Errorf("%q is read as %d", text, got)
		}
	}
}
