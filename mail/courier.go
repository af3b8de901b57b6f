package mail

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"time"

	"codexible/events"
)

// Quiet is how long after a mail another one with its subject is held back from its recipient.
const Quiet = time.Hour

// The results of mails, as they are counted.
const (
	Sent    = "sent"    // the server has taken it
	Again   = "again"   // another attempt follows
	Refused = "refused" // the server refuses it for good
	Skipped = "skipped" // one with its subject was sent within the hour
)

// Turns are what a Courier keeps between attempts and shares with those of other instances.
type Turns interface {
	// MailRecipients are who gets the mail of an event: active users alone, who want it.
	MailRecipients(ctx context.Context, e *events.Event) ([]events.Recipient, error)
	// TakeMailTurn gives an event, which was at a moment, the turn with a hash, unless another
	// event has it that was after free. mine is whether the event has it, since is when its owner was.
	TakeMailTurn(ctx context.Context, hash []byte, at, free time.Time) (mine bool, since time.Time, err error)
	// MailSentAt is when something with a hash was last noted as sent; zero for never.
	MailSentAt(ctx context.Context, hash []byte) (time.Time, error)
	NoteMailSent(ctx context.Context, hashes ...[]byte) error
	// Superseded reports whether a later event says how the subject of this one is.
	Superseded(ctx context.Context, e *events.Event) (bool, error)
}

// Courier sends the mails of events.
type Courier struct {
	Turns Turns
	// Send sends one mail; its error may be a SendError.
	Send func(context.Context, Message) (Accepted, error)
	// PublicURL is the address of the console, for links; empty for none.
	PublicURL string
	// Brand is the product's in mails to customers; nil for none.
	Brand func(context.Context) Brand
	// Observe is called with the result of every mail.
	Observe func(result string)
	Now     func() time.Time
	Log     *slog.Logger
}

// Deliver sends an event to everybody whom it is for. It is the Send of an events.Deliverer.
func (c *Courier) Deliver(ctx context.Context, _ *events.Webhook, e *events.Event) (a events.Answer) {
	began := c.Now()
	defer func() { a.At, a.MS = began, c.Now().Sub(began).Milliseconds() }()
	over := false
	var err error
	if events.IsState(e.Type) {
		over, err = c.Turns.Superseded(ctx, e)
	}
	if err == nil && over {
		return c.skip("it no longer holds: a later event of the same upstream follows")
	}
	var to []events.Recipient
	if err == nil {
		to, err = c.Turns.MailRecipients(ctx, e)
	}
	if err != nil {
		return c.answer(Accepted{}, c.away(ctx, e, err), Again)
	}
	if len(to) == 0 {
		return c.skip("nobody is to be told: there is no active user for it who wants such mails")
	}
	return c.deliverTo(ctx, e, to)
}

func (c *Courier) skip(reason string) events.Answer {
	c.Observe(Skipped)
	return events.Answer{Skipped: true, Body: "skipped: " + reason}
}

// deliverTo sends to each recipient. The result is that of the one whose mail is the least done.
func (c *Courier) deliverTo(ctx context.Context, e *events.Event, to []events.Recipient) events.Answer {
	var all outcome
	var mine []Message
	for _, one := range to { // all turns first: of events that fail together the latest has them all
		m := Compose(e, one, c.PublicURL)
		if c.Brand != nil && !one.Operates {
			m = c.Brand(ctx).On(m)
		}
		if a, free := c.turn(ctx, e, &m); free {
			mine = append(mine, m)
		} else {
			all.add(a)
		}
	}
	for i := range mine {
		a := c.deliverOne(ctx, &mine[i])
		if all.add(a); a.Error != "" && a.Status == 0 { // the server is not there for the others either
			break
		}
	}
	return all.answer()
}

// outcome is what became of the mails of an event.
type outcome struct {
	sent, failed, refused events.Answer
	later                 time.Time
}

func (o *outcome) add(a events.Answer) {
	switch {
	case !a.Later.IsZero():
		o.later = a.Later
	case a.Final:
		o.refused = a
	case a.Error != "":
		o.failed = a
	case a.Status != 0:
		o.sent = a
	}
}

func (o *outcome) answer() events.Answer {
	switch {
	case o.failed.Error != "":
		return o.failed
	case !o.later.IsZero():
		return events.Answer{Later: o.later}
	case o.refused.Error != "":
		return o.refused
	case o.sent.Status != 0:
		return o.sent
	}
	return events.Answer{Skipped: true, Body: "skipped: a mail with the same subject was sent within the hour"}
}

// mark notes that a recipient has the mail of an event, so that an attempt for others does not
// repeat it; quiet notes when a subject was sent last.
func mark(m *Message) []byte  { return hash("sent", m.ID, m.To) }
func quiet(m *Message) []byte { return hash("quiet", m.To, m.Subject) }

// turn reports whether a mail is to be sent, and else what becomes of it.
func (c *Courier) turn(ctx context.Context, e *events.Event, m *Message) (a events.Answer, free bool) {
	sent, err := c.Turns.MailSentAt(ctx, mark(m))
	if err != nil {
		return c.answer(Accepted{}, c.away(ctx, e, err), Again), false
	}
	if !sent.IsZero() {
		return events.Answer{Try: events.Try{Status: 250}}, false
	}
	before, now := e.At.Add(-Quiet), c.Now()
	if events.IsState(e.Type) {
		before = now.Add(-Quiet)
	}
	mine, since, err := c.Turns.TakeMailTurn(ctx, hash("turn", m.To, m.Subject), e.At, before)
	if err == nil && mine {
		since, err = c.Turns.MailSentAt(ctx, quiet(m))
		mine = !since.After(now.Add(-Quiet))
	}
	switch {
	case err != nil:
		return c.answer(Accepted{}, c.away(ctx, e, err), Again), false
	case mine:
		return a, true
	case events.IsState(e.Type):
		return events.Answer{Later: since.Add(Quiet)}, false
	}
	c.Observe(Skipped)
	return events.Answer{Skipped: true}, false
}

func (c *Courier) deliverOne(ctx context.Context, m *Message) events.Answer {
	accepted, err := c.Send(ctx, *m)
	if err != nil {
		result := Again
		if failed, is := errors.AsType[*SendError](err); is && failed.Refused {
			result = Refused
		}
		return c.answer(accepted, err, result)
	}
	// The mail is gone: it is noted though ctx may have ended. Where that fails it may be sent again.
	noted, cancel := context.WithTimeout(context.WithoutCancel(ctx), notePatience)
	defer cancel()
	if err := c.Turns.NoteMailSent(noted, mark(m), quiet(m)); err != nil {
		c.Log.WarnContext(ctx, "a mail that was sent could not be noted and may be sent again", "event", m.ID, "error", err)
	}
	return c.answer(accepted, nil, Sent)
}

// notePatience bounds the noting of a mail.
const notePatience = 5 * time.Second

var errDatabase = errors.New("the database does not answer")

// away is a failure of the database for those who see the delivery; the log has its cause.
func (c *Courier) away(ctx context.Context, e *events.Event, cause error) error {
	c.Log.WarnContext(ctx, "a mail waits for the database", "event", e.ID, "error", cause)
	return errDatabase
}

// answer is the result of one mail, counted.
func (c *Courier) answer(accepted Accepted, err error, result string) (a events.Answer) {
	c.Observe(result)
	a.Status, a.Body = accepted.Code, accepted.Answer
	if err != nil {
		a.Status, a.Body, a.Error = 0, "", cmp.Or(err.Error(), "not sent")
		if failed, is := errors.AsType[*SendError](err); is {
			a.Status, a.Final = failed.Code, failed.Refused
		}
	}
	return a
}

// hash is what a turn or a mail is kept under: it holds no address that could be read.
func hash(parts ...string) []byte {
	sum := sha256.New()
	for _, part := range parts {
		size := len(part)
		_, _ = sum.Write([]byte{byte(size >> 24), byte(size >> 16), byte(size >> 8), byte(size)})
		_, _ = sum.Write([]byte(part))
	}
	return sum.Sum(nil)
}
