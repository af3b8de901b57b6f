package keys

import (
	"context"
	"encoding/binary"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/limits"
	"codexible/usage"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/singleflight"
)

// Directory is where identities are kept.
type Directory interface {
	// IdentityByHash answers ErrNotFound where no key has the secret.
	IdentityByHash(ctx context.Context, hash Hash) (*Identity, error)
	// IdentityBySession answers ErrNotFound where no session that has not ended has the token.
	IdentityBySession(ctx context.Context, hash Hash) (*Identity, error)
	// TouchKeys writes when keys were last used, TouchSessions when sessions were.
	TouchKeys(ctx context.Context, used map[uuid.UUID]time.Time) error
	TouchSessions(ctx context.Context, used map[uuid.UUID]time.Time) error
}

// Verifier decides whether a request with a key may pass, and charges it.
type Verifier struct {
	directory Directory
	meter     *usage.Meter
	totals    *usage.Totals
	counter   limits.Counter
	catalog   *catalog.Cache
	now       func() time.Time
	encode    func(*Identity) []byte
	fixed     map[Hash]struct{}

	cache   *cache
	loading singleflight.Group
	used    struct {
		mu      sync.Mutex
		entries []*entry
	}
	hits, misses atomic.Int64
}

// Parts are what a Verifier is made of.
type Parts struct {
	Directory Directory
	Meter     *usage.Meter
	Totals    *usage.Totals
	Counter   limits.Counter
	// Catalog is the models and prices; nil where no request names a model.
	Catalog *catalog.Cache
	Now     func() time.Time
	// Encode encodes what every verdict says of an identity, once for each that is cached; nil where nobody reads Encoded.
	Encode func(*Identity) []byte
	// Fixed are secrets that are accepted though no key is minted like them: those of a demo.
	Fixed []Secret
}

// NewVerifier puts a Verifier together.
func NewVerifier(p Parts) *Verifier {
	v := &Verifier{directory: p.Directory, meter: p.Meter, totals: p.Totals, counter: p.Counter, catalog: p.Catalog, now: p.Now, encode: p.Encode, cache: newCache(), fixed: map[Hash]struct{}{}}
	for _, s := range p.Fixed {
		v.fixed[s.Hash()] = struct{}{}
	}
	return v
}

// Identify finds whose key a text is and whether it lets a request in: Valid,
// or the first code that refuses it. The identity is nil for NotFound
// alone. An error is a fault of ours: nothing is known of the key then.
func (v *Verifier) Identify(ctx context.Context, text string, want Access) (*Identity, Code, error) {
	return v.IdentifyToken(ctx, v.Token(text), want)
}

// IdentifyToken is Identify for a text that was hashed before.
func (v *Verifier) IdentifyToken(ctx context.Context, t Token, want Access) (*Identity, Code, error) {
	if !t.possible || t.session && !want.Sessions {
		return nil, NotFound, nil
	}
	now := v.now()
	e, err := v.lookup(ctx, t, now)
	if err != nil || e == nil {
		return nil, NotFound, err
	}
	code := e.identity.Decide(want, now)
	if code == NotFound {
		return nil, NotFound, nil
	}
	if code == Valid {
		v.touch(e, now)
	}
	return e.identity, code, nil
}

// Cached reports whether Identify knows a text without trust in its sender: it
// cannot be a key, is known not to be one, or belongs to a key in the cache, whose
// entry may be stale.
func (v *Verifier) Cached(t Token) bool { return !t.possible || v.cache.has(t.hash, v.now()) }

// Token is a text as a key is found by it.
type Token struct {
	hash Hash
	// possible is false for a text that no key and no session can be.
	possible bool
	// session is true for the form of a session.
	session bool
}

// Possible reports whether the text has the form of a key or session.
func (t Token) Possible() bool { return t.possible }

// Token hashes a text.
func (v *Verifier) Token(text string) Token {
	text = strings.TrimSpace(text)
	if wellFormed(text) {
		return Token{hash: hashOf(text), possible: true}
	}
	if IsSession(text) {
		return Token{hash: hashOf(text), possible: true, session: true}
	}
	if len(v.fixed) == 0 {
		return Token{}
	}
	h := hashOf(text)
	_, ok := v.fixed[h]
	return Token{hash: h, possible: ok}
}

// lookupTimeout bounds a read of the directory. Its callers wait for it
// whatever their own deadlines are: a network that swallows packets would hold
// them for as long as it does.
const lookupTimeout = 5 * time.Second

func (v *Verifier) lookup(ctx context.Context, t Token, now time.Time) (*entry, error) {
	h, read := t.hash, v.directory.IdentityByHash
	if t.session {
		read = v.directory.IdentityBySession
	}
	if e, known := v.cache.get(h, now); known {
		v.hits.Add(1)
		return e, nil
	}
	v.misses.Add(1)
	// One read for all concurrent callers; it outlives the first of them. A caller
	// after a change takes no result of a read from before it.
	epoch := v.cache.epoch.Load()
	question := string(binary.BigEndian.AppendUint64(h[:], uint64(epoch)))
	found, err, _ := v.loading.Do(question, func() (any, error) {
		asked := time.Now()
		asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookupTimeout)
		defer cancel()
		id, err := read(asking, h)
		traceLookup(ctx, asked)
		switch {
		case errors.Is(err, ErrNotFound):
			id = nil
		case err != nil:
			return (*entry)(nil), err
		case v.encode != nil:
			id.Encoded = v.encode(id)
		}
		return v.cache.put(h, id, epoch, now), nil
	})
	return found.(*entry), err
}

// Request is a question to Verify. The charge's user and key are those of the
// secret; with 0 credits nothing is charged.
type Request struct {
	Secret string
	// Address is the customer's, as the service saw it; not valid where it is not known.
	Address netip.Addr
	Charge  usage.Charge
	// Hold asks to set the charge's credits aside in place of taking them; nil for a charge.
	Hold *Hold
}

// Hold is what a verification sets credits aside with.
type Hold struct {
	// OwnerID is the user of the service that holds.
	OwnerID   uuid.UUID
	TTL       time.Duration
	OnExpiry  usage.OnExpiry
	RequestID string
}

// Verify checks a key, which has to have the scope models, its rate and its quota, and charges it or
// sets credits aside. A refusal is a verdict; an error is a fault of ours, or ErrReplayMismatch of
// package usage.
func (v *Verifier) Verify(ctx context.Context, r Request) (Verdict, error) {
	id, code, err := v.Identify(ctx, r.Secret, Access{Scope: ScopeModels, Address: r.Address})
	if err != nil || id == nil {
		return Verdict{Code: NotFound}, err
	}
	verdict := Verdict{Code: code, Identity: id}
	if code != Valid {
		if verdict.Rate, err = v.Rate(ctx, id, false); err != nil {
			return Verdict{}, err
		}
		return v.withCredits(ctx, verdict)
	}
	if verdict.Rate, err = v.Rate(ctx, id, true); err != nil {
		return Verdict{}, err
	}
	if !verdict.Rate.Allowed {
		verdict.Code = RateLimited
		return v.withCredits(ctx, verdict)
	}
	if allowed, err := v.allows(ctx, id, r.Charge.Model); err != nil {
		return Verdict{}, err
	} else if !allowed {
		verdict.Code = ModelNotAllowed
		return v.withCredits(ctx, verdict)
	}
	if r.Charge.Credits == 0 && r.Charge.Priced == nil && r.Hold == nil {
		return v.withCredits(ctx, verdict)
	}
	receipt, err := v.post(ctx, id, r.entry())
	if err != nil {
		return Verdict{}, err
	}
	verdict.settle(receipt, r.Charge.Priced)
	return verdict, nil
}

// allows reports whether the plan and the key may use a model; a request that names none uses none.
func (v *Verifier) allows(ctx context.Context, id *Identity, model string) (bool, error) {
	if v.catalog == nil || model == "" || model == usage.UnknownModel {
		return true, nil
	}
	book, err := v.catalog.Book(ctx)
	if err != nil {
		return false, err
	}
	return book.Allows(model, id.Plan.ID, id.Plan.Models, id.Key.Models), nil
}

// entry is what a request asks of the ledger.
func (r *Request) entry() usage.Entry {
	e := usage.Entry{Charge: r.Charge}
	if h := r.Hold; h != nil {
		e.Kind, e.OwnerID, e.TTL, e.OnExpiry, e.RequestID = usage.KindHold, h.OwnerID, h.TTL, h.OnExpiry, h.RequestID
	}
	return e
}

// withCredits fills in the credits of a verdict that charges nothing.
func (v *Verifier) withCredits(ctx context.Context, verdict Verdict) (Verdict, error) {
	id, day := verdict.Identity, usage.DayOf(v.now())
	of := usage.FiguresOf{UserID: id.User.ID, KeyID: id.Key.ID, Limited: id.Key.DailyCreditLimit != nil}
	figures, err := v.totals.Figures(ctx, of, day)
	if err != nil {
		return Verdict{}, err
	}
	verdict.Figures, verdict.Day = figures, day
	return verdict, nil
}

// Rate counts a request in the key's window, and where the plan says so in that
// of all keys of the user together, or only peeks. It returns the tighter of the
// two. A request that one of them refuses counts in neither, unless another one
// took the user's last place between the two calls. Keys of services are not
// limited.
func (v *Verifier) Rate(ctx context.Context, id *Identity, count bool) (Rate, error) {
	if limit := id.RateLimit(); id.User.Role == accounts.RoleService {
		return Rate{Decision: limits.Decision{Allowed: true, Limit: limit, Remaining: limit}}, nil
	}
	return v.CustomerRate(ctx, id, count)
}

// CustomerRate is Rate for calls of models, in which keys of services are customers' keys as well.
func (v *Verifier) CustomerRate(ctx context.Context, id *Identity, count bool) (Rate, error) {
	limit := id.RateLimit()
	key, user, most := limits.Key(id.Key.ID), limits.User(id.User.ID), id.Plan.UserRateLimitPerMinute
	ask := v.counter.Peek
	if count {
		ask = v.counter.Hit
	}
	if most == nil {
		d, err := ask(ctx, key, limit)
		return Rate{Decision: d}, err
	}
	together, err := v.counter.Peek(ctx, user, *most)
	if err != nil {
		return Rate{}, err
	}
	if !together.Allowed {
		ask = v.counter.Peek // the key's window is read, and counts nothing
	}
	own, err := ask(ctx, key, limit)
	if err == nil && count && own.Allowed && together.Allowed {
		together, err = v.counter.Hit(ctx, user, *most)
	}
	return tighter(Rate{Decision: own}, Rate{Decision: together, OfUser: true}), err
}

// tighter is the window that refuses, the longer one where both do, or else the
// one with the fewer places left.
func tighter(key, user Rate) Rate {
	switch {
	case key.Allowed != user.Allowed:
		if key.Allowed {
			return user
		}
		return key
	case user.Remaining < key.Remaining, user.Remaining == key.Remaining && user.ResetSeconds > key.ResetSeconds:
		return user
	}
	return key
}

// Charge decides a charge of an identified key. ErrReplayMismatch where its
// idempotency key belongs to another charge.
func (v *Verifier) Charge(ctx context.Context, id *Identity, c usage.Charge) (usage.Receipt, error) {
	return v.post(ctx, id, usage.Entry{Charge: c})
}

// Hold sets credits aside for an identified key: the entry has the amount, the time and the id of the hold.
func (v *Verifier) Hold(ctx context.Context, id *Identity, e usage.Entry) (usage.Receipt, error) {
	e.Kind = usage.KindHold
	return v.post(ctx, id, e)
}

// post decides a charge or hold of an identified key. Without a charger the key charges itself.
func (v *Verifier) post(ctx context.Context, id *Identity, e usage.Entry) (usage.Receipt, error) {
	e.UserID, e.KeyID = id.User.ID, id.Key.ID
	if e.ChargerID == uuid.Nil {
		e.ChargerID = id.Key.ID
	}
	receipt, err := v.meter.Post(ctx, e)
	if err != nil {
		return receipt, err
	}
	switch receipt.Outcome {
	case usage.Mismatch:
		return receipt, usage.ErrReplayMismatch
	case usage.OverRange:
		return receipt, usage.ErrCostRange
	case usage.Accepted, usage.OverQuota, usage.Duplicate, usage.Concurrent, usage.NoHold, usage.HoldEnded, usage.BelowHold, usage.BelowZero:
	}
	return receipt, nil
}

// Changed invalidates what is cached of a key, user, plan, model or price.
func (v *Verifier) Changed(c accounts.Change) {
	switch c.Subject {
	case accounts.SubjectModel, accounts.SubjectPrice:
		if v.catalog != nil {
			v.catalog.Changed(c)
		}
		return
	case accounts.SubjectUpstream, accounts.SubjectRequest, accounts.SubjectWebhook, accounts.SubjectSetting:
		return
	case accounts.SubjectUser, accounts.SubjectKey, accounts.SubjectPlan, accounts.SubjectSession, accounts.SubjectSystem:
	}
	v.cache.change(c, v.now())
	switch c.Subject {
	case accounts.SubjectUser, accounts.SubjectKey:
		v.totals.Drop(c.ID)
	case accounts.SubjectPlan:
		v.totals.DropAll()
	case accounts.SubjectModel, accounts.SubjectPrice, accounts.SubjectUpstream, accounts.SubjectRequest, accounts.SubjectWebhook, accounts.SubjectSetting, accounts.SubjectSession, accounts.SubjectSystem:
	}
}

// Up receives whether changes of other processes arrive.
func (v *Verifier) Up(up bool) {
	v.cache.setUp(up)
	if v.catalog != nil {
		v.catalog.Up(up)
	}
	v.totals.DropAll()
}

// CacheStats returns how often the cache answered and how often the directory was read.
func (v *Verifier) CacheStats() (hits, misses int64) { return v.hits.Load(), v.misses.Load() }

// traceLookup adds a lookup that has just ended to the trace of a sampled request.
func traceLookup(ctx context.Context, began time.Time) {
	request := trace.SpanFromContext(ctx)
	if !request.IsRecording() {
		return
	}
	_, span := request.TracerProvider().Tracer("codexible").Start(ctx, "key.lookup", trace.WithTimestamp(began))
	span.End()
}
