package usage

import (
	"sync"
	"time"

	"github.com/google/uuid"
)

// HoldTerms is what usage that settles or extends a hold is priced by.
type HoldTerms struct {
	Model string
	// PriceID is the price of the model when the hold was made; zero where it had none.
	PriceID   uuid.UUID
	CreatedAt time.Time
}

func (h *Hold) terms() HoldTerms { return HoldTerms{h.Model, h.PriceID, h.CreatedAt} }

// recentHolds are the holds that this process made of late: whose they are and what
// they are priced by never changes, so neither their settlement nor the pricing of it
// needs a read.
type recentHolds struct {
	mu    sync.Mutex
	holds map[uuid.UUID]holdOf
}

type holdOf struct {
	user, key, owner uuid.UUID
	terms            HoldTerms
}

// mostRecentHolds bounds the recent holds; beyond it they are cleared, and read again.
const mostRecentHolds = 65_536

// add notes the holds of a batch that was posted.
func (r *recentHolds) add(entries []Entry, receipts []Receipt) {
	for i := range entries {
		e := &entries[i]
		if e.Kind != KindHold || receipts[i].Outcome != Accepted {
			continue
		}
		terms := HoldTerms{Model: e.Model, CreatedAt: receipts[i].ExpiresAt.Add(-e.TTL)}
		if e.Priced != nil {
			terms.PriceID = e.Priced.PriceID
		}
		r.mu.Lock()
		if r.holds == nil || len(r.holds) >= mostRecentHolds {
			r.holds = map[uuid.UUID]holdOf{}
		}
		r.holds[receipts[i].HoldID] = holdOf{e.UserID, e.KeyID, e.OwnerID, terms}
		r.mu.Unlock()
	}
}

func (r *recentHolds) find(id uuid.UUID) (of holdOf, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	of, known = r.holds[id]
	return of, known
}
