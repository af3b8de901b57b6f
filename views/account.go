package views

import (
	"time"

	"codexible/accounts"
)

// Account is the operator's own page.
type Account struct {
	Frame
	Password []Field
	// TwoStep tells whether a code is asked for at sign-in; CodesLeft counts the recovery codes.
	TwoStep   bool
	CodesLeft int64
	// TurnOff are the fields that turn two-step sign-in off.
	TurnOff  []Field
	Sessions []accounts.Session
	Current  accounts.Session
	Now      time.Time
}

// TwoStepSetup shows the secret of an authenticator app until it is confirmed.
type TwoStepSetup struct {
	Frame
	// QR is the path of the code's dark squares in a field of Side by Side.
	QR     string
	Side   int
	Secret string
	Code   Field
}

// RecoveryCodes shows them once.
type RecoveryCodes struct {
	Frame
	Codes []string
}

// Door is a page in front of the console: the sign-in, its second step, the first set-up.
type Door struct {
	Title, Intro string
	Theme        Theme
	CSRF         string
	Action       string
	// Next is where a sign-in leads; Token is that of a set-up link.
	Next, Token string
	Fields      []Field
	Submit      string
	Notice      *Notice
	Foot        string
	// Back leads out of a step; empty where there is nothing to go back to.
	Back Link
}

// Failure is a page that says what went wrong.
type Failure struct {
	Title, Text string
	Theme       Theme
	RequestID   string
	Back        Link
}
