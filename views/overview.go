package views

import (
	"time"

	"codexible/accounts"

	"github.com/google/uuid"
)

// Overview is the first page: today compared with yesterday and a week ago.
type Overview struct {
	Frame
	Tiles []Tile
	// Refusals are the refused requests by reason, the most frequent first.
	Refusals []Refusals
	Chart    Chart
	// Calls is how the gateway's calls went; nil where there were none.
	Calls *Calls
	// Top used the most credits today; Near are closest to their daily limit.
	Top, Near []Standing
	// Recent are the audit log's failures, the newest first.
	Recent []accounts.AuditEntry
	// Failed are the 5xx responses of this process since it started, the newest first.
	Failed []FailedAnswer
	// OpenHolds of all users set HeldCredits aside. Uncollected is what did not fit in the last 7 days, in millionths of a credit.
	OpenHolds, HeldCredits, Uncollected int64
	// Since is when this process started.
	Since time.Time
	// AsOf is when today's metrics were read.
	AsOf, Now time.Time
	// FirstSteps shows what to do in an installation without users.
	FirstSteps bool
}

// Tile is a metric of today with the values it is compared to.
type Tile struct{ Label, Figure, Yesterday, WeekAgo string }

// FailedAnswer counts the 5xx responses of one route with one status. The
// request ID and the time are those of the last one.
type FailedAnswer struct {
	Method, Route string
	Status        int
	Times         int64
	RequestID     string
	At            time.Time
}

// Refusals counts the requests refused for one reason.
type Refusals struct {
	Reason                    string
	Today, Yesterday, WeekAgo int64
}

// Standing is a user's usage today against the plan's limit.
type Standing struct {
	UserID           uuid.UUID
	Email, Plan      string
	Used, DailyLimit int64
}

// failedSince says whose 5xx responses are counted, and since when.
func (p Overview) failedSince() string {
	since := " 5xx responses from this instance since it started " + Ago(p.Now, p.Since) + "."
	if len(p.Failed) == 0 {
		return "No" + since
	}
	return "All" + since + " Search its log for the request ID to find the cause."
}

func (s Standing) percent() int64 { return Percent(s.Used, s.DailyLimit) }
