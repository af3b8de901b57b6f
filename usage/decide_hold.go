package usage

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/google/uuid"
)

// hold sets credits aside: the plan's first, then the grants'.
func (d *decider) hold(e *Entry, a *Account) Receipt {
	switch {
	case e.HoldID != uuid.Nil && d.lookup(e.HoldID, a) != nil:
		return d.receipt(Mismatch, e.KeyID, a)
	case a.busy(e.KeyID):
		return d.receipt(Concurrent, e.KeyID, a)
	}
	credits, left := WholeCredits(e.millionths()), a.left(d.At)
	if credits > a.room(e.KeyID, left) {
		return d.overQuota(e.KeyID, a)
	}
	h := &Hold{
		ID: e.HoldID, UserID: e.UserID, KeyID: e.KeyID, OwnerID: e.OwnerID, Credits: credits, Draws: a.draw(credits-left.plan, d.At, nil),
		OnExpiry: e.OnExpiry, Model: e.Model, RequestID: e.RequestID, CreatedAt: d.At, ExpiresAt: d.At.Add(e.TTL), Status: HoldOpen,
	}
	if h.ID == uuid.Nil {
		h.ID = d.mint()
	}
	if e.Priced != nil {
		h.PriceID = e.Priced.PriceID
	}
	a.Holds = append(a.Holds, h)
	d.Held = append(d.Held, h)
	d.list(h)
	if e.HoldID != uuid.Nil {
		d.state.Named[h.ID] = h
	}
	return of(d.receipt(Accepted, e.KeyID, a), h)
}

// lookup returns an open hold of the account, or an ended one; nil for no such hold.
func (d *decider) lookup(id uuid.UUID, a *Account) *Hold {
	if h := a.openHold(id); h != nil {
		return h
	}
	return d.state.Named[id]
}

// find returns the hold that an entry names; nil for one that does not exist,
// belongs to another owner, or ended more than HoldsKept ago.
func (d *decider) find(e *Entry, a *Account) *Hold {
	h := d.lookup(e.HoldID, a)
	switch {
	case h == nil, h.UserID != e.UserID, e.OwnerID != uuid.Nil && h.OwnerID != e.OwnerID:
		return nil
	case h.Status != HoldOpen && d.At.Sub(h.End.At) > HoldsKept:
		return nil
	}
	return h
}

// extend raises a hold, records what was delivered, and moves the deadline. What
// does not fit leaves the hold as it was.
func (d *decider) extend(e *Entry, a *Account) Receipt {
	h := d.find(e, a)
	switch {
	case h == nil:
		return d.receipt(NoHold, e.KeyID, a)
	case h.Status != HoldOpen:
		return d.about(HoldEnded, h, a)
	}
	if credits := WholeCredits(e.millionths()); credits > 0 {
		more, left := credits-h.Credits, a.left(d.At)
		switch {
		case more < 0:
			return d.about(BelowHold, h, a)
		case more > a.room(h.KeyID, left):
			return of(d.overQuota(h.KeyID, a), h)
		}
		h.Draws = addDraws(h.Draws, a.draw(more-left.plan, d.At, nil))
		h.Credits = credits
	}
	if e.Delivered >= 0 {
		h.Delivered, h.DeliveredTokens, h.DeliveredMicros = e.Delivered, e.DeliveredTokens, e.DeliveredMicros
	}
	h.ExpiresAt = d.At.Add(e.TTL)
	d.changed(h)
	return d.about(Accepted, h, a)
}

// about answers with a hold, and the figures as they are for its key.
func (d *decider) about(outcome Outcome, h *Hold, a *Account) Receipt {
	return of(d.receipt(outcome, h.KeyID, a), h)
}

// of names the hold in a receipt.
func of(r Receipt, h *Hold) Receipt {
	r.HoldID, r.HoldStatus, r.ExpiresAt = h.ID, h.Status, h.ExpiresAt
	return r
}

// changed lists a hold to be written, once.
func (d *decider) changed(h *Hold) {
	if !d.listed[h] {
		d.list(h)
		d.Changed = append(d.Changed, h)
	}
}

func (d *decider) list(h *Hold) {
	if d.listed == nil {
		d.listed = map[*Hold]bool{}
	}
	d.listed[h] = true
}

// settle ends a hold by the real charge. The hold's own amount always fits; what
// neither it nor the room takes is uncollected.
func (d *decider) settle(e *Entry, a *Account) Receipt {
	h := d.find(e, a)
	switch {
	case h == nil:
		return d.receipt(NoHold, e.KeyID, a)
	case h.Status == HoldSettled:
		return again(e, h)
	case h.Status == HoldReleased:
		return d.about(HoldEnded, h, a)
	case h.charged():
		return d.adjust(e, a, h)
	case e.CostMicros > MaxDayCostUSD*MicrosPerUSD-a.Day.CostMicros:
		return d.about(OverRange, h, a)
	}
	d.end(e, a, h, HoldSettled)
	return d.settled(e, a, h)
}

// settled answers a settlement, and keeps the answer for its repeats.
func (d *decider) settled(e *Entry, a *Account, h *Hold) Receipt {
	r := d.about(Accepted, h, a)
	r.Charged, r.Uncollected = h.End.Charged, h.End.Uncollected
	h.End.Fingerprint, h.End.Figures = e.fingerprint(), r.Figures
	return r
}

// again answers a repeated settlement as its first was.
func again(e *Entry, h *Hold) Receipt {
	r := of(Receipt{Outcome: Duplicate, Day: DayOf(h.End.At), Figures: h.End.Figures, Charged: h.End.Charged, Uncollected: h.End.Uncollected}, h)
	if h.End.Fingerprint != e.fingerprint() {
		r.Outcome = Mismatch
	}
	return r
}

// end charges what a hold was for, and ends it. A hold that is not open any more
// sets nothing aside: its charge is decided as a new one.
func (d *decider) end(e *Entry, a *Account, h *Hold, status HoldStatus) {
	left := a.left(d.At)
	room, ofPlan := a.room(h.KeyID, left), left.plan
	var own []Draw
	if h.Status == HoldOpen {
		room += h.Credits
		ofPlan += h.Credits - h.granted()
		own = a.inOrder(h.Draws)
	}
	d.shut(a, h, status)
	c := h.charge(e)
	collected, credits := fit(a.Day, c.millionths(), room)
	draws := d.drawBeyond(a, credits, ofPlan, own)
	r := d.book(&c, a, collected, credits, draws)
	h.Draws = draws
	h.End.ChargeID, h.End.Day, h.End.Collected, h.End.Uncollected, h.End.Charged = r.ID, r.Day, collected, r.Uncollected, credits
}

// charge is the real charge of an entry that ends the hold.
func (h *Hold) charge(e *Entry) Charge {
	c := e.Charge
	c.UserID, c.KeyID = h.UserID, h.KeyID
	if c.Model == "" {
		c.Model = h.Model
	}
	return c
}

// shut ends a hold, which then sets nothing aside. It can still be named by an
// entry of the batch.
func (d *decider) shut(a *Account, h *Hold, status HoldStatus) {
	a.Holds = slices.DeleteFunc(a.Holds, func(open *Hold) bool { return open == h })
	d.state.Named[h.ID] = h
	h.Status, h.Draws, h.End.At = status, nil, d.At
	d.changed(h)
}

// release ends a hold without a charge. One that its deadline ended without a
// charge is released too: a settlement is refused from then on.
func (d *decider) release(e *Entry, a *Account) Receipt {
	h := d.find(e, a)
	switch {
	case h == nil:
		return d.receipt(NoHold, e.KeyID, a)
	case h.Status == HoldSettled, h.charged():
		return d.about(HoldEnded, h, a)
	case h.Status != HoldReleased:
		d.shut(a, h, HoldReleased)
	}
	return d.about(Accepted, h, a)
}

// expire ends the holds of a user whose deadline has passed. Those whose charge takes
// nothing end first: they set nothing aside that another could take. The others follow
// in the order of their deadlines.
func (d *decider) expire(a *Account) {
	var due []*Hold
	for _, h := range a.Holds {
		if h.due(d.At) {
			due = append(due, h)
		}
	}
	slices.SortFunc(due, func(x, y *Hold) int { return cmp.Or(x.ExpiresAt.Compare(y.ExpiresAt), bytes.Compare(x.ID[:], y.ID[:])) })
	for _, takes := range []bool{false, true} {
		for _, h := range due {
			switch {
			case h.takes() != takes:
			case takes || h.ofGateway():
				d.end(&Entry{Charge: h.expiry(a)}, a, h, HoldExpired)
			default:
				d.shut(a, h, HoldExpired)
			}
		}
	}
}
