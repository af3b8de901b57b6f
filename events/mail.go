package events

import "github.com/google/uuid"

// Recipient is somebody whom a mail goes to.
type Recipient struct {
	UserID uuid.UUID
	Email  string
	// Operates is whether this is an operator, who can open the console.
	Operates bool
}

// ToUser reports whether mail of a type goes to the user whom the event concerns. Other mail
// goes to the admins.
func ToUser(t Type) bool { return t == ThresholdReached || t == QuotaExceeded || t == KeyExpiring }

// IsState reports whether events of a type say how something is: the latest one counts, so a
// mail about it waits where another one was sent lately, and is left out where it no longer holds.
func IsState(t Type) bool { return t == UpstreamDown || t == UpstreamRecovered }
