package mail

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"codexible/events"
)

// width is where lines of a paragraph break.
const width = 72

// text is what a mail says, in parts.
type text struct {
	subject string
	parts   []string
}

// sayf adds a paragraph.
func (t *text) sayf(format string, args ...any) {
	var b strings.Builder
	column := 0
	for i, word := range strings.Fields(fmt.Sprintf(format, args...)) {
		n := len([]rune(word))
		switch {
		case i == 0:
		case column+1+n > width:
			b.WriteByte('\n')
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	t.parts = append(t.parts, b.String())
}

// facts adds names and values, one a line; pairs without a value are left out.
func (t *text) facts(pairs ...string) {
	most := 0
	for pair := range slices.Chunk(pairs, 2) {
		if pair[1] != "" {
			most = max(most, len(pair[0]))
		}
	}
	var lines []string
	for pair := range slices.Chunk(pairs, 2) {
		if value := oneLine(pair[1]); value != "" {
			lines = append(lines, fmt.Sprintf("%-*s %s", most+1, pair[0]+":", value))
		}
	}
	if len(lines) > 0 {
		t.parts = append(t.parts, strings.Join(lines, "\n"))
	}
}

// link adds an address in a line of its own.
func (t *text) link(base, path string) {
	if base != "" {
		t.parts = append(t.parts, base+path)
	}
}

func (t *text) body() string { return strings.Join(t.parts, "\n\n") + "\n" }

// Compose writes the mail of an event to a recipient. base is the address of the console, for
// links, which only operators can follow; empty for none.
func Compose(e *events.Event, to events.Recipient, base string) Message {
	var d events.Data
	_ = json.Unmarshal(e.Data, &d) // what is not there is left out of the text
	if !to.Operates {
		base = ""
	}
	t := compose(e, &d, base)
	if base != "" && events.ToUser(e.Type) && d.User != nil {
		t.link(base, "/admin/users/"+d.User.ID.String())
	}
	t.sayf("This mail was sent automatically because of the event %s (%s) on %s.", e.Type, e.ID, moment(e.At))
	return Message{ID: e.ID.String(), To: to.Email, Subject: t.subject, Text: t.body(), At: e.At}
}

func compose(e *events.Event, d *events.Data, base string) *text {
	switch e.Type {
	case events.ThresholdReached:
		return threshold(d)
	case events.QuotaExceeded:
		return quota(d)
	case events.KeyExpiring:
		return expiring(d)
	case events.UpstreamDown, events.UpstreamRecovered:
		return upstream(e, d, base)
	case events.LedgerMismatch:
		return mismatch(d, base)
	case events.BackupFailed:
		return backup(d, base)
	case events.TwoStepLocked:
		return locked(d, base)
	default: // no other type goes by mail
		return &text{subject: string(e.Type)}
	}
}

// account are the facts of whose account it is.
func account(d *events.Data) []string {
	if d.User == nil {
		return nil
	}
	return []string{"Account", d.User.Email, "Plan", d.User.Plan}
}

func key(d *events.Data) []string {
	if d.Key == nil {
		return nil
	}
	return []string{"Key", d.Key.Prefix + "…", "Label", d.Key.Label}
}

func credits(d *events.Data) events.Credits {
	if d.Credits == nil {
		return events.Credits{}
	}
	return *d.Credits
}

// period is the day or month that a limit is for, in words.
func period(c events.Credits) string {
	layout := "2 January 2006"
	if c.Limit == "month" {
		layout = "January 2006"
	}
	day, err := time.Parse(time.DateOnly, c.Date)
	if err != nil {
		return c.Date
	}
	return day.Format(layout)
}

func used(c events.Credits) string { return number(c.CreditsUsed) + " of " + number(c.CreditLimit) }

func threshold(d *events.Data) *text {
	c := credits(d)
	t := &text{subject: fmt.Sprintf("%d %% of your credits for %s are used", c.Threshold, period(c))}
	t.sayf("You have used %d %% of your credits for %s.", c.Threshold, period(c))
	t.facts(append(account(d), "Credits used", used(c), "Resets", moment(c.ResetsAt))...)
	t.sayf("You need not do anything: requests work until all credits are used. After that they are refused until the limit resets, unless you have other credits. If you need more, ask whoever gave you your API key.")
	return t
}

func quota(d *events.Data) *text {
	c := credits(d)
	t := &text{subject: "Requests are refused: your credits for " + period(c) + " are used up"}
	if c.Limit == "key" {
		if d.Key != nil {
			t.subject = "Requests with key " + d.Key.Prefix + "… are refused: its credits for " + period(c) + " are used up"
		}
		t.sayf("A request with one of your API keys was refused: the key has its own limit of credits a day, and it is used up for %s. Your other keys are not concerned.", period(c))
	} else {
		t.sayf("A request was refused: your credits for %s are used up.", period(c))
	}
	t.facts(append(append(account(d), key(d)...), "Credits used", used(c), "Resets", moment(c.ResetsAt))...)
	t.sayf("Requests are refused until the limit resets. If you need more before that, ask whoever gave you your API key.")
	return t
}

func expiring(d *events.Data) *text {
	k := d.Key
	if k == nil || k.ExpiresAt == nil {
		k = &events.Key{ExpiresAt: new(time.Time)}
	}
	t := &text{subject: fmt.Sprintf("Your API key %s… expires on %s", k.Prefix, k.ExpiresAt.UTC().Format("2 January 2006"))}
	t.sayf("One of your API keys expires on %s. From then on requests with it are refused.", moment(*k.ExpiresAt))
	t.facts(append(account(d), key(d)...)...)
	t.sayf("If you still use it, create another key, give it to the programs that use this one, and revoke this one. If you no longer use it, you need not do anything.")
	return t
}

func upstream(e *events.Event, d *events.Data, base string) *text {
	name := "?"
	if d.Upstream != nil {
		name = oneLine(d.Upstream.Name)
	}
	t := &text{subject: "Upstream " + name + " is down"}
	if e.Type == events.UpstreamDown {
		t.sayf("The upstream %s has been down since %s: calls of models fail there.", name, moment(e.At))
		t.sayf("Calls go to other upstreams where a model has them, and are refused where it has none. Codexible keeps trying, and another mail follows when it serves again. Its page in the console has its last errors. The provider may have a page about its own state, too.")
	} else {
		t.subject = "Upstream " + name + " serves again"
		t.sayf("The upstream %s serves again: its calls succeed since %s. You need not do anything.", name, moment(e.At))
	}
	if d.Upstream != nil {
		t.link(base, "/admin/upstreams/"+d.Upstream.ID.String())
	}
	return t
}

func mismatch(d *events.Data, base string) *text {
	var l events.Ledger
	if d.Ledger != nil {
		l = *d.Ledger
	}
	t := &text{subject: "The ledger has differences"}
	t.sayf("Totals of credits differ from the single charges that they are made of. The recount of all of them found %s.", count(l.Differences, "difference"))
	for _, one := range l.First {
		t.sayf("- %s", oneLine(one))
	}
	t.sayf("Run \"codexible usage reconcile\" on the server: it lists them all. Keep a backup of the database as it is before you change anything.")
	t.link(base, "/admin/system")
	return t
}

func backup(d *events.Data, base string) *text {
	t := &text{subject: "A backup failed"}
	if d.Failure != nil {
		t.sayf("%s", oneLine(d.Failure.Details))
	}
	t.sayf("Until one succeeds there is no copy of what happened since the last one. The log of the service says why it failed. Check that BACKUP_DIR exists, is writable, and has room.")
	t.link(base, "/admin/system")
	return t
}

func locked(d *events.Data, base string) *text {
	t := &text{subject: "Authenticator codes are locked"}
	email := "an operator"
	if d.User != nil {
		email = oneLine(d.User.Email)
		t.subject += " for " + email
	}
	t.sayf("Too many wrong authenticator codes were entered in one day to sign in to the console as %s. Codes of the app are refused until they are unlocked.", email)
	t.sayf("Whoever entered them knew the password. Unless it was the operator, set another password: \"codexible user set-password\" on the server also unlocks the codes. A recovery code unlocks them too.")
	if d.User != nil {
		t.link(base, "/admin/users/"+d.User.ID.String())
	}
	return t
}

// Reset writes the mail with a link to choose another console password.
func Reset(to, link, id string, at, until time.Time) Message {
	t := &text{subject: "Choose another password for the console"}
	t.sayf("Somebody, probably you, asked to choose another password for the console of Codexible.")
	t.facts("Account", to)
	t.sayf("Open this link to choose it. The link works once, until %s:", moment(until))
	t.parts = append(t.parts, link)
	t.sayf("A password that is set with it ends every session of this account. If you did not ask for it, you need not do anything: your password stays as it is. Do not pass this mail on.")
	return Message{ID: id, To: to, Subject: t.subject, Text: t.body(), At: at}
}

// Test writes the mail that an operator sends to try the settings.
func Test(to, id string, at time.Time) Message {
	t := &text{subject: "Test of Codexible's mail"}
	t.sayf("This is a test that an operator of Codexible sent on %s. Mails arrive here; you need not do anything.", moment(at))
	return Message{ID: id, To: to, Subject: t.subject, Text: t.body(), At: at}
}

func moment(at time.Time) string { return at.UTC().Format("2 January 2006, 15:04 UTC") }

func count(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return number(n) + " " + what + "s"
}

// number writes 1234567 as 1,234,567.
func number(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
