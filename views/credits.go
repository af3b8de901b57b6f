package views

import (
	"time"

	"codexible/usage"

	"github.com/google/uuid"
)

// Credits is the part of a user's page about credits: the figures of the moment,
// grants, open holds and corrections.
type Credits struct {
	usage.Figures

	// MonthUsed is what the calendar month used, grants included.
	MonthUsed int64
	// Uncollected is what did not fit of the charges of UncollectedDays, in millionths of a credit.
	Uncollected     int64
	UncollectedDays int64
	// OpenHolds is how many holds are open; Holds are those of this page.
	OpenHolds   int64
	Grants      []usage.GrantRecord
	Holds       []*usage.Hold
	Corrections []usage.CorrectionRecord

	GrantPager, HoldPager, CorrectionPager Pager
}

// Uncollected formats millionths of a credit as whole credits, rounded up.
func Uncollected(millionths int64) string {
	return Count(usage.WholeCredits(millionths), "credit")
}

// Signed formats credits that were taken or given back.
func Signed(n int64) string {
	if n > 0 {
		return "+" + Number(n)
	}
	return Number(n)
}

// Day formats the credits of a day against the limit of the plan that the user has.
func Day(used, limit int64) string { return Number(used) + " used of " + Number(limit) }

// grantState says whether a grant can still be drawn on.
func grantState(g usage.GrantRecord, now time.Time) (tone Tone, text string) {
	switch {
	case g.RevokedAt != nil:
		return ToneBad, "Revoked"
	case g.Used >= g.Credits:
		return "", "Used up"
	case g.ExpiresAt != nil && !now.Before(*g.ExpiresAt):
		return "", "Ended"
	}
	return ToneGood, "Open"
}

func grantIsOpen(g usage.GrantRecord, now time.Time) bool {
	_, text := grantState(g, now)
	return text == "Open"
}

// Expiry says what the end of a hold's time does.
func Expiry(h *usage.Hold) string {
	switch {
	case h.OnExpiry != usage.ChargeOnExpiry:
		return "Released"
	case h.Delivered == 0:
		return "Released: nothing was delivered"
	}
	return "Charged: " + Count(usage.WholeCredits(h.Delivered), "credit") + " delivered"
}

// keyLabel names a key; one that is not listed by its ID.
func (p User) keyLabel(id uuid.UUID) string {
	if label := p.KeyLabels[id.String()]; label != "" {
		return label
	}
	return id.String()
}
