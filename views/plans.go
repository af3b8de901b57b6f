package views

import "codexible/accounts"

// Plans is the list of plans.
type Plans struct {
	Frame
	Lines []PlanLine
}

// PlanLine is a plan with how many users have it.
type PlanLine struct {
	accounts.Plan
	Users int64
}

// userRate is the requests per minute for all keys of a user together.
func (p PlanLine) userRate() string {
	if p.UserRateLimitPerMinute == nil {
		return "–"
	}
	return Number(*p.UserRateLimitPerMinute)
}

func (p PlanLine) path() string { return "/admin/plans/" + p.ID.String() }
