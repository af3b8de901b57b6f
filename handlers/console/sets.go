package console

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"codexible/catalog"
	"codexible/usage"
	"codexible/views"
)

// maxSetsText fits as many sets of rates as a price may have.
const maxSetsText = 40_000

// setsHint says how a set of rates is written.
const setsHint = "Optional. One set of rates per line, for calls that read more than a number of tokens, for a service tier, or for both: " +
	"“above 200000: input 6, output 22.5”, “flex: input 1.5, output 7.5”, “flex above 200000: input 3, output 11.25”. " +
	"After the colon: dollars per million tokens of input, output, cache_read, cache_write, cache_write_1h, audio_input, audio_output."

// writeSets writes the bands and tiers of a price as readSets reads them.
func writeSets(t *catalog.Terms) string {
	var b strings.Builder
	add := func(tier string, above int64, r *catalog.Rates) {
		head := tier
		if above > 0 {
			head = strings.TrimSpace(head + " above " + strconv.FormatInt(above, 10))
		}
		b.WriteString(head + ":")
		separator := " "
		for bucket := range usage.NumBuckets {
			if own := r.Own(bucket); own != nil {
				b.WriteString(separator + bucket.String() + " " + views.PlainPerMillion(*own))
				separator = ", "
			}
		}
		b.WriteByte('\n')
	}
	for i := range t.Base.Bands {
		add("", t.Base.Bands[i].Above, &t.Base.Bands[i].Rates)
	}
	for _, tier := range views.Tiers(t) {
		set := t.Tiers[tier]
		add(tier, 0, &set.Rates)
		for i := range set.Bands {
			add(tier, set.Bands[i].Above, &set.Bands[i].Rates)
		}
	}
	return b.String()
}

// readSets reads a set of rates from each line: "[tier] [above N]: bucket dollars, …".
// An error is a sentence that names the line.
func readSets(text string, t *catalog.Terms) error {
	if len(text) > maxSetsText {
		return amountError("The text is too long.")
	}
	based := map[string]bool{} // the tiers that have rates below all bands
	for i, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if err := readSet(line, t, based); err != nil {
			return amountError(fmt.Sprintf("Line %d: %s.", i+1, err))
		}
	}
	for _, tier := range views.Tiers(t) {
		if !based[tier] {
			return amountError(fmt.Sprintf("The tier %s has rates above a number of tokens, and none below it. Add a line that begins with “%s:”.", tier, tier))
		}
	}
	return nil
}

// readSet adds the set of rates of a line.
func readSet(line string, t *catalog.Terms, based map[string]bool) error {
	head, body, found := strings.Cut(line, ":")
	if !found {
		return amountError("must have a colon between what it is for and its prices")
	}
	tier, above, err := readHead(strings.Fields(head))
	if err != nil {
		return err
	}
	rates, err := readRates(body)
	if err != nil {
		return err
	}
	set := t.Base
	if tier != "" {
		set = t.Tiers[tier]
	}
	switch {
	case above == 0 && based[tier]:
		return amountError("has the tier " + tier + " again")
	case above == 0:
		set.Rates, based[tier] = rates, true
	default:
		for _, band := range set.Bands {
			if band.Above == above {
				return amountError("has the same number of tokens as another line")
			}
		}
		set.Bands = append(set.Bands, catalog.Band{Above: above, Rates: rates})
		slices.SortFunc(set.Bands, func(x, y catalog.Band) int { return cmp.Compare(x.Above, y.Above) })
	}
	if tier == "" {
		t.Base = set
		return nil
	}
	if t.Tiers == nil {
		t.Tiers = map[string]catalog.Set{}
	}
	t.Tiers[tier] = set
	return nil
}

// readHead reads what a set of rates is for.
func readHead(words []string) (tier string, above int64, err error) {
	rest := words
	if len(rest) > 0 && rest[0] != "above" {
		tier, rest = rest[0], rest[1:]
	}
	if len(rest) == 2 && rest[0] == "above" {
		above, err = strconv.ParseInt(strings.ReplaceAll(rest[1], ",", ""), 10, 64)
		if err != nil || above < 1 || above > usage.MaxTokens {
			return "", 0, amountError("must have a whole number of tokens from 1 to 1000000000 after “above”")
		}
		rest = nil
	}
	if len(words) == 0 || len(rest) > 0 || tier != "" && !usage.ValidTier(tier) {
		return "", 0, amountError("must begin with “above 200000”, with the name of a tier such as “flex”, or with both")
	}
	return tier, above, nil
}

// readRates reads the prices of a line.
func readRates(body string) (r catalog.Rates, err error) {
	given := map[usage.Bucket]bool{}
	for part := range strings.SplitSeq(body, ",") {
		words := strings.Fields(part)
		if len(words) != 2 {
			return r, amountError(fmt.Sprintf("must have pairs such as “input 6, output 22.5” after the colon, not “%s”", short(strings.TrimSpace(part))))
		}
		b, known := usage.BucketNamed(words[0])
		if !known {
			return r, amountError(fmt.Sprintf("has the unknown kind of tokens “%s”", short(words[0])))
		}
		rate, err := readAmount(words[1], catalog.RatePlaces, catalog.MaxRate)
		if err != nil {
			return r, amountError(fmt.Sprintf("%s %s", b, err))
		}
		if given[b] {
			return r, amountError("has a price of " + b.String() + " twice")
		}
		given[b] = true
		r.SetOwn(b, rate)
	}
	if !given[usage.Input] || !given[usage.Output] {
		return r, amountError("must have a price of input and of output")
	}
	return r, nil
}

// short cuts a text that an error repeats.
func short(text string) string {
	if all := []rune(text); len(all) > 40 {
		return string(all[:40]) + "…"
	}
	return text
}
