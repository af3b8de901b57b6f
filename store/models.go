package store

import (
	"time"

	"codexible/accounts"
	"codexible/keys"
	"codexible/usage"

	"github.com/google/uuid"
)

// A model for every table of schema.hcl: a field for each column, a pointer where
// the column may be null. Tests compare them with schema.hcl and with the live
// schema of both databases.
//
// No field has a default tag and none is filled by gorm: gorm leaves a zero value
// with a default out of an INSERT, and it would set CreatedAt by its own clock.

type planRow struct {
	ID                     uuid.UUID `gorm:"primaryKey"`
	Name                   string
	NameFolded             string
	DailyCreditLimit       int64
	PriceCents             int64
	RateLimitPerMinute     int64
	Features               string
	Archived               bool
	CreatedAt              time.Time `gorm:"autoCreateTime:false"`
	MaxKeys                int64
	UserRateLimitPerMinute *int64
	MonthlyCreditLimit     *int64
	UserConcurrencyLimit   *int64
	Position               int64
	IsDefault              bool
	Models                 *string
}

type userRow struct {
	ID           uuid.UUID `gorm:"primaryKey"`
	Email        string
	EmailFolded  string
	Name         string
	PlanID       uuid.UUID
	Role         accounts.Role
	Status       accounts.Status
	PasswordHash string
	CreatedAt    time.Time `gorm:"autoCreateTime:false"`
	Search       string
	ExternalID   *string
	Metadata     string
	Note         string
	ErasedAt     *time.Time
}

type keyRow struct {
	ID               uuid.UUID `gorm:"primaryKey"`
	UserID           uuid.UUID
	Prefix           string
	Label            string
	Status           keys.Status
	CreatedAt        time.Time `gorm:"autoCreateTime:false"`
	LastUsedAt       *time.Time
	ExpiresAt        *time.Time
	RevokedAt        *time.Time
	Search           string
	Scopes           storedScopes
	AllowedAddresses storedAddresses
	CreatedBy        string
	CreatedByKeyID   *uuid.UUID
	keys.Limits
	Models   *string
	Metadata string
}

type secretRow struct {
	Hash   []byte `gorm:"primaryKey"`
	KeyID  uuid.UUID
	EndsAt *time.Time
}

type usageRow struct {
	ID               uuid.UUID `gorm:"primaryKey"`
	Day              usage.Day
	UserID           uuid.UUID
	KeyID            uuid.UUID
	PreviousID       *uuid.UUID
	CreatedAt        time.Time `gorm:"autoCreateTime:false"`
	Credits          int64
	Model            string
	PromptTokens     int64
	CompletionTokens int64
	CostMicros       int64
	Millionths       int64
	Granted          int64
	Uncollected      int64
	AdjustsID        *uuid.UUID
	PriceID          *uuid.UUID
	Tokens           *string
	RequestID        *uuid.UUID
	Outcome          *string
	Source           *string
	UpstreamID       *uuid.UUID
}

type dailyUsageRow struct {
	Day              usage.Day `gorm:"primaryKey"`
	UserID           uuid.UUID `gorm:"primaryKey"`
	KeyID            uuid.UUID `gorm:"primaryKey"`
	Model            string    `gorm:"primaryKey"`
	Requests         int64
	Credits          int64
	PromptTokens     int64
	CompletionTokens int64
	CostMicros       int64
}

type dailyTokensRow struct {
	Day              usage.Day `gorm:"primaryKey"`
	UserID           uuid.UUID `gorm:"primaryKey"`
	KeyID            uuid.UUID `gorm:"primaryKey"`
	Model            string    `gorm:"primaryKey"`
	PriceID          uuid.UUID `gorm:"primaryKey"`
	Requests         int64
	Credits          int64
	CostMicros       int64
	PromptTokens     int64
	CompletionTokens int64
	CacheRead        int64
	CacheWrite       int64
	CacheWrite1h     int64 `gorm:"column:cache_write_1h"`
	AudioInput       int64
	AudioOutput      int64
	Reasoning        int64
	WebSearches      int64
}

type modelRow struct {
	ID              uuid.UUID `gorm:"primaryKey"`
	Name            string
	Aliases         string
	DisplayName     string
	Description     string
	ContextWindow   *int64
	OutputAllowance int64
	Plans           *string
	Overrun         string
	HostedTools     string
	CreatedAt       time.Time `gorm:"autoCreateTime:false"`
}

type upstreamRow struct {
	ID               uuid.UUID `gorm:"primaryKey"`
	Name             string
	NameFolded       string
	Kind             string
	BaseURL          string
	Wires            string
	Headers          string
	Weight           int64
	Priority         int64
	FirstByteSeconds int64
	IdleSeconds      int64
	OnClientGone     string
	DailyLimitMicros *int64
	SharedState      bool
	Enabled          bool
	CreatedAt        time.Time `gorm:"autoCreateTime:false"`
}

type upstreamKeyRow struct {
	ID             uuid.UUID `gorm:"primaryKey"`
	UpstreamID     uuid.UUID
	Name           string
	Position       int64
	Source         string
	Secret         string
	Reference      string
	EndsWith       string
	DisabledAt     *time.Time
	DisabledReason string
}

type modelCandidateRow struct {
	ModelID    uuid.UUID `gorm:"primaryKey"`
	UpstreamID uuid.UUID
	Model      string
	Position   int64 `gorm:"primaryKey"`
	Weight     int64
	Priority   int64
}

type upstreamDayRow struct {
	Day        usage.Day `gorm:"primaryKey"`
	UpstreamID uuid.UUID `gorm:"primaryKey"`
	Requests   int64
	Failures   int64
	CostMicros int64
}

type requestRow struct {
	ID               uuid.UUID `gorm:"primaryKey"`
	At               time.Time
	UserID           uuid.UUID
	KeyID            uuid.UUID
	Model            string
	Endpoint         string
	Streamed         bool
	UpstreamID       *uuid.UUID
	Upstream         string
	UpstreamKey      string
	Attempts         string
	Status           int64
	Outcome          string
	Code             string
	Source           string
	Tokens           *string
	PriceID          *uuid.UUID
	Held             int64
	Credits          int64
	Uncollected      int64
	CostMicros       int64
	FirstByteMicros  *int64
	FirstTokenMicros *int64
	TookMicros       int64
	Sticky           bool
	ClientRequestID  string
}

type priceRow struct {
	ID        uuid.UUID `gorm:"primaryKey"`
	Model     string
	ValidFrom time.Time
	Terms     string
	Source    string
	CreatedAt time.Time `gorm:"autoCreateTime:false"`
	CreatedBy string
}

type userDayRow struct {
	Day          usage.Day `gorm:"primaryKey"`
	UserID       uuid.UUID `gorm:"primaryKey"`
	Requests     int64
	Millionths   int64
	Granted      int64
	Uncollected  int64
	Corrected    int64
	CostMicros   int64
	LastChargeID *uuid.UUID

	H00, H01, H02, H03, H04, H05, H06, H07, H08, H09, H10, H11 int64
	H12, H13, H14, H15, H16, H17, H18, H19, H20, H21, H22, H23 int64
}

type replayRow struct {
	KeyID       uuid.UUID `gorm:"primaryKey"`
	ChargerID   uuid.UUID `gorm:"primaryKey"`
	Operation   string    `gorm:"primaryKey"`
	Text        string    `gorm:"primaryKey"`
	Fingerprint []byte
	Day         usage.Day
	CreditsUsed int64
	DailyLimit  int64
	CreatedAt   time.Time `gorm:"autoCreateTime:false"`
	Figures     string
	HoldID      *uuid.UUID
}

type holdRow struct {
	ID          uuid.UUID `gorm:"primaryKey"`
	UserID      uuid.UUID
	KeyID       uuid.UUID
	OwnerID     uuid.UUID
	Credits     int64
	Draws       string
	Delivered   int64
	Tokens      *string
	CostMicros  int64
	OnExpiry    usage.OnExpiry
	Model       string
	RequestID   string
	CreatedAt   time.Time `gorm:"autoCreateTime:false"`
	ExpiresAt   time.Time
	Status      usage.HoldStatus
	EndedAt     *time.Time
	ChargeID    *uuid.UUID
	ChargedDay  *usage.Day
	Charged     int64
	Collected   int64
	Uncollected int64
	Settlement  *[]byte
	Figures     string
	PriceID     *uuid.UUID
}

type grantRow struct {
	ID             uuid.UUID `gorm:"primaryKey"`
	UserID         uuid.UUID
	Credits        int64
	Used           int64
	Note           string
	CreatedBy      string
	CreatedAt      time.Time `gorm:"autoCreateTime:false"`
	ExpiresAt      *time.Time
	RevokedAt      *time.Time
	IdempotencyKey *string
}

type grantDayRow struct {
	GrantID uuid.UUID `gorm:"primaryKey"`
	Day     usage.Day `gorm:"primaryKey"`
	Credits int64
}

type correctionRow struct {
	ID             uuid.UUID `gorm:"primaryKey"`
	UserID         uuid.UUID
	Day            usage.Day
	Credits        int64
	Reason         string
	CreatedBy      string
	CreatedAt      time.Time `gorm:"autoCreateTime:false"`
	IdempotencyKey *string
}

type countedRow struct {
	ID       int64 `gorm:"primaryKey;autoIncrement:false"`
	ChargeID uuid.UUID
}

type reopenedDayRow struct {
	Day      usage.Day `gorm:"primaryKey"`
	ChangeID uuid.UUID
}

type retentionRow struct {
	ID       int64 `gorm:"primaryKey;autoIncrement:false"`
	KeptFrom usage.Day
}

type reconciliationRow struct {
	ID          uuid.UUID `gorm:"primaryKey"`
	At          time.Time
	TookMillis  int64
	Charges     int64
	Days        int64
	DaysGone    int64
	Differences int64
	Details     string
}

type auditRow struct {
	Seq       int64 `gorm:"primaryKey;autoIncrement"`
	At        time.Time
	Actor     string
	Address   string
	RequestID string
	Action    string
	Subject   accounts.Subject
	SubjectID uuid.UUID
	Target    string
	Details   string
	Before    string
	After     string
	Search    string
	KeyID     *uuid.UUID
	KeyPrefix string
}

type changeRow struct {
	Seq    int64 `gorm:"primaryKey;autoIncrement"`
	At     time.Time
	Change string
}

type sessionRow struct {
	TokenHash   []byte `gorm:"primaryKey"`
	ID          uuid.UUID
	UserID      uuid.UUID
	CreatedAt   time.Time `gorm:"autoCreateTime:false"`
	LastSeenAt  time.Time
	ExpiresAt   time.Time
	Address     string
	UserAgent   string
	CodePending bool
}

type twoStepRow struct {
	UserID     uuid.UUID `gorm:"primaryKey"`
	Secret     string
	Confirmed  bool
	LastStep   int64
	WrongCodes int64
	WrongDay   *usage.Day
	LockedAt   *time.Time
}

type recoveryCodeRow struct {
	UserID uuid.UUID `gorm:"primaryKey"`
	Hash   []byte    `gorm:"primaryKey"`
}

type knownBrowserRow struct {
	TokenHash []byte `gorm:"primaryKey"`
	UserID    uuid.UUID
	SeenAt    time.Time
}

type takenFormRow struct {
	SessionID uuid.UUID `gorm:"primaryKey"`
	Form      string    `gorm:"primaryKey"`
}

type setupLinkRow struct {
	TokenHash []byte `gorm:"primaryKey"`
	ExpiresAt time.Time
}

type eventRow struct {
	ID        uuid.UUID `gorm:"primaryKey"`
	At        time.Time
	Type      string
	UserID    *uuid.UUID
	SubjectID *uuid.UUID
	Data      string
	Once      *string
}

type webhookRow struct {
	ID             uuid.UUID `gorm:"primaryKey"`
	URL            string
	Description    string
	Types          string
	Secret         string
	PreviousSecret string
	PreviousEndsAt *time.Time
	Enabled        bool
	CreatedAt      time.Time `gorm:"autoCreateTime:false"`
}

type deliveryRow struct {
	WebhookID uuid.UUID `gorm:"primaryKey"`
	EventID   uuid.UUID `gorm:"primaryKey"`
	UserID    *uuid.UUID
	Status    string
	Attempts  int64
	Tries     string
	DueAt     time.Time
	Answer    string
	EndedAt   *time.Time
}

type mailTurnRow struct {
	Hash []byte `gorm:"primaryKey"`
	At   time.Time
}

type settingRow struct {
	Name      string `gorm:"primaryKey"`
	Value     string
	ChangedAt time.Time
}

type resetLinkRow struct {
	TokenHash []byte `gorm:"primaryKey"`
	UserID    uuid.UUID
	ExpiresAt time.Time
}

type openidIdentityRow struct {
	Issuer   string `gorm:"primaryKey"`
	Subject  string `gorm:"primaryKey"`
	UserID   uuid.UUID
	LinkedAt time.Time
	LastAt   time.Time
}

type openidSignInRow struct {
	StateHash   []byte `gorm:"primaryKey"`
	BrowserHash []byte
	Nonce       string
	Verifier    string
	Next        string
	ExpiresAt   time.Time
	OfCustomer  bool
}

type customerSessionRow struct {
	TokenHash  []byte `gorm:"primaryKey"`
	ID         uuid.UUID
	UserID     uuid.UUID
	CreatedAt  time.Time `gorm:"autoCreateTime:false"`
	LastSeenAt time.Time
	ExpiresAt  time.Time
	Address    string
	UserAgent  string
}

type signInLinkRow struct {
	TokenHash   []byte `gorm:"primaryKey"`
	BrowserHash []byte
	Email       string
	EmailFolded string
	UserID      *uuid.UUID
	ExpiresAt   time.Time
}

type registrationsRow struct {
	Day   usage.Day `gorm:"primaryKey"`
	Users int64
}

type userAlertsRow struct {
	UserID           uuid.UUID `gorm:"primaryKey"`
	UsageFromPercent *int64
	UsedUp           bool
	KeyExpiring      bool
	ChangedAt        time.Time
}

type secretKeyRow struct {
	ID          int64 `gorm:"primaryKey;autoIncrement:false"`
	Fingerprint []byte
}

type refusalRow struct {
	Day      usage.Day `gorm:"primaryKey"`
	Code     string    `gorm:"primaryKey"`
	Requests int64
}

type closedDayRow struct {
	Day        usage.Day `gorm:"primaryKey"`
	Requests   int64
	Credits    int64
	CostMicros int64
	Users      int64
	Keys       int64
}

type closedDayModelRow struct {
	Day        usage.Day `gorm:"primaryKey"`
	Model      string    `gorm:"primaryKey"`
	Requests   int64
	Credits    int64
	CostMicros int64
}

type closedDayPlanRow struct {
	Day        usage.Day `gorm:"primaryKey"`
	PlanID     uuid.UUID `gorm:"primaryKey"`
	Requests   int64
	Credits    int64
	CostMicros int64
}

func (*planRow) TableName() string            { return "plans" }
func (*userRow) TableName() string            { return "users" }
func (*keyRow) TableName() string             { return "api_keys" }
func (*secretRow) TableName() string          { return "key_secrets" }
func (*usageRow) TableName() string           { return "usage" }
func (*dailyUsageRow) TableName() string      { return "daily_usage" }
func (*dailyTokensRow) TableName() string     { return "daily_tokens" }
func (*modelRow) TableName() string           { return "models" }
func (*upstreamRow) TableName() string        { return "upstreams" }
func (*upstreamKeyRow) TableName() string     { return "upstream_keys" }
func (*modelCandidateRow) TableName() string  { return "model_candidates" }
func (*upstreamDayRow) TableName() string     { return "upstream_days" }
func (*requestRow) TableName() string         { return "requests" }
func (*priceRow) TableName() string           { return "prices" }
func (*userDayRow) TableName() string         { return "user_days" }
func (*replayRow) TableName() string          { return "idempotency_keys" }
func (*holdRow) TableName() string            { return "holds" }
func (*grantRow) TableName() string           { return "grants" }
func (*grantDayRow) TableName() string        { return "grant_days" }
func (*correctionRow) TableName() string      { return "corrections" }
func (*countedRow) TableName() string         { return "counted" }
func (*reopenedDayRow) TableName() string     { return "reopened_days" }
func (*retentionRow) TableName() string       { return "retention" }
func (*reconciliationRow) TableName() string  { return "reconciliations" }
func (*auditRow) TableName() string           { return "audit_log" }
func (*changeRow) TableName() string          { return "changes" }
func (*sessionRow) TableName() string         { return "console_sessions" }
func (*twoStepRow) TableName() string         { return "two_step" }
func (*recoveryCodeRow) TableName() string    { return "recovery_codes" }
func (*knownBrowserRow) TableName() string    { return "known_browsers" }
func (*takenFormRow) TableName() string       { return "taken_forms" }
func (*setupLinkRow) TableName() string       { return "setup_links" }
func (*eventRow) TableName() string           { return "events" }
func (*webhookRow) TableName() string         { return "webhooks" }
func (*deliveryRow) TableName() string        { return "deliveries" }
func (*mailTurnRow) TableName() string        { return "mail_turns" }
func (*settingRow) TableName() string         { return "settings" }
func (*resetLinkRow) TableName() string       { return "reset_links" }
func (*openidIdentityRow) TableName() string  { return "openid_identities" }
func (*openidSignInRow) TableName() string    { return "openid_sign_ins" }
func (*customerSessionRow) TableName() string { return "customer_sessions" }
func (*signInLinkRow) TableName() string      { return "sign_in_links" }
func (*registrationsRow) TableName() string   { return "registrations" }
func (*userAlertsRow) TableName() string      { return "user_alerts" }
func (*secretKeyRow) TableName() string       { return "secret_key" }
func (*refusalRow) TableName() string         { return "refusals" }
func (*closedDayRow) TableName() string       { return "closed_days" }
func (*closedDayModelRow) TableName() string  { return "closed_day_models" }
func (*closedDayPlanRow) TableName() string   { return "closed_day_plans" }

// models are all of them.
func models() []any {
	return []any{
		&planRow{}, &userRow{}, &keyRow{}, &secretRow{}, &usageRow{}, &dailyUsageRow{}, &dailyTokensRow{}, &modelRow{}, &upstreamRow{}, &upstreamKeyRow{}, &modelCandidateRow{}, &upstreamDayRow{}, &requestRow{}, &priceRow{}, &userDayRow{}, &replayRow{}, &holdRow{}, &grantRow{}, &grantDayRow{}, &correctionRow{}, &reopenedDayRow{}, &countedRow{},
		&retentionRow{}, &reconciliationRow{}, &auditRow{}, &changeRow{}, &sessionRow{}, &twoStepRow{}, &recoveryCodeRow{},
		&knownBrowserRow{}, &takenFormRow{}, &setupLinkRow{}, &eventRow{}, &webhookRow{}, &deliveryRow{}, &mailTurnRow{},
		&settingRow{}, &resetLinkRow{}, &openidIdentityRow{}, &openidSignInRow{}, &customerSessionRow{}, &signInLinkRow{}, &registrationsRow{}, &userAlertsRow{}, &secretKeyRow{}, &refusalRow{}, &closedDayRow{}, &closedDayModelRow{}, &closedDayPlanRow{},
	}
}
