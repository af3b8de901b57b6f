// Package pricelist reads the price lists that others keep: the one that ships with the
// service, and those that an operator imports.
package pricelist

import (
	"bytes"
	"cmp"
	_ "embed" // the price list that ships
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"

	"codexible/catalog"
	"codexible/fault"

	"github.com/tidwall/gjson"
)

// Bounds of a list.
const (
	MaxSize   = 16 << 20
	MaxModels = 20_000
	// maxAlso is how many other names of a model are read.
	maxAlso = 32
)

// LiteLLM is the source of a list in the format of LiteLLM.
const LiteLLM = "LiteLLM"

// List is what a price list says.
type List struct {
	// Source is the list's name, for prices that come from it.
	Source string
	// Entries are sorted by model and time; those of a model have different times. A model is
	// under its name at its maker, or as provider/name where another provider sells it.
	Entries []catalog.Listed
	// Unread is what of a model could not be read. Other prices of it may be among the entries.
	Unread []catalog.Unread
}

// prices.json is written by tools/pricelist. It has a part of the package's data, in its format.
//
//go:embed prices.json
var shipped []byte

// Shipped is the list that ships with the service.
var Shipped = sync.OnceValue(func() *List {
	list, err := Read(shipped)
	if err != nil {
		panic(err) // a test reads it
	}
	return list
})

// Import is the list as something to import: the models that only selects, all where it
// is empty. charge is what customers pay for those that have no price yet.
func (l *List) Import(only []string, charge catalog.Charge) catalog.Import {
	return catalog.Import{Source: l.Source, Listed: l.Entries, Unread: l.Unread, Only: only, Charge: charge}
}

// Read reads a list in the format of genai-prices or in that of LiteLLM. An error is a
// *fault.Error for who sent the list: it is too large, or no list at all.
func Read(data []byte) (*List, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if len(data) > MaxSize {
		return nil, fault.Newf(fault.PayloadTooLarge, "The price list is larger than %d MiB. Remove the models that you do not need from it.", MaxSize>>20)
	}
	if !json.Valid(data) { // encoding/json bounds how deep a document is, before anything recurses into it
		return nil, notAList("it is not JSON")
	}
	r := reader{seen: map[string]bool{}}
	var err error
	switch document := gjson.ParseBytes(data); {
	case document.IsArray():
		r.list.Source = "genai-prices"
		err = r.genaiPrices(document)
	case document.IsObject() && document.Get("providers").IsArray():
		r.list.Source = sourceOf(document)
		err = r.genaiPrices(document.Get("providers"))
	case document.IsObject():
		r.list.Source = LiteLLM
		err = r.liteLLM(document)
	default:
		err = notAList("it is neither an object nor an array")
	}
	if err != nil {
		return nil, err
	}
	if len(r.seen) == 0 {
		return nil, notAList("it has no models")
	}
	slices.SortStableFunc(r.list.Entries, func(x, y catalog.Listed) int {
		return cmp.Or(strings.Compare(x.Model, y.Model), x.ValidFrom.Compare(y.ValidFrom))
	})
	return &r.list, nil
}

func notAList(problem string) error {
	return fault.New(fault.Invalid, "This is not a price list of genai-prices or LiteLLM: "+problem+". Use data.json of genai-prices, or model_prices_and_context_window.json of LiteLLM.")
}

// sourceOf names a list that says where it comes from.
func sourceOf(document gjson.Result) string {
	source, version := document.Get("source"), document.Get("version")
	if source.Type != gjson.String || !catalog.ValidName(source.Str) {
		return "genai-prices"
	}
	if version.Type != gjson.String || !catalog.ValidName(version.Str) || len(source.Str)+len(version.Str) >= catalog.MaxSource {
		return short(source.Str, catalog.MaxSource)
	}
	return source.Str + " " + version.Str
}

// reader collects a list.
type reader struct {
	list List
	seen map[string]bool
}

// model takes in a name, and returns whether the model can be read.
func (r *reader) model(name string) (ok bool, err error) {
	switch {
	case len(r.seen) == MaxModels:
		return false, fault.Newf(fault.Invalid, "The price list has more than %d models. Remove those that you do not need from it.", MaxModels)
	case !catalog.ValidName(name):
		r.skip(name, "its name must have 1 to 200 printable characters without blanks")
	case r.seen[name]:
		r.skip(name, "it is in the list twice; the first was read")
	default:
		r.seen[name] = true
		return true, nil
	}
	r.seen[fmt.Sprint("\x00", len(r.seen))] = true // it counts all the same
	return false, nil
}

func (r *reader) skip(model, reason string) {
	r.list.Unread = append(r.list.Unread, catalog.Unread{Model: short(model, 200), Reason: reason})
}

// add takes in a price that keeps the bounds of prices.
func (r *reader) add(e catalog.Listed) {
	checked := e.Terms
	checked.Charge = catalog.Charge{Mode: catalog.ByCost, CreditValue: 1}
	if err := checked.Check(); err != nil {
		r.skip(e.Model, strings.Join(sortedProblems(err), "; "))
		return
	}
	if isFree(&e.Terms) {
		r.skip(e.Model, "it costs nothing in the list; if that is so, set its price yourself")
		return
	}
	r.list.Entries = append(r.list.Entries, e)
}

func sortedProblems(err error) (problems []string) {
	for field, problem := range fault.As(err).Fields {
		problems = append(problems, field+" "+problem)
	}
	slices.Sort(problems)
	return problems
}

// short is a text of the list that can be shown, on a terminal too: � stands for what is not printed.
func short(text string, characters int) string {
	text = strings.Map(func(r rune) rune {
		if r == ' ' || catalog.ValidName(string(r)) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
	for i := range text {
		if characters--; characters < 0 {
			return text[:i]
		}
	}
	return text
}
