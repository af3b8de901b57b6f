package console

import (
	"context"
	"math"
	"strings"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/fault"
	"codexible/usage"
	"codexible/views"
)

// errNoPrice answers a path with no price's id.
var errNoPrice = fault.New(fault.NotFound, "This price does not exist.")

func modelLine(book *catalog.Book, m *catalog.Model, plans []accounts.Plan, now time.Time) views.ModelLine {
	return views.ModelLine{PriceLine: views.LineOf(book, m.Name, now), Plans: m.PlanNames(plans)}
}

// history lists the last versions of a name's price, and how many are older.
func history(book *catalog.Book, name string, now time.Time) (list []views.Version, earlier int64) {
	list = views.Versions(book, name, now)
	if len(list) > versionsShown {
		earlier = int64(len(list) - versionsShown)
		list = list[:versionsShown]
	}
	return list, earlier
}

// The choices of the list of prices.
const (
	showOffered = "offered"
	showOther   = "other"
	showWaiting = "waiting"
	showLoss    = "loss"
)

// Prices lists the names that have prices.
func (c *Console) Prices(ctx context.Context, v *Visit) (Reply, error) {
	text, err := v.search()
	if err != nil {
		return Reply{}, err
	}
	book, err := c.Catalog.Book(ctx)
	if err != nil {
		return Reply{}, err
	}
	which := oneOf(v.Query.Get("show"), []string{showOffered, showOther, showWaiting, showLoss})
	p := views.Prices{
		Frame: v.frame("Prices", views.SectionPrices), Filtered: text != "" || which != "",
		Search: views.Field{Name: "q", Label: "Search", Type: "search", Placeholder: "Name of a model", Value: text},
		Show: views.Field{Name: "show", Label: "Show", Type: "select", Value: which, Options: []views.Option{
			{Label: "All prices"}, {Value: showOffered, Label: "Offered models"}, {Value: showOther, Label: "Not offered"}, {Value: showWaiting, Label: "With a later version"}, {Value: showLoss, Label: "Sold at a loss"}}},
	}
	lower, now := strings.ToLower(text), c.Now()
	for _, name := range book.Priced() {
		if !strings.Contains(strings.ToLower(name), lower) {
			continue
		}
		if l := views.LineOf(book, name, now); chosen(which, &l) {
			p.Lines = append(p.Lines, l)
		}
	}
	order := v.sorting("name", views.PriceHeads())
	p.Order, p.Heads = order.order, order.heads(func(sort string) string { return views.WithQuery(v.Path, "q", text, "show", which, "sort", sort) })
	p.Lines, p.Pager = rows[views.PriceLine]{p.Lines, func(l *views.PriceLine) string { return l.Name }, priceRank}.page(v, &order, "name")
	return show(views.PricesPage(p))
}

// priceRank is what prices are sorted by. What is not known is lowest.
func priceRank(l *views.PriceLine, column string) rank {
	switch {
	case column == "since" && l.Price != nil:
		return byNumber(l.Price.ValidFrom.UnixMicro())
	case column == "typical" && l.Typical != nil:
		return byNumber(l.Typical.Picos)
	case column == "margin" && l.Typical != nil:
		return byMargin(views.MarginOf(l.Typical))
	case column == "name":
		return byText(l.Name)
	}
	return byNumber(math.MinInt64)
}

func chosen(which string, l *views.PriceLine) bool {
	switch which {
	case showOffered:
		return l.Model != nil
	case showOther:
		return l.Model == nil
	case showWaiting:
		return l.Next != nil
	case showLoss:
		return l.Typical != nil && views.MarginOf(l.Typical).Left().Sign() < 0
	}
	return true
}

// priceOf reads the price of the path.
func (c *Console) priceOf(ctx context.Context, v *Visit) (*catalog.Book, *catalog.Price, error) {
	book, err := c.Catalog.Book(ctx)
	if err != nil {
		return nil, nil, err
	}
	p := book.Price(v.ID)
	if p == nil {
		return nil, nil, errNoPrice
	}
	return book, p, nil
}

// Price shows one version of a price.
func (c *Console) Price(ctx context.Context, v *Visit) (Reply, error) {
	book, price, err := c.priceOf(ctx, v)
	if err != nil {
		return Reply{}, err
	}
	p := views.PriceVersion{
		Frame:   v.frame(price.Model, views.SectionPrices, views.Link{Text: "Prices", Path: "/admin/prices"}),
		Version: views.Version{Price: price, Until: book.Ends(price), Now: c.Now()}, Model: book.Model(price.Model),
	}
	p.History, p.Earlier = history(book, price.Model, c.Now())
	if b, err := bill(book, price, &catalog.TypicalCall); err == nil {
		p.Typical = &b
	}
	return show(views.PricePage(p))
}

// bill prices usage and keeps what explains it.
func bill(book *catalog.Book, p *catalog.Price, t *usage.Tokens) (views.Bill, error) {
	q, err := p.Quote(t)
	return views.Bill{Quote: q, Tokens: *t, Price: p, Until: book.Ends(p)}, err
}

// namesListed is how many names complete what is typed.
const namesListed = 300

// names are those of models: what is offered, then what has a price.
func names(book *catalog.Book) (list []string) {
	known := map[string]bool{}
	for _, m := range book.Models() {
		known[m.Name] = true
		list = append(list, m.Name)
	}
	for _, name := range book.Priced() {
		if !known[name] {
			list = append(list, name)
		}
	}
	return list[:min(len(list), namesListed)]
}

// NewPrice shows and takes the form that sets a price. It has the values of the price in force.
func (c *Console) NewPrice(ctx context.Context, v *Visit) (Reply, error) {
	book, err := c.Catalog.Book(ctx)
	if err != nil {
		return Reply{}, err
	}
	asked, _ := filter(v.Query.Get("model"), usage.MaxModelLength)
	title, back := "Set a price", "/admin/prices"
	crumbs := []views.Link{{Text: "Prices", Path: back}}
	current := book.PriceAt(asked, c.Now())
	if current != nil {
		back = views.PricePath(current)
		crumbs = append(crumbs, views.Link{Text: current.Model, Path: back})
	}
	f := termsForm{visit: v, creditValue: c.CreditValue}
	f.fill(book.Name(asked), current)
	p := views.PriceForm{Frame: v.frame(title, views.SectionPrices, crumbs...), Groups: f.groups(), Action: v.Here, Cancel: back, Names: names(book)}
	if !v.Post {
		return show(views.PriceFormPage(p))
	}
	n, ok := f.read(p.Groups)
	if ok {
		var price catalog.Price
		price, err = c.Store.SetPrice(ctx, v.By, n)
		if err == nil {
			return leadTo(views.PricePath(&price), "done", "price-set")
		}
		if fault.As(err).Kind == fault.Conflict {
			p.Notice = &views.Notice{Tone: views.ToneBad, Title: "No price was set", Text: fault.As(err).Message}
		} else if !f.problems(p.Groups, err) {
			return Reply{}, err
		}
	}
	return showAgain(views.PriceFormPage(p))
}
