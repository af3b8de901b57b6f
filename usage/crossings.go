package usage

import "github.com/google/uuid"

// Crossing is a percentage of a limit that a batch has reached: before it, less was used.
type Crossing struct {
	UserID uuid.UUID
	// Limit is LimitDay or LimitMonth, both the plan's. Used and Of are its credits after the batch.
	Limit    Limit
	Percent  int
	Used, Of int64
}

// Crossings are the percentages of the users' days and months that the posting has reached,
// of accounts as they are after it. What grants gave counts against neither. percents ascend.
func (p *Posting) Crossings(accounts map[uuid.UUID]*Account, percents []int) (found []Crossing) {
	if len(percents) == 0 {
		return nil
	}
	for i := 0; i < len(p.Users); {
		user, from := p.Users[i].UserID, i
		for i < len(p.Users) && p.Users[i].UserID == user {
			i++
		}
		if a := accounts[user]; a != nil {
			found = a.crossings(found, p.Day, p.Users[from:i], percents)
		}
	}
	return found
}

// crossings adds what totals, which the account counts already, have reached.
func (a *Account) crossings(found []Crossing, day Day, totals []Total, percents []int) []Crossing {
	least := int64(percents[0])
	ofDay, ofMonth := a.Day.OfPlan(), a.EarlierDays+a.Day.OfPlan()
	if ofDay*100 < least*a.DailyLimit && (a.MonthlyLimit == NoLimit || ofMonth*100 < least*a.MonthlyLimit) {
		return found
	}
	var byDay, byMonth int64
	for i := range totals {
		t := &totals[i]
		after := a.Day
		if t.Day != day {
			after = a.PastDays[t.Day].DaySums
		}
		by := after.OfPlan() - DaySums{Millionths: after.Millionths - t.Millionths, Granted: after.Granted - t.Granted}.OfPlan()
		if t.Day == day {
			byDay += by
		}
		if t.Day.Month() == day.Month() {
			byMonth += by
		}
	}
	user := totals[0].UserID
	for _, percent := range percents {
		if reached(ofDay-byDay, ofDay, a.DailyLimit, percent) {
			found = append(found, Crossing{user, LimitDay, percent, ofDay, a.DailyLimit})
		}
		if a.MonthlyLimit != NoLimit && reached(ofMonth-byMonth, ofMonth, a.MonthlyLimit, percent) {
			found = append(found, Crossing{user, LimitMonth, percent, ofMonth, a.MonthlyLimit})
		}
	}
	return found
}

// reached reports whether a percentage of a limit lies above before and not above after.
func reached(before, after, limit int64, percent int) bool {
	return limit > 0 && before*100 < limit*int64(percent) && after*100 >= limit*int64(percent)
}

// UsedUp is a grant that a batch has used up.
type UsedUp struct {
	UserID uuid.UUID
	Grant  Grant
}

// UsedUp are the grants that had credits left before the posting and have none after it, of
// accounts as they are after it.
func (p *Posting) UsedUp(accounts map[uuid.UUID]*Account) (found []UsedUp) {
	if len(p.Uses) == 0 {
		return nil
	}
	used := make(map[uuid.UUID]int64, len(p.Uses))
	for i := range p.Uses {
		used[p.Uses[i].GrantID] += p.Uses[i].Credits
	}
	for i := range p.Users {
		user := p.Users[i].UserID
		a := accounts[user]
		if a == nil || i > 0 && p.Users[i-1].UserID == user {
			continue
		}
		for _, g := range a.Grants {
			if g.Used >= g.Credits && g.Used-used[g.ID] < g.Credits {
				found = append(found, UsedUp{user, g})
			}
		}
	}
	return found
}

// Refuses reports whether the receipt refuses an entry for want of credits. A call of the
// gateway asks again for what there is, so only a room of nothing refuses it.
func (r *Receipt) Refuses(e *Entry) bool {
	if r.Outcome != OverQuota {
		return false
	}
	return e.Kind == KindCharge || e.OwnerID != uuid.Nil || r.Room < 1
}
