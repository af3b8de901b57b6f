package console

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"codexible/accounts"
	"codexible/fault"
	"codexible/limits"
	"codexible/store"
	"codexible/views"

	"github.com/a-h/templ"
	"github.com/google/uuid"
)

// Attempts at a password or a code in any 60 seconds.
const (
	// triesPerAddress bounds one address, over all accounts.
	triesPerAddress = 10
	// triesPerAccount bounds all attempts at one account together, except from
	// browsers that its owner has used: each of those has its own limit.
	triesPerAccount = 10
	// triesPerPair bounds one address at one account. It is below triesPerAccount,
	// so that a guesser does not lock out an owner at another address.
	triesPerPair = 7
	// triesPerSite bounds an IPv6 /48.
	triesPerSite = 30
)

// throttle counts an attempt at an account. known is true for a browser in which
// the account's owner has signed in: it has a limit that nobody else can use up.
func (c *Console) throttle(ctx context.Context, v *Visit, account string, known bool) error {
	address := limits.Address(v.Address).String()
	windows := addressWindows("sign-in: address", v.Address, triesPerAddress, triesPerSite)
	if known {
		windows = append(windows, consoleWindow("sign-in: browser "+string(v.Browser.Hash())+account, triesPerAccount))
	} else {
		windows = append(windows, consoleWindow("sign-in: pair "+address+" "+account, triesPerPair), consoleWindow("sign-in: account "+account, triesPerAccount))
	}
	// An attempt that one limit refuses must not count against another: all are checked first.
	for _, check := range []decide{c.Counter.Peek, c.Counter.Hit} {
		d, err := checkWindows(ctx, check, windows)
		if err != nil {
			return err
		}
		if !d.Allowed {
			return tooManyTries(d)
		}
	}
	return nil
}

// CheckTries refuses a sign-in from an address that has reached its limit, without
// counting it: before its form is read.
func (c *Console) CheckTries(ctx context.Context, v *Visit) error {
	d, err := checkWindows(ctx, c.Counter.Peek, addressWindows("sign-in: address", v.Address, triesPerAddress, triesPerSite))
	if err == nil && !d.Allowed {
		err = tooManyTries(d)
	}
	return err
}

func tooManyTries(d limits.Decision) error {
	wait := time.Duration(max(d.ResetSeconds, 1)) * time.Second
	return &fault.Error{Kind: fault.RateLimited, RetryAfter: wait, Message: "Too many attempts to sign in. Wait " + views.Span(wait) + " and try again."}
}

func (v *Visit) signedOut(d views.SignedOut) views.SignedOut {
	d.Theme, d.CSRF = v.Theme, formToken(v.Token)
	return d
}

const lostPassword = "Forgot your password? Set another one on the server: codexible user set-password."

// SignIn shows the sign-in form. It redirects an operator who is signed in.
func (c *Console) SignIn(ctx context.Context, v *Visit) (Reply, error) {
	if v.Operator.Session.ID != uuid.Nil && !v.Operator.Session.CodePending {
		return leadTo("/admin")
	}
	has, err := c.hasOperator(ctx)
	if err != nil {
		return Reply{}, err
	}
	if !has && c.OpenID == nil {
		return show(views.SignedOutPage(v.signedOut(views.SignedOut{Title: "No operator yet", Intro: "Open the set-up link that Codexible printed to its terminal and its log when it started. It creates the first operator.", Foot: "On the server, codexible user set-password does the same."})))
	}
	var n *views.Notice
	if done, found := notices[v.Query.Get("done")]; found {
		n = &done
	}
	return show(c.signInPage(v, "", v.Query.Get("next"), n))
}

func (c *Console) signInPage(v *Visit, email, next string, n *views.Notice) templ.Component {
	page := views.SignedOut{Title: "Sign in", Intro: "Operator console", Next: ownPath(next), Notice: n}
	if c.OpenID != nil {
		page.Elsewhere = views.Elsewhere{Action: "/admin/openid", Submit: "Continue with single sign-on", Hint: "Opens " + c.OpenID.Host() + "."}
	}
	if !c.PasswordsOff {
		page.Action, page.Submit, page.Foot = "/admin/login", "Sign in", lostPassword
		if c.SendReset != nil {
			page.Foot, page.Back = "", views.Link{Text: "Forgot your password?", Path: "/admin/forgot"}
		}
		page.Fields = []views.Field{
			{Name: "email", Label: "E-mail", Type: "email", Autocomplete: "username", Value: email, Required: true, Autofocus: email == ""},
			{Name: "password", Label: "Password", Type: "password", Autocomplete: "current-password", Required: true, Autofocus: email != ""},
		}
	}
	return views.SignedOutPage(v.signedOut(page))
}

// ownPath returns a path of the console unchanged, and empty for any other: a sign-in redirects nowhere else.
func ownPath(path string) string {
	if path != "/admin" && !strings.HasPrefix(path, "/admin/") && !strings.HasPrefix(path, "/admin?") || !IsOwnPath(path) || strings.Contains(path, "//") {
		return ""
	}
	return path
}

var wrongSignIn = views.Notice{Tone: views.ToneBad, Title: "Wrong e-mail or password", Text: "Check both and try again. Only operators can sign in here."}

// TrySignIn answers every failed sign-in with the same page in the same time,
// whether the user, the password or the role is wrong. Until the password is
// compared it reads the same for every e-mail, and nothing for a refused attempt.
func (c *Console) TrySignIn(ctx context.Context, v *Visit) (Reply, error) {
	if c.PasswordsOff {
		return Reply{}, errPasswordsOff
	}
	email := strings.TrimSpace(v.Form.Get("email"))
	account := accounts.FoldEmail(email)
	owner, err := c.owner(ctx, v)
	if err != nil {
		return Reply{}, err
	}
	known := owner != "" && accounts.FoldEmail(owner) == account
	if err := c.throttle(ctx, v, account, known); err != nil {
		return Reply{}, err
	}
	credentials, err := c.Store.CredentialsByEmail(ctx, email)
	if err != nil && !errors.Is(err, accounts.ErrUserNotFound) {
		return Reply{}, err
	}
	check := accounts.CheckPassword
	if known {
		check = accounts.CheckKnownPassword
	}
	matches, err := check(ctx, v.Form.Get("password"), credentials.PasswordHash)
	if err != nil {
		return Reply{}, err
	}
	if !matches || !credentials.Role.Operates() || credentials.Status != accounts.StatusActive {
		return c.refuseSignIn(ctx, v, email)
	}
	v.By.Name, v.By.UserID = credentials.Email, credentials.UserID
	two, _, err := c.Store.TwoStep(ctx, credentials.UserID)
	if err != nil {
		return Reply{}, err
	}
	return c.admit(ctx, v, store.NewSession{UserID: credentials.UserID, PasswordHash: credentials.PasswordHash, CodePending: two.Confirmed}, v.Form.Get("next"))
}

// refuseSignIn records the failure. The text may be a password typed into the
// wrong field, so only a valid e-mail is recorded.
func (c *Console) refuseSignIn(ctx context.Context, v *Visit, email string) (Reply, error) {
	target := shownEmail(email)
	if err := c.recordFailedSignIn(ctx, v, target, "Sign-in as "+target+" failed."); err != nil {
		return Reply{}, err
	}
	return showAgain(c.signInPage(v, email, v.Form.Get("next"), &wrongSignIn))
}

// shownEmail is a valid e-mail address, as it is kept, and else a phrase.
func shownEmail(text string) string {
	n, err := accounts.NewUser{Email: text, Plan: "any"}.Normalize()
	if err != nil {
		return "an invalid e-mail"
	}
	return n.Email
}

func (c *Console) recordFailedSignIn(ctx context.Context, v *Visit, target, details string) error {
	by := v.By
	by.Name = "nobody"
	return c.Store.Record(ctx, by, accounts.AuditEntry{Action: "session.failed", Subject: accounts.SubjectSession, Target: target, Details: details})
}

// admit opens a session, or one that waits for a code. It replaces the browser's
// previous session and its token.
func (c *Console) admit(ctx context.Context, v *Visit, n store.NewSession, next string) (Reply, error) {
	n.Token, n.UserAgent, n.Replaces = accounts.MintToken(), v.UserAgent, v.Operator.Session.ID
	if !n.CodePending {
		n.Browser, n.OldBrowser = accounts.MintToken(), v.Browser
	}
	if _, err := c.Store.OpenSession(ctx, v.By, n); err != nil {
		return Reply{}, err
	}
	c.tokens.keep(n.Token, true)
	if n.CodePending {
		v.setCookie(SessionCookie, n.Token.Reveal(), accounts.CodePatience)
		return leadTo("/admin/login/code", "next", ownPath(next))
	}
	v.setCookie(SessionCookie, n.Token.Reveal(), accounts.SessionLife)
	v.setCookie(BrowserCookie, n.Browser.Reveal(), accounts.BrowserLifetime)
	if next = ownPath(next); next == "" {
		next = "/admin"
	}
	return leadTo(next)
}

// AskCode shows the second step of a sign-in.
func (c *Console) AskCode(ctx context.Context, v *Visit) (Reply, error) {
	if !v.Operator.Session.CodePending {
		return leadTo("/admin/login")
	}
	two, _, err := c.Store.TwoStep(ctx, v.Operator.Session.UserID)
	if err != nil {
		return Reply{}, err
	}
	var n *views.Notice
	if two.LockedAt != nil {
		n = &codesLocked
	}
	return show(c.codePage(v, v.Query.Get("next"), n))
}

var (
	codesLocked = views.Notice{Tone: views.ToneBad, Title: "Your authenticator codes are locked", Text: fmt.Sprintf("%d wrong codes were entered in one day. Enter a recovery code to sign in and to unlock them. On the server, codexible user set-password unlocks them too.", accounts.MaxWrongCodes)}
	codeWrong   = views.Notice{Tone: views.ToneBad, Title: "Wrong code", Text: "Codes change every 30 seconds and work once. Check the clock of your phone."}
)

func (c *Console) codePage(v *Visit, next string, n *views.Notice) templ.Component {
	return views.SignedOutPage(v.signedOut(views.SignedOut{Title: "Enter the code", Intro: "Enter the six-digit code from your authenticator app, or a recovery code.", Action: "/admin/login/code", Next: ownPath(next), Submit: "Sign in", Notice: n,
		Back:   views.Link{Text: "Sign in as someone else", Path: "/admin/login"},
		Fields: []views.Field{{Name: "code", Label: "Code", Autocomplete: "one-time-code", Required: true, Autofocus: true, MaxLength: 20}}}))
}

// TryCode checks the second factor and completes the sign-in.
func (c *Console) TryCode(ctx context.Context, v *Visit) (Reply, error) {
	if !v.Operator.Session.CodePending {
		return leadTo("/admin/login")
	}
	userID := v.Operator.Session.UserID
	if err := c.throttleCode(ctx, v); err != nil {
		return Reply{}, err
	}
	taken, err := c.takeCode(ctx, v, userID, v.Form.Get("code"))
	if err != nil {
		return Reply{}, err
	}
	if !taken.right {
		err := c.Store.Record(ctx, v.By, accounts.AuditEntry{Action: "session.failed", Subject: accounts.SubjectSession, Target: v.Operator.Email, Details: "Sign-in as " + v.Operator.Email + " failed: wrong code."})
		if err != nil {
			return Reply{}, err
		}
		n := &codeWrong
		if taken.locked {
			n = &codesLocked
		}
		return showAgain(c.codePage(v, v.Form.Get("next"), n))
	}
	next := v.Form.Get("next")
	if taken.locked {
		next = "/admin/account?done=two-step-unlocked"
	}
	return c.admit(ctx, v, store.NewSession{UserID: userID, FromPending: true}, next)
}

// throttleCode counts an attempt at a code, of an operator, or after the first step of a sign-in.
func (c *Console) throttleCode(ctx context.Context, v *Visit) error {
	owner, err := c.owner(ctx, v)
	if err != nil {
		return err
	}
	return c.throttle(ctx, v, "code "+v.Operator.Session.UserID.String(), owner != "" && accounts.FoldEmail(owner) == accounts.FoldEmail(v.Operator.Email))
}

// takenCode is the result of checking a code. locked is true if the app's codes
// were locked before or by this code; a correct recovery code has unlocked them.
type takenCode struct{ right, locked bool }

// takeCode checks a code of the app or a recovery code; each works once. Too many
// wrong codes lock those of the app.
func (c *Console) takeCode(ctx context.Context, v *Visit, userID uuid.UUID, code string) (taken takenCode, err error) {
	two, found, err := c.Store.TwoStep(ctx, userID)
	if err != nil || !found {
		return taken, err
	}
	taken.locked = two.LockedAt != nil
	if step, ok := two.Step(code, c.Now()); ok {
		taken.right, err = c.Store.TakeStep(ctx, userID, step)
	} else {
		taken.right, err = c.Store.TakeRecoveryCode(ctx, v.By, userID, accounts.HashRecoveryCode(code))
	}
	if err != nil || taken.right {
		return taken, err
	}
	lockedNow, err := c.Store.WrongCode(ctx, v.By, userID)
	taken.locked = taken.locked || lockedNow
	return taken, err
}

// SignOut ends the visit's session.
func (c *Console) SignOut(ctx context.Context, v *Visit) (Reply, error) {
	if err := c.Store.EndSession(ctx, v.By, v.Operator.Session.UserID, v.Operator.Session.ID); err != nil {
		return Reply{}, err
	}
	v.setCookie(SessionCookie, "", 0)
	return leadTo("/admin/login", "done", "signed-out")
}

// Setup shows the form that creates the first operator, to the holder of the link.
func (c *Console) Setup(ctx context.Context, v *Visit) (Reply, error) {
	token := v.Query.Get("token")
	if err := c.openLink(ctx, v, token); err != nil {
		return Reply{}, err
	}
	return show(c.setupPage(v, token, setupFields("", "")))
}

// openLink fails if a set-up link is not valid. Guesses are counted by address;
// one over the limit is refused before the database is read.
func (c *Console) openLink(ctx context.Context, v *Visit, token string) error {
	if token == "" || c.PasswordsOff {
		return store.ErrSetupOver
	}
	over := false
	windows := addressWindows("set-up link", v.Address, linksPerAddress, linksPerSite)
	err := c.lookUp(ctx, v, windows, func() (bool, error) {
		err := c.Store.SetupOpen(ctx, accounts.TokenFrom(token))
		if over = errors.Is(err, store.ErrSetupOver); over {
			return false, nil
		}
		return true, err
	})
	if err != nil || !over {
		return err
	}
	return c.refuseSetup(ctx, v)
}

func setupFields(email, name string) []views.Field {
	return []views.Field{
		{Name: "email", Label: "E-mail", Type: "email", Autocomplete: "username", Value: email, Required: true, Autofocus: true},
		{Name: "name", Label: "Name", Autocomplete: "name", Value: name, Hint: "Optional."},
		{Name: "password", Label: "Password", Type: "password", Autocomplete: "new-password", Hint: "At least 12 characters. Several words in a row are easy to remember.", Required: true},
	}
}

func (c *Console) setupPage(v *Visit, token string, fields []views.Field) templ.Component {
	return views.SignedOutPage(v.signedOut(views.SignedOut{Title: "Set up the console", Intro: "Create the first operator. This link works once.", Action: "/admin/setup", Token: token, Submit: "Set up", Fields: fields}))
}

// FinishSetup creates the first operator and signs in.
func (c *Console) FinishSetup(ctx context.Context, v *Visit) (Reply, error) {
	token := v.Form.Get("token")
	if err := c.openLink(ctx, v, token); err != nil {
		return Reply{}, err
	}
	email, name := v.Form.Get("email"), v.Form.Get("name")
	fields := setupFields(email, name)
	hash, err := accounts.HashPassword(ctx, v.Form.Get("password"))
	var id uuid.UUID
	if err == nil {
		v.By.Name = "setup"
		id, err = c.Store.SetUp(ctx, v.By, accounts.TokenFrom(token), email, name, hash)
	}
	switch {
	case err == nil:
	case withProblems(fields, err):
		return showAgain(c.setupPage(v, token, fields))
	case errors.Is(err, store.ErrSetupOver):
		return Reply{}, c.refuseSetup(ctx, v)
	default:
		return Reply{}, err
	}
	v.By.Name, v.By.UserID = strings.TrimSpace(email), id
	return c.admit(ctx, v, store.NewSession{UserID: id, PasswordHash: hash}, "")
}

// refuseSetup records the use of an invalid set-up link.
func (c *Console) refuseSetup(ctx context.Context, v *Visit) error {
	by := v.By
	by.Name = "nobody"
	err := c.Store.Record(ctx, by, accounts.AuditEntry{Action: "console.setup_failed", Subject: accounts.SubjectSystem, Target: "console", Details: "An invalid set-up link was opened."})
	if err != nil {
		return err
	}
	return store.ErrSetupOver
}

var errTheme = fault.New(fault.Invalid, "The theme must be Auto, Light or Dark. Go back and choose one of them.")

// ChooseTheme keeps the theme in a cookie.
func (c *Console) ChooseTheme(_ context.Context, v *Visit) (Reply, error) {
	theme, known := views.ParseTheme(v.Form.Get("theme"))
	if !known {
		return Reply{}, errTheme
	}
	v.setCookie(ThemeCookie, string(theme), accounts.BrowserLifetime)
	if back := ownPath(v.Form.Get("back")); back != "" {
		return leadTo(back)
	}
	return leadTo("/admin")
}
