package catalog

import (
	"context"
	"strconv"
	"sync/atomic"
	"time"

	"codexible/accounts"

	"golang.org/x/sync/singleflight"
)

// Cache keeps the book in memory and reads it again after a change.
type Cache struct {
	read func(ctx context.Context) (*Book, error)
	now  func() time.Time

	// epoch counts the changes; up is whether changes of other processes arrive.
	epoch   atomic.Int64
	up      atomic.Bool
	kept    atomic.Pointer[edition]
	reading singleflight.Group
}

type edition struct {
	book  *Book
	epoch int64
	at    time.Time
}

const (
	// unheardAge is how long a book is used while changes of other processes do not arrive.
	unheardAge = 5 * time.Second
	// readTimeout bounds a read, whose callers wait for it whatever their own deadlines are.
	readTimeout = 5 * time.Second
)

// NewCache makes a cache of what read returns.
func NewCache(read func(ctx context.Context) (*Book, error), now func() time.Time) *Cache {
	return &Cache{read: read, now: now}
}

// Book returns all models and prices. An error is a fault of ours.
func (c *Cache) Book(ctx context.Context) (*Book, error) {
	epoch := c.epoch.Load()
	if e := c.kept.Load(); e != nil && e.epoch == epoch && c.fresh(e) {
		return e.book, nil
	}
	// One read for all that wait; a caller after a change takes no result of a read from before it.
	read, err, _ := c.reading.Do(strconv.FormatInt(epoch, 10), func() (any, error) {
		asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTimeout)
		defer cancel()
		at := c.now()
		book, err := c.read(asking)
		if err == nil {
			c.kept.Store(&edition{book, epoch, at})
		}
		return book, err
	})
	if err != nil {
		return nil, err
	}
	return read.(*Book), nil
}

func (c *Cache) fresh(e *edition) bool {
	age := c.now().Sub(e.at)
	return c.up.Load() || age >= 0 && age < unheardAge
}

// Changed has the book read again where the change concerns it. A change of a plan does
// not: models name plans by their ids.
func (c *Cache) Changed(change accounts.Change) {
	if change.Subject == accounts.SubjectModel || change.Subject == accounts.SubjectPrice {
		c.epoch.Add(1)
	}
}

// Up receives whether changes of other processes arrive.
func (c *Cache) Up(up bool) {
	c.up.Store(up)
	c.epoch.Add(1)
}
