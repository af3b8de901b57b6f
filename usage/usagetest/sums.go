package usagetest

import (
	"cmp"
	"slices"
	"time"

	"codexible/usage"

	"github.com/google/uuid"
)

// amount is what an entry asks for, in millionths.
func amount(e usage.Entry) int64 { return e.Credits*1_000_000 + e.Millionths }

// up rounds millionths up to whole credits.
func up(millionths int64) int64 {
	credits := millionths / 1_000_000
	for credits*1_000_000 < millionths {
		credits++
	}
	return credits
}

func sum[T any](list []T, of func(T) int64) (n int64) {
	for _, one := range list {
		n += of(one)
	}
	return n
}

func (m *Model) chargesOf(user uuid.UUID, day usage.Day) (list []*charge) {
	for _, c := range m.charges {
		if c.UserID == user && c.day == day {
			list = append(list, c)
		}
	}
	return list
}

// corrected is what corrections took on a day.
func (m *Model) corrected(user uuid.UUID, day usage.Day) int64 {
	return sum(m.corrections, func(c correction) int64 {
		if c.user == user && c.day == day {
			return c.credits
		}
		return 0
	})
}

// exact is a user's day in millionths.
func (m *Model) exact(user uuid.UUID, day usage.Day) int64 {
	return sum(m.chargesOf(user, day), func(c *charge) int64 { return c.millionths }) + m.corrected(user, day)*1_000_000
}

// moves is by how many credits an amount moves a user's day.
func (m *Model) moves(user uuid.UUID, day usage.Day, millionths int64) int64 {
	return up(m.exact(user, day)+millionths) - up(m.exact(user, day))
}

// granted is what grants gave of a day.
func (m *Model) granted(user uuid.UUID, day usage.Day) int64 {
	return sum(m.chargesOf(user, day), func(c *charge) int64 { return total(c.draws) })
}

func total(draws []usage.Draw) int64 {
	return sum(draws, func(d usage.Draw) int64 { return d.Credits })
}

// ofPlan is what of a day counts against the plan.
func (m *Model) ofPlan(user uuid.UUID, day usage.Day) int64 {
	return up(m.exact(user, day)) - m.granted(user, day)
}

// month is what of a calendar month counts against the plan.
func (m *Model) month(user uuid.UUID, month string) int64 {
	var days []usage.Day
	for _, c := range m.charges {
		days = append(days, c.day)
	}
	for _, c := range m.corrections {
		days = append(days, c.day)
	}
	slices.Sort(days)
	return sum(slices.Compact(days), func(day usage.Day) int64 {
		if day.Month() == month {
			return m.ofPlan(user, day)
		}
		return 0
	})
}

const mostCost = usage.MaxDayCostUSD * 1_000_000

func (m *Model) cost(user uuid.UUID, day usage.Day) int64 {
	return sum(m.chargesOf(user, day), func(c *charge) int64 { return c.CostMicros })
}

func (m *Model) tooDear(user uuid.UUID, day usage.Day, cost int64) bool {
	return m.cost(user, day)+cost > mostCost
}

func (m *Model) open(which func(*hold) bool) (list []*hold) {
	for _, h := range m.holds {
		if h.status == usage.HoldOpen && which(h) {
			list = append(list, h)
		}
	}
	return list
}

func (m *Model) openOf(user uuid.UUID) []*hold {
	return m.open(func(h *hold) bool { return h.entry.UserID == user })
}

func (m *Model) held(user uuid.UUID) int64 {
	return sum(m.openOf(user), func(h *hold) int64 { return h.credits })
}

func (m *Model) heldOfPlan(user uuid.UUID) int64 {
	return m.held(user) - sum(m.openOf(user), func(h *hold) int64 { return total(h.draws) })
}

// planRoom is what the plan's day and month have left.
func (m *Model) planRoom(at time.Time, user uuid.UUID) int64 {
	plan, day := m.plans[user], usage.DayOf(at)
	room := plan.Daily - m.ofPlan(user, day) - m.heldOfPlan(user)
	if plan.Monthly != usage.NoLimit {
		room = min(room, plan.Monthly-m.month(user, day.Month())-m.heldOfPlan(user))
	}
	return max(room, 0)
}

// grantsOf are a user's grants that have not ended, the earliest end first.
func (m *Model) grantsOf(at time.Time, user uuid.UUID) (list []Grant) {
	for _, g := range m.grants {
		if g.UserID == user && !g.ended(at) {
			list = append(list, g)
		}
	}
	slices.SortFunc(list, inOrder)
	return list
}

func (g Grant) ended(at time.Time) bool { return !g.Ends.IsZero() && !at.Before(g.Ends) }

// inOrder compares grants as they are used: the earliest end first, those without an end last.
func inOrder(a, b Grant) int {
	switch {
	case a.Ends.IsZero() != b.Ends.IsZero():
		return cmp.Compare(b.Ends.Unix(), a.Ends.Unix())
	case !a.Ends.Equal(b.Ends):
		return a.Ends.Compare(b.Ends)
	}
	return cmp.Compare(a.ID.String(), b.ID.String())
}

// left is what a grant has left, what open holds draw on it taken off.
func (m *Model) left(g Grant) int64 {
	of := func(draws []usage.Draw) int64 {
		return sum(draws, func(d usage.Draw) int64 {
			if d.GrantID == g.ID {
				return d.Credits
			}
			return 0
		})
	}
	return g.Credits - sum(m.charges, func(c *charge) int64 { return of(c.draws) }) - sum(m.openOf(g.UserID), func(h *hold) int64 { return of(h.draws) })
}

// userRoom is the room of a key without limits of its own.
func (m *Model) userRoom(at time.Time, user uuid.UUID) int64 {
	return m.planRoom(at, user) + sum(m.grantsOf(at, user), m.left)
}

// keyRoom is what a key's own day has left.
func (m *Model) keyRoom(at time.Time, key Key) int64 {
	held := sum(m.open(func(h *hold) bool { return h.entry.KeyID == key.ID }), func(h *hold) int64 { return h.credits })
	return max(key.Daily-m.keyUsed(at, key)-held, 0)
}

// keyUsed is what a key's own day used.
func (m *Model) keyUsed(at time.Time, key Key) int64 {
	return sum(m.chargesOf(key.UserID, usage.DayOf(at)), func(c *charge) int64 {
		if c.KeyID == key.ID {
			return c.credits
		}
		return 0
	})
}

// key is a known key, or one without limits.
func (m *Model) key(id uuid.UUID) Key {
	if k, known := m.keys[id]; known {
		return k
	}
	return Key{ID: id, Daily: usage.NoLimit, Concurrency: usage.NoLimit}
}

func (m *Model) room(at time.Time, user, key uuid.UUID) int64 {
	room := m.userRoom(at, user)
	if k := m.key(key); k.Daily != usage.NoLimit {
		room = min(room, m.keyRoom(at, k))
	}
	return room
}

// spread takes credits one by one: from the plan while it has room, then from a
// hold's own draws, of which those on ended grants go first, then from the grants that have some left.
func (m *Model) spread(at time.Time, user uuid.UUID, credits, plan int64, own []usage.Draw) (draws []usage.Draw) {
	open, left := m.grantsOf(at, user), map[uuid.UUID]int64{}
	for _, g := range open {
		left[g.ID] = m.left(g)
	}
	var order []uuid.UUID // of the own draws
	for _, d := range own {
		if !slices.ContainsFunc(open, func(g Grant) bool { return g.ID == d.GrantID }) {
			order = append(order, d.GrantID)
		}
	}
	for _, g := range open {
		order = append(order, g.ID)
	}
	ours := map[uuid.UUID]int64{}
	for _, d := range own {
		ours[d.GrantID] += d.Credits
	}
	for ; credits > 0; credits-- {
		if plan > 0 {
			plan--
			continue
		}
		from := ours
		i := slices.IndexFunc(order, func(id uuid.UUID) bool { return ours[id] > 0 })
		if i < 0 {
			from = left
			i = slices.IndexFunc(order, func(id uuid.UUID) bool { return left[id] > 0 })
		}
		if i < 0 {
			panic("usagetest: more was charged than there was room")
		}
		from[order[i]]--
		draws = plus(draws, order[i], 1)
	}
	return draws
}

// plus adds to one of the draws, which are in the order in which they were first taken.
func plus(draws []usage.Draw, grant uuid.UUID, credits int64) []usage.Draw {
	for i := range draws {
		if draws[i].GrantID == grant {
			draws[i].Credits += credits
			return draws
		}
	}
	return append(draws, usage.Draw{GrantID: grant, Credits: credits})
}

func (m *Model) receipt(at time.Time, outcome usage.Outcome, user, key uuid.UUID) usage.Receipt {
	plan, day := m.plans[user], usage.DayOf(at)
	r := usage.Receipt{Outcome: outcome, Day: day, KeyLimited: m.key(key).Daily != usage.NoLimit, UserRoom: m.userRoom(at, user)}
	r.Figures = usage.Figures{
		CreditsUsed: up(m.exact(user, day)), DailyLimit: plan.Daily, Held: m.held(user), Granted: sum(m.grantsOf(at, user), m.left), Room: m.room(at, user, key),
		Month: usage.Month{Limit: usage.NoLimit},
	}
	if plan.Monthly != usage.NoLimit {
		r.Month = usage.Month{Limit: plan.Monthly, Used: m.month(user, day.Month()), Held: m.heldOfPlan(user)}
	}
	return r
}

func (m *Model) overQuota(at time.Time, user, key uuid.UUID) usage.Receipt {
	r, plan, month := m.receipt(at, usage.OverQuota, user, key), m.plans[user], usage.DayOf(at).Month()
	switch {
	case r.Room < r.UserRoom:
		r.Limit, r.KeyUsed, r.KeyLimit = usage.LimitKey, m.keyUsed(at, m.key(key)), m.key(key).Daily
	case plan.Monthly != usage.NoLimit && plan.Monthly-m.month(user, month) < plan.Daily-m.ofPlan(user, usage.DayOf(at)):
		r.Limit = usage.LimitMonth
	}
	return r
}
