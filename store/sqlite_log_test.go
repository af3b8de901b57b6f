package store_test

import (
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

func TestReadersThatOverlapLetTheLogBeginAnew(t *testing.T) {
	url, clock := storetest.SQLiteURL(t), storetest.NewClock(storetest.Start)
	s := storetest.Open(t, url, clock.Now)
	c := storetest.NewCustomer(t, s, "Pro")
	settle(t, s, clock.Now(), c.Charge(1))
	store.CheckpointEvery(s, 100, 200)
	db := storetest.Raw(t, url)
	db.SetMaxOpenConns(2)
	begin := func() (*sql.Tx, error) {
		tx, err := db.BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true})
		if err == nil {
			_, err = tx.ExecContext(t.Context(), "SELECT COUNT(*) FROM usage")
		}
		return tx, err
	}
	// pages writes charges while somebody reads, and says how many pages the log has after it.
	pages := func() (n int) {
		t.Helper()
		for range 80 {
			settle(t, s, clock.Now(), someCharges(c, 100)...)
		}
		var busy, moved int
		if err := storetest.Raw(t, url).QueryRowContext(t.Context(), "PRAGMA wal_checkpoint(PASSIVE)").Scan(&busy, &n, &moved); err != nil {
			t.Fatal(err)
		}
		return n
	}
	ended, done := make(chan struct{}), make(chan error, 1)
	go func() {
		old, err := begin()
		for err == nil {
			select {
			case <-ended:
				done <- old.Rollback()
				return
			default:
			}
			var next *sql.Tx
			if next, err = begin(); err == nil { // there is always one that reads
				err, old = old.Rollback(), next
			}
		}
		done <- err
	}()
	overlapping := pages()
	close(ended)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	staying, err := begin() // with which the log cannot begin anew
	if err != nil {
		t.Fatal(err)
	}
	all := pages()
	if err := staying.Rollback(); err != nil {
		t.Fatal(err)
	}
	if 3*overlapping > all {
		t.Errorf("the log has %d pages while readers overlap, and %d while one stays", overlapping, all)
	}
}
