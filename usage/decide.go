package usage

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Balance is a user's day before a batch: what the plan gives, what is used, and
// the user's last charge of any day (zero for none), to which the next one points.
type Balance struct {
	Limit, Used int64
	// CostMicros is what the day's charges cost, in millionths of a dollar.
	CostMicros   int64
	LastChargeID uuid.UUID
}

// ReplayKey is the scope of an idempotency key: the charged key's id, which
// survives rotation, and the text the caller chose.
type ReplayKey struct {
	KeyID uuid.UUID
	Text  string
}

// Replay is what an accepted charge keeps for its repeats.
type Replay struct {
	ReplayKey
	Fingerprint [16]byte
	Receipt     Receipt
}

// Total is what a batch adds to one row of the totals: a user's day, a key's
// day, or a model's day. KeyID or Model are set where the row has them.
type Total struct {
	UserID           uuid.UUID
	KeyID            uuid.UUID
	Model            string
	Requests         int64
	Credits          int64
	PromptTokens     int64
	CompletionTokens int64
	CostMicros       int64
	// LastChargeID is the last charge that the total counts.
	LastChargeID uuid.UUID
}

func (t *Total) add(c *Record) {
	t.Requests++
	t.Credits += c.Credits
	t.PromptTokens += c.PromptTokens
	t.CompletionTokens += c.CompletionTokens
	t.CostMicros += c.CostMicros
	t.LastChargeID = c.ID
}

// Posting is a decided batch: a receipt for every charge in its order, and what
// has to be written for the accepted ones. Totals are sorted by user, then key
// or model, so that every writer takes rows in one order.
type Posting struct {
	At       time.Time
	Day      Day
	Receipts []Receipt
	// Records are the accepted charges in their order.
	Records []Record
	Users   []Total
	Keys    []Total
	Models  []Total
	Replays []Replay
}

// Decide settles a batch of charges in their order, each whole or not at all:
// the sum of a user's day never passes its limit, and a repeat answers as its
// first did. It is pure: the caller holds the users' days locked, has read the
// balances and the replays that are still within ReplayWindow, and writes the
// posting in the same transaction. Ids are minted for accepted charges alone;
// balances and replays are brought up to date as the batch goes.
func Decide(at time.Time, charges []Charge, balances map[uuid.UUID]Balance, replays map[ReplayKey]Replay, mint func() uuid.UUID) Posting {
	p := Posting{At: at, Day: DayOf(at), Receipts: make([]Receipt, len(charges))}
	sums := newSums(len(charges))
	for i := range charges {
		c := &charges[i]
		key := ReplayKey{KeyID: c.KeyID, Text: c.IdempotencyKey}
		if c.IdempotencyKey != "" {
			if first, found := replays[key]; found {
				p.Receipts[i] = first.answer(c)
				continue
			}
		}
		balance := balances[c.UserID]
		p.Receipts[i] = Receipt{Outcome: OverQuota, CreditsUsed: balance.Used, DailyLimit: balance.Limit, Day: p.Day}
		if c.Credits > balance.Limit-balance.Used {
			continue
		}
		if c.CostMicros > MaxDayCostUSD*MicrosPerUSD-balance.CostMicros {
			p.Receipts[i].Outcome = OverRange
			continue
		}
		record := c.record(mint(), balance.LastChargeID, p)
		balance.Used += c.Credits
		balance.CostMicros += c.CostMicros
		balance.LastChargeID = record.ID
		balances[c.UserID] = balance
		p.Receipts[i].Outcome, p.Receipts[i].CreditsUsed = Accepted, balance.Used
		p.Records = append(p.Records, record)
		sums.add(&record)
		if c.IdempotencyKey != "" {
			replay := Replay{ReplayKey: key, Fingerprint: c.Fingerprint(), Receipt: p.Receipts[i]}
			replays[key] = replay
			p.Replays = append(p.Replays, replay)
		}
	}
	p.Users, p.Keys, p.Models = sorted(sums.users), sorted(sums.keys), sorted(sums.models)
	return p
}

func (c *Charge) record(id, previous uuid.UUID, p Posting) Record {
	return Record{
		ID: id, PreviousID: previous, UserID: c.UserID, KeyID: c.KeyID, Model: c.Model, Credits: c.Credits, PromptTokens: c.PromptTokens,
		CompletionTokens: c.CompletionTokens, CostMicros: c.CostMicros, Day: p.Day, CreatedAt: p.At,
	}
}

func (r Replay) answer(c *Charge) Receipt {
	receipt := r.Receipt
	receipt.Outcome = Duplicate
	if r.Fingerprint != c.Fingerprint() {
		receipt.Outcome = Mismatch
	}
	return receipt
}

type rowID struct {
	user, key uuid.UUID
	model     string
}

type sums struct{ users, keys, models map[rowID]*Total }

func newSums(size int) sums {
	return sums{make(map[rowID]*Total, size), make(map[rowID]*Total, size), make(map[rowID]*Total, size)}
}

func (s sums) add(c *Record) {
	row(s.users, rowID{user: c.UserID}).add(c)
	row(s.keys, rowID{user: c.UserID, key: c.KeyID}).add(c)
	row(s.models, rowID{user: c.UserID, model: c.Model}).add(c)
}

func row(rows map[rowID]*Total, id rowID) *Total {
	t := rows[id]
	if t == nil {
		t = &Total{UserID: id.user, KeyID: id.key, Model: id.model}
		rows[id] = t
	}
	return t
}

func sorted(rows map[rowID]*Total) []Total {
	list := make([]Total, 0, len(rows))
	for _, t := range rows {
		list = append(list, *t)
	}
	slices.SortFunc(list, func(a, b Total) int {
		return cmp.Or(bytes.Compare(a.UserID[:], b.UserID[:]), bytes.Compare(a.KeyID[:], b.KeyID[:]), cmp.Compare(a.Model, b.Model))
	})
	return list
}
