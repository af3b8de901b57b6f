package catalog_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/catalog"
)

func TestTheBookIsReadAgainAfterAChange(t *testing.T) {
	reads, now := 0, march
	cache := catalog.NewCache(func(context.Context) (*catalog.Book, error) {
		reads++
		return catalog.NewBook(nil, nil), nil
	}, func() time.Time { return now })
	expect := func(says string, want int) {
		t.Helper()
		if _, err := cache.Book(t.Context()); err != nil || reads != want {
			t.Errorf("%s: %d reads, %v", says, reads, err)
		}
	}
	expect("the first", 1)
	expect("changes do not arrive, a moment later", 1)
	now = now.Add(5 * time.Second)
	expect("changes do not arrive, five seconds later", 2)
	cache.Up(true)
	expect("changes arrive: one may have been missed", 3)
	now = now.Add(time.Hour)
	expect("no change in an hour", 3)
	cache.Changed(accounts.Change{Subject: accounts.SubjectUser})
	cache.Changed(accounts.Change{Subject: accounts.SubjectPlan})
	expect("a user and a plan changed", 3)
	cache.Changed(accounts.Change{Subject: accounts.SubjectPrice})
	expect("a price changed", 4)
	cache.Changed(accounts.Change{Subject: accounts.SubjectModel})
	expect("a model changed", 5)
	cache.Up(false)
	expect("changes do not arrive any more", 6)
	now = now.Add(-time.Hour)
	expect("the clock was set back", 7)
}

func TestABookThatCannotBeReadIsReadByTheNextCaller(t *testing.T) {
	away := errors.New("away")
	err := away
	cache := catalog.NewCache(func(context.Context) (*catalog.Book, error) { return catalog.NewBook(nil, nil), err }, time.Now)
	if _, got := cache.Book(t.Context()); !errors.Is(got, away) {
		t.Errorf("the failure is %v", got)
	}
	err = nil
	if book, got := cache.Book(t.Context()); got != nil || book == nil {
		t.Errorf("it stays %v", got)
	}
}

// A caller after a change never gets a book from before it, and a caller who leaves does
// not end the read of the others.
func TestManyReadTheBookAtOnceWhileItChanges(t *testing.T) {
	var mu sync.Mutex
	edition := byte(1)
	cache := catalog.NewCache(func(context.Context) (*catalog.Book, error) {
		mu.Lock()
		defer mu.Unlock()
		return catalog.NewBook([]catalog.Model{{ID: id(edition), Name: "m"}}, nil), nil
	}, time.Now)
	cache.Up(true)
	var done sync.WaitGroup
	for range 8 {
		done.Go(func() {
			left, leave := context.WithCancel(context.Background())
			leave()
			for range 50 {
				mu.Lock()
				least := edition
				mu.Unlock()
				book, err := cache.Book(left)
				if err != nil || book.Model("m").ID[15] < least {
					t.Errorf("edition %v of %d, %v", book, least, err)
				}
			}
		})
	}
	for range 50 {
		mu.Lock()
		edition++
		cache.Changed(accounts.Change{Subject: accounts.SubjectModel})
		mu.Unlock()
	}
	done.Wait()
}
