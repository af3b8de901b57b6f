package store

import (
	"context"

	"codexible/accounts"
	"codexible/keys"

	"github.com/google/uuid"
)

// RotateFrom is the second half of a rotation: the one that was overtaken.
func (s *Store) RotateFrom(ctx context.Context, by accounts.Actor, r keys.Rotation, userID uuid.UUID, current []byte) (keys.Key, error) {
	return s.rotateFrom(ctx, by, r, userID, current)
}
