// Package cli is the command line: the commands, what they print, and their exit
// codes.
package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"codexible/config"
	"codexible/fault"
	"codexible/server"
	"codexible/store"
	"codexible/valkey"

	"github.com/alecthomas/kong"
)

// commandLine is every command with its flags; kong reads it and makes the help of it.
type commandLine struct {
	JSON bool `help:"Print JSON with the fields of the API on stdout, and nothing else."`

	Serve    serveCommand    `cmd:"" help:"Answer requests until SIGTERM or Ctrl+C."`
	Migrate  migrateCommand  `cmd:"" help:"Apply or roll back schema migrations."`
	User     userCommand     `cmd:"" help:"Create, list and suspend users; set console passwords."`
	Key      keyCommand      `cmd:"" help:"Create, list, rotate, disable and revoke API keys."`
	Grant    grantCommand    `cmd:"" help:"Give users credits beside their plan; list and revoke what was given."`
	Correct  correctCommand  `cmd:"" help:"Give back credits of a day, or take some."`
	Hold     holdCommand     `cmd:"" help:"List and release the credits that are set aside for open calls."`
	Model    modelCommand    `cmd:"" help:"List, create, change and delete the models that are offered."`
	Upstream upstreamCommand `cmd:"" help:"List, add, change, test and delete the upstreams that calls go to."`
	Webhook  webhookCommand  `cmd:"" help:"List, add, change, test and delete webhooks, and show and repeat their deliveries."`
	Mail     mailCommand     `cmd:"" help:"Send a mail to try the settings."`
	Price    priceCommand    `cmd:"" help:"List, set, quote and import prices."`
	Settings settingsCommand `cmd:"" help:"Show and change the settings: the product's name, logo, colour and links, and the usage thresholds."`
	Apply    applyCommand    `cmd:"" help:"Make plans, upstreams, models and prices what a file says."`
	Usage    usageCommand    `cmd:"" help:"Export usage, and check its totals against the single charges."`
	Backup   backupCommand   `cmd:"" help:"Back up the embedded database to a file, also while the service runs."`
	Restore  restoreCommand  `cmd:"" help:"Replace the embedded database with a backup."`

	Secrets secretsCommand `cmd:"" help:"Rotate the key that encrypts secrets in the database, or delete secrets that no key can decrypt."`

	MigrateData migrateDataCommand `cmd:"" help:"Move everything from the embedded database to Postgres."`

	Health     healthCommand     `cmd:"" help:"Check that the service on this machine responds; exit 1 if not."`
	Completion completionCommand `cmd:"" help:"Print a shell's completion of the command line."`
	Manpage    manpageCommand    `cmd:"" hidden:"" help:"Print the manual page."`

	Version versionCommand `cmd:"" help:"Print the version, or the licences of what the program contains; --version prints the version."`
}

const description = `API keys, plans and daily credits for an API product.

To try it with demo data and no configuration: codexible serve --demo

The configuration is read from the environment and from the file .env of the current folder; without any, the data is in ./data. Every command works beside a running service on the same database, and what it changes is seen there within a second.

Exit code 0: done. 1: it failed, and a line on stderr says why. 2: the command line is wrong.`

// The exit codes.
const (
	ExitOK     = 0
	ExitFailed = 1
	ExitUsage  = 2
)

// Program is what a run of the program is given.
type Program struct {
	Args []string
	// Getenv returns a variable's value and whether it is set.
	Getenv   func(string) (string, bool)
	In       io.Reader
	Out, Err io.Writer
	Version  string
	// Licences are the texts that version --licences prints.
	Licences string
	// Files are the schema and the migrations that the binary carries.
	Files store.Files
}

// Run executes the command line until it is done or ctx ends, and returns the exit
// code: 0 done, 1 failed, 2 wrong usage.
func Run(ctx context.Context, p Program) int {
	t := &terminal{getenv: p.Getenv, in: p.In, out: p.Out, err: p.Err, version: p.Version, licences: p.Licences, files: p.Files}
	return t.exit(t.execute(ctx, p.Args))
}

// terminal is what a command reads from and writes to.
type terminal struct {
	getenv   func(string) (string, bool)
	in       io.Reader
	out, err io.Writer
	version  string
	licences string
	files    store.Files
	json     bool
}

func (t *terminal) database(c *config.Config) server.Database {
	return server.Database{Config: c, Files: t.files}
}

// errHelped ends the parsing after the help was printed.
var errHelped = errors.New("help was given")

// usageError is a command line that cannot be understood.
type usageError struct {
	problem, command string
}

func (e *usageError) Error() string {
	return e.problem + "; `" + e.command + " --help` shows its usage"
}

// execute runs the command that the arguments name.
func (t *terminal) execute(ctx context.Context, args []string) error {
	var line commandLine
	parser, err := kong.New(&line, kong.Name("codexible"), kong.Description(description), kong.Writers(t.out, t.err),
		kong.Help(func(options kong.HelpOptions, parsed *kong.Context) error {
			return errors.Join(kong.DefaultHelpPrinter(options, parsed), errHelped)
		}), kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}))
	if err != nil {
		return err
	}
	for i, arg := range args {
		if !utf8.ValidString(arg) { // kong would silently replace the bytes
			return &usageError{problem: fmt.Sprintf("argument %d is not in UTF-8: check the locale of the terminal", i+1), command: "codexible"}
		}
	}
	parsed, err := parser.Parse(versionFlag(args))
	if errors.Is(err, errHelped) {
		return nil
	}
	if wrong, ok := errors.AsType[*kong.ParseError](err); ok {
		return &usageError{problem: wrong.Error(), command: commandOf(wrong.Context)}
	}
	if err != nil {
		return err
	}
	t.json = line.JSON
	parsed.BindTo(ctx, (*context.Context)(nil))
	return parsed.Run(t)
}

// versionFlag replaces --version before any command by the command version: a flag
// of kong's would exit the program itself.
func versionFlag(args []string) []string {
	for i, arg := range args {
		if !strings.HasPrefix(arg, "-") {
			break
		}
		if arg == "--version" {
			return slices.Concat(args[:i], []string{"version"}, args[i+1:])
		}
	}
	return args
}

// commandOf is as much of a command as was understood.
func commandOf(parsed *kong.Context) string {
	if node := parsed.Selected(); node != nil {
		return node.FullPath()
	}
	return parsed.Model.Name
}

// exit prints an error in one line, and returns the exit code.
func (t *terminal) exit(err error) int {
	if err == nil {
		return ExitOK
	}
	_, _ = fmt.Fprintln(t.err, "codexible: "+strings.Join(strings.Fields(reason(err)), " "))
	if _, wrong := errors.AsType[*usageError](err); wrong {
		return ExitUsage
	}
	return ExitFailed
}

// reason is an error's text for operators: unlike clients they see the cause.
func reason(err error) string {
	var f *fault.Error
	if !errors.As(err, &f) {
		return err.Error()
	}
	switch {
	case f.Kind == fault.Unavailable && errors.Unwrap(f) != nil:
		return fmt.Sprintf("the database does not answer, check DATABASE_URL and that it runs: %v", errors.Unwrap(f))
	case f.Kind == fault.Internal:
		return err.Error()
	case len(f.Fields) > 0:
		var problems []string
		for _, field := range slices.Sorted(maps.Keys(f.Fields)) {
			problems = append(problems, field+" "+f.Fields[field])
		}
		return strings.Join(problems, "; ")
	}
	return f.Message
}

// config reads the configuration; instead replaces defaults.
func (t *terminal) config(instead map[string]string) (config.Config, error) {
	return config.Read(t.getenv, ".", instead)
}

// withStore runs a command on the configured database. Running services learn of
// its changes through the database, and through Valkey if one is configured.
func (t *terminal) withStore(ctx context.Context, work func(s *store.Store) error) (err error) {
	c, err := t.config(nil)
	if err != nil {
		return err
	}
	if err := t.database(&c).NeedSchema(ctx); err != nil {
		return err
	}
	log := server.NewLogger(&c, t.err)
	s, err := t.database(&c).Open(ctx, log, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if c.ValkeyURL.IsSet() {
		shared, err := valkey.Open(ctx, c.ValkeyURL.Reveal())
		if err != nil {
			return fmt.Errorf("VALKEY_URL: %w", err)
		}
		defer shared.Close()
		feed := valkey.StartFeed(ctx, shared.Changes())
		defer func() { _ = feed.Close() }()
		s.Subscribe(feed)
	}
	return work(s)
}

// print writes a command's result: as JSON, or with human.
func (t *terminal) print(value any, human func(w io.Writer)) error {
	if !t.json {
		w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
		human(w)
		return w.Flush()
	}
	encoder := json.NewEncoder(t.out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// line writes a row of a table; its cells are aligned with those of the others.
func line(w io.Writer, cells ...string) { _, _ = fmt.Fprintln(w, strings.Join(cells, "\t")) }
