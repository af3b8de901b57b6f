package store_test

import (
	"database/sql"
	"encoding/hex"
	"testing"

	"codexible/accounts"
	"codexible/fault"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/uuid"
)

// ada is an operator who makes changes from somewhere.
var ada = accounts.Actor{Name: "ada@example.com", UserID: uuid.UUID{15: 1}, Address: "192.0.2.7", RequestID: "req-1"}

func charges(c ...usage.Charge) []usage.Charge { return c }

func wantKind(t *testing.T, err error, want fault.Kind) {
	t.Helper()
	if err == nil || fault.KindOf(err) != want {
		t.Errorf("the error is %v (%s), want %s", err, fault.KindOf(err).Code(), want.Code())
	}
}

// literal writes a UUID as either database reads it.
func literal(dialect string, id uuid.UUID) string {
	if dialect == "sqlite" {
		return "X'" + hex.EncodeToString(id[:]) + "'"
	}
	return "'" + id.String() + "'"
}

// addSession signs a user in to the console.
func addSession(t *testing.T, db *sql.DB, dialect string, user uuid.UUID) {
	t.Helper()
	token, at := "X'"+hex.EncodeToString(user[:])+"'", "0"
	if dialect == "postgres" {
		token, at = `'\x`+hex.EncodeToString(user[:])+"'", "now()"
	}
	storetest.Run(t, db, "INSERT INTO console_sessions (token_hash, id, user_id, created_at, last_seen_at, expires_at, address, user_agent) VALUES ("+
		token+", "+literal(dialect, uuid.New())+", "+literal(dialect, user)+", "+at+", "+at+", "+at+", '', '')")
}
