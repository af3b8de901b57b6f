package views

import "codexible/accounts"

// Plans is the list of plans.
type Plans struct {
	Frame
	Heads []Head
	Lines []PlanLine
}

// PlanLine is a plan with how many users have it.
type PlanLine struct {
	accounts.Plan
	Users int64
}

// optional is a limit that a plan need not have.
func optional(limit *int64) string {
	if limit == nil {
		return "–"
	}
	return Number(*limit)
}

func (p PlanLine) path() string { return "/admin/plans/" + p.ID.String() }
