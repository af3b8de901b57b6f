package valkey

import (
	"context"
	_ "embed" // totals.lua
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	valkeygo "github.com/valkey-io/valkey-go"
)

//go:embed totals.lua
var totalsScript string

var largerTotal = valkeygo.NewLuaScript(totalsScript)

// totalsTimeout bounds the calls of the cache: beyond it the database is the faster answer.
const totalsTimeout = 50 * time.Millisecond

// Totals is a cache of the credits that users have used on a day. The database decides; a cached total may be missing or
// too low, and is never too high. Each call waits for 50 ms at most.
type Totals struct{ client valkeygo.Client }

// Totals is the cache that all instances on this server share.
func (s *Server) Totals() *Totals { return &Totals{client: s.general} }

// Total is what a user has used on a day (YYYY-MM-DD), and until when it is kept.
type Total struct {
	UserID   [16]byte
	Day      string
	Used     int64
	ExpireAt time.Time
}

// Put keeps totals, all in one round trip. Within a day totals only grow, so of two values the larger one stays, in
// whatever order they arrive. Where it fails, some of them may be kept.
func (t *Totals) Put(ctx context.Context, totals ...Total) error {
	ctx, cancel := context.WithTimeout(ctx, totalsTimeout)
	defer cancel()
	calls := make([]valkeygo.LuaExec, len(totals))
	for i, total := range totals {
		calls[i] = valkeygo.LuaExec{
			Keys: []string{totalKey(total.UserID, total.Day)},
			Args: []string{strconv.FormatInt(total.Used, 10), strconv.FormatInt(total.ExpireAt.Unix(), 10)},
		}
	}
	for _, result := range largerTotal.ExecMulti(ctx, t.client, calls...) {
		if err := result.Error(); err != nil {
			return fmt.Errorf("valkey: keep a total: %w", err)
		}
	}
	return nil
}

// Get returns the user's total of the day as it was last kept, and whether there is one.
func (t *Totals) Get(ctx context.Context, userID [16]byte, day string) (used int64, ok bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, totalsTimeout)
	defer cancel()
	used, err = t.client.Do(ctx, t.client.B().Get().Key(totalKey(userID, day)).Build()).AsInt64()
	switch {
	case valkeygo.IsValkeyNil(err):
		return 0, false, nil
	case err != nil:
		return 0, false, fmt.Errorf("valkey: read a total: %w", err)
	}
	return used, true, nil
}

// Delete drops the user's total of the day: only so it can become smaller.
func (t *Totals) Delete(ctx context.Context, userID [16]byte, day string) error {
	ctx, cancel := context.WithTimeout(ctx, totalsTimeout)
	defer cancel()
	if err := t.client.Do(ctx, t.client.B().Del().Key(totalKey(userID, day)).Build()).Error(); err != nil {
		return fmt.Errorf("valkey: delete a total: %w", err)
	}
	return nil
}

func totalKey(userID [16]byte, day string) string {
	return "codexible:total:" + day + ":" + hex.EncodeToString(userID[:])
}
