package accounts

import (
	"slices"
	"strings"
	"time"
)

// Lifetimes of what customers sign in with.
const (
	// CustomerSessionLife is how long a session lasts at the most, CustomerSessionIdle how long without a request.
	CustomerSessionLife = 30 * 24 * time.Hour
	CustomerSessionIdle = 7 * 24 * time.Hour
	// MaxCustomerSessions is how many sessions a user has: one more ends the oldest.
	MaxCustomerSessions = 20
	// SignInLinkLife is how long a link that was sent by mail works.
	SignInLinkLife = 15 * time.Minute
	// MinBrowserSecret and MaxBrowserSecret bound the secret of the browser that a sign-in is bound to, in characters.
	MinBrowserSecret = 32
	MaxBrowserSecret = 128
)

// Registration says who may make an account: nobody where Plan is empty.
type Registration struct {
	// Plan is the name of the plan that they get.
	Plan string
	// Domains are the mail domains that they may have, as FoldEmail gives them; none for all.
	Domains []string
	// DailyLimit is how many may in a UTC day.
	DailyLimit int64
}

// Open reports whether anybody may make an account.
func (r Registration) Open() bool { return r.Plan != "" }

// Takes reports whether whoever has an e-mail may make an account. A domain does not stand for those below it.
func (r Registration) Takes(email string) bool {
	if !r.Open() {
		return false
	}
	_, domain, _ := strings.Cut(FoldEmail(email), "@")
	return len(r.Domains) == 0 || slices.Contains(r.Domains, domain)
}
