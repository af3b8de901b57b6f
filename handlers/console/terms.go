package console

import (
	"fmt"
	"strings"
	"time"

	"codexible/catalog"
	"codexible/fault"
	"codexible/usage"
	"codexible/views"
)

// termsForm is the form of a price: its fields, and what they say.
type termsForm struct {
	visit       *Visit
	creditValue int64
	// values are those of the fields where the form was not sent.
	values map[string]string
}

// fill sets the values of a form that was not sent: those of the price in force.
func (f *termsForm) fill(model string, current *catalog.Price) {
	f.values = map[string]string{
		"model": model, "mode": string(catalog.ByCost), "percent": "100", "credit_value": views.PlainMicros(f.creditValue), "usd_per_request": "0", "usd_per_web_search": "0",
	}
	if current == nil {
		return
	}
	t := &current.Terms
	for b := range usage.NumBuckets {
		if own := t.Base.Rates.Own(b); own != nil {
			f.values[b.String()] = views.PlainPerMillion(*own)
		}
	}
	f.values["usd_per_request"], f.values["usd_per_web_search"] = views.PlainPicos(t.PerRequest), views.PlainPicos(t.PerWebSearch)
	f.values["sets"] = writeSets(t)
	f.fillCharge(t.Charge)
}

func (f *termsForm) fillCharge(c catalog.Charge) {
	f.values["mode"], f.values["credit_value"] = string(c.Mode), views.PlainMicros(c.CreditValue)
	f.values["percent"], f.values["credits"] = "", ""
	if c.Mode == catalog.ByRequest {
		f.values["credits"] = views.PlainMicros(c.Credits)
	} else {
		f.values["percent"] = views.PlainHundredths(c.Percent)
	}
}

func (f *termsForm) value(name string) string {
	if f.visit.Post {
		return f.visit.Form.Get(name)
	}
	return f.values[name]
}

func (f *termsForm) groups() []views.FieldGroup {
	text := func(name, label, hint string, required bool) views.Field {
		return views.Field{Name: name, Label: label, Value: f.value(name), Hint: hint, Required: required}
	}
	rates := make([]views.Field, 0, usage.NumBuckets)
	for b := range usage.NumBuckets {
		hint := "That of the input if left empty."
		switch b {
		case usage.Input, usage.Output:
			hint = ""
		case usage.AudioOutput:
			hint = "That of the output if left empty."
		case usage.CacheRead, usage.CacheWrite, usage.CacheWrite1h, usage.AudioInput, usage.NumBuckets:
		}
		rates = append(rates, text(b.String(), views.BucketLabel(b), hint, hint == ""))
	}
	name := text("model", "Model", "A model's name, also one that is not offered.", true)
	name.MaxLength, name.List = usage.MaxModelLength, "model-names"
	from := text("valid_from", "Valid from (UTC)", "Optional. At once if left empty. Calls and holds from before keep their price.", false)
	from.Type = "datetime-local"
	sets := text("sets", "Bands and service tiers", setsHint, false)
	sets.Type, sets.MaxLength = "textarea", maxSetsText
	return []views.FieldGroup{
		{Title: "Model", Fields: []views.Field{name, from}},
		{Title: "What it costs", Intro: "Dollars per million tokens, with at most six decimals.", Fields: rates},
		{Title: "Beside the tokens", Fields: []views.Field{
			text("usd_per_request", "Dollars per request", "0 for none.", false), text("usd_per_web_search", "Dollars per web search", "0 for none.", false), sets,
		}},
		{Title: "What customers pay", Fields: f.charge()},
	}
}

// charge are the fields of what customers pay.
func (f *termsForm) charge() []views.Field {
	return []views.Field{
		{Name: "mode", Label: "By", Type: "select", Value: f.value("mode"), Options: []views.Option{{Value: string(catalog.ByCost), Label: "Cost: a percentage of it"}, {Value: string(catalog.ByRequest), Label: "Request: credits, whatever it costs"}}},
		{Name: "percent", Label: "Percentage of the cost", Value: f.value("percent"), Hint: "Where customers pay by cost. 100 sells at cost, 130 adds 30%."},
		{Name: "credits", Label: "Credits per request", Value: f.value("credits"), Hint: "Where customers pay by request. At most six decimals."},
		{Name: "credit_value", Label: "Value of a credit, in dollars", Value: f.value("credit_value"), Required: true, Hint: "What a credit brings in. The version keeps it."},
	}
}

// problem puts what is wrong beside a field. A fault's field has the API's name.
func problem(groups []views.FieldGroup, name, text string) bool {
	for _, group := range groups {
		for i := range group.Fields {
			if field := &group.Fields[i]; field.Name == name {
				if field.Problem == "" {
					field.Problem = text
				}
				return true
			}
		}
	}
	return false
}

// problems puts a fault's field errors beside the fields of the form; false where it is about none.
func (f *termsForm) problems(groups []views.FieldGroup, err error) bool {
	found := false
	for name, text := range fault.As(err).Fields {
		switch name = strings.TrimPrefix(name, "charge."); {
		case name == "usd_per_million":
			name = usage.Input.String()
		case name == "bands" || strings.HasPrefix(name, "tiers"):
			name, text = "sets", strings.ReplaceAll(text, "above_input_tokens", "the numbers of tokens")
		case name == "credit_value_usd":
			name = "credit_value"
		}
		found = problem(groups, name, sentence(text)) || found
	}
	return found
}

// read reads the form, and puts every problem beside its field.
func (f *termsForm) read(groups []views.FieldGroup) (n catalog.NewPrice, ok bool) {
	ok = true
	wrong := func(name, text string) {
		problem(groups, name, text)
		ok = false
	}
	n.Model = strings.TrimSpace(f.value("model"))
	from, readable := readExpiry(f.value("valid_from"))
	if n.ValidFrom = from; !readable {
		wrong("valid_from", "Must be a date and a time such as 2026-12-31T23:59.")
	}
	t := &n.Terms
	for b := range usage.NumBuckets {
		text := strings.TrimSpace(f.value(b.String()))
		if text == "" && b != usage.Input && b != usage.Output {
			continue
		}
		rate, err := readAmount(text, catalog.RatePlaces, catalog.MaxRate)
		if err != nil {
			wrong(b.String(), sentence(err.Error()))
		}
		t.Base.Rates.SetOwn(b, rate)
	}
	for name, to := range map[string]*int64{"usd_per_request": &t.PerRequest, "usd_per_web_search": &t.PerWebSearch} {
		if text := strings.TrimSpace(f.value(name)); text != "" {
			var err error
			if *to, err = readAmount(text, catalog.FeePlaces, catalog.MaxFee); err != nil {
				wrong(name, sentence(err.Error()))
			}
		}
	}
	if err := readSets(f.value("sets"), t); err != nil {
		wrong("sets", err.Error())
	}
	t.Charge = f.readCharge(wrong)
	return n, ok
}

// readCharge reads what customers pay.
func (f *termsForm) readCharge(wrong func(name, text string)) (c catalog.Charge) {
	amount := func(name string, places int, most int64) int64 {
		n, err := readAmount(f.value(name), places, most)
		if err != nil {
			wrong(name, sentence(err.Error()))
		}
		return n
	}
	c.Mode = oneOf(f.value("mode"), []catalog.Mode{catalog.ByCost, catalog.ByRequest})
	switch c.Mode {
	case catalog.ByCost:
		c.Percent = amount("percent", catalog.PercentPlaces, catalog.MaxPercent)
	case catalog.ByRequest:
		c.Credits = amount("credits", catalog.CreditPlaces, usage.MaxCredits*usage.Millionths)
	default:
		wrong("mode", "Choose one of the two.")
	}
	c.CreditValue = amount("credit_value", catalog.CreditValuePlaces, catalog.MaxCreditValue)
	return c
}

type amountError string

func (e amountError) Error() string { return string(e) }

// readAmount reads a decimal number with at most so many decimals as a whole number of
// the last of them, without floating point.
func readAmount(text string, places int, most int64) (int64, error) {
	n, ok := usage.ParseDecimal(strings.TrimPrefix(strings.TrimSpace(text), "$"), places, most)
	if !ok {
		return 0, amountError(fmt.Sprintf("must be a number from 0 to %s with at most %d decimals", views.PlainAmount(most, places), places))
	}
	return n, nil
}

// readMoment reads the moment of a what-if; the present one where the text is empty.
func readMoment(text string, now time.Time) (time.Time, bool) {
	at, ok := readExpiry(text)
	if at == nil {
		return now, ok
	}
	return *at, ok
}
