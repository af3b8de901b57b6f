package codexible

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"
)

const (
	// defaultTTL is how long the service keeps a hold that does not say it.
	defaultTTL = 600 * time.Second
	// finishing bounds the settlement, which goes on when the caller's context has ended.
	finishing = 30 * time.Second
)

// RefusedError is a key, a rate, a model or a quota that does not allow the call.
type RefusedError struct{ Verdict Verdict }

// Error names the first reason.
func (e *RefusedError) Error() string { return "the call is refused: " + string(e.Verdict.Code) }

// Held is an open hold.
type Held struct {
	// ID is the hold's id, and Verdict what the service knows of the key and its user.
	ID      uuid.UUID
	Verdict Verdict

	mu        sync.Mutex
	delivered *Delivered
}

// Delivered says what has been delivered so far. It is charged if the work fails, and, for a
// hold that was made with on_expiry charge, if this process dies.
func (h *Held) Delivered(so Delivered) {
	h.mu.Lock()
	h.delivered = &so
	h.mu.Unlock()
}

func (h *Held) soFar() *Delivered {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.delivered
}

// WithHold checks a customer's key, holds what ask.Hold says, does the work, and charges what the work
// returns. The hold is extended while the work lasts. Where the work fails or panics, what it called
// Delivered with is charged, or the hold is released. A key or a quota that does not allow it is a *RefusedError.
//
// The settlement is retried, and made even when ctx has ended. Where it fails all the same, the error says
// so; the hold then ends by itself at its deadline.
func WithHold(ctx context.Context, c *ClientWithResponses, ask VerifyRequest, work func(context.Context, *Held) (SettleRequest, error)) (*Settlement, error) {
	held, err := hold(ctx, c, ask)
	if err != nil {
		return nil, err
	}
	stop := held.keep(ctx, c, ttlOf(ask))
	worked := false
	defer func() {
		if !worked { // it panicked
			stop()
			_ = held.giveUp(ctx, c)
		}
	}()
	used, err := work(ctx, held)
	worked = true
	stop()
	if err != nil {
		return nil, errors.Join(err, held.giveUp(ctx, c))
	}
	return held.settle(ctx, c, used)
}

func ttlOf(ask VerifyRequest) time.Duration {
	if ask.Hold.TtlSeconds == nil {
		return defaultTTL
	}
	return time.Duration(*ask.Hold.TtlSeconds) * time.Second
}

// hold asks for the hold, under an idempotency key, so that a repeat makes no second one.
func hold(ctx context.Context, c *ClientWithResponses, ask VerifyRequest) (*Held, error) {
	if ask.Hold == nil {
		return nil, errors.New("ask.Hold is nil: say what to hold, such as Credits")
	}
	if ask.IdempotencyKey == nil {
		ask.IdempotencyKey = new(uuid.NewString())
	}
	var answer *VerifyResponse
	if err := retried(ctx, func() (status int, header http.Header, err error) {
		if answer, err = c.VerifyWithResponse(ctx, ask); err != nil {
			return 0, nil, err
		}
		return answer.StatusCode(), answer.HTTPResponse.Header, nil
	}); err != nil {
		return nil, err
	}
	switch verdict := answer.JSON200; {
	case verdict == nil:
		return nil, failed(answer.HTTPResponse, answer.Body)
	case !verdict.Valid:
		return nil, &RefusedError{Verdict: *verdict}
	case verdict.HoldId == nil:
		return nil, errors.New("the service made no hold")
	default:
		return &Held{ID: *verdict.HoldId, Verdict: *verdict}, nil
	}
}

// keep extends the hold, with what was delivered, at every third of its time, until it is stopped.
func (h *Held) keep(ctx context.Context, c *ClientWithResponses, ttl time.Duration) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx)) // the work may outlast its caller
	var extending sync.WaitGroup
	extending.Go(func() {
		tick := time.NewTicker(ttl / 3)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C: // one that fails is made up for by the next
				_, _ = c.ExtendHoldWithResponse(ctx, h.ID, ExtendRequest{TtlSeconds: new(int64(ttl / time.Second)), Delivered: h.soFar()})
			}
		}
	})
	return func() {
		cancel()
		extending.Wait()
	}
}

// giveUp charges what was delivered, or releases the hold.
func (h *Held) giveUp(ctx context.Context, c *ClientWithResponses) error {
	if so := h.soFar(); so != nil {
		_, err := h.settle(ctx, c, SettleRequest{Credits: so.Credits, Usage: so.Usage, Outcome: new("failed")})
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishing)
	defer cancel()
	var answer *ReleaseHoldResponse
	err := retried(ctx, func() (status int, header http.Header, err error) {
		if answer, err = c.ReleaseHoldWithResponse(ctx, h.ID); err != nil {
			return 0, nil, err
		}
		return answer.StatusCode(), answer.HTTPResponse.Header, nil
	})
	if err == nil && answer.JSON200 == nil {
		err = failed(answer.HTTPResponse, answer.Body)
	}
	if err != nil {
		return fmt.Errorf("hold %s is not released and ends by itself: %w", h.ID, err)
	}
	return nil
}

func (h *Held) settle(ctx context.Context, c *ClientWithResponses, used SettleRequest) (*Settlement, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishing)
	defer cancel()
	var answer *SettleHoldResponse
	err := retried(ctx, func() (status int, header http.Header, err error) {
		if answer, err = c.SettleHoldWithResponse(ctx, h.ID, used); err != nil {
			return 0, nil, err
		}
		return answer.StatusCode(), answer.HTTPResponse.Header, nil
	})
	if err == nil && answer.JSON200 == nil {
		err = failed(answer.HTTPResponse, answer.Body)
	}
	if err != nil {
		return nil, fmt.Errorf("hold %s is not settled: %w", h.ID, err)
	}
	return answer.JSON200, nil
}
