package console

import (
	"context"
	"crypto/sha256"
	"net/netip"
	"sync"
	"time"

	"codexible/accounts"
	"codexible/fault"
	"codexible/limits"
	"codexible/store"
)

// Limits on lookups by clients without a session, in any 60 seconds. Only lookups
// that find nothing count.
const (
	// lookupsPerAddress are for cookies; an IPv6 client is its /64.
	lookupsPerAddress = 60
	// lookupsPerSite are for cookies of an IPv6 /48.
	lookupsPerSite = 600
	// linksPerAddress and linksPerSite are for set-up links.
	linksPerAddress = 7
	linksPerSite    = 30
	// lookupsAtOnce bounds the concurrent lookups of one address, for cookies and links each.
	lookupsAtOnce = 8
)

// window is a rate limit: at most so many in any 60 seconds.
type window struct {
	subject limits.Subject
	limit   int64
}

// consoleWindow is a rate limit of the console with a name.
func consoleWindow(name string, limit int64) window {
	sum := sha256.Sum256([]byte("console " + name))
	return window{limits.Key([16]byte(sum[:16])), limit}
}

// addressWindows are the rate limits of a client's address, where an IPv6 /64 is one
// address, and of the /48 around it.
func addressWindows(what string, from netip.Addr, perAddress, perSite int64) []window {
	windows := []window{consoleWindow(what+" "+limits.Address(from).String(), perAddress)}
	if from = from.Unmap(); from.Is6() {
		site, _ := from.Prefix(48) // never fails: an IPv6 address has 48 bits
		windows = append(windows, consoleWindow(what+" "+site.String(), perSite))
	}
	return windows
}

type decide func(context.Context, limits.Subject, int64) (limits.Decision, error)

// checkWindows checks every rate limit, up to the first that refuses.
func checkWindows(ctx context.Context, check decide, windows []window) (limits.Decision, error) {
	for _, w := range windows {
		d, err := check(ctx, w.subject, w.limit)
		if err != nil {
			return d, fault.Away(err)
		}
		if !d.Allowed {
			return d, nil
		}
	}
	return limits.Decision{Allowed: true}, nil
}

// ErrCrowded means that a lookup waited too long for the other lookups of its address.
var ErrCrowded = &fault.Error{Kind: fault.Unavailable, RetryAfter: time.Second, Message: "Too many requests from this address are waiting. Nothing was changed; try again shortly."}

// lookUp looks up a value that the client may have made up. A client over its
// rate limits is refused before the database is read; only a value that is not
// found counts.
func (c *Console) lookUp(ctx context.Context, v *Visit, windows []window, find func() (found bool, err error)) error {
	leave, err := c.gate.Enter(ctx, limits.Address(v.Address))
	if err != nil {
		return ErrCrowded.Because(err)
	}
	defer leave()
	d, err := checkWindows(ctx, c.Counter.Peek, windows)
	if err == nil && !d.Allowed {
		err = tooManyTries(d)
	}
	if err != nil {
		return err
	}
	found, err := find()
	if err != nil || found {
		return err
	}
	if d, err = checkWindows(ctx, c.Counter.Hit, windows); err == nil && !d.Allowed {
		err = tooManyTries(d)
	}
	return err
}

// Identify reads the cookies of the visit. A browser that requests a page without a
// cookie gets a visitor cookie, which its forms are bound to.
// A cookie that is not looked up, because its address is over the rate limits,
// is in v.Throttled.
func (c *Console) Identify(ctx context.Context, v *Visit) error {
	if v.Session.Reveal() != "" {
		var o store.Operator
		found := false
		err := c.lookUpCookie(ctx, v, v.Session, func() (_ bool, err error) {
			o, found, err = c.Store.OperatorByToken(ctx, v.Session)
			return found, err
		})
		if throttled(err) {
			v.Throttled = err
		} else if err != nil {
			return err
		}
		if found {
			v.Operator, v.Token = o, v.Session
			v.By.Name, v.By.UserID = o.Email, o.Session.UserID
			return nil
		}
	}
	if v.Token = v.Visitor; v.Token.Reveal() == "" && !v.Post {
		v.Token = accounts.MintToken()
		v.setCookie(VisitorCookie, v.Token.Reveal(), 0)
	}
	return nil
}

// cookieWindows are the rate limits of all cookie lookups together.
func cookieWindows(v *Visit) []window {
	return addressWindows("cookie", v.Address, lookupsPerAddress, lookupsPerSite)
}

// lookUpCookie looks up a cookie's token: directly if it was valid the last time,
// not at all if it was invalid, else like lookUp. Tokens are random, so an unknown
// one never becomes valid.
func (c *Console) lookUpCookie(ctx context.Context, v *Visit, token accounts.Token, find func() (found bool, err error)) error {
	good, bad := c.tokens.recall(token)
	if bad {
		return nil
	}
	findAndCache := func() (bool, error) {
		found, err := find()
		if err == nil {
			c.tokens.keep(token, found)
		}
		return found, err
	}
	if good {
		_, err := findAndCache()
		return err
	}
	return c.lookUp(ctx, v, cookieWindows(v), findAndCache)
}

// throttled is true for a refusal by a rate limit.
func throttled(err error) bool { return err != nil && fault.KindOf(err) == fault.RateLimited }

// maxTokens bounds how many tokens are cached as valid, and as invalid.
const maxTokens = 4096

// tokenMemo caches whether the last lookup found a cookie's token. The session
// itself is always read. Invalid tokens cannot evict valid ones.
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

// operatorLife is how long it is cached whether an operator exists. A change made
// by this process applies immediately.
const operatorLife = time.Second

// operatorMemo caches whether an operator exists. It uses the real clock, because
// it bounds how often the database is queried.
type operatorMemo struct {
	mu    sync.Mutex
	has   bool
	until time.Time
	// changes counts change events, so that no answer from before one is cached.
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
	// Concurrent callers share one query.
	answer, err, _ := c.asking.Do("operator", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		return c.Store.HasOperator(ctx)
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

// owner returns whose browser this is; empty if unknown or over the rate limits.
func (c *Console) owner(ctx context.Context, v *Visit) (email string, err error) {
	if v.Browser.Reveal() == "" {
		return "", nil
	}
	err = c.lookUpCookie(ctx, v, v.Browser, func() (bool, error) {
		email, err = c.Store.BrowserOwner(ctx, v.Browser)
		return email != "", err
	})
	if throttled(err) {
		return "", nil
	}
	return email, err
}
