package views

import (
	"bytes"
	"context"
	"flag"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/gateway"
	"codexible/keys"
	"codexible/static"
	"codexible/usage"

	"github.com/a-h/templ"
	"github.com/google/uuid"
)

var preview = flag.String("preview", "", "write every page with its assets into this folder, for review")

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// hostile holds texts that must never reach a page unescaped.
const hostile = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>`

func frame(title string, section Section) Frame {
	return Frame{Title: title, Section: section, Email: "admin@codexible.me", CSRF: "token", Here: "/admin"}
}

func days(n int) []usage.DayTotal {
	return usage.Fill(usage.LastDays(usage.DayOf(noon), n), func() (rows []usage.DayTotal) {
		usage.LastDays(usage.DayOf(noon), n).Each(func(d usage.Day) {
			weight := int64(d.Start().YearDay()*7919%97) + 40
			if w := d.Start().Weekday(); w == time.Saturday || w == time.Sunday {
				weight /= 3
			}
			rows = append(rows, usage.DayTotal{Day: d, Credits: weight * 83, Requests: weight * 61, CostMicros: weight * 41_312})
		})
		return rows
	}())
}

func user(email, name, plan string, used, limit int64) UserLine {
	return UserLine{User: accounts.User{ID: uuid.NewSHA1(uuid.Nil, []byte(email)), Email: email, Name: name, Role: accounts.RoleUser, Status: accounts.StatusActive, CreatedAt: noon.Add(-200 * time.Hour)},
		PlanName: plan, ActiveKeys: 2, UsedToday: used, DailyLimit: limit}
}

func sampleUsers() []UserLine {
	list := []UserLine{
		user("demo@codexible.me", "Demo Nguyễn", "Pro", 89, 250),
		user("team@codexible.me", "Team Łódź", "Business", 146, 500),
		user("starter@codexible.me", "", "Starter", 22, 75),
		user("a-rather-long-mailbox-name.with.dots@subdomain.of.a-company.example.com", "Maximiliane von Hohenstein-Weiß", "Starter", 75, 75),
		user("rtl@example.com", "שלום \u202eevil\u202c 𝒳", "Pro", 0, 250),
		user("mallory@example.com", hostile, "Pro", 3, 250),
	}
	list[2].Status = accounts.StatusSuspended
	list[1].Role = accounts.RoleService
	return list
}

func sampleKeys() []KeyLine {
	mk := func(label, email string, k keys.Key) KeyLine {
		k.ID, k.UserID, k.Label = uuid.NewSHA1(uuid.Nil, []byte(label)), uuid.NewSHA1(uuid.Nil, []byte(email)), label
		if k.Status == "" {
			k.Status = keys.StatusActive
		}
		return KeyLine{Key: k, Email: email}
	}
	return []KeyLine{
		mk("Production", "demo@codexible.me", keys.Key{Prefix: "codexible_3fa91c20", CreatedAt: noon.Add(-2000 * time.Hour), LastUsedAt: new(noon.Add(-3 * time.Minute))}),
		mk("Build server", "team@codexible.me", keys.Key{Prefix: "codexible_77bb0192", CreatedAt: noon.Add(-4000 * time.Hour), LastUsedAt: new(noon.Add(-3000 * time.Hour)), ExpiresAt: new(noon.Add(700 * time.Hour))}),
		mk("Default", "starter@codexible.me", keys.Key{Prefix: "codexible_0c4de8a1", CreatedAt: noon.Add(-30 * time.Hour)}),
		mk("Laptop", "team@codexible.me", keys.Key{Prefix: "codexible_demo_bus", Status: keys.StatusRevoked, CreatedAt: noon.Add(-900 * time.Hour), RevokedAt: new(noon.Add(-2 * time.Hour)), LastUsedAt: new(noon.Add(-2 * time.Hour))}),
		mk(hostile, "mallory@example.com", keys.Key{Prefix: "codexible_99aa88bb", CreatedAt: noon.Add(-9 * time.Hour)}),
	}
}

func sampleAudit() []accounts.AuditEntry {
	return []accounts.AuditEntry{
		{Seq: 9, At: noon.Add(-4 * time.Minute), Actor: "admin@codexible.me", Address: "192.0.2.17", RequestID: "6f0c1f6e3b", Action: "user.suspended", Subject: accounts.SubjectUser, Target: "starter@codexible.me", Details: "Changed user starter@codexible.me: status from active to suspended.", Before: `{"status":"active"}`, After: `{"status":"suspended"}`},
		{Seq: 8, At: noon.Add(-2 * time.Hour), Actor: "admin@codexible.me", Address: "192.0.2.17", Action: "key.rotated", Subject: accounts.SubjectKey, Target: "codexible_3fa91c20", Details: "Rotated key codexible_1b2c of demo@codexible.me to codexible_3fa91c20; the old secret stops after 24h.", Before: "{}", After: "{}"},
		{Seq: 7, At: noon.Add(-26 * time.Hour), Actor: hostile, Address: "2001:db8::1", Action: "session.failed", Subject: accounts.SubjectSession, Target: hostile, Details: "A sign-in as " + hostile + " failed.", Before: "{}", After: "{}"},
	}
}

func hostilePrice() *catalog.Price {
	p := samplePrice()
	p.Model, p.Source, p.CreatedBy = hostile, hostile, hostile
	return p
}

func sampleVersions() []Version {
	waiting := samplePrice()
	waiting.ID, waiting.ValidFrom = uuid.NewSHA1(uuid.Nil, []byte("next")), noon.AddDate(0, 1, 0)
	waiting.Terms.Charge = catalog.Charge{Mode: catalog.ByRequest, Credits: 500_000, CreditValue: 10_000}
	return []Version{{waiting, nil, noon}, {samplePrice(), &waiting.ValidFrom, noon}, {hostilePrice(), &samplePrice().ValidFrom, noon}}
}

func sampleBill() Bill {
	p, tokens := hostilePrice(), usage.Tokens{Input: 200_001, Output: 12, Reasoning: 3, ServiceTier: "batch"}
	q, _ := p.Quote(&tokens) // within all bounds
	return Bill{Quote: q, Tokens: tokens, Price: p, Until: &noon}
}

func sampleModels() []ModelLine {
	book := catalog.NewBook([]catalog.Model{
		{ID: uuid.NewSHA1(uuid.Nil, []byte("m")), Name: "codex-large", Aliases: []string{hostile}, DisplayName: hostile, Description: hostile, ContextWindow: 400_000, OutputAllowance: 4096, CreatedAt: noon},
		{ID: uuid.NewSHA1(uuid.Nil, []byte("n")), Name: hostile, OutputAllowance: 1, CreatedAt: noon},
	}, []catalog.Price{*samplePrice()})
	return []ModelLine{{LineOf(book, "codex-large", noon), []string{hostile}, []string{hostile}}, {LineOf(book, hostile, noon), nil, nil}}
}

func sampleUpstream() UpstreamLine {
	u := &gateway.Upstream{ID: uuid.NewSHA1(uuid.Nil, []byte("u")), Name: hostile, Kind: gateway.Compatible, BaseURL: "https://api.example.com/" + hostile, Wires: []usage.Wire{usage.Chat}, Enabled: true, DailyLimitMicros: new(int64(5_000_000)), CreatedAt: noon,
		Headers: map[string]string{hostile: "hidden"}, Keys: []gateway.UpstreamKey{{ID: uuid.NewSHA1(uuid.Nil, []byte("k")), Name: hostile, Source: gateway.KeyStored, EndsWith: "abcd", DisabledAt: new(noon), DisabledReason: hostile}}}
	state := State{Tone: ToneBad, Text: "Key refused", Why: hostile, Until: new(noon)}
	return UpstreamLine{Upstream: u, State: state, Keys: []UpstreamKeyLine{{UpstreamKey: &u.Keys[0], State: state}}, Recent: UpstreamCalls{Attempts: 7, Failures: 3, FirstByte: time.Second, Slow: 12 * time.Second}, SpentMicros: 4_000_000}
}

func sampleWay() Way {
	l := sampleUpstream()
	return Way{Model: sampleModels()[0].Model, Stops: []Stop{{Upstream: l.Upstream, State: l.State, Candidate: catalog.Candidate{Model: hostile, Weight: 1, Priority: 2}, Place: 1, Percent: 40}}, Warnings: []Notice{{Tone: ToneWarn, Title: hostile, Text: hostile}}}
}

func pages() map[string]templ.Component {
	u, k := sampleUsers(), sampleKeys()
	choice := RangeChoice{Links: []Link{{"7 days", "?days=7"}, {"30 days", "?days=30"}, {"90 days", "?days=90"}}, Current: "30 days"}
	sel := func(name, label string, options ...Option) Field {
		return Field{Name: name, Label: label, Type: "select", Options: options}
	}
	plans := []Option{{"", "All plans"}, {"1", "Starter"}, {"2", "Pro"}}
	userFrame := frame(u[0].Email, SectionUsers)
	userFrame.Crumbs = []Link{{"Users", "/admin/users"}}
	noticed := frame("Users", SectionUsers)
	noticed.Notice = &Notice{Tone: ToneGood, Title: "User created", Text: "ada@example.com is on Pro. Hand out a key next."}
	charges := []usage.Record{{KeyID: k[0].ID, Model: "codex-large", Credits: 2, PromptTokens: 912, CompletionTokens: 233, CostMicros: 12_345, CreatedAt: noon}, {KeyID: k[4].ID, Model: hostile, Credits: 1, CreatedAt: noon.Add(-time.Hour)}}
	rows := []UsageRow{{Name: "codex-large", Mono: true, Requests: 81_233, Credits: 120_311, CostMicros: 88_123_456}, {Name: hostile, Mono: true, Requests: 2, Credits: 2, CostMicros: 31}}
	health := make([]HealthSample, 700)
	for i := range health {
		health[i] = HealthSample{At: noon.Add(time.Duration(i-700) * time.Minute), Status: "ok"}
		if i > 300 && i < 320 {
			health[i].Status, health[i].Details = "degraded", "Valkey does not answer; rates are counted in this process."
		}
	}
	secret, _ := keys.Parse("codexible_0123456789abcdef0123456789abcdef")
	session := accounts.Session{ID: uuid.NewSHA1(uuid.Nil, []byte("s")), CreatedAt: noon.Add(-5 * time.Hour), LastSeenAt: noon, Address: "192.0.2.17", UserAgent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/156.0 Safari/537.36"}
	other := accounts.Session{ID: uuid.NewSHA1(uuid.Nil, []byte("t")), CreatedAt: noon.Add(-50 * time.Hour), LastSeenAt: noon.Add(-time.Hour), Address: "2001:db8::7", UserAgent: "Mozilla/5.0 (iPhone) Safari/604.1"}
	return map[string]templ.Component{
		"overview": OverviewPage(Overview{Frame: frame("Overview", SectionOverview), Now: noon, AsOf: noon,
			Tiles:    []Tile{{"Requests", "12,904", "11,020", "12,611"}, {"Credits", "18,233", "17,904", "16,002"}, {"Cost", "$41.22", "$40.10", "$38.77"}, {"Keys used", "311", "320", "298"}},
			Chart:    DayChart("Credits by day", MeasureCredits, days(30)),
			Refusals: []Refusals{{"Quota exceeded", 118, 96, 44}, {"Rate limit exceeded", 40, 12, 18}, {"Unknown key", 7, 31, 2}},
			Top:      []Standing{{u[1].ID, u[1].Email, "Business", 146, 500}, {u[0].ID, u[0].Email, "Pro", 89, 250}, {u[3].ID, u[3].Email, "Starter", 75, 75}},
			Near:     []Standing{{u[3].ID, u[3].Email, "Starter", 75, 75}, {u[5].ID, u[5].Email, "Pro", 231, 250}},
			Recent:   sampleAudit()[2:], Since: noon.Add(-50 * time.Hour), Failed: []FailedAnswer{
				{Method: "POST", Route: "/api/keys/verify", Status: 503, Times: 12_904, RequestID: "8571533f4dd6bfd4d21460ebc1de3862", At: noon.Add(-3 * time.Minute)},
				{Method: "GET", Route: "/api/admin/users/:id", Status: 500, Times: 1, RequestID: hostile, At: noon.Add(-5 * time.Hour)}}}),
		"overview-empty": OverviewPage(Overview{Frame: frame("Overview", SectionOverview), Now: noon, AsOf: noon, FirstSteps: true,
			Tiles: []Tile{{"Requests", "0", "0", "0"}, {"Credits", "0", "0", "0"}, {"Cost", "$0.00", "$0.00", "$0.00"}, {"Keys used", "0", "0", "0"}},
			Chart: DayChart("Credits by day", MeasureCredits, usage.Fill(usage.LastDays(usage.DayOf(noon), 30), nil))}),
		"users": UsersPage(Users{Frame: noticed, Search: Field{Name: "q", Label: "Search", Type: "search", Placeholder: "E-mail or name", Value: hostile},
			Plan: sel("plan", "Plan", plans...), Role: sel("role", "Role", Option{"", "All roles"}), Status: sel("status", "Status", Option{"", "All statuses"}),
			Heads: UserHeads(), Lines: u, Pager: Pager{Said: "6 of 100,003 users", Onward: "?after=x", OnwardText: "Older"}}),
		"users-none": UsersPage(Users{Frame: frame("Users", SectionUsers), Filtered: true, Search: Field{Name: "q", Label: "Search", Value: "zz"}}),
		"user": UserPage(User{Frame: userFrame, User: u[0], Plan: accounts.Plan{Name: "Pro", DailyCreditLimit: 250, RateLimitPerMinute: 100}, Range: choice,
			Chart: DayChart("Credits by day", MeasureCredits, days(7)), Models: []usage.ModelTotal{{Model: "codex-large", Requests: 812, PromptTokens: 1_812_233, CompletionTokens: 322_121, CostMicros: 12_318_211}, {Model: hostile}},
			Keys: k, Charges: charges, KeyLabels: map[string]string{k[0].ID.String(): "Production", k[4].ID.String(): hostile}, Audit: sampleAudit(), Now: noon}),
		"form": FormPage(Form{Frame: frame("Suspend demo@codexible.me", SectionUsers), Consequences: []string{"The 2 active keys stop working immediately. Requests with them get 403.", "Nothing is deleted. Keys, usage and audit log stay."},
			Action: "/admin/users/1/suspend", Submit: "Suspend this user", Danger: true, Cancel: "/admin/users/1"}),
		"new-user": FormPage(Form{Frame: frame("Create a user", SectionUsers), Action: "/admin/users/new", Submit: "Create the user", Cancel: "/admin/users", Fields: []Field{
			{Name: "email", Label: "E-mail", Type: "email", Value: hostile, Required: true, Problem: "must be an e-mail address such as ada@example.com"},
			{Name: "name", Label: "Name", Hint: "Optional. A person or a company."}, sel("plan", "Plan", plans...)}}),
		"keys": KeysPage(Keys{Frame: frame("Keys", SectionKeys), Search: Field{Name: "q", Label: "Search", Type: "search"}, State: sel("state", "Show", Option{"", "All keys"}, Option{"unused", "Unused for 90 days"}),
			Lines: k, Now: noon, Pager: Pager{Said: "5 keys on this page", Onward: "?after=x", OnwardText: "Older"}}),
		"key":    KeyPage(Key{Frame: frame("Production", SectionKeys), Key: k[0], GraceEnds: new(noon.Add(20 * time.Hour)), Chart: DayChart("Credits by day", MeasureCredits, days(30)), Range: choice, Audit: sampleAudit(), Now: noon}),
		"secret": SecretPage(Secret{Frame: frame("Key created", SectionKeys), Secret: secret, Key: k[0], OldWorks: "Works until 24 Nov 2026, 12:00 UTC"}),
		"plans": PlansPage(Plans{Frame: frame("Plans", SectionPlans), Lines: []PlanLine{{accounts.Plan{Name: "Business", DailyCreditLimit: 500, RateLimitPerMinute: 100, PriceCents: 5000}, 12}, {accounts.Plan{Name: "Pro", DailyCreditLimit: 250, RateLimitPerMinute: 100, PriceCents: 3000}, 81_233},
			{accounts.Plan{Name: hostile, DailyCreditLimit: 75, RateLimitPerMinute: 100, PriceCents: 1000, Archived: true}, 0}}}),
		"usage": UsagePage(Usage{Frame: frame("Usage", SectionUsage), From: Field{Name: "from", Label: "From", Type: "date", Value: "2026-01-01"}, To: Field{Name: "to", Label: "To", Type: "date", Value: "2026-11-23"},
			User: Field{Name: "user", Label: "User", Placeholder: "E-mail"}, Key: Field{Name: "key", Label: "Key", Placeholder: "Id"}, Model: Field{Name: "model", Label: "Model"}, Plan: sel("plan", "Plan", plans...), Measure: sel("measure", "Show", Option{"credits", "Credits"}),
			Quick: choice, Chart: DayChart("Cost by week", MeasureCost, days(327)), Heads: UsageHeads("Model"), Groups: RangeChoice{Links: []Link{{"By day", "?"}, {"By model", "?"}, {"By plan", "?"}}, Current: "By model"},
			Rows: rows, Total: UsageRow{Name: "Total", Requests: 81_235, Credits: 120_313, CostMicros: 88_123_487}}),
		"models":         ModelsPage(ModelList{Frame: frame("Models", SectionModels), Lines: sampleModels(), Imported: 3}),
		"models-none":    ModelsPage(ModelList{Frame: frame("Models", SectionModels)}),
		"model":          ModelPage(Model{Frame: frame("codex-large", SectionModels), Line: sampleModels()[0], Range: choice, Chart: DayChart("Credits by day", MeasureCredits, days(30)), Sums: UsageRow{Requests: 9}, Margin: Margin{big.NewInt(9), big.NewInt(12)}, Tokens: []BucketRow{{"Input", 1234, "100.0%"}}, History: sampleVersions(), Earlier: 3, Way: sampleWay()}),
		"upstreams":      UpstreamsPage(Upstreams{Frame: frame("Upstreams", SectionUpstreams), Lines: []UpstreamLine{sampleUpstream()}}),
		"upstreams-none": UpstreamsPage(Upstreams{Frame: frame("Upstreams", SectionUpstreams)}),
		"upstream":       UpstreamPage(Upstream{Frame: frame(hostile, SectionUpstreams), Line: sampleUpstream(), Range: choice, Chart: DayChart("Cost by day", MeasureCost, days(30)), Models: []ServedModel{{Model: sampleModels()[1].Model, Candidate: catalog.Candidate{Model: hostile}}}, MoreModels: 1, Test: UpstreamTest{Model: Field{Name: "model", Label: "Model", Value: hostile}, Names: []string{hostile}}}),
		"upstream-test":  TestPage(UpstreamTestPage{Frame: frame("Test", SectionUpstreams), Test: UpstreamTest{Model: Field{Name: "model", Label: "Model"}, Result: &gateway.TestResult{Status: 401, Message: hostile}}}),
		"model-form":     GroupFormPage(GroupForm{Frame: frame("Edit", SectionModels), Consequences: []string{hostile}, Groups: []FieldGroup{{Title: "Model", Fields: []Field{{Name: "name", Label: "Name", Value: hostile}}}}, Candidates: &CandidateTable{Upstreams: []string{hostile}, Rows: []CandidateRow{{Upstream: hostile, Model: hostile}}, Problem: hostile}}),
		"prices":         PricesPage(Prices{Frame: frame("Prices", SectionPrices), Search: Field{Name: "q", Label: "Search", Value: hostile}, Show: sel("show", "Show", Option{"", "All"}), Lines: []PriceLine{sampleModels()[0].PriceLine, sampleModels()[1].PriceLine}}),
		"prices-none":    PricesPage(Prices{Frame: frame("Prices", SectionPrices), Filtered: true}),
		"price":          PricePage(PriceVersion{Frame: frame("codex-large", SectionPrices), Version: sampleVersions()[1], Typical: new(sampleBill()), History: sampleVersions(), Earlier: 2}),
		"price-new":      PriceFormPage(PriceForm{Frame: frame("Set a price", SectionPrices), Action: "/admin/prices/new", Cancel: "/admin/prices", Names: []string{hostile}, Groups: []FieldGroup{{Title: "Model", Intro: "Intro", Fields: []Field{{Name: "model", Label: "Model", Value: hostile, List: "model-names", Problem: hostile}}}}}),
		"price-import":   PriceImportPage(PriceImport{Frame: frame("Import prices", SectionPrices), Shipped: hostile, List: sel("list", "List", Option{"shipped", hostile}), Text: Field{Name: "text", Label: "Text", Type: "textarea", Value: "</textarea>" + hostile}, Only: Field{Name: "only", Label: "Only"}}),
		"import-preview": PriceImportPage(PriceImport{Frame: frame("Import prices", SectionPrices), Preview: &ImportPreview{Source: hostile, NewCount: 2, MoreNew: 1, ChangeCount: 1, New: []ImportLine{{After: hostilePrice()}}, Changed: []ImportLine{{hostilePrice(), hostilePrice(), []string{hostile}}}, Unread: []catalog.Unread{{Model: hostile, Reason: hostile}}, MoreUnread: 4, Hidden: []Field{{Name: "text", Type: "hidden", Value: hostile}}}}),
		"import-same":    PriceImportPage(PriceImport{Frame: frame("Import prices", SectionPrices), Preview: &ImportPreview{Source: "a list", Unchanged: 7}}),
		"quote":          QuotePage(Quote{Frame: frame("What-if", SectionPrices), Model: Field{Name: "model", Label: "Model", Value: hostile}, Bill: new(sampleBill())}),
		"quote-problem":  QuotePage(Quote{Frame: frame("What-if", SectionPrices), Problems: []string{hostile}}),
		"charge":         ChargePage(Charge{Frame: frame("Charge", SectionUsers), Record: usage.Record{Model: hostile, Millionths: 41, Uncollected: 3, Granted: 1, Day: "2026-11-23", AdjustsID: k[0].ID}, Email: hostile, KeyLabel: hostile, Bill: new(sampleBill()), Note: hostile}),
		"charge-by-hand": ChargePage(Charge{Frame: frame("Charge", SectionUsers), Record: usage.Record{Day: "2026-11-23"}, Note: "By hand."}),
		"usage-stacked": UsagePage(Usage{Frame: frame("Usage", SectionUsage), Chart: StackedChart("Credits", MeasureCredits, someDays(2), []int64{10, 3}, []Series{{hostile, []int64{6, 0}}}, "Other"), Money: PairedChart("Cost and income", MeasureCost, someDays(2), Series{"Income", []int64{6, 1}}, Series{"Cost", []int64{3, 1}}),
			Tokens: StackedChart("Tokens by kind", MeasureTokens, someDays(2), []int64{10, 3}, []Series{{"Input", []int64{10, 3}}}, ""), Buckets: []BucketRow{{"Input", 13, "100.0%"}}, Margin: UsageRow{Name: "Total", Margin: Margin{big.NewInt(7), big.NewInt(4)}}, ModelMargins: []UsageRow{{Name: hostile}}, PlanMargins: []UsageRow{{Name: hostile}}, Heads: UsageHeads("Day")}),
		"audit": AuditPage(Audit{Frame: frame("Audit log", SectionAudit), Search: Field{Name: "q", Label: "Search", Type: "search"}, Action: sel("action", "Action", Option{"", "All actions"}),
			From: Field{Name: "from", Label: "From", Type: "date"}, To: Field{Name: "to", Label: "To", Type: "date"}, Entries: sampleAudit(), Pager: Pager{Onward: "?before=7", OnwardText: "Older"}}),
		"system": SystemPage(System{Frame: frame("System", SectionSystem), Health: health, Since: noon.Add(-11 * time.Hour), Now: noon,
			Service:  []Fact{{Name: "Version", Value: "v1.0.0-12-gabc", Mono: true}, {Name: "State", Value: "ok", Tone: ToneGood}},
			Database: []Fact{{Name: "Kind", Value: "SQLite 3.53"}, {Name: "State", Value: "ok", Tone: ToneGood}}, Counting: []Fact{{Name: "Valkey", Value: "not configured"}},
			Migrations: []MigrationLine{{"0001", "init", new(noon)}}, Settings: []Fact{{Name: "DATABASE_URL", Value: "postgres://codexible:…@db/codexible", Mono: true}},
			Reconcile: Fact{Name: "Last reconciliation", Value: "3 differences", Tone: ToneBad, Note: "22 Nov 2026, 03:00 UTC. Run codexible usage reconcile to list them."}, CanDownload: true, BackupHint: "A consistent copy of the whole database, made while the service runs."}),
		"account": AccountPage(Account{Frame: frame("Account", SectionAccount), Password: []Field{{Name: "current", Label: "Current password", Type: "password", Autocomplete: "current-password"}, {Name: "password", Label: "New password", Type: "password", Hint: "At least 12 characters.", Autocomplete: "new-password"}},
			Sessions: []accounts.Session{session, other}, Current: session, Now: noon}),
		"two-step": TwoStepPage(TwoStepSetup{Frame: frame("Two-factor authentication", SectionAccount), QR: "M0 0h7v1h-7z", Side: 21, Secret: "JBSW Y3DP EHPK 3PXP", Code: Field{Name: "code", Label: "Code"}}),
		"recovery": RecoveryPage(RecoveryCodes{Frame: frame("Recovery codes", SectionAccount), Codes: []string{"aaaa-bbbb-cc", "dddd-eeee-ff"}}),
		"login": SignedOutPage(SignedOut{Title: "Sign in", Intro: "Operator console", Action: "/admin/login", CSRF: "token", Submit: "Sign in", Notice: &Notice{Tone: ToneBad, Title: "Wrong e-mail or password", Text: "Only operators can sign in here."},
			Fields: []Field{{Name: "email", Label: "E-mail", Type: "email", Autocomplete: "username"}, {Name: "password", Label: "Password", Type: "password", Autocomplete: "current-password"}}, Foot: "Forgot your password? Set a new one on the server: codexible user set-password."}),
		"failure": FailurePage(Failure{Title: "Not found", Text: "This page does not exist. Check the address.", RequestID: "6f0c1f6e3b", Back: Link{"Go to the overview", "/admin"}}),
	}
}

func TestEveryPageHasOneHeadingAndEscapesWhatPeopleTyped(t *testing.T) {
	headings := regexp.MustCompile(`<h1[ >]`)
	for name, component := range pages() {
		var b bytes.Buffer
		if err := component.Render(context.Background(), &b); err != nil {
			t.Fatal(err)
		}
		html := b.String()
		if n := len(headings.FindAllString(html, -1)); n != 1 {
			t.Errorf("%s has %d headings of the first level", name, n)
		}
		for _, bad := range []string{"<script>", "<img src=x", " style=", "onclick", "<style"} {
			if strings.Contains(html, bad) {
				t.Errorf("%s holds %q", name, bad)
			}
		}
		if *preview != "" {
			write(t, name, html)
		}
	}
}

var asset = regexp.MustCompile(`/static/([\w-]+\.\w+)`)

func write(t *testing.T, name, html string) {
	t.Helper()
	put := func(path string, body []byte) {
		path = filepath.Join(*preview, path)
		_ = os.MkdirAll(filepath.Dir(path), 0o755)
		if err := os.WriteFile(path, body, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, theme := range []string{"light", "dark"} {
		put(name+"-"+theme+".html", []byte(regexp.MustCompile(`data-theme="\w*"`).ReplaceAllString(html, `data-theme="`+theme+`"`)))
	}
	css, _ := static.Open(strings.TrimPrefix(static.URL("console.css"), static.Prefix))
	for _, m := range asset.FindAllStringSubmatch(html+string(css.Body), -1) {
		if f, found := static.Open(m[1]); found {
			put("static/"+m[1], f.Body)
		}
	}
}
