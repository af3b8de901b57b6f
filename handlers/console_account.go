package handlers

import (
	"context"
	"fmt"
	"image/color"
	"strings"

	"codexible/accounts"
	"codexible/fault"
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

// account shows the operator's own page.
func (c *Console) account(ctx context.Context, v *visit) (reply, error) {
	return c.accountPage(ctx, v, passwordFields(), turnOffFields())
}

func (c *Console) accountPage(ctx context.Context, v *visit, password, turnOff []views.Field) (reply, error) {
	sessions, err := c.store.Sessions(ctx, v.operator.Session.UserID)
	if err != nil {
		return reply{}, err
	}
	two, _, err := c.store.TwoStep(ctx, v.operator.Session.UserID)
	if err != nil {
		return reply{}, err
	}
	frame := v.frame("Account", views.SectionAccount)
	if two.LockedAt != nil {
		frame.Notice = &views.Notice{Tone: views.ToneBad, Title: "Your authenticator codes are locked", Text: fmt.Sprintf("They were locked on %s UTC after %d wrong codes in one day. Whoever entered them knew your password. Change it: this also unlocks the codes. A recovery code unlocks them too, here or when you sign in.", views.Instant(*two.LockedAt), accounts.MaxWrongCodes)}
	}
	r, err := show(views.AccountPage(views.Account{
		Frame: frame, Password: password, TwoStep: two.Confirmed, CodesLeft: two.CodesLeft, TurnOff: turnOff,
		Sessions: sessions, Current: v.operator.Session, Now: c.now(),
	}))
	if v.post {
		r.status = statuses[fault.Invalid]
	}
	return r, err
}

// changePassword needs the current password. It ends every session and starts another one here.
func (c *Console) changePassword(ctx context.Context, v *visit) (reply, error) {
	fields, userID := passwordFields(), v.operator.Session.UserID
	if err := c.throttle(ctx, v, "password "+userID.String(), false); err != nil {
		return reply{}, err
	}
	credentials, err := c.store.CredentialsByEmail(ctx, v.operator.Email)
	if err != nil {
		return reply{}, err
	}
	matches, err := accounts.CheckKnownPassword(ctx, v.form.Get("current"), credentials.PasswordHash)
	if err != nil {
		return reply{}, err
	}
	if !matches {
		fields[0].Problem = "This is not your current password."
		return c.accountPage(ctx, v, fields, turnOffFields())
	}
	hash, err := accounts.HashPassword(ctx, v.form.Get("password"))
	if err != nil {
		if withProblems(fields, err) {
			return c.accountPage(ctx, v, fields, turnOffFields())
		}
		return reply{}, err
	}
	if err := c.store.SetPassword(ctx, v.by, userID, hash); err != nil {
		return reply{}, err
	}
	return c.admit(ctx, v, store.NewSession{UserID: userID, PasswordHash: hash}, "/admin/account?done=password-changed")
}

// beginTwoStep creates a secret and shows it for the operator's app.
func (c *Console) beginTwoStep(ctx context.Context, v *visit) (reply, error) {
	secret, _, err := accounts.MintTwoStep(v.operator.Email)
	if err != nil {
		return reply{}, err
	}
	if err := c.store.BeginTwoStep(ctx, v.operator.Session.UserID, secret); err != nil {
		return reply{}, err
	}
	return c.twoStepPage(ctx, v, "")
}

func (c *Console) twoStepPage(ctx context.Context, v *visit, problem string) (reply, error) {
	two, found, err := c.store.TwoStep(ctx, v.operator.Session.UserID)
	if err != nil {
		return reply{}, err
	}
	if !found || two.Confirmed {
		return leadTo("/admin/account")
	}
	address, err := accounts.TwoStepAddress(v.operator.Email, two.Secret)
	if err != nil {
		return reply{}, err
	}
	path, side, err := qrPath(address)
	if err != nil {
		return reply{}, err
	}
	r, err := show(views.TwoStepPage(views.TwoStepSetup{
		Frame: v.frame("Two-factor authentication", views.SectionAccount, views.Link{Text: "Account", Path: "/admin/account"}), QR: path, Side: side, Secret: inFours(two.Secret),
		Code: views.Field{Name: "code", Label: "Code from the app", Autocomplete: "one-time-code", Required: true, MaxLength: 7, Problem: problem},
	}))
	r.plain = true
	if problem != "" {
		r.status = statuses[fault.Invalid]
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

// confirmTwoStep turns two-factor authentication on after a correct code of the app.
func (c *Console) confirmTwoStep(ctx context.Context, v *visit) (reply, error) {
	userID := v.operator.Session.UserID
	if err := c.throttleCode(ctx, v); err != nil {
		return reply{}, err
	}
	two, found, err := c.store.TwoStep(ctx, userID)
	if err != nil {
		return reply{}, err
	}
	if !found || two.Confirmed {
		return leadTo("/admin/account")
	}
	step, right := two.Step(v.form.Get("code"), c.now())
	if right {
		if right, err = c.store.TakeStep(ctx, userID, step); err != nil {
			return reply{}, err
		}
	}
	if !right {
		return c.twoStepPage(ctx, v, "Wrong code. Codes change every 30 seconds. Check the clock of your phone.")
	}
	codes, hashes := accounts.MintRecoveryCodes()
	if err := c.store.ConfirmTwoStep(ctx, v.by, userID, hashes); err != nil {
		return reply{}, err
	}
	return c.recoveryPage(v, codes)
}

func (c *Console) recoveryPage(v *visit, codes []string) (reply, error) {
	r, err := show(views.RecoveryPage(views.RecoveryCodes{Frame: v.frame("Recovery codes", views.SectionAccount, views.Link{Text: "Account", Path: "/admin/account"}), Codes: codes}))
	r.plain = true
	return r, err
}

// codeProves checks the code that is needed to turn two-factor authentication off and for new recovery codes.
func (c *Console) codeProves(ctx context.Context, v *visit) (takenCode, error) {
	if err := c.throttleCode(ctx, v); err != nil {
		return takenCode{}, err
	}
	return c.takeCode(ctx, v, v.operator.Session.UserID, v.form.Get("code"))
}

func (c *Console) wrongCode(ctx context.Context, v *visit, taken takenCode) (reply, error) {
	fields := turnOffFields()
	fields[0].Problem = "Wrong code. Each code works once."
	if taken.locked {
		fields[0].Problem = "This is not a valid recovery code, and your authenticator codes are locked."
	}
	return c.accountPage(ctx, v, passwordFields(), fields)
}

func (c *Console) turnOffTwoStep(ctx context.Context, v *visit) (reply, error) {
	taken, err := c.codeProves(ctx, v)
	if err != nil {
		return reply{}, err
	}
	if !taken.right {
		return c.wrongCode(ctx, v, taken)
	}
	if err := c.store.TurnOffTwoStep(ctx, v.by, v.operator.Session.UserID); err != nil {
		return reply{}, err
	}
	return leadTo("/admin/account", "done", "two-step-off")
}

func (c *Console) newRecoveryCodes(ctx context.Context, v *visit) (reply, error) {
	taken, err := c.codeProves(ctx, v)
	if err != nil {
		return reply{}, err
	}
	if !taken.right {
		return c.wrongCode(ctx, v, taken)
	}
	codes, hashes := accounts.MintRecoveryCodes()
	if err := c.store.NewRecoveryCodes(ctx, v.by, v.operator.Session.UserID, hashes); err != nil {
		return reply{}, err
	}
	return c.recoveryPage(v, codes)
}

// endSession ends another session of the operator.
func (c *Console) endSession(ctx context.Context, v *visit) (reply, error) {
	id, _ := v.idOf() // an invalid ID is treated like that of an ended session
	if err := c.store.EndSession(ctx, v.by, v.operator.Session.UserID, id); err != nil {
		return reply{}, err
	}
	return leadTo("/admin/account", "done", "session-ended")
}
