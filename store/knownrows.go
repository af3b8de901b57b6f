package store

import (
	"sync"

	"codexible/usage"

	"github.com/google/uuid"
)

// knownRows are the rows of today's totals that this instance has written: no
// INSERT is tried for them.
type knownRows struct {
	mu   sync.Mutex
	day  usage.Day
	rows map[knownRow]struct{}
}

type knownRow struct {
	user, key uuid.UUID
	model     string
	// price is zero for a row of daily_usage.
	price uuid.UUID
}

// mostKnownRows bounds the known rows; beyond it they are cleared.
const mostKnownRows = 100_000

func (k *knownRows) known(t *usage.Total) bool {
	return k.knows(t.Day, knownRow{t.UserID, t.KeyID, t.Model, uuid.Nil})
}

func (k *knownRows) knownTokens(t *usage.TokenTotal) bool {
	return k.knows(t.Day, knownRow{t.UserID, t.KeyID, t.Model, t.PriceID})
}

func (k *knownRows) knows(day usage.Day, row knownRow) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, found := k.rows[row]
	return found && k.day == day
}

// add notes the rows of a posting that was committed.
func (k *knownRows) add(p *usage.Posting) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.day != p.Day || len(k.rows) > mostKnownRows {
		k.day, k.rows = p.Day, map[knownRow]struct{}{}
	}
	for i := range p.Rows {
		if t := &p.Rows[i]; t.Day == p.Day {
			k.rows[knownRow{t.UserID, t.KeyID, t.Model, uuid.Nil}] = struct{}{}
		}
	}
	for i := range p.Tokens {
		if t := &p.Tokens[i]; t.Day == p.Day {
			k.rows[knownRow{t.UserID, t.KeyID, t.Model, t.PriceID}] = struct{}{}
		}
	}
}
