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

// ConsoleOptions is what the operator's console is told of the process it is in.
type ConsoleOptions struct {
	// Settings are the configuration as it may be shown: secrets are masked by who makes them.
	Settings []Setting
	// Backup writes a consistent copy of the database into a file that does not
	// exist yet; nil where the database is no file.
	Backup func(ctx context.Context, file string) error
}

// Setting is a variable of the configuration as the console shows it.
type Setting struct{ Name, Value string }

// Console is the operator's console. Run keeps its books.
type Console struct {
	ConsoleOptions

	api     *api
	store   *store.Store
	now     func() time.Time
	started time.Time

	// downloads has an entry for each export or backup that runs; flowing waits for them.
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

// NewConsole makes a console for Parts.Console. New puts it in its place.
func NewConsole(o ConsoleOptions) *Console {
	return &Console{ConsoleOptions: o, gate: limits.NewGate(lookupsAtOnce), downloads: make(chan struct{}, maxDownloads)}
}

func (c *Console) place(a *api) {
	c.api, c.store, c.now, c.started = a, a.Store, a.Now, a.Now()
	if c.store != nil {
		c.store.Tell(&c.operators)
	}
}

// Intervals of the console's own work.
const (
	healthInterval  = time.Minute
	refusalInterval = 10 * time.Second
	closeInterval   = 5 * time.Minute
	// healthKept is how many looks are kept: a day of them.
	healthKept = 24 * 60
)

// Run looks at the service's health, writes down what was refused, sums up the
// days that are over and forgets sessions past their time, until ctx ends. What
// is left of the refusals is written last. New has to have been called.
func (c *Console) Run(ctx context.Context) {
	looks, refusals, closes := time.NewTicker(healthInterval), time.NewTicker(refusalInterval), time.NewTicker(closeInterval)
	defer func() { looks.Stop(); refusals.Stop(); closes.Stop() }()
	c.look(ctx)
	c.keepBooks(ctx)
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
			c.keepBooks(ctx)
		}
	}
}

func (c *Console) keepBooks(ctx context.Context) {
	if _, err := c.store.CloseDays(ctx); err != nil && ctx.Err() == nil {
		c.api.Log.LogAttrs(ctx, slog.LevelWarn, "days could not be summed up for the console; they will be tried again", slog.String("error", err.Error()))
	}
	if err := c.store.SweepSessions(ctx); err != nil && ctx.Err() == nil {
		c.api.Log.LogAttrs(ctx, slog.LevelWarn, "sessions past their time could not be removed; they will be tried again", slog.String("error", err.Error()))
	}
}

// SetupLink gives the one-time address under base (such as http://host:3001)
// that makes the first operator, while nobody can sign in to the console; empty
// once somebody can. It works for a day, until it is used, and is shown to
// whoever reads the terminal or the log.
func SetupLink(ctx context.Context, books *store.Store, base string) (string, error) {
	token := accounts.MintToken()
	err := books.AddSetupLink(ctx, token)
	if errors.Is(err, store.ErrSetupOver) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return strings.TrimRight(base, "/") + "/admin/setup?token=" + token.Reveal(), nil
}

// routes are the console's. Each behind page needs a signed-in operator, each
// behind door does not; a form of either carries its token.
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
		// A form is shown and taken at one address, and stands above a parameter in its place.
		pages = append([]*route{get(f.path, open, "", c.page(f.serve)), post(f.path, open, "", c.page(f.serve))}, pages...)
	}
	return append(pages, get("/admin/*", open, "", c.door(c.nowhere)))
}

// nowhere answers an address of the console that names no page.
func (c *Console) nowhere(_ context.Context, v *visit) (reply, error) {
	if v.path == "/admin/" {
		return leadTo("/admin")
	}
	return reply{}, errPage
}

// staticFile serves an asset under the name that carries its hash.
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

// frame is what surrounds a page of this visit.
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

// notices tell what was done, after the way that led on from it.
var notices = map[string]views.Notice{
	"user-created":      {Tone: views.ToneGood, Title: "User created", Text: "Hand out a key next: without one nobody can call the API."},
	"user-changed":      {Tone: views.ToneGood, Title: "User changed", Text: "It counts from the next request of every key."},
	"user-suspended":    {Tone: views.ToneGood, Title: "User suspended", Text: "Every key of this user is refused at once."},
	"user-reactivated":  {Tone: views.ToneGood, Title: "User reactivated", Text: "The user's active keys work again."},
	"plan-moved":        {Tone: views.ToneGood, Title: "Plan changed", Text: "Its limits count from the next request on."},
	"key-changed":       {Tone: views.ToneGood, Title: "Key changed", Text: "It counts from the next request on."},
	"key-disabled":      {Tone: views.ToneGood, Title: "Key disabled", Text: "Every request with it is refused until it is enabled."},
	"key-enabled":       {Tone: views.ToneGood, Title: "Key enabled", Text: "It works from the next request on."},
	"key-revoked":       {Tone: views.ToneGood, Title: "Key revoked", Text: "Every request with it is refused at once."},
	"key-taken":         {Tone: views.ToneWarn, Title: "That form was sent already", Text: "The key it made is listed here. Its secret was shown once and cannot be shown again; rotate the key if nobody stored it."},
	"plan-created":      {Tone: views.ToneGood, Title: "Plan created", Text: "It takes users at once."},
	"plan-changed":      {Tone: views.ToneGood, Title: "Plan changed", Text: "It counts for everybody on it from the next request on."},
	"plan-archived":     {Tone: views.ToneGood, Title: "Plan archived", Text: "It takes no new users; who has it keeps it."},
	"plan-restored":     {Tone: views.ToneGood, Title: "Plan restored", Text: "It takes new users again."},
	"password-changed":  {Tone: views.ToneGood, Title: "Password changed", Text: "Every other session of yours has ended."},
	"two-step-off":      {Tone: views.ToneWarn, Title: "Two-step sign-in is off", Text: "A password alone signs you in."},
	"two-step-unlocked": {Tone: views.ToneBad, Title: "Somebody entered 100 wrong codes in a day", Text: "The codes of your app were locked, and your recovery code has unlocked them. Whoever entered the wrong ones knew your password: change it."},
	"session-ended":     {Tone: views.ToneGood, Title: "Session ended", Text: "That browser has to sign in again."},
	"signed-out":        {Tone: views.ToneGood, Title: "You are signed out", Text: ""},
	"password-set":      {Tone: views.ToneGood, Title: "The console is set up", Text: "Sign in with your e-mail and password."},
}

// idOf reads the id of the path; what is none names nothing.
func (v *visit) idOf() (uuid.UUID, error) {
	id, err := uuid.Parse(v.id)
	if err != nil || len(v.id) != 36 {
		return id, noSuch(v.x.route.path)
	}
	return id, nil
}

// afterID reads where a page begins; what is no id is as the beginning.
func (v *visit) afterID() uuid.UUID {
	id, _ := uuid.Parse(v.query.Get("after"))
	return id
}

// search reads what a list is searched for.
func (v *visit) search() (string, error) {
	text, ok := filter(v.query.Get("q"), accounts.MaxSearchLength)
	if !ok {
		return "", fault.New(fault.Invalid, noFilter)
	}
	return text, nil
}

// withProblems puts a fault's fields beside the fields of a form. It answers
// false for a fault that is not about them.
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

// sentence makes what a fault says of a field a sentence that stands by itself.
func sentence(problem string) string { return strings.ToUpper(problem[:1]) + problem[1:] + "." }

// pageSize is how many lines a list shows.
const pageSize = 50

// days reads the range that a page of one user or key shows.
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

// reason is why a request was refused, as it is written down and as it is shown.
type reason struct {
	code keys.Code
	said string
}

var refusalReasons = [...]reason{
	{keys.NotFound, "No key, or an unknown one"}, {keys.Revoked, "Key revoked"}, {keys.Disabled, "Key disabled"}, {keys.Expired, "Key expired"},
	{keys.Suspended, "User suspended"}, {keys.InsufficientScope, "Scope missing"}, {keys.AddressNotAllowed, "Address not allowed"},
	{keys.RateLimited, "Too many requests"}, {keys.QuotaExceeded, "Quota used up"},
}

// refusedCode counts a request that was refused with a code.
func (c *Console) refusedCode(code keys.Code) {
	for i := range refusalReasons {
		if refusalReasons[i].code == code {
			c.refused[i].Add(1)
		}
	}
}

// refusedFault counts a request that was refused with a fault, where it says why.
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

// writeRefusals adds what was refused since the last time to the day's sums. What
// cannot be written waits for the next time.
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

// look notes how the service is.
func (c *Console) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	r := c.api.readiness(ctx)
	sample := views.HealthSample{At: c.now(), Status: r.Status}
	switch {
	case r.Database != stateOK:
		sample.Details = "The database does not answer."
	case r.Schema != stateOK:
		sample.Details = "The schema is not the one of this version."
	case r.Valkey == stateUnavailable:
		sample.Details = "Valkey does not answer: each instance counts rates by itself."
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.health = append(c.health, sample)
	if extra := len(c.health) - healthKept; extra > 0 {
		c.health = append(c.health[:0], c.health[extra:]...)
	}
}
