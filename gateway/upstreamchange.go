package gateway

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"codexible/fault"
	"codexible/usage"

	"github.com/google/uuid"
)

// Bounds of upstreams.
const (
	// MaxUpstreams is how many upstreams there can be.
	MaxUpstreams       = 200
	MaxUpstreamName    = 64
	MaxUpstreamKeys    = 20
	MaxUpstreamHeaders = 20
	// MaxSecret is how many characters a key or a header's value can have.
	MaxSecret       = 4096
	MaxReference    = 100
	MaxWeight       = 1000
	MaxPriority     = 1000
	MaxUpstreamTime = time.Hour
	// MaxDailyLimit is the highest daily limit, in micro-dollars.
	MaxDailyLimit = 1_000_000 * usage.MicrosPerUSD
	// DisabledByOperator is the reason of a key that no provider refused.
	DisabledByOperator = "disabled by an operator"
	// endsWithLeast is how long a key is of which the last characters are shown.
	endsWithLeast = 16
)

// Refusals of changes.
var (
	ErrUpstreamNotFound    = fault.New(fault.NotFound, "This upstream does not exist.")
	ErrUpstreamKeyNotFound = fault.New(fault.NotFound, "This key of an upstream does not exist. It may have been removed or replaced.")
	ErrUpstreamTaken       = fault.New(fault.Conflict, "Another upstream has this name. Choose another name.")
	ErrTooManyUpstreams    = fault.Newf(fault.Conflict, "There are %d upstreams, which is the most. Delete one that is no longer used first.", MaxUpstreams)
)

// UpstreamChange is the fields of an upstream to set; nil leaves a field as it is.
type UpstreamChange struct {
	Name    *string
	Kind    *Kind
	BaseURL *string
	Wires   *[]string
	// Keys replace all keys.
	Keys *[]KeyChange
	// Key changes one key and leaves the others, whichever there are by then. Keys comes first.
	Key *OneKeyChange
	// Headers replace all headers.
	Headers                       *map[string]string
	Weight, Priority              *int64
	FirstByteTimeout, IdleTimeout *time.Duration
	OnClientGone                  *OnClientGone
	// DailyLimitMicros points to nil for no limit.
	DailyLimitMicros **int64
	SharedState      *bool
	Enabled          *bool
}

// KeyChange is one key of a list that replaces all keys: a secret, a reference, or the name
// of a key that stays.
type KeyChange struct {
	// Name is made up where it is empty.
	Name   string
	Secret Secret
	// Reference is env:NAME or file:NAME.
	Reference string
	// Enabled takes a key that stays back into use, or out of it; nil leaves it as it is.
	Enabled *bool
}

// OneKeyChange adds a key at the end of the list where Add is set. Otherwise it changes the key with the ID.
type OneKeyChange struct {
	Add *KeyChange
	ID  uuid.UUID
	// Remove takes the key off the list. Otherwise Enabled takes it back into use, or out of it.
	Remove, Enabled bool
}

// list is the change as one of all keys.
func (c *OneKeyChange) list(keys []UpstreamKey) ([]KeyChange, error) {
	var list []KeyChange
	found := false
	for i := range keys {
		one := KeyChange{Name: keys[i].Name}
		if c.Add == nil && keys[i].ID == c.ID {
			found, one.Enabled = true, &c.Enabled
			if c.Remove {
				continue
			}
		}
		list = append(list, one)
	}
	switch {
	case c.Add != nil:
		return append(list, *c.Add), nil
	case !found:
		return nil, ErrUpstreamKeyNotFound
	}
	return list, nil
}

// NewUpstream is an upstream before the change that creates it.
func NewUpstream() Upstream {
	return Upstream{Weight: 1, Priority: 1, FirstByteTimeout: 300 * time.Second, IdleTimeout: 300 * time.Second, Enabled: true}
}

// Apply is the upstream after the change, checked; keys that are not of before have no id.
// Keys and headers are of the base URL and the kind: where one of these changes, they go,
// unless the change sends them again.
func (c UpstreamChange) Apply(u Upstream, now time.Time) (Upstream, error) {
	before := u
	set(&u.Weight, c.Weight)
	set(&u.Priority, c.Priority)
	set(&u.FirstByteTimeout, c.FirstByteTimeout)
	set(&u.IdleTimeout, c.IdleTimeout)
	set(&u.DailyLimitMicros, c.DailyLimitMicros)
	set(&u.SharedState, c.SharedState)
	set(&u.Enabled, c.Enabled)
	if c.Name != nil {
		u.Name = strings.TrimSpace(*c.Name)
	}
	if !validName(u.Name) {
		return u, fault.Field("name", nameRule)
	}
	if err := c.applyKind(&u); err != nil {
		return u, err
	}
	if c.BaseURL != nil {
		var problem string
		if u.BaseURL, problem = parseBaseURL(strings.TrimSpace(*c.BaseURL)); problem != "" {
			return u, fault.Field("base_url", problem)
		}
	}
	if u.BaseURL == "" {
		return u, fault.Field("base_url", "must be given")
	}
	if u.BaseURL != before.BaseURL || u.Kind != before.Kind {
		u.Keys, u.Headers, u.Problem = nil, nil, ""
	}
	if c.Keys != nil {
		var err error
		if u.Keys, err = applyKeys(*c.Keys, u.Keys, now); err != nil {
			return u, err
		}
	}
	if c.Key != nil {
		list, err := c.Key.list(u.Keys)
		if err == nil {
			u.Keys, err = applyKeys(list, u.Keys, now)
		}
		if err != nil {
			return u, err
		}
	}
	if c.Headers != nil {
		var err error
		if u.Headers, err = checkedHeaders(*c.Headers); err != nil {
			return u, err
		}
		u.Problem = ""
	}
	return u, u.check()
}

func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

const nameRule = "must have 1 to 64 letters, digits, blanks, dots, hyphens and underscores, and begin and end with a letter or digit"

// validName reports whether a text can name an upstream or its key: names stand in metrics,
// and on the command line beside signs.
func validName(name string) bool {
	letter := func(b byte) bool { return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' }
	if name == "" || len(name) > MaxUpstreamName || !letter(name[0]) || !letter(name[len(name)-1]) {
		return false
	}
	for i := range len(name) {
		if !letter(name[i]) && strings.IndexByte(" .-_", name[i]) < 0 {
			return false
		}
	}
	return true
}

// wiresOf are the wires of the vendors' own kinds.
var wiresOf = map[Kind][]usage.Wire{OpenAI: {usage.Chat, usage.Responses}, Anthropic: {usage.Messages}}

// applyKind sets the kind with what follows from it.
func (c UpstreamChange) applyKind(u *Upstream) error {
	before := u.Kind
	set(&u.Kind, c.Kind)
	if u.Kind != OpenAI && u.Kind != Anthropic && u.Kind != Compatible {
		return fault.Field("kind", "must be openai, anthropic or compatible")
	}
	own := wiresOf[u.Kind]
	if u.Kind != before {
		u.Wires = own
		if own == nil {
			u.Wires = []usage.Wire{usage.Chat}
		}
	}
	if c.Wires != nil {
		wires, err := ParseWires(*c.Wires)
		if err != nil {
			return err
		}
		if own != nil && !slices.Equal(wires, own) {
			return fault.Field("wires", "must be left out unless kind is compatible: the other kinds have their vendor's wires")
		}
		u.Wires = wires
	}
	if before == "" && c.OnClientGone == nil { // what the vendors stop billing for, others may not
		u.OnClientGone = Cancel
		if u.Kind == Compatible {
			u.OnClientGone = Drain
		}
	}
	set(&u.OnClientGone, c.OnClientGone)
	return nil
}

// ParseWires reads the names of wires, each once; the answer is in the order of wires.
func ParseWires(names []string) (wires []usage.Wire, err error) {
	for _, w := range []usage.Wire{usage.Chat, usage.Responses, usage.Messages} {
		if slices.Contains(names, w.String()) {
			wires = append(wires, w)
		}
	}
	if len(wires) == 0 || len(wires) != len(names) {
		return nil, fault.Field("wires", "must have chat, responses and messages, at least one and each once")
	}
	return wires, nil
}

func (u *Upstream) check() error {
	switch {
	case u.Weight < 0 || u.Weight > MaxWeight:
		return fault.Field("weight", fmt.Sprintf("must be from 0 to %d", MaxWeight))
	case u.Priority < 1 || u.Priority > MaxPriority:
		return fault.Field("priority", fmt.Sprintf("must be from 1 to %d", MaxPriority))
	case !validTime(u.FirstByteTimeout):
		return fault.Field("first_byte_timeout_seconds", "must be from 1 to 3600")
	case !validTime(u.IdleTimeout):
		return fault.Field("idle_timeout_seconds", "must be from 1 to 3600")
	case u.OnClientGone != Cancel && u.OnClientGone != Drain:
		return fault.Field("on_client_gone", "must be cancel or drain")
	case u.DailyLimitMicros != nil && (*u.DailyLimitMicros < 0 || *u.DailyLimitMicros > MaxDailyLimit):
		return fault.Field("daily_limit_usd", "must be from 0 to 1000000, or null for no limit")
	}
	return nil
}

func validTime(d time.Duration) bool {
	return d >= time.Second && d <= MaxUpstreamTime && d%time.Second == 0
}

// applyKeys makes the keys of a list; those that stay are taken from before.
func applyKeys(changes []KeyChange, before []UpstreamKey, now time.Time) ([]UpstreamKey, error) {
	if len(changes) > MaxUpstreamKeys {
		return nil, fault.Field("keys", fmt.Sprintf("must have at most %d keys", MaxUpstreamKeys))
	}
	var list []UpstreamKey
	taken := map[string]bool{}
	for _, c := range changes {
		taken[strings.ToLower(strings.TrimSpace(c.Name))] = true
	}
	named := map[string]bool{}
	for _, c := range changes {
		if c.Name = strings.TrimSpace(c.Name); c.Name == "" {
			c.Name = freeName(taken)
		}
		folded := strings.ToLower(c.Name)
		if !validName(c.Name) || named[folded] {
			return nil, fault.Field("keys", "must have names that are each used once; a name "+nameRule)
		}
		named[folded] = true
		key, err := c.apply(before)
		if err != nil {
			return nil, err
		}
		switch {
		case c.Enabled == nil:
		case *c.Enabled:
			key.DisabledAt, key.DisabledReason = nil, ""
		case key.DisabledAt == nil:
			key.DisabledAt, key.DisabledReason = &now, DisabledByOperator
		}
		list = append(list, key)
	}
	return list, nil
}

// freeName is the first of "key 1", "key 2" … that is not taken.
func freeName(taken map[string]bool) string {
	for n := 1; ; n++ {
		if name := fmt.Sprintf("key %d", n); !taken[name] {
			taken[name] = true
			return name
		}
	}
}

func (c KeyChange) apply(before []UpstreamKey) (key UpstreamKey, err error) {
	switch {
	case !c.Secret.IsZero() && c.Reference != "":
		return key, fault.Field("keys", "must have a secret or a ref for each key, not both")
	case !c.Secret.IsZero():
		text := c.Secret.Reveal()
		if !ValidKey(text) {
			return key, fault.Field("keys", fmt.Sprintf("must have secrets of 1 to %d printable ASCII characters without blanks", MaxSecret))
		}
		key = UpstreamKey{Name: c.Name, Source: KeyStored, Secret: c.Secret}
		if len(text) >= endsWithLeast {
			key.EndsWith = text[len(text)-4:]
		}
		return key, nil
	case c.Reference != "":
		source, name, ok := ParseReference(c.Reference)
		if !ok {
			return key, fault.Field("keys", referenceRule)
		}
		return UpstreamKey{Name: c.Name, Source: source, Reference: name}, nil
	}
	for _, key := range before {
		if strings.EqualFold(key.Name, c.Name) {
			return key, nil
		}
	}
	return key, fault.Field("keys", "must have a secret or a ref for each key that is not there yet; where the base URL or the kind changes, for every key")
}

const referenceRule = "must have references of the form env:UPSTREAM_NAME, in capital letters, digits and underscores, or file:NAME, a file of UPSTREAM_KEYS_DIR"

// ParseReference reads env:UPSTREAM_NAME or file:NAME. The name of a file has no slash and does not
// begin with a dot.
func ParseReference(text string) (source KeySource, name string, ok bool) {
	prefix, name, _ := strings.Cut(text, ":")
	switch source = KeySource(prefix); source {
	case KeyEnv:
		rest, found := strings.CutPrefix(name, "UPSTREAM_")
		return source, name, found && rest != "" && len(name) <= MaxReference && name != "UPSTREAM_KEYS_DIR" && strings.Trim(rest, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
	case KeyFile:
		return source, name, name != "" && len(name) <= MaxReference && name[0] != '.' &&
			strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == ""
	case KeyStored:
	}
	return "", "", false
}

// Ref is the reference as ParseReference reads it; empty for a stored key.
func (k *UpstreamKey) Ref() string {
	if k.Source == KeyStored {
		return ""
	}
	return string(k.Source) + ":" + k.Reference
}

// ownHeaders are headers that the service itself sets, or that concern one connection.
var ownHeaders = []string{
	"accept-encoding", "connection", "content-encoding", "content-length", "content-type", "cookie", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade",
}

// checkedHeaders are headers under their names in small letters.
func checkedHeaders(headers map[string]string) (map[string]string, error) {
	if len(headers) > MaxUpstreamHeaders {
		return nil, fault.Field("headers", fmt.Sprintf("must have at most %d headers", MaxUpstreamHeaders))
	}
	var checked map[string]string // nil for none, as it is read back
	for _, given := range slices.Sorted(maps.Keys(headers)) {
		name, value := strings.ToLower(given), headers[given]
		_, twice := checked[name]
		switch {
		case name == "" || len(name) > 100 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" || twice:
			return nil, fault.Field("headers", "must have names of 1 to 100 letters, digits, hyphens and underscores, each once")
		case slices.Contains(ownHeaders, name) || strings.HasPrefix(name, "proxy-"):
			return nil, fault.Field("headers", "must not have headers that the service sets itself, such as content-type and host, or that concern one connection")
		case !validSecret(value):
			return nil, fault.Field("headers", fmt.Sprintf("must have values of 1 to %d printable ASCII characters without blanks at their ends", MaxSecret))
		}
		if checked == nil {
			checked = map[string]string{}
		}
		checked[name] = value
	}
	return checked, nil
}

// ValidKey reports whether a text can be the key of an upstream.
func ValidKey(text string) bool { return validSecret(text) && !strings.Contains(text, " ") }

func validSecret(text string) bool {
	return text != "" && len(text) <= MaxSecret && text == strings.TrimSpace(text) && !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' })
}

// Key is the key with an id; nil for none.
func (u *Upstream) Key(id uuid.UUID) *UpstreamKey {
	for i := range u.Keys {
		if u.Keys[i].ID == id {
			return &u.Keys[i]
		}
	}
	return nil
}

// HeaderNames are the names of the headers, sorted.
func (u *Upstream) HeaderNames() []string { return slices.Sorted(maps.Keys(u.Headers)) }
