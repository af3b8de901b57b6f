package console

import (
	"context"
	"fmt"
	"image/color"
	"net/http"
	"strings"

	"codexible/accounts"
	"codexible/store"
	"codexible/views"

	"github.com/boombuler/barcode/qr"
)

func passwordFields() []views.Field {
	return []views.Field{
		{Name: "current", Label: "Current password", Type: "password", Autocomplete: "current-password", Required: true},
		{Name: "password", Label: "New password", Type: "password", Autocomplete: "new-password", Hint: "At least 12 characters. Several words in a row are easy to remember.", Required: true},
	}
}

func turnOffFields() []views.Field {
	return []views.Field{{Name: "code", Label: "Code from your app, or a recovery code", Autocomplete: "one-time-code", Required: true, MaxLength: 20}}
}

// Account shows the operator's own page.
func (c *Console) Account(ctx context.Context, v *Visit) (Reply, error) {
	return c.accountPage(ctx, v, passwordFields(), turnOffFields())
}

func (c *Console) accountPage(ctx context.Context, v *Visit, password, turnOff []views.Field) (Reply, error) {
	sessions, err := c.Store.Sessions(ctx, v.Operator.Session.UserID)
	if err != nil {
		return Reply{}, err
	}
	two, _, err := c.Store.TwoStep(ctx, v.Operator.Session.UserID)
	if err != nil {
		return Reply{}, err
	}
	frame := v.frame("Account", views.SectionAccount)
	if two.LockedAt != nil {
		frame.Notice = &views.Notice{Tone: views.ToneBad, Title: "Your authenticator codes are locked", Text: fmt.Sprintf("They were locked on %s UTC after %d wrong codes in one day. Whoever entered them knew your password. Change it: this also unlocks the codes. A recovery code unlocks them too, here or when you sign in.", views.Instant(*two.LockedAt), accounts.MaxWrongCodes)}
	}
	r, err := show(views.AccountPage(views.Account{
		Frame: frame, Password: password, TwoStep: two.Confirmed, CodesLeft: two.CodesLeft, TurnOff: turnOff,
		Sessions: sessions, Current: v.Operator.Session, Now: c.Now(),
	}))
	if v.Post {
		r.Status = http.StatusUnprocessableEntity
	}
	return r, err
}

// ChangePassword needs the current password. It ends every session and starts another one here.
func (c *Console) ChangePassword(ctx context.Context, v *Visit) (Reply, error) {
	fields, userID := passwordFields(), v.Operator.Session.UserID
	if err := c.throttle(ctx, v, "password "+userID.String(), false); err != nil {
		return Reply{}, err
	}
	credentials, err := c.Store.CredentialsByEmail(ctx, v.Operator.Email)
	if err != nil {
		return Reply{}, err
	}
	matches, err := accounts.CheckKnownPassword(ctx, v.Form.Get("current"), credentials.PasswordHash)
	if err != nil {
		return Reply{}, err
	}
	if !matches {
		fields[0].Problem = "This is not your current password."
		return c.accountPage(ctx, v, fields, turnOffFields())
	}
	hash, err := accounts.HashPassword(ctx, v.Form.Get("password"))
	if err != nil {
		if withProblems(fields, err) {
			return c.accountPage(ctx, v, fields, turnOffFields())
		}
		return Reply{}, err
	}
	if err := c.Store.SetPassword(ctx, v.By, userID, hash); err != nil {
		return Reply{}, err
	}
	return c.admit(ctx, v, store.NewSession{UserID: userID, PasswordHash: hash}, "/admin/account?done=password-changed")
}

// BeginTwoStep creates a secret and shows it for the operator's app.
func (c *Console) BeginTwoStep(ctx context.Context, v *Visit) (Reply, error) {
	secret, _, err := accounts.MintTwoStep(v.Operator.Email)
	if err != nil {
		return Reply{}, err
	}
	if err := c.Store.BeginTwoStep(ctx, v.Operator.Session.UserID, secret); err != nil {
		return Reply{}, err
	}
	return c.twoStepPage(ctx, v, "")
}

func (c *Console) twoStepPage(ctx context.Context, v *Visit, problem string) (Reply, error) {
	two, found, err := c.Store.TwoStep(ctx, v.Operator.Session.UserID)
	if err != nil {
		return Reply{}, err
	}
	if !found || two.Confirmed {
		return leadTo("/admin/account")
	}
	address, err := accounts.TwoStepAddress(v.Operator.Email, two.Secret)
	if err != nil {
		return Reply{}, err
	}
	path, side, err := qrPath(address)
	if err != nil {
		return Reply{}, err
	}
	r, err := show(views.TwoStepPage(views.TwoStepSetup{
		Frame: v.frame("Two-factor authentication", views.SectionAccount, views.Link{Text: "Account", Path: "/admin/account"}), QR: path, Side: side, Secret: inFours(two.Secret),
		Code: views.Field{Name: "code", Label: "Code from the app", Autocomplete: "one-time-code", Required: true, MaxLength: 7, Problem: problem},
	}))
	r.Plain = true
	if problem != "" {
		r.Status = http.StatusUnprocessableEntity
	}
	return r, err
}

// inFours groups a secret for people who have to type it.
func inFours(secret string) string {
	var b strings.Builder
	for i, c := range secret {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(c)
	}
	return b.String()
}

// qrPath draws a QR code as one SVG path, a run of dark squares at a time.
func qrPath(text string) (path string, side int, err error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return "", 0, err
	}
	side = code.Bounds().Dx()
	dark := func(x, y int) bool { return x < side && code.At(x, y) == color.Black }
	var b strings.Builder
	for y := range side {
		for x := 0; x < side; x++ {
			from := x
			for dark(x, y) {
				x++
			}
			if x > from {
				_, _ = fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", from, y, x-from, x-from)
			}
		}
	}
	return b.String(), side, nil
}

// ConfirmTwoStep turns two-factor authentication on after a correct code of the app.
func (c *Console) ConfirmTwoStep(ctx context.Context, v *Visit) (Reply, error) {
	userID := v.Operator.Session.UserID
	if err := c.throttleCode(ctx, v); err != nil {
		return Reply{}, err
	}
	two, found, err := c.Store.TwoStep(ctx, userID)
	if err != nil {
		return Reply{}, err
	}
	if !found || two.Confirmed {
		return leadTo("/admin/account")
	}
	step, right := two.Step(v.Form.Get("code"), c.Now())
	if right {
		if right, err = c.Store.TakeStep(ctx, userID, step); err != nil {
			return Reply{}, err
		}
	}
	if !right {
		return c.twoStepPage(ctx, v, "Wrong code. Codes change every 30 seconds. Check the clock of your phone.")
	}
	codes, hashes := accounts.MintRecoveryCodes()
	if err := c.Store.ConfirmTwoStep(ctx, v.By, userID, hashes); err != nil {
		return Reply{}, err
	}
	return c.recoveryPage(v, codes)
}

func (c *Console) recoveryPage(v *Visit, codes []string) (Reply, error) {
	r, err := show(views.RecoveryPage(views.RecoveryCodes{Frame: v.frame("Recovery codes", views.SectionAccount, views.Link{Text: "Account", Path: "/admin/account"}), Codes: codes}))
	r.Plain = true
	return r, err
}

// codeProves checks the code that is needed to turn two-factor authentication off and for new recovery codes.
func (c *Console) codeProves(ctx context.Context, v *Visit) (takenCode, error) {
	if err := c.throttleCode(ctx, v); err != nil {
		return takenCode{}, err
	}
	return c.takeCode(ctx, v, v.Operator.Session.UserID, v.Form.Get("code"))
}

func (c *Console) wrongCode(ctx context.Context, v *Visit, taken takenCode) (Reply, error) {
	fields := turnOffFields()
	fields[0].Problem = "Wrong code. Each code works once."
	if taken.locked {
		fields[0].Problem = "This is not a valid recovery code, and your authenticator codes are locked."
	}
	return c.accountPage(ctx, v, passwordFields(), fields)
}

// TurnOffTwoStep turns two-factor authentication off.
func (c *Console) TurnOffTwoStep(ctx context.Context, v *Visit) (Reply, error) {
	taken, err := c.codeProves(ctx, v)
	if err != nil {
		return Reply{}, err
	}
	if !taken.right {
		return c.wrongCode(ctx, v, taken)
	}
	if err := c.Store.TurnOffTwoStep(ctx, v.By, v.Operator.Session.UserID); err != nil {
		return Reply{}, err
	}
	return leadTo("/admin/account", "done", "two-step-off")
}

// NewRecoveryCodes replaces the recovery codes and shows them once.
func (c *Console) NewRecoveryCodes(ctx context.Context, v *Visit) (Reply, error) {
	taken, err := c.codeProves(ctx, v)
	if err != nil {
		return Reply{}, err
	}
	if !taken.right {
		return c.wrongCode(ctx, v, taken)
	}
	codes, hashes := accounts.MintRecoveryCodes()
	if err := c.Store.NewRecoveryCodes(ctx, v.By, v.Operator.Session.UserID, hashes); err != nil {
		return Reply{}, err
	}
	return c.recoveryPage(v, codes)
}

// EndSession ends another session of the operator. An unknown ID is treated like that of an ended session.
func (c *Console) EndSession(ctx context.Context, v *Visit) (Reply, error) {
	if err := c.Store.EndSession(ctx, v.By, v.Operator.Session.UserID, v.ID); err != nil {
		return Reply{}, err
	}
	return leadTo("/admin/account", "done", "session-ended")
}
