// Package store keeps everything in a database, SQLite or Postgres: the only
// package that speaks SQL. Exported methods own their transaction; unexported
// ones take it. Errors are faults: Unavailable where the database does not
// answer, so that a failure of ours never appears as a failure of the caller.
package store

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"codexible/accounts"
	"codexible/fault"
	"codexible/secrets"
	"codexible/usage"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// Options says which database to open, and how.
type Options struct {
	// URL is postgres://… or sqlite:PATH.
	URL string
	// DirectURL is the same Postgres without a pooler, for what a pooler does not let through: hearing of changes. Empty for none.
	DirectURL string
	// Pooling is PoolingAuto (also if empty), PoolingSession or PoolingTransaction.
	Pooling string
	// Synchronous is what SQLite does at a commit: FULL (the default) or NORMAL.
	Synchronous string
	// CountLater lets totals on SQLite follow the charges, for the one process that serves: see sqlite_totals.go.
	CountLater bool
	// Now is the clock; time.Now where nil.
	Now func() time.Time
	// Patience is how long a count for the console may take and still be repeated
	// for every page; 40 ms where zero. Slower ones are cached.
	Patience time.Duration
	// Log takes the warnings of the store; none where nil.
	Log *slog.Logger
	// Secrets are the keys for what is encrypted; where nil nothing can be.
	Secrets *secrets.Ring
	// Mail is whether events are sent by mail too.
	Mail bool
	// Statement, where set, is called with the text of every statement but those of the
	// meter, values included: it is for tests that count what a request costs.
	Statement func(text string)
}

// Store is an open database.
type Store struct {
	dialect     dialect
	write, read *gorm.DB
	now         func() time.Time
	ids         ids
	secrets     *secrets.Ring
	// sent, where set, is called with every statement of list; see Options.Statement.
	sent func(text string, args []any)

	// life ends when the store is closed, and ends the background work.
	life context.Context //nolint:containedctx // it is the life of the store, not of a call
	end  context.CancelFunc

	mu       sync.Mutex
	watchers []Watcher

	status      *cache[Status]
	openDays    *cache[openDays]
	planUsers   *cache[map[uuid.UUID]int64]
	uncollected *cache[int64]
	ledgerStats *cache[LedgerStats]
	callFigures *cache[CallFigures]
	// audience is who wants events, lastAudience the last that was read; mail is whether events are sent by mail.
	audience     *cache[*audience]
	lastAudience atomic.Pointer[audience]
	mail         bool
	refused      refusedOnes
	// tokenDays and tokensToday are what all users used.
	tokenDays   tokenDays
	tokensToday *cache[[]usage.TokenTotal]
}

// Watcher is notified of changes of keys, users and plans, after their commit: of
// those of this process by Subscribe, of those of other processes by Watch.
// Up reports whether the latter arrive; after a gap anything may have changed.
type Watcher interface {
	Changed(accounts.Change)
	Up(bool)
}

// Open opens the database. A Migrator creates and checks its schema.
func Open(ctx context.Context, o Options) (*Store, error) {
	target, err := parseURL(o.URL)
	if err != nil {
		return nil, err
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Synchronous == "" {
		o.Synchronous = "FULL"
	}
	s := &Store{secrets: o.Secrets, mail: o.Mail, now: func() time.Time { return o.Now().UTC().Truncate(time.Microsecond) }}
	s.life, s.end = context.WithCancel(context.WithoutCancel(ctx))
	ages := consoleAges(cmp.Or(o.Patience, 40*time.Millisecond))
	s.openDays = newCache[openDays](s, maxCacheAge, ages)
	s.planUsers = newCache[map[uuid.UUID]int64](s, maxCacheAge, ages)
	s.uncollected = newCache[int64](s, maxCacheAge, ages)
	s.tokensToday = newCache[[]usage.TokenTotal](s, maxCacheAge, ages)
	s.ledgerStats = newCache[LedgerStats](s, maxCacheAge, ledgerAges)
	s.ledgerStats.together = true
	s.callFigures = newCache[CallFigures](s, maxCacheAge, statusAges)
	s.callFigures.together = true
	s.audience = newCache[*audience](s, 5*time.Second, audienceAges)
	s.audience.together = true
	s.refused.write = s.writeRefused
	s.status = newCache[Status](s, 5*time.Second, statusAges)
	s.status.together = true
	if target.dialect == dialectPostgres {
		d, db, err := target.openPostgres(ctx, o)
		if err != nil {
			return nil, err
		}
		d.mint = s.ids.mint
		s.dialect, s.write, s.read = d, db, db
		s.report(o.Statement)
		return s, nil
	}
	d, write, read, err := target.openSQLite(ctx, o)
	if err != nil {
		return nil, err
	}
	d.mint = s.ids.mint
	s.dialect, s.write, s.read = d, write, read
	s.report(o.Statement)
	return s, nil
}

// report calls statement, where it is set, for those that go past gorm, as statementLogger does for the others.
func (s *Store) report(statement func(text string)) {
	if statement != nil {
		s.sent = func(text string, args []any) { statement(s.read.Explain(text, args...)) }
	}
}

func gormConfig(o Options) *gorm.Config {
	log := logger.Discard
	if o.Statement != nil {
		log = statementLogger{log, o.Statement}
	}
	return &gorm.Config{
		Logger: log, SkipDefaultTransaction: true, DisableAutomaticPing: true,
		TranslateError: true, NowFunc: o.Now, DisableNestedTransaction: true,
	}
}

// statementLogger reports every statement.
type statementLogger struct {
	logger.Interface
	log func(text string)
}

// LogMode keeps the logger, whatever the level.
func (s statementLogger) LogMode(logger.LogLevel) logger.Interface { return s }

// Trace reports one statement.
func (s statementLogger) Trace(_ context.Context, _ time.Time, statement func() (text string, rows int64), _ error) {
	text, _ := statement()
	s.log(text)
}

// Close closes the database. Background counts end first: Postgres
// waits for the connections that are in use.
func (s *Store) Close() error {
	s.refused.close()
	s.end()
	return s.dialect.close()
}

// background is a context for work that outlives the request that began it, for
// most at the longest.
func (s *Store) background(ctx context.Context, most time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), most)
	stop := context.AfterFunc(s.life, cancel)
	return ctx, func() { stop(); cancel() }
}

// Now is the store's clock: UTC, in whole microseconds, as times are kept.
func (s *Store) Now() time.Time { return s.now() }

// PoolStats are the connections to the database.
type PoolStats struct{ Open, InUse, Most int }

// PoolStats says how many connections are open, in use, and allowed.
func (s *Store) PoolStats() PoolStats { return s.dialect.poolStats() }

// Ping asks the database whether it answers.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	return s.reading(ctx, func(db *gorm.DB) error { return db.Raw("SELECT 1").Scan(&one).Error })
}

// Post decides and records a batch of entries in one transaction: the
// usage.Ledger of this database.
func (s *Store) Post(ctx context.Context, now func() time.Time, entries []usage.Entry) ([]usage.Receipt, error) {
	to, err := s.wanted(ctx)
	if err != nil {
		return nil, err
	}
	receipts, err := s.dialect.post(ctx, now, entries, to)
	if err == nil {
		s.refused.note(entries, receipts, to)
	}
	return receipts, s.classify(err)
}

// readingTotals runs a query that reads totals, after the charges that they do not
// count yet are counted.
func (s *Store) readingTotals(ctx context.Context, work func(db *gorm.DB) error) error {
	if err := s.CountTotals(ctx); err != nil {
		return err
	}
	return s.reading(ctx, work)
}

// CountTotals adds the charges that the totals do not count yet to them.
func (s *Store) CountTotals(ctx context.Context) error { return s.classify(s.dialect.countTotals(ctx)) }

// reading runs a query on the read side.
func (s *Store) reading(ctx context.Context, work func(db *gorm.DB) error) error {
	if c := joined(ctx); c != nil {
		return s.classify(work(c.DB))
	}
	return s.classify(work(s.read.WithContext(ctx)))
}

// classify turns a database's error into a fault. Faults pass as they are. A
// transaction that is done before its commit was rolled back at its deadline.
func (s *Store) classify(err error) error {
	if err == nil {
		return nil
	}
	var f *fault.Error
	switch {
	case errors.As(err, &f):
		return err
	case s.dialect.away(err), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled),
		errors.Is(err, sql.ErrConnDone), errors.Is(err, sql.ErrTxDone), errors.Is(err, driver.ErrBadConn), errors.Is(err, io.EOF), err.Error() == "sql: database is closed":
		return fault.Away(err)
	}
	return fault.As(err)
}

// Subscribe notifies a watcher of every change that this process makes after it
// returns.
func (s *Store) Subscribe(w Watcher) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watchers = append(s.watchers, w)
}

// ChangesBy is how the changes of other processes arrive.
type ChangesBy string

// The ways in which changes arrive, both within a second.
const (
	ChangesNotified ChangesBy = "notified"
	ChangesPolled   ChangesBy = "polled"
)

// ChangesBy says how the changes of other processes arrive.
func (s *Store) ChangesBy() ChangesBy { return s.dialect.changesBy() }

// Watch notifies a watcher of the changes that other processes make, until ctx
// ends. Those of this process may come with them; only Subscribe is sure of them.
func (s *Store) Watch(ctx context.Context, w Watcher) { s.dialect.watch(ctx, storeFirst{w, s}) }

// storeFirst notifies the store before the watcher.
type storeFirst struct {
	Watcher

	store *Store
}

// Changed drops the store's caches first: what the watcher asks the store for is up to date.
func (h storeFirst) Changed(c accounts.Change) {
	h.store.Changed(c)
	h.Watcher.Changed(c)
}

// Changed invalidates the counts that a change made out of date. The store calls
// it for its own changes and for those that it watches; whoever receives changes in
// another way passes them on.
func (s *Store) Changed(c accounts.Change) {
	switch c.Subject {
	case accounts.SubjectUser, accounts.SubjectKey:
		s.status.invalidate()
		s.planUsers.invalidate()
	case accounts.SubjectWebhook, accounts.SubjectSetting:
		s.audience.invalidate()
	case accounts.SubjectPlan, accounts.SubjectModel, accounts.SubjectPrice, accounts.SubjectUpstream, accounts.SubjectRequest, accounts.SubjectSession, accounts.SubjectSystem:
	}
}

func (s *Store) changed(changes []accounts.Change) {
	for _, c := range changes {
		s.Changed(c)
	}
	s.mu.Lock()
	watchers := s.watchers
	s.mu.Unlock()
	for _, w := range watchers {
		for _, c := range changes {
			w.Changed(c)
		}
	}
}

// change is a transaction that records what it does in the audit log.
type change struct {
	*gorm.DB
	store *Store
	by    accounts.Actor
	at    time.Time
	made  []accounts.Change
	// entries are what was written to the audit log.
	entries []accounts.AuditEntry
	// audience is who wants events, as the transaction sees it; nil until an event asks.
	audience *audience
}

// changing runs work in one transaction, and notifies the watchers after it.
func (s *Store) changing(ctx context.Context, by accounts.Actor, work func(tx *change) error) error {
	if c := joined(ctx); c != nil {
		return s.classify(work(c))
	}
	var c *change
	err := s.write.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		c = &change{DB: tx, store: s, by: by, at: s.now()}
		return work(c)
	})
	if err != nil {
		return s.classify(err)
	}
	s.changed(c.made)
	return nil
}

// entry is an audit entry; the actor, the time and the request come from the
// transaction.
type entry struct {
	action        string
	subject       accounts.Subject
	id            uuid.UUID
	target        string
	details       string
	before, after map[string]any
}

// changed publishes that a key, user or plan changed: to this process after the
// commit, to others with it.
func (c *change) changed(subject accounts.Subject, id uuid.UUID) error {
	made := accounts.Change{Subject: subject, ID: id}
	if subject == accounts.SubjectWebhook || subject == accounts.SubjectSetting {
		c.audience = nil
	}
	c.made = append(c.made, made)
	return c.store.dialect.announce(c.DB, c.at, made)
}

// record writes an audit entry, and the events that it is about.
func (c *change) record(e entry) error {
	row := auditRow{
		At: c.at, Actor: c.by.Name, Address: c.by.Address, RequestID: c.by.RequestID, Action: e.action, Subject: e.subject,
		SubjectID: e.id, Target: e.target, Details: e.details, Before: object(e.before), After: object(e.after),
		KeyPrefix: c.by.KeyPrefix, Search: searchText(c.by.Name, e.action, e.target, e.details),
	}
	if c.by.KeyID != uuid.Nil {
		row.KeyID, row.Search = &c.by.KeyID, row.Search+searchText(c.by.KeyPrefix)
	}
	if err := c.Create(&row).Error; err != nil {
		return err
	}
	c.entries = append(c.entries, row.entry())
	if err := c.store.dialect.index(c.DB, searchedAudit, row.Seq, uuid.Nil, row.Search); err != nil {
		return err
	}
	return c.tell(&e)
}

// recordChange writes an audit entry and publishes the change of its subject.
func (c *change) recordChange(e entry) error {
	if err := c.record(e); err != nil {
		return err
	}
	return c.changed(e.subject, e.id)
}
