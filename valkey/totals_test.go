package valkey

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const today, tomorrow = "2026-03-01", "2026-03-02"

func get(t *testing.T, totals *Totals, user [16]byte, day string) (int64, bool) {
	t.Helper()
	used, ok, err := totals.Get(t.Context(), user, day)
	if err != nil {
		t.Fatal(err)
	}
	return used, ok
}

func TestTotalsNeverShrinkUnlessDeleted(t *testing.T) {
	ctx, totals, expireAt := t.Context(), openTestServer(t).Totals(), time.Now().Add(time.Hour)
	rapid.Check(t, func(rt *rapid.T) {
		users := [][16]byte{newID(), newID()}
		held := map[string]int64{}
		for range rapid.IntRange(1, 20).Draw(rt, "steps") {
			user := rapid.IntRange(0, 1).Draw(rt, "user")
			day := rapid.SampledFrom([]string{today, tomorrow}).Draw(rt, "day")
			entry := day + string(users[user][:])
			if rapid.IntRange(0, 9).Draw(rt, "delete") == 0 {
				if err := totals.Delete(ctx, users[user], day); err != nil {
					rt.Fatal(err)
				}
				delete(held, entry)
			} else {
				used := rapid.OneOf(rapid.Int64Range(0, 20), rapid.Int64Range(0, 1<<53-1)).Draw(rt, "used")
				if err := totals.Put(ctx, Total{users[user], day, used, expireAt}); err != nil {
					rt.Fatal(err)
				}
				held[entry] = max(held[entry], used)
			}
			want, known := held[entry]
			got, ok, err := totals.Get(ctx, users[user], day)
			if err != nil || got != want || ok != known {
				rt.Fatalf("got %d, %v, %v, want %d, %v", got, ok, err, want, known)
			}
		}
	})
}

func TestTheLargestOfManyConcurrentTotalsStays(t *testing.T) {
	const most = 400
	totals, user, expireAt := openTestServer(t).Totals(), newID(), time.Now().Add(time.Hour)
	var wg sync.WaitGroup
	for _, used := range rand.Perm(most + 1) {
		wg.Go(func() {
			for { // with hundreds of calls at once on a slow machine one may miss the cache's short deadline
				err := totals.Put(context.Background(), Total{user, today, int64(used), expireAt})
				if err == nil {
					return
				}
				if t.Context().Err() != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if got, ok := get(t, totals, user, today); got != most || !ok {
		t.Errorf("got %d, %v, want %d", got, ok, most)
	}
}

func TestTotalsDieWhenTheirDayDoes(t *testing.T) {
	server := openTestServer(t)
	totals, user := server.Totals(), newID()
	midnight := time.Now().Add(5 * time.Hour).Truncate(time.Second)
	for _, used := range []int64{5, 3, 8} {
		if err := totals.Put(t.Context(), Total{user, today, used, midnight}); err != nil {
			t.Fatal(err)
		}
		if at := do(t, server, "EXPIRETIME", totalKey(user, today)); at != midnight.Unix() {
			t.Errorf("after %d the total expires at %d, want %d", used, at, midnight.Unix())
		}
	}
	if err := totals.Put(t.Context(), Total{user, today, 13, time.Now().Add(-time.Minute)}); err != nil {
		t.Fatal(err)
	}
	if got, ok := get(t, totals, user, today); ok {
		t.Errorf("a total of a day that is over is still there: %d", got)
	}
}

func TestTotalsWithoutAServerFailWithinTheirDeadline(t *testing.T) {
	p := startProcess(t)
	p.kill()
	totals := open(t, p.url()).Totals()
	for name, call := range map[string]func() error{
		"put":    func() error { return totals.Put(t.Context(), Total{newID(), today, 1, time.Now().Add(time.Hour)}) },
		"get":    func() error { _, _, err := totals.Get(t.Context(), newID(), today); return err },
		"delete": func() error { return totals.Delete(t.Context(), newID(), today) },
	} {
		began := time.Now()
		if call() == nil {
			t.Errorf("%s succeeded", name)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("%s took %v", name, took)
		}
	}
}
