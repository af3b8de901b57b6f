package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strings"
	"testing"

	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"
)

func TestACommitOfChargesNeverMakesTheLogLonger(t *testing.T) {
	url, clock := storetest.SQLiteURL(t), storetest.NewClock(storetest.Start)
	s := storetest.Open(t, url, clock.Now)
	log := strings.TrimPrefix(url, "sqlite:") + "-wal"
	size := func() int64 {
		info, err := os.Stat(log)
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	c := storetest.NewCustomer(t, s, "Pro") // is in the log already when its room is made
	settle(t, s, clock.Now(), c.Charge(1))
	reserved := size()

	const batches, perBatch = 40, 100 // some megabytes: the log goes into the file on the way
	for range batches {
		settle(t, s, clock.Now(), someCharges(c, perBatch)...)
		if got := size(); got != reserved {
			t.Fatalf("the log of %d bytes has %d after a batch", reserved, got)
		}
	}
	wantToday(t, s, c, "2026-03-04", 1, 250, 1+batches*perBatch)
	again := storetest.Connect(t, url, clock.Now) // another process reads the log to its end
	wantToday(t, again, c, "2026-03-04", 1, 250, 1+batches*perBatch)
}

// someCharges are charges of a user that touch pages of several tables.
func someCharges(c storetest.Customer, n int) (batch []usage.Charge) {
	for i := range n {
		charge := c.Charge(0)
		charge.Model = fmt.Sprintf("model-%d", i)
		batch = append(batch, charge)
	}
	return batch
}

func TestALogThatAReaderKeepsLongIsNotMovedAfterEveryCommit(t *testing.T) {
	url, clock := storetest.SQLiteURL(t), storetest.NewClock(storetest.Start)
	s := storetest.Open(t, url, clock.Now)
	c := storetest.NewCustomer(t, s, "Pro")
	settle(t, s, clock.Now(), c.Charge(1))
	reading, err := storetest.Raw(t, url).BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reading.Rollback() }()
	var charges int
	if err := reading.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM usage").Scan(&charges); err != nil || charges != 1 {
		t.Fatal(charges, err)
	}
	const batches = 60
	store.MoveLog(s, 200, 400)
	for range batches {
		settle(t, s, clock.Now(), someCharges(c, 50)...)
	}
	if moves := store.LogMoves(s); moves < 2 || moves > batches/5 {
		t.Errorf("the log was moved %d times in %d commits", moves, batches)
	}
}

func TestReadersThatOverlapLetTheLogBeginAnew(t *testing.T) {
	url, clock := storetest.SQLiteURL(t), storetest.NewClock(storetest.Start)
	s := storetest.Open(t, url, clock.Now)
	c := storetest.NewCustomer(t, s, "Pro")
	settle(t, s, clock.Now(), c.Charge(1))
	store.MoveLog(s, 200, 400)
	db := storetest.Raw(t, url)
	db.SetMaxOpenConns(2)
	begin := func(ctx context.Context) (*sql.Tx, error) {
		tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
		if err == nil {
			_, err = tx.ExecContext(ctx, "SELECT COUNT(*) FROM usage")
		}
		return tx, err
	}
	ended, done := make(chan struct{}), make(chan error, 1)
	go func() {
		old, err := begin(t.Context())
		for err == nil {
			select {
			case <-ended:
				done <- old.Rollback()
				return
			default:
			}
			var next *sql.Tx
			if next, err = begin(t.Context()); err == nil { // there is always one that reads
				err, old = old.Rollback(), next
			}
		}
		done <- err
	}()
	const moves = 20 // after 200 pages each
	for store.LogMoves(s) < moves {
		settle(t, s, clock.Now(), someCharges(c, 100)...)
	}
	close(ended)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	var busy, pages, moved int
	if err := db.QueryRowContext(t.Context(), "PRAGMA wal_checkpoint(PASSIVE)").Scan(&busy, &pages, &moved); err != nil {
		t.Fatal(err)
	}
	if pages > moves*200/2 {
		t.Errorf("the log has %d pages after %d were written to it", pages, moves*200)
	}
}
