package views

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"codexible/catalog"
	"codexible/usage"
)

// PriceLine is a name that has prices, as lists show it.
type PriceLine struct {
	Name string
	// Model is what is offered under the name; nil where nothing is.
	Model *catalog.Model
	// Price is in force; nil where none is yet.
	Price *catalog.Price
	// Typical is the typical call at the price; nil where it is beyond the bounds of a call.
	Typical *catalog.Quote
	// Next is the next price that begins; nil for none.
	Next *catalog.Price
}

// LineOf makes the line of a name at a moment.
func LineOf(b *catalog.Book, name string, now time.Time) PriceLine {
	l := PriceLine{Name: name, Model: b.Model(name), Price: b.PriceAt(name, now)}
	if l.Model != nil && l.Model.Name != name {
		l.Model = nil
	}
	for _, p := range b.Prices(name) {
		if p.ValidFrom.After(now) {
			l.Next = p
			break
		}
	}
	if l.Price != nil {
		if q, ok := l.Price.Typical(); ok {
			l.Typical = &q
		}
	}
	return l
}

// Path is the page of the version in force, or of the one that comes.
func (l PriceLine) Path() string {
	switch {
	case l.Price != nil:
		return PricePath(l.Price)
	case l.Next != nil:
		return PricePath(l.Next)
	}
	return WithQuery("/admin/prices/new", "model", l.Name)
}

// PricePath is the page of a price.
func PricePath(p *catalog.Price) string { return "/admin/prices/" + p.ID.String() }

func modelPath(m *catalog.Model) string { return "/admin/models/" + m.ID.String() }

// modelTitle is what customers see a model under.
func modelTitle(m *catalog.Model) string {
	if m.DisplayName != "" {
		return m.DisplayName
	}
	return m.Name
}

// Tiers are the names of the tiers of a price that have prices of their own, sorted.
func Tiers(t *catalog.Terms) []string { return slices.Sorted(maps.Keys(t.Tiers)) }

// customerPays is what a price asks of customers: credits a million tokens, or a request.
func customerPays(p *catalog.Price) string {
	c := p.Terms.Charge
	if c.Mode == catalog.ByRequest {
		return chargeSays(c)
	}
	r := &p.Terms.Base.Rates
	return FewCredits(c.PerMillion(r.Input)) + " in, " + FewCredits(c.PerMillion(r.Output)) + " out"
}

// payUnit is the unit of customerPays.
func payUnit(p *catalog.Price) string {
	if p.Terms.Charge.Mode == catalog.ByRequest {
		return "whatever the call costs"
	}
	return "credits per million tokens"
}

// costs are the dollars of a price: per million tokens, in and out.
func costs(p *catalog.Price) string {
	r := &p.Terms.Base.Rates
	return PerMillion(r.Input) + " in, " + PerMillion(r.Output) + " out"
}

// extras says what a price has beside its base rates: "2 bands, tiers flex, priority".
func extras(p *catalog.Price) string {
	var parts []string
	if n := len(p.Terms.Base.Bands); n > 0 {
		parts = append(parts, Count(int64(n), "band"))
	}
	if tiers := Tiers(&p.Terms); len(tiers) > 0 {
		parts = append(parts, Count(int64(len(tiers)), "tier"))
	}
	return strings.Join(parts, ", ")
}

// Prices is the list of priced names.
type Prices struct {
	Frame
	Search, Show Field
	// Order is kept by the filters; Heads change it.
	Order    string
	Heads    []Head
	Lines    []PriceLine
	Pager    Pager
	Filtered bool
}

// Version is a price in its model's history.
type Version struct {
	*catalog.Price
	// Until is when the next one follows; nil for the last.
	Until *time.Time
	Now   time.Time
}

// Versions are the prices of a name, the last first.
func Versions(b *catalog.Book, name string, now time.Time) []Version {
	list := make([]Version, 0, len(b.Prices(name)))
	var until *time.Time
	for _, p := range slices.Backward(b.Prices(name)) {
		list = append(list, Version{p, until, now})
		until = &p.ValidFrom
	}
	return list
}

func (v Version) state() (tone Tone, text string) {
	switch {
	case v.ValidFrom.After(v.Now):
		return ToneWarn, "Waiting"
	case v.Until != nil && !v.Until.After(v.Now):
		return "", "Followed"
	}
	return ToneGood, "In force"
}

// PriceVersion is a price's own page.
type PriceVersion struct {
	Frame
	Version Version
	Model   *catalog.Model
	// Typical is nil where a typical call is beyond the bounds of a call.
	Typical *Bill
	History []Version
	// Earlier is how many versions are older than those of History.
	Earlier int64
}

// Quote is the page of the what-if calculator.
type Quote struct {
	Frame
	Model, At        Field
	Tier             Field
	Buckets          []Field
	Requests, Search Field
	// Bill is the answer; nil where nothing was asked or Problems has why.
	Bill     *Bill
	Problems []string
	// Names completes the model's name.
	Names []string
}

// PriceForm is the page that sets a price.
type PriceForm struct {
	Frame
	Groups []FieldGroup
	Action string
	Cancel string
	Names  []string
}

// FieldGroup is fields of a form under a heading.
type FieldGroup struct {
	Title, Intro string
	Fields       []Field
}

// PriceImport is the page that takes over a list of prices.
type PriceImport struct {
	Frame
	// Shipped describes the list in the binary.
	Shipped string
	List    Field
	Text    Field
	Only    Field
	Charge  []Field
	// Preview is the second step; nil for the first.
	Preview *ImportPreview
}

// ImportPreview is what an import would change.
type ImportPreview struct {
	Source                string
	New, Changed          []ImportLine
	Unchanged             int64
	Unread                []catalog.Unread
	MoreNew, MoreChanged  int64
	MoreUnread            int64
	Hidden                []Field
	NewCount, ChangeCount int64
}

// ImportLine is a price of the list beside the one it follows.
type ImportLine struct {
	Before, After *catalog.Price
	// Differences are the rates that change, in words.
	Differences []string
}

// Differences says which rates of two prices are not the same.
func Differences(before, after *catalog.Terms) (list []string) {
	rows := map[string]catalog.Rates{}
	for _, r := range sets(before) {
		rows[r.title()+"\x00"+r.size()] = r.Rates
	}
	for _, r := range sets(after) {
		key := r.title() + "\x00" + r.size()
		was, known := rows[key]
		delete(rows, key)
		name := setName(r)
		if !known {
			list = append(list, name+"new: "+PerMillion(r.Rates.Input)+" in, "+PerMillion(r.Rates.Output)+" out")
			continue
		}
		for b := range usage.NumBuckets {
			if was.Of(b) != r.Rates.Of(b) {
				list = append(list, name+BucketLabel(b)+": "+PerMillion(was.Of(b))+" → "+PerMillion(r.Rates.Of(b)))
			}
		}
	}
	for _, r := range sets(before) {
		if _, gone := rows[r.title()+"\x00"+r.size()]; gone {
			list = append(list, setName(r)+"no longer has prices of its own")
		}
	}
	if before.PerRequest != after.PerRequest {
		list = append(list, "A request: "+Picos(before.PerRequest)+" → "+Picos(after.PerRequest))
	}
	if before.PerWebSearch != after.PerWebSearch {
		list = append(list, "A web search: "+Picos(before.PerWebSearch)+" → "+Picos(after.PerWebSearch))
	}
	return list
}

// setName stands before what is said of a set of rates; empty for the base.
func setName(r rateRow) string {
	if r.Name == "" && r.Above == 0 {
		return ""
	}
	name := r.title()
	if r.Above > 0 {
		name += ", above " + thousands(r.Above)
	}
	return name + ": "
}

func groupID(i int) string { return "group-" + strconv.Itoa(i) }
