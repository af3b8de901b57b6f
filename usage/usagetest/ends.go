package usagetest

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"codexible/usage"

	"github.com/google/uuid"
)

func (m *Model) hold(id uuid.UUID) *hold {
	for _, h := range m.holds {
		if h.id == id {
			return h
		}
	}
	return nil
}

func (m *Model) about(at time.Time, outcome usage.Outcome, h *hold) usage.Receipt {
	r := m.receipt(at, outcome, h.entry.UserID, h.entry.KeyID)
	r.HoldID, r.HoldStatus, r.ExpiresAt = h.id, h.status, h.deadline
	return r
}

// end answers what names a hold.
func (m *Model) end(at time.Time, e usage.Entry) usage.Receipt {
	h := m.hold(e.HoldID)
	forgotten := h != nil && h.status != usage.HoldOpen && at.Sub(h.ended) > usage.HoldsKept
	if h == nil || forgotten || h.entry.UserID != e.UserID || e.OwnerID != uuid.Nil && e.OwnerID != h.entry.OwnerID {
		return m.receipt(at, usage.NoHold, e.UserID, e.KeyID)
	}
	switch e.Kind {
	case usage.KindExtend:
		return m.extend(at, e, h)
	case usage.KindRelease:
		return m.release(at, h)
	default:
		return m.settle(at, e, h)
	}
}

func (m *Model) extend(at time.Time, e usage.Entry, h *hold) usage.Receipt {
	more := up(amount(e)) - h.credits
	if amount(e) == 0 {
		more = 0
	}
	switch {
	case h.status != usage.HoldOpen:
		return m.about(at, usage.HoldEnded, h)
	case more < 0:
		return m.about(at, usage.BelowHold, h)
	case more > m.room(at, h.entry.UserID, h.entry.KeyID):
		r := m.overQuota(at, h.entry.UserID, h.entry.KeyID)
		r.HoldID, r.HoldStatus, r.ExpiresAt = h.id, h.status, h.deadline
		return r
	}
	for _, d := range m.spread(at, h.entry.UserID, more, m.planRoom(at, h.entry.UserID), nil) {
		h.draws = plus(h.draws, d.GrantID, d.Credits)
	}
	h.credits += more
	h.deadline = at.Add(e.TTL)
	if e.Delivered >= 0 {
		h.delivered, h.tokens, h.cost = e.Delivered, e.DeliveredTokens, e.DeliveredMicros
	}
	return m.about(at, usage.Accepted, h)
}

func (m *Model) release(at time.Time, h *hold) usage.Receipt {
	if h.charge != nil {
		return m.about(at, usage.HoldEnded, h)
	}
	if h.status != usage.HoldReleased {
		h.status, h.ended = usage.HoldReleased, at
	}
	return m.about(at, usage.Accepted, h)
}

// expire ends a user's holds whose deadline has passed: first those whose charge takes
// nothing, then the others in the order of their deadlines. Those of the gateway, which
// have no owner, always make a charge.
func (m *Model) expire(at time.Time, user uuid.UUID) {
	due := m.open(func(h *hold) bool { return h.entry.UserID == user && !at.Before(h.deadline) })
	slices.SortFunc(due, func(a, b *hold) int { return cmp.Or(a.deadline.Compare(b.deadline), bytes.Compare(a.id[:], b.id[:])) })
	for _, taking := range []bool{false, true} {
		for _, h := range due {
			gateway := h.entry.OwnerID == uuid.Nil
			if takes := h.delivered > 0 && (gateway || h.entry.OnExpiry == usage.ChargeOnExpiry); takes != taking {
				continue
			}
			if taking || gateway {
				m.collect(at, h, m.delivered(at, h))
			}
			h.status, h.ended = usage.HoldExpired, at
		}
	}
}

// delivered is what the expiry of a hold charges for: that of the gateway's has the tokens
// and the cost as well.
func (m *Model) delivered(at time.Time, h *hold) usage.Charge {
	c := usage.Charge{Millionths: h.delivered}
	if h.entry.OwnerID == uuid.Nil {
		c.Call = &usage.Call{RequestID: h.id, Outcome: usage.CallInterrupted, Source: usage.SourceEstimated}
		c.CostMicros = min(h.cost, mostCost-m.cost(h.entry.UserID, usage.DayOf(at)))
		if h.tokens != nil && h.price() != uuid.Nil {
			c.Priced = &usage.Priced{PriceID: h.price(), Tokens: *h.tokens}
		}
	}
	return c
}

// rest is what a late settlement used that the expiry of a gateway's hold has not counted.
func rest(c usage.Charge, h *hold) usage.Charge {
	if h.entry.OwnerID != uuid.Nil {
		return c
	}
	c.CostMicros = max(c.CostMicros-h.cost, 0)
	if h.tokens == nil || h.price() == uuid.Nil || c.Priced == nil {
		return c
	}
	now, was := c.Priced.Tokens, h.tokens
	in := func(t *usage.Tokens) int64 {
		return t.Input + t.CacheRead + t.CacheWrite + t.CacheWrite1h + t.AudioInput
	}
	out := func(t *usage.Tokens) int64 { return t.Output + t.AudioOutput }
	c.Priced = &usage.Priced{PriceID: c.Priced.PriceID, Tokens: usage.Tokens{
		Input: max(in(&now)-in(was), 0), Output: max(out(&now)-out(was), 0), WebSearches: max(now.WebSearches-was.WebSearches, 0),
	}}
	return c
}

// collect charges for a hold what its own amount and the room take.
func (m *Model) collect(at time.Time, h *hold, c usage.Charge) {
	c.UserID, c.KeyID = h.entry.UserID, h.entry.KeyID
	if c.Model == "" {
		c.Model = h.entry.Model
	}
	room, plan, own := m.room(at, c.UserID, c.KeyID), m.planRoom(at, c.UserID), []usage.Draw(nil)
	if h.status == usage.HoldOpen {
		room, plan, own = room+h.credits, plan+h.credits-total(h.draws), h.draws
	}
	collected := m.fits(at, c.UserID, c.Credits*1_000_000+c.Millionths, room)
	h.charge = m.add(at, c, collected, m.spread(at, c.UserID, m.moves(c.UserID, usage.DayOf(at), collected), plan, own))
}

// fits is how many of the millionths move the day by no more than the room.
func (m *Model) fits(at time.Time, user uuid.UUID, millionths, room int64) int64 {
	exact := m.exact(user, usage.DayOf(at))
	return min(millionths, (up(exact)+room)*1_000_000-exact)
}

func (m *Model) settle(at time.Time, e usage.Entry, h *hold) usage.Receipt {
	switch {
	case h.status == usage.HoldSettled:
		r := h.answer
		r.Outcome, r.KeyLimited, r.UserRoom = usage.Mismatch, false, 0
		if sameBody(h.settlement, e) {
			r.Outcome = usage.Duplicate
		}
		return r
	case h.status == usage.HoldReleased:
		return m.about(at, usage.HoldEnded, h)
	case h.charge != nil:
		if !m.adjust(at, e, h) {
			return m.about(at, usage.OverRange, h)
		}
	case m.tooDear(e.UserID, usage.DayOf(at), e.CostMicros):
		return m.about(at, usage.OverRange, h)
	default:
		m.collect(at, h, e.Charge)
	}
	h.status, h.ended, h.settlement = usage.HoldSettled, at, e
	h.answer = m.about(at, usage.Accepted, h)
	h.answer.Charged, h.answer.Uncollected = h.charge.credits, h.charge.uncollected
	if h.adjusted != nil {
		h.answer.Charged = max(h.charge.credits+h.adjusted.credits, 0)
		h.answer.Uncollected += h.adjusted.uncollected
	}
	return h.answer
}

// adjust lists what the real charge is beside that of the expiry: what is taken is
// decided now, what is given back goes to the day of the expiry's charge.
func (m *Model) adjust(at time.Time, e usage.Entry, h *hold) bool {
	c, before, user := e.Charge, h.charge, h.entry.UserID
	c.UserID, c.KeyID = user, h.entry.KeyID
	if c.Model == "" {
		c.Model = h.entry.Model
	}
	c = rest(c, h)
	a := &charge{Charge: c, day: before.day, adjustment: true}
	switch asked := before.millionths + before.uncollected; {
	case amount(e) > asked:
		a.day = usage.DayOf(at)
		a.millionths = m.fits(at, user, amount(e)-asked, m.room(at, user, c.KeyID))
		a.credits = m.moves(user, a.day, a.millionths)
		a.draws = m.spread(at, user, a.credits, m.planRoom(at, user), nil)
		a.uncollected = amount(e) - asked - a.millionths
	case amount(e) >= before.millionths:
		a.uncollected = amount(e) - asked
	default:
		a.uncollected = -before.uncollected
		back := min(before.millionths-amount(e), m.exact(user, before.day))
		others := m.granted(user, before.day) - total(before.draws)
		if back > 0 && up(m.exact(user, before.day)-back) < others { // rounding, or a correction that gave back before
			back = max(m.exact(user, before.day)-(others-1)*1_000_000-1, 0)
		}
		a.millionths = -max(back, 0)
		a.credits = m.moves(user, a.day, a.millionths)
		a.draws = giveBack(before.draws, -a.credits)
	}
	if m.tooDear(user, a.day, c.CostMicros) {
		return false
	}
	m.charges, h.adjusted = append(m.charges, a), a
	return true
}

// giveBack gives credits back to grants one by one, what was drawn last first.
func giveBack(drawn []usage.Draw, credits int64) (draws []usage.Draw) {
	left := slices.Clone(drawn)
	for i := len(left) - 1; i >= 0 && credits > 0; {
		if left[i].Credits == 0 {
			i--
			continue
		}
		left[i].Credits--
		credits--
		draws = plus(draws, left[i].GrantID, -1)
	}
	return draws
}
