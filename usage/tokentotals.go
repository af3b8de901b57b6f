package usage

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/google/uuid"
)

// TokenTotal is what calls used, and what their price made of it. In a posting it is
// what priced charges add to the day of a user, key, model and price. In a report the
// fields by which it does not divide are empty, and so is PriceID where no price made
// the credits.
type TokenTotal struct {
	Day     Day
	UserID  uuid.UUID
	KeyID   uuid.UUID
	PlanID  uuid.UUID
	Model   string
	PriceID uuid.UUID
	// Requests counts charges; Credits are whole ones.
	Requests   int64
	Credits    int64
	CostMicros int64
	// Tokens are the sums of all buckets, of reasoning and of web searches.
	Tokens Tokens
}

// Add adds the figures of another total.
func (t *TokenTotal) Add(other *TokenTotal) {
	t.Requests += other.Requests
	t.Credits += other.Credits
	t.CostMicros += other.CostMicros
	for b := range NumBuckets {
		*t.Tokens.bucket(b) += other.Tokens.Of(b)
	}
	t.Tokens.Reasoning += other.Tokens.Reasoning
	t.Tokens.WebSearches += other.Tokens.WebSearches
}

// SetTokens sets the tokens from what a ledger stores of them: all that were read and
// written, and the buckets that are a part of those.
func (t *TokenTotal) SetTokens(prompt, completion int64, parts Tokens) {
	t.Tokens = parts
	t.Tokens.Input = prompt - parts.CacheRead - parts.CacheWrite - parts.CacheWrite1h - parts.AudioInput
	t.Tokens.Output = completion - parts.AudioOutput
}

type tokenID struct {
	rowID

	price uuid.UUID
}

type tokenSums map[tokenID]*TokenTotal

func (s tokenSums) add(r *Record) {
	id := tokenID{rowID{r.UserID, r.KeyID, r.Model, r.Day}, r.Priced.PriceID}
	t := s[id]
	if t == nil {
		t = &TokenTotal{Day: r.Day, UserID: r.UserID, KeyID: r.KeyID, Model: r.Model, PriceID: r.Priced.PriceID}
		s[id] = t
	}
	t.Add(&TokenTotal{Requests: r.Requests(), Credits: r.Credits, CostMicros: r.CostMicros, Tokens: r.Priced.Tokens})
}

func (s tokenSums) sorted() []TokenTotal {
	if len(s) == 0 {
		return nil
	}
	list := make([]TokenTotal, 0, len(s))
	for _, t := range s {
		list = append(list, *t)
	}
	slices.SortFunc(list, func(a, b TokenTotal) int {
		return cmp.Or(bytes.Compare(a.UserID[:], b.UserID[:]), bytes.Compare(a.KeyID[:], b.KeyID[:]), cmp.Compare(a.Model, b.Model),
			cmp.Compare(a.Day, b.Day), bytes.Compare(a.PriceID[:], b.PriceID[:]))
	})
	return list
}
