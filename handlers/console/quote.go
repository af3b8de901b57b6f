package console

import (
	"context"
	"strconv"
	"strings"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/fault"
	"codexible/usage"
	"codexible/views"
)

// Quote is the what-if calculator: what a call would cost, and why. It is a form that
// changes nothing, so its answer has an address.
func (c *Console) Quote(ctx context.Context, v *Visit) (Reply, error) {
	book, err := c.Catalog.Book(ctx)
	if err != nil {
		return Reply{}, err
	}
	p := quotePage(v)
	p.Names = names(book)
	if !v.Query.Has("model") {
		return show(views.QuotePage(p))
	}
	used, ok := readTokens(v, &p)
	at, readable := readMoment(v.Query.Get("at"), c.Now())
	if !readable {
		p.At.Problem = "Must be a date and a time such as 2026-12-31T23:59."
	}
	name := accounts.Clean(v.Query.Get("model"))
	price := book.PriceAt(name, at)
	switch {
	case !catalog.ValidName(name):
		p.Model.Problem = "Must have 1 to 200 printable characters without blanks."
	case price == nil && readable && len(book.Prices(name)) > 0:
		p.Model.Problem = "This model has no price at that time. Its first begins at " + views.Instant(book.Prices(name)[0].ValidFrom) + " UTC."
	case price == nil && readable:
		p.Model.Problem = "This model has no price."
	}
	if !ok || !readable || p.Model.Problem != "" {
		return showAgain(views.QuotePage(p))
	}
	b, err := bill(book, price, &used)
	if err != nil {
		for _, text := range fault.As(err).Fields {
			p.Problems = append(p.Problems, "The call "+text+".")
		}
		return showAgain(views.QuotePage(p))
	}
	b.At = at
	p.Bill = &b
	return show(views.QuotePage(p))
}

// quotePage is the page with what was typed; where no figure was, with the typical call.
func quotePage(v *Visit) views.Quote {
	first := !v.Query.Has("requests") && !v.Query.Has("web_searches") && !v.Query.Has("reasoning")
	for b := range usage.NumBuckets {
		first = first && !v.Query.Has(b.String())
	}
	number := func(name, label string, most, typical int64) views.Field {
		f := views.Field{Name: name, Label: label, Type: "number", Min: "0", Max: strconv.FormatInt(most, 10), Value: v.Query.Get(name)}
		if first && typical > 0 {
			f.Value = strconv.FormatInt(typical, 10)
		}
		return f
	}
	p := views.Quote{
		Frame:    v.frame("What-if", views.SectionPrices, views.Link{Text: "Prices", Path: "/admin/prices"}),
		Model:    views.Field{Name: "model", Label: "Model", Value: v.Query.Get("model"), Required: true, MaxLength: usage.MaxModelLength, List: "model-names"},
		At:       views.Field{Name: "at", Label: "At (UTC)", Type: "datetime-local", Value: v.Query.Get("at"), Hint: "Now if left empty."},
		Tier:     views.Field{Name: "service_tier", Label: "Service tier", Value: v.Query.Get("service_tier"), MaxLength: usage.MaxServiceTierLength, Hint: "Such as flex. Standard if left empty."},
		Requests: number("requests", "Requests", usage.MaxRequests, 1),
		Search:   number("web_searches", "Web searches", usage.MaxWebSearches, 0),
	}
	for b := range usage.NumBuckets {
		p.Buckets = append(p.Buckets, number(b.String(), views.BucketLabel(b), usage.MaxTokens, catalog.TypicalCall.Of(b)))
	}
	reasoning := number("reasoning", "Reasoning", usage.MaxTokens, 0)
	reasoning.Hint = "A part of the output."
	p.Buckets = append(p.Buckets, reasoning)
	return p
}

// readTokens reads what a call uses, and puts every problem beside its field.
func readTokens(v *Visit, p *views.Quote) (t usage.Tokens, ok bool) {
	ok = true
	read := func(f *views.Field) int64 {
		text := strings.TrimSpace(f.Value)
		if text == "" {
			return 0
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			f.Problem, ok = "Must be a whole number.", false
		}
		return n
	}
	buckets := [usage.NumBuckets]*int64{&t.Input, &t.CacheRead, &t.CacheWrite, &t.CacheWrite1h, &t.AudioInput, &t.Output, &t.AudioOutput}
	for b, to := range buckets {
		*to = read(&p.Buckets[b])
	}
	t.Reasoning = read(&p.Buckets[usage.NumBuckets])
	t.Requests, t.WebSearches = read(&p.Requests), read(&p.Search)
	t.ServiceTier = strings.TrimSpace(v.Query.Get("service_tier"))
	if !ok {
		return t, false
	}
	err := t.Check("")
	if err == nil {
		return t, true
	}
	fields := map[string]*views.Field{"requests": &p.Requests, "web_searches": &p.Search, "service_tier": &p.Tier, "reasoning_tokens": &p.Buckets[usage.NumBuckets]}
	for b := range usage.NumBuckets {
		fields[b.String()+"_tokens"] = &p.Buckets[b]
	}
	for name, text := range fault.As(err).Fields {
		if f := fields[name]; f != nil {
			f.Problem = sentence(strings.ReplaceAll(text, "output_tokens", "the output"))
		}
	}
	return t, false
}
