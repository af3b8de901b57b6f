package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"codexible/accounts"
	"codexible/config"
	"codexible/gateway"
	"codexible/handlers"
	"codexible/store"
	"codexible/usage"

	"github.com/google/uuid"
)

type upstreamCommand struct {
	List   upstreamList   `cmd:"" help:"List the upstreams that calls go to."`
	Create upstreamCreate `cmd:"" help:"Add an upstream."`
	Change upstreamChange `cmd:"" help:"Change an upstream; enable and replace its keys."`
	Delete upstreamDelete `cmd:"" help:"Delete an upstream that no model names."`
	Test   upstreamTest   `cmd:"" help:"Make a small call of an upstream; exit 1 if it fails."`
}

// findUpstream is the upstream with a name, without case, or an id.
func findUpstream(ctx context.Context, s *store.Store, text string) (*gateway.Upstream, error) {
	list, err := s.Upstreams(ctx)
	if err != nil {
		return nil, err
	}
	id, _ := uuid.Parse(text)
	for i := range list {
		if strings.EqualFold(list[i].Name, text) || id != uuid.Nil && list[i].ID == id {
			return &list[i], nil
		}
	}
	return nil, fmt.Errorf("there is no upstream %s; codexible upstream list shows them", text)
}

func printUpstreams(t *terminal, value any, list ...gateway.Upstream) error {
	return t.print(value, func(w io.Writer) {
		line(w, "NAME", "KIND", "BASE URL", "WIRES", "KEYS", "HEADERS", "WEIGHT", "PRIORITY", "ENABLED", "ID")
		for i := range list {
			u, enabled := &list[i], "yes"
			if !u.Enabled {
				enabled = "no"
			}
			keys, wires := make([]string, len(u.Keys)), make([]string, len(u.Wires))
			for n := range u.Keys {
				keys[n] = keyState(&u.Keys[n])
			}
			for n, wire := range u.Wires {
				wires[n] = wire.String()
			}
			line(w, u.Name, string(u.Kind), u.BaseURL, strings.Join(wires, ","), strings.Join(keys, ", "), strings.Join(u.HeaderNames(), ","), number(u.Weight), number(u.Priority), enabled, u.ID.String())
		}
	})
}

// keyState is a key without its secret, and what is wrong with it.
func keyState(k *gateway.UpstreamKey) string {
	text := k.Name + "=" + k.Ref()
	if k.Source == gateway.KeyStored {
		text = k.Name + "=…" + k.EndsWith
	}
	if k.Problem != "" {
		text += " (" + k.Problem + ")"
	}
	if k.DisabledAt != nil {
		text += " (disabled: " + k.DisabledReason + ")"
	}
	return text
}

func printUpstream(t *terminal, u *gateway.Upstream) error {
	return printUpstreams(t, handlers.UpstreamForm(u), *u)
}

type upstreamList struct{}

// Run lists the upstreams.
func (upstreamList) Run(ctx context.Context, t *terminal) error {
	return t.withStore(ctx, func(s *store.Store) error {
		list, err := s.Upstreams(ctx)
		if err != nil {
			return err
		}
		answer := make([]any, len(list))
		for i := range list {
			answer[i] = handlers.UpstreamForm(&list[i])
		}
		return printUpstreams(t, answer, list...)
	})
}

// upstreamFlags are the optional fields of an upstream.
type upstreamFlags struct {
	Wire             []string  `placeholder:"WIRE" help:"chat, responses or messages, of kind compatible alone; several with commas between or one flag each; default: chat."`
	KeyRef           []string  `placeholder:"REF" help:"A key by reference: env:UPSTREAM_NAME, a variable of the service, or file:NAME, a file in UPSTREAM_KEYS_DIR; several times for more, tried in this order."`
	KeyStdin         bool      `help:"Read keys from stdin, one a line, and store them encrypted. They are tried after those by reference."`
	HeadersFile      string    `placeholder:"FILE" help:"A file with a JSON object of headers that every call gets, stored encrypted; - for stdin."`
	Weight           *int64    `placeholder:"N" help:"Its share of calls, 0 to 1000; default 1."`
	Priority         *int64    `placeholder:"N" help:"Its place, 1 to 1000, the lowest first; default 1."`
	FirstByteTimeout *int64    `placeholder:"SECONDS" help:"How long the head of an answer may take, 1 to 3600; default 300."`
	IdleTimeout      *int64    `placeholder:"SECONDS" help:"How long a stream may be silent, 1 to 3600; default 300."`
	OnClientGone     *string   `placeholder:"ACTION" help:"cancel or drain calls whose client has left; default: drain for kind compatible, cancel for the others."`
	DailyLimitUSD    *microUSD `name:"daily-limit-usd" placeholder:"USD" help:"The most that the calls of a UTC day may cost; default: no limit."`
	SharedState      *bool     `help:"Requests may refer to what the provider keeps, which all customers share; --shared-state=false ends that."`
	Enabled          *bool     `help:"Calls go to it; --enabled=false stops them."`
}

// maxSecretsInput is how large a list of keys, or an object of headers, may be.
const maxSecretsInput = 1 << 20

// Validate refuses two readers of stdin.
func (f upstreamFlags) Validate() error {
	if f.KeyStdin && f.HeadersFile == "-" {
		return errors.New("--key-stdin and --headers-file - both read stdin; give the headers in a file")
	}
	return nil
}

// change is what the flags change; keys are those that stay before the ones of the flags, nil for none.
func (f upstreamFlags) change(ctx context.Context, t *terminal, keys []gateway.KeyChange) (c gateway.UpstreamChange, err error) {
	c = gateway.UpstreamChange{
		Weight: f.Weight, Priority: f.Priority, FirstByteTimeout: wholeSeconds(f.FirstByteTimeout), IdleTimeout: wholeSeconds(f.IdleTimeout),
		OnClientGone: (*gateway.OnClientGone)(f.OnClientGone), SharedState: f.SharedState, Enabled: f.Enabled,
	}
	if f.Wire != nil {
		c.Wires = &f.Wire
	}
	if f.DailyLimitUSD != nil {
		c.DailyLimitMicros = new((*int64)(f.DailyLimitUSD))
	}
	for _, ref := range f.KeyRef {
		keys = append(keys, gateway.KeyChange{Reference: ref})
	}
	if f.KeyStdin {
		text, err := t.readFile(ctx, "-", maxSecretsInput)
		if err != nil {
			return c, err
		}
		for secret := range strings.FieldsSeq(string(text)) {
			keys = append(keys, gateway.KeyChange{Secret: gateway.NewSecret(secret)})
		}
		if len(strings.Fields(string(text))) == 0 {
			return c, errors.New("stdin has no key")
		}
	}
	if keys != nil {
		c.Keys = &keys
	}
	if f.HeadersFile != "" {
		text, err := t.readFile(ctx, f.HeadersFile, maxSecretsInput)
		if err != nil {
			return c, err
		}
		headers := map[string]string{}
		if json.Unmarshal(text, &headers) != nil { // its error could repeat a value
			return c, errors.New("the headers must be a JSON object whose values are strings")
		}
		c.Headers = &headers
	}
	return c, nil
}

func wholeSeconds(n *int64) *time.Duration {
	if n == nil {
		return nil
	}
	if *n > int64(gateway.MaxUpstreamTime/time.Second) { // a product beyond an int64 would be another time
		return new(gateway.MaxUpstreamTime + time.Second)
	}
	return new(time.Duration(*n) * time.Second)
}

type upstreamCreate struct {
	Name    string `arg:"" help:"Unique, without case: letters, digits, blanks, dots, hyphens and underscores."`
	Kind    string `required:"" placeholder:"KIND" help:"openai, anthropic or compatible."`
	BaseURL string `required:"" placeholder:"URL" help:"What stands before /chat/completions, /responses and /messages; without a path, /v1 is added."`
	upstreamFlags
}

// Help gives the examples that --help shows.
func (upstreamCreate) Help() string {
	return `A key is no argument, because other users of the machine can read those. Examples:

    codexible upstream create openai --kind openai --base-url https://api.openai.com --key-ref env:UPSTREAM_OPENAI
    pass show anthropic | codexible upstream create anthropic --kind anthropic --base-url https://api.anthropic.com --key-stdin
    codexible upstream create local --kind compatible --base-url http://10.0.0.7:8000 --wire chat --wire messages`
}

// Run adds the upstream.
func (c upstreamCreate) Run(ctx context.Context, t *terminal) error {
	change, err := c.change(ctx, t, nil)
	if err != nil {
		return err
	}
	change.Name, change.Kind, change.BaseURL = &c.Name, new(gateway.Kind(c.Kind)), &c.BaseURL
	return t.withStore(ctx, func(s *store.Store) error {
		u, err := s.CreateUpstream(ctx, accounts.ActorCLI, change)
		if err != nil {
			return err
		}
		return printUpstream(t, &u)
	})
}

type upstreamChange struct {
	Upstream string  `arg:"" help:"Name or id."`
	Name     *string `placeholder:"NAME" help:"Rename it."`
	Kind     *string `placeholder:"KIND" help:"Another kind removes the keys and headers that are not given with it."`
	BaseURL  *string `placeholder:"URL" help:"Another base URL removes the keys and headers that are not given with it."`
	upstreamFlags
	KeepKey      []string `sep:"none" placeholder:"NAME" help:"A key that stays before those of --key-ref and --key-stdin, which replace all others."`
	EnableKey    []string `sep:"none" placeholder:"NAME" help:"Enable a key that was disabled; all keys stay."`
	DisableKey   []string `sep:"none" placeholder:"NAME" help:"Disable a key; all keys stay."`
	NoKeys       bool     `help:"Remove all keys: calls are made without credentials."`
	NoHeaders    bool     `help:"Remove all headers."`
	NoDailyLimit bool     `help:"Remove the daily limit."`
}

// Help gives the examples that --help shows.
func (upstreamChange) Help() string {
	return `What no flag names stays as it is; keys and headers are replaced as a whole. Examples:

    codexible upstream change openai --enable-key "key 1"
    pass show openai | codexible upstream change openai --key-stdin
    codexible upstream change openai --daily-limit-usd 50 --enabled=false`
}

// Validate refuses flags that exclude each other.
func (c upstreamChange) Validate() error {
	replaces, turns := c.KeyRef != nil || c.KeyStdin || c.KeepKey != nil, c.EnableKey != nil || c.DisableKey != nil
	switch {
	case replaces && turns || c.NoKeys && (replaces || turns):
		return errors.New("--no-keys, --enable-key with --disable-key, and --key-ref with --key-stdin and --keep-key exclude each other")
	case c.NoHeaders && c.HeadersFile != "":
		return errors.New("--headers-file and --no-headers exclude each other")
	case c.NoDailyLimit && c.DailyLimitUSD != nil:
		return errors.New("--daily-limit-usd and --no-daily-limit exclude each other")
	}
	return c.upstreamFlags.Validate()
}

// staying are the keys of u that stay, as far as the flags name any.
func (c upstreamChange) staying(u *gateway.Upstream) (keys []gateway.KeyChange, err error) {
	for _, name := range c.KeepKey {
		keys = append(keys, gateway.KeyChange{Name: name})
	}
	if c.EnableKey == nil && c.DisableKey == nil {
		return keys, nil
	}
	at := map[string]int{}
	for i := range u.Keys {
		at[strings.ToLower(u.Keys[i].Name)] = len(keys)
		keys = append(keys, gateway.KeyChange{Name: u.Keys[i].Name})
	}
	for enabled, names := range map[bool][]string{true: c.EnableKey, false: c.DisableKey} {
		for _, name := range names {
			i, found := at[strings.ToLower(name)]
			if !found {
				return nil, fmt.Errorf("upstream %s has no key %q; codexible upstream list shows them", u.Name, name)
			}
			keys[i].Enabled = &enabled
		}
	}
	return keys, nil
}

// Run changes the upstream.
func (c upstreamChange) Run(ctx context.Context, t *terminal) error {
	return t.withStore(ctx, func(s *store.Store) error {
		before, err := findUpstream(ctx, s, c.Upstream)
		if err != nil {
			return err
		}
		keys, err := c.staying(before)
		if err != nil {
			return err
		}
		change, err := c.change(ctx, t, keys)
		if err != nil {
			return err
		}
		change.Name, change.Kind, change.BaseURL = c.Name, (*gateway.Kind)(c.Kind), c.BaseURL
		if c.NoKeys {
			change.Keys = new([]gateway.KeyChange{})
		}
		if c.NoHeaders {
			change.Headers = new(map[string]string{})
		}
		if c.NoDailyLimit {
			change.DailyLimitMicros = new(*int64)
		}
		u, err := s.ChangeUpstream(ctx, accounts.ActorCLI, before.ID, change)
		if err != nil {
			return err
		}
		return printUpstream(t, &u)
	})
}

type upstreamDelete struct {
	Upstream string `arg:"" help:"Name or id."`
}

// Run deletes the upstream.
func (c upstreamDelete) Run(ctx context.Context, t *terminal) error {
	return t.withStore(ctx, func(s *store.Store) error {
		u, err := findUpstream(ctx, s, c.Upstream)
		if err != nil {
			return err
		}
		if err := s.DeleteUpstream(ctx, accounts.ActorCLI, u.ID); err != nil {
			return err
		}
		return t.print(handlers.DeletedUpstreamForm(), func(w io.Writer) { line(w, "deleted "+u.Name) })
	})
}

type upstreamTest struct {
	Upstream string `arg:"" help:"Name or id."`
	Model    string `placeholder:"MODEL" help:"Call this model for a few tokens, which the provider bills: its name or alias, or the upstream's own name; default: ask for the list of models, which costs nothing."`
}

// Run makes the call from this process.
func (c upstreamTest) Run(ctx context.Context, t *terminal) error {
	settings, err := t.config(nil)
	if err != nil {
		return err
	}
	return t.withStore(ctx, func(s *store.Store) (err error) {
		u, err := findUpstream(ctx, s, c.Upstream)
		if err != nil {
			return err
		}
		book, err := s.Book(ctx)
		if err != nil {
			return err
		}
		fleet := gateway.NewFleet(gateway.FleetParts{
			Read: s.Upstreams, Resolve: config.UpstreamSecrets(t.getenv, ".", settings.UpstreamKeysDir), Disable: s.DisableUpstreamKey, Now: time.Now,
			Spent: func(context.Context, usage.Day) (map[uuid.UUID]int64, error) { return nil, nil },
		})
		defer func() { err = errors.Join(err, fleet.Close()) }()
		result, err := fleet.Test(ctx, u.ID, book.NameAt(c.Model, u.ID))
		if err != nil {
			return err
		}
		err = t.print(handlers.TestedUpstreamForm(result), func(w io.Writer) {
			if result.OK {
				line(w, fmt.Sprintf("%s: %s in %s", u.Name, result.Message, result.FirstByte.Round(time.Millisecond)))
			}
		})
		if err == nil && !result.OK {
			err = fmt.Errorf("%s: %s", u.Name, result.Message)
		}
		return err
	})
}
