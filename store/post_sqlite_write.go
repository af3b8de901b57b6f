package store

import (
	"errors"
	"fmt"
	"strings"

	"codexible/usage"
)

// record writes a posting; its totals later where later is true.
func (l *sqliteLedger) record(p *usage.Posting, later bool) error {
	if !later && len(p.Users) > 0 { // the charges before these are counted first
		if err := l.countNow(p); err != nil {
			return err
		}
	}
	for _, write := range []func(*usage.Posting) error{l.writeCharges, l.reopenDays, l.writeHolds, l.writeGrants, l.writeReplays} {
		if err := write(p); err != nil {
			return err
		}
	}
	return nil
}

func (l *sqliteLedger) reopenDays(p *usage.Posting) error {
	for _, past := range pastDays(p) {
		s, err := l.handle.statement(intoReopenedDays + "VALUES (?, ?)" + reopenAgain)
		if err != nil {
			return err
		}
		s.text(string(past.Day))
		s.blob(past.LastChargeID[:])
		if err := s.exec(); err != nil {
			return err
		}
	}
	return nil
}

func (l *sqliteLedger) writeCharges(p *usage.Posting) error {
	const values = "VALUES (?2, ?3, ?4, ?5, ?6, ?1, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15"
	if err := l.insertCharges(p, intoUsage+values+")", true); err != nil || all(p.Records, byHand) {
		return err
	}
	return l.insertCharges(p, intoPriced+values+", ?16, ?17, ?18, ?19, ?20, ?21)", false)
}

// insertCharges inserts the charges that are by hand, or the others.
func (l *sqliteLedger) insertCharges(p *usage.Posting, text string, areByHand bool) error {
	s, err := l.handle.statement(text)
	if err != nil {
		return err
	}
	s.integers(p.At.UnixMicro())
	s.keep()
	for i := range p.Records {
		r := &p.Records[i]
		if byHand(r) != areByHand {
			continue
		}
		s.blob(r.ID[:])
		s.text(string(r.Day))
		s.blob(r.UserID[:])
		s.blob(r.KeyID[:])
		s.id(r.PreviousID)
		s.integers(r.Credits)
		s.text(r.Model)
		s.integers(r.PromptTokens, r.CompletionTokens, r.CostMicros, remainder(r), r.Granted, r.Uncollected)
		s.id(r.AdjustsID)
		if !areByHand {
			bindPriced(s, r)
		}
		if err := s.exec(); err != nil {
			return err
		}
	}
	return nil
}

// bindPriced binds what a charge has that is not by hand.
func bindPriced(s *statement, r *usage.Record) {
	if r.Priced == nil {
		s.null()
		s.null()
	} else {
		s.id(r.Priced.PriceID)
		s.text(tokensText(r.Priced))
	}
	if r.Call == nil {
		for range 4 {
			s.null()
		}
		return
	}
	s.id(r.Call.RequestID)
	s.text(string(r.Call.Outcome))
	s.text(string(r.Call.Source))
	s.id(r.Call.UpstreamID)
}

// addUp adds to the rows of a table of totals: an UPDATE of those that exist and
// an INSERT of the others, which only the first of a day are. ON CONFLICT
// would make every row twice.
func addUp[T any](l *sqliteLedger, totals []T, update, insert string, bind func(*statement, *T)) error {
	updating, err := l.handle.statement(update)
	if err != nil {
		return err
	}
	inserting, err := l.handle.statement(insert)
	if err != nil {
		return err
	}
	for i := range totals {
		bind(updating, &totals[i])
		if err := updating.exec(); err != nil {
			return err
		}
		if updating.changes() > 0 {
			continue
		}
		bind(inserting, &totals[i])
		if err := inserting.exec(); err != nil {
			return err
		}
	}
	return nil
}

func (l *sqliteLedger) writeUserDays(p *usage.Posting) error {
	hour := hourColumn(p.At.Hour())
	update := "UPDATE user_days SET requests = requests + ?3, millionths = millionths + ?4, granted = granted + ?5, uncollected = uncollected + ?6, " +
		"corrected = corrected + ?7, cost_micros = cost_micros + ?8, last_charge_id = COALESCE(?9, last_charge_id), " +
		hour + " = " + hour + " + ?3 WHERE day = ?1 AND user_id = ?2"
	insert := intoUserDays(hour) + "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?3)"
	return addUp(l, p.Users, update, insert, func(s *statement, t *usage.Total) {
		s.text(string(t.Day))
		s.blob(t.UserID[:])
		s.integers(t.Requests, t.Millionths, t.Granted, t.Uncollected, t.Corrected, t.CostMicros)
		s.id(t.LastChargeID)
	})
}

func (l *sqliteLedger) writeRows(p *usage.Posting) error {
	const update = `UPDATE daily_usage SET requests = requests + ?5, credits = credits + ?6, prompt_tokens = prompt_tokens + ?7,
		completion_tokens = completion_tokens + ?8, cost_micros = cost_micros + ?9 WHERE day = ?1 AND user_id = ?2 AND key_id = ?3 AND model = ?4`
	return addUp(l, p.Rows, update, intoDailyUsage+"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", func(s *statement, t *usage.Total) {
		s.text(string(t.Day))
		s.blob(t.UserID[:])
		s.blob(t.KeyID[:])
		s.text(t.Model)
		s.integers(t.Requests, t.Credits, t.PromptTokens, t.CompletionTokens, t.CostMicros)
	})
}

func (l *sqliteLedger) writeTokens(p *usage.Posting) error {
	if len(p.Tokens) == 0 {
		return nil
	}
	return addUp(l, p.Tokens, updateTokens, intoDailyTokens+"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", func(s *statement, t *usage.TokenTotal) {
		s.text(string(t.Day))
		s.blob(t.UserID[:])
		s.blob(t.KeyID[:])
		s.text(t.Model)
		s.blob(t.PriceID[:])
		sums := tokenSums(t)
		s.integers(sums[:]...)
	})
}

// updateTokens has the parameters of an INSERT, in their order.
var updateTokens = func() string {
	var sums []string
	for i, column := range tokenSumNames {
		sums = append(sums, fmt.Sprintf("%[1]s = %[1]s + ?%[2]d", column, 6+i))
	}
	return "UPDATE daily_tokens SET " + strings.Join(sums, ", ") + " WHERE day = ?1 AND user_id = ?2 AND key_id = ?3 AND model = ?4 AND price_id = ?5"
}()

func (l *sqliteLedger) writeHolds(p *usage.Posting) error {
	const update = `UPDATE holds SET credits = ?5, draws = ?6, delivered = ?7, expires_at = ?13, status = ?14, ended_at = ?15, charge_id = ?16,
		charged_day = ?17, charged = ?18, collected = ?19, uncollected = ?20, settlement = ?21, figures = ?22, tokens = ?23, cost_micros = ?24 WHERE id = ?1`
	const insert = intoHolds + "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
	return errors.Join(l.eachHold(insert, p.Held), l.eachHold(update, p.Changed))
}

func (l *sqliteLedger) eachHold(text string, holds []*usage.Hold) error {
	if len(holds) == 0 {
		return nil
	}
	s, err := l.handle.statement(text)
	if err != nil {
		return err
	}
	for _, h := range holds {
		bindHold(s, h)
		if err := s.exec(); err != nil {
			return err
		}
	}
	return nil
}

// bindHold binds the columns of a hold in the order of intoHolds. SQLite takes
// values for parameters that a statement does not use.
func bindHold(s *statement, h *usage.Hold) {
	s.blob(h.ID[:])
	s.blob(h.UserID[:])
	s.blob(h.KeyID[:])
	s.blob(h.OwnerID[:])
	s.integers(h.Credits)
	s.text(drawsText(h.Draws))
	s.integers(h.Delivered)
	s.text(string(h.OnExpiry))
	s.text(h.Model)
	s.text(h.RequestID)
	s.id(h.PriceID)
	s.integers(h.CreatedAt.UnixMicro(), h.ExpiresAt.UnixMicro())
	s.text(string(h.Status))
	if h.End.At.IsZero() {
		s.null()
	} else {
		s.integers(h.End.At.UnixMicro())
	}
	s.id(h.End.ChargeID)
	if h.End.Day == "" {
		s.null()
	} else {
		s.text(string(h.End.Day))
	}
	s.integers(h.End.Charged, h.End.Collected, h.End.Uncollected)
	if h.End.Fingerprint == ([16]byte{}) {
		s.null()
		s.text("")
	} else {
		s.blob(h.End.Fingerprint[:])
		s.text(figuresText(h.End.Figures))
	}
	if tokens := deliveredText(h); tokens == nil {
		s.null()
	} else {
		s.text(*tokens)
	}
	s.integers(h.DeliveredMicros)
}

func (l *sqliteLedger) writeGrants(p *usage.Posting) error {
	for i := range p.Uses {
		use := &p.Uses[i]
		grant, err := l.handle.statement("UPDATE grants SET used = used + ?2 WHERE id = ?1")
		if err != nil {
			return err
		}
		grant.blob(use.GrantID[:])
		grant.integers(use.Credits)
		if err := grant.exec(); err != nil {
			return err
		}
		day, err := l.handle.statement(intoGrantDays + "VALUES (?, ?, ?)" + addGrantDay + "?")
		if err != nil {
			return err
		}
		day.blob(use.GrantID[:])
		day.text(string(use.Day))
		day.integers(max(use.Credits, 0), use.Credits)
		if err := day.exec(); err != nil {
			return err
		}
	}
	return nil
}

func (l *sqliteLedger) writeReplays(p *usage.Posting) error {
	s, err := l.handle.statement(intoReplays + "VALUES (?3, ?4, ?5, ?6, ?7, ?1, ?8, ?9, ?10, ?11, ?2)" + renewReplay)
	if err != nil {
		return err
	}
	s.text(string(p.Day))
	s.integers(p.At.UnixMicro())
	s.keep()
	for i := range p.Replays {
		r := &p.Replays[i]
		s.blob(r.KeyID[:])
		s.blob(r.ChargerID[:])
		s.text(operationOf(r.Kind))
		s.text(r.Text)
		s.blob(r.Fingerprint[:])
		s.integers(r.Receipt.CreditsUsed, r.Receipt.DailyLimit)
		s.text(figuresText(r.Receipt.Figures))
		s.id(r.Receipt.HoldID)
		if err := s.exec(); err != nil {
			return err
		}
	}
	return nil
}
