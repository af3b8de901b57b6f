package server

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"codexible/accounts"
	"codexible/gateway"
	"codexible/keys"

	"github.com/google/uuid"
)

// renewInterval is how often holds are looked for whose deadline has to be moved.
const renewInterval = 5 * time.Second

// buildGateway puts the gateway together. places is where instances share the places of sessions; nil for none.
func (s *service) buildGateway(ctx context.Context, places gateway.StickyStore) {
	s.requestLog = gateway.NewLog(s.store, s.Log) //nolint:contextcheck // it ends with its Close, after the last call
	metrics := newGatewayMetrics(s.registry)
	s.fleet = gateway.NewFleet(gateway.FleetParts{
		Read: s.store.Upstreams, Resolve: s.UpstreamSecret, Disable: s.store.DisableUpstreamKey, Spent: s.store.Spent,
		Sticky: places, Now: time.Now,
		Serves: func(id uuid.UUID, name string) { s.upstreamTurns.tell(s, id, name, false) }, //nolint:contextcheck // it belongs to no call
		Observe: func(e gateway.FleetEvent) { //nolint:contextcheck // it belongs to no call
			s.upstreamEvent(e)
			if e.Kind == gateway.UpstreamRests {
				s.upstreamTurns.tell(s, e.UpstreamID, e.Upstream, true)
			}
			metrics.happened(e)
		},
	})
	s.gateway = gateway.New(gateway.Parts{
		Verifier: s.verifier, Holds: s.holds, Catalog: s.catalog, Fleet: s.fleet, Log: s.requestLog, Observer: metrics, Logger: s.Log, Now: time.Now,
	})
	s.watchGateway(metrics)
	s.teardown.add(func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
		defer cancel()
		s.gateway.Close()
		err := errors.Join(s.fleet.Close(), s.requestLog.Close(ctx))
		s.upstreamTurns.Wait()
		return err
	})
}

// upstreamEvent logs what an operator should know of an upstream.
func (s *service) upstreamEvent(e gateway.FleetEvent) {
	attributes := []any{"upstream", e.Upstream, "key", e.Key, "status", e.Status}
	if e.Rest > 0 {
		attributes = append(attributes, "rest", e.Rest.String())
	}
	if e.Err != nil {
		attributes = append(attributes, "error", e.Err)
	}
	level := slog.LevelWarn
	if e.Kind == gateway.KeyDisabled || e.Kind == gateway.KeyDisableFailed {
		level = slog.LevelError
	}
	s.Log.Log(context.Background(), level, upstreamEvents[e.Kind], attributes...)
}

var upstreamEvents = map[gateway.FleetEventKind]string{
	gateway.KeyDisabled:      "a provider has refused a key of an upstream, which is disabled until an operator enables it again",
	gateway.KeyDisableFailed: "a provider has refused a key of an upstream; that could not be recorded, so only this instance leaves it out",
	gateway.KeyUnreadable:    "a key of an upstream cannot be read, so it is not used",
	gateway.KeyRests:         "a key of an upstream is over its rate limit and rests",
	gateway.UpstreamRests:    "an upstream has failed several times and rests",
	gateway.SpendUnread:      "what upstreams cost today cannot be read; the last figures count",
}

// caches are what follows the changes of this and other instances.
type caches struct {
	verifier *keys.Verifier
	gateway  *gateway.Gateway
}

// Changed implements store.Watcher.
func (c caches) Changed(change accounts.Change) {
	c.verifier.Changed(change)
	c.gateway.Changed(change)
}

// Up implements store.Watcher.
func (c caches) Up(up bool) {
	c.verifier.Up(up)
	c.gateway.Fleet.Up(up)
}
