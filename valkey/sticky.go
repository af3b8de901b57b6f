package valkey

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"codexible/gateway"

	"github.com/google/uuid"
	valkeygo "github.com/valkey-io/valkey-go"
)

// Places are where sessions of the gateway are served. A place expires by itself an hour
// after it was last put.
type Places struct{ client valkeygo.Client }

var _ gateway.StickyStore = (*Places)(nil)

// Places are the places that all instances on this server share.
func (s *Server) Places() *Places { return &Places{client: s.general} }

// Place implements gateway.StickyStore.
func (p *Places) Place(ctx context.Context, session [sha256.Size]byte) (gateway.Place, error) {
	value, err := p.client.Do(ctx, p.client.B().Get().Key(placeKey(session)).Build()).AsBytes()
	if valkeygo.IsValkeyNil(err) {
		return gateway.Place{}, nil
	}
	if err != nil {
		return gateway.Place{}, fmt.Errorf("valkey: place of a session: %w", err)
	}
	var place gateway.Place
	if len(value) == len(place.Upstream)+len(place.Key) { // anything else is not ours
		place.Upstream = uuid.UUID(value[:len(place.Upstream)])
		place.Key = uuid.UUID(value[len(place.Upstream):])
	}
	return place, nil
}

// PutPlace implements gateway.StickyStore.
func (p *Places) PutPlace(ctx context.Context, session [sha256.Size]byte, place gateway.Place) error {
	value := valkeygo.BinaryString(append(place.Upstream[:], place.Key[:]...))
	err := p.client.Do(ctx, p.client.B().Set().Key(placeKey(session)).Value(value).Ex(gateway.StickyTime).Build()).Error()
	if err != nil {
		return fmt.Errorf("valkey: put the place of a session: %w", err)
	}
	return nil
}

// DropPlace implements gateway.StickyStore.
func (p *Places) DropPlace(ctx context.Context, session [sha256.Size]byte) error {
	if err := p.client.Do(ctx, p.client.B().Del().Key(placeKey(session)).Build()).Error(); err != nil {
		return fmt.Errorf("valkey: drop the place of a session: %w", err)
	}
	return nil
}

func placeKey(session [sha256.Size]byte) string {
	return "codexible:session:" + hex.EncodeToString(session[:])
}
