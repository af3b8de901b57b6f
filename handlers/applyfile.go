package handlers

import (
	"fmt"
	"strings"

	"codexible/accounts"
	"codexible/apply"
	"codexible/catalog"
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

var applyBinder = openapi.NewStrictBinder[applyFile]()

// ReadApplyFile reads the file of codexible apply from its JSON. resolve reads what the values of
// headers refer to by env: or file:. creditValue is what a credit is worth where a price does not say so.
// An error is a *fault.Error.
func ReadApplyFile(object []byte, creditValue int64, resolve func(gateway.KeySource, string) (gateway.Secret, error)) (*apply.File, error) {
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
		list, err := eachOrError("upstreams", *read.Upstreams, func(u *applyUpstream) (gateway.UpstreamChange, error) { return u.read(resolve) })
		if err != nil {
			return nil, err
		}
		file.Upstreams = &list
	}
	if read.Prices != nil {
		list, err := eachOrError("prices", *read.Prices, func(p *applyPrice) (catalog.NewPrice, error) { return p.price(creditValue) })
		if err != nil {
			return nil, err
		}
		file.Prices = &list
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

// ApplySchema is the JSON schema of the file of codexible apply.
func ApplySchema() []byte { return applyBinder.JSONSchema("The file of codexible apply") }
