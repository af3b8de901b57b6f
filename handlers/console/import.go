package console

import (
	"context"
	"strings"

	"codexible/catalog"
	"codexible/catalog/pricelist"
	"codexible/fault"
	"codexible/views"
)

const (
	// importRows is how many prices of each kind a preview lists.
	importRows = 100
	// listShipped and listPasted are where a list comes from.
	listShipped = "shipped"
	listPasted  = "pasted"
)

// ImportPrices takes over a list of prices in two steps: the first chooses the list, the
// second shows what it changes.
func (c *Console) ImportPrices(ctx context.Context, v *Visit) (Reply, error) {
	p := c.importPage(v)
	if !v.Post {
		return show(views.PriceImportPage(p))
	}
	book, err := c.Catalog.Book(ctx)
	if err != nil {
		return Reply{}, err
	}
	i, ok := c.readImport(v, &p)
	if !ok {
		return showAgain(views.PriceImportPage(p))
	}
	if err := i.Check(); err != nil {
		if !importProblems(&p, err) {
			return Reply{}, err
		}
		return showAgain(views.PriceImportPage(p))
	}
	if v.Form.Get("confirmed") == "" {
		preview := book.Preview(i, c.Now())
		p.Preview = shownPreview(i.Source, &preview)
		p.Preview.Hidden = importFields(v)
		return show(views.PriceImportPage(p))
	}
	done, err := c.Store.ImportPrices(ctx, v.By, i)
	switch {
	case err == nil && done.Count(catalog.ActionNew)+done.Count(catalog.ActionChanged) == 0:
		return leadTo("/admin/prices", "done", "prices-same")
	case err == nil:
		return leadTo("/admin/prices", "done", "prices-imported")
	case fault.As(err).Kind == fault.Conflict:
		p.Notice = &views.Notice{Tone: views.ToneBad, Title: "Nothing was imported", Text: fault.As(err).Message}
		return showAgain(views.PriceImportPage(p))
	}
	return Reply{}, err
}

func (c *Console) importPage(v *Visit) views.PriceImport {
	shipped := pricelist.Shipped()
	f := termsForm{visit: v, creditValue: c.CreditValue}
	f.fill("", nil)
	return views.PriceImport{
		Frame:   v.frame("Import prices", views.SectionPrices, views.Link{Text: "Prices", Path: "/admin/prices"}),
		Shipped: "The list that ships is " + shipped.Source + ", with " + views.Count(int64(len(shipped.Entries)), "price") + ". Codexible fetches no list: paste another one, or choose its file.",
		List: views.Field{Name: "list", Label: "List", Type: "select", Value: v.Form.Get("list"), Options: []views.Option{
			{Value: listShipped, Label: "The list that ships: " + shipped.Source}, {Value: listPasted, Label: "The text below"}}},
		Text: views.Field{Name: "text", Label: "Text of a list", Type: "textarea", Value: v.Form.Get("text"), Hint: "The JSON of genai-prices (data.json) or of LiteLLM (model_prices_and_context_window.json), up to 3 MB. For a larger one use codexible price import."},
		Only: views.Field{Name: "only", Label: "Only these models", Type: "textarea", Value: v.Form.Get("only"), Hint: "Optional. Names, one per line, in which * stands for any text, such as gpt-*. All models of the list if left empty."},
		// A list knows what models cost, not what customers pay.
		Charge: f.charge(),
	}
}

// readImport reads the form, and puts every problem beside its field.
func (c *Console) readImport(v *Visit, p *views.PriceImport) (i catalog.Import, ok bool) {
	ok = true
	groups := []views.FieldGroup{{Fields: p.Charge}}
	f := termsForm{visit: v, creditValue: c.CreditValue}
	charge := f.readCharge(func(name, text string) {
		problem(groups, name, text)
		ok = false
	})
	list := pricelist.Shipped()
	if v.Form.Get("list") != listShipped {
		var err error
		if strings.TrimSpace(v.Form.Get("text")) == "" {
			p.Text.Problem = "Paste the text of a list here, or choose the list that ships."
			return i, false
		}
		if list, err = pricelist.Read([]byte(v.Form.Get("text"))); err != nil {
			p.Text.Problem = fault.As(err).Message
			return i, false
		}
	}
	return list.Import(strings.Fields(v.Form.Get("only")), charge), ok
}

// importProblems puts a fault's field errors beside the fields of the form; false where it is about none.
func importProblems(p *views.PriceImport, err error) bool {
	found := false
	for name, text := range fault.As(err).Fields {
		switch name = strings.TrimPrefix(name, "charge."); name {
		case "models":
			p.Only.Problem, found = sentence(text), true
		case "credit_value_usd":
			found = problem([]views.FieldGroup{{Fields: p.Charge}}, "credit_value", sentence(text)) || found
		default:
			found = problem([]views.FieldGroup{{Fields: p.Charge}}, name, sentence(text)) || found
		}
	}
	return found
}

// importFields repeat the form in its second step.
func importFields(v *Visit) []views.Field {
	hidden := []views.Field{{Name: "confirmed", Type: "hidden", Value: "yes"}}
	for _, name := range []string{"list", "text", "only", "mode", "percent", "credits", "credit_value"} {
		value := v.Form.Get(name)
		if name == "text" && v.Form.Get("list") == listShipped {
			value = ""
		}
		hidden = append(hidden, views.Field{Name: name, Type: "hidden", Value: value})
	}
	return hidden
}

// shownPreview is what a preview shows: the first rows of each kind.
func shownPreview(source string, p *catalog.Preview) *views.ImportPreview {
	shown := &views.ImportPreview{Source: source, Unchanged: int64(p.Count(catalog.ActionUnchanged))}
	for k := range p.Items {
		switch item := &p.Items[k]; item.Action {
		case catalog.ActionNew:
			if shown.NewCount++; len(shown.New) < importRows {
				shown.New = append(shown.New, views.ImportLine{After: item.After})
			}
		case catalog.ActionChanged:
			if shown.ChangeCount++; len(shown.Changed) < importRows {
				shown.Changed = append(shown.Changed, views.ImportLine{Before: item.Before, After: item.After, Differences: views.Differences(&item.Before.Terms, &item.After.Terms)})
			}
		case catalog.ActionUnchanged:
		}
	}
	shown.MoreNew, shown.MoreChanged = shown.NewCount-int64(len(shown.New)), shown.ChangeCount-int64(len(shown.Changed))
	shown.Unread = p.Unread[:min(len(p.Unread), importRows)]
	shown.MoreUnread = int64(len(p.Unread) - len(shown.Unread))
	return shown
}
