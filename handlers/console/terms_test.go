package console

import (
	"math/big"
	"strconv"
	"strings"
	"testing"

	"codexible/catalog"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// rates draws rates, some of which have no price of their own.
func rates(t *rapid.T) (r catalog.Rates) {
	rate := rapid.OneOf(rapid.Int64Range(0, catalog.MaxRate), rapid.Int64Range(0, 10_000_000))
	for b := range usage.NumBuckets {
		if b == usage.Input || b == usage.Output || rapid.Bool().Draw(t, "own") {
			r.SetOwn(b, rate.Draw(t, b.String()))
		}
	}
	return r
}

func setOfRates(t *rapid.T) catalog.Set {
	set := catalog.Set{Rates: rates(t)}
	above := int64(0)
	for range rapid.IntRange(0, 4).Draw(t, "bands") {
		above += rapid.Int64Range(1, 1_000_000).Draw(t, "above")
		set.Bands = append(set.Bands, catalog.Band{Above: above, Rates: rates(t)})
	}
	return set
}

func TestWhatAFormSaysOfBandsAndTiersIsReadAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms := catalog.Terms{Base: setOfRates(t)}
		for _, tier := range rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z0-9_-]{1,32}`), 0, 3, rapid.ID).Draw(t, "tiers") {
			if tier == "above" || tier == "auto" || tier == "default" || tier == "standard" {
				continue
			}
			if terms.Tiers == nil {
				terms.Tiers = map[string]catalog.Set{}
			}
			terms.Tiers[tier] = setOfRates(t)
		}
		text := writeSets(&terms)
		again := catalog.Terms{Base: catalog.Set{Rates: terms.Base.Rates}}
		if err := readSets(strings.ReplaceAll(text, "\n", "\r\n"), &again); err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if diff := cmp.Diff(terms, again); diff != "" {
			t.Fatalf("%s\n%s", text, diff)
		}
	})
}

func TestAnErrorInBandsAndTiersNamesItsLineAndWhatToWrite(t *testing.T) {
	for text, want := range map[string]string{
		"above 200000 input 6, output 22":                         "Line 1: must have a colon",
		"\n\nflex: input 1":                                       "Line 3: must have a price of input and of output.",
		"flex: input 1, output two":                               "Line 1: output must be a number from 0 to 1000000 with at most 6 decimals.",
		"flex: input 1, output 0.0000001":                         "Line 1: output must be a number from 0 to 1000000 with at most 6 decimals.",
		"flex: input -1, output 1":                                "Line 1: input must be a number",
		"flex: input 1000001, output 1":                           "Line 1: input must be a number from 0 to 1000000",
		"flex: in 1, output 2":                                    "Line 1: has the unknown kind of tokens “in”.",
		"flex: input, output 2":                                   "Line 1: must have pairs such as “input 6, output 22.5” after the colon, not “input”.",
		"flex: input 1, output 2, input 3":                        "Line 1: has a price of input twice.",
		"flex: input 1, output 2\nflex: input 1, output 2":        "Line 2: has the tier flex again.",
		"above 5: input 1, output 2\nabove 5: input 3, output 4":  "Line 2: has the same number of tokens as another line.",
		"above 0: input 1, output 2":                              "Line 1: must have a whole number of tokens from 1 to 1000000000 after “above”.",
		"above 1000000001: input 1, output 2":                     "Line 1: must have a whole number of tokens",
		"above: input 1, output 2":                                "Line 1: must begin with “above 200000”",
		": input 1, output 2":                                     "Line 1: must begin with “above 200000”",
		"the flex tier: input 1, output 2":                        "Line 1: must begin with “above 200000”",
		"FLEX: input 1, output 2":                                 "Line 1: must begin with “above 200000”",
		"flex above 9: input 1, output 2":                         "The tier flex has rates above a number of tokens, and none below it.",
		strings.Repeat("x", maxSetsText+1):                        "The text is too long.",
		"flex: " + strings.Repeat("<script>", 100) + ", output 2": "Line 1: must have pairs",
	} {
		var terms catalog.Terms
		err := readSets(text, &terms)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.60q: %v, want %q", text, err, want)
		}
		if err != nil && len(err.Error()) > 300 {
			t.Errorf("the error repeats %d characters", len(err.Error()))
		}
	}
	var terms catalog.Terms
	if err := readSets("flex above 272,000: input 2, output 3\r\nflex: output 9.5, input $0.003625\r\nabove 7: input 1, output 1", &terms); err != nil {
		t.Fatal(err)
	}
	want := catalog.Terms{
		Base:  catalog.Set{Bands: []catalog.Band{{Above: 7, Rates: catalog.Rates{Input: 1_000_000, Output: 1_000_000}}}},
		Tiers: map[string]catalog.Set{"flex": {Rates: catalog.Rates{Input: 3625, Output: 9_500_000}, Bands: []catalog.Band{{Above: 272_000, Rates: catalog.Rates{Input: 2_000_000, Output: 3_000_000}}}}},
	}
	if diff := cmp.Diff(want, terms); diff != "" {
		t.Error(diff)
	}
}

func FuzzBandsAndTiers(f *testing.F) {
	f.Add("flex: input 1, output 2\nflex above 9: input 1.5, output 2")
	f.Add("above 200000: input 6, output 22.5")
	f.Fuzz(func(t *testing.T, text string) {
		terms := catalog.Terms{Base: catalog.Set{Rates: catalog.Rates{Input: 1}}}
		if readSets(text, &terms) != nil {
			return
		}
		again := catalog.Terms{Base: catalog.Set{Rates: terms.Base.Rates}}
		if err := readSets(writeSets(&terms), &again); err != nil || cmp.Diff(terms, again) != "" {
			t.Errorf("%v: %s", err, cmp.Diff(terms, again))
		}
	})
}

func TestAnAmountIsReadToItsLastDigitOrRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		places := rapid.SampledFrom([]int{catalog.RatePlaces, catalog.FeePlaces, catalog.PercentPlaces}).Draw(t, "places")
		whole, fraction := rapid.Int64Range(0, 2_000_000).Draw(t, "whole"), rapid.StringMatching(`[0-9]{0,14}`).Draw(t, "fraction")
		text := strconv.FormatInt(whole, 10)
		if fraction != "" {
			text += "." + fraction
		}
		const most = 1_000_000_000_000
		n, err := readAmount(text, places, most)
		exact, _ := new(big.Rat).SetString(text)
		exact.Mul(exact, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil)))
		fits := exact.IsInt() && exact.Cmp(big.NewRat(most, 1)) <= 0
		if fits != (err == nil) || fits && exact.Cmp(big.NewRat(n, 1)) != 0 {
			t.Fatalf("%s with %d places: %d, %v", text, places, n, err)
		}
	})
}
