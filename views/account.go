package views

import (
	"time"

	"codexible/accounts"
)

// Account is the operator's own page.
type Account struct {
	Frame
	Password []Field
	// TwoStep is true where signing in asks for a code; CodesLeft counts the recovery codes.
	TwoStep   bool
	CodesLeft int64
	// TurnOff are the fields that turn two-factor authentication off.
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

// SignedOut is a page for somebody who is not signed in: the sign-in, its second step, the setup.
type SignedOut struct {
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
	// Back is the way back; may be empty.
	Back Link
	// Elsewhere is the other way to sign in; none where its Action is empty.
	Elsewhere Elsewhere
}

// Elsewhere is a form that leads to another service.
type Elsewhere struct{ Action, Submit, Hint string }

// Failure is an error page.
type Failure struct {
	Title, Text string
	Theme       Theme
	RequestID   string
	Back        Link
}
