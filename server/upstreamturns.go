package server

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"
)

// upstreamTurns writes the events of upstreams in the background: no call waits for them.
type upstreamTurns struct{ sync.WaitGroup }

// upstreamTurnPatience is how long such an event may take.
const upstreamTurnPatience = 10 * time.Second

func (u *upstreamTurns) tell(s *service, id uuid.UUID, name string, down bool) {
	u.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), upstreamTurnPatience)
		defer cancel()
		if err := s.store.TellUpstream(ctx, id, name, down); err != nil {
			s.Log.WarnContext(ctx, "the event of an upstream could not be written", "upstream", name, "down", down, "error", err)
		}
	})
}
