package handlers

import (
	"fmt"
	"strings"

	"codexible/accounts"
	"codexible/apply"
	"codexible/catalog"
	"codexible/events"
	"codexible/fault"
	"codexible/gateway"
	"codexible/handlers/openapi"
)

// applyFile is the file of codexible apply. Its items have the fields of the admin API.
type applyFile struct {
	Plans     *[]applyPlan     `json:"plans" maxItems:"200" doc:"Plans, by name."`
	Upstreams *[]applyUpstream `json:"upstreams" maxItems:"200" doc:"Upstreams, by name. Keys are references."`
	Models    *[]applyModel    `json:"models" maxItems:"1000" doc:"Models, by name."`
	Prices    *[]applyPrice    `json:"prices" maxItems:"1000" doc:"Prices, each set unless it is in force, or there from its valid_from on. None is ever removed."`
	Webhooks  *[]applyWebhook  `json:"webhooks" maxItems:"50" doc:"Webhooks, by URL."`
	Settings  *applySettings   `json:"settings" doc:"Those that are named."`
}

type applyPlan struct {
	Name             string `json:"name" required:"true" minLength:"1" maxLength:"100" doc:"Unique, case-insensitive." example:"Team"`
	DailyCreditLimit *int64 `json:"daily_credit_limit" minimum:"0" maximum:"1000000000" doc:"Required in a new plan." example:"1000"`
	planInput
}

type applyUpstream struct {
	Name    string        `json:"name" required:"true" minLength:"1" maxLength:"64" doc:"Unique, case-insensitive." example:"openai"`
	Kind    *gateway.Kind `json:"kind" enum:"openai,anthropic,compatible" doc:"Required in a new upstream."`
	BaseURL *string       `json:"base_url" minLength:"1" maxLength:"500" doc:"What stands before the path of a call. Required in a new upstream." example:"https://api.openai.com/v1"`
	upstreamInput
}

type applyModel struct {
	Name string `json:"name" required:"true" format:"printable" minLength:"1" maxLength:"200" doc:"What clients ask for." example:"claude-sonnet-4-5"`
	modelInput
}

type applyPrice struct {
	priceInput
}

type applyWebhook struct {
	URL    string  `json:"url" required:"true" minLength:"1" maxLength:"2000" doc:"Where events are sent, or the variable that holds it, such as env:WEBHOOK_BILLING_URL. Another URL is another webhook." example:"https://example.com/hooks"`
	Secret *string `json:"secret" minLength:"1" maxLength:"200" doc:"The variable that holds what signs, such as env:WEBHOOK_BILLING_SECRET; it replaces another, which signs beside it for a day. Absent in a new webhook: one is made, and rotating it shows the next." example:"env:WEBHOOK_BILLING_SECRET"`
	webhookInput
}

type applySettings struct {
	settingsInput
	Logo openapi.Patch[string] `json:"logo" minLength:"0" maxLength:"500" doc:"The file of a PNG or an SVG without scripts, as seen from the folder of this file. null or an empty string removes the logo." example:"logo.svg"`
}

// ApplyEnvironment is what a file of codexible apply is read with.
type ApplyEnvironment struct {
	// CreditValue is what a credit is worth where a price does not say so, in micro-dollars.
	CreditValue int64
	// UpstreamSecret reads what the headers of upstreams refer to.
	UpstreamSecret func(gateway.KeySource, string) (gateway.Secret, error)
	// WebhookVariable reads what webhooks refer to by env:.
	WebhookVariable func(name string) (string, error)
	WebhookTargets  events.Targets
	// LogoFile reads the logo that settings name.
	LogoFile func(name string) ([]byte, error)
}

var applyBinder = openapi.NewStrictBinder[applyFile]()

// ReadApplyFile reads the file of codexible apply from its JSON. An error is a *fault.Error.
func ReadApplyFile(object []byte, env ApplyEnvironment) (*apply.File, error) {
	var read applyFile
	if err := applyBinder.Bind(bodyAlone(object), &read); err != nil {
		return nil, err
	}
	file := &apply.File{}
	if read.Plans != nil {
		file.Plans = new(each(*read.Plans, func(p applyPlan) accounts.PlanChange { return p.change(&p.Name, p.DailyCreditLimit) }))
	}
	if read.Models != nil {
		file.Models = new(each(*read.Models, func(m applyModel) catalog.ModelChange { return m.change(&m.Name) }))
	}
	if read.Upstreams != nil {
		list, err := eachOrError("upstreams", *read.Upstreams, func(u *applyUpstream) (gateway.UpstreamChange, error) { return u.read(env.UpstreamSecret) })
		if err != nil {
			return nil, err
		}
		file.Upstreams = &list
	}
	if read.Prices != nil {
		list, err := eachOrError("prices", *read.Prices, func(p *applyPrice) (catalog.NewPrice, error) { return p.price(env.CreditValue) })
		if err != nil {
			return nil, err
		}
		file.Prices = &list
	}
	if read.Webhooks != nil {
		list, err := eachOrError("webhooks", *read.Webhooks, func(w *applyWebhook) (events.WebhookChange, error) { return w.read(env) })
		if err != nil {
			return nil, err
		}
		file.Webhooks = &list
	}
	if read.Settings != nil {
		change, err := read.Settings.read(env)
		if err != nil {
			return nil, within("settings.", err)
		}
		file.Settings = &change
	}
	return file, nil
}

// eachOrError makes something of every item of a section, or an error that names the item.
func eachOrError[From, To any](section string, from []From, do func(*From) (To, error)) ([]To, error) {
	to := make([]To, len(from))
	for i := range from {
		var err error
		if to[i], err = do(&from[i]); err != nil {
			fields := map[string]string{}
			for name, problem := range fault.As(err).Fields {
				fields[fmt.Sprintf("%s[%d].%s", section, i, name)] = problem
			}
			return nil, fault.InvalidFields(fields)
		}
	}
	return to, nil
}

// read is the change that the item asks for. Its keys and the values of secret headers are references.
func (u *applyUpstream) read(resolve func(gateway.KeySource, string) (gateway.Secret, error)) (gateway.UpstreamChange, error) {
	c, err := u.change(&u.Name, u.Kind, u.BaseURL)
	if err != nil {
		return c, err
	}
	if c.Keys != nil {
		for i, k := range *c.Keys {
			if !k.Secret.IsZero() {
				return c, fault.Field(fmt.Sprintf("keys[%d].secret", i), "must not be in a file: use ref, such as env:UPSTREAM_OPENAI or file:openai")
			}
		}
	}
	if c.Headers != nil {
		for name, value := range *c.Headers {
			source, reference, refers := gateway.ParseReference(value)
			if !refers {
				if strings.HasPrefix(value, "env:") || strings.HasPrefix(value, "file:") {
					return c, fault.Field("headers", name+" must refer to a variable that begins with UPSTREAM_, or to a file of UPSTREAM_KEYS_DIR by its name")
				}
				continue
			}
			secret, err := resolve(source, reference)
			if err != nil {
				return c, fault.Field("headers", name+": "+err.Error())
			}
			(*c.Headers)[name] = secret.Reveal()
		}
	}
	return c, nil
}

// read is the change that the section asks for. Its logo is in a file.
func (s *applySettings) read(env ApplyEnvironment) (accounts.SettingsChange, error) {
	c, name := s.change(), patchedText(s.Logo)
	if name == nil {
		return c, nil
	}
	var file []byte
	var err error
	if *name != "" {
		if file, err = env.LogoFile(*name); err != nil {
			return c, fault.Field("logo", err.Error())
		}
	}
	c.Logo, err = newLogo(file)
	return c, err
}

// read is the change that the item asks for. Its secret, and its URL where that is one, are references.
func (w *applyWebhook) read(env ApplyEnvironment) (events.WebhookChange, error) {
	c := w.change(&w.URL, env.WebhookTargets)
	if name, refers := strings.CutPrefix(w.URL, "env:"); refers {
		url, err := env.WebhookVariable(name)
		if err != nil {
			return c, fault.Field("url", err.Error())
		}
		c.URL = &url
	}
	if w.Secret == nil {
		return c, nil
	}
	name, refers := strings.CutPrefix(*w.Secret, "env:")
	if !refers {
		return c, fault.Field("secret", "must not be in a file: name the variable that holds it, such as env:WEBHOOK_BILLING_SECRET")
	}
	text, err := env.WebhookVariable(name)
	if err != nil {
		return c, fault.Field("secret", err.Error())
	}
	secret, problem := events.ParseSecret(text)
	if problem != "" {
		return c, fault.Field("secret", *w.Secret+" "+problem)
	}
	c.Secret = secret
	return c, nil
}

// ApplySchema is the JSON schema of the file of codexible apply.
func ApplySchema() []byte { return applyBinder.JSONSchema("The file of codexible apply") }
