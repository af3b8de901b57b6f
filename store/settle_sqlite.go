package store

import (
	"context"
	"errors"
	"sync"
	"time"

	"codexible/usage"

	"github.com/google/uuid"
)

// sqliteBooks is the meter's own connection to the embedded database.
type sqliteBooks struct {
	mu      sync.Mutex
	path    string
	pragmas []string
	// handle is nil until the first batch, and after a transaction that could not be ended.
	handle *handle
}

// settle takes its turn with every other change: it holds the one connection
// that writes while its own does.
func (d sqliteDialect) settle(ctx context.Context, at time.Time, charges []usage.Charge) ([]usage.Receipt, error) {
	turn, err := d.write.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = turn.Close() }()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.handle == nil {
		if d.handle, err = openHandle(d.path, d.pragmas...); err != nil {
			d.handle = nil
			return nil, err
		}
	}
	return d.decide(at, charges, func() uuid.UUID { return d.mint(at) })
}

// decide takes the write lock first: what it reads is what it decides on.
func (b *sqliteBooks) decide(at time.Time, charges []usage.Charge, mint func() uuid.UUID) (receipts []usage.Receipt, err error) {
	if err := b.handle.run("BEGIN IMMEDIATE"); err != nil {
		return nil, err
	}
	defer func() {
		if !b.handle.idle() && b.handle.run("ROLLBACK") != nil {
			err = errors.Join(err, b.shut()) // a connection that cannot roll back is not used again
		}
	}()
	rows, err := b.read(at, charges)
	if err != nil {
		return nil, err
	}
	posting := usage.Decide(at, charges, rows.balances, rows.replays, mint)
	if len(posting.Records) == 0 {
		return posting.Receipts, nil
	}
	if err := b.post(posting); err != nil {
		return nil, err
	}
	return posting.Receipts, b.handle.run("COMMIT")
}

// shut closes the connection; the next batch opens another one.
func (b *sqliteBooks) shut() error {
	if b.handle == nil {
		return nil
	}
	err := b.handle.close()
	b.handle = nil
	return err
}

func (b *sqliteBooks) read(at time.Time, charges []usage.Charge) (ledgerRows, error) {
	rows := newLedgerRows(len(charges))
	users, _, _ := touched(charges)
	s, err := b.handle.statement(selectBalance + "? AND d.user_id = u.id WHERE u.id = ?")
	if err != nil {
		return rows, err
	}
	s.text(string(usage.DayOf(at)))
	s.keep()
	for i := range users {
		s.blob(users[i][:])
		more, err := s.next()
		for ; more && err == nil; more, err = s.next() {
			balance := usage.Balance{Limit: s.integer(1), Used: s.integer(2)}
			copy(balance.LastChargeID[:], s.bytesOf(3))
			rows.balances[users[i]] = balance
		}
		if err != nil {
			return rows, err
		}
	}
	return rows, b.readReplays(rows, at, charges)
}

func (b *sqliteBooks) readReplays(rows ledgerRows, at time.Time, charges []usage.Charge) error {
	s, err := b.handle.statement(selectReplay + "created_at > ? AND key_id = ? AND text = ?")
	if err != nil {
		return err
	}
	s.integers(replaysSince(at).UnixMicro())
	s.keep()
	for i := range charges {
		c := &charges[i]
		if c.IdempotencyKey == "" {
			continue
		}
		s.blob(c.KeyID[:])
		s.text(c.IdempotencyKey)
		more, err := s.next()
		for ; more && err == nil; more, err = s.next() {
			replay := usage.Replay{ReplayKey: usage.ReplayKey{KeyID: c.KeyID, Text: c.IdempotencyKey}, Receipt: usage.Receipt{
				Outcome: usage.Accepted, Day: usage.Day(s.bytesOf(3)), CreditsUsed: s.integer(4), DailyLimit: s.integer(5),
			}}
			copy(replay.Fingerprint[:], s.bytesOf(2))
			rows.replays[replay.ReplayKey] = replay
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *sqliteBooks) post(p usage.Posting) error {
	for _, write := range []func(usage.Posting) error{b.postCharges, b.postUsers, b.postKeys, b.postModels, b.postReplays} {
		if err := write(p); err != nil {
			return err
		}
	}
	return nil
}

func (b *sqliteBooks) postCharges(p usage.Posting) error {
	s, err := b.handle.statement(intoUsage + "VALUES (?3, ?1, ?4, ?5, ?6, ?2, ?7, ?8, ?9, ?10, ?11)")
	if err != nil {
		return err
	}
	s.text(string(p.Day))
	s.integers(p.At.UnixMicro())
	s.keep()
	for i := range p.Records {
		r := &p.Records[i]
		s.blob(r.ID[:])
		s.blob(r.UserID[:])
		s.blob(r.KeyID[:])
		if r.PreviousID == uuid.Nil {
			s.null()
		} else {
			s.blob(r.PreviousID[:])
		}
		s.integers(r.Credits)
		s.text(r.Model)
		s.integers(r.PromptTokens, r.CompletionTokens, r.CostMicros)
		if err := s.exec(); err != nil {
			return err
		}
	}
	return nil
}

func (b *sqliteBooks) postUsers(p usage.Posting) error {
	hour := hourColumn(p.At.Hour())
	s, err := b.handle.statement(intoUserDays(hour) + "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?3) ON CONFLICT (day, user_id) DO UPDATE" + addUserDay(hour))
	if err != nil {
		return err
	}
	s.text(string(p.Day))
	s.keep()
	for i := range p.Users {
		t := &p.Users[i]
		s.blob(t.UserID[:])
		s.integers(t.Requests, t.Credits, t.CostMicros)
		s.blob(t.LastChargeID[:])
		if err := s.exec(); err != nil {
			return err
		}
	}
	return nil
}

func (b *sqliteBooks) postKeys(p usage.Posting) error {
	s, err := b.handle.statement(intoDailyKeys + "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (day, user_id, key_id) DO UPDATE" + addTotals)
	if err != nil {
		return err
	}
	s.text(string(p.Day))
	s.keep()
	for i := range p.Keys {
		t := &p.Keys[i]
		s.blob(t.UserID[:])
		s.blob(t.KeyID[:])
		s.integers(t.Requests, t.Credits, t.PromptTokens, t.CompletionTokens, t.CostMicros)
		if err := s.exec(); err != nil {
			return err
		}
	}
	return nil
}

func (b *sqliteBooks) postModels(p usage.Posting) error {
	s, err := b.handle.statement(intoModels + "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (day, user_id, model) DO UPDATE" + addTotals)
	if err != nil {
		return err
	}
	s.text(string(p.Day))
	s.keep()
	for i := range p.Models {
		t := &p.Models[i]
		s.blob(t.UserID[:])
		s.text(t.Model)
		s.integers(t.Requests, t.Credits, t.PromptTokens, t.CompletionTokens, t.CostMicros)
		if err := s.exec(); err != nil {
			return err
		}
	}
	return nil
}

func (b *sqliteBooks) postReplays(p usage.Posting) error {
	s, err := b.handle.statement(intoReplays + "VALUES (?3, ?4, ?5, ?1, ?6, ?7, ?2)" + renewReplay)
	if err != nil {
		return err
	}
	s.text(string(p.Day))
	s.integers(p.At.UnixMicro())
	s.keep()
	for i := range p.Replays {
		r := &p.Replays[i]
		s.blob(r.KeyID[:])
		s.text(r.Text)
		s.blob(r.Fingerprint[:])
		s.integers(r.Receipt.CreditsUsed, r.Receipt.DailyLimit)
		if err := s.exec(); err != nil {
			return err
		}
	}
	return nil
}
