package usagetest

import (
	"time"

	"codexible/usage"

	"github.com/google/uuid"
)

// UserDay names a user's day.
type UserDay struct {
	User uuid.UUID
	Day  usage.Day
}

// Row names the day of a user, key and model.
type Row struct {
	UserDay

	Key   uuid.UUID
	Model string
}

// GrantDay names a grant's day.
type GrantDay struct {
	Grant uuid.UUID
	Day   usage.Day
}

// UserSums are a user's day as it is stored.
type UserSums struct{ Requests, Millionths, Granted, Uncollected, Corrected, CostMicros int64 }

// RowSums are the day of a user, key and model.
type RowSums struct{ Requests, Credits, PromptTokens, CompletionTokens, CostMicros int64 }

// OpenHold is what an open hold sets aside.
type OpenHold struct {
	Credits, Granted, Delivered int64
	ExpiresAt                   time.Time
}

// Books are all totals of a ledger, without rows of zeros.
type Books struct {
	Users  map[UserDay]UserSums
	Rows   map[Row]RowSums
	Grants map[GrantDay]int64
	Holds  map[uuid.UUID]OpenHold
}

// NewBooks are books without a row.
func NewBooks() Books {
	return Books{map[UserDay]UserSums{}, map[Row]RowSums{}, map[GrantDay]int64{}, map[uuid.UUID]OpenHold{}}
}

// Trim removes rows of zeros.
func (b Books) Trim() Books {
	trim(b.Users)
	trim(b.Rows)
	trim(b.Grants)
	return b
}

func trim[K, V comparable](rows map[K]V) {
	var zero V
	for k, v := range rows {
		if v == zero {
			delete(rows, k)
		}
	}
}

// Books are what the lists add up to.
func (m *Model) Books() Books {
	b := NewBooks()
	for _, c := range m.charges {
		requests := int64(1)
		if c.adjustment {
			requests = 0
		}
		id := UserDay{c.UserID, c.day}
		u, r := b.Users[id], b.Rows[Row{id, c.KeyID, c.Model}]
		b.Users[id] = UserSums{u.Requests + requests, u.Millionths + c.millionths, u.Granted + total(c.draws), u.Uncollected + c.uncollected, u.Corrected, u.CostMicros + c.CostMicros}
		b.Rows[Row{id, c.KeyID, c.Model}] = RowSums{r.Requests + requests, r.Credits + c.credits, r.PromptTokens + c.PromptTokens, r.CompletionTokens + c.CompletionTokens, r.CostMicros + c.CostMicros}
		for _, d := range c.draws {
			b.Grants[GrantDay{d.GrantID, c.day}] += d.Credits
		}
	}
	for _, c := range m.corrections {
		u := b.Users[UserDay{c.user, c.day}]
		u.Millionths += c.credits * 1_000_000
		u.Corrected += c.credits
		b.Users[UserDay{c.user, c.day}] = u
	}
	for _, h := range m.open(func(*hold) bool { return true }) {
		b.Holds[h.id] = OpenHold{h.credits, total(h.draws), h.delivered, h.deadline}
	}
	return b.Trim()
}
