package handlers

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

// Tries at a password or a code in any 60 seconds.
const (
	// triesPerAddress bounds a guesser, whatever accounts are tried.
	triesPerAddress = 10
	// triesPerAccount bounds all guessers at one account together, except on
	// browsers that its owner used before: each of those has its own tries.
	triesPerAccount = 10
	// triesPerPair bounds one address at one account, so that a guesser leaves
	// tries over for the owner who comes from elsewhere.
	triesPerPair = 7
	// triesPerSite bounds a guesser who has a whole IPv6 /48.
	triesPerSite = 30
)

// throttle counts a try at an account. known tells that the account's owner
// signed in on this browser before: nobody else can spend its tries.
func (c *Console) throttle(ctx context.Context, v *visit, account string, known bool) error {
	address := limits.Address(v.x.address).String()
	windows := byPlace("sign-in: address", v.x.address, triesPerAddress, triesPerSite)
	if known {
		windows = append(windows, consoleWindow("sign-in: browser "+string(v.browser.Hash())+account, triesPerAccount))
	} else {
		windows = append(windows, consoleWindow("sign-in: pair "+address+" "+account, triesPerPair), consoleWindow("sign-in: account "+account, triesPerAccount))
	}
	// A try that one count refuses must not spend another's: they are all looked at first.
	for _, question := range []decide{c.api.Counter.Peek, c.api.Counter.Hit} {
		d, err := ask(ctx, question, windows)
		if err != nil {
			return err
		}
		if !d.Allowed {
			return tooManyTries(d)
		}
	}
	return nil
}

// peekTries refuses a form of an address that has no tries left, without counting it.
func (c *Console) peekTries(ctx context.Context, v *visit) error {
	d, err := ask(ctx, c.api.Counter.Peek, byPlace("sign-in: address", v.x.address, triesPerAddress, triesPerSite))
	if err == nil && !d.Allowed {
		err = tooManyTries(d)
	}
	return err
}

func tooManyTries(d limits.Decision) error {
	wait := time.Duration(max(d.ResetSeconds, 1)) * time.Second
	return &fault.Error{Kind: fault.RateLimited, RetryAfter: wait, Message: "Too many tries to sign in. Wait " + views.Span(wait) + " and try again."}
}

func (v *visit) door(d views.Door) views.Door {
	d.Theme, d.CSRF = v.theme, formToken(v.token)
	return d
}

const lostPassword = "A lost password is set anew on the machine itself: codexible user set-password."

// signIn shows the sign-in; who is signed in goes on.
func (c *Console) signIn(ctx context.Context, v *visit) (reply, error) {
	if v.operator.Session.ID != uuid.Nil && !v.operator.Session.CodePending {
		return leadTo("/admin")
	}
	has, err := c.hasOperator(ctx)
	if err != nil {
		return reply{}, err
	}
	if !has {
		return show(views.DoorPage(v.door(views.Door{Title: "Nobody can sign in yet", Intro: "Open the set-up link that Codexible printed when it started: on its terminal and in its log. It makes the first operator.", Foot: "codexible user set-password does the same on the machine itself."})))
	}
	var n *views.Notice
	if done, found := notices[v.query.Get("done")]; found {
		n = &done
	}
	return show(c.signInPage(v, "", v.query.Get("next"), n))
}

func (c *Console) signInPage(v *visit, email, next string, n *views.Notice) templ.Component {
	return views.DoorPage(v.door(views.Door{Title: "Sign in", Intro: "The operator's console.", Action: "/admin/login", Next: ownPath(next), Submit: "Sign in", Notice: n, Foot: lostPassword, Fields: []views.Field{
		{Name: "email", Label: "E-mail", Type: "email", Autocomplete: "username", Value: email, Required: true, Autofocus: email == ""},
		{Name: "password", Label: "Password", Type: "password", Autocomplete: "current-password", Required: true, Autofocus: email != ""},
	}}))
}

// ownPath is a path of the console, or empty: a sign-in leads nowhere else.
func ownPath(path string) string {
	if path != "/admin" && !strings.HasPrefix(path, "/admin/") && !strings.HasPrefix(path, "/admin?") || !isOwnPath(path) || strings.Contains(path, "//") {
		return ""
	}
	return path
}

var wrongSignIn = views.Notice{Tone: views.ToneBad, Title: "That did not match", Text: "Check the e-mail and the password. Only operators can sign in here."}

// trySignIn answers every wrong sign-in alike, and as slowly, whether there is
// such a user, such a password, or such a role: until the password was compared
// the same is read for every e-mail, and nothing of an account for a try that is refused.
func (c *Console) trySignIn(ctx context.Context, v *visit) (reply, error) {
	email := strings.TrimSpace(v.form.Get("email"))
	account := accounts.FoldEmail(email)
	owner, err := c.owner(ctx, v)
	if err != nil {
		return reply{}, err
	}
	known := owner != "" && accounts.FoldEmail(owner) == account
	if err := c.throttle(ctx, v, account, known); err != nil {
		return reply{}, err
	}
	credentials, err := c.store.CredentialsByEmail(ctx, email)
	if err != nil && !errors.Is(err, accounts.ErrUserNotFound) {
		return reply{}, err
	}
	check := accounts.CheckPassword
	if known {
		check = accounts.CheckKnownPassword
	}
	matches, err := check(ctx, v.form.Get("password"), credentials.PasswordHash)
	if err != nil {
		return reply{}, err
	}
	if !matches || credentials.Role != accounts.RoleAdmin || credentials.Status != accounts.StatusActive {
		return c.refuseSignIn(ctx, v, email)
	}
	v.by.Name, v.by.UserID = credentials.Email, credentials.UserID
	two, _, err := c.store.TwoStep(ctx, credentials.UserID)
	if err != nil {
		return reply{}, err
	}
	return c.admit(ctx, v, store.NewSession{UserID: credentials.UserID, PasswordHash: credentials.PasswordHash, CodePending: two.Confirmed}, v.form.Get("next"))
}

// refuseSignIn writes the failure down. What was typed may be a password in the
// wrong field: only what looks like an e-mail is kept.
func (c *Console) refuseSignIn(ctx context.Context, v *visit, email string) (reply, error) {
	target := "something that is no e-mail"
	if n, err := (accounts.NewUser{Email: email, Plan: "any"}).Normalize(); err == nil {
		target = n.Email
	}
	by := v.by
	by.Name = "nobody"
	err := c.store.Record(ctx, by, accounts.AuditEntry{Action: "session.failed", Subject: accounts.SubjectSession, Target: target, Details: "A sign-in as " + target + " failed."})
	if err != nil {
		return reply{}, err
	}
	return showAgain(c.signInPage(v, email, v.form.Get("next"), &wrongSignIn))
}

// admit opens a session with a token of its own, or one that waits for a code.
// Whatever session the browser had is replaced.
func (c *Console) admit(ctx context.Context, v *visit, n store.NewSession, next string) (reply, error) {
	n.Token, n.UserAgent, n.Replaces = accounts.MintToken(), v.userAgent, v.operator.Session.ID
	if !n.CodePending {
		n.Browser, n.OldBrowser = accounts.MintToken(), v.browser
	}
	if _, err := c.store.OpenSession(ctx, v.by, n); err != nil {
		return reply{}, err
	}
	c.tokens.keep(n.Token, true)
	if n.CodePending {
		v.x.setCookie(sessionCookie, n.Token.Reveal(), accounts.CodePatience)
		return leadTo("/admin/login/code", "next", ownPath(next))
	}
	v.x.setCookie(sessionCookie, n.Token.Reveal(), accounts.SessionLife)
	v.x.setCookie(browserCookie, n.Browser.Reveal(), accounts.BrowserMemory)
	if next = ownPath(next); next == "" {
		next = "/admin"
	}
	return leadTo(next)
}

// askCode shows the second step of a sign-in that has passed the first.
func (c *Console) askCode(ctx context.Context, v *visit) (reply, error) {
	if !v.operator.Session.CodePending {
		return leadTo("/admin/login")
	}
	two, _, err := c.store.TwoStep(ctx, v.operator.Session.UserID)
	if err != nil {
		return reply{}, err
	}
	var n *views.Notice
	if two.LockedAt != nil {
		n = &codesLocked
	}
	return show(c.codePage(v, v.query.Get("next"), n))
}

var (
	codesLocked = views.Notice{Tone: views.ToneBad, Title: "The codes of the app are locked", Text: fmt.Sprintf("%d wrong codes were entered in a day. Enter one of your recovery codes: it signs you in and unlocks them. On the machine itself codexible user set-password unlocks them too.", accounts.MaxWrongCodes)}
	codeWrong   = views.Notice{Tone: views.ToneBad, Title: "That code did not match", Text: "Codes change every 30 seconds and work once. Check the clock of the phone."}
)

func (c *Console) codePage(v *visit, next string, n *views.Notice) templ.Component {
	return views.DoorPage(v.door(views.Door{Title: "Enter the code", Intro: "The six digits that your authenticator app shows, or one of your recovery codes.", Action: "/admin/login/code", Next: ownPath(next), Submit: "Sign in", Notice: n,
		Back:   views.Link{Text: "Sign in as somebody else", Path: "/admin/login"},
		Fields: []views.Field{{Name: "code", Label: "Code", Autocomplete: "one-time-code", Required: true, Autofocus: true, MaxLength: 20}}}))
}

func (c *Console) tryCode(ctx context.Context, v *visit) (reply, error) {
	if !v.operator.Session.CodePending {
		return leadTo("/admin/login")
	}
	userID := v.operator.Session.UserID
	if err := c.throttleCode(ctx, v); err != nil {
		return reply{}, err
	}
	taken, err := c.takeCode(ctx, v, userID, v.form.Get("code"))
	if err != nil {
		return reply{}, err
	}
	if !taken.right {
		err := c.store.Record(ctx, v.by, accounts.AuditEntry{Action: "session.failed", Subject: accounts.SubjectSession, Target: v.operator.Email, Details: "A sign-in as " + v.operator.Email + " failed at the second step."})
		if err != nil {
			return reply{}, err
		}
		n := &codeWrong
		if taken.locked {
			n = &codesLocked
		}
		return showAgain(c.codePage(v, v.form.Get("next"), n))
	}
	next := v.form.Get("next")
	if taken.locked {
		next = "/admin/account?done=two-step-unlocked"
	}
	return c.admit(ctx, v, store.NewSession{UserID: userID, FromPending: true}, next)
}

// throttleCode counts a try at the second step of who has passed the first, or is signed in.
func (c *Console) throttleCode(ctx context.Context, v *visit) error {
	owner, err := c.owner(ctx, v)
	if err != nil {
		return err
	}
	return c.throttle(ctx, v, "code "+v.operator.Session.UserID.String(), owner != "" && accounts.FoldEmail(owner) == accounts.FoldEmail(v.operator.Email))
}

// takenCode is what became of a code. locked tells that those of the app were
// locked when it was entered, or are since: a right one has unlocked them.
type takenCode struct{ right, locked bool }

// takeCode takes a code of the app or a recovery code; each works once. Wrong
// ones count, and too many lock the codes of the app.
func (c *Console) takeCode(ctx context.Context, v *visit, userID uuid.UUID, code string) (taken takenCode, err error) {
	two, found, err := c.store.TwoStep(ctx, userID)
	if err != nil || !found {
		return taken, err
	}
	taken.locked = two.LockedAt != nil
	if step, ok := two.Step(code, c.now()); ok {
		taken.right, err = c.store.TakeStep(ctx, userID, step)
	} else {
		taken.right, err = c.store.TakeRecoveryCode(ctx, v.by, userID, accounts.HashRecoveryCode(code))
	}
	if err != nil || taken.right {
		return taken, err
	}
	lockedNow, err := c.store.WrongCode(ctx, v.by, userID)
	taken.locked = taken.locked || lockedNow
	return taken, err
}

func (c *Console) signOut(ctx context.Context, v *visit) (reply, error) {
	if err := c.store.EndSession(ctx, v.by, v.operator.Session.UserID, v.operator.Session.ID); err != nil {
		return reply{}, err
	}
	v.x.setCookie(sessionCookie, "", 0)
	return leadTo("/admin/login", "done", "signed-out")
}

// setup shows the form that makes the first operator, to who holds the link.
func (c *Console) setup(ctx context.Context, v *visit) (reply, error) {
	token := v.query.Get("token")
	if err := c.openLink(ctx, v, token); err != nil {
		return reply{}, err
	}
	return show(c.setupPage(v, token, setupFields("", "")))
}

// openLink fails where a set-up link does not work. Guesses are counted by where
// they come from; one that finds no room is refused before anything is read.
func (c *Console) openLink(ctx context.Context, v *visit, token string) error {
	if token == "" {
		return store.ErrSetupOver
	}
	over := false
	windows := byPlace("set-up link", v.x.address, linksPerAddress, linksPerSite)
	err := c.lookUp(ctx, v, windows, func() (bool, error) {
		err := c.store.SetupOpen(ctx, accounts.TokenFrom(token))
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
		{Name: "name", Label: "Name", Autocomplete: "name", Value: name, Hint: "May stay empty."},
		{Name: "password", Label: "Password", Type: "password", Autocomplete: "new-password", Hint: "At least 12 characters: a few words in a row are easy to remember.", Required: true},
	}
}

func (c *Console) setupPage(v *visit, token string, fields []views.Field) templ.Component {
	return views.DoorPage(v.door(views.Door{Title: "Set up the console", Intro: "You become its first operator. This link works once.", Action: "/admin/setup", Token: token, Submit: "Set up", Fields: fields}))
}

func (c *Console) finishSetup(ctx context.Context, v *visit) (reply, error) {
	token := v.form.Get("token")
	if err := c.openLink(ctx, v, token); err != nil {
		return reply{}, err
	}
	email, name := v.form.Get("email"), v.form.Get("name")
	fields := setupFields(email, name)
	hash, err := accounts.HashPassword(ctx, v.form.Get("password"))
	var id uuid.UUID
	if err == nil {
		v.by.Name = "setup"
		id, err = c.store.SetUp(ctx, v.by, accounts.TokenFrom(token), email, name, hash)
	}
	switch {
	case err == nil:
	case withProblems(fields, err):
		return showAgain(c.setupPage(v, token, fields))
	case errors.Is(err, store.ErrSetupOver):
		return reply{}, c.refuseSetup(ctx, v)
	default:
		return reply{}, err
	}
	v.by.Name, v.by.UserID = strings.TrimSpace(email), id
	return c.admit(ctx, v, store.NewSession{UserID: id, PasswordHash: hash}, "")
}

// refuseSetup writes down that a link did not open the set-up.
func (c *Console) refuseSetup(ctx context.Context, v *visit) error {
	by := v.by
	by.Name = "nobody"
	err := c.store.Record(ctx, by, accounts.AuditEntry{Action: "console.setup_failed", Subject: accounts.SubjectSystem, Target: "console", Details: "A set-up link that does not work was tried."})
	if err != nil {
		return err
	}
	return store.ErrSetupOver
}

var errTheme = fault.New(fault.Invalid, "The colours are Auto, Light or Dark. Go back and choose one of them.")

// chooseTheme keeps the colours in a cookie of this browser.
func (c *Console) chooseTheme(_ context.Context, v *visit) (reply, error) {
	theme, known := views.ParseTheme(v.form.Get("theme"))
	if !known {
		return reply{}, errTheme
	}
	v.x.setCookie(themeCookie, string(theme), accounts.BrowserMemory)
	if back := ownPath(v.form.Get("back")); back != "" {
		return leadTo(back)
	}
	return leadTo("/admin")
}
