package usage

import (
	"context"
	"time"

	"codexible/fault"

	"github.com/google/uuid"
)

// Sentinels of holds.
var (
	ErrNoHold    = fault.New(fault.NotFound, "This hold does not exist, or it ended more than 30 days ago.")
	ErrHoldEnded = fault.New(fault.Conflict, "This hold has ended: it was released, settled, or its time has passed. Make another one.")
	ErrSettled   = fault.New(fault.Conflict, "This hold was settled with another body. Its first settlement counts.")

	errBelowHold = fault.Field("credits", "must not be below the credits that the hold has")
)

// HoldReader reads a hold; ErrNoHold where it does not exist.
type HoldReader interface {
	Hold(ctx context.Context, id uuid.UUID) (Hold, error)
}

// Holds extends, settles and releases holds.
type Holds struct {
	reader HoldReader
	meter  *Meter
}

// NewHolds puts Holds together.
func NewHolds(reader HoldReader, meter *Meter) *Holds { return &Holds{reader, meter} }

// Extension is what an extension changes of a hold.
type Extension struct {
	// Credits is the new total; nil to leave it.
	Credits *int64
	TTL     time.Duration
	// Delivered is what was delivered so far, in millionths of a credit; negative to leave it.
	Delivered int64
	// DeliveredTokens and DeliveredMicros are the tokens and the cost of it; nil and 0 where they are not known.
	DeliveredTokens *Tokens
	DeliveredMicros int64
}

// Settle ends a hold by the real charge, whose user and key are the hold's. An owner of
// zero is the operator, who may end every hold. A repeat is a Duplicate.
func (h *Holds) Settle(ctx context.Context, owner, id uuid.UUID, c Charge) (Receipt, error) {
	return h.findAndPost(ctx, Entry{Kind: KindSettle, Charge: c, HoldID: id, OwnerID: owner})
}

// Extend raises a hold and moves its deadline. A receipt is Accepted or OverQuota,
// which leaves the hold as it was.
func (h *Holds) Extend(ctx context.Context, owner, id uuid.UUID, x Extension) (Receipt, error) {
	e := Entry{Kind: KindExtend, HoldID: id, OwnerID: owner, TTL: x.TTL, Delivered: x.Delivered, DeliveredTokens: x.DeliveredTokens, DeliveredMicros: x.DeliveredMicros}
	if x.Credits == nil || *x.Credits > 0 {
		if x.Credits != nil {
			e.Credits = *x.Credits
		}
		return h.findAndPost(ctx, e)
	}
	hold, err := h.find(ctx, &e)
	switch {
	case err != nil:
		return Receipt{}, err
	case hold.Credits > 0: // to the ledger 0 is absent; a hold never shrinks
		return Receipt{}, errBelowHold
	}
	return h.post(ctx, e)
}

// Release ends a hold without a charge; again does nothing.
func (h *Holds) Release(ctx context.Context, owner, id uuid.UUID) (Receipt, error) {
	return h.findAndPost(ctx, Entry{Kind: KindRelease, HoldID: id, OwnerID: owner})
}

// Expire ends the holds of a user whose deadline has passed.
func (h *Holds) Expire(ctx context.Context, user uuid.UUID) error {
	_, err := h.meter.Post(ctx, Entry{Kind: KindExpire, Charge: Charge{UserID: user}})
	return err
}

// Terms tells what usage that settles or extends a hold is priced by. ErrNoHold where
// the owner has no such hold; an owner of zero is the operator, who may end every hold.
func (h *Holds) Terms(ctx context.Context, owner, id uuid.UUID) (HoldTerms, error) {
	if of, known := h.meter.recent.find(id); known {
		if owner != uuid.Nil && of.owner != owner {
			return HoldTerms{}, ErrNoHold
		}
		return of.terms, nil
	}
	hold, err := h.find(ctx, &Entry{HoldID: id, OwnerID: owner})
	if err != nil {
		return HoldTerms{}, err
	}
	return hold.terms(), nil
}

// find reads the hold of an entry, and completes the entry.
func (h *Holds) find(ctx context.Context, e *Entry) (Hold, error) {
	hold, err := h.reader.Hold(ctx, e.HoldID)
	if err == nil && e.OwnerID != uuid.Nil && hold.OwnerID != e.OwnerID {
		err = ErrNoHold
	}
	e.UserID, e.KeyID = hold.UserID, hold.KeyID
	return hold, err
}

func (h *Holds) findAndPost(ctx context.Context, e Entry) (Receipt, error) {
	if of, known := h.meter.recent.find(e.HoldID); known {
		e.UserID, e.KeyID = of.user, of.key
		return h.post(ctx, e) // the decision checks the owner
	}
	if _, err := h.find(ctx, &e); err != nil {
		return Receipt{}, err
	}
	return h.post(ctx, e)
}

func (h *Holds) post(ctx context.Context, e Entry) (Receipt, error) {
	receipt, err := h.meter.Post(ctx, e)
	if err != nil {
		return receipt, err
	}
	switch receipt.Outcome {
	case NoHold:
		return receipt, ErrNoHold
	case HoldEnded:
		return receipt, ErrHoldEnded
	case Mismatch:
		return receipt, ErrSettled
	case OverRange:
		return receipt, ErrCostRange
	case BelowHold:
		return receipt, errBelowHold
	case OverQuota, Accepted, Duplicate, Concurrent, BelowZero:
	}
	return receipt, nil
}
