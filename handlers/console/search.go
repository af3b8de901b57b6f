package console

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"codexible/accounts"
	"codexible/fault"
	"codexible/keys"
	"codexible/store"
	"codexible/views"

	"github.com/google/uuid"
)

const searchPath = "/admin/search"

// resultsShown is how many results of a kind a search shows.
const resultsShown = 6

// Search finds users, keys, requests, models and pages by a text. A form brings the text, so that
// a whole key is never in an address: what leads on from there has only its beginning.
func (c *Console) Search(ctx context.Context, v *Visit) (Reply, error) {
	asked := v.Query.Get("q")
	if v.Post {
		asked = v.Form.Get("q")
	}
	text, ok := filter(asked, accounts.MaxSearchLength)
	shown := keys.Shorten(text)
	p := views.Search{Frame: v.frame("Search", views.SectionSearch), Asked: text != "",
		Field: views.Field{Name: "q", Label: "Users, keys, requests and pages", Type: "search", Value: shown, MaxLength: accounts.MaxSearchLength, Autofocus: true}}
	switch {
	case !ok:
		p.Problem, p.Field.Value = noFilter, ""
		return showAgain(views.SearchPage(p))
	case shown != text:
		return leadTo(searchPath, "q", shown, "leaked", "yes", "done", "key-pasted")
	case v.Post:
		return leadTo(searchPath, "q", text)
	case text == "":
		return show(views.SearchPage(p))
	}
	var err error
	if id, notID := uuid.Parse(text); notID == nil {
		p.Groups, err = c.findID(ctx, id)
	} else {
		p.Groups, err = c.findText(ctx, v, text)
	}
	if err != nil {
		return Reply{}, err
	}
	return show(views.SearchPage(p))
}

// findID finds the user, key or request that has an id.
func (c *Console) findID(ctx context.Context, id uuid.UUID) (groups []views.FoundGroup, err error) {
	request, err := c.Store.Request(ctx, id)
	if err == nil {
		line := requestLine(&request)
		groups = append(groups, views.FoundGroup{Name: "Requests", Lines: []views.Found{views.RequestFound(&line)}})
	} else if fault.KindOf(err) != fault.NotFound {
		return nil, err
	}
	user, err := c.Store.User(ctx, id)
	if err == nil {
		line := userLine(user, nil)
		groups = append(groups, views.FoundGroup{Name: "Users", Lines: []views.Found{views.UserFound(&line)}})
	} else if !errors.Is(err, accounts.ErrUserNotFound) {
		return nil, err
	}
	key, err := c.Store.Key(ctx, id, uuid.Nil)
	if err == nil {
		line := keyLine(&key)
		groups = append(groups, views.FoundGroup{Name: "Keys", Lines: []views.Found{views.KeyFound(&line)}})
	} else if !errors.Is(err, keys.ErrNotFound) {
		return nil, err
	}
	return groups, nil
}

func keyLine(k *store.KeyLine) views.KeyLine {
	return views.KeyLine{Key: k.Key, Email: k.UserEmail, UserStatus: k.UserStatus}
}

// findText finds by a part of a name.
func (c *Console) findText(ctx context.Context, v *Visit, text string) (groups []views.FoundGroup, err error) {
	add := func(name string, lines []views.Found, all string) {
		g := views.FoundGroup{Name: name, Lines: lines}
		if len(lines) > resultsShown {
			g.Lines = lines[:resultsShown]
			if all != "" {
				g.All = views.Link{Text: "All " + strings.ToLower(name) + " that match", Path: views.WithQuery(all, "q", text)}
			}
		}
		if len(lines) > 0 {
			groups = append(groups, g)
		}
	}
	found, err := c.Store.Keys(ctx, store.KeyQuery{Text: text, Page: store.Page{Limit: resultsShown + 1}})
	if err != nil {
		return nil, err
	}
	if v.Query.Get("leaked") != "" && len(found) == 1 && found[0].Status != keys.StatusRevoked && v.Operator.Role == accounts.RoleAdmin {
		add("A key that was published", []views.Found{{Path: fmt.Sprintf("/admin/keys/%s/revoke?leaked=yes", found[0].ID), Title: "Revoke this key and what it created", Under: found[0].Prefix + "…"}}, "")
	}
	users, err := c.Store.Users(ctx, store.UserQuery{Text: text, Page: store.Page{Limit: resultsShown + 1}})
	if err != nil {
		return nil, err
	}
	var userLines, keyLines []views.Found
	for i := range users {
		line := userLine(users[i], nil)
		userLines = append(userLines, views.UserFound(&line))
	}
	for i := range found {
		line := keyLine(&found[i])
		keyLines = append(keyLines, views.KeyFound(&line))
	}
	add("Users", userLines, "/admin/users")
	add("Keys", keyLines, "/admin/keys")
	models, err := c.modelsNamed(ctx, text)
	if err != nil {
		return nil, err
	}
	add("Models", models, "")
	add("Pages", pagesNamed(v, text), "")
	return groups, nil
}

func (c *Console) modelsNamed(ctx context.Context, text string) (list []views.Found, err error) {
	book, err := c.Catalog.Book(ctx)
	if err != nil {
		return nil, err
	}
	for _, m := range book.Models() {
		if hasWords(m.Name+" "+m.DisplayName, text) && len(list) < resultsShown {
			list = append(list, views.Found{Path: "/admin/models/" + m.ID.String(), Title: m.Name, Under: m.DisplayName})
		}
	}
	return list, nil
}

// pagesOfAdmins are the pages beside the navigation that change something.
var pagesOfAdmins = []views.Link{
	{Text: "Create a user", Path: "/admin/users/new"}, {Text: "Create a key", Path: "/admin/keys/new"}, {Text: "Create a plan", Path: "/admin/plans/new"},
	{Text: "Create a model", Path: "/admin/models/new"}, {Text: "Set a price", Path: "/admin/prices/new"}, {Text: "Import a list of prices", Path: "/admin/prices/import"},
	{Text: "Add an upstream", Path: "/admin/upstreams/new"}, {Text: "Add a webhook", Path: "/admin/webhooks/new"},
}

// pagesNamed are the pages that the operator may open whose name has all words of a text.
func pagesNamed(v *Visit, text string) (list []views.Found) {
	pages := append(views.Pages(), views.Link{Text: "What-if: the price of a call", Path: "/admin/prices/quote"})
	if v.Operator.Role == accounts.RoleAdmin {
		pages = append(pages, pagesOfAdmins...)
	}
	for _, p := range pages {
		if hasWords(p.Text, text) && len(list) < resultsShown {
			list = append(list, views.Found{Path: p.Path, Title: p.Text})
		}
	}
	return list
}

// hasWords reports whether a name has all words of a text, without case.
func hasWords(name, text string) bool {
	name = accounts.Fold(name)
	for word := range strings.FieldsSeq(accounts.Fold(text)) {
		if !strings.Contains(name, word) {
			return false
		}
	}
	return true
}
