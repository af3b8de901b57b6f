package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"codexible/catalog"
	"codexible/usage"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// Pace is how fast a streamed call was answered, as the log of requests has it; zero where
// that is not known.
type Pace struct {
	// FirstToken is from the arrival of the request to the first generated token.
	FirstToken time.Duration
	// Writing is from the first token to the end of the answer.
	Writing time.Duration
}

// leastWriting is the shortest answer whose speed says something: what came at once was not
// written in that time.
const leastWriting = time.Millisecond

// TenthsPerSecond is how many tokens were written a second, in tenths; 0 where that is not known.
func (p Pace) TenthsPerSecond(tokens int64) int64 {
	if p.Writing < leastWriting || tokens <= 0 {
		return 0
	}
	return int64(float64(tokens) * 10 * float64(time.Second) / float64(p.Writing))
}

// PacedCharge is a charge with the pace of its call.
type PacedCharge struct {
	usage.Record
	Pace
}

// TenthsPerSecond is that of the pace. An adjustment and the charge that it corrects have none,
// for their tokens are a part of the call's.
func (c *PacedCharge) TenthsPerSecond() int64 {
	if c.AdjustsID != uuid.Nil || c.Call != nil && c.Call.Outcome == usage.CallInterrupted {
		return 0
	}
	return c.Pace.TenthsPerSecond(c.CompletionTokens)
}

// paceColumns are the pace of the call of a charge c. Subqueries, because they read along the
// primary key whatever a planner thinks of the number of charges.
const paceColumns = `(SELECT q.first_token_micros FROM requests AS q WHERE q.id = c.request_id AND q.streamed),
	(SELECT q.took_micros - q.first_token_micros FROM requests AS q WHERE q.id = c.request_id AND q.streamed)`

func pacedDest(c *PacedCharge) []any {
	return append(chargeDest(&c.Record), micros{&c.FirstToken}, micros{&c.Writing})
}

// micros reads microseconds; null is 0.
type micros struct{ of *time.Duration }

// Scan implements sql.Scanner.
func (m micros) Scan(value any) error {
	*m.of = 0
	switch n := value.(type) {
	case nil:
	case int64:
		*m.of = time.Duration(n) * time.Microsecond
	default:
		return fmt.Errorf("store: a %T where microseconds are stored", value)
	}
	return nil
}

// PacedCharges is Charges with the paces of the calls.
func (s *Store) PacedCharges(ctx context.Context, userID uuid.UUID, since usage.Day, limit, offset int) ([]PacedCharge, error) {
	found, err := listTotals(ctx, s, pacedDest, fmt.Sprintf(walkCharges, chargeColumns+", "+paceColumns), walkArgs(userID, since, limit, offset)...)
	for i := range found {
		found[i].Millionths += found[i].Credits * usage.Millionths
	}
	return found, err
}

// PacedChargesOfCall is ChargesOfCall with the pace of the call.
func (s *Store) PacedChargesOfCall(ctx context.Context, userID, request uuid.UUID) ([]PacedCharge, error) {
	records, err := s.ChargesOfCall(ctx, userID, request)
	if err != nil || len(records) == 0 {
		return nil, err
	}
	var p Pace
	err = s.reading(ctx, func(db *gorm.DB) error {
		p, err = paceOf(db, &records[0])
		return err
	})
	charges := make([]PacedCharge, len(records))
	for i := range records {
		charges[i] = PacedCharge{records[i], p}
	}
	return charges, err
}

// UserCharge is a charge of a user with its price.
type UserCharge struct {
	PacedCharge

	// Price made the cost and the amount; nil for a charge by hand.
	Price *catalog.Price
}

// UserCharge reads a charge or an adjustment of a user; usage.ErrNoCharge where the user has
// none with this id.
func (s *Store) UserCharge(ctx context.Context, userID, id uuid.UUID) (c UserCharge, err error) {
	err = s.reading(ctx, func(db *gorm.DB) error {
		var line ChargeLine
		if err := line.read(db, "c.id = ? AND c.user_id = ?", id, userID); err != nil {
			return err
		}
		c.Record, c.Price = line.Record, line.Price
		c.Pace, err = paceOf(db, &c.Record)
		return err
	})
	return c, err
}

// paceOf reads the pace of a charge's call.
func paceOf(db *gorm.DB, c *usage.Record) (p Pace, err error) {
	if c.Call == nil {
		return p, nil
	}
	found, err := listOn(db, func(p *Pace) []any { return []any{micros{&p.FirstToken}, micros{&p.Writing}} },
		"SELECT q.first_token_micros, q.took_micros - q.first_token_micros FROM requests AS q WHERE q.id = ? AND q.streamed", c.Call.RequestID)
	if len(found) > 0 {
		p = found[0]
	}
	return p, err
}

// ModelPace is how fast the calls of a model were answered: medians.
type ModelPace struct {
	Model string
	// Calls is how many calls they are of.
	Calls int64
	// FirstToken is the median time to the first token.
	FirstToken time.Duration
	// TenthsPerSecond is the median of tokens a second, in tenths; 0 where no call says it.
	TenthsPerSecond int64
}

// PaceScan is how many of a user's newest calls medians are made of, at most.
const PaceScan = 1000

// Paces are the medians of a user's newest streamed calls since a moment, by model, the one with
// the most calls first. It reads PaceScan requests at most, along their index.
func (s *Store) Paces(ctx context.Context, userID uuid.UUID, since time.Time) ([]ModelPace, error) {
	type line struct {
		model    string
		streamed bool
		tokens   string
		Pace
	}
	lines, err := list(ctx, s, func(l *line) []any {
		return []any{&l.model, &l.streamed, &l.tokens, micros{&l.FirstToken}, micros{&l.Writing}}
	}, `SELECT r.model, r.streamed, COALESCE(r.tokens, ''), r.first_token_micros, r.took_micros - r.first_token_micros
		FROM requests AS r WHERE r.user_id = ? AND r.id >= ? ORDER BY r.id DESC LIMIT ?`, userID, firstID(since), PaceScan)
	if err != nil {
		return nil, err
	}
	type times struct {
		first  []time.Duration
		speeds []int64
	}
	models := map[string]*times{}
	for i := range lines {
		l := &lines[i]
		if !l.streamed || l.FirstToken == 0 {
			continue
		}
		m := models[l.model]
		if m == nil {
			m = &times{}
			models[l.model] = m
		}
		m.first = append(m.first, l.FirstToken)
		if t, ok := usage.ParseTokens(l.tokens); ok {
			if speed := l.TenthsPerSecond(t.Completion()); speed > 0 {
				m.speeds = append(m.speeds, speed)
			}
		}
	}
	paces := make([]ModelPace, 0, len(models))
	for model, m := range models {
		paces = append(paces, ModelPace{Model: model, Calls: int64(len(m.first)), FirstToken: median(m.first), TenthsPerSecond: median(m.speeds)})
	}
	slices.SortFunc(paces, func(a, b ModelPace) int {
		if a.Calls != b.Calls {
			return int(b.Calls - a.Calls)
		}
		return strings.Compare(a.Model, b.Model)
	})
	return paces, nil
}

// median is the lower of the two in the middle; 0 of none.
func median[T ~int64](values []T) T {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return values[(len(values)-1)/2]
}
