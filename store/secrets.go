package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"codexible/accounts"
	"codexible/secrets"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// sealedColumn is a column whose values are encrypted. row is the column of the
// id that they are bound to.
type sealedColumn struct{ table, column, row string }

var twoStepSecret = sealedColumn{"two_step", "secret", "user_id"}

// sealedColumns are all of them.
var sealedColumns = []sealedColumn{twoStepSecret, upstreamHeaders, upstreamKeySecret, webhookSecret, webhookPrevious}

func (c sealedColumn) place(row uuid.UUID) secrets.Place {
	return secrets.Place{Table: c.table, Column: c.column, Row: row.String()}
}

// statementer is a connection or a transaction.
type statementer interface {
	ExecContext(ctx context.Context, statement string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// vault is the encrypted columns as one transaction sees them. Its statements are by
// hand: migrations and a move use it too, which have no gorm, and its columns are a list.
type vault struct {
	conn    statementer
	dialect string
	ring    *secrets.Ring
}

// secretTurn is the lock under which the key of the database is chosen and changed.
const secretTurn = "codexible secret key"

func (v vault) takeTurn(ctx context.Context) error {
	if v.dialect == dialectSQLite {
		return nil // the transaction is the only writer
	}
	_, err := v.conn.ExecContext(ctx, "SELECT pg_advisory_xact_lock(hashtext($1))", secretTurn)
	return err
}

// mark is the n-th placeholder.
func (v vault) mark(n int) string {
	if v.dialect == dialectPostgres {
		return fmt.Sprintf("$%d", n)
	}
	return "?"
}

// fingerprint is that of the key that the database's secrets are encrypted with;
// nil before the first secret.
func (v vault) fingerprint(ctx context.Context) (fingerprint []byte, err error) {
	rows, err := v.conn.QueryContext(ctx, "SELECT fingerprint FROM secret_key")
	found, err := collect(rows, err, func(f *[]byte) []any { return []any{f} })
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

// key is what secrets of this database are encrypted with. With the first one
// the current key becomes that key.
func (v vault) key(ctx context.Context) (k secrets.Key, err error) {
	if err := v.takeTurn(ctx); err != nil {
		return k, err
	}
	fingerprint, err := v.fingerprint(ctx)
	if err != nil {
		return k, err
	}
	if fingerprint != nil {
		return v.ring.ByFingerprint(fingerprint)
	}
	if k, err = v.ring.Current(true); err != nil {
		return k, err
	}
	return k, v.adopt(ctx, k)
}

// adopt records which key the secrets are encrypted with; the zero Key if no secret is left.
func (v vault) adopt(ctx context.Context, k secrets.Key) error {
	_, err := v.conn.ExecContext(ctx, "DELETE FROM secret_key")
	if err != nil || k.IsZero() {
		return err
	}
	_, err = v.conn.ExecContext(ctx, "INSERT INTO secret_key (id, fingerprint) VALUES (1, "+v.mark(1)+")", k.Fingerprint())
	return err
}

// stored is one value of an encrypted column.
type stored struct {
	sealedColumn

	id   uuid.UUID
	text string
}

func (v vault) all(ctx context.Context, columns ...sealedColumn) (list []stored, err error) {
	for _, c := range columns {
		of, err := v.of(ctx, c)
		if err != nil {
			return nil, err
		}
		list = append(list, of...)
	}
	return list, nil
}

func (v vault) of(ctx context.Context, c sealedColumn) (list []stored, err error) {
	rows, err := v.conn.QueryContext(ctx, "SELECT "+c.row+", "+c.column+" FROM "+c.table+" WHERE "+c.column+" <> '' ORDER BY "+c.row)
	list, err = collect(rows, err, func(s *stored) []any { return []any{&s.id, &s.text} })
	for i := range list {
		list[i].sealedColumn = c
	}
	return list, err
}

func (v vault) put(ctx context.Context, s stored, text string) error {
	_, err := v.conn.ExecContext(ctx, "UPDATE "+s.table+" SET "+s.column+" = "+v.mark(1)+" WHERE "+s.row+" = "+v.mark(2), text, s.id)
	return err
}

// open gives a stored value in clear. One of before secrets were encrypted is that already.
func (v vault) open(s stored) (string, error) {
	if !secrets.IsSealed(s.text) {
		return s.text, nil
	}
	return v.ring.Open(s.place(s.id), s.text)
}

// sealPlain encrypts the second factors that are stored in clear. Where none is no key is needed.
func (v vault) sealPlain(ctx context.Context) (sealed int, err error) {
	var k secrets.Key
	return v.rewrite(ctx, false, func(s stored) (string, error) {
		if k.IsZero() {
			if k, err = v.key(ctx); err != nil {
				return "", err
			}
		}
		return k.Seal(s.place(s.id), s.text)
	})
}

// openAll decrypts every second factor, for a version that knows no encryption.
func (v vault) openAll(ctx context.Context) (opened int, err error) {
	return v.rewrite(ctx, true, v.open)
}

// rewrite replaces the second factors that are encrypted, or those that are not. No other
// column was ever stored in clear, and none else is there when migrations call it.
func (v vault) rewrite(ctx context.Context, sealed bool, replace func(stored) (string, error)) (n int, err error) {
	list, err := v.all(ctx, twoStepSecret)
	if err != nil {
		return 0, err
	}
	for _, s := range list {
		if secrets.IsSealed(s.text) != sealed {
			continue
		}
		text, err := replace(s)
		if err != nil {
			return 0, err
		}
		if err := v.put(ctx, s, text); err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

// split separates the values that can be read from those that cannot. Until the
// transaction ends nobody else changes the key.
func (v vault) split(ctx context.Context) (readable, unreadable []stored, err error) {
	if err := v.takeTurn(ctx); err != nil {
		return nil, nil, err
	}
	list, err := v.all(ctx, sealedColumns...)
	if err != nil {
		return nil, nil, err
	}
	for _, s := range list {
		switch _, err := v.open(s); {
		case err == nil:
			readable = append(readable, s)
		case secrets.Unreadable(err):
			unreadable = append(unreadable, s)
		default:
			return nil, nil, err
		}
	}
	return readable, unreadable, nil
}

// reseal encrypts values with a key and makes it the database's; without values the database has no key.
func (v vault) reseal(ctx context.Context, list []stored) error {
	if len(list) == 0 {
		return v.adopt(ctx, secrets.Key{})
	}
	k, err := v.ring.Current(true)
	if err != nil {
		return err
	}
	for _, s := range list {
		plain, err := v.open(s)
		if err != nil {
			return err
		}
		text, err := k.Seal(s.place(s.id), plain)
		if err != nil {
			return err
		}
		if err := v.put(ctx, s, text); err != nil {
			return err
		}
	}
	return v.adopt(ctx, k)
}

// vaultOf is the encrypted columns in a transaction of the store.
func (s *Store) vaultOf(tx *gorm.DB) vault {
	return vault{conn: tx.Statement.ConnPool, dialect: s.dialect.name(), ring: s.secrets}
}

// SecretKeyState says how the keys of this service fit the database.
type SecretKeyState uint8

// The states: no secret is stored, the current key encrypts them, or one that is
// read beside it does, and `codexible secrets rotate` is due.
const (
	NoSecrets SecretKeyState = iota
	SecretsReadable
	SecretsToRotate
)

// CheckSecrets fails, with a sentence for who runs the service, where the
// database's secrets are encrypted with a key that this service does not have.
func (s *Store) CheckSecrets(ctx context.Context) (state SecretKeyState, err error) {
	err = s.reading(ctx, func(db *gorm.DB) error {
		fingerprint, err := s.vaultOf(db).fingerprint(ctx)
		if err != nil || fingerprint == nil {
			return err
		}
		k, err := s.secrets.ByFingerprint(fingerprint)
		if errors.Is(err, secrets.ErrOtherKey) {
			return errSecretKey
		}
		if err != nil {
			return err
		}
		state = SecretsToRotate
		if current, err := s.secrets.Current(false); err == nil && current.Has(k.Fingerprint()) {
			state = SecretsReadable
		}
		return nil
	})
	return state, err
}

// RotateSecrets encrypts every secret with the current key, all or none, and
// says how many there are.
func (s *Store) RotateSecrets(ctx context.Context, by accounts.Actor) (n int, err error) {
	err = s.changing(ctx, by, func(tx *change) error {
		v := s.vaultOf(tx.DB)
		readable, unreadable, err := v.split(ctx)
		if err != nil {
			return err
		}
		if len(unreadable) > 0 {
			return errUnreadable(len(unreadable))
		}
		if n = len(readable); n == 0 {
			return v.adopt(ctx, secrets.Key{})
		}
		if err := v.reseal(ctx, readable); err != nil {
			return err
		}
		return tx.record(entry{action: "secrets.rotated", subject: accounts.SubjectSystem, target: "secrets", details: fmt.Sprintf("Encrypted %d stored secrets with the current key.", n)})
	})
	return n, err
}

// DroppedSecrets says whose secrets no key of the service opens.
type DroppedSecrets struct {
	// Users are the e-mails of those whose two-factor authentication is turned off.
	Users []string
	// Upstreams are the names of those that need keys or headers again.
	Upstreams []string
	// Webhooks are the receivers of those whose secret has to be rotated.
	Webhooks []string
}

// None reports whether every secret can be decrypted.
func (d *DroppedSecrets) None() bool { return len(d.Users)+len(d.Upstreams)+len(d.Webhooks) == 0 }

// DropSecrets drops what no key of this service opens, encrypts the rest with
// the current key, and says whose that was. Where drop is false it changes nothing and
// only says so. A key of an upstream stays, disabled, so that nobody takes its upstream for one
// that needs no credentials.
func (s *Store) DropSecrets(ctx context.Context, by accounts.Actor, drop bool) (dropped DroppedSecrets, err error) {
	err = s.changing(ctx, by, func(tx *change) error {
		v := s.vaultOf(tx.DB)
		readable, unreadable, err := v.split(ctx)
		if err != nil {
			return err
		}
		upstreams := map[uuid.UUID]bool{}
		for _, one := range unreadable {
			switch one.sealedColumn {
			case twoStepSecret:
				email, err := tx.dropSecondFactor(one.id, drop)
				if err != nil {
					return err
				}
				dropped.Users = append(dropped.Users, email)
			case webhookSecret, webhookPrevious:
				host, err := tx.dropWebhookSecret(one, drop)
				if err != nil {
					return err
				}
				dropped.Webhooks = addOnce(dropped.Webhooks, host)
			default:
				id, err := tx.dropUpstreamSecret(one, drop)
				if err != nil {
					return err
				}
				upstreams[id] = true
			}
		}
		if dropped.Upstreams, err = tx.upstreamsDropped(upstreams, drop); err != nil {
			return err
		}
		if !drop || len(unreadable) == 0 {
			return nil
		}
		return v.reseal(ctx, readable)
	})
	return dropped, err
}

// dropSecondFactor drops a user's second factor, and returns the user's e-mail.
func (c *change) dropSecondFactor(userID uuid.UUID, drop bool) (email string, err error) {
	u, err := userByID(c.DB, userID)
	if err != nil || !drop {
		return u.Email, err
	}
	if err := errors.Join(c.dropTwoStep(userID), c.endSignIns(userID)); err != nil {
		return "", err
	}
	return u.Email, c.record(entry{action: "user.two_step_off", subject: accounts.SubjectUser, id: userID, target: u.Email,
		details: "Turned off two-factor authentication for " + u.Email + ": no key of the service decrypts its secret. The password alone signs in."})
}

// dropUpstreamSecret drops a key or the headers of an upstream, and returns the upstream's id.
func (c *change) dropUpstreamSecret(one stored, drop bool) (upstream uuid.UUID, err error) {
	if one.sealedColumn == upstreamHeaders {
		if !drop {
			return one.id, nil
		}
		return one.id, c.Model(&upstreamRow{}).Where("id = ?", one.id).UpdateColumns(map[string]any{"headers": "", "enabled": false}).Error
	}
	var row upstreamKeyRow
	if err := c.Where("id = ?", one.id).Take(&row).Error; err != nil || !drop {
		return row.UpstreamID, err
	}
	return row.UpstreamID, c.Model(&upstreamKeyRow{}).Where("id = ?", one.id).
		UpdateColumns(map[string]any{"secret": "", "disabled_at": c.at, "disabled_reason": "its secret could not be decrypted and was dropped"}).Error
}

// upstreamsDropped are the names of upstreams whose secrets were dropped, sorted.
func (c *change) upstreamsDropped(ids map[uuid.UUID]bool, drop bool) (list []string, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	names, err := upstreamNames(c.DB)
	if err != nil {
		return nil, err
	}
	for id := range ids {
		list = append(list, names[id])
		if !drop {
			continue
		}
		if err := c.recordChange(entry{action: "upstream.secrets_dropped", subject: accounts.SubjectUpstream, id: id, target: names[id],
			details: "Dropped secrets of upstream " + names[id] + ": no key of the service decrypts them. Send its keys again; where it had headers it is disabled, so send them and enable it."}); err != nil {
			return nil, err
		}
	}
	slices.Sort(list)
	return list, nil
}

var errSecretKey = errors.New(strings.Join([]string{
	"the secrets in the database were encrypted with a key that this service does not have",
	"start it with the SECRET_KEY (or the file secret.key) of before",
	"to change keys set the one of before as SECRET_KEY_PREVIOUS beside the other and run `codexible secrets rotate`",
	"if it is lost, `codexible secrets forget` drops what cannot be decrypted",
}, "; "))

func errUnreadable(n int) error {
	return fmt.Errorf("%d secrets cannot be decrypted with SECRET_KEY or SECRET_KEY_PREVIOUS, so nothing was changed: set SECRET_KEY_PREVIOUS to the key that they were encrypted with, or drop them with `codexible secrets forget`", n)
}
