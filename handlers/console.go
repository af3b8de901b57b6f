package handlers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"codexible/accounts"
	"codexible/fault"
	"codexible/keys"
	"codexible/limits"
	"codexible/static"
	"codexible/store"
	"codexible/usage"
	"codexible/views"

	"github.com/google/uuid"
	"golang.org/x/sync/singleflight"
)

// ConsoleOptions is what the operator's console needs to know about its process.
type ConsoleOptions struct {
	// Settings are the configuration to show. The caller masks the secrets.
	Settings []Setting
	// Backup writes a consistent copy of the database into a file that does not
	// exist yet; nil where the database is no file.
	Backup func(ctx context.Context, file string) error
}

// Setting is a variable of the configuration as the console shows it.
type Setting struct{ Name, Value string }

// Console is the operator's console. Run does its background work.
type Console struct {
	ConsoleOptions

	api     *api
	store   *store.Store
	now     func() time.Time
	started time.Time

	// downloads has an entry for each running export or backup; flowing waits for them.
	downloads chan struct{}
	flowing   sync.WaitGroup

	mu     sync.Mutex
	health []views.HealthSample

	refused [len(refusalReasons)]atomic.Int64
	failed  failedAnswers

	gate      *limits.Gate
	tokens    tokenMemo
	operators operatorMemo
	asking    singleflight.Group
}

// NewConsole makes a console for Parts.Console. New completes it.
func NewConsole(o ConsoleOptions) *Console {
	return &Console{ConsoleOptions: o, gate: limits.NewGate(lookupsAtOnce), downloads: make(chan struct{}, maxDownloads)}
}

func (c *Console) place(a *api) {
	c.api, c.store, c.now, c.started = a, a.Store, a.Now, a.Now()
	if c.store != nil {
		c.store.Tell(&c.operators)
	}
}

// Intervals of the console's background work.
const (
	healthInterval  = time.Minute
	refusalInterval = 10 * time.Second
	closeInterval   = 5 * time.Minute
	// healthKept is how many health checks are kept: those of a day.
	healthKept = 24 * 60
)

// Run checks the service's health, records refusals, sums up past days and
// deletes expired sessions, until ctx ends. It records the last refusals before
// it returns. Call New first.
func (c *Console) Run(ctx context.Context) {
	looks, refusals, closes := time.NewTicker(healthInterval), time.NewTicker(refusalInterval), time.NewTicker(closeInterval)
	defer func() { looks.Stop(); refusals.Stop(); closes.Stop() }()
	c.look(ctx)
	c.sumUp(ctx)
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestDeadline)
			defer cancel()
			c.writeRefusals(last)
			return
		case <-looks.C:
			c.look(ctx)
		case <-refusals.C:
			c.writeRefusals(ctx)
		case <-closes.C:
			c.sumUp(ctx)
		}
	}
}

func (c *Console) sumUp(ctx context.Context) {
	if _, err := c.store.CloseDays(ctx); err != nil && ctx.Err() == nil {
		c.api.Log.LogAttrs(ctx, slog.LevelWarn, "could not sum up past days for the console; will retry", slog.String("error", err.Error()))
	}
	if err := c.store.SweepSessions(ctx); err != nil && ctx.Err() == nil {
		c.api.Log.LogAttrs(ctx, slog.LevelWarn, "could not delete expired sessions; will retry", slog.String("error", err.Error()))
	}
}

// SetupLink returns a one-time URL under base (such as http://host:3001) that
// creates the first operator; empty where an operator exists. The link works for
// a day, until it is used. Anyone who reads the terminal or the log can use it.
func SetupLink(ctx context.Context, db *store.Store, base string) (string, error) {
	token := accounts.MintToken()
	err := db.AddSetupLink(ctx, token)
	if errors.Is(err, store.ErrSetupOver) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return strings.TrimRight(base, "/") + "/admin/setup?token=" + token.Reveal(), nil
}

// routes are the console's. Those adapted by page need a signed-in operator,
// those adapted by door and trial do not. Every form carries a CSRF token.
func (c *Console) routes() []*route {
	pages := []*route{
		get("/static/:name", open, "", asset(c.staticFile)),

		get("/admin/setup", open, "", c.door(c.setup)),
		post("/admin/setup", open, "", c.trial(c.finishSetup)),
		get("/admin/login", open, "", c.door(c.signIn)),
		post("/admin/login", open, "", c.trial(c.trySignIn)),
		get("/admin/login/code", open, "", c.door(c.askCode)),
		post("/admin/login/code", open, "", c.trial(c.tryCode)),
		post("/admin/theme", open, "", c.door(c.chooseTheme)),
		post("/admin/logout", open, "", c.page(c.signOut)),

		get("/admin", open, "", c.page(c.overview)),
		get("/admin/usage", open, "", c.page(c.usage)),
		post("/admin/usage/export", open, "", c.download(c.exportUsage)),
		get("/admin/audit", open, "", c.page(c.audit)),
		post("/admin/audit/export", open, "", c.download(c.exportAudit)),
		get("/admin/system", open, "", c.page(c.system)),
		post("/admin/system/backup", open, "", c.download(c.downloadBackup)),

		get("/admin/users", open, "", c.page(c.users)),
		get("/admin/users/:id", open, "", c.page(c.user)),
		get("/admin/keys", open, "", c.page(c.keys)),
		get("/admin/keys/:id", open, "", c.page(c.key)),
		get("/admin/plans", open, "", c.page(c.plans)),

		get("/admin/account", open, "", c.page(c.account)),
		post("/admin/account/password", open, "", c.page(c.changePassword)),
		post("/admin/account/two-step", open, "", c.page(c.beginTwoStep)),
		post("/admin/account/two-step/confirm", open, "", c.page(c.confirmTwoStep)),
		post("/admin/account/two-step/off", open, "", c.page(c.turnOffTwoStep)),
		post("/admin/account/two-step/codes", open, "", c.page(c.newRecoveryCodes)),
		post("/admin/account/sessions/:id/end", open, "", c.page(c.endSession)),
	}
	for _, f := range []struct {
		path  string
		serve pageHandler
	}{
		{"/admin/users/new", c.newUser}, {"/admin/users/:id/edit", c.editUser}, {"/admin/users/:id/plan", c.changePlan},
		{"/admin/users/:id/suspend", c.suspend}, {"/admin/users/:id/reactivate", c.reactivate},
		{"/admin/keys/new", c.newKey}, {"/admin/keys/:id/edit", c.editKey}, {"/admin/keys/:id/disable", c.disable}, {"/admin/keys/:id/enable", c.enable}, {"/admin/keys/:id/rotate", c.rotate}, {"/admin/keys/:id/revoke", c.revoke},
		{"/admin/plans/new", c.newPlan}, {"/admin/plans/:id/edit", c.editPlan}, {"/admin/plans/:id/archive", c.archivePlan}, {"/admin/plans/:id/restore", c.restorePlan},
	} {
		// A form is shown and sent at one path, which comes before a route with a parameter there.
		pages = append([]*route{get(f.path, open, "", c.page(f.serve)), post(f.path, open, "", c.page(f.serve))}, pages...)
	}
	return append(pages, get("/admin/*", open, "", c.door(c.nowhere)))
}

// nowhere answers a path of the console that has no page.
func (c *Console) nowhere(_ context.Context, v *visit) (reply, error) {
	if v.path == "/admin/" {
		return leadTo("/admin")
	}
	return reply{}, errPage
}

// staticFile serves an asset under its name with the content hash.
func (c *Console) staticFile(x *exchange) error {
	f, found := static.Open(x.Params("name"))
	if !found {
		return errNoRoute
	}
	x.write(longCached)
	x.write(varyEncoding)
	body := f.Body
	if f.Gzip != nil && x.Context().Request.Header.HasAcceptEncoding("gzip") {
		x.write(gzipped)
		body = f.Gzip
	}
	x.contentType(f.ContentType)
	x.Context().Response.SetBodyRaw(body)
	return nil
}

// frame is what this visit's page has around its content.
func (v *visit) frame(title string, section views.Section, crumbs ...views.Link) views.Frame {
	f := views.Frame{Title: title, Section: section, Email: v.operator.Email, CSRF: formToken(v.token), Theme: v.theme, Crumbs: crumbs, Here: v.here}
	if v.post {
		f.Here = v.path
	}
	if n, done := notices[v.query.Get("done")]; done {
		f.Notice = &n
	}
	return f
}

// notices report, after a redirect, what was done.
var notices = map[string]views.Notice{
	"user-created":      {Tone: views.ToneGood, Title: "User created", Text: "Create a key next. The user needs one to call the API."},
	"user-changed":      {Tone: views.ToneGood, Title: "User changed", Text: "The change applies from the next request."},
	"user-suspended":    {Tone: views.ToneGood, Title: "User suspended", Text: "All keys of this user are refused."},
	"user-reactivated":  {Tone: views.ToneGood, Title: "User reactivated", Text: "The user's active keys work again."},
	"plan-moved":        {Tone: views.ToneGood, Title: "Plan changed", Text: "The new limits apply from the next request."},
	"key-changed":       {Tone: views.ToneGood, Title: "Key changed", Text: "The change applies from the next request."},
	"key-disabled":      {Tone: views.ToneGood, Title: "Key disabled", Text: "Requests with this key are refused until you enable it."},
	"key-enabled":       {Tone: views.ToneGood, Title: "Key enabled", Text: "The key works again."},
	"key-revoked":       {Tone: views.ToneGood, Title: "Key revoked", Text: "Requests with this key are refused."},
	"key-taken":         {Tone: views.ToneWarn, Title: "This form was already sent", Text: "The key that it created is in the list. Its secret was shown once and cannot be shown again. If nobody saved it, rotate the key."},
	"plan-created":      {Tone: views.ToneGood, Title: "Plan created", Text: "You can assign users to it."},
	"plan-changed":      {Tone: views.ToneGood, Title: "Plan changed", Text: "The change applies to all its users from their next request."},
	"plan-archived":     {Tone: views.ToneGood, Title: "Plan archived", Text: "It accepts no new users. Its current users keep it."},
	"plan-restored":     {Tone: views.ToneGood, Title: "Plan restored", Text: "It accepts new users again."},
	"password-changed":  {Tone: views.ToneGood, Title: "Password changed", Text: "Your other sessions have ended."},
	"two-step-off":      {Tone: views.ToneWarn, Title: "Two-factor authentication is off", Text: "Your password alone signs you in."},
	"two-step-unlocked": {Tone: views.ToneBad, Title: "Somebody entered 100 wrong codes in one day", Text: "Your authenticator codes were locked. Your recovery code has unlocked them. Whoever entered the wrong codes knew your password. Change it below."},
	"session-ended":     {Tone: views.ToneGood, Title: "Session ended", Text: "That browser has to sign in again."},
	"signed-out":        {Tone: views.ToneGood, Title: "You are signed out", Text: ""},
	"password-set":      {Tone: views.ToneGood, Title: "The console is set up", Text: "Sign in with your e-mail and password."},
}

// idOf reads the ID in the path; an invalid one is not found.
func (v *visit) idOf() (uuid.UUID, error) {
	id, err := uuid.Parse(v.id)
	if err != nil || len(v.id) != 36 {
		return id, noSuch(v.x.route.path)
	}
	return id, nil
}

// afterID reads where a page of a list begins; with an invalid ID it is the first page.
func (v *visit) afterID() uuid.UUID {
	id, _ := uuid.Parse(v.query.Get("after"))
	return id
}

// search reads the search text of a list.
func (v *visit) search() (string, error) {
	text, ok := filter(v.query.Get("q"), accounts.MaxSearchLength)
	if !ok {
		return "", fault.New(fault.Invalid, noFilter)
	}
	return text, nil
}

// withProblems puts a fault's field errors beside the fields of a form. It
// returns false for a fault that is not about them.
func withProblems(fields []views.Field, err error) bool {
	f := fault.As(err)
	if f.Kind != fault.Invalid || len(f.Fields) == 0 {
		return false
	}
	placed := 0
	for i := range fields {
		if problem := f.Fields[fields[i].Name]; problem != "" {
			fields[i].Problem = sentence(problem)
			placed++
		}
	}
	return placed > 0
}

// sentence makes a field error a sentence of its own.
func sentence(problem string) string { return strings.ToUpper(problem[:1]) + problem[1:] + "." }

// pageSize is how many rows a page of a list shows.
const pageSize = 50

// days reads the range of days that the page of a user or a key shows.
func (v *visit) days(now time.Time) (usage.Range, views.RangeChoice) {
	choice := views.RangeChoice{Current: "30 days"}
	n := 30
	for _, days := range []int{7, 30, 90, 365} {
		text := fmt.Sprintf("%d days", days)
		choice.Links = append(choice.Links, views.Link{Text: text, Path: views.WithQuery(v.path, "days", strconv.Itoa(days))})
		if v.query.Get("days") == strconv.Itoa(days) {
			n, choice.Current = days, text
		}
	}
	return usage.LastDays(usage.DayOf(now), n), choice
}

// reason is why a request was refused: the code that is stored, and the text that is shown.
type reason struct {
	code keys.Code
	said string
}

var refusalReasons = [...]reason{
	{keys.NotFound, "Missing or unknown key"}, {keys.Revoked, "Key revoked"}, {keys.Disabled, "Key disabled"}, {keys.Expired, "Key expired"},
	{keys.Suspended, "User suspended"}, {keys.InsufficientScope, "Missing scope"}, {keys.AddressNotAllowed, "IP address not allowed"},
	{keys.RateLimited, "Rate limit exceeded"}, {keys.QuotaExceeded, "Quota exceeded"},
}

// refusedCode counts a request that was refused with a verify code.
func (c *Console) refusedCode(code keys.Code) {
	for i := range refusalReasons {
		if refusalReasons[i].code == code {
			c.refused[i].Add(1)
		}
	}
}

// refusedFault counts a request that was refused with a fault that has a reason.
func (c *Console) refusedFault(f *fault.Error) {
	switch f.Kind {
	case fault.Unauthorized, fault.Forbidden, fault.InsufficientScope, fault.AddressNotAllowed:
		code := keys.CodeOf(f)
		if code == "" && f.Kind == fault.Unauthorized {
			code = keys.NotFound
		}
		c.refusedCode(code)
	case fault.RateLimited:
		c.refusedCode(keys.RateLimited)
	case fault.QuotaExceeded:
		c.refusedCode(keys.QuotaExceeded)
	default:
	}
}

// writeRefusals adds the refusals since the last call to the totals of today.
// What cannot be written is kept for the next call.
func (c *Console) writeRefusals(ctx context.Context) {
	counts, took := map[string]int64{}, [len(refusalReasons)]int64{}
	for i := range refusalReasons {
		if took[i] = c.refused[i].Swap(0); took[i] > 0 {
			counts[string(refusalReasons[i].code)] = took[i]
		}
	}
	if len(counts) == 0 {
		return
	}
	if err := c.store.AddRefusals(ctx, usage.DayOf(c.now()), counts); err != nil {
		for i, n := range took {
			c.refused[i].Add(n)
		}
	}
}

// look records a health check.
func (c *Console) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	r := c.api.readiness(ctx)
	sample := views.HealthSample{At: c.now(), Status: r.Status}
	switch {
	case r.Database != stateOK:
		sample.Details = "The database does not answer."
	case r.Schema != stateOK:
		sample.Details = "The database schema does not match this version."
	case r.Valkey == stateUnavailable:
		sample.Details = "Valkey does not answer. Each instance applies the rate limits on its own."
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.health = append(c.health, sample)
	if extra := len(c.health) - healthKept; extra > 0 {
		c.health = append(c.health[:0], c.health[extra:]...)
	}
}
