package cli

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"

	"codexible/accounts"
	"codexible/handlers"
	"codexible/store"

	"github.com/google/uuid"
	"golang.org/x/term"
)

type userCommand struct {
	Create      userCreate      `cmd:"" help:"Create a user."`
	List        userList        `cmd:"" help:"List users, the newest first."`
	Show        userShow        `cmd:"" help:"Show a user."`
	Change      userChange      `cmd:"" help:"Change what is known of a user, the plan or the role."`
	Export      userExport      `cmd:"" help:"Write everything that is known of a user as JSON."`
	Erase       userErase       `cmd:"" help:"Erase what is known of a user, for good."`
	Suspend     userSuspend     `cmd:"" help:"Suspend a user: all keys stop working and console sessions end."`
	Reactivate  userReactivate  `cmd:"" help:"Reactivate a suspended user."`
	SetPassword userSetPassword `cmd:"" help:"Set a user's console password and end the user's sessions."`
}

func printUsers(t *terminal, value any, users ...store.UserLine) error {
	return t.print(value, func(w io.Writer) {
		line(w, "E-MAIL", "NAME", "PLAN", "ROLE", "STATUS", "KEYS", "USED TODAY", "ID")
		for _, u := range users {
			line(w, u.Email, u.Name, u.PlanName, string(u.Role), string(u.Status), strconv.FormatInt(u.KeyCount, 10), strconv.FormatInt(u.CreditsUsedToday, 10), u.ID.String())
		}
	})
}

func printUser(t *terminal, u store.UserLine) error { return printUsers(t, handlers.UserForm(u), u) }

// findUser finds a user by e-mail, id or external:ID.
func findUser(ctx context.Context, s *store.Store, who string) (store.UserLine, error) {
	if id, err := uuid.Parse(who); err == nil {
		return s.User(ctx, id)
	}
	if external, is := strings.CutPrefix(who, "external:"); is {
		return s.UserByExternalID(ctx, external)
	}
	return s.UserByEmail(ctx, strings.TrimSpace(who))
}

type userCreate struct {
	Email      string        `required:"" placeholder:"E-MAIL" help:"Address of the user, unique without case."`
	Plan       string        `required:"" placeholder:"PLAN" help:"Name of the plan: Starter, Pro, Business or another."`
	Name       string        `placeholder:"NAME" help:"Name of the user."`
	Role       accounts.Role `enum:"user,service,viewer,admin" default:"user" placeholder:"ROLE" help:"user, service (may verify keys), viewer (reads everything) or admin (may do everything); user unless given."`
	ExternalID string        `placeholder:"ID" help:"Your own id of the user, unique."`
	Metadata   string        `placeholder:"JSON" help:"A JSON object, at most 4096 bytes."`
	Note       string        `placeholder:"TEXT" help:"A note that only operators see."`

	PasswordStdin bool `help:"Read a console password from the first line of stdin."`
}

// Help gives the examples that --help shows.
func (userCreate) Help() string {
	return `Examples:

    codexible user create --email ada@example.com --plan Pro
    codexible user create --email gateway@example.com --plan Business --role service
    pass show codexible | codexible user create --email me@example.com --plan Pro --role admin --password-stdin`
}

// Run creates the user.
func (c userCreate) Run(ctx context.Context, t *terminal) error {
	n := accounts.NewUser{Email: c.Email, Name: c.Name, Plan: c.Plan, Role: c.Role, ExternalID: c.ExternalID, Metadata: objectOrNil(c.Metadata), Note: c.Note}
	if c.PasswordStdin {
		password, err := reading(ctx, t.firstLine)
		if err != nil {
			return err
		}
		if n.PasswordHash, err = accounts.HashPassword(ctx, password); err != nil {
			return err
		}
	}
	return t.withStore(ctx, func(s *store.Store) error {
		u, err := s.CreateUser(ctx, accounts.ActorCLI, n)
		if err != nil {
			return err
		}
		return printUser(t, u)
	})
}

// listFlags are the flags of every list; they are called as the API's parameters.
type listFlags struct {
	Q      string    `short:"q" placeholder:"TEXT" help:"Search text, without case. Fewer than three characters match from the beginning."`
	Limit  int       `default:"50" placeholder:"N" help:"Number of rows, 1 to 200; default 50."`
	Offset int       `placeholder:"N" help:"Number of rows to skip, at most 10000."`
	After  uuid.UUID `placeholder:"ID" help:"Continue after this id, the last one of the previous page."`
}

// Validate holds the flags to the bounds of the API.
func (f listFlags) Validate() error {
	if f.Limit < 1 || f.Limit > 200 || f.Offset < 0 || f.Offset > 10_000 {
		return errors.New("--limit must be 1 to 200, --offset 0 to 10000")
	}
	if problem := accounts.CheckText(f.text(), 0, accounts.MaxSearchLength); problem != "" {
		return errors.New("-q " + problem)
	}
	return nil
}

// text is what is searched for, as the API reads it.
func (f listFlags) text() string { return accounts.Clean(f.Q) }

func (f listFlags) page() store.Page {
	return store.Page{Limit: f.Limit, Offset: f.Offset, After: f.After}
}

type userList struct {
	listFlags
}

// Help gives the examples that --help shows.
func (userList) Help() string {
	return `-q searches e-mail and name. Examples:

    codexible user list
    codexible user list -q example.com --limit 200
    codexible user list --json | jq -r '.[] | select(.status == "suspended") | .email'`
}

// Run lists users.
func (c userList) Run(ctx context.Context, t *terminal) error {
	return t.withStore(ctx, func(s *store.Store) error {
		users, err := s.Users(ctx, store.UserQuery{Text: c.text(), Page: c.page()})
		if err != nil {
			return err
		}
		answer := make([]any, len(users))
		for i, u := range users {
			answer[i] = handlers.UserForm(u)
		}
		return printUsers(t, answer, users...)
	})
}

type userSuspend struct {
	User string `arg:"" help:"E-mail or id."`
}

// Run suspends a user.
func (c userSuspend) Run(ctx context.Context, t *terminal) error {
	return setStatus(ctx, t, c.User, accounts.StatusSuspended)
}

type userReactivate struct {
	User string `arg:"" help:"E-mail or id."`
}

// Run reactivates a user.
func (c userReactivate) Run(ctx context.Context, t *terminal) error {
	return setStatus(ctx, t, c.User, accounts.StatusActive)
}

func setStatus(ctx context.Context, t *terminal, who string, status accounts.Status) error {
	return t.withStore(ctx, func(s *store.Store) error {
		u, err := findUser(ctx, s, who)
		if err != nil {
			return err
		}
		if u, err = s.ChangeUser(ctx, accounts.ActorCLI, u.ID, accounts.UserChange{Status: &status}); err != nil {
			return err
		}
		return printUser(t, u)
	})
}

type userSetPassword struct {
	User          string `arg:"" help:"E-mail or id."`
	PasswordStdin bool   `help:"Read the password from the first line of stdin instead of asking for it."`
}

// Help gives the examples that --help shows.
func (userSetPassword) Help() string {
	return `Asks for the password on a terminal, without showing it. Only an admin can sign in to the console. Examples:

    codexible user set-password me@example.com
    pass show codexible | codexible user set-password me@example.com --password-stdin`
}

// Run sets the password.
func (c userSetPassword) Run(ctx context.Context, t *terminal) error {
	password, err := c.read(ctx, t)
	if err != nil {
		return err
	}
	hash, err := accounts.HashPassword(ctx, password)
	if err != nil {
		return err
	}
	return t.withStore(ctx, func(s *store.Store) error {
		u, err := findUser(ctx, s, c.User)
		if err != nil {
			return err
		}
		if err := s.SetPassword(ctx, accounts.ActorCLI, u.ID, hash); err != nil {
			return err
		}
		return printUser(t, u)
	})
}

func (c userSetPassword) read(ctx context.Context, t *terminal) (string, error) {
	if c.PasswordStdin {
		return reading(ctx, t.firstLine)
	}
	file, ok := t.in.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return "", errors.New("without a terminal the password is read from stdin: use --password-stdin")
	}
	first, err := t.ask(file, "New password: ")
	if err != nil {
		return "", err
	}
	again, err := t.ask(file, "The same again: ")
	if err == nil && first != again {
		err = errors.New("the two passwords differ, nothing was changed")
	}
	return first, err
}

func (t *terminal) ask(file *os.File, prompt string) (string, error) {
	_, _ = io.WriteString(t.err, prompt)
	text, err := term.ReadPassword(int(file.Fd()))
	_, _ = io.WriteString(t.err, "\n")
	return string(text), err
}

// firstLine reads a password that ends at the first line break, or with the input.
func (t *terminal) firstLine() (string, error) {
	text, err := bufio.NewReader(io.LimitReader(t.in, 1<<16)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return strings.TrimRight(text, "\r\n"), nil
}
