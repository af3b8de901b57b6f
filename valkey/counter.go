package valkey

import (
	"context"
	_ "embed" // window.lua
	"fmt"
	"strconv"
	"time"

	"codexible/limits"

	valkeygo "github.com/valkey-io/valkey-go"
)

//go:embed window.lua
var windowScript string

var window = valkeygo.NewLuaScript(windowScript)

// Counter counts the hits of all instances on the server, by the server's clock. Each call is one script on one key and one
// round trip; calls that are under way together travel together. A subject's entry expires 61 seconds after its last
// allowed hit. Calls wait for the server as long as their context lets them: wrap the Counter in a limits.Failover.
type Counter struct {
	client valkeygo.Client
	now    func() time.Time // nil for the server's clock; the tests, which move the time, put theirs here
}

var _ limits.Counter = (*Counter)(nil)

// Counter is the rate counter that all instances on this server share.
func (s *Server) Counter() *Counter { return &Counter{client: s.counting} }

// Hit implements limits.Counter.
func (c *Counter) Hit(ctx context.Context, s limits.Subject, limit int64) (limits.Decision, error) {
	return c.decide(ctx, "hit", s, limit)
}

// Peek implements limits.Counter.
func (c *Counter) Peek(ctx context.Context, s limits.Subject, limit int64) (limits.Decision, error) {
	return c.decide(ctx, "peek", s, limit)
}

func (c *Counter) decide(ctx context.Context, call string, s limits.Subject, limit int64) (limits.Decision, error) {
	keys := [...]string{limitKey(s)}
	args := [...]string{strconv.FormatInt(limit, 10), call, ""}
	given := args[:2]
	if c.now != nil {
		args[2] = strconv.FormatInt(c.now().Unix(), 10)
		given = args[:]
	}
	said, err := window.Exec(ctx, c.client, keys[:], given).ToArray()
	if err != nil {
		return limits.Decision{}, fmt.Errorf("valkey: rate counter: %w", err)
	}
	var numbers [3]int64 // allowed, remaining, reset
	if len(said) != len(numbers) {
		return limits.Decision{}, fmt.Errorf("valkey: rate counter: %d values in the answer, want %d", len(said), len(numbers))
	}
	for i, m := range said {
		if numbers[i], err = m.AsInt64(); err != nil {
			return limits.Decision{}, fmt.Errorf("valkey: rate counter: value %d of the answer: %w", i, err)
		}
	}
	return limits.Decision{Allowed: numbers[0] == 1, Limit: limit, Remaining: numbers[1], ResetSeconds: numbers[2]}, nil
}

func limitKey(s limits.Subject) string {
	b, _ := s.AppendText(append(make([]byte, 0, 80), "codexible:limit:"...)) // the error is always nil
	return string(b)
}
