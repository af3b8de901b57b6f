package usage

import (
	"fmt"
	"time"

	"codexible/accounts"
	"codexible/fault"

	"github.com/google/uuid"
)

// Bounds of grants and corrections.
const (
	// MaxOpenGrants is how many grants of a user can be open at once: a charge looks at all of them.
	MaxOpenGrants = 50
	// MaxNote is the longest note of a grant and reason of a correction, in characters.
	MaxNote = 500
)

// Sentinels of grants and corrections.
var (
	ErrNoGrant       = fault.New(fault.NotFound, "This grant does not exist.")
	ErrTooManyGrants = fault.Newf(fault.Conflict, "This user has %d open grants, which is the maximum. Revoke one that is not needed, or wait until one is used up or at its end.", MaxOpenGrants)
	ErrGrantReplay   = fault.New(fault.Conflict, "This idempotency key was used for another grant of this user. Send a new key with a new grant, or repeat the first one unchanged.")
	ErrCorrectReplay = fault.New(fault.Conflict, "This idempotency key was used for another correction of this user. Send a new key with a new correction, or repeat the first one unchanged.")
	ErrBelowZero     = fault.Field("credits", "gives back more credits than the plan gave on that day")
)

// GrantRecord is a grant as it is stored.
type GrantRecord struct {
	ID        uuid.UUID
	UserID    uuid.UUID
	Credits   int64
	Used      int64
	Note      string
	CreatedBy string
	CreatedAt time.Time
	// ExpiresAt is its end; nil for none. RevokedAt is nil while it is not revoked.
	ExpiresAt *time.Time
	RevokedAt *time.Time
	// Held is what open holds draw on it.
	Held int64
}

// Left is what a charge could take of the grant.
func (g *GrantRecord) Left(now time.Time) int64 {
	if g.RevokedAt != nil || g.ExpiresAt != nil && !now.Before(*g.ExpiresAt) {
		return 0
	}
	return max(g.Credits-g.Used-g.Held, 0)
}

// NewGrant is what is needed to give credits.
type NewGrant struct {
	UserID         uuid.UUID
	Credits        int64
	ExpiresAt      *time.Time
	Note           string
	IdempotencyKey string
}

// Normalize cleans a grant and reports every problem at once.
func (n NewGrant) Normalize(now time.Time) (NewGrant, error) {
	problems := map[string]string{}
	if n.Credits < 1 || n.Credits > MaxCredits {
		problems["credits"] = fmt.Sprintf("must be a whole number from 1 to %d", MaxCredits)
	}
	if n.ExpiresAt != nil {
		switch {
		case !TakesTime(*n.ExpiresAt):
			problems["expires_at"] = "must be a time " + Bounds
		case !n.ExpiresAt.After(now):
			problems["expires_at"] = "must be in the future"
		}
	}
	n.Note = checkNote(problems, "note", n.Note, 0)
	return n, problem(problems)
}

// CorrectionRecord is a correction as it is stored.
type CorrectionRecord struct {
	Correction

	Reason    string
	CreatedBy string
}

// NewCorrection is what is needed to correct a day.
type NewCorrection struct {
	UserID uuid.UUID
	// Credits are taken, or given back where negative.
	Credits int64
	Reason  string
	// Day is empty for today.
	Day            Day
	IdempotencyKey string
}

// Normalize cleans a correction and reports every problem at once.
func (n NewCorrection) Normalize(today Day) (NewCorrection, error) {
	problems := map[string]string{}
	if n.Credits == 0 || n.Credits < -MaxCredits || n.Credits > MaxCredits {
		problems["credits"] = fmt.Sprintf("must be a whole number from %d to %d, and not 0", -MaxCredits, MaxCredits)
	}
	if n.Day == "" {
		n.Day = today
	}
	if !taken(n.Day) || n.Day > today {
		problems["day"] = "must be a day from " + string(FirstDay) + " to today"
	}
	n.Reason = checkNote(problems, "reason", n.Reason, 1)
	return n, problem(problems)
}

// checkNote cleans a note or a reason, which both databases and a line of the log have to hold.
func checkNote(problems map[string]string, field, text string, least int) string {
	text = accounts.Clean(text)
	if problem := accounts.CheckText(text, least, MaxNote); problem != "" {
		problems[field] = problem
	}
	return text
}

func problem(problems map[string]string) error {
	if len(problems) == 0 {
		return nil
	}
	return fault.InvalidFields(problems)
}
