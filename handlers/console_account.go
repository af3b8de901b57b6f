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
		{Name: "current", Label: "Present password", Type: "password", Autocomplete: "current-password", Required: true},
		{Name: "password", Label: "New password", Type: "password", Autocomplete: "new-password", Hint: "At least 12 characters: a few words in a row are easy to remember.", Required: true},
	}
}

func turnOffFields() []views.Field {
	return []views.Field{{Name: "code", Label: "A code of the app, or a recovery code", Autocomplete: "one-time-code", Required: true, MaxLength: 20}}
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
		frame.Notice = &views.Notice{Tone: views.ToneBad, Title: "The codes of your app are locked", Text: fmt.Sprintf("Since %s UTC, after %d wrong codes in a day. Whoever entered them knew your password: change it, which unlocks the codes too. So does a recovery code, entered below or at the next sign-in.", views.Instant(*two.LockedAt), accounts.MaxWrongCodes)}
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

// changePassword needs the present password, ends every session, and begins one anew here.
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
		fields[0].Problem = "This is not your present password."
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

// beginTwoStep makes a secret and shows it to the operator's app.
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
		Frame: v.frame("Two-step sign-in", views.SectionAccount, views.Link{Text: "Account", Path: "/admin/account"}), QR: path, Side: side, Secret: inFours(two.Secret),
		Code: views.Field{Name: "code", Label: "Code of the app", Autocomplete: "one-time-code", Required: true, MaxLength: 7, Problem: problem},
	}))
	r.plain = true
	if problem != "" {
		r.status = statuses[fault.Invalid]
	}
	return r, err
}

// inFours makes a secret readable for who has to type it.
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

// confirmTwoStep turns two-step sign-in on once the app has shown a right code.
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
		return c.twoStepPage(ctx, v, "That code did not match. Codes change every 30 seconds; check the clock of the phone.")
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

// codeProves checks the code that turning two-step sign-in off, and new recovery codes, ask for.
func (c *Console) codeProves(ctx context.Context, v *visit) (takenCode, error) {
	if err := c.throttleCode(ctx, v); err != nil {
		return takenCode{}, err
	}
	return c.takeCode(ctx, v, v.operator.Session.UserID, v.form.Get("code"))
}

func (c *Console) wrongCode(ctx context.Context, v *visit, taken takenCode) (reply, error) {
	fields := turnOffFields()
	fields[0].Problem = "That code did not match. Each works once."
	if taken.locked {
		fields[0].Problem = "That is no recovery code, and the codes of the app are locked."
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
	id, _ := v.idOf() // what is no id is as the id of a session that has ended
	if err := c.store.EndSession(ctx, v.by, v.operator.Session.UserID, id); err != nil {
		return reply{}, err
	}
	return leadTo("/admin/account", "done", "session-ended")
}
