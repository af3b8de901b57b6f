package views

import (
	"time"

	"codexible/accounts"

	"github.com/google/uuid"
)

// Overview is the first page: today beside yesterday and the day a week ago.
type Overview struct {
	Frame
	Tiles []Tile
	// Refusals are today's refused requests by reason, the most first.
	Refusals []Refusals
	Chart    Chart
	// Top used the most credits today; Near have the least of their quota left.
	Top, Near []Standing
	// Lately is what went wrong, the newest first.
	Lately []accounts.AuditEntry
	// Failed are the answers of 5xx that this process gave since it began, the last first.
	Failed []FailedAnswer
	// Since is when this process began.
	Since time.Time
	// AsOf is when the figures of today were counted.
	AsOf, Now time.Time
	// FirstSteps shows what to do in an installation without customers.
	FirstSteps bool
}

// Tile is a figure of today with those it is compared to.
type Tile struct{ Label, Figure, Yesterday, WeekAgo string }

// FailedAnswer counts the answers of 5xx of one route with one status. The
// request's id and time are the last one's.
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

// Standing is a user's day against the plan's limit.
type Standing struct {
	UserID           uuid.UUID
	Email, Plan      string
	Used, DailyLimit int64
}

// failedSince says whose answers of 5xx are counted, and since when.
func (p Overview) failedSince() string {
	since := " since it began, " + Ago(p.Now, p.Since) + "."
	if len(p.Failed) == 0 {
		return "No answer of 5xx by this instance" + since
	}
	return "Answers of 5xx by this instance alone" + since + " Its log tells why, by the request id."
}

func (s Standing) percent() int64 { return Percent(s.Used, s.DailyLimit) }
