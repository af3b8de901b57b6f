package usage

import "slices"

// adjust corrects what the expiry of a hold charged to the real charge, by one
// record of either sign. What is given back goes to the day that was charged, what
// is taken is decided on this day; what did not fit at the expiry stays
// uncollected. The tokens and the cost are those of the settlement, as far as the
// expiry has not counted them.
func (d *decider) adjust(e *Entry, a *Account, h *Hold) Receipt {
	charged, missed, actual := h.End.Collected, h.End.Uncollected, e.millionths()
	c := h.beyond(h.charge(e))
	day, move, credits, draws := h.End.Day, int64(0), int64(0), []Draw(nil)
	switch {
	case actual < charged:
		move, credits, draws = giveBack(d.sumsOf(a, day), h.Draws, charged-actual)
	case actual > charged+missed:
		left := a.left(d.At)
		day = d.Day
		move, credits = fit(a.Day, actual-charged-missed, a.room(h.KeyID, left))
		draws = d.drawBeyond(a, credits, left.plan, nil)
	}
	if c.CostMicros > MaxDayCostUSD*MicrosPerUSD-d.sumsOf(a, day).CostMicros {
		return d.about(OverRange, h, a)
	}
	r := d.record(&c, day)
	r.AdjustsID, r.Millionths, r.Credits, r.Granted = h.End.ChargeID, move, credits, granted(draws)
	r.Uncollected = max(actual-charged-move, 0) - missed
	d.count(a, r, draws)
	h.Status = HoldSettled
	h.Draws = slices.DeleteFunc(addDraws(h.Draws, draws), func(w Draw) bool { return w.Credits == 0 })
	h.End.At, h.End.Collected, h.End.Uncollected = d.At, charged+move, missed+r.Uncollected
	// Between the two the day's rounded sum may have moved by other charges: the difference may be below zero.
	h.End.Charged = max(h.End.Charged+credits, 0)
	d.changed(h)
	return d.settled(e, a, h)
}

// beyond leaves of the tokens and the cost of a late settlement what the expiry of a
// gateway's hold has not counted. Where the expiry has counted more, that stands: the sums
// of tokens and cost never fall.
func (h *Hold) beyond(c Charge) Charge {
	if !h.ofGateway() {
		return c
	}
	c.CostMicros = max(c.CostMicros-h.DeliveredMicros, 0)
	if h.priced() && c.Priced != nil {
		c.Priced = &Priced{PriceID: c.Priced.PriceID, Tokens: c.Priced.Tokens.beyond(h.DeliveredTokens)}
	}
	return c
}

// giveBack is what a charge that drew on grants gives back on its day, the
// grants' part first. It leaves the day what the grants of other charges gave,
// where a correction has given back before.
func giveBack(day DaySums, own []Draw, millionths int64) (move, credits int64, draws []Draw) {
	least := int64(0)
	if others := day.Granted - granted(own); others > 0 {
		least = (others-1)*Millionths + 1 // the least sum that is rounded up to it
	}
	move = -min(millionths, max(day.Millionths-least, 0))
	credits = WholeCredits(day.Millionths+move) - day.Used()
	rest := -credits
	for _, w := range slices.Backward(own) {
		if back := min(rest, w.Credits); back > 0 {
			draws = append(draws, Draw{w.GrantID, -back})
			rest -= back
		}
	}
	return move, credits, draws
}

// correct takes whole credits on a day, or gives them back. It may pass every
// limit, but leaves no day below what grants gave of it.
func (d *decider) correct(e *Entry, a *Account) Receipt {
	day := e.Day
	if day == "" {
		day = d.Day
	}
	sums := d.sumsOf(a, day)
	switch {
	case sums.OfPlan()+e.Credits < 0:
		return d.receipt(BelowZero, e.KeyID, a)
	case sums.Used()+e.Credits > MaxDayCredits:
		return d.receipt(OverRange, e.KeyID, a)
	}
	d.moveDay(a, day, DaySums{Millionths: e.Credits * Millionths})
	total := d.sums.user(e.UserID, day)
	total.Millionths += e.Credits * Millionths
	total.Corrected += e.Credits
	d.Corrections = append(d.Corrections, Correction{ID: d.mint(), UserID: e.UserID, Day: day, Credits: e.Credits, CreatedAt: d.At})
	r := d.receipt(Accepted, e.KeyID, a)
	r.Charged = e.Credits
	return r
}

// sumsOf are the sums of a day, this one or one before it.
func (d *decider) sumsOf(a *Account, day Day) DaySums {
	if day == d.Day {
		return a.Day
	}
	return a.PastDays[day].DaySums
}

// moveDay changes the sums of a day, and with them the month's earlier days.
func (d *decider) moveDay(a *Account, day Day, by DaySums) {
	if day == d.Day {
		a.Day = a.Day.plus(by)
		return
	}
	past := a.PastDays[day]
	before := past.OfPlan()
	past.DaySums = past.plus(by)
	a.setPastDay(day, past)
	if day < d.Day && day.Month() == d.Day.Month() {
		a.EarlierDays += past.OfPlan() - before
	}
}
