package usage

import (
	"sync"

	"github.com/google/uuid"
)

// recentHolds are the holds that this process made of late: whose they are never
// changes, so their settlement needs no read to find the account.
type recentHolds struct {
	mu    sync.Mutex
	holds map[uuid.UUID]holdOf
}

type holdOf struct{ user, key, owner uuid.UUID }

// mostRecentHolds bounds the recent holds; beyond it they are cleared, and read again.
const mostRecentHolds = 65_536

// add notes the holds of a batch that was posted.
func (r *recentHolds) add(entries []Entry, receipts []Receipt) {
	for i := range entries {
		e := &entries[i]
		if e.Kind != KindHold || receipts[i].Outcome != Accepted {
			continue
		}
		r.mu.Lock()
		if r.holds == nil || len(r.holds) >= mostRecentHolds {
			r.holds = map[uuid.UUID]holdOf{}
		}
		r.holds[receipts[i].HoldID] = holdOf{e.UserID, e.KeyID, e.OwnerID}
		r.mu.Unlock()
	}
}

func (r *recentHolds) find(id uuid.UUID) (of holdOf, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	of, known = r.holds[id]
	return of, known
}
