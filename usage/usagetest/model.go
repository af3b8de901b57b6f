// Package usagetest is what the ledger has to answer, written a second time and as
// simply as possible: lists of everything that ever happened, and sums over them. It
// plays random entries against the lists and against a ledger, and compares.
package usagetest

import (
	"maps"
	"time"

	"codexible/usage"

	"github.com/google/uuid"
)

// Plan are the limits of a user's plan; usage.NoLimit for none of a month or at once.
type Plan struct{ Daily, Monthly, Concurrency int64 }

// Key is a key and its own limits; usage.NoLimit for none.
type Key struct {
	ID, UserID         uuid.UUID
	Daily, Concurrency int64
}

// Grant is credits beside the plan. Ends is zero where it has no end; a
// revocation is an end.
type Grant struct {
	ID, UserID uuid.UUID
	Credits    int64
	Ends       time.Time
}

// Model is every entry that was accepted, in lists. Nothing is summed up until it is asked for.
type Model struct {
	plans       map[uuid.UUID]Plan
	keys        map[uuid.UUID]Key
	grants      []Grant
	charges     []*charge
	corrections []correction
	holds       []*hold
	firsts      []first
}

type charge struct {
	usage.Charge

	day         usage.Day
	millionths  int64 // collected
	credits     int64
	draws       []usage.Draw
	uncollected int64
	adjustment  bool
}

type correction struct {
	user    uuid.UUID
	day     usage.Day
	credits int64
}

type hold struct {
	entry     usage.Entry
	id        uuid.UUID
	credits   int64
	draws     []usage.Draw
	delivered int64
	// tokens and cost are those of what was delivered.
	tokens   *usage.Tokens
	cost     int64
	deadline time.Time
	status   usage.HoldStatus
	ended    time.Time
	charge   *charge
	adjusted *charge
	// settlement and answer are those of the first settlement.
	settlement usage.Entry
	answer     usage.Receipt
}

// first is the first use of an idempotency key.
type first struct {
	entry  usage.Entry
	at     time.Time
	answer usage.Receipt
}

// NewModel knows these plans by user, and these keys.
func NewModel(plans map[uuid.UUID]Plan, keys []Key) *Model {
	m := &Model{plans: maps.Clone(plans), keys: map[uuid.UUID]Key{}}
	for _, k := range keys {
		m.keys[k.ID] = k
	}
	return m
}

// Post answers a batch. An accepted hold has the id that got says.
func (m *Model) Post(at time.Time, entries []usage.Entry, got []usage.Receipt) []usage.Receipt {
	want := make([]usage.Receipt, len(entries))
	for i, e := range entries {
		m.expire(at, e.UserID)
		want[i] = m.answer(at, e, got[i].HoldID)
	}
	return want
}

func (m *Model) answer(at time.Time, e usage.Entry, newID uuid.UUID) usage.Receipt {
	switch e.Kind {
	case usage.KindExpire:
		return m.receipt(at, usage.Accepted, e.UserID, e.KeyID)
	case usage.KindCorrect:
		return m.correct(at, e)
	case usage.KindExtend, usage.KindSettle, usage.KindRelease:
		return m.end(at, e)
	case usage.KindCharge, usage.KindHold:
	}
	if f := m.firstOf(at, e); f != nil && e.IdempotencyKey != "" {
		r := usage.Receipt{Outcome: usage.Mismatch, Day: f.answer.Day, Figures: f.answer.Figures, HoldID: f.answer.HoldID}
		if sameBody(f.entry, e) {
			r.Outcome = usage.Duplicate
		}
		if h := m.hold(r.HoldID); h != nil {
			r.HoldStatus, r.ExpiresAt = h.status, h.deadline
		}
		return r
	}
	r := m.charge(at, e)
	if e.Kind == usage.KindHold {
		r = m.newHold(at, e, newID)
	}
	if r.Outcome == usage.Accepted && e.IdempotencyKey != "" {
		m.firsts = append(m.firsts, first{e, at, r})
	}
	return r
}

// firstOf finds the latest use of an idempotency key within a day: that of the
// same caller before one without a caller.
func (m *Model) firstOf(at time.Time, e usage.Entry) *first {
	for _, charger := range []uuid.UUID{e.ChargerID, uuid.Nil} {
		for i := len(m.firsts) - 1; i >= 0; i-- {
			f := &m.firsts[i]
			if f.entry.Kind == e.Kind && f.entry.KeyID == e.KeyID && f.entry.ChargerID == charger && f.entry.IdempotencyKey == e.IdempotencyKey &&
				at.Before(f.at.Add(24*time.Hour)) {
				return f
			}
		}
	}
	return nil
}

func sameBody(a, b usage.Entry) bool {
	body := func(e usage.Entry) usage.Entry {
		same := usage.Entry{Charge: usage.Charge{Credits: e.Credits, Millionths: e.Millionths, Model: e.Model, PromptTokens: e.PromptTokens, CompletionTokens: e.CompletionTokens, CostMicros: e.CostMicros}}
		if e.Kind == usage.KindHold {
			same.TTL, same.OnExpiry = e.TTL, e.OnExpiry
		}
		return same
	}
	if used, priced := usedBy(a); priced { // whatever a price made of it
		other, both := usedBy(b)
		return both && used == other && a.Model == b.Model && (a.Kind != usage.KindHold || a.TTL == b.TTL && a.OnExpiry == b.OnExpiry)
	}
	_, priced := usedBy(b)
	return !priced && body(a) == body(b)
}

// usedBy is what an entry used; false where it has credits. A hold of credits can have a price, too.
func usedBy(e usage.Entry) (usage.Tokens, bool) {
	if e.Priced == nil || e.Kind == usage.KindHold && e.Priced.Tokens == (usage.Tokens{}) {
		return usage.Tokens{}, false
	}
	return e.Priced.Tokens, true
}

func (m *Model) charge(at time.Time, e usage.Entry) usage.Receipt {
	if e.Kind != usage.KindCharge {
		return usage.Receipt{}
	}
	moves := m.moves(e.UserID, usage.DayOf(at), amount(e))
	switch {
	case moves > m.room(at, e.UserID, e.KeyID):
		return m.overQuota(at, e.UserID, e.KeyID)
	case m.tooDear(e.UserID, usage.DayOf(at), e.CostMicros):
		return m.receipt(at, usage.OverRange, e.UserID, e.KeyID)
	}
	m.add(at, e.Charge, amount(e), m.spread(at, e.UserID, moves, m.planRoom(at, e.UserID), nil))
	r := m.receipt(at, usage.Accepted, e.UserID, e.KeyID)
	r.Charged = moves
	return r
}

// add lists a charge of which some is collected.
func (m *Model) add(at time.Time, c usage.Charge, collected int64, draws []usage.Draw) *charge {
	day := usage.DayOf(at)
	added := &charge{Charge: c, day: day, millionths: collected, credits: m.moves(c.UserID, day, collected), draws: draws, uncollected: c.Credits*1_000_000 + c.Millionths - collected}
	m.charges = append(m.charges, added)
	return added
}

func (m *Model) newHold(at time.Time, e usage.Entry, id uuid.UUID) usage.Receipt {
	if e.HoldID != uuid.Nil {
		if m.hold(e.HoldID) != nil {
			return m.receipt(at, usage.Mismatch, e.UserID, e.KeyID)
		}
		id = e.HoldID
	}
	plan, key := m.plans[e.UserID], m.keys[e.KeyID]
	ofUser := int64(len(m.open(func(h *hold) bool { return h.entry.UserID == e.UserID })))
	ofKey := int64(len(m.open(func(h *hold) bool { return h.entry.KeyID == e.KeyID })))
	if plan.Concurrency != usage.NoLimit && ofUser >= plan.Concurrency || key.Concurrency != usage.NoLimit && ofKey >= key.Concurrency {
		return m.receipt(at, usage.Concurrent, e.UserID, e.KeyID)
	}
	credits := up(amount(e))
	if credits > m.room(at, e.UserID, e.KeyID) {
		return m.overQuota(at, e.UserID, e.KeyID)
	}
	draws := m.spread(at, e.UserID, credits, m.planRoom(at, e.UserID), nil)
	h := &hold{entry: e, id: id, credits: credits, draws: draws, deadline: at.Add(e.TTL), status: usage.HoldOpen}
	m.holds = append(m.holds, h)
	return m.about(at, usage.Accepted, h)
}

// correct takes or gives back whole credits of the plan.
func (m *Model) correct(at time.Time, e usage.Entry) usage.Receipt {
	day := e.Day
	if day == "" {
		day = usage.DayOf(at)
	}
	if m.ofPlan(e.UserID, day)+e.Credits < 0 {
		return m.receipt(at, usage.BelowZero, e.UserID, e.KeyID)
	}
	m.corrections = append(m.corrections, correction{e.UserID, day, e.Credits})
	r := m.receipt(at, usage.Accepted, e.UserID, e.KeyID)
	r.Charged = e.Credits
	return r
}
