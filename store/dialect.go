package store

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"codexible/accounts"
	"codexible/gateway"
	"codexible/usage"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// The two databases.
const (
	dialectSQLite   = "sqlite"
	dialectPostgres = "postgres"
)

// dialect is all that differs between the databases; nothing else asks which
// one it is.
type dialect interface {
	// name is dialectSQLite or dialectPostgres, for what works on either with a connection alone.
	name() string
	// away reports whether an error is of a database that does not answer, or cannot write, not of a statement.
	away(error) bool
	// numbered is a statement with its question marks as the database's own placeholders.
	numbered(statement string) string
	// query sends a numbered statement, by the shortest way that the database has.
	query(ctx context.Context, conn gorm.ConnPool, text string, args []any) (rows, error)
	// post decides and records a batch of entries in one transaction, with its events for those who want them; nil for nobody.
	post(ctx context.Context, now func() time.Time, entries []usage.Entry, to *audience) ([]usage.Receipt, error)
	// writeRequests adds rows of the log of requests, as requestRow.values has them, and to the days of upstreams.
	writeRequests(ctx context.Context, rows [][]any, days []gateway.UpstreamDay) error
	// countTotals adds the charges that the totals do not count yet, countTotalsIn does it in a transaction that writes.
	countTotals(ctx context.Context) error
	countTotalsIn(tx *gorm.DB) error
	// eachUncounted visits the charges of a user that the totals do not count yet, in the view of db.
	eachUncounted(db *gorm.DB, user uuid.UUID, visit func(*usage.Record)) error
	// counted returns which charges the totals count, in the view of db.
	counted(db *gorm.DB) (func(charge uuid.UUID) bool, error)
	// lockAccount keeps batches away from a user's account until tx ends.
	lockAccount(tx *gorm.DB, user uuid.UUID) error
	// narrow adds a search by part to a statement; index keeps what it searches.
	narrow(f *search, t searched, needle string)
	index(tx *gorm.DB, t searched, row int64, id uuid.UUID, text string) error
	// contains narrows a statement to the rows whose column holds a text, without an index.
	contains(f *search, column, needle string)
	// lock holds a row until tx ends.
	lock(tx *gorm.DB, table string, id uuid.UUID) error
	// sumWords are the parts of a sum over charges that differ.
	sumWords() sumWords
	// takeTurn waits for every other transaction that took a turn of this name, until tx ends.
	takeTurn(tx *gorm.DB, name string) error
	// skipLocked ends a SELECT of rows to remove: it takes them, but for those that somebody else is changing.
	skipLocked() string
	// beginSnapshot begins a read-only view of one moment.
	beginSnapshot() string
	// onOneCore runs a large read on one core at most.
	onOneCore(db *gorm.DB, read func(*gorm.DB) error) error
	// announce publishes a change to other processes when tx commits.
	announce(tx *gorm.DB, at time.Time, change accounts.Change) error
	// changesBy is how watch learns of them.
	changesBy() ChangesBy
	// watch reports what other processes announce, until ctx ends.
	watch(ctx context.Context, w Watcher)
	// erasing prepares tx for removing texts so that the files keep none of them, as far as the database can;
	// erased removes after its commit what the database's log still holds.
	erasing(tx *gorm.DB) error
	erased(ctx context.Context) error
	// poolStats says how many connections are open, in use, and allowed.
	poolStats() PoolStats
	// about asks for the database's version and size.
	about(db *gorm.DB) (About, error)
	close() error
}

// target is a parsed DATABASE_URL.
type target struct {
	dialect string
	// url is the Postgres URL, or the path of the SQLite file.
	url string
}

var errURL = errors.New("must be postgres://user@host/name or sqlite:PATH")

func parseURL(text string) (target, error) {
	scheme, rest, _ := strings.Cut(text, ":")
	switch scheme {
	case "postgres", "postgresql":
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || AmbiguousURL(text) {
			return target{}, fmt.Errorf("DATABASE_URL %w", errURL) // the text may hold a password: it is not repeated
		}
		return target{dialectPostgres, text}, nil
	case "sqlite":
		if path := strings.TrimPrefix(rest, "//"); path != "" {
			return target{dialectSQLite, path}, nil
		}
	}
	return target{}, fmt.Errorf("DATABASE_URL %w", errURL)
}

// AmbiguousURL reports whether a URL has an @ that was not percent-encoded: more
// than one, or one after what the standard takes for the host. Which part is the
// host then depends on the reader, and a client may repeat a part of the password
// in its errors as the host.
func AmbiguousURL(text string) bool {
	_, rest, _ := strings.Cut(text, "//")
	end := strings.IndexAny(rest, "/?#")
	return strings.Count(rest, "@") > 1 || end >= 0 && strings.Contains(rest[end:], "@")
}

// CheckURL says what is wrong with a DATABASE_URL, without repeating it.
func CheckURL(text string) error {
	_, err := parseURL(text)
	return err
}
