package usage

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// left is what an account has left at a moment, open holds taken off.
type left struct {
	// held is what the open holds set aside, heldOfPlan the part of it that the plan gives.
	held, heldOfPlan int64
	// plan is what the plan's day and month have left, grants what the open grants have.
	plan, grants int64
}

func (a *Account) left(at time.Time) (l left) {
	for _, h := range a.Holds {
		l.held += h.Credits
		l.heldOfPlan += h.Credits - h.granted()
	}
	l.plan = a.DailyLimit - a.Day.OfPlan() - l.heldOfPlan
	if a.MonthlyLimit != NoLimit {
		l.plan = min(l.plan, a.MonthlyLimit-a.EarlierDays-a.Day.OfPlan()-l.heldOfPlan)
	}
	l.plan = max(l.plan, 0)
	for i := range a.Grants {
		l.grants += a.grantLeft(&a.Grants[i], at)
	}
	return l
}

// room is that of a key without a daily limit of its own.
func (l left) room() int64 { return l.plan + l.grants }

// room is what a charge or hold of a key may take: what the plan's day and month
// have left and what the open grants have left, at most what the key's own day has left.
func (a *Account) room(key uuid.UUID, l left) int64 {
	if ofKey, limited := a.keyRoom(key); limited {
		return min(ofKey, l.room())
	}
	return l.room()
}

// keyRoom is what the key's own day has left; limited is false where the key has no limit.
func (a *Account) keyRoom(key uuid.UUID) (room int64, limited bool) {
	limits := a.Keys[key]
	if limits == nil || limits.DailyLimit == NoLimit {
		return 0, false
	}
	room = limits.DailyLimit - limits.Used
	for _, h := range a.Holds {
		if h.KeyID == key {
			room -= h.Credits
		}
	}
	return max(room, 0), true
}

// binding is the limit that leaves a charge of the key the least room.
func (a *Account) binding(key uuid.UUID, l left) Limit {
	switch {
	case a.room(key, l) < l.room():
		return LimitKey
	case a.MonthlyLimit != NoLimit && a.MonthlyLimit-a.EarlierDays < a.DailyLimit:
		return LimitMonth
	}
	return LimitDay
}

// Figures are the account's credits for a key at a moment.
func (a *Account) Figures(key uuid.UUID, at time.Time) Figures { return a.figures(key, a.left(at)) }

func (a *Account) figures(key uuid.UUID, l left) Figures {
	f := Figures{CreditsUsed: a.Day.Used(), DailyLimit: a.DailyLimit, Held: l.held, Granted: l.grants, Room: a.room(key, l), Month: Month{Limit: NoLimit}}
	if a.MonthlyLimit != NoLimit {
		f.Month = Month{Limit: a.MonthlyLimit, Used: a.EarlierDays + a.Day.OfPlan(), Held: l.heldOfPlan}
	}
	return f
}

// grantLeft is what a grant has left at a moment, open holds taken off.
func (a *Account) grantLeft(g *Grant, at time.Time) int64 {
	if !g.ExpiresAt.IsZero() && !at.Before(g.ExpiresAt) {
		return 0
	}
	left := g.Credits - g.Used
	for _, h := range a.Holds {
		for _, d := range h.Draws {
			if d.GrantID == g.ID {
				left -= d.Credits
			}
		}
	}
	return max(left, 0)
}

// draw takes credits from the grants that have some left beside what was taken
// already, the earliest end first. It takes none where credits is not above zero.
func (a *Account) draw(credits int64, at time.Time, taken []Draw) (draws []Draw) {
	for i := 0; i < len(a.Grants) && credits > 0; i++ {
		g := &a.Grants[i]
		left := a.grantLeft(g, at)
		for _, t := range taken {
			if t.GrantID == g.ID {
				left -= t.Credits
			}
		}
		if take := min(credits, left); take > 0 {
			draws = append(draws, Draw{g.ID, take})
			credits -= take
		}
	}
	return draws
}

// inOrder are draws in the order in which they are used: grants that have ended
// first, whose credits nobody else can use, then the earliest end first.
func (a *Account) inOrder(draws []Draw) []Draw {
	order := func(d Draw) int { return slices.IndexFunc(a.Grants, func(g Grant) bool { return g.ID == d.GrantID }) }
	return slices.SortedStableFunc(slices.Values(draws), func(x, y Draw) int { return order(x) - order(y) })
}
