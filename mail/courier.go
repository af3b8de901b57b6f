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
	// MailRecipients are who gets the mail of an event: active users alone.
	MailRecipients(ctx context.Context, e *events.Event) ([]events.Recipient, error)
	// TakeMailTurn gives an event, which was at a moment, the turn with a hash, unless another
	// event has it that was after free. mine is whether the event has it, since is when its owner was.
	TakeMailTurn(ctx context.Context, hash []byte, at, free time.Time) (mine bool, since time.Time, err error)
	// MailSent reports whether the mail with a hash was noted.
	MailSent(ctx context.Context, hash []byte) (bool, error)
	NoteMailSent(ctx context.Context, hash []byte) error
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
		return c.skip("nobody is to be told: there is no active user for it")
	}
	return c.deliverTo(ctx, e, to)
}

func (c *Courier) skip(reason string) events.Answer {
	c.Observe(Skipped)
	return events.Answer{Skipped: true, Body: "skipped: " + reason}
}

// deliverTo sends to each recipient. The result is that of the one whose mail is the least done.
func (c *Courier) deliverTo(ctx context.Context, e *events.Event, to []events.Recipient) events.Answer {
	var sent, failed, refused events.Answer
	var later time.Time
	for _, one := range to {
		r := c.deliverOne(ctx, e, one, len(to) > 1)
		switch {
		case !r.Later.IsZero():
			later = r.Later
		case r.Final:
			refused = r
		case r.Error != "":
			failed = r
		case r.Status != 0:
			sent = r
		}
		if r.Error != "" && r.Status == 0 { // the server is not there for the others either
			break
		}
	}
	switch {
	case failed.Error != "":
		return failed
	case !later.IsZero():
		return events.Answer{Later: later}
	case refused.Error != "":
		return refused
	case sent.Status != 0:
		return sent
	}
	return events.Answer{Skipped: true, Body: "skipped: a mail with the same subject was sent within the hour"}
}

var errDatabase = errors.New("the database does not answer")

// deliverOne sends to one recipient. Where there are several it is noted who has the mail, so
// that an attempt for the others repeats none.
func (c *Courier) deliverOne(ctx context.Context, e *events.Event, to events.Recipient, several bool) (a events.Answer) {
	m := Compose(e, to, c.PublicURL)
	mark := hash("sent", m.ID, m.To)
	if several {
		if done, err := c.Turns.MailSent(ctx, mark); err != nil || done {
			return c.answer(Accepted{Code: 250}, c.away(ctx, e, err), "")
		}
	}
	free := e.At.Add(-Quiet)
	if events.IsState(e.Type) {
		free = c.Now().Add(-Quiet)
	}
	mine, since, err := c.Turns.TakeMailTurn(ctx, hash("turn", m.To, m.Subject), e.At, free)
	switch {
	case err != nil:
		return c.answer(Accepted{}, c.away(ctx, e, err), Again)
	case !mine && events.IsState(e.Type):
		return events.Answer{Later: since.Add(Quiet)}
	case !mine:
		c.Observe(Skipped)
		return events.Answer{Skipped: true}
	}
	accepted, err := c.Send(ctx, m)
	if err != nil {
		result := Again
		if failed, is := errors.AsType[*SendError](err); is && failed.Refused {
			result = Refused
		}
		return c.answer(accepted, err, result)
	}
	if several {
		_ = c.Turns.NoteMailSent(ctx, mark) // else it may be repeated, with the same Message-ID
	}
	return c.answer(accepted, nil, Sent)
}

// away is a failure of the database for those who see the delivery; the log has its cause.
func (c *Courier) away(ctx context.Context, e *events.Event, cause error) error {
	if cause == nil {
		return nil
	}
	c.Log.WarnContext(ctx, "a mail waits for the database", "event", e.ID, "error", cause)
	return errDatabase
}

// answer is the result of one mail; an empty result is not counted.
func (c *Courier) answer(accepted Accepted, err error, result string) (a events.Answer) {
	if result != "" {
		c.Observe(result)
	}
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
