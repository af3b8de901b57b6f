package main

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"codexible/accounts"
	"codexible/usage"
	"codexible/valkey"

	"github.com/google/uuid"
)

// news carries the changes of keys, users and plans between instances through
// Valkey, beside the database's own channel. It is the faster way, and the only
// one where LISTEN does not work, as behind a pooler. Whether a cache may
// believe itself up to date is the other channel's word alone: what Valkey
// loses, nobody notices.
type news struct {
	channel *valkey.Changes
	queue   chan accounts.Change
	closing chan struct{}
	sent    chan struct{}
}

// newsQueue is how many changes may wait for Valkey; beyond it they go by the
// database alone.
const newsQueue = 1024

// newNews starts publishing; close ends it, the end of ctx does not.
func newNews(ctx context.Context, channel *valkey.Changes) *news {
	n := &news{channel: channel, queue: make(chan accounts.Change, newsQueue), closing: make(chan struct{}), sent: make(chan struct{})}
	go n.run(context.WithoutCancel(ctx))
	return n
}

// Changed publishes a change of this process. It does not wait.
func (n *news) Changed(c accounts.Change) {
	select {
	case n.queue <- c:
	default:
	}
}

// Up has nothing to do: a publisher keeps nothing that could be stale.
func (*news) Up(bool) {}

func (n *news) run(ctx context.Context) {
	defer close(n.sent)
	for {
		select {
		case c := <-n.queue:
			n.publish(ctx, c)
			continue
		case <-n.closing:
		}
		for {
			select {
			case c := <-n.queue:
				n.publish(ctx, c)
			default:
				return
			}
		}
	}
}

// publish sends one change. That the server is away is known from the rate
// counter, and the database's own channel carries the change too.
func (n *news) publish(ctx context.Context, c accounts.Change) {
	_ = n.channel.Publish(ctx, []byte(string(c.Subject)+" "+c.ID.String()))
}

// close publishes what waits.
func (n *news) close() error {
	close(n.closing)
	<-n.sent
	return nil
}

// listener is told of changes that other instances made.
type listener interface{ Changed(c accounts.Change) }

// listeners are told in their order.
type listeners []listener

// Changed tells them all.
func (l listeners) Changed(c accounts.Change) {
	for _, each := range l {
		each.Changed(c)
	}
}

// follow tells l what other instances publish, until ctx ends.
func (n *news) follow(ctx context.Context, l listener) {
	n.channel.Subscribe(ctx, func(payload []byte) {
		subject, id, _ := strings.Cut(string(payload), " ")
		if parsed, err := uuid.Parse(id); err == nil {
			l.Changed(accounts.Change{Subject: accounts.Subject(subject), ID: parsed})
		}
	}, func(bool) {})
}

const (
	// totalLife is how long a shared total is believed: what an instance settled
	// and could not share before it died is told wrongly for no longer.
	totalLife = time.Minute
	// shareInterval is how soon a settled total is shared. Together with
	// sharedMaxAge it keeps to the second that a told total may be old.
	shareInterval = 100 * time.Millisecond
	sharedMaxAge  = 800 * time.Millisecond
	// maxUnshared bounds what waits while Valkey is away.
	maxUnshared = 100_000
)

// newSharedTotals puts the totals that all instances share beside the books.
func newSharedTotals(books usage.Ledger, cache *valkey.Totals, now func() time.Time) *sharedTotals {
	return &sharedTotals{Ledger: books, cache: cache, now: now, unshared: map[userDay]int64{}}
}

// sharedTotals keeps the users' totals of a day in Valkey for all instances.
// It is a usage.SharedTotals, and on its way between the meter and the books it
// learns every total that this instance settles.
type sharedTotals struct {
	usage.Ledger

	cache *valkey.Totals
	now   func() time.Time

	mu       sync.Mutex
	unshared map[userDay]int64
}

type userDay struct {
	user uuid.UUID
	day  usage.Day
}

// Get reads a shared total.
func (t *sharedTotals) Get(ctx context.Context, userID uuid.UUID, day usage.Day) (used int64, found bool, err error) {
	return t.cache.Get(ctx, userID, string(day))
}

// Put shares a total that was read from the books.
func (t *sharedTotals) Put(ctx context.Context, userID uuid.UUID, day usage.Day, used int64) error {
	return t.cache.Put(ctx, t.total(userDay{userID, day}, used))
}

func (t *sharedTotals) total(of userDay, used int64) valkey.Total {
	expires := t.now().Add(totalLife)
	if end := of.day.End(); end.Before(expires) {
		expires = end
	}
	return valkey.Total{UserID: of.user, Day: string(of.day), Used: used, ExpireAt: expires}
}

// Settle passes a batch on to the books and notes the totals that it leads to.
func (t *sharedTotals) Settle(ctx context.Context, now func() time.Time, charges []usage.Charge) ([]usage.Receipt, error) {
	receipts, err := t.Ledger.Settle(ctx, now, charges)
	if err != nil {
		return receipts, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, r := range receipts {
		if r.Outcome == usage.Accepted {
			t.wait(userDay{charges[i].UserID, r.Day}, r.CreditsUsed) //nolint:gosec // a ledger answers each charge
		}
	}
	return receipts, nil
}

// wait keeps a total until it is shared; of two the later, which is the larger.
func (t *sharedTotals) wait(of userDay, used int64) {
	if known, waits := t.unshared[of]; waits || len(t.unshared) < maxUnshared {
		t.unshared[of] = max(known, used)
	}
}

// run shares what was settled, until ctx ends.
func (t *sharedTotals) run(ctx context.Context) { regularly(ctx, shareInterval, t.share) }

// mostShared is how many totals one round trip shares.
const mostShared = 512

// share writes what waits, many totals at a time. The first ones that cannot be
// written end the round: they wait on with the others, while their day lasts.
func (t *sharedTotals) share(ctx context.Context) {
	t.mu.Lock()
	waiting := t.unshared
	t.unshared = map[userDay]int64{}
	t.mu.Unlock()
	today := usage.DayOf(t.now())
	maps.DeleteFunc(waiting, func(of userDay, _ int64) bool { return of.day < today })
	for days := range slices.Chunk(slices.Collect(maps.Keys(waiting)), mostShared) {
		totals := make([]valkey.Total, len(days))
		for i, of := range days {
			totals[i] = t.total(of, waiting[of])
		}
		if t.cache.Put(ctx, totals...) != nil {
			break
		}
		for _, of := range days {
			delete(waiting, of)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for of, used := range waiting {
		t.wait(of, used)
	}
}
