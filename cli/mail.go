package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"codexible/mail"
	"codexible/server"

	"github.com/google/uuid"
)

type mailCommand struct {
	Test mailTest `cmd:"" help:"Send a test to an address by SMTP_URL; exit 1 if the mail server does not take it."`
}

type mailTest struct {
	Address string `arg:"" help:"Who gets the mail."`
}

// Help gives the examples that --help shows.
func (mailTest) Help() string {
	return `Reads SMTP_URL and MAIL_FROM and needs no database. Example:

    codexible mail test ada@example.com`
}

// mailTestJSON is what became of a test.
type mailTestJSON struct {
	To       string `json:"to"`
	Server   string `json:"server"`
	Accepted bool   `json:"accepted"`
	// Code is that of the server's answer; 0 for none.
	Code int `json:"code"`
	// Answer is what the server answered, or what failed.
	Answer string `json:"answer"`
}

// Run sends the test from this process.
func (c mailTest) Run(ctx context.Context, t *terminal) error {
	settings, err := t.config(nil)
	if err != nil {
		return err
	}
	if !settings.SMTPURL.IsSet() {
		return errors.New("no mail is sent: set SMTP_URL and MAIL_FROM, as the service has them")
	}
	sender, err := server.NewMailSender(&settings)
	if err != nil {
		return err
	}
	accepted, failure := sender.Send(ctx, mail.Test(c.Address, uuid.NewString(), time.Now()))
	result := mailTestJSON{To: c.Address, Server: sender.Server(), Accepted: failure == nil, Code: accepted.Code, Answer: accepted.Answer}
	if failure != nil {
		result.Answer = failure.Error()
		if failed, is := errors.AsType[*mail.SendError](failure); is {
			result.Code = failed.Code
		}
	}
	err = t.print(result, func(w io.Writer) {
		if result.Accepted {
			line(w, fmt.Sprintf("%s took the mail to %s: %d %s", result.Server, result.To, result.Code, result.Answer))
		}
	})
	if err == nil && failure != nil {
		err = fmt.Errorf("%s did not take the mail: %w", result.Server, failure)
	}
	return err
}
