package usagetest

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"codexible/usage"

	"github.com/google/uuid"
)

// Memory is a ledger in memory that does what the databases do: it keeps rows,
// reads from them what usage.Decide needs, and writes what it says.
type Memory struct {
	plans   map[uuid.UUID]Plan
	keys    map[uuid.UUID]Key
	grants  map[uuid.UUID]Grant
	used    map[GrantDay]int64
	users   map[UserDay]usage.UserDay
	rows    map[Row]usage.Total
	tokens  map[PriceRow]usage.TokenTotal
	records []usage.Record
	// corrections are in the order in which they were made.
	corrections []usage.Correction
	holds       map[uuid.UUID]usage.Hold
	replays     map[usage.ReplayKey]kept
	minted      uint64
}

type kept struct {
	usage.Replay

	at time.Time
}

// NewMemory is an empty ledger of these plans by user, and these keys.
func NewMemory(plans map[uuid.UUID]Plan, keys []Key) *Memory {
	m := &Memory{
		plans: maps.Clone(plans), keys: map[uuid.UUID]Key{}, grants: map[uuid.UUID]Grant{}, used: map[GrantDay]int64{}, users: map[UserDay]usage.UserDay{},
		rows: map[Row]usage.Total{}, tokens: map[PriceRow]usage.TokenTotal{}, holds: map[uuid.UUID]usage.Hold{}, replays: map[usage.ReplayKey]kept{},
	}
	for _, k := range keys {
		m.keys[k.ID] = k
	}
	return m
}

// Post decides a batch on what is stored, and stores what was decided.
func (m *Memory) Post(_ context.Context, now func() time.Time, entries []usage.Entry) ([]usage.Receipt, error) {
	at := now()
	p := usage.Decide(at, entries, m.state(at, entries), m.mint)
	return p.Receipts, m.write(&p)
}

func (m *Memory) mint() uuid.UUID {
	m.minted++
	return uuid.UUID([]byte(fmt.Sprintf("%016d", m.minted)))
}

// SetPlan changes a user's plan.
func (m *Memory) SetPlan(_ context.Context, user uuid.UUID, p Plan) error {
	m.plans[user] = p
	return nil
}

// PutGrant makes a grant, or gives one another end.
func (m *Memory) PutGrant(_ context.Context, g Grant) error {
	m.grants[g.ID] = g
	return nil
}

func (m *Memory) state(at time.Time, entries []usage.Entry) usage.State {
	s := usage.State{Accounts: map[uuid.UUID]*usage.Account{}, Replays: map[usage.ReplayKey]usage.Replay{}, Named: map[uuid.UUID]*usage.Hold{}}
	for _, e := range entries {
		if s.Accounts[e.UserID] == nil {
			s.Accounts[e.UserID] = m.account(at, e.UserID)
		}
	}
	for _, e := range entries {
		if e.Kind == usage.KindCharge || e.Kind == usage.KindHold {
			m.readReplays(at, e, s)
		}
		m.readNamed(e.HoldID, s)
		if e.Day != "" && e.Day != usage.DayOf(at) {
			m.readDay(s.Accounts[e.UserID], e.UserID, e.Day)
		}
	}
	for _, h := range s.Named {
		if a := s.Accounts[h.UserID]; a != nil && h.End.Day != "" && h.End.Day != usage.DayOf(at) {
			m.readDay(a, h.UserID, h.End.Day)
		}
	}
	for user, a := range s.Accounts {
		m.readGrants(at, user, a, s.Named)
	}
	return s
}

// readGrants reads those of a user that have something left, and those that an ended hold drew on.
func (m *Memory) readGrants(at time.Time, user uuid.UUID, a *usage.Account, holds map[uuid.UUID]*usage.Hold) {
	named := map[uuid.UUID]bool{}
	for _, h := range holds {
		for _, d := range h.Draws {
			named[d.GrantID] = true
		}
	}
	for _, g := range m.grants {
		if used := m.usedOf(g.ID); g.UserID == user && !g.ended(at) && (used < g.Credits || named[g.ID]) {
			a.AddGrant(usage.Grant{ID: g.ID, Credits: g.Credits, Used: used, ExpiresAt: g.Ends})
		}
	}
}

func (m *Memory) readReplays(at time.Time, e usage.Entry, s usage.State) {
	for _, charger := range []uuid.UUID{e.ChargerID, uuid.Nil} {
		key := usage.ReplayKey{KeyID: e.KeyID, ChargerID: charger, Kind: e.Kind, Text: e.IdempotencyKey}
		if r, found := m.replays[key]; found && at.Sub(r.at) < usage.ReplayWindow {
			s.Replays[key] = r.Replay
			m.readNamed(r.Receipt.HoldID, s)
		}
	}
}

func (m *Memory) readNamed(id uuid.UUID, s usage.State) {
	if h, found := m.holds[id]; found {
		s.Named[id] = &h
		h.Draws = slices.Clone(h.Draws)
	}
}

func (m *Memory) readDay(a *usage.Account, user uuid.UUID, day usage.Day) {
	row := m.users[UserDay{user, day}]
	a.PastDays[day] = usage.PastDay{DaySums: sums(row), LastChargeID: row.LastChargeID}
}

func sums(row usage.UserDay) usage.DaySums {
	return usage.DaySums{Millionths: row.Millionths, Granted: row.Granted, CostMicros: row.CostMicros}
}

func (m *Memory) account(at time.Time, user uuid.UUID) *usage.Account {
	plan, today := m.plans[user], usage.DayOf(at)
	a := &usage.Account{
		DailyLimit: plan.Daily, MonthlyLimit: plan.Monthly, ConcurrencyLimit: plan.Concurrency, Day: sums(m.users[UserDay{user, today}]),
		PastDays: map[usage.Day]usage.PastDay{}, Keys: map[uuid.UUID]*usage.KeyLimits{},
	}
	var last usage.Day
	for id, row := range m.users {
		if id.User != user {
			continue
		}
		if plan.Monthly != usage.NoLimit && id.Day < today && id.Day.Month() == today.Month() {
			a.EarlierDays += sums(row).OfPlan()
		}
		if row.LastChargeID != uuid.Nil && id.Day >= last {
			last, a.LastChargeID = id.Day, row.LastChargeID
		}
	}
	for _, h := range m.holds {
		if h.UserID == user && h.Status == usage.HoldOpen {
			h.Draws = slices.Clone(h.Draws)
			a.Holds = append(a.Holds, &h)
		}
	}
	slices.SortFunc(a.Holds, func(x, y *usage.Hold) int { return bytes.Compare(x.ID[:], y.ID[:]) })
	m.readKeys(today, user, a)
	return a
}

func (m *Memory) readKeys(today usage.Day, user uuid.UUID, a *usage.Account) {
	for _, k := range m.keys {
		if k.UserID != user || k.Daily == usage.NoLimit && k.Concurrency == usage.NoLimit {
			continue
		}
		limits := &usage.KeyLimits{DailyLimit: k.Daily, ConcurrencyLimit: k.Concurrency}
		for id, row := range m.rows {
			if id.Key == k.ID && id.Day == today {
				limits.Used += row.Credits
			}
		}
		a.Keys[k.ID] = limits
	}
}

func (m *Memory) usedOf(grant uuid.UUID) (credits int64) {
	for id, n := range m.used {
		if id.Grant == grant {
			credits += n
		}
	}
	return credits
}

func (m *Memory) write(p *usage.Posting) error {
	for _, t := range p.Users {
		id := UserDay{t.UserID, t.Day}
		row := m.users[id]
		row.UserID = t.UserID
		row.Requests += t.Requests
		row.Millionths += t.Millionths
		row.Granted += t.Granted
		row.Uncollected += t.Uncollected
		row.Corrected += t.Corrected
		row.CostMicros += t.CostMicros
		if t.LastChargeID != uuid.Nil {
			row.LastChargeID = t.LastChargeID
		}
		if t.Day == p.Day {
			row.Hours[p.At.Hour()] += t.Requests
		} else if t.Requests != 0 {
			return fmt.Errorf("requests are counted on %s, a day before", t.Day)
		}
		if row.Millionths <= -usage.Millionths || row.Granted < 0 || row.Uncollected < 0 || sums(row).OfPlan() < 0 {
			return fmt.Errorf("below zero: %+v", row)
		}
		m.users[id] = row
	}
	for _, t := range p.Rows {
		row := m.rows[Row{UserDay{t.UserID, t.Day}, t.KeyID, t.Model}]
		row.Day, row.UserID, row.KeyID, row.Model = t.Day, t.UserID, t.KeyID, t.Model
		row.Requests += t.Requests
		row.Credits += t.Credits
		row.PromptTokens += t.PromptTokens
		row.CompletionTokens += t.CompletionTokens
		row.CostMicros += t.CostMicros
		m.rows[Row{UserDay{t.UserID, t.Day}, t.KeyID, t.Model}] = row
	}
	for i := range p.Tokens {
		t := &p.Tokens[i]
		id := PriceRow{Row{UserDay{t.UserID, t.Day}, t.KeyID, t.Model}, t.PriceID}
		row := m.tokens[id]
		row.Day, row.UserID, row.KeyID, row.Model, row.PriceID = t.Day, t.UserID, t.KeyID, t.Model, t.PriceID
		row.Add(t)
		m.tokens[id] = row
	}
	m.records = append(m.records, p.Records...)
	m.corrections = append(m.corrections, p.Corrections...)
	for _, r := range p.Replays {
		m.replays[r.ReplayKey] = kept{r, p.At}
	}
	return m.writeHolds(p)
}

func (m *Memory) writeHolds(p *usage.Posting) error {
	for _, h := range p.Held {
		if _, known := m.holds[h.ID]; known {
			return fmt.Errorf("hold %s is made twice", h.ID)
		}
		m.holds[h.ID] = *h
	}
	for _, h := range p.Changed {
		if m.holds[h.ID].ID != h.ID {
			return fmt.Errorf("hold %s was changed and never made", h.ID)
		}
		if h.End.Charged < 0 || h.End.Collected < 0 || h.End.Uncollected < 0 || h.Delivered < 0 {
			return fmt.Errorf("below zero: %+v", h)
		}
		m.holds[h.ID] = *h
	}
	for _, u := range p.Uses {
		m.used[GrantDay{u.GrantID, u.Day}] += u.Credits
		if m.used[GrantDay{u.GrantID, u.Day}] < 0 || m.usedOf(u.GrantID) > m.grants[u.GrantID].Credits {
			return fmt.Errorf("grant %+v gave %d", m.grants[u.GrantID], m.usedOf(u.GrantID))
		}
	}
	return nil
}

// Books are the stored totals.
func (m *Memory) Books(context.Context) (Books, error) {
	b := NewBooks()
	for id, u := range m.users {
		b.Users[id] = UserSums{u.Requests, u.Millionths, u.Granted, u.Uncollected, u.Corrected, u.CostMicros}
	}
	for id, r := range m.rows {
		b.Rows[id] = RowSums{r.Requests, r.Credits, r.PromptTokens, r.CompletionTokens, r.CostMicros}
	}
	for id, t := range m.tokens {
		b.Prices[id] = PriceSums{t.Requests, t.Credits, t.CostMicros, t.Tokens}
	}
	maps.Copy(b.Grants, m.used)
	for id, h := range m.holds {
		if h.Status == usage.HoldOpen {
			b.Holds[id] = OpenHold{h.PriceID, h.Credits, drawn(h.Draws), h.Delivered, tokensText(h.DeliveredTokens), h.DeliveredMicros, h.ExpiresAt}
		}
	}
	return b.Trim(), nil
}

// Calls are the stored charges of the gateway.
func (m *Memory) Calls(context.Context) (map[CallRow]int64, error) {
	calls := map[CallRow]int64{}
	for i := range m.records {
		if r := &m.records[i]; r.Call != nil {
			calls[CallRow{UserDay{r.UserID, r.Day}, *r.Call, r.AdjustsID != uuid.Nil}]++
		}
	}
	return calls, nil
}

func drawn(draws []usage.Draw) (credits int64) {
	for _, d := range draws {
		credits += d.Credits
	}
	return credits
}

// Recount compares the stored totals with the single charges.
func (m *Memory) Recount() (differences []usage.Difference) {
	days := map[usage.Day]usage.DayTotals{}
	for id, u := range m.users {
		t := days[id.Day]
		t.Users = append(t.Users, u)
		days[id.Day] = t
	}
	for id, r := range m.rows {
		t := days[id.Day]
		t.Rows = append(t.Rows, r)
		days[id.Day] = t
	}
	for id, r := range m.tokens {
		t := days[id.Day]
		t.Tokens = append(t.Tokens, r)
		days[id.Day] = t
	}
	for day, totals := range days {
		recount := usage.NewRecount(day)
		for i := range m.records {
			if m.records[i].Day == day {
				recount.Add(&m.records[i])
			}
		}
		for _, c := range m.corrections {
			if c.Day == day {
				recount.Correct(c.UserID, c.Credits)
			}
		}
		differences = append(differences, recount.Compare(totals)...)
	}
	return differences
}
