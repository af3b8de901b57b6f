package console

import (
	"context"
	"errors"
	"time"

	"codexible/accounts"
	"codexible/fault"
	"codexible/limits"
	"codexible/store"
	"codexible/views"

	"github.com/a-h/templ"
)

const (
	// resetsPerAccount and resetsPerAddress bound how many links are asked for in an hour.
	resetsPerAccount, resetsPerAddress = 3, 10
	// resetsAtOnce bounds the links that are being sent.
	resetsAtOnce = 32
)

// Forgot asks for the e-mail of an operator who wants to choose another password.
func (c *Console) Forgot(_ context.Context, v *Visit) (Reply, error) {
	if c.SendReset == nil {
		return Reply{}, errNoPage
	}
	return show(c.forgotPage(v, forgotFields("")))
}

func forgotFields(email string) []views.Field {
	return []views.Field{{Name: "email", Label: "E-mail", Type: "email", Autocomplete: "username", Value: email, Required: true, Autofocus: true}}
}

func (c *Console) forgotPage(v *Visit, fields []views.Field) templ.Component {
	return views.SignedOutPage(v.signedOut(views.SignedOut{
		Title: "Forgot your password?", Intro: "Enter your e-mail. If an operator with a password has it, a link to choose another password is sent there.",
		Action: "/admin/forgot", Submit: "Send the link", Fields: fields, Back: views.Link{Text: "Back to the sign-in", Path: "/admin/login"},
	}))
}

// SendLink answers alike, and at once, whoever has the e-mail: who it is, is found and
// mailed after the answer.
func (c *Console) SendLink(ctx context.Context, v *Visit) (Reply, error) {
	if c.SendReset == nil {
		return Reply{}, errNoPage
	}
	fields := forgotFields(v.Form.Get("email"))
	n, err := accounts.NewUser{Email: v.Form.Get("email"), Plan: "any"}.Normalize()
	if err != nil {
		if withProblems(fields, err) {
			return showAgain(c.forgotPage(v, fields))
		}
		return Reply{}, err
	}
	if err := c.throttleReset(ctx, v, n.Email); err != nil {
		return Reply{}, err
	}
	select {
	case c.resets <- struct{}{}:
	default:
		return Reply{}, errResets
	}
	c.flowing.Go(func() { //nolint:contextcheck // it outlives the request
		defer func() { <-c.resets }()
		c.sendLink(v.By, n.Email)
	})
	return leadTo("/admin/login", "done", "reset-requested")
}

var errResets = &fault.Error{Kind: fault.Unavailable, RetryAfter: time.Minute, Message: "Many links are being sent at the moment. Nothing was sent to you; try again in a minute."}

// throttleReset counts a link that is asked for, by address and by account, whoever has it.
func (c *Console) throttleReset(ctx context.Context, v *Visit, email string) error {
	d, err := checkWindows(ctx, c.Counter.Hit, addressWindows("reset", v.Address, triesPerAddress, triesPerSite))
	if err != nil {
		return err
	}
	if !d.Allowed {
		return tooManyTries(d)
	}
	for _, turns := range []struct {
		of   string
		most int
	}{{"address " + limits.Address(v.Address).String(), resetsPerAddress}, {"account " + accounts.FoldEmail(email), resetsPerAccount}} {
		free, until, err := c.Store.TakeLinkTurn(ctx, "reset", turns.of, turns.most)
		if err != nil {
			return err
		}
		if wait := until.Sub(c.Store.Now()); !free {
			return &fault.Error{Kind: fault.RateLimited, RetryAfter: max(wait, time.Second), Message: "Links were asked for several times. Look into your mailbox, also among the unwanted mails, or try again in " + views.Span(max(wait, time.Minute)) + "."}
		}
	}
	return nil
}

// sendLink makes the link and sends it; nobody waits for it.
func (c *Console) sendLink(by accounts.Actor, email string) {
	ctx, cancel := context.WithTimeout(c.Life, store.ResetLife)
	defer cancel()
	token := accounts.MintToken()
	by.Name = "nobody"
	to, found, err := c.Store.AddResetLink(ctx, by, email, token)
	if err == nil && found {
		err = c.SendReset(ctx, to, token, c.Store.Now())
	}
	if err != nil {
		c.Log.WarnContext(ctx, "a link to choose another password could not be sent", "request_id", by.RequestID, "error", err)
	}
}

// Reset shows the form for another password to the holder of a link. The link is used by the form alone.
func (c *Console) Reset(ctx context.Context, v *Visit) (Reply, error) {
	email, err := c.openReset(ctx, v, v.Query.Get("token"))
	if err != nil {
		return Reply{}, err
	}
	return show(c.resetPage(v, email, v.Query.Get("token"), resetFields()))
}

// openReset gives the e-mail of whom a link is for. Guesses are counted by address.
func (c *Console) openReset(ctx context.Context, v *Visit, token string) (email string, err error) {
	if c.SendReset == nil {
		return "", errNoPage
	}
	over := false
	err = c.lookUp(ctx, v, addressWindows("reset link", v.Address, linksPerAddress, linksPerSite), func() (bool, error) {
		email, err = c.Store.ResetOpen(ctx, accounts.TokenFrom(token))
		if over = errors.Is(err, store.ErrResetOver); over {
			return false, nil
		}
		return true, err
	})
	if err == nil && over {
		err = store.ErrResetOver
	}
	return email, err
}

func resetFields() []views.Field {
	return []views.Field{
		{Name: "password", Label: "New password", Type: "password", Autocomplete: "new-password", Hint: "At least 12 characters. Several words in a row are easy to remember.", Required: true, Autofocus: true},
	}
}

func (c *Console) resetPage(v *Visit, email, token string, fields []views.Field) templ.Component {
	return views.SignedOutPage(v.signedOut(views.SignedOut{
		Title: "Choose another password", Intro: "For " + email + ". All sessions of this account in the console end.",
		Action: "/admin/reset", Token: token, Submit: "Set the password", Fields: fields,
	}))
}

// FinishReset sets the password. It signs nobody in: a second factor is asked for at the sign-in.
func (c *Console) FinishReset(ctx context.Context, v *Visit) (Reply, error) {
	token := v.Form.Get("token")
	email, err := c.openReset(ctx, v, token)
	if err != nil {
		return Reply{}, err
	}
	fields := resetFields()
	hash, err := accounts.HashPassword(ctx, v.Form.Get("password"))
	if err != nil {
		if withProblems(fields, err) {
			return showAgain(c.resetPage(v, email, token, fields))
		}
		return Reply{}, err
	}
	if _, err := c.Store.ResetPassword(ctx, v.By, accounts.TokenFrom(token), hash); err != nil {
		return Reply{}, err
	}
	return leadTo("/admin/login", "done", "password-reset")
}
