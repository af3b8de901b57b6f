package keys

import (
	"context"
	"errors"
	"maps"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"codexible/accounts"
	"codexible/fault"
	"codexible/limits"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// directory keeps identities in memory, counts its readers, and can hold them
// between their reading and their answer.
type directory struct {
	mu      sync.Mutex
	rows    map[Hash]Identity
	reads   int
	touched []map[uuid.UUID]time.Time
	// touchedSessions are the last uses of sessions.
	touchedSessions []map[uuid.UUID]time.Time
	err             error
	// limit is everybody's daily limit; busy refuses holds.
	limit  int64
	busy   bool
	posted []usage.Entry

	// read, where set, gets a value at each read, which then waits for answer.
	read, answer chan struct{}
	// reading is to reads of figures what read is to those of identities.
	reading chan struct{}
}

func (d *directory) IdentityByHash(ctx context.Context, hash Hash) (*Identity, error) {
	d.mu.Lock()
	d.reads++
	id, found := d.rows[hash]
	err := d.err
	read, answer := d.read, d.answer
	d.mu.Unlock()
	if read != nil {
		read <- struct{}{}
		<-answer
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err == nil && !found {
		err = ErrNotFound
	}
	return &id, err
}

// A session's identity is kept beside those of keys, marked as one.
func (d *directory) IdentityBySession(ctx context.Context, hash Hash) (*Identity, error) {
	id, err := d.IdentityByHash(ctx, hash)
	if err == nil && !id.BySession {
		return nil, ErrNotFound
	}
	return id, err
}

func (d *directory) TouchSessions(_ context.Context, used map[uuid.UUID]time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err == nil {
		d.touchedSessions = append(d.touchedSessions, maps.Clone(used))
	}
	return d.err
}

func (d *directory) TouchKeys(_ context.Context, used map[uuid.UUID]time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err == nil {
		d.touched = append(d.touched, maps.Clone(used))
	}
	return d.err
}

// Everybody has used 9 of the credits a day.
const usedToday = 9

func (d *directory) Figures(context.Context, uuid.UUID, uuid.UUID) (usage.Figures, error) {
	d.mu.Lock()
	figures, err, reading := d.figuresOf(usedToday, 0), d.err, d.reading
	d.mu.Unlock()
	if reading != nil {
		reading <- struct{}{}
		<-d.answer
	}
	return figures, err
}

func (d *directory) figuresOf(used, held int64) usage.Figures {
	return usage.Figures{CreditsUsed: used, DailyLimit: d.limit, Held: held, Room: d.limit - used - held, Month: usage.Month{Limit: usage.NoLimit}}
}

func (d *directory) Post(_ context.Context, now func() time.Time, entries []usage.Entry) (receipts []usage.Receipt, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.posted = append(d.posted, entries...)
	for _, e := range entries {
		r := usage.Receipt{Outcome: usage.Accepted, Figures: d.figuresOf(usedToday, 0), Day: usage.DayOf(now())}
		hold := e.Kind == usage.KindHold
		switch {
		case hold && d.busy:
			r.Outcome = usage.Concurrent
		case e.Credits > r.Room:
			r.Outcome = usage.OverQuota
		case hold:
			r.HoldID, r.HoldStatus, r.Figures = heldID, usage.HoldOpen, d.figuresOf(usedToday, e.Credits)
		default:
			r.Figures = d.figuresOf(usedToday+e.Credits, 0)
		}
		switch e.IdempotencyKey {
		case "again":
			r.Outcome = usage.Duplicate
		case "other":
			r.Outcome = usage.Mismatch
		}
		receipts = append(receipts, r)
	}
	return receipts, d.err
}

// heldID is the id of every hold.
var heldID = uuid.New()

func (d *directory) set(s Secret, id Identity) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.rows[s.Hash()] = id
}

func (d *directory) wantReads(t *testing.T, want int) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.reads != want {
		t.Errorf("the directory was read %d times, want %d", d.reads, want)
	}
}

type desk struct {
	*Verifier
	directory *directory
	mu        sync.Mutex
	at        time.Time
}

func (d *desk) now() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.at
}

func (d *desk) pass(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at = d.at.Add(by)
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{directory: &directory{rows: map[Hash]Identity{}, limit: 20}, at: noon.Add(-time.Microsecond)}
	totals := usage.NewTotals(d.directory, 0, d.now)
	meter := usage.NewMeter(d.directory, totals, d.now, nil)
	t.Cleanup(func() { _ = meter.Close(context.Background()) })
	d.Verifier = NewVerifier(Parts{Directory: d.directory, Meter: meter, Totals: totals, Counter: limits.NewLocal(d.now), Now: d.now,
		Fixed: []Secret{Fixed("codexible_demo_pro_2026")}})
	d.Up(true)
	d.pass(time.Microsecond) // figures of the moment of a change are not cached
	return d
}

// someone is a user with a key that works.
func someone() Identity {
	plan := accounts.Plan{ID: uuid.New(), Name: "Pro", DailyCreditLimit: 20, RateLimitPerMinute: 3}
	user := accounts.User{ID: uuid.New(), PlanID: plan.ID, Role: accounts.RoleUser, Status: accounts.StatusActive}
	return Identity{Key: Key{ID: uuid.New(), UserID: user.ID, Status: StatusActive, Scopes: DefaultScopes(user.Role)}, User: user, Plan: plan}
}

func (d *desk) wantCode(t *testing.T, s Secret, want Code) *Identity {
	t.Helper()
	id, code, err := d.Identify(context.Background(), s.Reveal(), Access{Scope: ScopeModels})
	if err != nil || code != want || (id == nil) != (want == NotFound) {
		t.Errorf("%s is %s, %v, want %s", s, code, err, want)
	}
	return id
}

func TestAHotKeyIsReadOnce(t *testing.T) {
	d, s, id := newDesk(t), Mint(), someone()
	d.directory.set(s, id)
	for range 100 {
		if got := d.wantCode(t, s, Valid); !cmp.Equal(got, &id) {
			t.Fatalf("the identity is %v", got)
		}
		d.pass(time.Second)
	}
	d.directory.wantReads(t, 1)
	if hits, misses := d.CacheStats(); hits != 99 || misses != 1 {
		t.Errorf("%d hits, %d misses", hits, misses)
	}
	d.pass(lifeUp)
	d.wantCode(t, s, Valid)
	d.directory.wantReads(t, 2)
}

func TestManyWhoAskAtOnceCostOneRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, s := newDesk(t), Mint()
		d.directory.set(s, someone())
		d.directory.read, d.directory.answer = make(chan struct{}, 1), make(chan struct{})
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() { d.wantCode(t, s, Valid) })
		}
		synctest.Wait() // all of them wait for the one answer
		close(d.directory.answer)
		wg.Wait()
		d.directory.wantReads(t, 1)
	})
}

func TestWhatNoKeyCanBeCostsNoRead(t *testing.T) {
	d := newDesk(t)
	for _, text := range []string{"", "codexible_", "hello", strings.ToUpper(Mint().Reveal()), "codexible_demo_max_2026"} {
		d.wantCode(t, Fixed(text), NotFound)
	}
	d.directory.wantReads(t, 0)
}

func TestFixedSecretsAreAccepted(t *testing.T) {
	d, s := newDesk(t), Fixed("codexible_demo_pro_2026")
	d.directory.set(s, someone())
	d.wantCode(t, s, Valid)
	d.wantCode(t, Fixed(" codexible_demo_pro_2026 "), Valid)
	d.directory.wantReads(t, 1)
}

func TestUnknownKeysAreCachedForAMoment(t *testing.T) {
	d, s := newDesk(t), Mint()
	for range 50 {
		d.wantCode(t, s, NotFound)
	}
	d.directory.wantReads(t, 1)
	d.pass(lifeUnknown)
	d.wantCode(t, s, NotFound)
	d.directory.wantReads(t, 2)
	d.directory.set(s, someone())
	d.Changed(accounts.Change{Subject: accounts.SubjectKey, ID: uuid.New()})
	d.wantCode(t, s, Valid)
}

func TestWhatChangesTakesEffectAtOnce(t *testing.T) {
	for name, change := range map[string]struct {
		what func(Identity) uuid.UUID
		make func(*Identity)
		want Code
	}{
		"key revoked":     {func(id Identity) uuid.UUID { return id.Key.ID }, func(id *Identity) { id.Key.Status = StatusRevoked }, Revoked},
		"key expired":     {func(id Identity) uuid.UUID { return id.Key.ID }, func(id *Identity) { id.Key.ExpiresAt = &noon }, Expired},
		"user suspended":  {func(id Identity) uuid.UUID { return id.User.ID }, func(id *Identity) { id.User.Status = accounts.StatusSuspended }, Suspended},
		"plan reduced":    {func(id Identity) uuid.UUID { return id.Plan.ID }, func(id *Identity) { id.Plan.RateLimitPerMinute = 1 }, Valid},
		"key made anew":   {func(id Identity) uuid.UUID { return id.Key.ID }, func(id *Identity) { id.Key.Label = "B" }, Valid},
		"grace has ended": {func(id Identity) uuid.UUID { return id.Key.ID }, func(id *Identity) { id.SecretEndsAt = &noon }, NotFound},
	} {
		t.Run(name, func(t *testing.T) {
			d, s, other, id := newDesk(t), Mint(), Mint(), someone()
			d.directory.set(s, id)
			d.directory.set(other, someone())
			d.wantCode(t, s, Valid)
			d.wantCode(t, other, Valid)
			after := id
			change.make(&after)
			d.directory.set(s, after)
			d.wantCode(t, s, Valid)
			d.Changed(accounts.Change{ID: change.what(id)})
			if got := d.wantCode(t, s, change.want); got != nil && !cmp.Equal(got, &after) {
				t.Errorf("the identity is still %v", got)
			}
			d.wantCode(t, other, Valid)
			d.directory.wantReads(t, 3) // the other key was not read again
		})
	}
}

// A change commits after the directory was read and before its answer came: the
// answer is old. It may go to who asked before the change, to nobody else.
func TestAChangeDuringAReadIsNotOverlooked(t *testing.T) {
	t.Run("by who asks meanwhile", func(t *testing.T) {
		d, s, id := newDesk(t), Mint(), someone()
		d.directory.set(s, id)
		d.directory.read, d.directory.answer = make(chan struct{}), make(chan struct{})
		first := make(chan Code)
		go func() {
			_, code, _ := d.Identify(context.Background(), s.Reveal(), Access{Scope: ScopeModels})
			first <- code
		}()
		<-d.directory.read
		id.Key.Status = StatusRevoked
		d.directory.set(s, id)
		d.Changed(accounts.Change{ID: id.Key.ID})
		second := make(chan Code)
		go func() {
			_, code, _ := d.Identify(context.Background(), s.Reveal(), Access{Scope: ScopeModels})
			second <- code
		}()
		<-d.directory.read // the second question is asked of the directory itself
		close(d.directory.answer)
		if code := <-second; code != Revoked {
			t.Errorf("the caller after the change got %s", code)
		}
		<-first
	})
	t.Run("by who asks after", func(t *testing.T) {
		d, s, id := newDesk(t), Mint(), someone()
		d.directory.set(s, id)
		d.directory.read, d.directory.answer = make(chan struct{}), make(chan struct{})
		first := make(chan Code)
		go func() {
			_, code, _ := d.Identify(context.Background(), s.Reveal(), Access{Scope: ScopeModels})
			first <- code
		}()
		<-d.directory.read
		id.User.Status = accounts.StatusSuspended
		d.directory.set(s, id)
		d.Changed(accounts.Change{ID: id.User.ID})
		close(d.directory.answer)
		<-first
		d.directory.read = nil
		d.wantCode(t, s, Suspended)
	})
	t.Run("of a key that comes to be", func(t *testing.T) {
		d, s, id := newDesk(t), Mint(), someone()
		d.directory.read, d.directory.answer = make(chan struct{}), make(chan struct{})
		first := make(chan Code)
		go func() {
			_, code, _ := d.Identify(context.Background(), s.Reveal(), Access{Scope: ScopeModels})
			first <- code
		}()
		<-d.directory.read
		d.directory.set(s, id)
		d.Changed(accounts.Change{ID: id.Key.ID})
		close(d.directory.answer)
		if code := <-first; code != NotFound {
			t.Errorf("the caller before got %s", code)
		}
		d.directory.read = nil
		d.wantCode(t, s, Valid)
	})
}

func TestWithoutChangeEventsAnEntryLivesFiveSeconds(t *testing.T) {
	d, s := newDesk(t), Mint()
	d.directory.set(s, someone())
	d.wantCode(t, s, Valid)
	d.Up(false)
	d.pass(5 * time.Second)
	d.wantCode(t, s, Valid)
	d.directory.wantReads(t, 1)
	d.pass(time.Microsecond)
	d.wantCode(t, s, Valid)
	d.directory.wantReads(t, 2)
}

func TestAfterAGapInTheChangesNoEntryIsFresh(t *testing.T) {
	d, s, unknown := newDesk(t), Mint(), Mint()
	d.directory.set(s, someone())
	d.wantCode(t, s, Valid)
	d.wantCode(t, unknown, NotFound)
	d.Up(false)
	d.Up(true)
	d.wantCode(t, s, Valid)
	d.wantCode(t, unknown, NotFound)
	d.directory.wantReads(t, 4)
	d.wantCode(t, s, Valid)
	d.directory.wantReads(t, 4)
}

func TestAnEntryFromTheFutureIsNotFresh(t *testing.T) {
	d, s := newDesk(t), Mint()
	d.directory.set(s, someone())
	d.wantCode(t, s, Valid)
	d.pass(-time.Hour) // the clock was set back: the age of the entry is unknown
	d.wantCode(t, s, Valid)
	d.directory.wantReads(t, 2)
}

func TestADirectoryThatFailsIsAnErrorAndNoVerdict(t *testing.T) {
	d, s := newDesk(t), Mint()
	d.directory.set(s, someone())
	d.directory.err = fault.Away(errors.New("gone"))
	if id, _, err := d.Identify(context.Background(), s.Reveal(), Access{Scope: ScopeModels}); id != nil || fault.KindOf(err) != fault.Unavailable {
		t.Errorf("%v, %v", id, err)
	}
	if _, err := d.Verify(context.Background(), Request{Secret: s.Reveal()}); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("%v", err)
	}
	d.directory.err = nil
	d.wantCode(t, s, Valid) // the failure was not cached
	d.directory.err = fault.Away(errors.New("gone"))
	for _, credits := range []int64{0, 1} { // the key is known, what it has used is not
		if v, err := d.Verify(context.Background(), Request{Secret: s.Reveal(), Charge: usage.Charge{Credits: credits}}); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("with %d credits: %v, %v", credits, v.Code, err)
		}
	}
}

func TestARequestThatIsGivenUpDoesNotFailTheOthersWhoWait(t *testing.T) {
	d, s := newDesk(t), Mint()
	d.directory.set(s, someone())
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if _, code, err := d.Identify(gone, s.Reveal(), Access{Scope: ScopeModels}); err != nil || code != Valid {
		t.Errorf("%s, %v: the question died with its first asker", code, err)
	}
}

// Each case rules out the key in one way more than the one before it.
func TestCodesAreDecidedInTheirOrder(t *testing.T) {
	d, s, id := newDesk(t), Mint(), someone()
	exhaust := usage.Charge{Credits: 12}
	steps := []struct {
		worsen func()
		want   Code
	}{
		{func() {}, QuotaExceeded},
		{func() {
			for range 2 {
				if _, err := d.Verify(context.Background(), Request{Secret: s.Reveal(), Charge: usage.Charge{Credits: 1}}); err != nil {
					t.Fatal(err)
				}
			}
		}, RateLimited},
		{func() { id.User.Status = accounts.StatusSuspended }, Suspended},
		{func() { id.Key.ExpiresAt = &noon }, Expired},
		{func() { id.Key.Status = StatusRevoked }, Revoked},
		{func() { id.SecretEndsAt = &noon }, NotFound},
	}
	for _, step := range steps {
		step.worsen()
		d.directory.set(s, id)
		d.Changed(accounts.Change{ID: id.Key.ID})
		v, err := d.Verify(context.Background(), Request{Secret: s.Reveal(), Charge: exhaust})
		if err != nil || v.Code != step.want {
			t.Fatalf("%s, %v, want %s", v.Code, err, step.want)
		}
		if step.want == NotFound {
			if v.Identity != nil || v.DailyLimit != 0 || v.Rate != (Rate{}) || v.Day != "" {
				t.Errorf("a key that is not found returns %v", v)
			}
			continue
		}
		if v.Identity == nil || v.CreditsUsed == 0 || v.DailyLimit != 20 || v.Day != usage.DayOf(noon) || v.Rate.Limit != 3 || v.Duplicate {
			t.Errorf("%s does not return what is known: %+v", step.want, v)
		}
	}
	want := []Code{NotFound, Revoked, Disabled, Expired, Suspended, InsufficientScope, AddressNotAllowed, RateLimited, ModelNotAllowed, ConcurrencyLimited, QuotaExceeded, Valid}
	if diff := cmp.Diff(want, Codes()); diff != "" {
		t.Error(diff)
	}
}

func TestAVerifyCountsOnceInTheKeysWindowAndARefusalNever(t *testing.T) {
	d, s, id := newDesk(t), Mint(), someone()
	d.directory.set(s, id)
	for remaining := int64(2); remaining >= 0; remaining-- {
		v, err := d.Verify(context.Background(), Request{Secret: s.Reveal()})
		if err != nil || v.Code != Valid || v.Rate.Remaining != remaining {
			t.Fatalf("%s with %d left, %v, want %d left", v.Code, v.Rate.Remaining, err, remaining)
		}
	}
	for range 5 {
		if v, _ := d.Verify(context.Background(), Request{Secret: s.Reveal()}); v.Code != RateLimited || v.Rate.ResetSeconds < 1 {
			t.Fatalf("%s, %+v", v.Code, v.Rate)
		}
	}
	d.pass(61 * time.Second)
	id.Key.Status = StatusRevoked
	d.directory.set(s, id)
	d.Changed(accounts.Change{ID: id.Key.ID})
	for range 5 {
		if v, _ := d.Verify(context.Background(), Request{Secret: s.Reveal()}); v.Code != Revoked || v.Rate.Remaining != 3 {
			t.Fatalf("%s with %d left", v.Code, v.Rate.Remaining)
		}
	}
}

func TestKeysOfServicesHaveNoRateLimit(t *testing.T) {
	d, s, id := newDesk(t), Mint(), someone()
	id.User.Role = accounts.RoleService
	d.directory.set(s, id)
	for range 20 {
		if v, err := d.Verify(context.Background(), Request{Secret: s.Reveal()}); err != nil || v.Code != Valid || v.Rate.Remaining != 3 {
			t.Fatalf("%s, %+v, %v", v.Code, v.Rate, err)
		}
	}
}

func TestZeroCreditsAreReportedAndNotCharged(t *testing.T) {
	d, s := newDesk(t), Mint()
	d.directory.set(s, someone())
	v, err := d.Verify(context.Background(), Request{Secret: s.Reveal(), Charge: usage.Charge{IdempotencyKey: "other"}})
	if err != nil || v.Code != Valid || v.CreditsUsed != 9 || v.Room != 11 {
		t.Errorf("%s with %d used, %v", v.Code, v.CreditsUsed, err)
	}
}

func TestACreditedVerifyReturnsTheReceipt(t *testing.T) {
	d, s := newDesk(t), Mint()
	d.directory.set(s, someone())
	ask := func(credits int64, idempotencyKey string) (Verdict, error) {
		return d.Verify(context.Background(), Request{Secret: s.Reveal(), Charge: usage.Charge{Credits: credits, IdempotencyKey: idempotencyKey}})
	}
	if v, err := ask(2, ""); err != nil || v.Code != Valid || v.CreditsUsed != 11 || v.DailyLimit != 20 || v.Duplicate || v.Day != usage.DayOf(noon) {
		t.Errorf("%+v, %v", v, err)
	}
	if v, err := ask(3, "again"); err != nil || v.Code != Valid || !v.Duplicate || v.CreditsUsed != 12 {
		t.Errorf("%+v, %v", v, err)
	}
	if v, err := ask(3, "other"); !errors.Is(err, usage.ErrReplayMismatch) || v.Code != "" {
		t.Errorf("%+v, %v", v, err)
	}
	d.pass(2 * time.Minute)
	if v, _ := ask(0, ""); v.CreditsUsed != 11 {
		t.Errorf("the total of a receipt is not cached: %d used", v.CreditsUsed)
	}
}

func TestTheCacheHoldsABoundedNumberOfKeysAndOfUnknownSecrets(t *testing.T) {
	c, id := newCache(), someone()
	const asked = maxPerShard + 10
	known := func(n int) Hash { return Hash{1: byte(n), 2: byte(n >> 8)} } // one shard takes them all
	unknown := func(n int) Hash { return Hash{1: byte(n), 2: byte(n >> 8), 3: 1} }
	for n := range asked {
		c.put(known(n), &id, 0, noon)
		c.put(unknown(n), nil, 0, noon)
	}
	held := func(hash func(int) Hash) (count int) {
		for n := range asked {
			if c.has(hash(n), noon) {
				count++
			}
		}
		return count
	}
	if n := held(known); n == 0 || n > maxPerShard {
		t.Errorf("%d keys are held, want at most %d", n, maxPerShard)
	}
	if n := held(unknown); n == 0 || n > maxUnknown {
		t.Errorf("%d unknown secrets are held, want at most %d", n, maxUnknown)
	}
}

func TestASweepReleasesWhatIsPastItsLife(t *testing.T) {
	c, changed := newCache(), someone()
	release := func() weak.Pointer[Identity] {
		id := new(someone())
		c.put(Hash{}, id, 0, noon)
		return weak.Make(id)
	}
	held := release()
	c.change(accounts.Change{ID: changed.User.ID}, noon)
	c.sweep(noon.Add(lifeUp))
	runtime.GC()
	if held.Value() == nil || !c.touched(&changed, 0) {
		t.Error("a key or a change was released within its life")
	}
	c.sweep(noon.Add(lifeUp + 1))
	runtime.GC()
	if held.Value() != nil || c.touched(&changed, 0) {
		t.Error("a key or a change is held past its life")
	}
}

func TestASweepKeepsEveryChangeThatAnEntryCouldHaveMissed(t *testing.T) {
	d, s, id := newDesk(t), Mint(), someone()
	d.directory.set(s, id)
	d.wantCode(t, s, Valid)
	id.Key.Status = StatusRevoked
	d.directory.set(s, id)
	d.Changed(accounts.Change{ID: id.Key.ID})
	d.pass(lifeUp)
	d.cache.sweep(d.now())
	d.wantCode(t, s, Revoked)
}

func TestVerifyIsSafeForConcurrentUse(t *testing.T) {
	d := newDesk(t)
	var secrets []Secret
	var ids []Identity
	for range 8 {
		s, id := Mint(), someone()
		id.Plan.RateLimitPerMinute = 1_000_000
		d.directory.set(s, id)
		secrets, ids = append(secrets, s), append(ids, id)
	}
	var wg sync.WaitGroup
	for caller := range 8 {
		wg.Go(func() {
			for i := range 200 {
				n := (caller + i) % len(secrets)
				if v, err := d.Verify(context.Background(), Request{Secret: secrets[n].Reveal(), Charge: usage.Charge{Credits: int64(i % 2)}}); err != nil || v.Code != Valid || v.Identity.Key.ID != ids[n].Key.ID {
					t.Errorf("%s, %v", v.Code, err)
					return
				}
				switch i % 50 {
				case 10:
					d.Changed(accounts.Change{ID: ids[n].User.ID})
				case 20:
					d.Up(i%100 == 20)
				case 30:
					d.cache.sweep(d.now())
				case 40:
					if err := d.Flush(context.Background()); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
}
