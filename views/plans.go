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

func (p PlanLine) path() string { return "/admin/plans/" + p.ID.String() }
