package store

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"codexible/accounts"
	"codexible/gateway"
	"codexible/secrets"
	"codexible/usage"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// The encrypted columns of upstreams. Either is empty where there is nothing to keep.
var (
	upstreamHeaders   = sealedColumn{"upstreams", "headers", "id"}
	upstreamKeySecret = sealedColumn{"upstream_keys", "secret", "id"}
)

// Upstreams reads every upstream by name, with its keys and headers in clear. One that
// cannot be decrypted says so in Problem and hides no other.
func (s *Store) Upstreams(ctx context.Context) (all []gateway.Upstream, err error) {
	err = s.reading(ctx, func(db *gorm.DB) error {
		all, err = s.readUpstreams(db, uuid.Nil)
		return err
	})
	return all, err
}

// Upstream reads one upstream; gateway.ErrUpstreamNotFound where it does not exist.
func (s *Store) Upstream(ctx context.Context, id uuid.UUID) (u gateway.Upstream, err error) {
	err = s.reading(ctx, func(db *gorm.DB) error {
		u, err = s.readUpstream(db, id)
		return err
	})
	return u, err
}

// UpstreamNames are the names of all upstreams by their ids.
func (s *Store) UpstreamNames(ctx context.Context) (names map[uuid.UUID]string, err error) {
	err = s.reading(ctx, func(db *gorm.DB) error {
		names, err = upstreamNames(db)
		return err
	})
	return names, err
}

func upstreamNames(db *gorm.DB) (map[uuid.UUID]string, error) {
	var rows []upstreamRow
	err := db.Select("id", "name").Find(&rows).Error
	names := make(map[uuid.UUID]string, len(rows))
	for i := range rows {
		names[rows[i].ID] = rows[i].Name
	}
	return names, err
}

func (s *Store) readUpstream(db *gorm.DB, id uuid.UUID) (gateway.Upstream, error) {
	if id == uuid.Nil { // which reads all
		return gateway.Upstream{}, gateway.ErrUpstreamNotFound
	}
	list, err := s.readUpstreams(db, id)
	switch {
	case err != nil:
		return gateway.Upstream{}, err
	case len(list) == 0:
		return gateway.Upstream{}, gateway.ErrUpstreamNotFound
	}
	return list[0], nil
}

// readUpstreams reads one upstream, or all for the zero id.
func (s *Store) readUpstreams(db *gorm.DB, only uuid.UUID) ([]gateway.Upstream, error) {
	of, keysOf := db, db
	if only != uuid.Nil {
		of, keysOf = db.Where("id = ?", only), db.Where("upstream_id = ?", only)
	}
	var rows []upstreamRow
	if err := of.Order("name_folded").Find(&rows).Error; err != nil {
		return nil, err
	}
	var keyRows []upstreamKeyRow
	if err := keysOf.Order("upstream_id, position").Find(&keyRows).Error; err != nil {
		return nil, err
	}
	keys := map[uuid.UUID][]gateway.UpstreamKey{}
	for i := range keyRows {
		keys[keyRows[i].UpstreamID] = append(keys[keyRows[i].UpstreamID], keyRows[i].key(s.secrets))
	}
	all := make([]gateway.Upstream, len(rows))
	for i := range rows {
		all[i] = rows[i].upstream(s.secrets)
		all[i].Keys = keys[rows[i].ID]
	}
	return all, nil
}

// problemOf says why a stored secret cannot be used.
func problemOf(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, secrets.ErrNoKey), errors.Is(err, secrets.ErrOtherKey):
		return "it was encrypted with a key that this service does not have: start it with the SECRET_KEY of before, or send it again"
	}
	return "it cannot be decrypted: send it again"
}

func (r *upstreamKeyRow) key(ring *secrets.Ring) gateway.UpstreamKey {
	k := gateway.UpstreamKey{
		ID: r.ID, Name: r.Name, Source: gateway.KeySource(r.Source), Reference: r.Reference, EndsWith: r.EndsWith,
		DisabledAt: utc(r.DisabledAt), DisabledReason: r.DisabledReason,
	}
	if k.Source == gateway.KeyStored {
		text, err := vault{ring: ring}.open(stored{upstreamKeySecret, r.ID, r.Secret})
		k.Secret, k.Problem = gateway.NewSecret(text), problemOf(err)
		if r.Secret == "" {
			k.Problem = "it was dropped: send it again"
		}
	}
	return k
}

func utc(at *time.Time) *time.Time {
	if at == nil {
		return nil
	}
	return new(at.UTC())
}

func (r *upstreamRow) upstream(ring *secrets.Ring) gateway.Upstream {
	u := gateway.Upstream{
		ID: r.ID, Name: r.Name, Kind: gateway.Kind(r.Kind), BaseURL: r.BaseURL, Weight: r.Weight, Priority: r.Priority,
		FirstByteTimeout: time.Duration(r.FirstByteSeconds) * time.Second, IdleTimeout: time.Duration(r.IdleSeconds) * time.Second,
		OnClientGone: gateway.OnClientGone(r.OnClientGone), DailyLimitMicros: r.DailyLimitMicros, SharedState: r.SharedState, Enabled: r.Enabled, CreatedAt: r.CreatedAt.UTC(),
	}
	u.Wires, _ = gateway.ParseWires(strings.Fields(r.Wires)) // with none that can be read it serves none
	if r.Headers == "" {
		return u
	}
	text, err := vault{ring: ring}.open(stored{upstreamHeaders, r.ID, r.Headers})
	if err == nil && json.Unmarshal([]byte(text), &u.Headers) != nil {
		err = secrets.ErrBroken
	}
	if err != nil {
		u.Headers, u.Problem = nil, "its headers cannot be used: "+problemOf(err)
	}
	return u
}

func upstreamRowOf(u *gateway.Upstream) upstreamRow {
	return upstreamRow{
		ID: u.ID, Name: u.Name, NameFolded: accounts.Fold(u.Name), Kind: string(u.Kind), BaseURL: u.BaseURL, Wires: wireNames(u.Wires),
		Weight: u.Weight, Priority: u.Priority, FirstByteSeconds: int64(u.FirstByteTimeout / time.Second), IdleSeconds: int64(u.IdleTimeout / time.Second),
		OnClientGone: string(u.OnClientGone), DailyLimitMicros: u.DailyLimitMicros, SharedState: u.SharedState, Enabled: u.Enabled, CreatedAt: u.CreatedAt,
	}
}

func wireNames(wires []usage.Wire) string {
	names := make([]string, len(wires))
	for i, w := range wires {
		names[i] = w.String()
	}
	return strings.Join(names, " ")
}
