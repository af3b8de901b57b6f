package limits_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"codexible/limits"
)

func TestAGateLetsSoManyOfASubjectWorkAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most, callers = 3, 50
		g := limits.NewGate(most)
		var inside, top, done atomic.Int64
		var wg sync.WaitGroup
		for range callers {
			wg.Go(func() {
				leave, err := g.Enter(t.Context(), numbered(1))
				if err != nil {
					t.Error(err)
					return
				}
				defer leave()
				n := inside.Add(1)
				for old := top.Load(); n > old; old = top.Load() {
					if top.CompareAndSwap(old, n) {
						break
					}
				}
				time.Sleep(time.Second) // of the bubble's time
				inside.Add(-1)
				done.Add(1)
			})
		}
		synctest.Wait()
		if n := inside.Load(); n != most {
			t.Errorf("%d are inside, want %d", n, most)
		}
		// Another subject has turns of its own.
		leave, err := g.Enter(t.Context(), numbered(2))
		if err != nil {
			t.Fatal(err)
		}
		leave()
		// Who waits goes when his time is over.
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := g.Enter(ended, numbered(1)); !errors.Is(err, context.Canceled) {
			t.Errorf("who may wait no longer gets %v", err)
		}
		wg.Wait()
		if top.Load() != most || done.Load() != callers || g.Len() != 0 {
			t.Errorf("%d at once, %d done, %d queues left; want %d, %d, 0", top.Load(), done.Load(), g.Len(), most, callers)
		}
	})
}
