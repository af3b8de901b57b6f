package handlers

import (
	"context"
	"crypto/sha256"
	"net/netip"
	"sync"
	"time"

	"codexible/accounts"
	"codexible/fault"
	"codexible/limits"
)

// Bounds of what strangers make the console look up in any 60 seconds. Only
// lookups that find nothing count.
const (
	// lookupsPerAddress are for cookies; an IPv6 client is its /64.
	lookupsPerAddress = 60
	// lookupsPerSite are for cookies of an IPv6 /48.
	lookupsPerSite = 600
	// linksPerAddress and linksPerSite are for set-up links.
	linksPerAddress = 7
	linksPerSite    = 30
	// lookupsAtOnce is how many lookups of one address run at once, of cookies, links and keys each.
	lookupsAtOnce = 8
)

// window is a count: so many in any 60 seconds.
type window struct {
	subject limits.Subject
	limit   int64
}

// consoleWindow is a window of the console, named by a text.
func consoleWindow(name string, limit int64) window {
	sum := sha256.Sum256([]byte("console " + name))
	return window{limits.Key([16]byte(sum[:16])), limit}
}

// byPlace are the windows of where somebody comes from: the address, an IPv6 /64
// of which is one, and the /48 around it.
func byPlace(what string, from netip.Addr, perAddress, perSite int64) []window {
	windows := []window{consoleWindow(what+" "+limits.Address(from).String(), perAddress)}
	if from = from.Unmap(); from.Is6() {
		site, _ := from.Prefix(48) // never fails: an IPv6 address has 48 bits
		windows = append(windows, consoleWindow(what+" "+site.String(), perSite))
	}
	return windows
}

type decide func(context.Context, limits.Subject, int64) (limits.Decision, error)

// ask puts a question to every window, up to the first that has no room.
func ask(ctx context.Context, question decide, windows []window) (limits.Decision, error) {
	for _, w := range windows {
		d, err := question(ctx, w.subject, w.limit)
		if err != nil {
			return d, fault.Away(err)
		}
		if !d.Allowed {
			return d, nil
		}
	}
	return limits.Decision{Allowed: true}, nil
}

// errCrowded tells that the lookups of an address took too long to take their turns.
var errCrowded = &fault.Error{Kind: fault.Unavailable, RetryAfter: time.Second, Message: "Too many requests from this address are waiting. Nothing was changed; try again shortly."}

// lookUp runs a lookup of something that a stranger may have made up. A place
// whose windows are used up is refused before anything is read; what is not
// found counts in them.
func (c *Console) lookUp(ctx context.Context, v *visit, windows []window, look func() (found bool, err error)) error {
	leave, err := c.gate.Enter(ctx, limits.Address(v.x.address))
	if err != nil {
		return errCrowded.Because(err)
	}
	defer leave()
	d, err := ask(ctx, c.api.Counter.Peek, windows)
	if err == nil && !d.Allowed {
		err = tooManyTries(d)
	}
	if err != nil {
		return err
	}
	found, err := look()
	if err != nil || found {
		return err
	}
	if d, err = ask(ctx, c.api.Counter.Hit, windows); err == nil && !d.Allowed {
		err = tooManyTries(d)
	}
	return err
}

// cookieWindows are shared by every cookie that is looked up.
func cookieWindows(v *visit) []window {
	return byPlace("cookie", v.x.address, lookupsPerAddress, lookupsPerSite)
}

// lookUpCookie looks a cookie's token up: at once where it was good the last
// time, not at all where it was not, and else as lookUp does. Tokens are random,
// so one that is not known never will be.
func (c *Console) lookUpCookie(ctx context.Context, v *visit, token accounts.Token, look func() (found bool, err error)) error {
	good, bad := c.tokens.recall(token)
	if bad {
		return nil
	}
	remembering := func() (bool, error) {
		found, err := look()
		if err == nil {
			c.tokens.keep(token, found)
		}
		return found, err
	}
	if good {
		_, err := remembering()
		return err
	}
	return c.lookUp(ctx, v, cookieWindows(v), remembering)
}

// throttled tells a refusal by a window from a fault.
func throttled(err error) bool { return err != nil && fault.KindOf(err) == fault.RateLimited }

// maxTokens bounds how many tokens are remembered as good, and as bad.
const maxTokens = 4096

// tokenMemo remembers of cookies' tokens whether the last lookup found them. The
// answer itself is always read anew. Strangers cannot crowd the good ones out.
type tokenMemo struct {
	mu        sync.Mutex
	good, bad map[[sha256.Size]byte]struct{}
}

func (m *tokenMemo) recall(token accounts.Token) (good, bad bool) {
	hash := [sha256.Size]byte(token.Hash())
	m.mu.Lock()
	defer m.mu.Unlock()
	_, good = m.good[hash]
	_, bad = m.bad[hash]
	return good, bad
}

func (m *tokenMemo) keep(token accounts.Token, found bool) {
	hash := [sha256.Size]byte(token.Hash())
	m.mu.Lock()
	defer m.mu.Unlock()
	from, to := &m.good, &m.bad
	if found {
		from, to = to, from
	}
	delete(*from, hash)
	if len(*to) >= maxTokens || *to == nil {
		*to = map[[sha256.Size]byte]struct{}{}
	}
	(*to)[hash] = struct{}{}
}

// operatorLife is how long it is believed whether anybody can sign in. Changes
// made by this process count at once.
const operatorLife = time.Second

// operatorMemo remembers whether anybody can sign in. The clock is the real one:
// it bounds how often the database is asked.
type operatorMemo struct {
	mu    sync.Mutex
	has   bool
	until time.Time
	// changes counts what was heard of, so that no answer from before a change is kept.
	changes int
}

// Changed implements store.Watcher.
func (m *operatorMemo) Changed(ch accounts.Change) {
	if ch.Subject != accounts.SubjectUser {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.until = time.Time{}
	m.changes++
}

// Up implements store.Watcher.
func (*operatorMemo) Up(bool) {}

func (c *Console) hasOperator(ctx context.Context) (bool, error) {
	m := &c.operators
	m.mu.Lock()
	has, known, changes := m.has, time.Now().Before(m.until), m.changes
	m.mu.Unlock()
	if known {
		return has, nil
	}
	// One question for all who ask at once.
	answer, err, _ := c.asking.Do("operator", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestDeadline)
		defer cancel()
		return c.store.HasOperator(ctx)
	})
	if err != nil {
		return false, err
	}
	has, _ = answer.(bool)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.changes == changes {
		m.has, m.until = has, time.Now().Add(operatorLife)
	}
	return has, nil
}

// owner gives whose browser this is, as far as it may be looked up.
func (c *Console) owner(ctx context.Context, v *visit) (email string, err error) {
	if v.browser.Reveal() == "" {
		return "", nil
	}
	err = c.lookUpCookie(ctx, v, v.browser, func() (bool, error) {
		email, err = c.store.BrowserOwner(ctx, v.browser)
		return email != "", err
	})
	if throttled(err) {
		return "", nil
	}
	return email, err
}
