package handlers

import (
	"slices"

	"codexible/fault"
	"codexible/handlers/console"
	"codexible/handlers/openapi"

	"github.com/gofiber/fiber/v2"
)

// route is one line of the table: method, path, access and handler.
type route struct {
	method, path string
	access       access
	policy
	summary string
	operation
	series
}

// endpoints and pages are all routes. A literal segment comes before a parameter
// at the same position.
func (a *api) endpoints() []*route {
	return slices.Concat([]*route{
		get("/", open, "", asset(a.home)),
		get("/health", open, "Check that the process runs", endpoint("health", a.health)),
		get("/health/ready", open, "Check whether requests can be served", native[nothing, readiness]("ready", a.ready).answering(fiber.StatusServiceUnavailable)),
		get(metricsPath, open, "Return metrics for Prometheus", raw("showMetrics", "text/plain", a.showMetrics())),
		get("/openapi.json", open, "Return this OpenAPI document", raw("showDocument", fiber.MIMEApplicationJSON, a.showDocument)),
		get("/docs", open, "", asset(a.reference)),
		get("/docs/guide", open, "", asset(a.guide)),
		get("/docs/guide/:page", open, "", asset(a.guide)),
		get("/docs/*", open, "", asset(a.referenceFile)),
		get("/static/:name", open, "", asset(a.staticFile)),

		post("/api/auth/validate", byAddress, "Check an API key at sign-in", endpoint("validate", a.validate, fault.Unavailable)),
		get("/api/session/options", open, "Show how customers can sign in without a key", endpoint("sessionOptions", a.sessionOptions)),
		post("/api/session/link", signingIn, "Send a link to sign in by mail", endpoint("sendSignInLink", a.sendSignInLink, fault.Conflict, fault.Unavailable)),
		post("/api/session", signingIn, "Sign in by a link that was sent by mail", endpoint("openSession", a.openSession, fault.NotFound, fault.Conflict, fault.Forbidden, fault.Unavailable)),
		customerPolicy.under(post("/api/session/openid", signingIn, "Begin to sign in with OpenID Connect", endpoint("beginOpenID", a.beginOpenID, fault.Conflict, fault.Unavailable)))[0],
		customerPolicy.under(post("/api/session/openid/finish", signingIn, "Sign in with what the OpenID Connect provider answered", endpoint("finishOpenID", a.finishOpenID, fault.Conflict, fault.Forbidden, fault.Unavailable)))[0],
		get("/api/session", ownSession, "Show the session and its user", endpoint("showSession", a.showSession)),
		remove("/api/session", ownSession, "Sign out", endpoint("endSession", a.endSession)),
		get("/api/dashboard/overview", readUsage, "Show the key's user and today's usage", endpoint("overview", a.overview)),

		get("/api/keys", manageKeys, "List your keys, except revoked ones", endpoint("listKeys", a.listKeys)),
		post("/api/keys", manageKeys, "Create a key", endpoint("createKey", a.createKey, fault.Conflict)),
		post("/api/keys/verify", service, "Verify a customer's key, its rate limit and its quota, and charge credits", native[verifyRequest, verdict]("verify", a.verify, fault.Conflict).reusing()),
		post("/api/keys/verify/batch", service, "Verify up to 100 keys in one request", native[batchRequest, []openapi.OneOf[verdict, failure]]("verifyBatch", a.verifyBatch)),
		get("/api/holds", service, "List the open holds that your services made", endpoint("listHolds", a.listHolds)),
		post("/api/holds/:id/settle", service, "End a hold by the real charge", endpoint("settleHold", a.settleHold, fault.Conflict)),
		post("/api/holds/:id/extend", service, "Raise a hold, record what was delivered, and move its deadline", endpoint("extendHold", a.extendHold, fault.Conflict, fault.QuotaExceeded)),
		post("/api/holds/:id/release", service, "End a hold without a charge", endpoint("releaseHold", a.releaseHold, fault.Conflict)),
		change("/api/keys/:id", manageKeys, "Change, disable or enable a key", endpoint("changeKey", a.changeKey)),
		remove("/api/keys/:id", manageKeys, "Revoke a key", endpoint("revokeKey", a.revokeKey)),
		post("/api/keys/:id/rotate", manageKeys, "Rotate a key", endpoint("rotateKey", a.rotateKey, fault.Conflict)),
	}, a.usageEndpoints(), a.adminEndpoints(), a.appearanceRoutes(), a.webhookEndpoints())
}

// usageEndpoints are what customers see and charge.
func (a *api) usageEndpoints() []*route {
	return []*route{
		get("/api/models", readUsage, "List the models that the key can use, with their prices in credits", endpoint("models", a.models)),
		get("/api/usage/today", readUsage, "Show today's usage", endpoint("usageToday", a.usageToday)),
		get("/api/usage/history", readUsage, "Show usage by day", endpoint("usageHistory", a.usageHistory)),
		get("/api/usage/detailed", readUsage, "List single charges", endpoint("usageDetailed", a.usageDetailed)),
		get("/api/usage/charges/:id", readUsage, "Show why a charge cost what it did", endpoint("usageCharge", a.usageCharge)),
		get("/api/usage/credits", readUsage, "Show your credits with your grants", endpoint("usageCredits", a.usageCredits)),
		get("/api/usage/refusals", readUsage, "List your calls of models that were refused or failed", endpoint("usageRefusals", a.usageRefusals)),
		get("/api/usage/speed", readUsage, "Show how fast models answered your calls", endpoint("usageSpeed", a.usageSpeed)),
		get("/api/alerts", readUsage, "Show which mails about your account you get", endpoint("alerts", a.alerts)),
		change("/api/alerts", manageKeys, "Choose which mails about your account you get", endpoint("changeAlerts", a.changeAlerts)),
		get("/api/usage/models", readUsage, "Show usage by model", endpoint("usageModels", a.usageModels)),
		get("/api/usage/hourly", readUsage, "Show the requests of a day by hour", endpoint("usageHourly", a.usageHourly)),
		post("/api/usage", chargeSelf, "Charge credits to the calling key", endpoint("charge", a.charge, fault.Conflict, fault.QuotaExceeded)),
	}
}

// adminEndpoints are the operator's.
func (a *api) adminEndpoints() []*route {
	return []*route{
		get("/api/admin/status", admin, "Show totals of the service", endpoint("adminStatus", a.adminStatus)),
		get("/api/admin/users", admin, "List users", endpoint("adminUsers", a.adminUsers)),
		post("/api/admin/users", admin, "Create a user", endpoint("adminCreateUser", a.adminCreateUser, fault.Conflict)),
		get("/api/admin/users/:id", admin, "Show a user", endpoint("adminUser", a.adminUser)),
		get("/api/admin/users/:id/export", admin, "Export everything about a user", native[userRequest, personExport]("adminExportUser", a.adminExport, fault.Unavailable)),
		erasePolicy.under(post("/api/admin/users/:id/erase", admin, "Erase what is known of a user, for good", endpoint("adminEraseUser", a.adminErase, fault.Conflict)))[0],
		change("/api/admin/users/:id", admin, "Change, suspend or reactivate a user", endpoint("adminChangeUser", a.adminChangeUser, fault.Conflict)),
		get("/api/admin/users/:id/grants", admin, "List a user's grants", endpoint("adminGrants", a.adminGrants)),
		post("/api/admin/users/:id/grants", admin, "Give a user credits beside the plan", endpoint("adminCreateGrant", a.adminCreateGrant, fault.Conflict)),
		remove("/api/admin/users/:id/grants/:grant_id", admin, "Revoke what is left of a grant", endpoint("adminRevokeGrant", a.adminRevokeGrant)),
		get("/api/admin/users/:id/corrections", admin, "List a user's corrections", endpoint("adminCorrections", a.adminCorrections)),
		post("/api/admin/users/:id/corrections", admin, "Take credits of a user on a day, or give them back", endpoint("adminCorrect", a.adminCorrect, fault.Conflict)),
		get("/api/admin/holds", admin, "List open holds of all users", endpoint("adminHolds", a.adminHolds)),
		post("/api/admin/holds/:id/release", admin, "End any hold without a charge", endpoint("adminReleaseHold", a.adminReleaseHold, fault.Conflict)),
		get("/api/admin/tokens", admin, "List keys across all users", endpoint("adminKeys", a.adminKeys)),
		post("/api/admin/tokens", admin, "Create a key for a user", endpoint("adminCreateKey", a.adminCreateKey, fault.NotFound, fault.Conflict)),
		change("/api/admin/tokens/:id", admin, "Change, disable or enable any user's key", endpoint("adminChangeKey", a.adminChangeKey)),
		remove("/api/admin/tokens/:id", admin, "Revoke any user's key", endpoint("adminRevokeKey", a.adminRevokeKey)),
		post("/api/admin/tokens/:id/rotate", admin, "Rotate any user's key", endpoint("adminRotateKey", a.adminRotateKey, fault.Conflict)),
		get("/api/admin/plans", admin, "List plans", endpoint("adminPlans", a.adminPlans)),
		post("/api/admin/plans", admin, "Create a plan", endpoint("adminCreatePlan", a.adminCreatePlan, fault.Conflict)),
		change("/api/admin/plans/:id", admin, "Change or archive a plan", endpoint("adminChangePlan", a.adminChangePlan, fault.Conflict)),
		get("/api/admin/models", admin, "List models", endpoint("adminModels", a.adminModels)),
		post("/api/admin/models", admin, "Offer a model", endpoint("adminCreateModel", a.adminCreateModel, fault.Conflict)),
		change("/api/admin/models/:id", admin, "Change a model", endpoint("adminChangeModel", a.adminChangeModel, fault.Conflict)),
		remove("/api/admin/models/:id", admin, "Stop offering a model", endpoint("adminDeleteModel", a.adminDeleteModel)),
		get("/api/admin/upstreams", admin, "List upstreams", endpoint("adminUpstreams", a.adminUpstreams)),
		post("/api/admin/upstreams", admin, "Add an upstream", endpoint("adminCreateUpstream", a.adminCreateUpstream, fault.Conflict)),
		change("/api/admin/upstreams/:id", admin, "Change an upstream", endpoint("adminChangeUpstream", a.adminChangeUpstream, fault.Conflict)),
		remove("/api/admin/upstreams/:id", admin, "Delete an upstream", endpoint("adminDeleteUpstream", a.adminDeleteUpstream, fault.Conflict)),
		testPolicy.under(post("/api/admin/upstreams/:id/test", admin, "Test an upstream by a small call", endpoint("adminTestUpstream", a.adminTestUpstream)))[0],
		get("/api/admin/prices", admin, "List prices, the last that was set first", endpoint("adminPrices", a.adminPrices)),
		post("/api/admin/prices", admin, "Set a model's price from a moment on", endpoint("adminSetPrice", a.adminSetPrice, fault.Conflict)),
		post("/api/admin/prices/quote", admin, "Show what usage costs, and why", endpoint("adminQuote", a.adminQuote)),
		listPolicy.under(post("/api/admin/prices/import", admin, "Import a price list, or show what would change", endpoint("adminImportPrices", a.adminImportPrices, fault.Conflict)))[0],
		get("/api/admin/requests", admin, "List calls of models, refused and failed ones included", endpoint("adminRequests", a.adminRequests)),
		get("/api/admin/requests/:id", admin, "Show a call of a model", endpoint("adminRequest", a.adminRequest)),
		get("/api/admin/settings", admin, "Read the settings", endpoint("adminSettings", a.adminSettings)),
		change("/api/admin/settings", admin, "Change settings", endpoint("adminChangeSettings", a.adminChangeSettings)),
		get("/api/admin/logs", admin, "Read the audit log", endpoint("adminLogs", a.adminLogs)),
		reportPolicy.under(get("/api/admin/usage", admin, "Sum up usage by day, hour, user, key, model, plan or upstream, as JSON or CSV", native[usageSumsRequest, usageSumList]("adminUsage", a.adminUsage).orCSV()))[0],
		get("/api/admin/usage/charges", admin, "List single charges with adjustments and corrections, as JSON or CSV", native[usageChargesRequest, usageChargeList]("adminUsageCharges", a.adminUsageCharges).orCSV()),
	}
}

// webhookEndpoints are the routes about webhooks.
func (a *api) webhookEndpoints() []*route {
	return []*route{
		get("/api/admin/webhooks", admin, "List webhooks", endpoint("adminWebhooks", a.adminWebhooks)),
		post("/api/admin/webhooks", admin, "Add a webhook", endpoint("adminCreateWebhook", a.adminCreateWebhook, fault.Conflict)),
		change("/api/admin/webhooks/:id", admin, "Change a webhook", endpoint("adminChangeWebhook", a.adminChangeWebhook, fault.Conflict)),
		remove("/api/admin/webhooks/:id", admin, "Delete a webhook and its deliveries", endpoint("adminDeleteWebhook", a.adminDeleteWebhook)),
		post("/api/admin/webhooks/:id/rotate-secret", admin, "Give a webhook another secret", endpoint("adminRotateWebhook", a.adminRotateWebhook)),
		testPolicy.under(post("/api/admin/webhooks/:id/test", admin, "Send a test event to a webhook", endpoint("adminTestWebhook", a.adminTestWebhook)))[0],
		get("/api/admin/webhooks/:id/deliveries", admin, "List the deliveries of a webhook, the newest event first", endpoint("adminDeliveries", a.adminDeliveries)),
		post("/api/admin/webhooks/:id/deliveries/:delivery_id/redeliver", admin, "Send an event to a webhook again", endpoint("adminRedeliver", a.adminRedeliver, fault.Conflict)),
	}
}

func (a *api) pages() []*route {
	c := a.Console
	return slices.Concat([]*route{
		form("/admin/theme", open, c.ChooseTheme),
		form("/admin/logout", operator, c.SignOut),

		page("/admin", operator, c.Overview),
		page("/admin/search", operator, c.Search),
		form("/admin/search", operator, c.Search),
		page("/admin/usage", operator, c.Usage),
		form("/admin/usage/export", administrator, c.Download(c.ExportUsage)),
		form("/admin/usage/charges", administrator, c.Download(c.ExportCharges)),
		page("/admin/requests", operator, c.Requests),
		form("/admin/requests/export", administrator, c.Download(c.ExportRequests)),
		page("/admin/live", operator, c.Live),
		page("/admin/audit", operator, c.Audit),
		form("/admin/audit/export", administrator, c.Download(c.ExportAudit)),
		page("/admin/system", operator, c.System),
		form("/admin/system/backup", administrator, c.Download(c.DownloadBackup)),
	},
		a.signInPages(),
		a.accountPages(),
		providerPolicy.under(form("/admin/openid", signedOut, c.BeginOpenID), page("/admin/openid/callback", signedOut, c.FinishOpenID)),
		both("/admin/users/new", administrator, c.NewUser),
		bulkPolicy.under(form("/admin/users/bulk", administrator, c.BulkUsers), form("/admin/keys/bulk", administrator, c.BulkKeys)),
		both("/admin/users/:id/edit", administrator, c.EditUser),
		both("/admin/users/:id/plan", administrator, c.ChangePlan),
		both("/admin/users/:id/suspend", administrator, c.Suspend),
		erasePagePolicy.under(both("/admin/users/:id/erase", administrator, c.EraseUser)...),
		both("/admin/users/:id/reactivate", administrator, c.Reactivate),
		both("/admin/users/:id/grants/new", administrator, c.NewGrant),
		both("/admin/users/:id/corrections/new", administrator, c.Correct),
		both("/admin/grants/:id/revoke", administrator, c.RevokeGrant),
		both("/admin/holds/:id/release", administrator, c.ReleaseHold),
		both("/admin/requests/:id/end", administrator, c.EndCall),
		both("/admin/keys/new", administrator, c.NewKey),
		both("/admin/keys/:id/edit", administrator, c.EditKey),
		both("/admin/keys/:id/disable", administrator, c.Disable),
		both("/admin/keys/:id/enable", administrator, c.Enable),
		both("/admin/keys/:id/rotate", administrator, c.Rotate),
		both("/admin/keys/:id/revoke", administrator, c.Revoke),
		both("/admin/plans/new", administrator, c.NewPlan),
		both("/admin/plans/:id/edit", administrator, c.EditPlan),
		both("/admin/plans/:id/archive", administrator, c.ArchivePlan),
		both("/admin/plans/:id/restore", administrator, c.RestorePlan),
		both("/admin/models/new", administrator, c.NewModel),
		both("/admin/models/:id/edit", administrator, c.EditModel),
		both("/admin/models/:id/delete", administrator, c.DeleteModel),
		a.upstreamForms(),
		both("/admin/prices/new", administrator, c.NewPrice),
		pastePolicy.under(both("/admin/prices/import", administrator, c.ImportPrices)...),
		a.webhookForms(),
		a.settingsForms(),
		[]*route{
			page("/admin/users", operator, c.Users),
			page("/admin/users/:id", operator, c.User),
			page("/admin/keys", operator, c.Keys),
			page("/admin/keys/:id", operator, c.Key),
			page("/admin/plans", operator, c.Plans),
			page("/admin/models", operator, c.Models),
			page("/admin/models/:id", operator, c.Model),
			page("/admin/upstreams", operator, c.Upstreams),
			page("/admin/upstreams/:id", operator, c.Upstream),
			page("/admin/webhooks", operator, c.Webhooks),
			page("/admin/webhooks/:id", operator, c.Webhook),
			page("/admin/webhooks/:id/delivery", operator, c.WebhookDelivery),
			page("/admin/prices", operator, c.Prices),
			page("/admin/prices/quote", operator, c.Quote),
			page("/admin/prices/:id", operator, c.Price),
			page("/admin/charges/:id", operator, c.Charge),
			page("/admin/requests/:id", operator, c.Request),
			page("/admin/settings", operator, c.ShowSettings),
			page("/admin/*", open, c.Nowhere),
		},
	)
}

// upstreamForms are the forms about upstreams and their keys.
func (a *api) upstreamForms() []*route {
	c := a.Console
	return slices.Concat(
		both("/admin/upstreams/new", administrator, c.NewUpstream),
		both("/admin/upstreams/:id/edit", administrator, c.EditUpstream),
		both("/admin/upstreams/:id/enable", administrator, c.EnableUpstream),
		both("/admin/upstreams/:id/disable", administrator, c.DisableUpstream),
		both("/admin/upstreams/:id/keys/new", administrator, c.NewUpstreamKey),
		testPagePolicy.under(both("/admin/upstreams/:id/test", administrator, c.TestUpstreamNow)...),
		both("/admin/upstream-keys/:id/enable", administrator, c.EnableUpstreamKey),
		both("/admin/upstream-keys/:id/disable", administrator, c.DisableUpstreamKey),
		both("/admin/upstream-keys/:id/remove", administrator, c.RemoveUpstreamKey),
		both("/admin/upstreams/:id/delete", administrator, c.DeleteUpstream),
	)
}

// signInPages are the pages of somebody who is not signed in.
func (a *api) signInPages() []*route {
	c := a.Console
	return []*route{
		page("/admin/setup", signedOut, c.Setup),
		form("/admin/setup", signedOut, c.FinishSetup),
		page("/admin/login", signedOut, c.SignIn),
		form("/admin/login", signedOut, c.TrySignIn),
		page("/admin/login/code", signedOut, c.AskCode),
		form("/admin/login/code", signedOut, c.TryCode),
		page("/admin/forgot", signedOut, c.Forgot),
		form("/admin/forgot", signedOut, c.SendLink),
		page("/admin/reset", signedOut, c.Reset),
		form("/admin/reset", signedOut, c.FinishReset),
	}
}

// accountPages are about the operator's own account.
func (a *api) accountPages() []*route {
	c := a.Console
	return []*route{
		page("/admin/account", operator, c.Account),
		form("/admin/account/password", operator, c.ChangePassword),
		form("/admin/account/two-step", operator, c.BeginTwoStep),
		form("/admin/account/two-step/confirm", operator, c.ConfirmTwoStep),
		form("/admin/account/two-step/off", operator, c.TurnOffTwoStep),
		form("/admin/account/two-step/codes", operator, c.NewRecoveryCodes),
		form("/admin/account/sessions/:id/end", operator, c.EndSession),
	}
}

// webhookForms are the forms about webhooks.
func (a *api) webhookForms() []*route {
	c := a.Console
	return slices.Concat(
		both("/admin/webhooks/new", administrator, c.NewWebhook),
		both("/admin/webhooks/:id/edit", administrator, c.EditWebhook),
		both("/admin/webhooks/:id/rotate-secret", administrator, c.RotateWebhook),
		testPagePolicy.under(both("/admin/webhooks/:id/test", administrator, c.TestWebhookNow)...),
		both("/admin/webhooks/:id/delete", administrator, c.DeleteWebhook),
		[]*route{form("/admin/webhooks/:id/redeliver", administrator, c.Redeliver)},
	)
}

// settingsForms are the forms of the page of settings.
func (a *api) settingsForms() []*route {
	c := a.Console
	return slices.Concat(
		uploadPolicy.under(form("/admin/settings/logo", administrator, c.UploadLogo)),
		[]*route{
			form("/admin/settings/look", administrator, c.ChangeLook),
			form("/admin/settings/logo/remove", administrator, c.RemoveLogo),
			form("/admin/settings/thresholds", administrator, c.ChangeThresholds),
		},
	)
}

// both shows a form and takes it at one path.
func both(path string, who access, serve console.Page) []*route { //nolint:unparam // who is a column of the table
	return []*route{page(path, who, serve), form(path, who, serve)}
}

func get(path string, who access, summary string, op operation) *route {
	return &route{method: fiber.MethodGet, path: path, access: who, summary: summary, operation: op}
}

func post(path string, who access, summary string, op operation) *route {
	return &route{method: fiber.MethodPost, path: path, access: who, summary: summary, operation: op}
}

func change(path string, who access, summary string, op operation) *route {
	return &route{method: fiber.MethodPatch, path: path, access: who, summary: summary, operation: op}
}

func remove(path string, who access, summary string, op operation) *route {
	return &route{method: fiber.MethodDelete, path: path, access: who, summary: summary, operation: op}
}
