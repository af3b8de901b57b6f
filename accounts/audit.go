package accounts

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Actor is who makes a change, and from where. It is written into the audit
// log in the transaction of the change.
type Actor struct {
	// Name is an e-mail, or "cli", "system", "setup" or "openid" where no user acts.
	Name      string
	UserID    uuid.UUID
	Address   string
	RequestID string
	// KeyID and KeyPrefix are of the API key that the change was asked with; zero and empty where none was.
	KeyID     uuid.UUID
	KeyPrefix string
	// SessionID is of the customer's session that the change was asked with; zero where none was.
	SessionID uuid.UUID
}

// Actors that are no users.
var (
	ActorCLI    = Actor{Name: "cli"}
	ActorSystem = Actor{Name: "system"}
)

// ActorOpenID is the name of an OpenID Connect provider, whose sign-ins create, link
// and change operators.
const ActorOpenID = "openid"

// Subject is the kind of thing that an audit entry is about.
type Subject string

// The subjects of audit entries.
const (
	SubjectUser     Subject = "user"
	SubjectKey      Subject = "key"
	SubjectPlan     Subject = "plan"
	SubjectModel    Subject = "model"
	SubjectPrice    Subject = "price"
	SubjectUpstream Subject = "upstream"
	// SubjectRequest is a call of the gateway, by the id of the request.
	SubjectRequest Subject = "request"
	SubjectWebhook Subject = "webhook"
	SubjectSetting Subject = "setting"
	SubjectSession Subject = "session"
	SubjectSystem  Subject = "system"
)

// AuditEntry is one line of the append-only audit log.
type AuditEntry struct {
	// Seq orders the log; it rises with every entry.
	Seq       int64
	At        time.Time
	Actor     string
	Address   string
	RequestID string
	// KeyID and KeyPrefix are of the API key that the change was asked with; nil and empty where none was.
	KeyID     *uuid.UUID
	KeyPrefix string
	// Action is noun.verb in the past, such as "user.suspended".
	Action    string
	Subject   Subject
	SubjectID uuid.UUID
	// Target is what a person calls the subject: an e-mail, a key's prefix, a plan's name.
	Target string
	// Details is a sentence; Before and After are the changed fields as JSON objects, {} if empty.
	Details string
	Before  string
	After   string
}

// Change names what has changed, for those who cache it: a key, user, plan, model, price,
// upstream, webhook, setting or customer's session; or a call that an operator ends.
type Change struct {
	Subject Subject
	ID      uuid.UUID
}

// String is how a change travels between processes: its subject and its id.
func (c Change) String() string { return string(c.Subject) + ":" + c.ID.String() }

// ParseChange reads what String wrote; false for anything else.
func ParseChange(text string) (c Change, ok bool) {
	subject, id, _ := strings.Cut(text, ":")
	c.Subject = Subject(subject)
	var err error
	c.ID, err = uuid.Parse(id)
	return c, err == nil && slices.Contains([]Subject{SubjectUser, SubjectKey, SubjectPlan, SubjectModel, SubjectPrice, SubjectUpstream, SubjectRequest, SubjectWebhook, SubjectSetting, SubjectSession}, c.Subject) && c.String() == text
}
