// Package console is the operator's console: what each page reads, shows and
// changes. Package handlers admits a visit and sends the answer; package views
// draws the pages.
package console

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/events"
	"codexible/fault"
	"codexible/gateway"
	"codexible/handlers/monitor"
	"codexible/keys"
	"codexible/limits"
	"codexible/openid"
	"codexible/store"
	"codexible/usage"
	"codexible/views"

	"github.com/google/uuid"
	"golang.org/x/sync/singleflight"
)

// Parts are what the console is made of. Store, Catalog, Counter, Monitor and Now are needed.
type Parts struct {
	Store *store.Store
	// Catalog is the models and prices.
	Catalog *catalog.Cache
	Counter limits.Counter
	Monitor *monitor.Monitor
	// OpenCalls are the calls of models that this process serves; nil where it serves none.
	OpenCalls func() []gateway.OpenCall
	Now       func() time.Time
	// Log takes the causes of failed downloads; may be nil.
	Log     *slog.Logger
	Version string
	// Life ends the downloads that are still open when it ends; context.Background where nil.
	Life context.Context //nolint:containedctx // it is the life of the service, not of a call
	// Settings are the configuration to show. The caller masks the secrets.
	Settings []Setting
	// CreditValue is what a credit is worth where no price says so, in micro-dollars;
	// a cent where zero.
	CreditValue int64
	// UpstreamState is what was learnt of an upstream; nil where nothing is.
	UpstreamState func(id uuid.UUID) gateway.UpstreamState
	// TestUpstream makes a small call of an upstream; nil where this process makes none.
	TestUpstream func(ctx context.Context, id uuid.UUID, model string) (gateway.TestResult, error)
	// WebhookTargets are the addresses that webhooks may have.
	WebhookTargets events.Targets
	// SendWebhook sends an event to a webhook, for a test; nil where this process sends none.
	SendWebhook func(ctx context.Context, w *events.Webhook, e *events.Event) events.Answer
	// UpstreamSecret reads the secret that a key of an upstream names; nil where references are not checked.
	UpstreamSecret func(source gateway.KeySource, name string) (gateway.Secret, error)
	// OpenID is the provider that operators can sign in with; nil for passwords alone.
	OpenID *openid.Provider
	// PasswordsOff turns sign-ins with a password and set-up links off.
	PasswordsOff bool
	// MailServer names the server that mails are sent by; empty for none.
	MailServer string
	// SendReset sends the link with a token, which is to choose another password, until it
	// is accepted or refused for good; nil where there are no such links.
	SendReset func(ctx context.Context, to string, token accounts.Token, at time.Time) error
	// Backup writes a consistent copy of the database into a file that does not
	// exist yet; nil where the database is no file.
	Backup func(ctx context.Context, file string) error
}

// Setting is a variable of the configuration as the console shows it.
type Setting struct{ Name, Value string }

// Console is the operator's console: its exported methods of the type Page are
// its pages. It is safe for concurrent use.
type Console struct {
	Parts

	// downloads has an entry for each running export or backup; flowing waits for them.
	downloads chan struct{}
	flowing   sync.WaitGroup
	// resets has an entry for each link to choose a password that is being sent.
	resets chan struct{}

	gate      *limits.Gate
	tokens    tokenMemo
	operators operatorMemo
	asking    singleflight.Group
}

// New makes a console.
func New(p Parts) *Console {
	if p.Log == nil {
		p.Log = slog.New(slog.DiscardHandler)
	}
	if p.Life == nil {
		p.Life = context.Background()
	}
	p.CreditValue = cmp.Or(p.CreditValue, catalog.DefaultCreditValue)
	c := &Console{Parts: p, gate: limits.NewGate(lookupsAtOnce), downloads: make(chan struct{}, maxDownloads), resets: make(chan struct{}, resetsAtOnce)}
	if c.Store != nil {
		c.Store.Subscribe(&c.operators)
	}
	return c
}

// patience bounds what the console does in the database outside of a request.
const patience = 5 * time.Second

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

var errNoPage = fault.New(fault.NotFound, "This page does not exist. Check the address. What it shows may have been deleted.")

// Nowhere answers a path of the console that has no page.
func (c *Console) Nowhere(_ context.Context, v *Visit) (Reply, error) {
	if v.Path == "/admin/" {
		return leadTo("/admin")
	}
	return Reply{}, errNoPage
}

// frame is what surrounds the content of this visit's page.
func (v *Visit) frame(title string, section views.Section, crumbs ...views.Link) views.Frame {
	f := views.Frame{Title: title, Section: section, Email: v.Operator.Email, CSRF: formToken(v.Token), Theme: v.Theme, Crumbs: crumbs, Here: v.Here}
	if v.Post {
		f.Here = v.Path
	}
	if n, done := notices[v.Query.Get("done")]; done {
		f.Notice = &n
	}
	return f
}

// notices report, after a redirect, what was done.
var notices = map[string]views.Notice{
	"user-created":           {Tone: views.ToneGood, Title: "User created", Text: "Create a key next. The user needs one to call the API."},
	"user-changed":           {Tone: views.ToneGood, Title: "User changed", Text: "The change applies from the next request."},
	"user-suspended":         {Tone: views.ToneGood, Title: "User suspended", Text: "All keys of this user are refused."},
	"user-reactivated":       {Tone: views.ToneGood, Title: "User reactivated", Text: "The user's active keys work again."},
	"plan-moved":             {Tone: views.ToneGood, Title: "Plan changed", Text: "The new limits apply from the next request."},
	"key-changed":            {Tone: views.ToneGood, Title: "Key changed", Text: "The change applies from the next request."},
	"key-disabled":           {Tone: views.ToneGood, Title: "Key disabled", Text: "Requests with this key are refused until you enable it."},
	"key-enabled":            {Tone: views.ToneGood, Title: "Key enabled", Text: "The key works again."},
	"key-revoked":            {Tone: views.ToneGood, Title: "Key revoked", Text: "Requests with this key are refused."},
	"key-taken":              {Tone: views.ToneWarn, Title: "This form was already sent", Text: "The key that it created is in the list. Its secret was shown once and cannot be shown again. If nobody saved it, rotate the key."},
	"grant-created":          {Tone: views.ToneGood, Title: "Credits given", Text: "The user can use them from the next request."},
	"grant-revoked":          {Tone: views.ToneGood, Title: "Grant revoked", Text: "What was left of it can no longer be used."},
	"day-corrected":          {Tone: views.ToneGood, Title: "Day corrected", Text: "The correction counts from the next request."},
	"credits-sent":           {Tone: views.ToneWarn, Title: "This form was already sent", Text: "It took effect once. The lists below show what it made."},
	"hold-released":          {Tone: views.ToneGood, Title: "Hold released", Text: "Its credits can be used again."},
	"call-ended":             {Tone: views.ToneGood, Title: "The call is being ended", Text: "Its instance ends it within a second and settles what was delivered. The request then appears in the log."},
	"call-over":              {Tone: views.ToneWarn, Title: "This call had already ended", Text: "Nothing was changed."},
	"hold-ended":             {Tone: views.ToneWarn, Title: "This hold had already ended", Text: "It was settled, or its time has passed. Nothing was changed."},
	"plan-created":           {Tone: views.ToneGood, Title: "Plan created", Text: "You can assign users to it."},
	"plan-changed":           {Tone: views.ToneGood, Title: "Plan changed", Text: "The change applies to all its users from their next request."},
	"plan-archived":          {Tone: views.ToneGood, Title: "Plan archived", Text: "It accepts no new users. Its current users keep it."},
	"plan-restored":          {Tone: views.ToneGood, Title: "Plan restored", Text: "It accepts new users again."},
	"model-created":          {Tone: views.ToneGood, Title: "Model created", Text: "Set its price next, unless it has one."},
	"model-changed":          {Tone: views.ToneGood, Title: "Model changed", Text: "The change applies from the next request."},
	"model-deleted":          {Tone: views.ToneGood, Title: "Model deleted", Text: "Its prices and charges stay."},
	"webhook-changed":        {Tone: views.ToneGood, Title: "Webhook changed", Text: "The change applies from the next event."},
	"webhook-deleted":        {Tone: views.ToneGood, Title: "Webhook deleted", Text: "Nothing more is sent to it."},
	"webhook-taken":          {Tone: views.ToneWarn, Title: "This form was already sent", Text: "The secret was shown then. Rotate it if it is lost."},
	"webhook-redelivered":    {Tone: views.ToneGood, Title: "Sent again", Text: "The attempt follows within a second, after earlier events of the same user. Load this page again to see it."},
	"webhook-test-delivered": {Tone: views.ToneGood, Title: "Test accepted", Text: "The receiver accepted the test."},
	"webhook-test-failed":    {Tone: views.ToneBad, Title: "Test not accepted", Text: "The attempt below says why. A test is not tried again."},
	"upstream-created":       {Tone: views.ToneGood, Title: "Upstream added", Text: "Test it below. Calls go to it once a model names it among its candidates."},
	"upstream-changed":       {Tone: views.ToneGood, Title: "Upstream changed", Text: "The change applies from the next request."},
	"upstream-moved":         {Tone: views.ToneWarn, Title: "Upstream changed, without its keys", Text: "They were for the address and the kind of before. Add keys below: calls are made without credentials until then."},
	"upstream-enabled":       {Tone: views.ToneGood, Title: "Upstream enabled", Text: "Calls go to it from the next request."},
	"upstream-disabled":      {Tone: views.ToneGood, Title: "Upstream disabled", Text: "No call goes to it until it is enabled again."},
	"upstream-deleted":       {Tone: views.ToneGood, Title: "Upstream deleted", Text: "What its calls cost stays."},
	"upstream-key-added":     {Tone: views.ToneGood, Title: "Key added", Text: "Calls can use it from the next request. Test the upstream below."},
	"upstream-key-enabled":   {Tone: views.ToneGood, Title: "Key enabled", Text: "Calls can use it from the next request."},
	"upstream-key-disabled":  {Tone: views.ToneGood, Title: "Key disabled", Text: "No call uses it until it is enabled again."},
	"upstream-key-removed":   {Tone: views.ToneGood, Title: "Key removed", Text: "No call uses it from the next request."},
	"price-set":              {Tone: views.ToneGood, Title: "Price set", Text: "It counts from its moment on. Earlier calls and holds keep their price."},
	"prices-imported":        {Tone: views.ToneGood, Title: "Prices imported", Text: "They count from their moments on. Earlier calls and holds keep their price."},
	"prices-same":            {Tone: views.ToneGood, Title: "Nothing to import", Text: "Every price of the list is in force as it is."},
	"look-saved":             {Tone: views.ToneGood, Title: "Look saved", Text: "The dashboard shows it within a minute. Mails have the name from the next one on."},
	"logo-saved":             {Tone: views.ToneGood, Title: "Logo saved", Text: "The dashboard shows it within a minute."},
	"logo-removed":           {Tone: views.ToneGood, Title: "Logo removed", Text: "The dashboard leaves it out within a minute."},
	"thresholds-saved":       {Tone: views.ToneGood, Title: "Thresholds saved", Text: "They count from the next charge."},
	"password-changed":       {Tone: views.ToneGood, Title: "Password changed", Text: "Your other sessions have ended."},
	"reset-requested":        {Tone: views.ToneGood, Title: "Look into your mailbox", Text: "If an operator with a password has this e-mail, a link is on its way there. It works once, for 30 minutes. If none arrives, look among the unwanted mails, or run codexible user set-password on the server."},
	"password-reset":         {Tone: views.ToneGood, Title: "Password changed", Text: "All sessions of this account have ended. Sign in with the new password."},
	"two-step-off":           {Tone: views.ToneWarn, Title: "Two-factor authentication is off", Text: "Your password alone signs you in."},
	"two-step-unlocked":      {Tone: views.ToneBad, Title: "Somebody entered 100 wrong codes in one day", Text: "Your authenticator codes were locked. Your recovery code has unlocked them. Whoever entered the wrong codes knew your password. Change it below."},
	"session-ended":          {Tone: views.ToneGood, Title: "Session ended", Text: "That browser has to sign in again."},
	"signed-out":             {Tone: views.ToneGood, Title: "You are signed out", Text: ""},
	"password-set":           {Tone: views.ToneGood, Title: "The console is set up", Text: "Sign in with your e-mail and password."},
	"user-erased":            {Tone: views.ToneGood, Title: "User erased", Text: "What was known of the person is removed. The books keep their figures. Delete backups that must not contain the person."},
	"key-pasted":             {Tone: views.ToneWarn, Title: "Do not paste whole keys", Text: "Only the first characters of the key were looked for. If the key was published, revoke it together with the keys that it created."},
}

// afterID reads where a page of a list begins; with an invalid ID it is the first page.
func (v *Visit) afterID() uuid.UUID {
	id, _ := uuid.Parse(v.Query.Get("after"))
	return id
}

// search reads the search text of a list.
func (v *Visit) search() (string, error) {
	text, ok := filter(v.Query.Get("q"), accounts.MaxSearchLength)
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
	found := 0
	for i := range fields {
		if problem := f.Fields[fields[i].Name]; problem != "" {
			fields[i].Problem = sentence(problem)
			found++
		}
	}
	return found > 0
}

// sentence makes a field error a sentence of its own.
func sentence(problem string) string { return strings.ToUpper(problem[:1]) + problem[1:] + "." }

// pageSize is how many rows a page of a list shows.
const pageSize = 50

// days reads the range of days that the page of a user or a key shows.
func (v *Visit) days(now time.Time) (usage.Range, views.RangeChoice) {
	choice := views.RangeChoice{Current: "30 days"}
	n := 30
	for _, days := range []int{7, 30, 90, 365} {
		text := fmt.Sprintf("%d days", days)
		choice.Links = append(choice.Links, views.Link{Text: text, Path: views.WithQuery(v.Path, "days", strconv.Itoa(days))})
		if v.Query.Get("days") == strconv.Itoa(days) {
			n, choice.Current = days, text
		}
	}
	return usage.LastDays(usage.DayOf(now), n), choice
}

// refusalReasons are the texts for the codes that requests are refused with.
var refusalReasons = map[keys.Code]string{
	keys.NotFound: "Missing or unknown key", keys.Revoked: "Key revoked", keys.Disabled: "Key disabled", keys.Expired: "Key expired",
	keys.Suspended: "User suspended", keys.InsufficientScope: "Missing scope", keys.AddressNotAllowed: "IP address not allowed",
	keys.RateLimited: "Rate limit exceeded", keys.ModelNotAllowed: "Model not allowed", keys.ConcurrencyLimited: "Too many requests at once", keys.QuotaExceeded: "Quota exceeded",
}

// filter reads what a list is narrowed by, as the API reads it; false where no
// row can hold it.
func filter(text string, most int) (cleaned string, ok bool) {
	text = accounts.Clean(text)
	return text, accounts.CheckText(text, 0, most) == ""
}

// noFilter says what is wrong with a filter.
var noFilter = fmt.Sprintf("The search text must be plain text of at most %d characters, without control characters.", accounts.MaxSearchLength)
