package store

import (
	"bytes"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func TestIDsRiseStrictlyAndHoldTheirTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var g ids
		at, last := noon, uuid.Nil
		for range rapid.IntRange(1, 60).Draw(t, "ids") {
			// The clock stands, moves on, or is set back by less than a second.
			at = at.Add(time.Duration(rapid.Int64Range(-int64(15*time.Millisecond), int64(20*time.Millisecond)).Draw(t, "step")))
			id := g.mint(at)
			if bytes.Compare(id[:], last[:]) <= 0 || rowID(id) <= rowID(last) {
				t.Fatalf("%s (row %d) does not come after %s (row %d)", id, rowID(id), last, rowID(last))
			}
			if id.Version() != 7 || id.Variant() != uuid.RFC4122 || rowID(id) <= 0 {
				t.Fatalf("%s is of version %d and variant %s, row %d", id, id.Version(), id.Variant(), rowID(id))
			}
			last = id
		}
	})
}

func TestAnIDHoldsItsMillisecondAndSortsAfterItsBound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMicro(rapid.Int64Range(0, 4_000_000_000_000_000).Draw(t, "micros"))
		id := (&ids{}).mint(at)
		seconds, nanos := id.Time().UnixTime()
		if got := time.Unix(seconds, nanos); got.UnixMilli() != at.UnixMilli() {
			t.Fatalf("the id of %v holds %v", at, got)
		}
		before, after := firstID(at), firstID(at.Add(time.Millisecond))
		if bytes.Compare(before[:], id[:]) > 0 || bytes.Compare(id[:], after[:]) >= 0 {
			t.Fatalf("%s does not lie between %s and %s", id, before, after)
		}
	})
}

func TestIDsOfOneInstantMadeAtOnceAreAllDifferent(t *testing.T) {
	var g ids
	var mu sync.Mutex
	seen, rows := map[uuid.UUID]bool{}, map[int64]bool{}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 500 {
				id := g.mint(noon)
				mu.Lock()
				seen[id], rows[rowID(id)] = true, true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(seen) != 4000 || len(rows) != 4000 {
		t.Errorf("%d ids in %d rows, want 4000", len(seen), len(rows))
	}
}

func TestAClockThatWasFarAheadIsNotFollowedForever(t *testing.T) {
	var g ids
	g.mint(noon.Add(time.Hour))
	id := g.mint(noon)
	if bound := firstID(noon.Add(time.Second)); bytes.Compare(id[:], bound[:]) >= 0 {
		t.Errorf("the id %s is one of an hour to come", id)
	}
}
