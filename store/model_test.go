package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"
	"codexible/usage/usagetest"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// modelled is a database under the model: two instances post by turns, and what
// entries do not change is changed by a connection beside them.
type modelled struct {
	instances []*store.Store
	turn      int
	raw       *sql.DB
	postgres  bool
	clock     *storetest.Clock
	users     map[uuid.UUID]bool
	plays     int
}

func TestBothDatabasesAnswerEveryInterleavingAsTheModelDoes(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		clock := storetest.NewClock(storetest.Start)
		m := &modelled{raw: storetest.Raw(t, url), postgres: strings.HasPrefix(url, "postgres"), clock: clock}
		for range 2 {
			m.instances = append(m.instances, storetest.Connect(t, url, clock.Now))
		}
		var prices []catalog.Price
		for _, id := range usagetest.Prices() {
			prices = append(prices, catalog.Price{ID: id, Model: "gpt-5", ValidFrom: storetest.Start, CreatedAt: storetest.Start})
		}
		if err := store.PutPrices(t.Context(), m.instances[0], prices...); err != nil {
			t.Fatal(err)
		}
		rapid.Check(t, func(rt *rapid.T) {
			p := m.play(t)
			actions := p.Actions()
			for name, act := range actions {
				actions[name] = func(rt *rapid.T) {
					clock.Set(p.At)
					act(rt)
				}
			}
			rt.Repeat(actions)
			p.CheckEnd(rt)
		})
	})
}

// play begins with two users, of whom each has a plan of its own and two keys.
func (m *modelled) play(t *testing.T) *usagetest.Play {
	t.Helper()
	at := time.Date(2026, 2, 28, 18, 0, 0, 0, time.UTC)
	m.clock.Set(at)
	m.users = map[uuid.UUID]bool{}
	m.plays++
	plans, keys := map[uuid.UUID]usagetest.Plan{}, []usagetest.Key(nil)
	for i, plan := range []usagetest.Plan{{Daily: 10, Monthly: usage.NoLimit, Concurrency: usage.NoLimit}, {Daily: 10, Monthly: 15, Concurrency: 3}} {
		c := storetest.NewCustomer(t, m.instances[0], storetest.NewPlan(t, m.instances[0], uuid.NewString(), plan.Daily).Name)
		second, _ := storetest.NewKey(t, m.instances[0], c.User)
		limited := usagetest.Key{ID: second.ID, UserID: c.User.ID, Daily: 6 - int64(i), Concurrency: 2}
		plans[c.User.ID], m.users[c.User.ID] = plan, true
		keys = append(keys, usagetest.Key{ID: c.Key.ID, UserID: c.User.ID, Daily: usage.NoLimit, Concurrency: usage.NoLimit}, limited)
		err := errors.Join(m.SetPlan(t.Context(), c.User.ID, plan),
			m.exec("UPDATE api_keys SET daily_credit_limit = ?, concurrency_limit = ? WHERE id = ?", limited.Daily, limited.Concurrency, m.id(limited.ID)))
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(m.exec("DELETE FROM grant_days"), m.exec("DELETE FROM grants")); err != nil {
		t.Fatal(err)
	}
	return &usagetest.Play{Ledger: m, Model: usagetest.NewModel(plans, keys), Keys: keys, Services: []uuid.UUID{{0xa1}, {0xa2}, uuid.Nil}, Name: fmt.Sprintf("%05d", m.plays), At: at, Correct: m.correct}
}

func (m *modelled) next() *store.Store {
	m.turn++
	return m.instances[m.turn%len(m.instances)]
}

// Post posts with the instances by turns.
func (m *modelled) Post(ctx context.Context, now func() time.Time, entries []usage.Entry) ([]usage.Receipt, error) {
	return m.next().Post(ctx, now, entries)
}

// correct makes a correction, and answers with the figures after it.
func (m *modelled) correct(at time.Time, e usage.Entry) (usage.Receipt, error) {
	m.clock.Set(at)
	figures := func() (usage.Receipt, error) {
		r, err := m.Post(context.Background(), usage.At(at), []usage.Entry{{Kind: usage.KindExpire, Charge: usage.Charge{UserID: e.UserID}}})
		return r[0], err
	}
	if _, err := figures(); err != nil {
		return usage.Receipt{}, err
	}
	day := e.Day
	if day == "" {
		day = usage.DayOf(at)
	}
	_, _, _, refused := m.next().Correct(context.Background(), accounts.ActorCLI, usage.NewCorrection{UserID: e.UserID, Credits: e.Credits, Day: day, Reason: "reason"}) //nolint:dogsled // the figures are read below
	r, err := figures()
	switch {
	case refused == nil:
		r.Charged = e.Credits
	case refused.Error() == usage.ErrBelowZero.Error():
		r.Outcome = usage.BelowZero
	default:
		err = refused
	}
	return r, err
}

func (m *modelled) SetPlan(_ context.Context, user uuid.UUID, p usagetest.Plan) error {
	return m.exec("UPDATE plans SET daily_credit_limit = ?, monthly_credit_limit = ?, user_concurrency_limit = ? WHERE id = (SELECT plan_id FROM users WHERE id = ?)",
		p.Daily, orNull(p.Monthly), orNull(p.Concurrency), m.id(user))
}

func orNull(limit int64) any {
	if limit == usage.NoLimit {
		return nil
	}
	return limit
}

func (m *modelled) PutGrant(_ context.Context, g usagetest.Grant) error {
	if !g.Ends.IsZero() && !g.Ends.After(m.clock.Now()) {
		return m.exec("UPDATE grants SET revoked_at = ? WHERE id = ?", m.time(g.Ends), m.id(g.ID))
	}
	return m.exec("INSERT INTO grants (id, user_id, credits, used, note, created_by, created_at, expires_at) VALUES (?, ?, ?, 0, '', '', ?, ?)",
		m.id(g.ID), m.id(g.UserID), g.Credits, m.time(m.clock.Now()), m.time(g.Ends))
}

func (m *modelled) Books(ctx context.Context) (usagetest.Books, error) {
	b := usagetest.NewBooks()
	var id, user, key uuid.UUID
	var day usage.Day
	var text string
	var credits int64
	var u usagetest.UserSums
	var r usagetest.RowSums
	var h usagetest.OpenHold
	var p usagetest.PriceSums
	var prompt, completion int64
	var price uuid.NullUUID
	err := errors.Join(
		m.instances[0].CountTotals(ctx),
		m.each("SELECT user_id, day, requests, millionths, granted, uncollected, corrected, cost_micros FROM user_days", func() error {
			b.Users[usagetest.UserDay{User: user, Day: day}] = u
			return nil
		}, &user, &day, &u.Requests, &u.Millionths, &u.Granted, &u.Uncollected, &u.Corrected, &u.CostMicros),
		m.each("SELECT user_id, day, key_id, model, requests, credits, prompt_tokens, completion_tokens, cost_micros FROM daily_usage", func() error {
			b.Rows[usagetest.Row{UserDay: usagetest.UserDay{User: user, Day: day}, Key: key, Model: text}] = r
			return nil
		}, &user, &day, &key, &text, &r.Requests, &r.Credits, &r.PromptTokens, &r.CompletionTokens, &r.CostMicros),
		m.each(`SELECT user_id, day, key_id, model, price_id, requests, credits, cost_micros, prompt_tokens, completion_tokens, cache_read, cache_write, cache_write_1h,
			audio_input, audio_output, reasoning, web_searches FROM daily_tokens`, func() error {
			t := &p.Tokens
			t.Input, t.Output = prompt-t.CacheRead-t.CacheWrite-t.CacheWrite1h-t.AudioInput, completion-t.AudioOutput
			b.Prices[usagetest.PriceRow{Row: usagetest.Row{UserDay: usagetest.UserDay{User: user, Day: day}, Key: key, Model: text}, Price: id}] = p
			return nil
		}, &user, &day, &key, &text, &id, &p.Requests, &p.Credits, &p.CostMicros, &prompt, &completion, &p.Tokens.CacheRead, &p.Tokens.CacheWrite, &p.Tokens.CacheWrite1h,
			&p.Tokens.AudioInput, &p.Tokens.AudioOutput, &p.Tokens.Reasoning, &p.Tokens.WebSearches),
		m.each("SELECT g.user_id, d.grant_id, d.day, d.credits FROM grant_days AS d JOIN grants AS g ON g.id = d.grant_id", func() error {
			b.Grants[usagetest.GrantDay{Grant: id, Day: day}] = credits
			return nil
		}, &user, &id, &day, &credits),
		m.each("SELECT user_id, id, credits, delivered, draws, price_id, COALESCE(tokens, ''), cost_micros FROM holds WHERE status = 'open'", func() error {
			hold, err := m.instances[0].Hold(ctx, id)
			h.Granted, h.ExpiresAt, h.Price = 0, hold.ExpiresAt.UTC(), price.UUID
			for _, drawn := range drawnCredits.FindAllStringSubmatch(text, -1) {
				n, failed := strconv.ParseInt(drawn[1], 10, 64)
				h.Granted, err = h.Granted+n, errors.Join(err, failed)
			}
			b.Holds[id] = h
			return err
		}, &user, &id, &h.Credits, &h.Delivered, &text, &price, &h.Tokens, &h.Cost),
	)
	return b.Trim(), err
}

func (m *modelled) Calls(context.Context) (map[usagetest.CallRow]int64, error) {
	calls := map[usagetest.CallRow]int64{}
	var row usagetest.CallRow
	var upstream uuid.NullUUID
	err := m.each("SELECT user_id, day, request_id, outcome, source, upstream_id, adjusts_id IS NOT NULL FROM usage WHERE request_id IS NOT NULL", func() error {
		row.UpstreamID = upstream.UUID
		calls[row]++
		return nil
	}, &row.User, &row.Day, &row.RequestID, &row.Outcome, &row.Source, &upstream, &row.Adjusts)
	return calls, err
}

var drawnCredits = regexp.MustCompile(`:(\d+)`)

// each visits the rows of this play's users: the first column is the user.
func (m *modelled) each(query string, visit func() error, dest ...any) error {
	rows, err := m.raw.Query(query)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		if user, ok := dest[0].(*uuid.UUID); ok && m.users[*user] {
			if err := visit(); err != nil {
				return err
			}
		}
	}
	return rows.Err()
}

func (m *modelled) exec(query string, args ...any) error {
	for i := 1; m.postgres && strings.Contains(query, "?"); i++ {
		query = strings.Replace(query, "?", fmt.Sprintf("$%d", i), 1)
	}
	_, err := m.raw.Exec(query, args...)
	return err
}

// id and time are values as the database keeps them.
func (m *modelled) id(id uuid.UUID) any {
	if m.postgres {
		return id.String()
	}
	return id[:]
}

func (m *modelled) time(at time.Time) any {
	switch {
	case at.IsZero():
		return nil
	case m.postgres:
		return at
	}
	return at.UnixMicro()
}
