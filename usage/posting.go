package usage

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"
)

// ReplayKey is the scope of an idempotency key: who charges, the charged key's
// id, which survives rotation, the operation, and the text that the caller chose.
type ReplayKey struct {
	KeyID uuid.UUID
	// ChargerID is zero for keys of before it was recorded: they match whoever charges.
	ChargerID uuid.UUID
	// Kind is KindCharge or KindHold.
	Kind Kind
	Text string
}

func (k ReplayKey) ofAnybody() ReplayKey {
	k.ChargerID = uuid.Nil
	return k
}

func (e *Entry) replayKey() ReplayKey {
	return ReplayKey{KeyID: e.KeyID, ChargerID: e.ChargerID, Kind: e.Kind, Text: e.IdempotencyKey}
}

// Replay is what an accepted charge or hold keeps for its repeats.
type Replay struct {
	ReplayKey

	Fingerprint [16]byte
	// Receipt has what is stored of the first answer: its day, its figures, and the hold that was made.
	Receipt Receipt
}

// Record is one charge as it is stored, or an adjustment of one.
type Record struct {
	ID uuid.UUID
	// PreviousID is the user's charge before this one; zero for the first.
	PreviousID uuid.UUID
	UserID     uuid.UUID
	KeyID      uuid.UUID
	Model      string
	// Millionths is what was charged, and Credits the whole credits by which it moved
	// the day. Both are negative for an adjustment that gives back.
	Millionths int64
	Credits    int64
	// Granted is the part of Credits that grants gave.
	Granted int64
	// Uncollected is what did not fit, in millionths.
	Uncollected      int64
	PromptTokens     int64
	CompletionTokens int64
	CostMicros       int64
	// Priced is nil for a charge by hand.
	Priced *Priced
	// Call is the call of the gateway that the charge is for; nil for others.
	Call *Call
	// AdjustsID is the charge that this one corrects, which counts as no request; zero for a charge.
	AdjustsID uuid.UUID
	Day       Day
	CreatedAt time.Time
}

// Requests is how many requests the record counts as.
func (r *Record) Requests() int64 {
	if r.AdjustsID != uuid.Nil {
		return 0
	}
	return 1
}

// Correction is an operator's entry on a day.
type Correction struct {
	ID        uuid.UUID
	UserID    uuid.UUID
	Day       Day
	Credits   int64
	CreatedAt time.Time
}

// GrantUse is what a day's charges draw from a grant; negative where it is given back.
type GrantUse struct {
	GrantID uuid.UUID
	Day     Day
	Credits int64
}

// Total is what a batch adds to one row of the totals: to a user's day, or to
// the day of a user, key and model.
type Total struct {
	Day              Day
	UserID           uuid.UUID
	KeyID            uuid.UUID
	Model            string
	Requests         int64
	Millionths       int64
	Credits          int64
	Granted          int64
	Uncollected      int64
	Corrected        int64
	PromptTokens     int64
	CompletionTokens int64
	CostMicros       int64
	// LastChargeID is the last charge that the total counts; zero where it counts none.
	LastChargeID uuid.UUID
}

func (t *Total) add(r *Record) {
	t.Requests += r.Requests()
	t.Millionths += r.Millionths
	t.Credits += r.Credits
	t.Granted += r.Granted
	t.Uncollected += r.Uncollected
	t.PromptTokens += r.PromptTokens
	t.CompletionTokens += r.CompletionTokens
	t.CostMicros += r.CostMicros
	t.LastChargeID = r.ID
}

// Posting is a decided batch: a receipt for every entry in its order, and what
// has to be written. Totals are sorted by user, key, model, day and price, so that every
// writer takes rows in one order.
type Posting struct {
	At       time.Time
	Day      Day
	Receipts []Receipt
	// Records are the charges and adjustments in their order.
	Records []Record
	// Users add to the users' days, Rows to the days of users, keys and models, and Tokens to those by
	// price, for priced charges alone.
	Users  []Total
	Rows   []Total
	Tokens []TokenTotal
	// Held are the holds that were made, Changed those of before that were extended or ended; all as they are after the batch.
	Held        []*Hold
	Changed     []*Hold
	Uses        []GrantUse
	Corrections []Correction
	Replays     []Replay
}

// Empty reports whether there is nothing to write.
func (p *Posting) Empty() bool {
	return len(p.Records) == 0 && len(p.Held) == 0 && len(p.Changed) == 0 && len(p.Corrections) == 0
}

type rowID struct {
	user, key uuid.UUID
	model     string
	day       Day
}

type sums struct {
	users, rows map[rowID]*Total
	tokens      tokenSums
}

func newSums(size int) sums {
	return sums{make(map[rowID]*Total, size), make(map[rowID]*Total, size), tokenSums{}}
}

func (s sums) add(r *Record) {
	s.user(r.UserID, r.Day).add(r)
	row(s.rows, rowID{user: r.UserID, key: r.KeyID, model: r.Model, day: r.Day}).add(r)
	if r.Priced != nil {
		s.tokens.add(r)
	}
}

func (s sums) user(user uuid.UUID, day Day) *Total { return row(s.users, rowID{user: user, day: day}) }

func row(rows map[rowID]*Total, id rowID) *Total {
	t := rows[id]
	if t == nil {
		t = &Total{Day: id.day, UserID: id.user, KeyID: id.key, Model: id.model}
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
		return cmp.Or(bytes.Compare(a.UserID[:], b.UserID[:]), bytes.Compare(a.KeyID[:], b.KeyID[:]), cmp.Compare(a.Model, b.Model), cmp.Compare(a.Day, b.Day))
	})
	return list
}
