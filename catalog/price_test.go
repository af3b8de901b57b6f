package catalog_test

import (
	"strings"
	"testing"
	"time"

	"codexible/catalog"
	"codexible/fault"
	"codexible/usage"

	"pgregory.net/rapid"
)

func TestTermsReadBackAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms := drawTerms(t)
		text := string(terms.AppendText(nil))
		again, err := catalog.ParseTerms(text)
		if err != nil || string(again.AppendText(nil)) != text {
			t.Fatalf("%s reads back as %+v, %v", text, again, err)
		}
		if !terms.SameRates(&again) {
			t.Fatal("the rates differ")
		}
		again.Charge = catalog.Charge{Mode: catalog.ByRequest, Credits: 5, CreditValue: 7}
		if !terms.SameRates(&again) {
			t.Fatal("another charge is taken for other rates")
		}
		again.PerWebSearch++
		if terms.SameRates(&again) {
			t.Fatal("another fee is taken for the same rates")
		}
	})
}

func TestTermsOutOfRangeNameTheirField(t *testing.T) {
	above := func(thresholds ...int64) (bands []catalog.Band) {
		for _, n := range thresholds {
			bands = append(bands, catalog.Band{Above: n})
		}
		return bands
	}
	for field, change := range map[string]func(*catalog.Terms){
		"usd_per_million":         func(t *catalog.Terms) { t.Base.Rates.Input = catalog.MaxRate + 1 },
		"bands":                   func(t *catalog.Terms) { t.Base.Bands = above(5, 5) },
		"bands ":                  func(t *catalog.Terms) { t.Base.Bands = above(0) },
		"bands  ":                 func(t *catalog.Terms) { t.Base.Bands = above(usage.MaxTokens + 1) },
		"bands   ":                func(t *catalog.Terms) { t.Base.Bands = make([]catalog.Band, catalog.MaxBands+1) },
		"tiers":                   func(t *catalog.Terms) { t.Tiers = map[string]catalog.Set{"default": {}} },
		"tiers ":                  func(t *catalog.Terms) { t.Tiers = map[string]catalog.Set{"Flex": {}} },
		"tiers  ":                 func(t *catalog.Terms) { t.Tiers = map[string]catalog.Set{"": {}} },
		"tiers.flex":              func(t *catalog.Terms) { t.Tiers = map[string]catalog.Set{"flex": {Rates: catalog.Rates{Output: -1}}} },
		"tiers.flex.bands":        func(t *catalog.Terms) { t.Tiers = map[string]catalog.Set{"flex": {Bands: above(7, 3)}} },
		"usd_per_request":         func(t *catalog.Terms) { t.PerRequest = catalog.MaxFee + 1 },
		"usd_per_web_search":      func(t *catalog.Terms) { t.PerWebSearch = -1 },
		"charge.mode":             func(t *catalog.Terms) { t.Charge.Mode = "free" },
		"charge.percent":          func(t *catalog.Terms) { t.Charge.Percent = catalog.MaxPercent + 1 },
		"charge.credit_value_usd": func(t *catalog.Terms) { t.Charge.CreditValue = 0 },
		"charge.credits": func(t *catalog.Terms) {
			t.Charge.Mode, t.Charge.Credits = catalog.ByRequest, usage.MaxCredits*usage.Millionths+1
		},
	} {
		terms := catalog.Terms{Charge: byCost}
		if err := terms.Check(); err != nil {
			t.Fatal(err)
		}
		change(&terms)
		err, is := terms.Check().(*fault.Error) //nolint:errorlint // it is not wrapped
		if name := strings.TrimSpace(field); !is || err.Fields[name] == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestModelsOutOfRangeNameTheirField(t *testing.T) {
	for field, change := range map[string]func(*catalog.Model){
		"name":             func(m *catalog.Model) { m.Name = "" },
		"name ":            func(m *catalog.Model) { m.Name = "two words" },
		"name  ":           func(m *catalog.Model) { m.Name = strings.Repeat("x", usage.MaxModelLength+1) },
		"name   ":          func(m *catalog.Model) { m.Name = "line\nbreak" },
		"name    ":         func(m *catalog.Model) { m.Name = "zero\u200bwidth" },
		"name     ":        func(m *catalog.Model) { m.Name = "broken\xff" },
		"name      ":       func(m *catalog.Model) { m.Name = usage.UnknownModel },
		"aliases    ":      func(m *catalog.Model) { m.Aliases = []string{usage.UnknownModel} },
		"aliases":          func(m *catalog.Model) { m.Aliases = []string{"m"} },
		"aliases ":         func(m *catalog.Model) { m.Aliases = []string{"x", "x"} },
		"aliases  ":        func(m *catalog.Model) { m.Aliases = []string{"x y"} },
		"aliases   ":       func(m *catalog.Model) { m.Aliases = make([]string, catalog.MaxAliases+1) },
		"display_name":     func(m *catalog.Model) { m.DisplayName = strings.Repeat("x", catalog.MaxDisplayName+1) },
		"description":      func(m *catalog.Model) { m.Description = "a\x00b" },
		"context_window":   func(m *catalog.Model) { m.ContextWindow = -1 },
		"output_allowance": func(m *catalog.Model) { m.OutputAllowance = 0 },
		"overrun":          func(m *catalog.Model) { m.Overrun = "" },
		"hosted_tools":     func(m *catalog.Model) { m.HostedTools = []string{"a", "a"} },
		"hosted_tools ":    func(m *catalog.Model) { m.HostedTools = []string{"Code Interpreter"} },
		"hosted_tools  ":   func(m *catalog.Model) { m.HostedTools = make([]string, catalog.MaxHostedTools+1) },
	} {
		m := catalog.Model{Name: "m", Aliases: []string{"n"}, OutputAllowance: catalog.DefaultAllowance, Overrun: catalog.OverrunFinish, HostedTools: []string{"code_interpreter"}}
		if err := m.Check(); err != nil {
			t.Fatal(err)
		}
		change(&m)
		err, is := m.Check().(*fault.Error) //nolint:errorlint // it is not wrapped
		if name := strings.TrimSpace(field); !is || err.Fields[name] == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestNoPriceIsThatOfCallsWithoutAModel(t *testing.T) {
	n := catalog.NewPrice{Model: usage.UnknownModel, Terms: catalog.Terms{Charge: catalog.Charge{Mode: catalog.ByCost, CreditValue: 1}}}
	if _, err := n.At(time.Now()); fault.As(err).Fields["model"] == "" {
		t.Fatalf("%v", err)
	}
	n.Model = "m"
	if _, err := n.At(time.Now()); err != nil {
		t.Fatal(err)
	}
}
