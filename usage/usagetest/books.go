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

// PriceRow names the part of a Row that a price made.
type PriceRow struct {
	Row

	Price uuid.UUID
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

// PriceSums are a PriceRow.
type PriceSums struct {
	Requests, Credits, CostMicros int64
	Tokens                        usage.Tokens
}

// OpenHold is what an open hold sets aside, and what it is priced by.
type OpenHold struct {
	Price                       uuid.UUID
	Credits, Granted, Delivered int64
	// Tokens and Cost are those of what was delivered; Tokens is empty where they are not known.
	Tokens    string
	Cost      int64
	ExpiresAt time.Time
}

// CallRow is what a charge says of its call of the gateway.
type CallRow struct {
	UserDay
	usage.Call

	Adjusts bool
}

// Books are all totals of a ledger, without rows of zeros.
type Books struct {
	Users  map[UserDay]UserSums
	Rows   map[Row]RowSums
	Prices map[PriceRow]PriceSums
	Grants map[GrantDay]int64
	Holds  map[uuid.UUID]OpenHold
}

// NewBooks are books without a row.
func NewBooks() Books {
	return Books{map[UserDay]UserSums{}, map[Row]RowSums{}, map[PriceRow]PriceSums{}, map[GrantDay]int64{}, map[uuid.UUID]OpenHold{}}
}

// Trim removes rows of zeros.
func (b Books) Trim() Books {
	trim(b.Users)
	trim(b.Rows)
	trim(b.Prices)
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
		prompt, completion := c.PromptTokens, c.CompletionTokens
		if c.Priced != nil {
			used := c.Priced.Tokens
			prompt, completion = used.Input+used.CacheRead+used.CacheWrite+used.CacheWrite1h+used.AudioInput, used.Output+used.AudioOutput
			b.addPriced(PriceRow{Row{id, c.KeyID, c.Model}, c.Priced.PriceID}, PriceSums{requests, c.credits, c.CostMicros, used})
		}
		b.Rows[Row{id, c.KeyID, c.Model}] = RowSums{r.Requests + requests, r.Credits + c.credits, r.PromptTokens + prompt, r.CompletionTokens + completion, r.CostMicros + c.CostMicros}
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
		b.Holds[h.id] = OpenHold{h.price(), h.credits, total(h.draws), h.delivered, tokensText(h.tokens), h.cost, h.deadline}
	}
	return b.Trim()
}

func (b Books) addPriced(id PriceRow, more PriceSums) {
	had := b.Prices[id]
	t, m := had.Tokens, more.Tokens
	b.Prices[id] = PriceSums{had.Requests + more.Requests, had.Credits + more.Credits, had.CostMicros + more.CostMicros, usage.Tokens{
		Input: t.Input + m.Input, CacheRead: t.CacheRead + m.CacheRead, CacheWrite: t.CacheWrite + m.CacheWrite, CacheWrite1h: t.CacheWrite1h + m.CacheWrite1h,
		AudioInput: t.AudioInput + m.AudioInput, Output: t.Output + m.Output, AudioOutput: t.AudioOutput + m.AudioOutput, Reasoning: t.Reasoning + m.Reasoning,
		WebSearches: t.WebSearches + m.WebSearches,
	}}
}

func (h *hold) price() uuid.UUID {
	if h.entry.Priced == nil {
		return uuid.Nil
	}
	return h.entry.Priced.PriceID
}

func tokensText(t *usage.Tokens) string {
	if t == nil {
		return ""
	}
	return string(t.AppendText(nil))
}

// Calls counts the charges of the gateway by what they say of their calls.
func (m *Model) Calls() map[CallRow]int64 {
	calls := map[CallRow]int64{}
	for _, c := range m.charges {
		if c.Call != nil {
			calls[CallRow{UserDay{c.UserID, c.day}, *c.Call, c.adjustment}]++
		}
	}
	return calls
}
