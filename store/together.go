package store

import (
	"context"
	"errors"

	"codexible/accounts"
)

// Together runs changes of plans, models, prices, upstreams, webhooks and settings in one
// transaction: all of them or none. What is called with the context that work is given joins
// it, and work runs in one goroutine. made is what the audit log got. With dry the transaction is rolled back,
// so made is what would change, and nothing has.
func (s *Store) Together(ctx context.Context, by accounts.Actor, dry bool, work func(ctx context.Context) error) (made []accounts.AuditEntry, err error) {
	err = s.changing(ctx, by, func(tx *change) error {
		if err := work(context.WithValue(ctx, joinedKey{}, tx)); err != nil {
			return err
		}
		made = tx.entries
		if dry {
			return errDry
		}
		return nil
	})
	if errors.Is(err, errDry) {
		err = nil
	}
	return made, err
}

// errDry rolls back what was only tried.
var errDry = errors.New("the transaction was only tried")

type joinedKey struct{}

// joined is the transaction that a context belongs to; nil for none.
func joined(ctx context.Context) *change {
	c, _ := ctx.Value(joinedKey{}).(*change)
	return c
}

// entry is the row as readers of the audit log get it.
func (r *auditRow) entry() accounts.AuditEntry {
	return accounts.AuditEntry{
		Seq: r.Seq, At: r.At, Actor: r.Actor, Address: r.Address, RequestID: r.RequestID, KeyID: r.KeyID, KeyPrefix: r.KeyPrefix, Action: r.Action,
		Subject: r.Subject, SubjectID: r.SubjectID, Target: r.Target, Details: r.Details, Before: r.Before, After: r.After,
	}
}
