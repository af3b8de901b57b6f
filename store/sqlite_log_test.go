package store_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

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
	var batch []usage.Charge
	for i := range perBatch {
		charge := c.Charge(0)
		charge.Model = fmt.Sprintf("model-%d", i)
		batch = append(batch, charge)
	}
	for range batches {
		settle(t, s, clock.Now(), batch...)
		if got := size(); got != reserved {
			t.Fatalf("the log of %d bytes has %d after a batch", reserved, got)
		}
	}
	wantToday(t, s, c, "2026-03-04", 1, 250, 1+batches*perBatch)
	again := storetest.Connect(t, url, clock.Now) // another process reads the log to its end
	wantToday(t, again, c, "2026-03-04", 1, 250, 1+batches*perBatch)
}
