package mail

import (
	"context"
	"errors"
	"time"
)

// persistAfter are the pauses between the attempts of Persist. A server that does not know a
// sender yet often asks it to come again after some minutes.
var persistAfter = []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute}

// Persist sends a mail that nothing else keeps, again after pauses until it is accepted or
// refused for good, or until ctx ends. observe is called with the result of every attempt.
func Persist(ctx context.Context, send func(context.Context, Message) (Accepted, error), m Message, observe func(result string)) error {
	return persist(ctx, send, m, observe, persistAfter)
}

func persist(ctx context.Context, send func(context.Context, Message) (Accepted, error), m Message, observe func(result string), pauses []time.Duration) error {
	for attempt := 0; ; attempt++ {
		_, err := send(ctx, m)
		if err == nil {
			observe(Sent)
			return nil
		}
		if failed, is := errors.AsType[*SendError](err); is && failed.Refused || attempt == len(pauses) {
			observe(Refused)
			return err
		}
		observe(Again)
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pauses[attempt]):
		}
	}
}
