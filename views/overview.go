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
	// AsOf is when the figures of today were counted.
	AsOf, Now time.Time
	// FirstSteps shows what to do in an installation without customers.
	FirstSteps bool
}

// Tile is a figure of today with those it is compared to.
type Tile struct{ Label, Figure, Yesterday, WeekAgo string }

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

func (s Standing) percent() int64 { return Percent(s.Used, s.DailyLimit) }
